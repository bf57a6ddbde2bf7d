"""Keras's automatic names: `lstm`, `lstm_1`, ... for objects, and for the groups of a weights file."""

from __future__ import annotations

import re

_WORD_START = re.compile("(.)([A-Z][a-z]+)")
_CAPITAL = re.compile("([a-z])([A-Z])")
_taken: dict[str, int] = {}


def snake_case(name: str) -> str:
    """`LSTM` -> `lstm`, `SimpleRNN` -> `simple_rnn`, `RMSprop` -> `rm_sprop`, as Keras spells names."""
    return _CAPITAL.sub(r"\1_\2", _WORD_START.sub(r"\1_\2", name)).lower()


def numbered(name: str, taken: dict[str, int]) -> str:
    """The first use of a name keeps it, the next ones get `_1`, `_2`, ...; `taken` counts the uses."""
    count = taken.get(name, 0)
    taken[name] = count + 1
    return f"{name}_{count}" if count else name


def auto_name(class_name: str) -> str:
    """A name for an object that was given none, unique in this process."""
    return numbered(snake_case(class_name), _taken)


def reset_auto_names() -> None:
    """Start the automatic names over, as after `clear_session`."""
    _taken.clear()
