"""compile: what a model is trained with, and how files say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.models.tally import Tally
from tidegate.structure import Leaves
from tidegate.variable import Variable

if TYPE_CHECKING:
    from tidegate.graph import Graph
    from tidegate.losses.compiled import CompiledLosses, Goal
    from tidegate.metrics import Metric
    from tidegate.optimizers import Optimizer


class Compiled:
    """The optimizer, the loss and the metrics of a model, once `compile` has been called.

    Attributes:
        loss: what `compile` was given.
        optimizer: the instance.
    """

    graph: Graph | None

    def __init__(self) -> None:
        self.compiled = False
        self.optimizer: Optimizer | None = None
        self.loss: Any = None
        self._losses: CompiledLosses | None = None
        self._goals: list[Goal] | None = None
        self._tally: Tally | None = None
        self._compile_arguments: dict[str, Any] = {}

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, once a batch has been seen."""
        return [] if self._tally is None else self._tally.metrics

    @property
    def metrics_names(self) -> list[str]:
        """What the numbers of `evaluate` are, once a batch has been seen; before that "loss"."""
        return ["loss"] if self._tally is None else self._tally.names()

    @property
    def trainable_variables(self) -> list[Variable]:
        raise NotImplementedError

    @property
    def output_leaves(self) -> Leaves:
        """What the model puts out."""
        raise NotImplementedError

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Says how the model is trained.

        Args:
            optimizer: a name or an instance of `tidegate.optimizers`.
            loss: a name or an instance of `tidegate.losses`, or a function of targets and predictions; of
                several outputs one for all, or a list, or a dictionary by their names, with None for an
                output that has none.
            loss_weights: what the losses are multiplied by before they are added: a number, a list or a
                dictionary.
            metrics: names and instances of `tidegate.metrics`, which sample weights do not touch; of several
                outputs a list with a metric, or a list of them, for each, or a dictionary of such.
            weighted_metrics: the same, with sample weights.
            run_eagerly, steps_per_execution, jit_compile, auto_scale_loss: accepted; they change no number.

        Raises:
            ValueError: an unknown name; the message suggests the nearest.
            TypeError: something that is neither a name nor an instance.
        """
        from tidegate import optimizers
        from tidegate.losses.compiled import CompiledLosses
        from tidegate.metrics import CompiledMetrics

        found_optimizer = optimizers.get(optimizer)
        losses = None if loss is None else CompiledLosses(loss, loss_weights)
        leaves = None if self.graph is None else self.output_leaves
        CompiledMetrics(metrics, weighted_metrics, leaves)
        if losses is not None and leaves is not None:
            losses.goals(leaves)  # what fits no output is found now; of a model not built yet, in `fit`
        self._tally = self._goals = None
        self.optimizer, self._losses, self.loss = found_optimizer, losses, loss
        self._compile_arguments = {
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile is True,
        }
        self.compiled = True

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile` in Keras's form; None before it was called."""
        from tidegate.saving import objects

        if not self.compiled:
            return None
        arguments = {"optimizer": self.optimizer, **self._compile_arguments}
        return {name: objects.serialize(value) for name, value in arguments.items()}

    def goals(self) -> list[Goal]:
        """What is wanted of each output of the built model."""
        goals = self._goals
        if goals is None:
            assert self._losses is not None  # whoever calls this has seen to it
            goals = self._goals = self._losses.goals(self.output_leaves)
        return goals

    def fresh_tally(self) -> Tally:
        """The sums of one call, so that calls in several threads do not add to each other's."""
        from tidegate.metrics import CompiledMetrics

        arguments, leaves = self._compile_arguments, self.output_leaves
        metrics = CompiledMetrics(arguments["metrics"], arguments["weighted_metrics"], leaves)
        self._tally = tally = Tally(self.goals(), metrics)
        return tally

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as `get_compile_config` says, and gives the optimizer its slots if there are weights."""
        from tidegate.saving.keras_objects import own_in

        names = ("optimizer", "loss_weights", "run_eagerly", "steps_per_execution", "jit_compile")
        given = {name: config[name] for name in names if name in config}
        for name, kind in (("loss", "loss"), ("metrics", "metric"), ("weighted_metrics", "metric")):
            if name in config:
                given[name] = own_in(config[name], kind)
        self.compile(**given)
        if self.optimizer is not None and self.graph is not None:
            self.optimizer.build(self.trainable_variables)
