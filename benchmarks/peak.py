"""The peak of the memory of a process, as Linux counts it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any


def growth_of_peak(call: Callable[[], Any], calls: int) -> float:
    """MiB by which the peak over these calls exceeds what was resident before them."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = status("VmRSS")
    for _ in range(calls):
        call()
    return status("VmHWM") - before


def status(name: str) -> float:
    """A line of /proc/self/status, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
