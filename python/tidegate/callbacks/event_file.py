"""Files of scalars that TensorBoard shows: the records of TensorFlow around protocol buffers, by hand.

A record is its length (uint64), a checksum of that, the bytes, and a checksum of those; all little-endian. An
Event has the time (field 1), the step (2) and a summary (5), whose values (1) have a tag (1) and a number
(2); the first Event of a file has the version (3) instead.
"""

from __future__ import annotations

import functools
import itertools
import os
import socket
import struct
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_files = itertools.count()


class EventFile:
    """A new file in `folder`, which is made if it is not there; every call of `write` is on the disk."""

    def __init__(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)
        now = time.time()
        name = f"events.out.tfevents.{int(now)}.{socket.gethostname()}.{os.getpid()}.{next(_files)}.v2"
        self._file = open(os.path.join(folder, name), "xb")  # noqa: SIM115
        self._record(_double(1, now) + _bytes(3, b"brain.Event:2"))

    def write(self, scalars: Mapping[str, float], step: int) -> None:
        """Adds numbers by their tags."""
        values = (_bytes(1, _bytes(1, tag.encode()) + _float(2, number)) for tag, number in scalars.items())
        self._record(_double(1, time.time()) + _integer(2, step) + _bytes(5, b"".join(values)))

    def close(self) -> None:
        self._file.close()

    def _record(self, data: bytes) -> None:
        length = struct.pack("<Q", len(data))
        self._file.write(length + _checksum(length) + data + _checksum(data))
        self._file.flush()


def _key(field: int, wire_type: int) -> bytes:
    return bytes([field << 3 | wire_type])


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _integer(field: int, number: int) -> bytes:
    return _key(field, 0) + _varint(number)


def _double(field: int, number: float) -> bytes:
    return _key(field, 1) + struct.pack("<d", number)


def _bytes(field: int, data: bytes) -> bytes:
    return _key(field, 2) + _varint(len(data)) + data


def _float(field: int, number: float) -> bytes:
    try:
        return _key(field, 5) + struct.pack("<f", number)
    except OverflowError:  # beyond float32 is an infinity
        return _key(field, 5) + struct.pack("<f", number * float("inf"))


def _checksum(data: bytes) -> bytes:
    """CRC-32C (RFC 3720, appendix B.4), rotated and shifted as TensorFlow does."""
    table, crc = _table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF)


@functools.cache
def _table() -> list[int]:
    table = list(range(256))
    for _ in range(8):
        table = [crc >> 1 ^ 0x82F63B78 * (crc & 1) for crc in table]
    return table
