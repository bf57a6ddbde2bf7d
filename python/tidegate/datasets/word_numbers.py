"""What imdb and reuters share: texts as lists of word numbers, the most frequent word with the least."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.datasets.files import found

if TYPE_CHECKING:
    from tidegate.variable import Array


def shuffled(seed: int, *rows: Array) -> list[Array]:
    """Arrays in one new order, which is Keras's."""
    return shuffled_by(np.random.RandomState(seed), *rows)


def shuffled_by(draw: Any, *rows: Array) -> list[Array]:
    """The same by a generator that has been drawn from before."""
    order = np.arange(len(rows[0]))
    draw.shuffle(order)
    return [each[order] for each in rows]


def started(texts: Array, start_char: int | None, index_from: int | None) -> list[list[int]]:
    """Numbers moved up by `index_from`, behind a number that says that a text begins."""
    shift = index_from or 0
    start = [] if start_char is None else [start_char]
    return [start + [number + shift for number in text] for text in texts]


def short_ones(texts: list[list[int]], labels: Array, maxlen: int | None) -> tuple[list[list[int]], Array]:
    """Those with fewer numbers than `maxlen`; ValueError where none is left."""
    if not maxlen:
        return texts, labels
    kept = [place for place, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise ValueError(f"argument `maxlen` = {maxlen} leaves no text, as only shorter ones are kept")
    return [texts[place] for place in kept], labels[kept]


def frequent_ones(
    texts: list[list[int]], num_words: int | None, skip_top: int, oov_char: int | None
) -> Array:
    """The words from `skip_top` up to `num_words`, and `oov_char` in the place of others, or nothing."""
    end = num_words or max(max(text, default=0) for text in texts)
    rows = np.empty(len(texts), object)
    for place, text in enumerate(texts):
        if oov_char is None:
            rows[place] = [number for number in text if skip_top <= number < end]
        else:
            rows[place] = [number if skip_top <= number < end else oov_char for number in text]
    return rows


def word_index(path: Any, file: str) -> dict[str, int]:
    """Word -> number, from a file of JSON."""
    with open(found(path, file), encoding="utf-8") as opened:
        index: dict[str, int] = json.load(opened)
    return index
