"""The weights of a model and the state of its optimizer in the layout of Keras's legacy HDF5 files.

    layer_names                         attribute: the layers in order
    <layer>.weight_names                attribute: its datasets in order, those of trainable weights first
    <layer>/<path of a weight>          e.g. dense/sequential/dense/kernel, in Keras 2 dense/dense/kernel:0
    optimizer_weights.weight_names      attribute: iteration, learning rate (if a number), slots

Layers, and weights in a layer, are told apart by their order; by name only if the caller says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.inputs import warn
from tidegate.saving import hdf5, legacy_cells, weights
from tidegate.utils.naming import numbered
from tidegate.variable import assign_each

if TYPE_CHECKING:
    from tidegate.variable import Array, Variable

_STATE = "optimizer_weights"
_OF_MODEL = "top_level_model_weights"


def write(group: Any, model: Any, backend: str, version: str) -> None:
    """Write all weights of a model into a group."""
    hdf5.write_names(group, "layer_names", [layer.name for layer in model.layers])
    group.attrs["backend"], group.attrs["keras_version"] = backend, version
    for layer in model.layers:
        variables = _in_order(layer)
        _write(group.create_group(layer.name), _names(variables), [each.value for each in variables])
    _write(group.create_group(_OF_MODEL), [], [])


def write_state(file: Any, optimizer: Any) -> None:
    arrays = optimizer.variables
    _write(file.create_group(_STATE), [f"{place:04}" for place in range(len(arrays))], arrays)


def read(group: Any, model: Any, skip_mismatch: bool = False, by_name: bool = False) -> None:
    """Give a built model the weights in a group. Nothing is changed unless everything fits; with
    `skip_mismatch` weights that do not fit are passed over with a warning.

    Args:
        by_name: whether a layer gets the weights of the layer of its name in the file, if there is one.

    Raises:
        ValueError: another number of layers or of weights in a layer, a weight of another shape or dtype, or
            one that is not stored plainly.
    """
    names = hdf5.read_names(group, "layer_names")
    old = str(hdf5.read_text(group, "keras_version", 100) or "1").startswith("1")
    top = hdf5.open_object(group, _OF_MODEL, optional=True)
    if top is not None and hdf5.read_names(top, "weight_names"):
        raise ValueError(f"'{_OF_MODEL}' expected no weights: here only layers have them")
    values: dict[Variable, Array] = {}
    for layer, name in _pairs(group, names, model, by_name):
        found = hdf5.open_object(group, name)
        datasets, variables = hdf5.read_names(found, "weight_names"), _in_order(layer)
        parts = legacy_cells.parts(found, datasets, variables, old)
        if parts is None:
            problem = (
                f"'{name}' expected {len(variables)} weights of {layer.title}; the file has {len(datasets)}"
            )
            if not (skip_mismatch and by_name):
                raise ValueError(problem)
            warn(f"These weights are not loaded: {problem}.")
            continue
        for part in parts:
            try:
                values |= part.read(found)
            except ValueError as error:
                if not skip_mismatch:
                    raise
                warn(f"These weights are not loaded: {error}.")
    assign_each(values)


def read_state(file: Any, optimizer: Any) -> None:
    """Give an optimizer that has its slots the state in a file, if there is one.

    In Keras 2 the learning rate was no part of it, and older Adams had all `m` before all `v`.
    """
    group = hdf5.open_object(file, _STATE, optional=True)
    if group is None:
        return
    names = hdf5.read_names(group, "weight_names")
    count = sum(name.endswith("/m:0") for name in names)
    if count:
        first, second = names[1 : 1 + count], names[1 + count : 1 + 2 * count]
        pairs = zip(first, second, strict=False)
        names[1 : 1 + 2 * count] = [each for pair in pairs for each in pair]
    state = weights.read_state(group, names, optimizer, has_rate=not (names and names[0].endswith(":0")))
    if state is not None:
        optimizer.set_variables(state)


def _in_order(layer: Any) -> list[Variable]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _names(variables: list[Variable]) -> list[str]:
    """Their paths; one that comes again, as of layers of one name in several models, gets a number."""
    taken: dict[str, int] = {}
    return [numbered(variable.path, taken) for variable in variables]


def _write(group: Any, names: list[str], arrays: list[Array]) -> None:
    hdf5.write_names(group, "weight_names", names)
    for name, array in zip(names, arrays, strict=True):
        group.create_dataset(name, data=array)


def _pairs(group: Any, names: list[str], model: Any, by_name: bool) -> list[tuple[Any, str]]:
    """The layers, and the group of each."""
    if by_name:
        return [(layer, name) for name in names for layer in model.layers if layer.name == name]
    stored = [name for name in names if hdf5.read_names(hdf5.open_object(group, name), "weight_names")]
    layers = [layer for layer in model.layers if layer.weights]
    if len(stored) != len(layers):
        raise ValueError(f"expected {len(layers)} layers with weights; the file has {len(stored)}")
    return list(zip(layers, stored, strict=True))
