"""What is done when something comes between: Ctrl-C, and memory that is not there.

Python sees a Ctrl-C between two native calls, and inside of those that are long, the recurrent ones.
"""

from __future__ import annotations

from tidegate._native import core

# `with uninterrupted():` a Ctrl-C has its effect at the end: what belongs together changes together.
uninterrupted = core.Uninterrupted


class memory_for:
    """A context in which a MemoryError, which says how much was asked for, says what for too."""

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, MemoryError):
            raise MemoryError(f"{self._what}: {error}") from error
