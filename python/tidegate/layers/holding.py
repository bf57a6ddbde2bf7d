"""What layers and models that users write hold: weights that they add, and the layers in their attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from tidegate.layers.calling import Accepts, leaves
from tidegate.passes import running
from tidegate.utils.naming import numbered, snake_case
from tidegate.variable import Variable
from tidegate.weighted import Weighted


class Holding(Weighted):
    """The weights of an object are its own, and those of the layers that it has as attributes, also in lists,
    tuples and dictionaries; in the order in which they came.

    Attributes:
        machinery: attributes that hold layers for other reasons.
    """

    machinery: ClassVar[frozenset[str]] = frozenset({"_given", "nodes"})

    name: str
    dtype: Any
    trainable: bool
    _variables: list[Variable]
    _given: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = object.__new__(cls)
        made._given = args, kwargs
        return made

    def plain_arguments(self) -> dict[str, Any]:
        """The arguments of `__init__`, for a configuration.

        Raises NotImplementedError where they are no plain values.
        """
        args, kwargs = self._given
        given = Accepts.of(type(self).__init__).spread(args, kwargs)
        for name, value in given.items():
            if not all(isinstance(each, (str, int, float, bool, type(None))) for each in leaves(value)):
                raise NotImplementedError(
                    f"{self.title}: argument `{name}` of `__init__` is no plain value; write `get_config`"
                )
        return given

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: Any = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """A new weight.

        Args:
            shape: of whole numbers; a single number when None.
            initializer: of `tidegate.initializers`; "glorot_uniform" when None, "zeros" of whole numbers.
            dtype: that of the layer when None.
            trainable: whether training changes it.
            regularizer: of `tidegate.regularizers`.
            constraint: of `tidegate.constraints`.
            name: the last part of its path; counted up from "variable" when not given.
            autocast, aggregation, overwrite_with_gradient: accepted; they change no number.

        Raises:
            ValueError: a shape that is none, such as a name in its place.
        """
        from tidegate import constraints, initializers, regularizers

        axes = () if shape is None else (shape,) if isinstance(shape, int) else shape
        if not isinstance(axes, (list, tuple)) or not all(
            isinstance(axis, (int, np.integer)) and axis >= 0 for axis in axes
        ):
            raise ValueError(
                f"{self.title}: add_weight: argument `shape` expected a tuple of lengths; received {shape!r}"
            )
        kind = np.dtype(self.dtype if dtype is None else dtype)
        if initializer is None:
            initializer = "glorot_uniform" if kind.kind == "f" else "zeros"
        drawn = kind.name if kind.kind == "f" else "float64"
        draw: Any = initializers.get(initializer)
        value = draw(tuple(int(axis) for axis in axes), drawn)
        if name is None:
            taken = {variable.name for variable in self._variables}
            name = next(each for each in _counted("variable") if each not in taken)
        variable = Variable(np.asarray(value, kind), name, trainable=bool(trainable))
        variable.path = f"{self.name}/{name}"
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        self._variables.append(variable)
        return variable

    def add_loss(self, loss: Any) -> None:
        """Adds a number, or the sum of an array, to what training minimises; for `call`.

        Raises ValueError outside of it.
        """
        from tidegate import ops

        going = running.get()
        if going is None:
            raise ValueError(f"{self.title}: `add_loss` is for `call`, where arrays are computed")
        going.losses += [ops.sum(each) for each in leaves(loss)]

    # ---- what it holds ---------------------------------------------------------------------------

    @property
    def sublayers(self) -> list[Any]:
        """The layers, and models, in its attributes."""
        return list(dict.fromkeys(layer for value in self._attributes().values() for layer in _layers(value)))

    @property
    def own_variables(self) -> list[Variable]:
        """Its own weights, those that are trained first."""
        found = dict.fromkeys(self._variables)
        found |= dict.fromkeys(each for each in self._attributes().values() if isinstance(each, Variable))
        return sorted(found, key=lambda variable: not variable.trainable)

    def stored_attributes(self) -> dict[str, Any]:
        """Those by whose names files keep what is in them."""
        return self._attributes()

    def _attributes(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in self.machinery}

    @property
    def weights(self) -> list[Variable]:
        theirs = (variable for layer in self.sublayers for variable in layer.weights)
        return list(dict.fromkeys([*self.own_variables, *theirs]))

    @property
    def trainable_weights(self) -> list[Variable]:
        if not self.trainable:
            return []
        own = [variable for variable in self.own_variables if variable.trainable]
        theirs = (variable for layer in self.sublayers for variable in layer.trainable_weights)
        return list(dict.fromkeys([*own, *theirs]))

    def count_params(self) -> int:
        return sum(variable.value.size for variable in self.weights)

    @property
    def carried(self) -> list[Variable]:
        """The states of its stateful layers."""
        return list(dict.fromkeys(state for layer in self.sublayers for state in layer.carried))

    def stored_variables(self) -> dict[str, list[Variable]]:
        """Where a Keras file keeps the weights: by the names of attributes, in their order, `_private` ones
        last; a layer that is there twice has the first place.
        """
        places, seen = {"vars": self.own_variables}, {id(self)}
        attributes = self.stored_attributes()
        for name in sorted(attributes, key=lambda name: f"~{name}" if name.startswith("_") else name):
            for path, layer in _places(attributes[name], name):
                if id(layer) not in seen:
                    seen.add(id(layer))
                    for below, variables in layer.stored_variables().items():
                        places[f"{path}/{below}"] = variables
        return places


def _is_layer(value: Any) -> bool:
    from tidegate.layers.layer import Layer
    from tidegate.models.model import Model

    return isinstance(value, (Layer, Model))


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else []


def _layers(value: Any) -> Iterator[Any]:
    """The layers in an attribute."""
    if _is_layer(value):
        yield value
    for each in _members(value):
        yield from _layers(each)


def _places(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The layers in an attribute, and the path of each; in a list they are counted by class."""
    if _is_layer(value):
        yield path, value
    taken: dict[str, int] = {}
    for each in _members(value):
        if _is_layer(each):
            yield f"{path}/{numbered(snake_case(type(each).__name__), taken)}", each
        elif _members(each):
            yield from _places(each, f"{path}/{numbered('container', taken)}")


def _counted(name: str) -> Iterator[str]:
    taken: dict[str, int] = {}
    while True:
        yield numbered(name, taken)
