"""TensorBoard: the records and events that its reader finds, taken apart here by the formats' definitions."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, callbacks, layers

X, Y = np.random.default_rng(1).standard_normal((2, 12, 3)).astype("float32")


def checksum(data: bytes) -> int:
    """CRC-32C bit by bit, masked as in TFRecord files."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32


def records(data: bytes) -> Iterator[bytes]:
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        body, rest = data[12 : 12 + length], data[12 + length :]
        assert struct.unpack("<I", data[8:12]) == (checksum(data[:8]),)
        assert struct.unpack("<I", rest[:4]) == (checksum(body),)
        yield body
        data = rest[4:]


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a protocol buffer."""

    def varint(at: int) -> tuple[int, int]:
        number = shift = 0
        while True:
            number |= (message[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if message[at - 1] < 0x80:
                return number, at

    at = 0
    while at < len(message):
        key, at = varint(at)
        if key & 7 == 0:
            value, at = varint(at)
            yield key >> 3, value
        elif key & 7 == 2:
            length, at = varint(at)
            yield key >> 3, message[at : at + length]
            at += length
        else:
            form = {1: "<d", 5: "<f"}[key & 7]
            yield key >> 3, struct.unpack_from(form, message, at)[0]
            at += struct.calcsize(form)


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Step and number, by tag, of the one file in a folder."""
    (path,) = folder.iterdir()
    assert path.name.startswith("events.out.tfevents.")
    first, *others = records(path.read_bytes())
    assert dict(fields(first))[3] == b"brain.Event:2"
    found: dict[str, list[tuple[int, float]]] = {}
    for record in others:
        event = dict(fields(record))
        for _, value in fields(event[5]):
            parts = dict(fields(value))
            found.setdefault(parts[1].decode(), []).append((event[2], parts[2]))
    return found


def fit(board: callbacks.TensorBoard, **arguments: Any) -> dict[str, list[float]]:
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(
        X, Y[:, :1], batch_size=4, callbacks=[board], validation_data=(X, Y[:, :1]), verbose=0, **arguments
    )
    return history.history


def rounded(numbers: list[float]) -> list[tuple[int, float]]:
    return [(step, float(np.float32(number))) for step, number in enumerate(numbers)]


def test_numbers_of_epochs(tmp_path: Path) -> None:
    history = fit(callbacks.TensorBoard(tmp_path), epochs=300)
    trained, held_out = scalars(tmp_path / "train"), scalars(tmp_path / "validation")
    assert sorted(trained) == ["epoch_learning_rate", "epoch_loss", "epoch_mae"]
    assert trained["epoch_loss"] == rounded(history["loss"])
    assert trained["epoch_learning_rate"] == rounded([0.01] * 300)
    assert held_out["epoch_mae"] == rounded(history["val_mae"])
    steps, losses = zip(*held_out["evaluation_loss_vs_iterations"], strict=True)
    assert steps == tuple(range(3, 903, 3))
    assert losses == tuple(number for _, number in rounded(history["val_loss"]))


@pytest.mark.parametrize(("every", "steps"), [("batch", [1, 2, 3, 4, 5, 6]), (4, [4])])
def test_numbers_of_batches(tmp_path: Path, every: Any, steps: list[int]) -> None:
    fit(callbacks.TensorBoard(tmp_path, update_freq=every), epochs=2)
    assert [step for step, _ in scalars(tmp_path / "train")["batch_loss"]] == steps


def test_nothing_else_is_written(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="`histogram_freq` is ignored"):
        callbacks.TensorBoard(tmp_path, histogram_freq=1)
    with pytest.raises(ValueError, match=r"`update_freq`.*'step'"):
        callbacks.TensorBoard(tmp_path, update_freq="step")
