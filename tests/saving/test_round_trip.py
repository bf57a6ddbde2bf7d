"""`.keras` files: what is saved comes back, whole or not at all."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, initializers, layers, optimizers
from tidegate.models import load_model, model_from_json

X = np.random.default_rng(4).standard_normal((6, 5, 3)).astype("float32")
Y = np.random.default_rng(5).standard_normal((6, 2)).astype("float32")


def make(dtype: str = "float32") -> Sequential:
    return Sequential(
        [
            layers.Input((5, 3), dtype=dtype),
            layers.LSTM(4, return_sequences=True, dtype=dtype, name="first"),
            layers.GRU(3, return_sequences=True, reset_after=False, activation="relu", dtype=dtype),
            layers.LSTM(6, use_bias=False, go_backwards=True, return_sequences=True, dtype=dtype),
            layers.SimpleRNN(5, activation="elu", dtype=dtype),
            layers.Dense(2, activation="gelu", dtype=dtype, kernel_initializer="he_uniform"),
        ]
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_architecture_and_weights(tmp_path: Path, dtype: str) -> None:
    model = make(dtype)
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert loaded.get_config() == model.get_config()
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        assert_same_bits(one, other)
    assert_same_bits(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize(
    "optimizer",
    [
        optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        optimizers.RMSprop(0.01, centered=True, momentum=0.5),
        optimizers.Adam(0.01, amsgrad=True, clipnorm=1.0),
        optimizers.AdamW(0.01, weight_decay=0.1),
        optimizers.Adadelta(0.1, use_ema=True, ema_overwrite_frequency=2),
        optimizers.Adafactor(0.01),
        optimizers.Adagrad(0.01, global_clipnorm=1.0),
        optimizers.Adamax(0.01),
        optimizers.Ftrl(0.01, l1_regularization_strength=0.001),
        optimizers.Lamb(0.01),
        optimizers.Lion(0.01, loss_scale_factor=1024.0),
        optimizers.Muon(0.01, exclude_layers=["dense"]),
        optimizers.Nadam(0.01),
        optimizers.ScheduleFreeAdamW(0.01, warmup_steps=4),
    ],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_training_resumes_where_it_stopped(tmp_path: Path, optimizer: Any) -> None:
    model = make()
    model.compile(optimizer, "mse", metrics=["mae"])
    for _ in range(3):
        model.train_on_batch(X, Y)
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    assert loaded.optimizer.iterations == 3
    for _ in range(2):
        assert loaded.train_on_batch(X, Y) == model.train_on_batch(X, Y)
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        assert_same_bits(one, other)


def test_training_begins_with_the_weights_of_the_file(tmp_path: Path) -> None:
    """Also where an optimizer keeps a copy of them from before the first step."""
    model = make()
    model.compile(optimizers.ScheduleFreeAdamW(0.01), "mse")
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    for _ in range(2):
        assert loaded.train_on_batch(X, Y) == model.train_on_batch(X, Y)


def test_training_resumes_in_the_middle_of_a_step(tmp_path: Path) -> None:
    model = make()
    model.compile(optimizers.Nadam(0.01, gradient_accumulation_steps=2, use_ema=True), "mse")
    for _ in range(3):
        model.train_on_batch(X, Y)
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    for each in (model, loaded):
        each.fit(X, Y, batch_size=2, verbose=0)
        assert (each.optimizer.batches, each.optimizer.iterations) == (6, 3)
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        assert_same_bits(one, other)


def test_numbers_of_numpy_among_the_arguments(tmp_path: Path) -> None:
    initializer = initializers.RandomNormal(stddev=np.float32(0.5), seed=np.int64(1))
    layer = layers.GRU(np.int32(4), kernel_initializer=initializer, seed=np.int64(2))
    model = Sequential([layers.Input((np.int64(5), 3)), layer])
    model.compile(optimizers.Adam(np.float32(0.5), clipnorm=np.float32(0.25)), "mse", run_eagerly=np.True_)
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert loaded.get_config() == model.get_config()
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    assert model_from_json(model.to_json()).get_config() == model.get_config()


def test_without_compile(tmp_path: Path) -> None:
    model = make()
    model.compile("adam", "mse")
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras", compile=False)
    assert not loaded.compiled
    assert_same_bits(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_the_layout_is_that_of_keras(tmp_path: Path) -> None:
    model = make()
    model.compile("adam", "mse")
    model.train_on_batch(X, Y)
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        config = json.loads(archive.read("config.json"))
        (tmp_path / "w.h5").write_bytes(archive.read("model.weights.h5"))
    assert list(config) == [
        "module",
        "class_name",
        "config",
        "registered_name",
        "build_config",
        "compile_config",
    ]
    names = [layer["class_name"] for layer in config["config"]["layers"]]
    assert names == ["InputLayer", "LSTM", "GRU", "LSTM", "SimpleRNN", "Dense"]
    with h5py.File(tmp_path / "w.h5") as file:
        datasets: dict[str, tuple[int, ...]] = {}
        file.visititems(
            lambda name, item: datasets.update({name: item.shape}) if hasattr(item, "shape") else None
        )
        assert file["layers/lstm/vars"].attrs["name"] == "first"
    stored = {name: shape for name, shape in datasets.items() if name.startswith("layers")}
    assert stored == {
        "layers/lstm/cell/vars/0": (3, 16),
        "layers/lstm/cell/vars/1": (4, 16),
        "layers/lstm/cell/vars/2": (16,),
        "layers/gru/cell/vars/0": (4, 9),
        "layers/gru/cell/vars/1": (3, 9),
        "layers/gru/cell/vars/2": (9,),
        "layers/lstm_1/cell/vars/0": (3, 24),
        "layers/lstm_1/cell/vars/1": (6, 24),
        "layers/simple_rnn/cell/vars/0": (6, 5),
        "layers/simple_rnn/cell/vars/1": (5, 5),
        "layers/simple_rnn/cell/vars/2": (5,),
        "layers/dense/vars/0": (5, 2),
        "layers/dense/vars/1": (2,),
    }
    assert datasets["optimizer/vars/0"] == ()
    assert len(datasets) == len(stored) + 2 + 2 * len(stored)


def test_overwrite_false_keeps_the_file(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(b"mine")
    with pytest.raises(ValueError, match="overwrite"):
        make().save(path, overwrite=False)
    assert path.read_bytes() == b"mine"
    make().save(path)
    load_model(path)


def test_a_failed_save_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, model = tmp_path / "m.keras", make()
    model.save(path)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        make().save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.keras"]


@pytest.mark.parametrize("name", ["m.h5x", "m", "m.pb", "m.keras.zip"])
def test_other_endings(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"\.keras"):
        make().save(tmp_path / name)
    with pytest.raises(ValueError, match="filepath"):
        load_model(tmp_path / name)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises((ValueError, FileNotFoundError), match=r"nothing\.keras"):
        load_model(tmp_path / "nothing.keras")
