"""A computation of what users write in Python: the layers in it, their masks and random numbers.

While one is going on, layers that are called compute as a part of it: with the values that stand for their
Variables, in training if it trains, and followed by autograd where a gradient is wanted. Nothing of it is
stored on layers, and each thread has its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.derivatives import is_box, unboxed
from tidegate.random import Training
from tidegate.regularizers import activity_gradient, activity_penalties
from tidegate.structure import listed, plain
from tidegate.tracing import applied
from tidegate.variable import standing_in

if TYPE_CHECKING:
    from tidegate.graph import Graph
    from tidegate.layers.layer import Layer
    from tidegate.variable import Array, Variable

running: ContextVar[Pass | None] = ContextVar("running", default=None)


class Pass:
    """What goes on in one such computation.

    Args:
        training: the training pass that this is; None for inference.
        values: what stands for each Variable.

    Attributes:
        training: of the layer whose `call` is running.
        losses: what they have added to the loss.
        kept: what layers in it have handed out for their updates.
        states: what stateful layers go on from, which changes on the way.
        assigned: new values of Variables, once it is over.
    """

    def __init__(self, training: Training | None, values: dict[Variable, Any]) -> None:
        self.training = training
        self.values = values
        self.states: dict[Variable, Array] = {}
        self.losses: list[Any] = []
        self.kept: list[tuple[Layer, Any]] = []
        self.assigned: dict[Variable, Array] = {}
        self._masks: dict[int, tuple[Any, Array | None]] = {}  # with the array, whose id stays its own so
        self._draws = itertools.count()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Layers that are called compute as a part of it."""
        token = running.set(self)
        try:
            with standing_in(self.values) as standing:
                yield
            self.assigned = {
                each: standing[each] for each in self.values if standing[each] is not self.values[each]
            }
        finally:
            running.reset(token)

    # ---- what layers in it ask -------------------------------------------------------------------

    def mask_of(self, value: Any) -> Array | None:
        """The mask that goes with an array."""
        found = self._masks.get(id(value))
        return None if found is None else found[1]

    def put_mask(self, value: Any, mask: Array | None) -> None:
        self._masks[id(value)] = (value, mask)

    def trains(self, training: Any) -> Training | None:
        """The training pass of a layer that is called with this `training`; None is as around it."""
        if training is None:
            return self.training
        return (self.training or Training.by_hand(True)) if training else None

    # ---- native layers ---------------------------------------------------------------------------

    def run(self, layer: Layer, inputs: Any, training: Any, mask: Any, options: dict[str, Any]) -> Any:
        """The outputs of a layer that has a forward and a backward of its own.

        Args:
            inputs: prepared for it, in a list where there are several; boxes among them.
            training: of the call; None is as around it.
            mask: of the call; where it is None, the masks that go with the inputs.
            options: that its `forward` takes.
        """
        given = listed(inputs)
        masks: Any = [self.mask_of(each) for each in given]
        if not layer.several_inputs:
            masks = masks[0]
        elif all(each is None for each in masks):
            masks = None
        going_on = masks if mask is None else mask
        if mask is None and (layer.several_inputs or len(given) == 1):
            mask = masks
        how = self.trains(training)
        how = how and how.inner(next(self._draws))
        weights = [variable.current() for variable in layer.weights]
        followed = any(map(is_box, [*given, *weights]))
        if layer.stateful:
            options = {**options, "carried": [self.states.get(each, each.value) for each in layer.carried]}
        has_updates = how is not None or layer.stateful

        def function(arrays: list[Array]) -> tuple[list[Array], Any]:
            x: Any = [np.require(each, layer.dtype, ["C", "A"]) for each in arrays[: len(given)]]
            outputs, kept = layer.forward(
                x if layer.several_inputs else plain(x),
                weights=arrays[len(given) :],
                training=how,
                keep=followed or has_updates,
                mask=mask,
                **options,
            )
            if has_updates:
                self.kept.append((layer, kept))

            found = listed(outputs)
            regularizer = layer.activity_regularizer
            penalties = [] if regularizer is None else activity_penalties(regularizer, found)

            def pull(d_outputs: list[Array]) -> list[Array | None]:
                d = [np.require(each, layer.dtype, ["C", "A"]) for each in d_outputs[: len(found)]]
                for place, d_penalty in enumerate(d_outputs[len(found) :]):
                    d[place] = d[place] + activity_gradient(regularizer, found[place], float(d_penalty))
                d_inputs, d_weights = layer.backward(kept, plain(d))
                return [*([None] * len(given) if d_inputs is None else listed(d_inputs)), *d_weights]

            return [*found, *(np.array(each, layer.dtype) for each in penalties)], pull

        everything = [*given, *weights]
        outputs = applied(function, everything) if followed else function(everything)[0]
        if layer.activity_regularizer is not None:
            count = len(outputs) // 2
            outputs, penalties = outputs[:count], outputs[count:]
            self.losses += penalties
        if layer.stateful:
            self.states.update(layer.updates(self.kept[-1][1], {}))
        values: Any = [unboxed(each) for each in given]
        self.put_mask(outputs[0], layer.compute_mask(values if layer.several_inputs else values[0], going_on))
        return plain(outputs)

    def penalise(self, regularizer: Any, outputs: list[Any]) -> None:
        """Adds the penalties on what a layer of the user's has put out."""

        def function(arrays: list[Array]) -> tuple[list[Array], Any]:
            def pull(d_penalties: list[Array]) -> list[Array | None]:
                return [
                    activity_gradient(regularizer, array, float(d))
                    for array, d in zip(arrays, d_penalties, strict=True)
                ]

            penalties = activity_penalties(regularizer, arrays)
            return [np.array(each, array.dtype) for each, array in zip(penalties, arrays, strict=True)], pull

        self.losses += applied(function, outputs) if any(map(is_box, outputs)) else function(outputs)[0]

    def run_graph(self, graph: Graph, inputs: Any, training: Any, mask: Any) -> Any:
        """The outputs of a model in it, node by node."""
        found = dict(zip(graph.inputs, listed(inputs), strict=True))
        for each, own in zip(found.values(), listed(mask), strict=False):
            if own is not None:
                self.put_mask(each, own)
        for node in graph.nodes:
            given: Any = [found[tensor] for tensor in node.inputs]
            outputs = node.layer.compute(
                given if node.layer.several_inputs else plain(given), training, **node.options
            )
            found.update(zip(node.outputs, listed(outputs), strict=True))
        return plain([found[tensor] for tensor in graph.ends])

    def updates(self, earlier: dict[Variable, Array]) -> dict[Variable, Array]:
        """As of every layer, of all layers in it."""
        found = dict(self.assigned)
        for layer, kept in self.kept:
            found.update(layer.updates(kept, {**earlier, **found}))
        return found
