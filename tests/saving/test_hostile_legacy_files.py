"""Legacy HDF5 files are data too: damaged and hostile ones are refused as `.keras` files are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import test_hostile_files
from test_hostile_files import BAD_WEIGHTS, HOSTILE, refused

from tidegate import Sequential, layers
from tidegate.models import load_model

DATASET = "model_weights/lstm/m/lstm/lstm_cell/recurrent_kernel"


def saved(folder: Path) -> Path:
    model = Sequential(
        [layers.Input((5, 3)), layers.LSTM(4, name="lstm"), layers.Dense(2, name="dense")], name="m"
    )
    model.compile("adam", "mse")
    path = folder / "model.h5"
    model.save(path)
    return path


def changed(folder: Path, change: Callable[[h5py.File], Any]) -> Path:
    path = saved(folder)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def set_text(name: str, text: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file.attrs[name] = text

    return change


@pytest.mark.parametrize("version", ["3.15.1", "2.15.0", "1.2.2"])
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_configuration(
    tmp_path: Path, what: str, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(file: h5py.File) -> None:
        training = json.loads(file.attrs["training_config"])
        training["optimizer"] = training.pop("optimizer_config")
        config = {**json.loads(file.attrs["model_config"]), "compile_config": training}
        replacement = HOSTILE[what](config)
        config = config if replacement is None else replacement
        if isinstance(config, dict) and "compile_config" in config:
            training = config.pop("compile_config")
            if isinstance(training, dict):
                training["optimizer_config"] = training.pop("optimizer")
            file.attrs["training_config"] = json.dumps(training)
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = version

    monkeypatch.chdir(tmp_path)
    refused(changed(tmp_path, change), r"model\.h5: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.h5"]


@pytest.mark.parametrize("version", ["3.15.1", "2.15.0"])
@pytest.mark.parametrize("name", ["model_config", "training_config"])
@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[" * 100_000, '{"a":' * 100_000, "NaN", "{}", 3, [1.0, 2.0], np.array([b"{}", b"{}"]),
        h5py.Empty("f4"),
    ],
    ids=[
        "empty", "open", "nested lists", "nested dicts", "NaN", "a dictionary without entries", "a number",
        "an array", "several", "nothing",
    ],
)  # fmt: skip
def test_an_attribute_that_is_no_configuration(tmp_path: Path, name: str, text: Any, version: str) -> None:
    def change(file: h5py.File) -> None:
        file.attrs["keras_version"] = version
        file.attrs[name] = text

    refused(changed(tmp_path, change), r"model\.h5: ")


@pytest.mark.parametrize("name", ["model_config", "training_config"])
def test_a_configuration_that_would_do_but_for_its_form(tmp_path: Path, name: str) -> None:
    def huge(file: h5py.File) -> None:
        file.attrs[name] = file.attrs[name] + " " * 17_000_000

    def twice(file: h5py.File) -> None:
        file.attrs[name] = file.attrs[name].replace('"config":', '"config": {}, "config":', 1)

    refused(changed(tmp_path, huge), r"model\.h5: .*at most \d+ bytes")
    refused(changed(tmp_path, twice), r"model\.h5: .*a key comes twice")


OF_A_DATASET = [
    what
    for what in BAD_WEIGHTS
    if what not in ("a missing layer", "one too many", "a soft link to a group", "a cycle")
]


@pytest.mark.parametrize("what", OF_A_DATASET)
def test_bad_weights(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a dataset of a `.keras` file must not be either."""
    monkeypatch.setattr(test_hostile_files, "DATASET", DATASET)
    model = load_model(saved(tmp_path))
    path = changed(tmp_path, BAD_WEIGHTS[what])
    refused(path, r"model\.h5: ")
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"model\.h5: "):
        model.load_weights(path)
    for one, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, expected)


def names(group: str, value: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file[group].attrs["layer_names" if group == "model_weights" else "weight_names"] = value

    return change


def linked(path: str, link: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[path]
        file[path] = link

    return change


BAD_GROUPS: dict[str, Callable[[h5py.File], Any]] = {
    "no weights": lambda file: file.__delitem__("model_weights"),
    "weights that are a link": linked("model_weights", h5py.ExternalLink("/etc/hostname", "/")),
    "a layer that is a link": linked("model_weights/lstm", h5py.SoftLink("/model_weights/dense")),
    "a layer that is an array": linked("model_weights/lstm", np.zeros(3)),
    "no names": lambda file: file["model_weights"].attrs.__delitem__("layer_names"),
    "names of nobody": names("model_weights", [b"lstm", b"nobody"]),
    "names that go up": names("model_weights", [b"lstm", b"../optimizer_weights"]),
    "names that are numbers": names("model_weights", [1, 2]),
    "a name alone": names("model_weights", "lstm"),
    "a name too many": names("model_weights", [b"lstm", b"dense", b"dense"]),
    "a table of names": names("model_weights", np.array([[b"lstm", b"dense"]])),
    "no utf-8": names("model_weights", np.array([b"lstm", b"\xff\xfe"])),
    "weights of nobody": names("model_weights/lstm", [b"a", b"b", b"c"]),
    "a weight too few": names("model_weights/lstm", [b"m/lstm/lstm_cell/kernel"]),
    "weights of the model": names("model_weights/top_level_model_weights", [b"a"]),
    "a state of another shape": linked("optimizer_weights/0000", np.zeros((2, 2), "i4")),
    "a state that is a link": linked("optimizer_weights", h5py.SoftLink("/model_weights")),
    "a cycle": lambda file: linked("model_weights/lstm/m", file["model_weights"])(file),
}


@pytest.mark.parametrize("what", BAD_GROUPS)
def test_bad_groups(tmp_path: Path, what: str) -> None:
    refused(changed(tmp_path, BAD_GROUPS[what]), r"model\.h5: ")


@pytest.mark.parametrize("keep", [0, 1, 100, 0.3, 0.9])
def test_a_truncated_file(tmp_path: Path, keep: float) -> None:
    path = saved(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    refused(path, r"model\.h5: ")


@pytest.mark.filterwarnings("ignore:The state of optimizer:UserWarning")
def test_every_damaged_byte_is_an_error_or_harmless(tmp_path: Path) -> None:
    path = saved(tmp_path)
    data, rng = path.read_bytes(), np.random.default_rng(0)
    for place in rng.integers(0, len(data), 100):
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            load_model(path)
        except ValueError:
            continue
