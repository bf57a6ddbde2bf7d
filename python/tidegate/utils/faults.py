"""What is done when something comes between: Ctrl-C, and memory that is not there.

Python sees a Ctrl-C between two native calls, and inside of those that are long, the recurrent ones.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A Ctrl-C inside of the block has its effect at the end: what belongs together changes together.

    Python calls handlers in its main thread only; elsewhere there is nothing to hold off.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    caught: list[tuple[Any, ...]] = []
    signal.signal(signal.SIGINT, lambda *given: caught.append(given))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if caught:
            handler(*caught[0])


@contextmanager
def memory_for(what: str) -> Iterator[None]:
    """A MemoryError inside of the block, which says how much was asked for, says what for too."""
    try:
        yield
    except MemoryError as error:
        raise MemoryError(f"{what}: {error}") from error
