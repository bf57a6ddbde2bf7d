"""Writing a file so that a reader never sees half of it."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def replacing(path: str) -> Iterator[Any]:
    """A new file that takes the place of `path` once it is written and on the disk."""
    path = os.path.realpath(path)  # a link keeps pointing where it did
    temporary = f"{path}.{os.getpid()}-{time.monotonic_ns():x}.tmp"
    try:
        with open(temporary, "xb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
