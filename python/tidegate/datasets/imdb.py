"""Reviews of films as lists of word numbers, and whether each is favourable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.datasets import word_numbers
from tidegate.datasets.files import arrays, found

if TYPE_CHECKING:
    from tidegate.variable import Array


def load_data(
    path: Any = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """((x, y) for training, (x, y) for tests): x an array of lists of word numbers, y int64 of 0 and 1.

    Args:
        path: of the `.npz` file, here or in `~/.keras/datasets`.
        num_words: only words with smaller numbers are kept; None for all but the rarest.
        skip_top: so many of the most frequent words are left out.
        maxlen: only shorter reviews are kept.
        seed: of the order of the reviews.
        start_char: what each review begins with; None for nothing.
        oov_char: what stands for words that are left out; None for nothing.
        index_from: what is added to the numbers of words.

    Raises:
        FileNotFoundError: the file is not there; the message says where to put it.
        ValueError: another file, or a `maxlen` that leaves nothing.
    """
    given = arrays(found(path, "imdb.npz"), "x_train", "y_train", "x_test", "y_test")
    draw = np.random.RandomState(seed)
    parts = []
    for texts, labels in (given[:2], given[2:]):
        texts, labels = word_numbers.shuffled_by(draw, texts, labels)
        began = word_numbers.started(texts, start_char, index_from)
        parts.append(word_numbers.short_ones(began, labels, maxlen))
    (x_train, y_train), (x_test, y_test) = parts
    x = word_numbers.frequent_ones(x_train + x_test, num_words, skip_top, oov_char)
    return (x[: len(x_train)], y_train), (x[len(x_train) :], y_test)


def get_word_index(path: Any = "imdb_word_index.json") -> dict[str, int]:
    """Word -> number, before `index_from` is added; raises FileNotFoundError as `load_data`."""
    return word_numbers.word_index(path, "imdb_word_index.json")
