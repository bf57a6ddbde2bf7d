"""Any of Keras's objects, or one of the program's own, as a dictionary and back.

Files are read by `objects.deserialize`, which knows what belongs in a place. Here it follows from the module
that the dictionary names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.inputs import nearest
from tidegate.saving import objects, plain_values
from tidegate.saving.registration import CustomObjectScope, meant, own_class

if TYPE_CHECKING:
    from collections.abc import Mapping


def serialize_keras_object(obj: Any) -> Any:
    """The dictionary of an object; of a list or a dictionary with those of what is in it.

    Raises ValueError for an object without `get_config`.
    """
    if isinstance(obj, tuple):
        return tuple(serialize_keras_object(each) for each in obj)
    return objects.serialize(obj)


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """What `serialize_keras_object`, or Keras, made the dictionary of.

    Args:
        config: a dictionary with `class_name` and `config`, or a list or a dictionary of such; anything else
            is given back, a name as the object that the program has registered under it.
        custom_objects: name -> class or function, beside those that are registered.
        safe_mode: accepted; nothing in a dictionary is ever code.

    Raises:
        ValueError: a class or a function that is neither known nor registered, or a `config` that does not
            fit.
    """
    with CustomObjectScope(custom_objects):
        return _read(config)


def own_in(config: Any, kind: str) -> Any:
    """The same structure with the program's own objects in the place of their entries and names.

    What an entry means is settled while the scope of a loading function is open.
    """
    if isinstance(config, list):
        return [own_in(each, kind) for each in config]
    if not isinstance(config, dict):
        return meant(config)
    if "class_name" not in config:
        return {name: own_in(each, kind) for name, each in config.items()}
    if config["class_name"] == "function":
        named = config.get("config")
        found = meant(named)
        return config if found is named else found
    return config if own_class(config, kind) is None else objects.deserialize(config, kind)


def _read(config: Any) -> Any:
    if isinstance(config, (list, tuple)):
        return [_read(each) for each in config]
    if not isinstance(config, dict):
        return meant(config) if isinstance(config, str) else config
    if "class_name" not in config or "config" not in config:
        return {name: _read(each) for name, each in config.items()}
    name, arguments = config["class_name"], config["config"]
    if not isinstance(name, str):
        raise ValueError(f"an object expected `class_name`, a string; received {name!r:.200}")
    if name == "function":
        return _function(arguments)
    if plain_values.is_known(name):
        return plain_values.read(name, arguments)
    own = own_class(config, "object")
    if own is not None:
        return own.from_config(arguments)
    return objects.deserialize(config, _kind(config))


def _kind(config: Mapping[str, Any]) -> str:
    """Of what kind the class is; where its name has several, the module decides."""
    name, module = config["class_name"], config.get("module")
    kinds = [kind for kind in objects.MODULES if name in objects.classes(kind)]
    if not kinds:
        known = [each for kind in objects.MODULES for each in objects.classes(kind)]
        raise ValueError(f"Unknown class '{name}'.{nearest(name, known)}")
    return next((kind for kind in kinds if objects.MODULES[kind] == module), kinds[0])


def _function(name: Any) -> Any:
    from tidegate import activations, losses
    from tidegate.metrics import functions as metrics

    found = meant(name)
    if found is not name:
        return found
    for table in (losses.FUNCTIONS, metrics.FUNCTIONS, activations.BY_NAME) if isinstance(name, str) else ():
        if name in table:
            return table[name]
    raise ValueError(
        f"Unknown function {name!r:.200}: register it with `register_keras_serializable`, or pass it in "
        "`custom_objects`"
    )
