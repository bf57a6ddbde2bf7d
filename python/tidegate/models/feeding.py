"""What a model is fed: arrays and batches, brought into the form that its graph and its losses take."""

from __future__ import annotations

from typing import Any

from tidegate.inputs import positive_integer
from tidegate.models.compiled import Compiled
from tidegate.models.data import Data, unpacked
from tidegate.models.epochs import Epochs
from tidegate.models.sources import Arrays, is_arrays, source_of
from tidegate.structure import listed, nested, pack

BATCH_SIZE = 32


class Feeding(Compiled):
    """The border between what a caller gives and what is trained on.

    Attributes:
        output_structure: of what the model gives; None for one array.
    """

    def __init__(self) -> None:
        super().__init__()
        self.output_structure: Any = None

    # What the model provides. Where it has several inputs or outputs, lists of arrays stand for arrays.

    @property
    def title(self) -> str:
        """How messages call the model."""
        raise NotImplementedError

    def prepare(self, inputs: Any, name: str) -> Any:
        """`inputs` as arrays that the first layers take; `name` is the argument's, for messages."""
        raise NotImplementedError

    def run(self, x: Any) -> Any:
        """The outputs on what `prepare` gave, by the current Program."""
        raise NotImplementedError

    def run_masked(self, x: Any) -> tuple[Any, Any]:
        """The outputs, and their masks where a layer has made some that reach them."""
        raise NotImplementedError

    def packed(self, outputs: Any) -> Any:
        """Outputs in the structure of the model's."""
        structure = self.output_structure
        return outputs if structure is None else pack(structure, listed(outputs))

    def _epochs(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        size: int | None,
        steps: int | None = None,
        class_weight: Any = None,
        shuffle: Any = False,
        iteration: Any = lambda: 0,
        targets: bool = True,
    ) -> Epochs:
        """What fit, evaluate and predict walk over. `targets`: whether there must be some."""

        def convert(x: Any, y: Any, sample_weight: Any) -> Data:
            if not targets:
                return Data(self.prepare(x, "x"), [None], [None])
            data = x if isinstance(x, Data) else self._data(x, y, sample_weight)
            return data if class_weight is None else data.weighed(class_weight)

        if isinstance(x, Data) or is_arrays(x):
            data = convert(x, y, sample_weight)
            if size is None:
                size = BATCH_SIZE if steps is None else -(-len(data) // steps)
            return Epochs(Arrays(data, size, shuffle), steps, iteration)
        for name, value in (("y", y), ("sample_weight", sample_weight)):
            if value is not None:
                raise ValueError(f"`{name}` must be None where `x` holds batches; they have their own")
        return Epochs(source_of(x, convert, shuffle), steps, iteration)

    def _data(self, x: Any, y: Any, sample_weight: Any) -> Data:
        """Rows that fit the model, with a target and a weight (or None) for each output."""
        x = self.prepare(x, "x")
        leaves = self.output_leaves
        targets = leaves.spread(y, "y")
        for goal, target in zip(self.goals(), targets, strict=True):
            if goal.loss is not None and target is None:
                where = f" of the output `{goal.name}`" if len(targets) > 1 else ""
                raise ValueError(f"`y` is required: an array of targets{where}, one for each sample of `x`")
        several = nested(sample_weight) or sample_weight is None
        weights = leaves.spread(sample_weight, "sample_weight") if several else [sample_weight] * len(targets)
        return Data(x, targets, weights)


def optional(value: Any, name: str, method: str) -> int | None:
    """A positive integer, or None; ValueError for anything else."""
    return None if value is None else positive_integer(value, name, method)


def validation_parts(given: Any) -> tuple[Any, Any, Any]:
    """x, y and sample_weight of `validation_data`; what holds batches is `x` alone."""
    if not is_arrays(given):
        return given, None, None
    if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
        raise ValueError(
            "fit: `validation_data` must be (x, y), (x, y, sample_weight) or batches of them; "
            f"received {type(given)}"
        )
    return unpacked(given)
