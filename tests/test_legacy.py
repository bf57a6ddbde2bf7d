"""Spellings of Keras 1 and 2: each does what its present form does, and warns; what is misspelt says what was
meant."""

from __future__ import annotations

import importlib
import pickle
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import constraints, layers, models, optimizers
from tidegate.as_keras.tensorflow.dataset import Dataset
from tidegate.callbacks import ModelCheckpoint
from tidegate.layers import GRU, LSTM, Conv1D, Dense, Dropout, Embedding, Input
from tidegate.models import Model, Sequential

X = np.linspace(-1, 1, 8 * 5 * 3, dtype="float32").reshape(8, 5, 3)
Y = np.linspace(0, 1, 8, dtype="float32")[:, None]


@pytest.mark.parametrize(
    ("cls", "old", "new"),
    [
        (Dense, {"output_dim": 3, "init": "uniform"}, {"units": 3, "kernel_initializer": "uniform"}),
        (Dense, {"units": 3, "W_regularizer": "l2"}, {"units": 3, "kernel_regularizer": "l2"}),
        (Dense, {"units": 3, "bias": False}, {"units": 3, "use_bias": False}),
        (Dense, {"units": 3, "input_dim": 4}, {"units": 3, "input_shape": (4,)}),
        (LSTM, {"units": 3, "input_dim": 4}, {"units": 3, "input_shape": (None, 4)}),
        (
            LSTM,
            {"units": 3, "input_dim": 4, "input_length": 7},
            {"units": 3, "input_shape": (7, 4)},
        ),
        (
            LSTM,
            {"units": 3, "dropout_W": 0.1, "dropout_U": 0.2},
            {"units": 3, "dropout": 0.1, "recurrent_dropout": 0.2},
        ),
        (
            LSTM,
            {"units": 3, "inner_init": "zeros", "inner_activation": "hard_sigmoid"},
            {"units": 3, "recurrent_initializer": "zeros", "recurrent_activation": "hard_sigmoid"},
        ),
        (LSTM, {"units": 3, "forget_bias_init": "one"}, {"units": 3, "unit_forget_bias": True}),
        (GRU, {"units": 3, "consume_less": "gpu"}, {"units": 3}),
        (
            Embedding,
            {"input_dim": 9, "output_dim": 3, "init": "zeros"},
            {"input_dim": 9, "output_dim": 3, "embeddings_initializer": "zeros"},
        ),
        (
            Conv1D,
            {"nb_filter": 4, "filter_length": 3, "border_mode": "same", "subsample_length": 2},
            {"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2},
        ),
        (Dropout, {"p": 0.3}, {"rate": 0.3}),
    ],
)  # fmt: skip
def test_an_old_argument_is_the_present_one(cls: Any, old: dict[str, Any], new: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match=r"^\w+: argument `\w+` (is|has)") as caught:
        layer = cls(**old, name="same")
    expected = cls(**new, name="same")
    assert layer.get_config() == expected.get_config()
    assert layer.given_batch_shape == expected.given_batch_shape
    assert {warning.filename for warning in caught} == {__file__}


def test_a_batch_size_makes_a_batch_shape() -> None:
    with pytest.warns(UserWarning, match="batch_input_shape"):
        layer = LSTM(2, stateful=True, input_shape=(5, 3), batch_size=8)
    assert layer.given_batch_shape == (8, 5, 3)


@pytest.mark.parametrize("arguments", [{"inner_units": 3}, {"forget_bias_init": "two"}, {"nb_filter": 3}])
def test_what_means_nothing_is_still_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=f"Unrecognized keyword argument passed to LSTM: `{next(iter(arguments))}`"
    ):
        LSTM(4, **arguments)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        (layers, "CuDNNLSTM", LSTM),
        (layers, "CuDNNGRU", GRU),
        (layers, "TimeDistributedDense", Dense),
        (constraints, "maxnorm", constraints.max_norm),
    ],
)
def test_an_old_class_is_the_present_one(module: Any, old: str, new: type) -> None:
    with pytest.warns(UserWarning, match=f"`{old}` is called `.*` now") as caught:
        assert getattr(module, old) is new
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("module", "name", "meant"),
    [
        ("activations", "relo", "relu"),
        ("callbacks", "EarlyStoping", "EarlyStopping"),
        ("constraints", "maxnrm", "MaxNorm"),
        ("initializers", "GlorotUnifrom", "GlorotUniform"),
        ("layers", "lstm_", "LSTM"),
        ("losses", "MeanSquareError", "MeanSquaredError"),
        ("metrics", "AUCC", "AUC"),
        ("models", "Sequental", "Sequential"),
        ("optimizers", "Adan", "Adam"),
        ("regularizers", "L1L3", "L1L2"),
        ("utils", "pad_sequence", "pad_sequences"),
    ],
)
def test_a_misspelt_name_says_what_was_meant(module: str, name: str, meant: str) -> None:
    found = importlib.import_module(f"tidegate.{module}")
    assert not hasattr(found, name)
    with pytest.raises(AttributeError, match=f"no attribute '{name}'. Did you mean `"):
        getattr(found, name)
    with pytest.raises(ImportError, match=f"cannot import name '{name}' .* Did you mean `") as caught:
        exec(f"from tidegate.{module} import {name}")
    assert meant in str(caught.value)


def fitted(**options: Any) -> Model:
    model = Sequential([Input((5, 3)), LSTM(2, kernel_initializer="ones"), Dense(1)])
    model.compile("sgd", "mse", metrics=["acc"])
    model.fit(X, Y, verbose=0, shuffle=False, **options)
    return model


