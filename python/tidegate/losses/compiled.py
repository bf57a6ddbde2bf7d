"""The losses of a compiled model: what was given to `compile`, and one for each output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.losses.loss import real
from tidegate.structure import flatten, nested

if TYPE_CHECKING:
    from tidegate.losses.loss import Loss
    from tidegate.structure import Leaves


class Goal(NamedTuple):
    """What training wants of one output.

    Attributes:
        name: of the output, in the logs.
        loss: None for an output that has none.
        weight: of the loss in the sum of all.
        place: of the loss among the others, as they are listed.
    """

    name: str
    loss: Loss | None
    weight: float
    place: int


class CompiledLosses:
    """The `loss` and the `loss_weights` of `compile`.

    Args:
        given: a loss for all outputs, or a list or dictionary of them, with None for an output without one.
        weights: a number, or a list or dictionary of them; None for 1.

    Raises:
        ValueError: an unknown name, or a weight that is no number.
        TypeError: something that is no loss.
    """

    def __init__(self, given: Any, weights: Any = None) -> None:
        from tidegate import losses

        self.given = _map(given, lambda each: None if each is None else losses.get(each))
        for weight in [] if weights is None else flatten(weights):
            if weight is not None:
                real(weight, "loss_weights", "compile")
        self.weights = weights

    def goals(self, outputs: Leaves) -> list[Goal]:
        """What these losses mean for the outputs of a model, one for each.

        Raises:
            ValueError: names or a structure that the outputs do not have, or no loss at all.
        """
        losses = _of_outputs(self.given, outputs, "loss")
        weights = [
            1.0 if each is None else each for each in _of_outputs(self.weights, outputs, "loss_weights")
        ]
        if all(loss is None for loss in losses):
            raise ValueError("argument `loss` expected a loss for at least one output; received none")
        labels = outputs.labels()
        listed = labels
        if isinstance(self.given, dict) and isinstance(outputs.structure, dict):
            listed = [name for name in self.given if name in labels]  # as Keras has it
        places = [listed.index(label) if label in listed else len(listed) for label in labels]
        return [Goal(*each) for each in zip(labels, losses, weights, places, strict=True)]


def _of_outputs(given: Any, outputs: Leaves, argument: str) -> list[Any]:
    """What was given for each output, or for all; a number or a loss."""
    count = len(outputs.names)
    found = outputs.spread(given, argument) if nested(given) else [given] * count
    for each in found:
        if nested(each):
            raise ValueError(
                f"argument `{argument}` expected one for each of {count} outputs, {outputs.names}; "
                f"received {given!r:.200}"
            )
    return found


def _map(given: Any, function: Any) -> Any:
    """The same structure of what `function` makes of each loss; a file's dictionary of a loss is one loss."""
    if isinstance(given, Mapping) and "class_name" not in given:
        return {key: _map(each, function) for key, each in given.items()}
    if isinstance(given, (list, tuple)):
        return [_map(each, function) for each in given]
    return function(given)
