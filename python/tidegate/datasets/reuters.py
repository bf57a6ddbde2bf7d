"""News as lists of word numbers, and which of 46 subjects each has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.datasets import word_numbers
from tidegate.datasets.files import arrays, found

if TYPE_CHECKING:
    from tidegate.variable import Array


def load_data(
    path: Any = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """((x, y) for training, (x, y) for tests): x an array of lists of word numbers, y int64.

    `test_split` is the part that is for tests; the others, and what is raised, as of `imdb.load_data`.
    """
    texts, labels = word_numbers.shuffled(seed, *arrays(found(path, "reuters.npz"), "x", "y"))
    began = word_numbers.started(texts, start_char, index_from)
    kept, labels = word_numbers.short_ones(began, labels, maxlen)
    x = word_numbers.frequent_ones(kept, num_words, skip_top, oov_char)
    at = int(len(x) * (1 - test_split))
    return (x[:at], labels[:at]), (x[at:], labels[at:])


def get_word_index(path: Any = "reuters_word_index.json") -> dict[str, int]:
    """Word -> number, before `index_from` is added; raises FileNotFoundError as `load_data`."""
    return word_numbers.word_index(path, "reuters_word_index.json")
