"""Frozen models in files: the same bits back, weights used where they are mapped, and hostile files."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, Case, assert_same_bits

import tidegate
from tidegate._native import core
from tidegate.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Dense,
    Input,
    TimeDistributed,
)
from tidegate.models import Sequential

DTYPES = pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8"])


def model(dtype: str = "float32") -> Sequential:
    layers = [
        Conv1D(6, 3, padding="causal", groups=2, dtype=dtype),
        Bidirectional(LSTM(9, return_sequences=True, dtype=dtype)),
        BatchNormalization(dtype=dtype),
        TimeDistributed(Dense(5, activation="tanh", dtype=dtype)),
        GRU(7, dtype=dtype),
        Dense(3, use_bias=False, dtype=dtype),
    ]
    return Sequential([Input((None, 4), dtype=dtype), *layers])


def series(rows: int = 5, dtype: str = "float32") -> Array:
    return np.random.default_rng(0).standard_normal((rows, 8, 4)).astype(dtype)


@DTYPES
def test_the_same_bits(isa: str, tmp_path: Path, dtype: str) -> None:
    frozen = model().freeze(dtype)
    frozen.save(tmp_path / "m.safetensors")
    loaded = tidegate.load_frozen(tmp_path / "m.safetensors", threads=1)
    assert (loaded.dtype, loaded.packed_bytes) == (dtype, frozen.packed_bytes)
    assert_same_bits(loaded(series()), frozen(series()))
    for kept, value in zip(loaded.weights, frozen.weights, strict=True):
        assert_same_bits(kept, value)


def test_float64(tmp_path: Path) -> None:
    frozen = model("float64").freeze()
    frozen.save(tmp_path / "m.safetensors")
    loaded = tidegate.load_frozen(tmp_path / "m.safetensors")
    assert_same_bits(loaded(series(dtype="float64")), frozen(series(dtype="float64")))


@DTYPES
def test_packed_weights_stay_in_the_mapped_file(tmp_path: Path, dtype: str) -> None:
    model().freeze(dtype).save(tmp_path / "m.safetensors")
    loaded = tidegate.load_frozen(tmp_path / "m.safetensors")
    assert type(loaded.weights[0]) is np.ndarray  # a pickle of it knows no file
    mapped = loaded.weights[0].base
    while not isinstance(mapped, np.memmap):
        assert mapped is not None
        mapped = mapped.base
    begin = mapped.ctypes.data
    while isinstance(mapped.base, np.memmap):
        mapped = mapped.base
        begin = mapped.ctypes.data
    assert loaded.program.packed()
    for array in loaded.program.packed():
        assert begin <= array.ctypes.data < begin + mapped.nbytes
        assert array.ctypes.data % 64 == 0
        assert not array.flags.writeable


@DTYPES
def test_another_instruction_set_packs_anew(isa: str, tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "m.safetensors"
    for other in core.instruction_sets():
        core.set_instruction_set(other)
        model_frozen = model().freeze(dtype)
        model_frozen.save(path)
        core.set_instruction_set(isa)
        loaded = tidegate.load_frozen(path)
        again = type(loaded)(model(), dtype, None, model_frozen.weights)
        assert_same_bits(loaded(series()), again(series()))


def test_the_layout_is_that_of_the_program(isa: str, tmp_path: Path) -> None:
    """Not of the instruction set that is in use when it is saved."""
    for other in core.instruction_sets():
        core.set_instruction_set(other)
        frozen = model().freeze()
        core.set_instruction_set(isa)
        frozen.save(tmp_path / "m.safetensors")
        loaded = tidegate.load_frozen(tmp_path / "m.safetensors")
        np.testing.assert_allclose(loaded(series()), frozen(series()), rtol=0, atol=1e-5)


def test_arrays_between_the_elements_of_memory_are_copied(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    frozen = model().freeze()
    frozen.save(path)
    path.write_bytes(off_by_a_byte(meta(layout="another")(path.read_bytes())))
    loaded = tidegate.load_frozen(path)
    assert all(weight.flags.aligned for weight in loaded.weights)
    assert_same_bits(loaded(series()), frozen(series()))


def test_streams_keep_the_packed_weights(isa: str) -> None:
    case = Case(dtype="float32")
    layers = [(case.operator(core), case.data().weights)]
    packed = [array.copy() for array in core.Program(layers).packed()]
    kept = [weakref.ref(array) for array in packed]
    streams = core.Program(layers, packed=packed).streams(1)
    del packed
    assert all(array() is not None for array in kept)
    del streams
    assert all(array() is None for array in kept)


def test_read_by_the_format(tmp_path: Path) -> None:
    """Contiguous from the first byte on, and everything named."""
    path = tmp_path / "m.safetensors"
    model().freeze("int8").save(path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    assert header.pop("__metadata__")["format"] == "tidegate.frozen"
    end = 0
    for entry in header.values():
        assert entry["data_offsets"][0] == end
        end = entry["data_offsets"][1]
    assert 8 + length + end == len(data)


def test_nothing_is_written_over_by_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.safetensors"
    model().freeze().save(path)
    before = path.read_bytes()

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        model().freeze("int8").save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def change(edit: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    """A change of the header; the arrays stay."""

    def changed(data: bytes) -> bytes:
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        edit(header)
        text = json.dumps(header).encode()
        return len(text).to_bytes(8, "little") + text + data[8 + length :]

    return changed


def meta(**changes: str) -> Callable[[bytes], bytes]:
    return change(lambda header: header["__metadata__"].update(changes))


def weight(**changes: Any) -> Callable[[bytes], bytes]:
    return change(lambda header: header["weights.0"].update(changes))


def off_by_a_byte(data: bytes) -> bytes:
    """Its arrays one byte behind a cache line."""
    length = int.from_bytes(data[:8], "little")
    spaces = (1 - 8 - length) % 64
    return (length + spaces).to_bytes(8, "little") + data[8 : 8 + length] + b" " * spaces + data[8 + length :]


HOSTILE = {
    "empty": lambda data: b"",
    "cut": lambda data: data[:-1],
    "longer": lambda data: data + b"\0",
    "a header beyond the file": lambda data: (1 << 40).to_bytes(8, "little") + data[8:],
    "no JSON": lambda data: data[:8] + b"{" * (len(data) - 8),
    "a list": lambda data: (2).to_bytes(8, "little") + b"[]",
    "deep JSON": lambda data: (200000).to_bytes(8, "little") + b"[" * 200000,
    "an unknown dtype": weight(dtype="I64"),
    "a negative extent": weight(shape=[-1, -144]),
    "another shape": weight(shape=[3, 3]),
    "a shape of as many bytes": change(lambda header: header["weights.0"]["shape"].reverse()),
    "a million axes": weight(shape=[9] * 1_000_000),
    "packed weights between the elements of memory": off_by_a_byte,
    "an overlap": weight(data_offsets=[0, 576]),
    "floats for offsets": weight(data_offsets=[0.0, 576.0]),
    "no format": meta(format="else"),
    "metadata of numbers": change(lambda header: header["__metadata__"].update(version=1)),
    "no architecture": change(lambda header: header["__metadata__"].pop("architecture")),
    "an unknown class": meta(architecture='{"class_name": "Popen", "config": {}}'),
    "a class that is no model": meta(architecture='{"class_name": "Dense", "config": {"units": 3}}'),
    "an architecture of fewer features": change(
        lambda header: header["__metadata__"].update(
            architecture=header["__metadata__"]["architecture"].replace("[null, null, 4]", "[null, null, 2]")
        )
    ),
    "an unknown precision": meta(dtype="int4"),
    "sizes that are no list": meta(packed_sizes="{}"),
    "negative sizes": meta(packed_sizes="[-1]"),
    "too few sizes": meta(packed_sizes="[1]"),
    "the packed weights of another precision": meta(dtype="bfloat16"),
    "a missing weight": change(lambda header: header.update({"weights.x": header.pop("weights.3")})),
}


@pytest.mark.parametrize("damage", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "m.safetensors"
    model().freeze("int8").save(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"m\.safetensors"):
        tidegate.load_frozen(path)


def test_an_architecture_larger_than_the_file(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    frozen = model().freeze()
    frozen.save(path)
    huge = frozen.architecture.replace('"units": 9', '"units": 900000')
    path.write_bytes(meta(architecture=huge)(path.read_bytes()))
    with pytest.raises(ValueError, match="more than the file can hold"):
        tidegate.load_frozen(path)


def test_names_of_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"`path` expected a path that ends in `\.safetensors`"):
        model().freeze().save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="File not found"):
        tidegate.load_frozen(tmp_path / "none.safetensors")
