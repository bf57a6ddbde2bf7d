"""Optimizers, by Keras's names and update rules."""

from __future__ import annotations

from typing import Any

from tidegate.legacy import named
from tidegate.optimizers import schedules
from tidegate.optimizers.adafactor import Adafactor
from tidegate.optimizers.adagrad import Adadelta, Adagrad
from tidegate.optimizers.adam import Adam, AdamW
from tidegate.optimizers.adamax import Adamax
from tidegate.optimizers.ftrl import Ftrl
from tidegate.optimizers.lamb import Lamb
from tidegate.optimizers.lion import Lion
from tidegate.optimizers.loss_scale_optimizer import LossScaleOptimizer
from tidegate.optimizers.multi_optimizer import MultiOptimizer, OptimizerMap
from tidegate.optimizers.muon import Muon
from tidegate.optimizers.nadam import Nadam
from tidegate.optimizers.optimizer import Optimizer
from tidegate.optimizers.rmsprop import RMSprop
from tidegate.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from tidegate.optimizers.sgd import SGD
from tidegate.utils.configured import look_up

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

CLASSES: dict[str, type[Optimizer]] = {
    cls.__name__: cls
    for cls in (
        SGD,
        Adadelta,
        Adafactor,
        Adagrad,
        Adam,
        AdamW,
        Adamax,
        Ftrl,
        Lamb,
        Lion,
        Muon,
        Nadam,
        RMSprop,
        ScheduleFreeAdamW,
    )
}
AROUND_OTHERS: dict[str, type[Optimizer]] = {
    "LossScaleOptimizer": LossScaleOptimizer,
    "MultiOptimizer": MultiOptimizer,
}
_NAMES = CLASSES | AROUND_OTHERS
_NAMES |= {name.lower(): cls for name, cls in _NAMES.items()}


def get(identifier: Any) -> Optimizer:
    """The optimizer that `identifier` means: an instance, a class, a name in any case, or a configuration.

    Raises ValueError for an unknown name, and TypeError for what is none of these.
    """
    if isinstance(identifier, str) and identifier.lower() in _NAMES:
        identifier = identifier.lower()
    return look_up(identifier, "optimizer", Optimizer, _NAMES)  # type: ignore[no-any-return]


def serialize(optimizer: Optimizer) -> Any:
    """The dictionary that a file stores."""
    from tidegate.saving import objects

    return objects.serialize(optimizer)


def deserialize(config: Any) -> Optimizer:
    """The optimizer of a dictionary that `serialize` gave."""
    return get(config)


def __getattr__(name: str) -> Any:
    return named(__name__, name, __all__)
