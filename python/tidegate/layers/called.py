"""The forward and the backward of a layer whose `call` is computed in Python.

Autograd follows a forward that keeps: its boxes stand for the inputs and the weights. Without autograd the
forward is computed all the same, and the backward says what is missing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tidegate import tracing
from tidegate.derivatives import unboxed
from tidegate.layers.calling import Use, filled, leaves
from tidegate.layers.layer import Layer
from tidegate.passes import Pass
from tidegate.structure import listed, plain
from tidegate.variable import Array, Variable, assign_each, values_of


class _Kept(NamedTuple):
    going: Pass
    trace: tracing.Trace | None
    starts: list[Any]  # boxes of the inputs, then of the weights
    ends: list[Any]


class Called(Layer):
    """The base of such layers: a subclass writes `_called`, which runs `call` as a part of a pass."""

    _adds_losses = False  # in inference

    def _called(self, going: Pass, args: Any, kwargs: dict[str, Any]) -> Any:
        raise NotImplementedError

    def run(self, given: list[Array], masks: list[Array | None], **how: Any) -> tuple[list[Array], Any, Any]:
        going, trace, values, use = Pass(how.get("training"), {}), None, how.get("weights"), how.get("use")
        variables, arrays = self.weights, list(given)
        carried = dict(zip(self.carried, how.get("carried") or values_of(self.carried), strict=True))
        values = values_of(variables) if values is None else list(values)
        if how.get("keep") and tracing.available():
            trace, trained = tracing.Trace(), set(self.trainable_weights)
            dtypes = use.dtypes if use is not None else [self.dtype]
            arrays = [
                trace.box(array) if np.dtype(dtype).kind == "f" else array
                for array, dtype in zip(arrays, dtypes, strict=True)
            ]
            values = [
                trace.box(value) if variable in trained else value
                for variable, value in zip(variables, values, strict=True)
            ]
        starts = [*arrays, *values]
        going.values.update(zip(variables, values, strict=True))
        going.values.update(carried)
        going.states.update(carried)
        for array, mask in zip(arrays, masks, strict=True):
            if mask is not None:
                going.put_mask(array, mask)
        with going.entered(), np.errstate(all="ignore"):
            ends = leaves(self._called(going, *filled(use, arrays)))
        outputs = [self.result(each) for each in ends]
        if going.assigned and not how.get("keep"):  # by its `call`, as in Keras in inference too
            assign_each({each: going.assigned[each] for each in going.assigned.keys() - carried.keys()})
        kept = _Kept(going, trace, starts, ends) if how.get("keep") or self.stateful else None
        return outputs, going.mask_of(ends[0]), kept

    def probe(self, arrays: list[Array], use: Use | None) -> Any:
        """What `call` gives in inference, as it comes."""
        going = Pass(None, {variable: variable.value for variable in [*self.weights, *self.carried]})
        with going.entered(), np.errstate(all="ignore"):
            outputs = self._called(going, *filled(use, arrays))
        self._adds_losses = bool(going.losses)
        return outputs

    def result(self, value: Any) -> Array:
        """An output as an array of the layer's dtype, or of whole numbers."""
        found = np.asarray(unboxed(value))
        if found.dtype.kind not in "fiub":
            raise TypeError(
                f"{self.title}: `call` must give arrays of numbers, made by `tidegate.ops`, operators and "
                f"layers; received dtype {found.dtype}, as functions of NumPy give where autograd follows"
            )
        return np.require(found, self.dtype if found.dtype.kind == "f" else None, ["C", "A", "E"])

    def forward(self, inputs: Any, *, mask: Any = None, **how: Any) -> tuple[Any, Any]:
        given = listed(inputs)
        outputs, _, kept = self.run(given, [mask, *[None] * (len(given) - 1)], **how)
        return plain(outputs), kept

    @property
    def adds_losses(self) -> bool:
        return self._adds_losses

    def added_losses(self, kept: _Kept) -> list[float]:
        return [float(unboxed(loss)) for loss in kept.going.losses]

    def backward(
        self, kept: _Kept, d_outputs: Any, *, need_d_inputs: bool = True, d_losses: float = 0.0
    ) -> tuple[Any, list[Any]]:
        if kept.trace is None:
            raise ImportError(
                f"{self.title}: the gradient of its `call` needs autograd; install `tidegate[autograd]`"
            )
        ends = [*kept.ends, *kept.going.losses]
        given = [*listed(d_outputs), *[d_losses] * len(kept.going.losses)]
        d_ends = [
            None if d is None else np.asarray(d, np.asarray(unboxed(end)).dtype)
            for d, end in zip(given, ends, strict=True)
        ]
        found = [
            None if d is None else np.require(d, self.dtype, ["C", "A", "E"])
            for d in kept.trace.gradients(ends, d_ends, kept.starts)
        ]
        inputs = len(found) - len(self.weights)
        return plain(found[:inputs]) if need_d_inputs else None, found[inputs:]

    def updates(self, kept: _Kept, earlier: dict[Variable, Array]) -> dict[Variable, Array]:
        return kept.going.updates(earlier)
