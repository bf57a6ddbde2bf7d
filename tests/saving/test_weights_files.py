"""`.weights.h5` files: weights and the optimizer's state without the architecture, whole or not at all."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, layers
from tidegate.models import load_model

DATA = Path(__file__).parent.parent / "data"
X, Y = np.random.default_rng(4).standard_normal((2, 6, 5, 3)).astype("float32")


def make(units: int = 4, optimizer: str | None = "adam") -> Sequential:
    model = Sequential([layers.Input((5, 3)), layers.LSTM(units, return_sequences=True), layers.Dense(3)])
    if optimizer:
        model.compile(optimizer, "mse")
    return model


def assert_same_weights(model: Sequential, other: Sequential) -> None:
    for one, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        assert_same_bits(one, expected)


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    model, other = make(), make()
    model.fit(X, Y, epochs=2, verbose=0)
    model.save_weights(tmp_path / "m.weights.h5")
    assert other.optimizer is not None
    other.optimizer.build(other.trainable_variables)
    other.load_weights(tmp_path / "m.weights.h5")
    assert_same_weights(other, model)
    for each in (model, other):
        each.fit(X, Y, epochs=1, verbose=0)
    assert_same_weights(other, model)


def test_an_optimizer_without_slots_begins_anew(tmp_path: Path) -> None:
    model, other = make(), make()
    model.fit(X, Y, verbose=0)
    model.save_weights(tmp_path / "m.weights.h5")
    with pytest.warns(UserWarning, match="state of optimizer .* is not loaded"):
        other.load_weights(tmp_path / "m.weights.h5")
    assert other.optimizer is not None
    assert other.optimizer.iterations == 0
    assert_same_weights(other, model)


@pytest.mark.parametrize("name", ["layers", "bidirectional", "conv", "embedding"])
def test_files_of_keras(tmp_path: Path, name: str) -> None:
    """The HDF5 file inside a `.keras` file is one, and the `.keras` file itself will do."""
    expected = load_model(DATA / f"{name}.keras", compile=False)
    with zipfile.ZipFile(DATA / f"{name}.keras") as archive:
        (tmp_path / "keras.weights.h5").write_bytes(archive.read("model.weights.h5"))
    for path in (tmp_path / "keras.weights.h5", DATA / f"{name}.keras"):
        model = Sequential.from_config(expected.get_config())
        model.load_weights(path)
        assert_same_weights(model, expected)


def test_layers_that_do_not_fit_can_be_passed_over(tmp_path: Path) -> None:
    make(4, None).save_weights(tmp_path / "m.weights.h5")
    model = make(5, None)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"m\.weights\.h5: 'layers/lstm/cell/vars/0' expected shape"):
        model.load_weights(tmp_path / "m.weights.h5")
    with pytest.warns(UserWarning, match="These weights are not loaded: 'layers/") as warned:
        model.load_weights(tmp_path / "m.weights.h5", skip_mismatch=True)
    assert len(warned) == 2
    for one, expected in zip(model.get_weights(), before, strict=True):
        assert_same_bits(one, expected)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, path = make(), tmp_path / "m.weights.h5"
    model.save_weights(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="exists, and `overwrite`"):
        model.save_weights(path, overwrite=False)
    monkeypatch.setattr(os, "fsync", lambda file: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.save_weights(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda model: model.save_weights("m.h5"), r"`filepath`.*`\.weights\.h5`.*'m\.h5'"),
        (lambda model: model.save_weights("m.weights.h5", max_shard_size=1), "`max_shard_size`"),
        (
            lambda model: model.load_weights("m.txt"),
            r"`filepath`.*`\.weights\.h5` or `\.keras` or .*'m\.txt'",
        ),
        (lambda model: model.load_weights("nowhere.weights.h5"), r"not found: nowhere\.weights\.h5"),
        (lambda model: model.load_weights("m.weights.h5", by_name=True), "`by_name`"),
        (lambda model: Sequential([layers.Dense(1)]).save_weights("m.weights.h5"), "not built"),
        (lambda model: Sequential([layers.Dense(1)]).load_weights("m.weights.h5"), "not built"),
    ],
)
def test_bad_input_gets_one_sentence(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act(make())
