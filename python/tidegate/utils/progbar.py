"""The line of text that `fit`, `evaluate` and `predict` keep up to date, byte for byte as Keras writes it.

`verbose=1` redraws one line in place; `verbose=2` writes one line when the work is done; 0 is silent.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_BOLD, _GREEN, _WHITE, _PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"
_ASCII = str.maketrans({"━": "="})


def write(text: str) -> None:
    """Write to the standard output at once, in the characters it has."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.translate(_ASCII).encode(encoding, errors="ignore").decode(encoding))
    sys.stdout.flush()


class Progbar:
    """A progress bar over `target` steps.

    Args:
        target: how many steps there will be; None when that is not known.
        width: characters of the bar.
        verbose: 0, 1 or 2, see above.
        interval: seconds between two drawings, at least.
        unit_name: what a step is called.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        unit_name: str = "step",
    ) -> None:
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self._values: dict[str, Any] = {}
        self._start = time.time()
        self._first_step_end: float | None = None
        self._drawn_at = 0.0
        self._drawn_width = 0
        # On POSIX systems Keras redraws its line even into a pipe or a file, and so do we.
        self._redraws = "posix" in sys.modules or "ipykernel" in sys.modules or sys.stdout.isatty()

    def update(
        self, current: int, values: Mapping[str, Any] | None = None, finalize: bool | None = None
    ) -> None:
        """Show that `current` steps are done, and the latest values in their order of first appearance.

        `finalize` says that this is the last drawing; by default it is when `current` reaches the target.
        """
        self._values.update(values or {})
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        now = time.time()
        seconds = self._seconds_per_step(current, now)
        if self.verbose == 1:
            if not finalize and now - self._drawn_at < self.interval:
                return
            self._draw(current, now, seconds, finalize)
        elif self.verbose == 2 and finalize and self.target:
            line = f"{self._count(current)} - {now - self._start:.0f}s - {self._pace(seconds)}"
            write(line + self._metrics() + "\n")
        self._drawn_at = now

    def _draw(self, current: int, now: float, seconds: float, finalize: bool) -> None:
        if self.target:
            filled = int(self.width * current / self.target)
            count, bar, empty = self._count(current), "━" * filled, "━" * (self.width - filled)
            green = f"{_GREEN}{bar}{_PLAIN}" if bar else ""
            head = f"{_BOLD}{count}{_PLAIN} {green}{_WHITE}{empty}{_PLAIN}"
            visible = len(count) + 1 + self.width
        else:
            head = f"{current:7d}/Unknown"
            visible = len(head)
        if finalize or not self.target:
            clock = f"{now - self._start:.0f}s"
        else:
            clock = _eta(seconds * (self.target - current))
        tail = f" {self._pace(seconds)}{self._metrics()}"
        visible += 1 + len(clock) + len(tail)

        back = "\b" * self._drawn_width + "\r" if self._redraws else "\n"
        rest = " " * (self._drawn_width - visible) + ("\n" if finalize else "")
        write(f"{back}{head} {_BOLD}{clock}{_PLAIN}{tail}{rest}")
        self._drawn_width = visible

    def _count(self, current: int) -> str:
        return f"{current:{len(str(self.target))}d}/{self.target}"

    def _pace(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _metrics(self) -> str:
        # A metric that is a number for each class is shown by their mean.
        shown = ((name, float(np.mean(value))) for name, value in self._values.items())
        # One line of verbose=2 shows every negative value in exponents: so does Keras.
        return "".join(
            f" - {name}: {value:.4f}"
            if (value if self.verbose == 2 else abs(value)) > 1e-3
            else f" - {name}: {value:.4e}"
            for name, value in shown
        )

    def _seconds_per_step(self, current: int, now: float) -> float:
        """Mean time of a step. The first one, which is not like the others, counts only while it is alone."""
        if not current:
            return 0.0
        if self._first_step_end is not None and current > 1:
            mean = (now - self._first_step_end) / (current - 1)
        else:
            mean = (now - self._start) / current
        if current == 1:
            self._first_step_end = now
        return mean


def _eta(seconds: float) -> str:
    """Remaining time as `h:mm:ss`, `m:ss` or `s`, whichever is short."""
    whole = int(seconds)
    if seconds > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    if seconds > 60:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole}s"
