"""Different optimizers for different weights of a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, ClassVar

from tidegate.optimizers.optimizer import Optimizer
from tidegate.optimizers.patterns import pattern_of_file
from tidegate.optimizers.wrapper import Wrapper, check_inner, each_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Self

    from tidegate.variable import Array, Variable


class OptimizerMap(MutableMapping[str, Optimizer]):
    """Which optimizer a weight has, by its path, such as "sequential/lstm/lstm_cell/kernel".

    A key is a path, or a regular expression that has to match a path from end to end.

    Args:
        default_optimizer: for the weights that no key matches.
        optimizer_map: a dictionary of optimizers by their keys.
    """

    def __init__(self, default_optimizer: Any, optimizer_map: Any = None) -> None:
        check_inner(default_optimizer, "default_optimizer", "OptimizerMap")
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(
                f"OptimizerMap: argument `optimizer_map` expected a dictionary; received {optimizer_map!r}"
            )
        self.default_optimizer: Optimizer = default_optimizer
        self._optimizers: dict[str, Optimizer] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    def __call__(self, variable: Variable) -> Optimizer:
        return self[variable.path]

    def __getitem__(self, key: str) -> Optimizer:
        """The optimizer for a path; ValueError where several keys match it."""
        if key in self._optimizers:
            return self._optimizers[key]
        matching = [pattern for pattern in self._optimizers if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(f"OptimizerMap: `{key}` expected at most one key that matches; found {matching}")
        return self._optimizers[matching[0]] if matching else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Any) -> None:
        if not isinstance(key, str) or key in self._optimizers:
            raise ValueError(f"OptimizerMap: a key expected a text that is not there yet; received {key!r}")
        try:
            re.compile(key)
        except re.error as error:
            raise ValueError(f"OptimizerMap: key {key!r} is no regular expression: {error}") from error
        check_inner(optimizer, key, "OptimizerMap")
        self._optimizers[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizers[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizers)

    def __len__(self) -> int:
        return len(self._optimizers)

    def get_config(self) -> dict[str, Any]:
        from tidegate.saving import objects

        return {
            "default_optimizer": objects.serialize(self.default_optimizer),
            "optimizer_map": {key: objects.serialize(each) for key, each in self._optimizers.items()},
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> OptimizerMap:
        from tidegate.saving import objects

        found = {
            pattern_of_file(key, "OptimizerMap"): objects.deserialize(each, "optimizer")
            for key, each in (config.get("optimizer_map") or {}).items()
        }
        return cls(objects.deserialize(config.get("default_optimizer"), "optimizer"), found)


class MultiOptimizer(Wrapper):
    """Each weight is changed by the optimizer that the map has for it.

    Learning rates are those of `optimizers`; the MultiOptimizer has none of its own.

    Args:
        optimizer_map: an OptimizerMap, or a function of a variable that gives its optimizer; the same object
            for several variables is one optimizer.
        loss_scale_factor: of all of them, whatever theirs were.
        name: the class in snake case when None.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("optimizer_map", "loss_scale_factor", "name")

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not callable(optimizer_map):
            raise ValueError(
                "MultiOptimizer: argument `optimizer_map` expected an OptimizerMap or a function; "
                f"received {optimizer_map!r}"
            )
        inner: list[Optimizer] = []
        if isinstance(optimizer_map, OptimizerMap):
            inner = each_once([*optimizer_map._optimizers.values(), optimizer_map.default_optimizer])
        super().__init__(inner, name, loss_scale_factor)
        self.optimizer_map = optimizer_map
        self._of: dict[Variable, Optimizer] = {}

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers, those of a function once they are built."""
        return self.inner

    @property
    def learning_rate(self) -> float:
        raise AttributeError(f"{self.name} has no learning rate of its own; see those of its `optimizers`")

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(f"{self.name} has no learning rate of its own; set those of its `optimizers`")

    def learning_rates(self) -> dict[str, float]:
        return {f"learning_rate_{each.name}": float(each.learning_rate) for each in self.inner}

    def build(self, variables: Sequence[Variable]) -> None:
        for variable in variables:
            optimizer = self.optimizer_map(variable)
            check_inner(optimizer, "optimizer_map", "MultiOptimizer")
            self._of[variable] = optimizer
        self.inner = each_once([*self.inner, *self._of.values()])
        for each in self.inner:
            each.loss_scale_factor = self.loss_scale_factor
            own = [variable for variable in variables if self._of[variable] is each]
            if own:
                each.build(own)
        self.built = True

    def apply(self, gradients: Sequence[Array | None], variables: Sequence[Variable]) -> None:
        if not self.built:
            self.build(variables)
        pairs = list(zip(gradients, variables, strict=True))
        for _, variable in pairs:
            if variable not in self._of:
                raise ValueError(
                    f"Unknown variable `{variable.path}`: {self.name} can only be applied to the variables "
                    "it was built for; make a new optimizer for a new model."
                )
        for each in self.inner:
            own = [(g, variable) for g, variable in pairs if self._of[variable] is each]
            if own:
                each.apply(*zip(*own, strict=True))
        self.batches += 1

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        variables = list(var_list)
        for each in self.inner:
            each.finalize_variable_values([variable for variable in variables if self._of[variable] is each])

    def get_config(self) -> dict[str, Any]:
        """With the map; one with a function cannot be saved (ValueError)."""
        from tidegate.saving import objects

        if not isinstance(self.optimizer_map, OptimizerMap):
            raise ValueError(f"{self.name} cannot be saved: `optimizer_map` is a function")
        config = {key: getattr(self, key) for key in self.config_keys}
        return config | {"optimizer_map": objects.serialize(self.optimizer_map)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        from tidegate.saving import objects

        found = objects.deserialize(config.get("optimizer_map"), "optimizer map")
        return super().from_config({**config, "optimizer_map": found})
