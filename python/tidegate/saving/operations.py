"""The masks in files of functional models, which Keras writes as operations between the layers.

Here masks go with the tensors by themselves: they are written for Keras, and what a file says of them is
checked, and then there is nothing left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidegate.graph import Tensor
from tidegate.masks import Mask
from tidegate.utils.naming import numbered, snake_case

TENSOR = "__keras_tensor__"
_MODULES = {
    "Any": "keras.src.ops.numpy",
    "Concatenate": "keras.src.ops.numpy",
    "ConvertToTensor": "keras.src.ops.core",
    "ExpandDims": "keras.src.ops.numpy",
    "LogicalOr": "keras.src.ops.numpy",
    "NotEqual": "keras.src.ops.numpy",
    "OnesLike": "keras.src.ops.numpy",
    "ZerosLike": "keras.src.ops.numpy",
}


def is_operation(entry: Any) -> bool:
    """Whether an entry of a file is one of them, and no layer; a layer may be called `Concatenate` too."""
    if not isinstance(entry, dict) or entry.get("class_name") not in _MODULES:
        return False
    return entry["class_name"] != "Concatenate" or entry.get("module") == _MODULES["Concatenate"]


def history(value: Any) -> Any:
    """The place of a tensor in a file; None for anything else."""
    config = value.get("config") if isinstance(value, dict) and value.get("class_name") == TENSOR else None
    return config.get("keras_history") if isinstance(config, dict) else None


class Writer:
    """Names masks, and makes their entries.

    Args:
        taken: the names of layers.
        write: what a file has in the place of a tensor, or of a structure of them.
    """

    def __init__(self, taken: set[str], write: Callable[[Any], Any]) -> None:
        self._taken, self._write = taken, write
        self._counts: dict[str, int] = {}
        self._names: dict[Mask, str] = {}

    def entries(self, masks: list[Any]) -> list[dict[str, Any]]:
        """Those of masks, and of what they are made of, that have none yet; None among them has none."""
        found = []
        waiting = [mask for mask in reversed(masks) if isinstance(mask, Mask)]
        while waiting:
            mask = waiting[-1]
            missing = [each for each in mask.args if isinstance(each, Mask) and each not in self._names]
            if mask in self._names or missing:
                waiting = waiting[:-1] if mask in self._names else [*waiting, *reversed(missing)]
                continue
            found.append(self._entry(mask))
        return found

    def _entry(self, mask: Mask) -> dict[str, Any]:
        name = numbered(snake_case(mask.operation), self._counts)
        while name in self._taken:
            name = numbered(snake_case(mask.operation), self._counts)
        self._names[mask] = name
        args = [self.tensor(each) if isinstance(each, Mask) else self._write(each) for each in mask.args]
        return {
            "module": _MODULES[mask.operation],
            "class_name": mask.operation,
            "config": {"name": name, **mask.config},
            "registered_name": mask.operation,
            "name": name,
            "inbound_nodes": [{"args": [args] if mask.operation == "Concatenate" else args, "kwargs": {}}],
        }

    def written(self, masks: Any) -> Any:
        """A structure of masks and None, as an argument."""
        if isinstance(masks, dict):
            return {key: self.written(each) for key, each in masks.items()}
        if isinstance(masks, (list, tuple)):
            return [self.written(each) for each in masks]
        return None if masks is None else self.tensor(masks)

    def tensor(self, mask: Mask) -> dict[str, Any]:
        """A mask that has an entry, as an argument."""
        place = [self._names[mask], 0, 0]
        config = {"shape": list(mask.shape), "dtype": "bool", "keras_history": place}
        return {"class_name": TENSOR, "config": config}


class Checker:
    """Holds the masks of a file against those that go with the tensors.

    Args:
        layers: name -> layer, or the entry of an operation.
        read: the tensor at a place of the file, or None.
    """

    def __init__(self, layers: dict[str, Any], read: Callable[[Any], Any]) -> None:
        self._layers, self._read = layers, read
        self._seen: set[tuple[str, Mask]] = set()  # each found to be the other, or about to be

    def agree(self, given: Any, own: Any) -> bool:
        """Whether an argument of a file is this mask, or this list of masks and None."""
        waiting = [(given, own)]
        while waiting:
            given, own = waiting.pop()
            if isinstance(own, list):
                if not isinstance(given, list) or len(given) != len(own):
                    return False
                waiting += zip(given, own, strict=True)
            elif isinstance(own, dict):
                if not isinstance(given, dict) or set(given) != set(own):
                    return False
                waiting += [(given[key], own[key]) for key in own]
            elif isinstance(own, Tensor):
                if self._read(history(given)) is not own:
                    return False
            elif isinstance(own, Mask):
                entry = self._operation(given)
                if entry is None:
                    return False
                if (entry["name"], own) not in self._seen:
                    self._seen.add((entry["name"], own))
                    if not _is_called(entry, own):
                        return False
                    args = entry["inbound_nodes"][0].get("args")
                    waiting.append((args, [own.args] if own.operation == "Concatenate" else own.args))
            elif isinstance(given, (dict, list)) or given != own:
                return False
        return True

    def _operation(self, given: Any) -> Any:
        """The entry of the operation that gives a tensor; None where none does."""
        place = history(given)
        if not isinstance(place, list) or len(place) != 3 or not isinstance(place[0], str):
            return None
        entry = self._layers.get(place[0])
        return entry if isinstance(entry, dict) else None


def _is_called(entry: dict[str, Any], mask: Mask) -> bool:
    """Whether it is this operation, used once, with this configuration."""
    config, uses = entry.get("config"), entry.get("inbound_nodes")
    return (
        entry["class_name"] == mask.operation
        and isinstance(config, dict)
        and all(config.get(name) == value for name, value in mask.config.items())
        and isinstance(uses, list)
        and len(uses) == 1
        and isinstance(uses[0], dict)
    )
