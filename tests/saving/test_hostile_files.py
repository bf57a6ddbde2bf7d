"""Files are data, never code: damaged and hostile ones are refused with a ValueError, and nothing
outside of them is opened, imported or called."""

from __future__ import annotations

import io
import json
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tidegate import Sequential, layers
from tidegate.models import load_model

Config = dict[str, Any]


def saved(folder: Path) -> Path:
    model = Sequential([layers.Input((5, 3)), layers.LSTM(4), layers.Dense(2)])
    model.compile("adam", "mse")
    path = folder / "model.keras"
    model.save(path)
    return path


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, parts: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in parts:
            archive.writestr(name, data)
    return path


def refused(path: Path, words: str | None = None) -> None:
    modules = set(sys.modules)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=words):
            load_model(path)
        assert tracemalloc.get_traced_memory()[1] < 60e6, "it took the memory that the file asked for"
    finally:
        tracemalloc.stop()
    assert not {"antigravity", "this"} & (set(sys.modules) - modules)


# ---- the zip ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0, 1, 100, 0.3, 0.9, 0.999])
def test_a_truncated_file(tmp_path: Path, keep: float) -> None:
    path = saved(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    refused(path)


def test_something_else_than_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    refused(path)


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "/tmp/evil.txt", "assets/x.bin", "config.json", "model.weights.h5", "METADATA.JSON"],
)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_an_unexpected_or_repeated_member(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path)
    write(path, [*members(path).items(), (name, b"{}")])
    refused(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.keras"]


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_missing_member(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path)
    write(path, [(other, data) for other, data in members(path).items() if other != name])
    refused(path, name)


def test_a_zip_bomb(tmp_path: Path) -> None:
    path = saved(tmp_path)
    write(path, [*[*members(path).items()][:2], ("model.weights.h5", bytes(100000000))], zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1_000_000
    refused(path)


def test_sizes_that_lie(tmp_path: Path) -> None:
    """The directory of the zip claims other sizes than the members have."""
    path = saved(tmp_path)
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    struct.pack_into("<II", data, entry + 20, 0x7FFFFFFF, 0x7FFFFFFF)
    path.write_bytes(data)
    refused(path)


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


# ---- the configuration -----------------------------------------------------------------------------


def with_config(folder: Path, change: Callable[[Config], Any]) -> Path:
    path = saved(folder)
    parts = members(path)
    config = json.loads(parts["config.json"])
    replacement = change(config)
    parts["config.json"] = json.dumps(config if replacement is None else replacement).encode()
    return write(path, [*parts.items()])


def layer(config: Config, place: int) -> Config:
    found: Config = config["config"]["layers"][place]
    return found


def set_entry(*keys: Any, value: Any) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        target = config
        for key in keys[:-1]:
            target = target[key]
        target[keys[-1]] = value

    return change


CODE = {"module": "antigravity", "class_name": "antigravity", "config": {}, "registered_name": None}
SYSTEM = {
    "module": "os",
    "class_name": "system",
    "config": {"command": "touch evil"},
    "registered_name": "os>system",
}
LSTM = ("config", "layers", 1)


def around(inner: Any, depth: int = 1) -> Config:
    """So many Bidirectionals around a layer's configuration."""
    for _ in range(depth):
        inner = {"class_name": "Bidirectional", "config": {"layer": inner}}
    found: Config = inner
    return found


HOSTILE: dict[str, Callable[[Config], Any]] = {
    "a list": lambda config: [config],
    "a number": lambda config: 3,
    "nothing": lambda config: {},
    "no layers": set_entry("config", "layers", value=None),
    "layers of another kind": set_entry("config", "layers", value=[1, 2]),
    "another model": set_entry("class_name", value="Functional"),
    "a model from another module": lambda config: CODE,
    "a layer that is code": set_entry(*LSTM, value=CODE),
    "a layer that calls": set_entry(*LSTM, value=SYSTEM),
    "a lambda": set_entry(*LSTM, value={**CODE, "class_name": "Lambda", "config": {"function": "4wEAAA=="}}),
    "a class attribute": set_entry(*LSTM, "class_name", value="LSTM.__init__"),
    "a dunder": set_entry(*LSTM, "class_name", value="__builtins__"),
    "a class that is a list": set_entry(*LSTM, "class_name", value=["LSTM"]),
    "a registered name": set_entry(*LSTM, "config", "kernel_initializer", value=SYSTEM),
    "an unknown argument": set_entry(*LSTM, "config", "on_load", value="import antigravity"),
    "units of a string": set_entry(*LSTM, "config", "units", value="4"),
    "units below zero": set_entry(*LSTM, "config", "units", value=-4),
    "units of a float": set_entry(*LSTM, "config", "units", value=4.5),
    "units without end": set_entry(*LSTM, "config", "units", value=10**30),
    "units for all memory": set_entry(*LSTM, "config", "units", value=200_000),
    "features for all memory": set_entry(
        "config", "layers", 0, "config", "batch_shape", value=[None, 5, 10**9]
    ),
    "one unit too many": set_entry(*LSTM, "config", "units", value=5),
    "an activation that is code": set_entry(*LSTM, "config", "activation", value="antigravity.fly"),
    "an activation that is a class": set_entry(*LSTM, "config", "activation", value=CODE),
    "another dtype": set_entry(*LSTM, "config", "dtype", value="object"),
    "a policy that is code": set_entry(*LSTM, "config", "dtype", value={**CODE, "config": {"name": "x"}}),
    "a name that is a path": set_entry(*LSTM, "config", "name", value="../../evil"),
    "a shape of strings": set_entry("config", "layers", 0, "config", "batch_shape", value=["a", "b", "c"]),
    "code in a layer": set_entry(*LSTM, value=around(CODE)),
    "nothing in a layer": set_entry(*LSTM, value=around(None)),
    "a model in a layer": set_entry(
        *LSTM, value=around({"class_name": "Sequential", "config": {"layers": []}})
    ),
    "two wrappers": set_entry(*LSTM, value=around({"class_name": "LSTM", "config": {"units": 4}}, 2)),
    "layers without end": set_entry(*LSTM, value=around(CODE, 250)),
    "dropout": set_entry(*LSTM, "config", "dropout", value="0.5"),
    "an optimizer that is code": set_entry("compile_config", "optimizer", value=SYSTEM),
    "a loss that is code": set_entry("compile_config", "loss", value=CODE),
    "a metric that is code": set_entry("compile_config", "metrics", value=[CODE]),
    "a compile_config of another kind": set_entry("compile_config", value=[1]),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_configuration(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refused(with_config(tmp_path, HOSTILE[what]))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.keras"]


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000, b"NaN", b'{"class_name": "Sequential"}'],
    ids=["empty", "open", "no utf-8", "nested lists", "nested dicts", "NaN", "class only"],
)
def test_a_configuration_that_is_no_json(tmp_path: Path, text: bytes) -> None:
    path = saved(tmp_path)
    refused(write(path, [*(members(path) | {"config.json": text}).items()]))


def test_a_huge_configuration(tmp_path: Path) -> None:
    path = saved(tmp_path)
    parts = members(path)
    parts["config.json"] = parts["config.json"] + b" " * 20_000_000
    refused(write(path, [*parts.items()]))


# ---- the weights -----------------------------------------------------------------------------------

DATASET = "layers/lstm/cell/vars/1"


def with_weights(folder: Path, change: Callable[[h5py.File], None]) -> Path:
    path = saved(folder)
    parts = members(path)
    buffer = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(buffer, "r+") as file:
        change(file)
    parts["model.weights.h5"] = buffer.getvalue()
    return write(path, [*parts.items()])


def replace(file: h5py.File, **options: Any) -> None:
    del file[DATASET]
    file.create_dataset(DATASET, **options)


def external_link(file: h5py.File) -> None:
    del file[DATASET]
    file[DATASET] = h5py.ExternalLink("/etc/hostname", "/secret")


def soft_link(file: h5py.File) -> None:
    file.move(DATASET, "elsewhere")
    file[DATASET] = h5py.SoftLink("/elsewhere")


def soft_link_to_group(file: h5py.File) -> None:
    file.move("layers/lstm/cell", "elsewhere")
    file["layers/lstm/cell"] = h5py.SoftLink("/elsewhere")


def external_storage(file: h5py.File) -> None:
    replace(file, shape=(4, 16), dtype="f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def virtual(file: h5py.File) -> None:
    del file[DATASET]
    layout = h5py.VirtualLayout((4, 16), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "secret", (4, 16))
    file.create_virtual_dataset(DATASET, layout)


def group(file: h5py.File) -> None:
    del file[DATASET]
    file.create_group(DATASET)


def cycle(file: h5py.File) -> None:
    del file["layers/lstm/cell"]
    file["layers/lstm/cell"] = file["layers"]


BAD_WEIGHTS: dict[str, Callable[[h5py.File], None]] = {
    "missing": lambda file: file.__delitem__(DATASET),
    "a missing layer": lambda file: file.__delitem__("layers/lstm"),
    "one too many": lambda file: file.__setitem__("layers/lstm/cell/vars/3", np.zeros(3)),
    "another shape": lambda file: replace(file, data=np.zeros((4, 15), "f4")),
    "transposed": lambda file: replace(file, data=np.zeros((16, 4), "f4")),
    "flat": lambda file: replace(file, data=np.zeros(64, "f4")),
    "huge": lambda file: replace(file, shape=(10**6, 10**6), dtype="f4", chunks=(100, 100)),
    "empty": lambda file: replace(file, data=h5py.Empty("f4")),
    "another dtype": lambda file: replace(file, data=np.zeros((4, 16), "f8")),
    "integers": lambda file: replace(file, data=np.zeros((4, 16), "i4")),
    "strings": lambda file: replace(file, data=np.full((4, 16), b"abcd")),
    "objects": lambda file: replace(file, shape=(4, 16), dtype=h5py.string_dtype()),
    "references": lambda file: replace(file, shape=(4, 16), dtype=h5py.ref_dtype),
    "compound": lambda file: replace(file, shape=(4, 16), dtype=[("a", "f4")]),
    "a group": group,
    "compressed": lambda file: replace(file, data=np.zeros((4, 16), "f4"), compression="gzip"),
    "a link to another file": external_link,
    "a soft link": soft_link,
    "a soft link to a group": soft_link_to_group,
    "external storage": external_storage,
    "virtual": virtual,
    "a cycle": cycle,
}


@pytest.mark.parametrize("what", BAD_WEIGHTS)
def test_bad_weights(tmp_path: Path, what: str) -> None:
    refused(with_weights(tmp_path, BAD_WEIGHTS[what]), r"model\.keras")


@pytest.mark.parametrize("what", [*BAD_WEIGHTS, "no HDF5"])
def test_bad_weights_in_a_file_of_their_own(tmp_path: Path, what: str) -> None:
    stored = bytes(1000)
    if what in BAD_WEIGHTS:
        stored = members(with_weights(tmp_path, BAD_WEIGHTS[what]))["model.weights.h5"]
    (tmp_path / "m.weights.h5").write_bytes(stored)
    model = load_model(saved(tmp_path))
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"m\.weights\.h5: "):
        model.load_weights(tmp_path / "m.weights.h5")
    for one, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, expected)


def test_weights_that_are_no_hdf5(tmp_path: Path) -> None:
    path = saved(tmp_path)
    for data in (b"", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(1000), bytes(1000)):
        refused(write(path, [*(members(path) | {"model.weights.h5": data}).items()]))
