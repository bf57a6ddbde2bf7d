"""The weights of a model and the state of its optimizer in an HDF5 file, laid out as Keras 3 does.

    layers/<class in snake case>[_k]/vars/<n>              weights of a layer, e.g. layers/dense_1/vars/0
    layers/<class in snake case>[_k]/cell/vars/<n>         weights of a recurrent layer
    layers/rnn[_k]/cell/cells/lstm_cell[_k]/vars/<n>       and so on, weights of stacked cells
    layers/bidirectional[_k]/forward_layer/cell/vars/<n>   and so on, weights of the layers in a layer
    optimizer/vars/<n>                                     iteration, learning rate (if a number), slots

A model of the user's has its layers at the top, by the names of its attributes, as a layer of the user's has
those in it: see `Holding.stored_variables`. `k` counts the layers of a class in a model; the name that a
layer has does not matter. A reader follows only the paths that the model's configuration calls for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import warn
from tidegate.layers.holding import Holding
from tidegate.saving import hdf5
from tidegate.utils.naming import numbered, snake_case
from tidegate.variable import assign_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.variable import Array, Variable

_OPTIMIZER = "optimizer/vars"


def write(file: Any, model: Any) -> None:
    """Write all weights of a model, and its optimizer's state if it is compiled, into an open `h5py.File`."""
    file.create_group("vars").attrs["name"] = model.name
    for path, name, variables in places(model):
        _write_group(file, path, name, [variable.value for variable in variables])
    if model.optimizer is not None:
        optimizer = model.optimizer
        # One that took no step and has no slots yet stores what comes before them, as Keras does.
        _write_group(file, _OPTIMIZER, optimizer.name, optimizer.variables)


def read(file: Any, model: Any, skip_mismatch: bool = False) -> None:
    """Give a built model the weights in an open `h5py.File`, and its optimizer the state if both have one.

    Nothing is changed unless everything fits. An optimizer's state with another number of arrays is skipped
    with a warning, as in Keras; with `skip_mismatch`, so is every group of weights that does not fit.

    Raises:
        ValueError: something missing, of another shape or dtype, or not stored plainly.
    """
    values: dict[Variable, Array] = {}
    for path, _, variables in places(model):
        try:
            values |= _read_group(file, path, variables)
        except ValueError as error:
            if not skip_mismatch:
                raise
            warn(f"These weights are not loaded: {error}.")
    state = _read_optimizer(file, model.optimizer) if model.optimizer is not None else None
    assign_each(values)
    if state is not None:
        model.optimizer.set_variables(state)


def read_stream(stream: Any, path: str, model: Any, skip_mismatch: bool = False) -> None:
    """`read` from an open binary file; whatever is wrong is a ValueError that begins with `path`."""
    with hdf5.reading(stream, path) as file:
        read(file, model, skip_mismatch)


def places(model: Any) -> Iterator[tuple[str, str, list[Variable]]]:
    """Path, name and variables of every group of weights."""
    if isinstance(model, Holding):
        for path, variables in model.stored_variables().items():
            yield path, variables[0].path.split("/")[-2] if variables else model.name, variables
        return
    taken: dict[str, int] = {}
    for layer in model.layers:
        group = numbered(snake_case(type(layer).__name__), taken)
        for below, variables in layer.stored_variables().items():
            name = variables[0].path.split("/")[-2] if variables else layer.name
            yield f"layers/{group}/{below}", name, variables


def _write_group(file: Any, path: str, name: str, arrays: list[Array]) -> None:
    group = file.require_group(path)
    group.attrs["name"] = name
    for place, array in enumerate(arrays):
        group.create_dataset(str(place), data=array)


def _read_group(file: Any, path: str, variables: list[Variable]) -> dict[Variable, Array]:
    group = hdf5.open_object(file, path, optional=not variables)
    if group is None:
        return {}
    if len(group) != len(variables):
        raise ValueError(f"'{path}' expected {len(variables)} weights; the file has {len(group)}")
    return {
        # Whole numbers (the count of a Normalization) have the width of the backend.
        variable: hdf5.read_dataset(
            group, str(place), variable.shape, variable.dtype, "iu" if variable.dtype.kind == "i" else None
        )
        for place, variable in enumerate(variables)
    }


def _read_optimizer(file: Any, optimizer: Any) -> list[Array] | None:
    group = hdf5.open_object(file, _OPTIMIZER, optional=True)
    return (
        None if group is None else read_state(group, [str(place) for place in range(len(group))], optimizer)
    )


def read_state(group: Any, names: list[str], optimizer: Any, has_rate: bool = True) -> list[Array] | None:
    """The state of an optimizer in the datasets of these names; None, with a warning, for so many that it is
    none. Without `has_rate` it goes without the learning rate, and the optimizer keeps its own.
    """
    scheduled = optimizer.variable_shapes()[1:2] != [((), np.dtype(np.float32))]
    kept = [] if has_rate or scheduled else [optimizer.variables[1]]
    expected = optimizer.expects(len(names) + len(kept))
    if expected is None:
        warn(
            f"The state of optimizer '{optimizer.name}' is not loaded: it has "
            f"{len(optimizer.variable_shapes())} variables, the file has {len(names)}."
        )
        return None
    # Whole numbers (the count of steps, Adafactor's placeholders) have the width of the backend.
    found = [
        hdf5.read_dataset(group, name, shape, dtype, kinds="iu" if dtype.kind == "i" else None)
        for name, (shape, dtype) in zip(names, expected[:1] + expected[1 + len(kept) :], strict=True)
    ]
    return found[:1] + kept + found[1:]
