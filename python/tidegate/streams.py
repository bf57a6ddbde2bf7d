"""Live sequences of a frozen model: their states stay native from call to call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import floating, integer

if TYPE_CHECKING:
    from tidegate.frozen import FrozenModel
    from tidegate.variable import Array


class Stream:
    """Sequences in lockstep, with states that stay native between calls: see `FrozenModel.stream`.

    The numbers are those of the whole sequence run at once, however it is cut into steps and chunks.
    """

    __slots__ = ("_frozen", "_ids", "_native")

    def __init__(self, frozen: FrozenModel, batch: int) -> None:
        self._frozen = frozen
        self._native = frozen.program.streams(batch)
        self._ids = np.array([self._native.open() for _ in range(batch)])

    def step(self, x: Any) -> Array:
        """The outputs [batch, units] after one more timestep x [batch, features], or of ids [batch]."""
        try:  # as in a call
            return self._native.step(x, self._ids)
        except (TypeError, ValueError):
            pass
        return self._native.step(self._frozen.ready(x), self._ids)

    def run(self, x: Any) -> Array:
        """The outputs of the model after a chunk x [batch, timesteps, features], or of ids."""
        return self._native.run(self._frozen.ready(x), self._ids)

    def reset(self, rows: Any = None) -> None:
        """Sets the states of these rows, or of all, back to zero.

        Raises:
            ValueError: a row that is not there or comes twice; nothing is reset then.
        """
        if rows is None:
            self._native.reset(self._ids)
            return
        chosen = [integer(row) for row in np.atleast_1d(rows)]
        if any(row is None or not 0 <= row < len(self._ids) for row in chosen):
            raise ValueError(f"reset: argument `rows` must be of 0 to {len(self._ids) - 1}; received {rows}")
        self._native.reset(self._ids[np.array(chosen, np.intp)])

    @property
    def state(self) -> list[Array]:
        """Copies of all states, each [batch, units]: h, and c of an LSTM, of each recurrent layer in turn."""
        return self._native.states(self._ids)

    @state.setter
    def state(self, states: Any) -> None:
        self._native.set_states(self._ids, [floating(s, self._frozen.element, "state") for s in states])


class StreamPool:
    """Sequences that come and go, each known by an id: see `FrozenModel.stream_pool`.

    A call steps any of them as one batch; a stream's numbers do not depend on its company. A closed id is
    never used again.
    """

    __slots__ = ("_frozen", "_native", "capacity")

    def __init__(self, frozen: FrozenModel, capacity: int) -> None:
        self._frozen = frozen
        self._native = frozen.program.streams(capacity)
        self.capacity = capacity

    def open(self) -> int:
        """The id of a new stream, whose states are zero; ValueError if the pool is full."""
        return self._native.open()

    def close(self, ids: Any) -> None:
        """Ends streams: one id or several."""
        self._native.close(_ids(ids))

    def reset(self, ids: Any) -> None:
        """Sets the states of streams back to zero."""
        self._native.reset(_ids(ids))

    def step(self, ids: Any, x: Any) -> Array:
        """The outputs [n, units] of n streams after one more timestep x [n, features], or of ids [n].

        Raises:
            ValueError: an id that is not open, or comes twice, or an `x` that does not fit; no state has
                moved then.
        """
        return self._native.step(self._frozen.ready(x), _ids(ids))

    def run(self, ids: Any, x: Any) -> Array:
        """The outputs of n streams after a chunk x [n, timesteps, features]; raises as `step`."""
        return self._native.run(self._frozen.ready(x), _ids(ids))

    def state(self, ids: Any) -> list[Array]:
        """Copies of the states of streams, each [n, units]."""
        return self._native.states(_ids(ids))

    def set_state(self, ids: Any, states: Any) -> None:
        """Replaces the states of streams by copies of these, each [n, units]."""
        self._native.set_states(_ids(ids), [floating(s, self._frozen.element, "state") for s in states])


def _ids(ids: Any) -> Array:
    """`ids` as an int64 array [n]; TypeError for anything but integers."""
    array = np.atleast_1d(np.asarray(ids))
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"argument `ids` must hold integers; received an array of dtype {array.dtype}")
    return np.require(array, np.int64, ["C", "A"])
