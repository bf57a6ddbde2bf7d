"""The kinds of arguments that are numbers, lengths or one of a few words."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.inputs import integer, positive_integer
from tidegate.layers.kinds import Kind


class Number(Kind):
    """A real number from `low` to `high`, or to less than `below`."""

    def __init__(self, low: float = -np.inf, high: float = np.inf, below: float | None = None) -> None:
        self.low = low
        self.high = high if below is None else np.nextafter(below, -np.inf)
        self.most = str(high) if below is None else f"less than {below}"

    def read(self, value: Any, name: str, owner: str) -> float:
        number = np.asarray(value)
        if number.ndim == 0 and number.dtype.kind in "fiu" and self.low <= number <= self.high:
            return float(number)
        raise ValueError(
            f"{owner}: argument `{name}` must be a number from {self.low} to {self.most}; received {value!r}"
        )


class Share(Number):
    """A real number, taken as 0 or 1 where it lies beyond."""

    def read(self, value: Any, name: str, owner: str) -> float:
        return min(1.0, max(0.0, super().read(value, name, owner)))


class Seed(Kind):
    """An integer, or None for the global seed."""

    def read(self, value: Any, name: str, owner: str) -> int | None:
        number = integer(value)
        if number is None and value is not None:
            raise ValueError(f"{owner}: argument `{name}` must be an integer or None; received {value!r}")
        return number


class Integer(Kind):
    """An integer."""

    def read(self, value: Any, name: str, owner: str) -> int:
        found = integer(value)
        if found is None:
            raise ValueError(f"{owner}: argument `{name}` must be an integer; received {value!r}")
        return found


class Axes(Kind):
    """An integer, or a tuple of two."""

    def read(self, value: Any, name: str, owner: str) -> int | tuple[int, int]:
        found = (
            [integer(axis) for axis in value] if isinstance(value, (list, tuple)) else [integer(value)] * 2
        )
        first, *others = found or [None]
        if first is None or len(others) != 1 or others[0] is None:
            raise ValueError(
                f"{owner}: argument `{name}` must be an integer or two of them; received {value!r}"
            )
        return (first, others[0]) if isinstance(value, (list, tuple)) else first


class Word(Kind):
    """One of a few words; capitals do not matter."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def read(self, value: Any, name: str, owner: str) -> str:
        word = value.lower() if isinstance(value, str) else value
        if word not in self.words:
            raise ValueError(f"{owner}: argument `{name}` must be one of {self.words}; received {value!r}")
        return str(word)


class Length(Kind):
    """A positive integer, or a tuple of one; saved as a tuple of one."""

    def read(self, value: Any, name: str, owner: str) -> int:
        if isinstance(value, (list, tuple)) and len(value) == 1:
            value = value[0]
        return positive_integer(value, name, owner)

    def write(self, value: int) -> Any:
        return [value]


class Lengths(Kind):
    """A tuple of integers of at least 1, and of whatever `others` there are."""

    def __init__(self, *others: Any) -> None:
        self.others = others

    def read(self, value: Any, name: str, owner: str) -> tuple[int | None, ...]:
        if isinstance(value, (list, tuple)):
            axes = tuple(integer(axis) for axis in value)
            known = zip(axes, value, strict=True)
            if all((axis is not None and axis > 0) or given in self.others for axis, given in known):
                return axes
        also = "".join(f" or {other}" for other in self.others)
        raise ValueError(
            f"{owner}: argument `{name}` must be a tuple of positive integers{also}; received {value!r}"
        )


class LastAxis(Kind):
    """-1, or the place of the last axis, alone or in a list; `in_list` says how it is saved."""

    def __init__(self, *, in_list: bool) -> None:
        self.in_list = in_list

    def read(self, value: Any, name: str, owner: str) -> int:
        axis = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
        place = integer(axis)
        if place is None or (place < 1 and place != -1):
            raise ValueError(
                f"{owner}: argument `{name}` does not support this value yet; expected -1, received {value!r}"
            )
        return place

    @staticmethod
    def check(axis: int, shape: tuple[int | None, ...], owner: str) -> None:
        """Raises ValueError where a place was given that is not the last of this shape."""
        if axis not in (-1, len(shape) - 1):
            raise ValueError(
                f"{owner}: argument `axis` does not support another axis than the last yet; "
                f"expected -1, received {axis} for the shape {shape}"
            )

    def write(self, value: int) -> Any:
        return [value] if self.in_list else value