def test_nb_epoch_and_options_of_workers() -> None:
    with pytest.warns(UserWarning, match="fit: argument") as caught:
        model = fitted(nb_epoch=2, workers=4)
    assert sorted(str(each.message) for each in caught) == [
        "fit: argument `nb_epoch` is called `epochs` now",
        "fit: argument `workers` has no effect any more; leave it out",
    ]
    assert model.history is not None
    assert model.history.epoch == [0, 1]
    assert {"acc", "loss"} == set(model.history.history)
    with pytest.raises(TypeError, match="fit: argument `epochs` was given as `nb_epoch` too"):
        model.fit(X, Y, nb_epoch=1, epochs=1)


def test_metrics_names_are_those_of_evaluate() -> None:
    model = Sequential([Input((5, 3)), LSTM(2), Dense(1)])
    model.compile("sgd", "mse", metrics=["mae", "acc"])
    assert model.metrics_names == ["loss"]
    values = model.evaluate(X, Y, verbose=0)
    assert dict(zip(model.metrics_names, values, strict=True)) == model.evaluate(
        X, Y, verbose=0, return_dict=True
    )


def test_methods_of_generators() -> None:
    model = fitted()

    def batches() -> Any:
        while True:
            yield X, Y

    with pytest.warns(UserWarning, match="`fit_generator` is called `fit` now"):
        history = model.fit_generator(batches(), steps_per_epoch=2, epochs=3, verbose=0)
    assert len(history.epoch) == 3
    with pytest.warns(UserWarning, match="`evaluate_generator` is called `evaluate` now"):
        assert model.evaluate_generator(batches(), 1) == model.evaluate(X, Y, verbose=0)
    with (
        pytest.warns(UserWarning, match="`predict_generator` is called `predict` now"),
        pytest.warns(UserWarning, match="predict: argument `workers` has no effect any more"),
    ):
        predicted = model.predict_generator(batches(), steps=1, workers=2)
    with pytest.warns(UserWarning, match="`predict_generator`"), pytest.raises(TypeError, match="rows"):
        model.predict_generator(batches(), rows=2)
    np.testing.assert_array_equal(predicted, model.predict(X, verbose=0))


def test_a_warning_from_within_fit_names_the_line_that_called_it() -> None:
    batches = Dataset.from_generator(lambda: iter([(X, Y)]))
    model = Sequential([Input((5, 3)), LSTM(2), Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="Your input ran out of data") as caught:
        model.fit(batches, verbose=0)
    assert caught[0].filename == __file__


def test_predict_proba_and_predict_classes() -> None:
    one = fitted()
    with pytest.warns(UserWarning, match="`predict_proba` is called `predict` now"):
        np.testing.assert_array_equal(one.predict_proba(X), one.predict(X, verbose=0))
    with pytest.warns(UserWarning, match="`predict_classes` is"):
        np.testing.assert_array_equal(one.predict_classes(X), one.predict(X, verbose=0) > 0.5)
    several = Sequential([Input((5, 3)), LSTM(2), Dense(4)])
    with pytest.warns(UserWarning, match="`predict_classes` is"):
        np.testing.assert_array_equal(several.predict_classes(X), several.predict(X, verbose=0).argmax(-1))


def test_input_and_output_of_a_model() -> None:
    x = Input((3,))
    with pytest.warns(UserWarning, match="__init__: argument `(in|out)put` is called `(in|out)puts` now"):
        model = Model(input=x, output=Dense(2)(x))
    assert model.output_shape == (None, 2)


def test_lr_is_the_learning_rate() -> None:
    optimizer = optimizers.Adam(0.5)
    with pytest.warns(UserWarning, match="`optimizer.lr` is called `optimizer.learning_rate` now"):
        assert optimizer.lr == 0.5
    with pytest.warns(UserWarning, match=r"`optimizer.lr`"):
        optimizer.lr = 0.25
    assert optimizer.learning_rate == 0.25


def test_the_learning_rate_answers_as_a_variable_does() -> None:
    optimizer = optimizers.SGD(0.5)
    assert optimizer.learning_rate.numpy() == 0.5  # type: ignore[attr-defined]
    optimizer.learning_rate.assign(0.125)  # type: ignore[attr-defined]
    assert optimizer.learning_rate == 0.125
    for copy in (pickle.loads(pickle.dumps(optimizer.learning_rate)), deepcopy(optimizer.learning_rate)):
        assert type(copy) is float
        assert copy == 0.125


@pytest.mark.parametrize(
    "cls", [optimizers.Adam, optimizers.RMSprop, optimizers.Adagrad, optimizers.Adadelta]
)
def test_no_epsilon_is_the_default(cls: Any) -> None:
    with pytest.warns(UserWarning, match="argument `epsilon` is a number now") as caught:
        assert cls(epsilon=None).epsilon == cls().epsilon
    assert caught[0].filename == __file__


def test_save_format(tmp_path: Path) -> None:
    model = fitted()
    with pytest.warns(UserWarning, match="save: argument `save_format` has no effect any more"):
        model.save(tmp_path / "model.keras", save_format="keras")
    assert models.load_model(tmp_path / "model.keras").predict(X, verbose=0).shape == (8, 1)


def test_a_period_of_checkpoints(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="ModelCheckpoint: argument `period`"):
        callback = ModelCheckpoint(tmp_path / "{epoch}.keras", period=2)
    fitted(epochs=5, callbacks=[callback])
    assert sorted(each.name for each in tmp_path.iterdir()) == ["2.keras", "4.keras"]
