"""What callbacks share that follow a number in the logs: which way is better, and whether it got better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.callbacks.callback import Callback
from tidegate.inputs import warn

if TYPE_CHECKING:
    from tidegate.callbacks.callback import Logs

_MODES = ("auto", "min", "max")


class Monitor(Callback):
    """Base of them.

    Args:
        monitor: the name in the logs, such as "val_loss".
        mode: whether less ("min") or more ("max") is better; "auto" asks the metric, and takes a loss for
            "min".
        min_delta: a smaller change is no improvement.

    Attributes:
        best: the best number so far, or None.
    """

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", min_delta: float = 0) -> None:
        super().__init__()
        if mode not in _MODES:
            raise ValueError(
                f"{type(self).__name__}: argument `mode` expected one of {_MODES}; received {mode!r}"
            )
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best: float | None = None

    def current(self, logs: Logs) -> float | None:
        """The number that is followed, or, with a warning, None."""
        found: float | None = (logs or {}).get(self.monitor)
        if found is None:
            names = ",".join(logs or ())
            warn(
                f"{type(self).__name__}: argument `monitor` expected a name in the logs ({names}); "
                f"received {self.monitor!r}"
            )
        return found

    def better(self, current: float, reference: float | None) -> bool:
        """Whether a number is an improvement on another; on None it always is."""
        sign = self._sign()
        return reference is None or sign * current - self.min_delta > sign * reference

    def _sign(self) -> int:
        """1 where more is better, -1 where less is."""
        if self.mode != "auto":
            return 1 if self.mode == "max" else -1
        name = self.monitor.removeprefix("val_")
        if name == "loss":
            return -1
        from tidegate.metrics import NAMES

        own = {metric.name: metric for metric in getattr(self.model, "metrics", ())}
        metric = own.get(name) or NAMES.get(name)
        if metric is not None:
            return 1 if metric.direction == "max" else -1
        raise ValueError(
            f"{type(self).__name__}: argument `mode` expected 'min' or 'max', since it cannot be told for "
            f"monitor={self.monitor!r}; received 'auto'"
        )
