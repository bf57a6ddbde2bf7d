"""How a model was compiled, as Keras's legacy HDF5 files say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.inputs import warn
from tidegate.utils.naming import snake_case

if TYPE_CHECKING:
    from collections.abc import Callable

_OF_KERAS_2 = ("decay", "is_legacy_optimizer", "jit_compile")  # of an optimizer


def written(config: dict[str, Any]) -> dict[str, Any]:
    """The `training_config` of what `get_compile_config` gave.

    Keras finds a loss there by its long name only.
    """
    from tidegate import losses

    def long(name: str) -> str:
        return snake_case(losses.NAMES[name].__name__) if name in losses.NAMES else name

    arguments = {key: value for key, value in config.items() if key != "optimizer"}
    arguments["loss"] = _mapped(arguments["loss"], lambda each: long(each) if isinstance(each, str) else each)
    optimizer = {key: config["optimizer"][key] for key in ("class_name", "config")}
    return {**arguments, "optimizer_config": optimizer}


def present(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `compile` that a `training_config` stands for, of Keras 2 and of Keras 3."""
    arguments = {key: value for key, value in config.items() if key != "optimizer_config"}
    arguments["loss"] = _mapped(config.get("loss"), _loss)
    for key in ("metrics", "weighted_metrics"):
        arguments[key] = _of_outputs(_mapped(config.get(key), _metric))
    return {**arguments, "optimizer": _optimizer(config.get("optimizer_config"))}


def _optimizer(entry: Any) -> Any:
    given = entry.get("config") if isinstance(entry, dict) else None
    if not isinstance(given, dict) or not isinstance(entry.get("class_name"), str):
        return entry
    config = {key: value for key, value in given.items() if key not in _OF_KERAS_2}
    if "lr" in config:
        config["learning_rate"] = config.pop("lr")
    if given.get("decay"):
        warn(f"{entry['class_name']}: `decay` of Keras 2 is ignored, as in Keras 3")
    rate = config.get("learning_rate")
    if isinstance(rate, dict) and isinstance(rate.get("config"), dict):
        arguments = {key: value for key, value in rate["config"].items() if value is not None}
        config["learning_rate"] = {**rate, "config": arguments}  # a schedule had no name
    return {**entry, "class_name": entry["class_name"].removeprefix("Custom>"), "config": config}


def _loss(entry: Any) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        return entry
    config = {key: value for key, value in entry["config"].items() if key != "fn"}
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"
    return {**entry, "config": config}


def _metric(entry: Any) -> Any:
    """In Keras 2 a name was a wrapped function, called by that name or by the output's and that name."""
    from tidegate import metrics

    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        return entry
    config = {key: value for key, value in entry["config"].items() if key != "fn"}
    if entry.get("class_name") != "MeanMetricWrapper":
        return {**entry, "config": config}
    name, function = config.get("name"), entry["config"].get("fn")
    return name if name in ("acc", "accuracy") or name in metrics.NAMES else function


def _of_outputs(metrics: Any) -> Any:
    """None instead of lists of it, which Keras 2 has for outputs without a metric."""
    if not isinstance(metrics, list):
        return metrics
    return [None if each == [None] else each for each in metrics]


def _mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """A structure of losses or metrics with each replaced."""
    if isinstance(value, list):
        return [_mapped(each, function) for each in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _mapped(each, function) for key, each in value.items()}
    return function(value)
