"""One clear sentence for every bad input of a model, before anything is computed or changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, layers, losses, optimizers

X, Y = np.zeros((8, 6, 3), "float32"), np.zeros((8, 2), "float32")


@pytest.fixture
def model() -> Sequential:
    net = Sequential([layers.Input((6, 3)), layers.LSTM(4), layers.Dense(2)])
    net.compile("sgd", "mse")
    return net


def calls(net: Sequential, x: Any) -> list[Any]:
    return [lambda: net.predict(x, verbose=0), lambda: net.predict_on_batch(x), lambda: net(x)]


@pytest.mark.parametrize("shape", [(8, 6), (6, 3), (8, 6, 3, 2), (8,), ()], ids=repr)
def test_wrong_rank(model: Sequential, shape: tuple[int, ...]) -> None:
    for call in calls(model, np.zeros(shape, "float32")):
        with pytest.raises(ValueError, match="shape") as caught:
            call()
        assert str(shape) in str(caught.value)


def test_wrong_feature_count(model: Sequential) -> None:
    for call in calls(model, np.zeros((8, 6, 5), "float32")):
        with pytest.raises(ValueError, match=r"\(8, 6, 5\)"):
            call()


def test_zero_timesteps(model: Sequential) -> None:
    for call in calls(model, np.zeros((8, 0, 3), "float32")):
        with pytest.raises(ValueError, match="timestep"):
            call()


@pytest.mark.parametrize("dtype", [object, complex, "U3", "datetime64[s]"], ids=str)
def test_arrays_that_are_not_real_numbers(model: Sequential, dtype: Any) -> None:
    for call in calls(model, np.zeros((8, 6, 3)).astype(dtype)):
        with pytest.raises(TypeError, match="real numbers"):
            call()
    with pytest.raises(TypeError, match="`y`"):
        model.fit(X, Y.astype(dtype), verbose=0)


def test_lists_are_refused_by_fit(model: Sequential) -> None:
    with pytest.raises(ValueError, match="Unrecognized data type"):
        model.fit(X.tolist(), Y, verbose=0)
    with pytest.raises(ValueError, match="Unrecognized data type"):
        model.fit(X, Y.tolist(), verbose=0)


def test_mismatched_lengths(model: Sequential) -> None:
    before = model.get_weights()
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=r"8.*7") as caught:
            method(X, Y[:7], verbose=0)
        assert "`x`" in str(caught.value)
        assert "`y`" in str(caught.value)
    with pytest.raises(ValueError, match="sample_weight"):
        model.fit(X, Y, sample_weight=np.ones(5), verbose=0)
    with pytest.raises(ValueError, match=r"8.*7"):
        model.train_on_batch(X, Y[:7])
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_targets_of_another_shape(model: Sequential) -> None:
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"\(8, 5\)"):
        model.fit(X, np.zeros((8, 5)), verbose=0)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_labels_out_of_range() -> None:
    net = Sequential([layers.Input((6, 3)), layers.LSTM(4), layers.Dense(2, activation="softmax")])
    net.compile("sgd", "sparse_categorical_crossentropy")
    for bad in (2, -1):
        with pytest.raises(ValueError, match=str(bad)):
            net.fit(X, np.full(8, bad), verbose=0)


def test_no_rows_to_train_on(model: Sequential) -> None:
    with pytest.raises(ValueError, match="sample"):
        model.fit(X[:0], Y[:0], verbose=0)


def test_missing_targets(model: Sequential) -> None:
    with pytest.raises(ValueError, match="`y`"):
        model.fit(X, verbose=0)


def test_not_compiled() -> None:
    net = Sequential([layers.Input((6, 3)), layers.LSTM(4)])
    for method in (net.fit, net.evaluate, net.train_on_batch):
        with pytest.raises(ValueError, match="compile"):
            method(X, np.zeros((8, 4)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"loss": "mean_sqared_error"}, "mean_sqared_error.*mean_squared_error"),
        ({"loss": "mse", "optimizer": "Adem"}, "Adem.*adam"),
        ({"loss": "mse", "metrics": ["accurcy"]}, "accurcy"),
        ({"loss": "mse", "loss_weights": [1.0, 2.0]}, "loss_weights"),
    ],
    ids=["loss", "optimizer", "metric", "loss_weights"],
)
def test_unknown_words_suggest_the_nearest(arguments: dict[str, Any], words: str) -> None:
    net = Sequential([layers.Input((6, 3)), layers.LSTM(4)])
    with pytest.raises(ValueError, match=words):
        net.compile(**arguments)
    assert not net.compiled


@pytest.mark.parametrize("make", optimizers.CLASSES.values(), ids=lambda make: make.__name__)
def test_optimizer_arguments(make: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="learnin_rate"):
        make(learnin_rate=0.1)
    with pytest.raises((ValueError, TypeError), match="learning_rate"):
        make(learning_rate="fast")
    with pytest.raises(ValueError, match="clip"):
        make(clipnorm=1.0, clipvalue=1.0)
    with pytest.raises(ValueError, match="ema_momentum"):
        make(use_ema=True, ema_momentum=1.5)
    with pytest.raises(ValueError, match="ema_overwrite_frequency"):
        make(use_ema=True, ema_overwrite_frequency=0)
    with pytest.raises(ValueError, match="gradient_accumulation_steps"):
        make(gradient_accumulation_steps=1)


def test_loss_arguments() -> None:
    with pytest.raises(ValueError, match="reduction"):
        losses.MeanSquaredError(reduction="avg")
    with pytest.raises(ValueError, match="label_smoothing"):
        losses.CategoricalCrossentropy(label_smoothing=2.0)


@pytest.mark.parametrize(
    "options",
    [{"class_weight": [1.0]}, {"steps_per_epoch": 0}, {"validation_steps": -1}, {"batch_size": 0},
     {"batch_size": 2.5}, {"epochs": 2.0}, {"epochs": np.array([1, 2])}, {"initial_epoch": -1},
     {"validation_batch_size": 0}, {"validation_freq": 0}, {"validation_freq": "a"}, {"verbose": 7},
     {"validation_split": 1.5}, {"validation_split": -0.5}],
    ids=str,
)  # fmt: skip
def test_fit_options(model: Sequential, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        model.fit(X, Y, **options)


def test_validation_freq_may_be_a_numpy_integer(model: Sequential) -> None:
    history = model.fit(X, Y, epochs=3, validation_data=(X, Y), validation_freq=np.int64(2), verbose=0)
    assert len(history.history["val_loss"]) == 1


def test_a_chain_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="timesteps"):
        Sequential([layers.Input((6, 3)), layers.LSTM(4), layers.LSTM(4)])
    with pytest.raises(ValueError, match="name"):
        Sequential([layers.LSTM(4, return_sequences=True, name="a"), layers.LSTM(4, name="a")])
    with pytest.raises(TypeError, match="layer"):
        Sequential([layers.Input((6, 3)), "LSTM"])
    with pytest.raises(ValueError, match="no layers"):
        Sequential().predict(X)


def test_a_failed_add_leaves_the_model_as_it_was() -> None:
    net = Sequential([layers.Input((6, 3)), layers.LSTM(4)])
    with pytest.raises(ValueError, match="timesteps"):
        net.add(layers.GRU(3))
    assert len(net.layers) == 1
    assert net.predict(X, verbose=0).shape == (8, 4)


def test_set_num_threads() -> None:
    import tidegate

    for bad in (0, -1, 1.5, "2", True, np.array([1, 2])):
        with pytest.raises((ValueError, TypeError), match="positive integer"):
            tidegate.set_num_threads(bad)
