"""A weight with a version: what layers own, optimizers replace and Programs are compiled from.

Not a tensor library: a Variable holds one array. To Python's operators and `tidegate.ops` it is that array,
or what stands in for it while a pass computes with other values.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.operators import Operators

if TYPE_CHECKING:
    from tidegate.constraints import Constraint
    from tidegate.regularizers import Regularizer

Array = np.ndarray[Any, np.dtype[Any]]

# Held while several variables change together and while they are read together: a reader sees all or nothing.
changing = threading.RLock()


def release_at_fork(lock: Any) -> None:
    """A fork waits for `lock` from now on, or a child could find it taken by a thread that is not there."""
    os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)


release_at_fork(changing)


# Variable -> what stands in for its value: a box of autograd's, or an array.
_standing_in: ContextVar[dict[Variable, Any]] = ContextVar("standing_in", default={})  # noqa: B039


class Variable(Operators):
    """One weight of a layer.

    `value` is a read-only array that is replaced and never written to, so that whoever took it (a forward
    pass that waits for its backward, a Program being packed) keeps the numbers it took. `version` counts the
    replacements.

    Args:
        value: the first value; copied. Its shape and dtype are the variable's for good.
        name: the last part of `path`, such as "kernel".
        trainable: whether a layer lists it among its trainable weights.

    Attributes:
        regularizer: of `tidegate.regularizers`, or None: a penalty on the value, as a part of the loss.
        constraint: of `tidegate.constraints`, or None: what an optimizer's new value goes through.
    """

    __slots__ = ("__weakref__", "constraint", "name", "path", "regularizer", "trainable", "value", "version")

    def __init__(self, value: Array, name: str, trainable: bool = True) -> None:
        self.name = name
        self.path = name
        self.trainable = trainable
        self.regularizer: Regularizer | None = None
        self.constraint: Constraint | None = None
        self.version = 0
        self.value = _frozen(np.array(value, order="C"))

    @classmethod
    def zeros(cls, shape: tuple[int, ...], dtype: str, name: str) -> Variable:
        """One that is not trained, and takes no memory for its zeros before it is assigned to."""
        variable = cls(np.zeros((), dtype), name, trainable=False)
        variable.value = np.broadcast_to(variable.value, shape)
        return variable

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.value.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    @property
    def ndim(self) -> int:
        return self.value.ndim

    def current(self) -> Any:
        """What the variable is in a computation: what stands in for it, or else its value."""
        return _standing_in.get().get(self, self.value)

    def assign(self, value: Any) -> Array:
        """Replaces the value by a copy of `value`, converted to the variable's dtype; returns the new value.

        Where something stands in for the variable, that is replaced, and no one else sees it.

        Raises:
            ValueError: the shape is another one.
            TypeError: `value` is not numeric, or is complex.
        """
        checked = self.check(value)
        standing = _standing_in.get()
        if self in standing:
            standing[self] = checked
            return checked
        with changing:
            self.value = checked
            self.version += 1
        return checked

    def assign_add(self, value: Any) -> Array:
        """Adds `value`, of the variable's shape or broadcast to it; returns the new value."""
        with changing:
            return self.assign(np.asarray(self) + np.asarray(_unboxed(value)))

    def assign_sub(self, value: Any) -> Array:
        """Subtracts `value`, likewise."""
        with changing:
            return self.assign(np.asarray(self) - np.asarray(_unboxed(value)))

    def take(self, value: Array) -> None:
        """Replaces the value by this very array, of the variable's shape, which nobody will write to."""
        taken = _frozen(np.asarray(value, self.dtype, order="C"))
        with changing:
            self.value = taken
            self.version += 1

    def check(self, value: Array) -> Array:
        """The read-only copy of `value` that `assign` would store; raises as `assign` does."""
        try:
            given = np.asarray(_unboxed(value))
        except ValueError as error:  # nested lists of unequal lengths
            raise ValueError(f"variable `{self.path}`: a value must be an array: {error}") from error
        if given.shape != self.shape:
            raise ValueError(
                f"variable `{self.path}`: a value must have the shape {self.shape}; received {given.shape}"
            )
        if given.dtype.kind not in "fiub":
            raise TypeError(
                f"variable `{self.path}`: a value must be real numbers; received dtype {given.dtype}"
            )
        with np.errstate(all="ignore"):  # beyond float32 is an infinity, in silence as everywhere
            return _frozen(np.array(given, dtype=self.dtype, order="C"))

    def numpy(self) -> Array:
        """A copy of the value, free to be written to."""
        return np.array(_unboxed(self.current()))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        value = self.current()
        if not isinstance(value, np.ndarray):  # its gradient would be lost
            raise TypeError(
                f"variable `{self.path}`: functions of NumPy have no gradients; those of `tidegate.ops` do"
            )
        if dtype is None or dtype == self.dtype:
            return value.copy() if copy else value
        return value.astype(dtype)

    def __float__(self) -> float:
        return float(np.asarray(self))

    def __int__(self) -> int:
        return int(np.asarray(self))

    # What autograd asks of a box; `derivatives.autograd` tells it that a Variable may be one.

    @property
    def _trace(self) -> int:
        return getattr(self.current(), "_trace", -2)  # less than that of any box: it is none

    @property
    def _node(self) -> Any:
        return self.current()._node

    @property
    def _value(self) -> Any:
        return getattr(self.current(), "_value", self.value)

    def __getstate__(self) -> tuple[Any, ...]:
        rules = self.regularizer, self.constraint
        return self.name, self.path, self.trainable, rules, self.version, self.value

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.name, self.path, self.trainable, rules, self.version, value = state
        self.regularizer, self.constraint = rules
        self.value = _frozen(value)

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, version={self.version}>"


@contextmanager
def standing_in(values: Mapping[Variable, Any]) -> Iterator[dict[Variable, Any]]:
    """Inside of the block, and in this thread, these boxes or arrays are what the Variables compute with.

    Gives the dictionary of all that stands in, in which assignments change it.
    """
    standing = {**_standing_in.get(), **values}
    token = _standing_in.set(standing)
    try:
        yield standing
    finally:
        _standing_in.reset(token)


def values_of(variables: Iterable[Variable]) -> list[Array]:
    """The present values of several variables, none from the middle of a change of them together."""
    with changing:
        return [variable.value for variable in variables]


def values_by_variable(variables: Iterable[Variable]) -> dict[Variable, Array]:
    """The same, of each variable."""
    with changing:
        return {variable: variable.value for variable in variables}


def assign_all(variables: list[Variable], values: list[Array], owner: str) -> None:
    """Assigns `values` to `variables`, after all of them were found to fit, as one change."""
    count = len(values) if hasattr(values, "__len__") else type(values)
    if count != len(variables):
        raise ValueError(
            f"{owner}: `set_weights` expects a list of {len(variables)} arrays; received {count}"
        )
    checked = [variable.check(value) for variable, value in zip(variables, values, strict=True)]
    with changing:
        for variable, value in zip(variables, checked, strict=True):
            variable.assign(value)


def assign_each(values: Mapping[Variable, Array]) -> None:
    """Assigns to every variable its value, as one change."""
    with changing:
        for variable, value in values.items():
            variable.assign(value)


def _unboxed(value: Any) -> Any:
    """What is in a box; an assigned value has no gradient."""
    while hasattr(value, "_value"):
        value = value._value
    return value


def _frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array
