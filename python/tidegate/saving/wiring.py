"""How the layers of a functional model are connected, in the form of Keras's files.

A tensor is `[name of the layer, number of its use, number of the output]`; a use of a layer is the arguments
by place and by name that it was called with.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from tidegate.graph import Tensor
from tidegate.inputs import integer
from tidegate.layers.own import Own
from tidegate.saving import ops, plain_values
from tidegate.saving.operations import TENSOR, Checker, Writer, history, is_operation
from tidegate.structure import flatten

if TYPE_CHECKING:
    from tidegate.graph import Graph, Node


class _NotYet(Exception):
    """A tensor that comes of a use which has not been made; says of which layer."""


# ---- to a file -----------------------------------------------------------------------------------


def entries(graph: Graph, layers: list[Any]) -> list[dict[str, Any]]:
    """Each layer, and how it is used; before it the masks that it is the first to be given."""
    from tidegate.models.depth import given_mask
    from tidegate.saving import objects

    used, found = set(graph.outer), []
    masks = Writer({layer.name for layer in layers}, lambda value: _written(value, used))
    for layer in layers:
        for node in layer.nodes:
            if node in used:
                found += masks.entries(flatten(given_mask(node)))
        if not layer.counted:
            given = [node.call for node in layer.nodes if node in used]
            found.append(ops.entry_of(layer, given, lambda value: _written(value, used)))
            continue
        uses = calls(used, layer, masks)
        found.append({**objects.serialize(layer), "name": layer.name, "inbound_nodes": uses})
    return found


def calls(used: set[Node], layer: Any, masks: Writer | None = None) -> list[dict[str, Any]]:
    """Those of these uses that are of the layer; with `masks`, what it is given of them too."""
    from tidegate.models.depth import given_mask

    found = []
    for node in layer.nodes:
        if node in used:
            args, named = (_written(each, used) for each in node.call)
            mask = None if masks is None else given_mask(node)
            if masks is not None and mask is not None:
                named["mask"] = masks.written(mask)
            found.append({"args": args, "kwargs": named})
    return found


def places(graph: Graph, tensors: list[Tensor]) -> list[list[Any]]:
    """The tensors at the ends of a model; here Keras counts the uses of a functional model from 1."""
    used = set(graph.outer)
    found = [_place(tensor, used) for tensor in tensors]
    for place, tensor in zip(found, tensors, strict=True):
        if tensor.node is not None and _is_functional(tensor.node.layer):
            place[1] += 1
    return found


def _place(tensor: Tensor, used: set[Node]) -> list[Any]:
    node = tensor.node
    if node is None:
        return [tensor.name, 0, 0]
    uses = [use for use in node.layer.nodes if use in used]
    return [node.layer.name, uses.index(node), node.outputs.index(tensor)]


def _written(value: Any, used: set[Node]) -> Any:
    if isinstance(value, Tensor):
        place = _place(value, used)
        config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": place}
        return {"class_name": TENSOR, "config": config}
    if isinstance(value, dict):
        return {key: _written(each, used) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_written(each, used) for each in value]
    return plain_values.write(value) if plain_values.is_one(value) else value


# ---- from a file ---------------------------------------------------------------------------------


def made(given: Any) -> dict[str, Any]:
    """The layers of `entries`, connected, by their names; ValueError for what cannot be."""
    from tidegate.saving import objects

    layers: dict[str, Any] = {}
    uses: dict[str, Any] = {}
    for entry in given:
        if is_operation(entry) or ops.is_op(entry):
            if not isinstance(entry.get("name"), str) or entry["name"] in layers:
                raise ValueError(
                    f"{entry['class_name']}: expected a name of its own; received {entry!r:.200}"
                )
            layers[entry["name"]] = ops.Entry(entry)
            continue
        layer = objects.deserialize_layer(entry)
        if layer.name in layers:
            raise ValueError(f"layers must have different names; received a second `{layer.name}`")
        layers[layer.name], uses[layer.name] = layer, entry.get("inbound_nodes") or []
    if not all(isinstance(calls, list) for calls in uses.values()):
        raise ValueError("`inbound_nodes` expected a list")
    connect(layers, uses)
    return layers


def connect(layers: dict[str, Any], uses: dict[str, Any]) -> None:
    """Calls the layers as `calls` says, each once the tensors are there that it is called on."""
    waiting = {name: deque(calls) for name, calls in uses.items()}
    ready = deque(waiting)
    blocked: dict[str, list[str]] = {}  # layer -> those that wait for a use of it
    masks = Checker(layers, lambda place: _there(place, layers))
    while ready:
        name = ready.popleft()
        while waiting[name]:
            try:
                _call(layers[name], waiting[name][0], layers, masks)
            except _NotYet as missing:
                blocked.setdefault(str(missing), []).append(name)
                break
            waiting[name].popleft()
            ready.extend(blocked.pop(name, ()))
    if any(waiting.values()):
        left = [name for name, calls in waiting.items() if calls]
        raise ValueError(f"the layers {left} are used on tensors that no layer gives")


def tensors(given: Any, layers: dict[str, Any]) -> Any:
    """The tensors of a structure of `places`."""
    if isinstance(given, dict):
        return {key: tensors(each, layers) for key, each in given.items()}
    if isinstance(given, (list, tuple)) and not (len(given) == 3 and isinstance(given[0], str)):
        return [tensors(each, layers) for each in given]
    try:
        return _tensor(given, layers, from_one=True)
    except _NotYet as error:
        raise ValueError(f"there is no tensor {given!r:.200}") from error


def _call(layer: Any, use: Any, layers: dict[str, Any], masks: Checker) -> None:
    """Calls a layer; raises _NotYet where a tensor is not there yet."""
    if not isinstance(use, dict):
        raise ValueError(
            f"{layer.title}: `inbound_nodes` expected dictionaries of `args` and `kwargs`; "
            f"received {use!r:.200}"
        )
    args, named = _read(use.get("args"), layers), use.get("kwargs") or {}
    if isinstance(layer, Own):
        if not isinstance(args, list) or not isinstance(named, dict):
            raise ValueError(f"{layer.title}: a use expected `args` and `kwargs`; received {use!r:.200}")
        layer(*args, **_read({name: value for name, value in named.items() if name != "mask"}, layers))
        return
    apart = getattr(layer, "inputs_apart", ())
    most = len(apart) or 2
    if not isinstance(args, list) or not isinstance(named, dict) or not 1 <= len(args) <= most:
        raise ValueError(f"{layer.title}: a use expected one to {most} arguments; received {use!r:.200}")
    mask, named = named.get("mask"), {key: named[key] for key in named if key not in ("mask", "training")}
    named = _read(named, layers)
    if apart:
        args, more = args[:1], zip(apart[1:], args[1:], strict=False)
        named = {**named, **dict(more)}
    elif args[1:]:
        named["initial_state"] = args[1]
    states = named.pop("initial_state", None)
    if flatten(mask) != [None] * len(flatten(mask)) and not masks.agree(mask, _masks(args[0])):
        raise ValueError(f"{layer.title}: argument `mask` expected the mask that goes with the tensor")
    if mask is not None and states is not None:
        raise ValueError(f"{layer.title}: argument `mask` is not supported beside `initial_state` yet")
    options = {name: value for name, value in named.items() if value is not None}
    for name in options:
        if name not in (*getattr(layer, "options", ()), *apart[1:]):
            raise ValueError(f"{layer.title}: argument `{name}` is not supported on tensors yet")
    layer(args[0], **options, **({} if states is None else {"initial_state": states}))


def _masks(tensors: Any) -> Any:
    """The masks of a structure of tensors."""
    if isinstance(tensors, dict):
        return {key: _masks(each) for key, each in tensors.items()}
    return [_masks(each) for each in tensors] if isinstance(tensors, list) else getattr(tensors, "mask", None)


def _read(value: Any, layers: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        if value.get("class_name") == TENSOR:
            return _tensor(history(value), layers)
        name = value.get("class_name")
        if isinstance(name, str) and plain_values.is_known(name):
            return plain_values.read(name, value.get("config"))
        return {key: _read(each, layers) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_read(each, layers) for each in value]
    return value


def _there(place: Any, layers: dict[str, Any]) -> Any:
    """The tensor at a place; None where there is none."""
    try:
        return _tensor(place, layers)
    except (ValueError, _NotYet):
        return None


def _tensor(place: Any, layers: dict[str, Any], from_one: bool = False) -> Any:
    """The tensor at a place; `from_one` says that uses of functional models are counted from 1."""
    from tidegate.layers.input_layer import InputLayer

    wrong = ValueError(f"a tensor expected a layer, its use and its output; received {place!r:.200}")
    if not isinstance(place, (list, tuple)) or len(place) != 3 or place[0] not in layers:
        raise wrong
    layer, use, output = layers[place[0]], integer(place[1]), integer(place[2])
    if use is None or output is None:
        raise wrong
    if isinstance(layer, ops.Entry):
        layer = ops.made(layer, lambda value: _read(value, layers))
    if isinstance(layer, InputLayer):
        if use or output:
            raise wrong
        return layer.output
    use -= from_one and _is_functional(layer)
    if use < 0 or output < 0:
        raise wrong
    if use >= len(layer.nodes):
        raise _NotYet(place[0])
    outputs = layer.nodes[use].outputs
    if output >= len(outputs):
        raise wrong
    return outputs[output]


def _is_functional(layer: Any) -> bool:
    from tidegate.models.functional import Functional

    return isinstance(layer, Functional)
