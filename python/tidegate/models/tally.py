"""The numbers of an epoch while it runs: what the progress bar, the History and `evaluate` show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.structure import plain
from tidegate.variable import Array

if TYPE_CHECKING:
    from tidegate.losses.compiled import Goal
    from tidegate.metrics import CompiledMetrics, Metric
    from tidegate.models.data import Batch


class Tally:
    """Running losses and metrics over the batches of an epoch or an evaluation.

    Args:
        goals: what is wanted of each output.
        metrics: of the model.
    """

    def __init__(self, goals: list[Goal], metrics: CompiledMetrics) -> None:
        self.goals = goals
        self._metrics = metrics
        self._rows = 0
        self._sum = 0.0
        self._sums = [0.0] * len(goals)  # of each output's loss, without its weight

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, once the first batch has been seen."""
        return self._metrics.metrics

    def update(
        self,
        losses: list[float],
        more: float,
        batch: Batch,
        outputs: list[Array],
        masks: list[Array | None],
    ) -> None:
        """Adds a batch, whose losses weigh as many rows as it has.

        Args:
            losses: of each output, 0 where it has none.
            more: what the whole loss has besides them.
            batch: the targets and their weights.
            outputs, masks: what the model has made of it.
        """
        rows = len(outputs[0])
        self._rows += rows
        for place, (goal, loss) in enumerate(zip(self.goals, losses, strict=True)):
            self._sums[place] += loss * rows
            more += loss * goal.weight
        self._sum += more * rows
        self._metrics.update_state(plain(batch.y), plain(outputs), plain(batch.sample_weight), plain(masks))

    def logs(self) -> dict[str, float]:
        """Losses and metrics so far, in the alphabetical order of Keras on TensorFlow."""
        return dict(sorted([*self._losses().items(), *self._metrics.result().items()]))

    def values(self) -> float | list[float]:
        """The loss and then the metrics in the order of `compile`; the loss alone when there are none.

        Of several outputs, their losses come before their metrics, which are in alphabetical order: as Keras
        has it.
        """
        values = list(self._in_order().values())
        return values if len(values) > 1 else values[0]

    def names(self) -> list[str]:
        """What `values` are."""
        return list(self._in_order())

    def _in_order(self) -> dict[str, float]:
        metrics = self._metrics.result()
        if len(self.goals) > 1:
            metrics = dict(sorted(metrics.items()))
        losses = {name: value for name, value in self._losses().items() if name not in metrics}
        return {**losses, **metrics}

    def _losses(self) -> dict[str, float]:
        rows, parts = self._rows or 1, {}
        goals = [(goal, total) for goal, total in zip(self.goals, self._sums, strict=True) if goal.loss]
        goals.sort(key=lambda each: each[0].place)
        if len(goals) > 1:
            parts = {f"{goal.name}_loss": total / rows for goal, total in goals}
        return {"loss": self._sum / rows, **parts}
