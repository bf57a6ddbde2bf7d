"""Models that users write without `call`: `__init__` makes tensors, and hands them to `super().__init__`."""

from __future__ import annotations

from typing import Any

from tidegate.layers.holding import Holding
from tidegate.models.functional import Functional
from tidegate.models.model import Model


def adopt(cls: type[Model]) -> None:
    """Puts `OwnFunctional` in the place of `Model` among the bases of a class."""
    for base in cls.__mro__:
        if Model in base.__bases__:
            base.__bases__ = tuple(OwnFunctional if each is Model else each for each in base.__bases__)
            return


class OwnFunctional(Functional):
    """What a model has whose class writes no `call`.

    Args: as of `Functional`.

    Example:
        >>> class Tagger(Model):
        ...     def __init__(self, units):
        ...         inputs = Input((None, 3))
        ...         super().__init__(inputs=inputs, outputs=Dense(4)(LSTM(units)(inputs)))
        >>> Tagger(16).predict(np.zeros((2, 10, 3))).shape
        (2, 4)
    """

    _given: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = object.__new__(cls)
        made._given = args, kwargs
        return made

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not args and not {"inputs", "input"} & kwargs.keys():
            raise TypeError(
                f"{type(self).__name__}: a class derived from `Model` writes `call`, or its `__init__` gives "
                "`inputs=` and `outputs=` to `super().__init__`"
            )
        super().__init__(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments of its `__init__`, which must be plain values, with `name` and `trainable`; of a
        class that writes no `__init__` the architecture.
        """
        if type(self).__init__ is OwnFunctional.__init__:
            return super().get_config()
        given = Holding.plain_arguments(self)  # type: ignore[arg-type]
        return {**given, "name": self.name, "trainable": self.trainable}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Functional:
        return super().from_config(config) if "layers" in config else cls(**config)
