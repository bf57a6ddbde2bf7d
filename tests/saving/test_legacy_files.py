"""Keras's legacy HDF5 files: of Keras 3.15 and Keras 2.15 (`tests/data/make_keras_h5.py`), layouts of Keras 1
written by hand, and Tidegate's own.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, callbacks, layers
from tidegate.models import load_model, save_model

DATA = Path(__file__).parent.parent / "data"
X, Y = np.random.default_rng(4).standard_normal((2, 6, 5, 3)).astype("float32")


def make(units: int = 4, optimizer: str | None = "adam") -> Sequential:
    model = Sequential(
        [
            layers.Input((5, 3)),
            layers.LSTM(units, return_sequences=True, name="rnn"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(3, name="out"),
        ]
    )
    if optimizer:
        model.compile(optimizer, "mse", metrics=["mae"])
    return model


def assert_same_weights(model: Any, other: Any) -> None:
    for one, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        assert_same_bits(one, expected)


def numbered(arrays: Any, letter: str) -> list[Any]:
    return [arrays[f"{letter}{i}"] for i in range(100) if f"{letter}{i}" in arrays]


# ---- files of Keras --------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [False, True], ids=["as it is", "saved again"])
@pytest.mark.parametrize("name", ["chain", "graph", "keras2_chain", "keras2_graph"])
def test_models_of_keras_predict_and_train_on(tmp_path: Path, name: str, again: bool) -> None:
    model, arrays = load_model(DATA / f"{name}.h5"), np.load(DATA / f"{name}.npz")
    if again:
        model.save(tmp_path / "again.hdf5")
        model = load_model(tmp_path / "again.hdf5")
    x, y = numbered(arrays, "x"), numbered(arrays, "y")
    found = model.predict(x if len(x) > 1 else x[0], verbose=0)
    for each, expected in zip(
        found if isinstance(found, list) else [found], numbered(arrays, "p"), strict=True
    ):
        np.testing.assert_allclose(each, expected, rtol=1e-4, atol=1e-5)
    assert model.optimizer is not None
    assert model.optimizer.iterations == 1
    model.train_on_batch(x if len(x) > 1 else x[0], y if len(y) > 1 else y[0])
    for variable, expected in zip(model.weights, numbered(arrays, "w"), strict=True):
        if variable.path.endswith("time_distributed/dense/bias"):
            continue  # batch normalization follows: its gradient is rounding errors, which Adam makes large
        np.testing.assert_allclose(variable.value, expected, rtol=1e-4, atol=2e-5, err_msg=variable.path)


def test_metrics_keep_their_names() -> None:
    arrays = np.load(DATA / "keras2_chain.npz")
    found = load_model(DATA / "keras2_chain.h5").evaluate(
        arrays["x0"], arrays["y0"], verbose=0, return_dict=True
    )
    assert sorted(found) == ["loss", "mae"]


@pytest.mark.parametrize("name", ["keras2_weights", "keras2_chain"])
def test_weights_alone(name: str) -> None:
    """Of Keras 2, in a file of their own and in that of a whole model."""
    model, arrays = load_model(DATA / "chain.h5"), np.load(DATA / "keras2_chain.npz")
    model.load_weights(DATA / f"{name}.h5")
    if name == "keras2_weights":
        for one, expected in zip(model.get_weights(), numbered(arrays, "w"), strict=True):
            assert_same_bits(one, expected)
    else:
        np.testing.assert_allclose(model.predict(arrays["x0"], verbose=0), arrays["p0"], rtol=1e-4, atol=1e-5)


def test_layers_of_cudnn_become_those_of_a_cpu() -> None:
    model, arrays = load_model(DATA / "keras2_cudnn.h5"), np.load(DATA / "keras2_cudnn.npz")
    for one, expected in zip(model.get_weights(), numbered(arrays, "w"), strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict(arrays["x0"], verbose=0), arrays["p0"], rtol=1e-5, atol=1e-6)


def test_the_state_of_an_old_adam(tmp_path: Path) -> None:
    """It had no learning rate, and all of `m` before all of `v`."""
    model = make()
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.h5")
    assert model.optimizer is not None
    steps, _, *slots = model.optimizer.variables
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        del file["optimizer_weights"]
        group = file.create_group("optimizer_weights")
        arrays = {"Adam/iter:0": steps}
        arrays |= {f"Adam/w{i}/m:0": each for i, each in enumerate(slots[::2])}
        arrays |= {f"Adam/w{i}/v:0": each for i, each in enumerate(slots[1::2])}
        group.attrs["weight_names"] = [*arrays]
        for name, array in arrays.items():
            group[name] = array
        training = json.loads(file.attrs["training_config"])
        optimizer = training["optimizer_config"]["config"]
        training["optimizer_config"]["config"] = {
            "name": "Adam", "lr": optimizer["learning_rate"], "decay": 0.5, "beta_1": 0.9, "beta_2": 0.999,
            "epsilon": 1e-7, "amsgrad": False,
        }  # fmt: skip
        file.attrs["training_config"] = json.dumps(training)
    with pytest.warns(UserWarning, match="`decay` of Keras 2 is ignored"):
        other = load_model(tmp_path / "m.h5")
    for each in (model, other):
        each.fit(X, Y, verbose=0)
    assert_same_weights(other, model)


# ---- Keras 1 ---------------------------------------------------------------------------------------


def of_keras_1(path: Path) -> Sequential:
    """Writes a file as Keras 1.2 would, in bytes, and returns the model that it stands for."""
    expected = Sequential(
        [
            layers.Input((5, 3)),
            layers.LSTM(4, return_sequences=True),
            layers.GRU(2, reset_after=False),
            layers.Dense(2),
        ]
    )
    rng = np.random.default_rng(3)
    expected.set_weights([rng.random(w.shape) for w in expected.get_weights()])
    config = [
        {
            "class_name": "LSTM",
            "config": {
                "name": "lstm_1", "trainable": True, "batch_input_shape": [None, 5, 3],
                "input_dtype": "float32", "input_dim": 3, "input_length": None, "output_dim": 4,
                "init": "glorot_uniform", "inner_init": "orthogonal", "forget_bias_init": "one",
                "activation": "tanh", "inner_activation": "sigmoid",
                "return_sequences": True, "go_backwards": False,
                "stateful": False, "unroll": False, "consume_less": "cpu", "W_regularizer": None,
                "U_regularizer": None, "b_regularizer": None, "dropout_W": 0.0, "dropout_U": 0.0,
            },
        },
        {
            "class_name": "GRU",
            "config": {
                "name": "gru_1", "trainable": True, "input_dim": 4, "input_length": None, "output_dim": 2,
                "init": "glorot_uniform", "inner_init": "orthogonal", "activation": "tanh",
                "inner_activation": "sigmoid", "consume_less": "cpu", "dropout_W": 0.0, "dropout_U": 0.0,
            },
        },
        {
            "class_name": "Dense",
            "config": {
                "name": "dense_1", "trainable": True, "input_dim": None, "output_dim": 2, "bias": True,
                "init": "glorot_uniform", "activation": "linear", "W_regularizer": None, "W_constraint": None,
                "activity_regularizer": None, "b_constraint": None, "b_regularizer": None,
            },
        },
    ]  # fmt: skip
    gates = {"lstm_1": ("icfo", (0, 2, 1, 3)), "gru_1": ("zrh", (0, 1, 2))}
    with h5py.File(path, "w") as file:
        text = json.dumps({"class_name": "Sequential", "config": config})
        file.attrs["model_config"], file.attrs["keras_version"] = np.bytes_(text), np.bytes_("1.2.2")
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([b"lstm_1", b"gru_1", b"dense_1"])
        for name, layer in zip(("lstm_1", "gru_1", "dense_1"), expected.layers, strict=True):
            arrays = dict(zip("WUb", layer.get_weights(), strict=False))
            if name in gates:
                letters, places = gates[name]
                pieces = {
                    f"{name}_{kind}_{letter}": np.split(arrays[kind], len(letters), -1)[place]
                    for letter, place in zip(letters, places, strict=True)
                    for kind in "WUb"
                }
            else:
                pieces = {
                    f"{name}_{kind}": array for kind, array in zip("Wb", layer.get_weights(), strict=True)
                }
            of_layer = group.create_group(name)
            of_layer.attrs["weight_names"] = np.array([each.encode() for each in pieces])
            for label, array in pieces.items():
                of_layer[label] = array
    return expected


def test_a_file_of_keras_1(tmp_path: Path) -> None:
    expected = of_keras_1(tmp_path / "old.h5")
    model = load_model(tmp_path / "old.h5")
    assert_same_weights(model, expected)
    assert_same_bits(model.predict(X, verbose=0), expected.predict(X, verbose=0))


def test_what_computes_otherwise_than_in_keras_2_is_said(tmp_path: Path) -> None:
    path = with_config(tmp_path, "keras2_chain.h5", lambda text: text.replace('"sigmoid"', '"hard_sigmoid"'))
    with pytest.warns(UserWarning, match="hard_sigmoid.*Keras 3") as warned:
        load_model(path)
    assert len(warned) == 2


def with_config(folder: Path, name: str, change: Any) -> Path:
    path = Path(shutil.copy(DATA / name, folder))
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = change(file.attrs["model_config"])
    return path


# ---- Tidegate's own --------------------------------------------------------------------------------


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    model = make()
    model.fit(X, Y, epochs=2, verbose=0)
    save_model(model, tmp_path / "m.h5")
    other = load_model(tmp_path / "m.h5")
    assert_same_weights(other, model)
    assert other.get_config() == model.get_config()
    for each in (model, other):
        each.fit(X, Y, epochs=1, verbose=0)
    assert_same_weights(other, model)


def test_a_loss_has_the_name_that_keras_finds(tmp_path: Path) -> None:
    make().save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        training = json.loads(file.attrs["training_config"])
    assert training["loss"] == "mean_squared_error"
    assert training["metrics"] == ["mae"]


@pytest.mark.parametrize("optimizer", [None, "rmsprop"])
def test_a_model_without_its_optimizer(tmp_path: Path, optimizer: str | None) -> None:
    model = make(optimizer=optimizer)
    model.save(tmp_path / "m.h5", include_optimizer=False)
    assert load_model(tmp_path / "m.h5").optimizer is None
    assert_same_weights(load_model(tmp_path / "m.h5"), model)


def test_more_names_than_an_attribute_holds(tmp_path: Path) -> None:
    model = Sequential(
        [layers.Input((3,)), *(layers.Activation("relu") for _ in range(1500)), layers.Dense(2)]
    )
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert sorted(file["model_weights"].attrs)[-2:] == ["layer_names0", "layer_names1"]
    other = Sequential([layers.Input((3,)), layers.Dense(2)])
    other.load_weights(tmp_path / "m.h5")
    assert_same_weights(other, model)


def test_layers_by_their_names(tmp_path: Path) -> None:
    model = make(optimizer=None)
    model.save(tmp_path / "m.h5")
    other = Sequential([layers.Input((5, 3)), layers.Dense(4, name="rnn_"), layers.Dense(3, name="out")])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"expected 2 layers with weights; the file has 3"):
        other.load_weights(tmp_path / "m.h5")
    other.load_weights(tmp_path / "m.h5", by_name=True)
    for one, expected in zip(other.get_weights(), before[:2] + model.get_weights()[-2:], strict=True):
        assert_same_bits(one, expected)


def test_weights_that_do_not_fit_can_be_passed_over(tmp_path: Path) -> None:
    make(5, None).save(tmp_path / "m.h5")
    model, other = make(4, None), Sequential([layers.Input((5, 3)), layers.Dense(3, name="rnn")])
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"m\.h5: 'model_weights/rnn/.*' expected shape \(3, 16\)"):
        model.load_weights(tmp_path / "m.h5")
    with pytest.warns(UserWarning, match="These weights are not loaded: 'model_weights/"):
        model.load_weights(tmp_path / "m.h5", skip_mismatch=True)
    for one, expected in zip(model.get_weights()[:-1], before[:-1], strict=True):
        assert_same_bits(one, expected)
    with pytest.raises(ValueError, match="'rnn' expected 2 weights of Dense `rnn`; the file has 3"):
        other.load_weights(tmp_path / "m.h5", by_name=True)
    with pytest.warns(UserWarning, match="not loaded: 'rnn' expected 2 weights"):
        other.load_weights(tmp_path / "m.h5", by_name=True, skip_mismatch=True)


def test_checkpoints(tmp_path: Path) -> None:
    model = make()
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "m{epoch:02d}.h5")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m01.h5", "m02.h5"]
    assert_same_weights(load_model(tmp_path / "m02.h5"), model)
    with pytest.warns(UserWarning, match=r"Keras 3 refuses `\.hdf5`"):
        callbacks.ModelCheckpoint("m.hdf5")
    with pytest.raises(ValueError, match=r"`filepath` must end in `\.weights\.h5`; received 'm\.h5'"):
        callbacks.ModelCheckpoint("m.h5", save_weights_only=True)


def test_bad_input_gets_one_sentence(tmp_path: Path) -> None:
    model = make()
    model.save(tmp_path / "m.h5")
    with pytest.raises(ValueError, match=r"m\.h5 exists, and `overwrite`"):
        model.save(tmp_path / "m.h5", overwrite=False)
    with pytest.raises(ValueError, match=r"not found: nowhere\.h5"):
        load_model("nowhere.h5")
    with pytest.raises(ValueError, match=r"no `model_config`.*`load_weights`"):
        load_model(DATA / "keras2_weights.h5")
    with pytest.raises(ValueError, match=r"`\.keras`, `\.h5` or `\.hdf5`; received 'm\.txt'"):
        load_model("m.txt")
