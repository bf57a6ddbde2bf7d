"""The numbers of an epoch while it runs: what the progress bar, the History and `evaluate` show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.variable import Array

if TYPE_CHECKING:
    from tidegate.metrics import CompiledMetrics, Metric


class Tally:
    """Running loss and metrics over the batches of an epoch or an evaluation."""

    def __init__(self, metrics: CompiledMetrics) -> None:
        self._metrics = metrics
        self._sum = 0.0
        self._rows = 0

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, once the first batch has been seen."""
        return self._metrics.metrics

    def update(
        self, loss: float, y: Array, outputs: Array, sample_weight: Array | None, mask: Array | None
    ) -> None:
        """Adds a batch: its loss weighs as many rows as it has."""
        self._sum += loss * len(outputs)
        self._rows += len(outputs)
        self._metrics.update_state(y, outputs, sample_weight, mask)

    def logs(self) -> dict[str, float]:
        """Loss and metrics so far, in the alphabetical order of Keras on TensorFlow."""
        return dict(sorted(self._values().items()))

    def values(self) -> float | list[float]:
        """The loss and then the metrics in the order of `compile`; the loss alone when there are none."""
        values = list(self._values().values())
        return values if len(values) > 1 else values[0]

    def _values(self) -> dict[str, float]:
        return {"loss": self._sum / self._rows if self._rows else 0.0, **self._metrics.result()}
