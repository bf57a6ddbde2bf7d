"""A configuration of a layer with its data, called through Tidegate or through Keras alike.

What `compare_layers.py` and the test of its stored figures share. All data are multiples of 1/64, which
both element types hold exactly, and which are small in a file.
"""

from __future__ import annotations

import inspect
import zlib
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int, ...]


def generator(*key: object) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


def numbers(rng: np.random.Generator, shape: Shape, largest: float = 1.0) -> Array:
    bound = int(64 * largest)
    return rng.integers(-bound, bound + 1, shape) / 64.0


def inputs_of(call: dict[str, Any], rng: np.random.Generator) -> list[Array]:
    """Arrays of the shapes `call["inputs"]`, of ids below `call["ids"]`, some steps all `call["hidden"]`."""
    if "ids" in call:
        return [rng.integers(0, call["ids"], shape) for shape in call["inputs"]]
    arrays = [numbers(rng, shape, 2.0) for shape in call["inputs"]]
    if "hidden" in call:
        arrays[0][rng.random(arrays[0].shape[:-1]) < 0.4] = call["hidden"]
    return arrays


def mask_of(kind: str | None, shape: Shape, rng: np.random.Generator) -> Array | None:
    """bool [batch, timesteps]; "holes" begins with a step that counts, as "right" does."""
    if kind is None:
        return None
    if kind == "elements":
        return rng.random(shape) < 0.7
    rows, steps = shape[:2]
    lengths = rng.integers(1, steps + 1, (rows, 1))
    places = np.arange(steps)
    if kind == "left":
        return places >= steps - lengths
    if kind == "right":
        return places < lengths
    found: Array = rng.random((rows, steps)) < 0.6
    found[:, 0] = True
    return found


def weights_of(layer: Any, rng: np.random.Generator) -> list[Array]:
    """Values for the weights of a built layer of either library; variances are positive."""
    return [
        np.abs(drawn) + 0.5 if "variance" in variable.path else drawn
        for variable in layer.weights
        for drawn in [numbers(rng, tuple(variable.shape))]
    ]


def call_layer(
    layer: Any,
    inputs: list[Array],
    masks: list[Any] | None = None,
    states: list[Array] | None = None,
    call: dict[str, Any] | None = None,
) -> list[Array]:
    """The outputs of a layer of Tidegate, in a list.

    Args:
        layer: takes a mask where it has a use for it.
        inputs: its arrays.
        masks: of each input, or None.
        states: the initial ones of a recurrent layer.
        call: "options" are named arguments, "apart" says that the inputs are arguments of their own, "times"
            is how often a stateful layer is called.
    """
    call = call or {}
    named = dict(call.get("options", {}))
    positional: list[Any] = [inputs[0]] if len(inputs) == 1 else [inputs]
    if states is not None:
        named["initial_state"] = states
    if call.get("apart"):
        positional = inputs
        named |= dict(zip(("query_mask", "value_mask", "key_mask"), masks or (), strict=False))
    elif masks is not None and takes_mask(layer):
        named["mask"] = masks if call.get("several") else masks[0]
    for _ in range(call.get("times", 1)):
        found = layer(*positional, **named)
    return [np.asarray(each) for each in (found if isinstance(found, (list, tuple)) else [found])]


def takes_mask(layer: Any) -> bool:
    """Whether a call has a use for a mask: as the class says, or by an argument of its own."""
    kind = inspect.signature(layer.__call__).parameters["mask"].kind
    return bool(layer.uses_mask) or kind is inspect.Parameter.POSITIONAL_OR_KEYWORD


def mask_out(layer: Any, inputs: list[Array], masks: list[Any] | None) -> Array | None:
    """The mask that goes on with the output."""
    if len(inputs) == 1:
        found: Array | None = layer.compute_mask(inputs[0], masks and masks[0])
    else:
        found = layer.compute_mask(inputs, masks)
    return found
