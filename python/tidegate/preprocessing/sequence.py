"""Sequences: padding, windows over a series by number, and pairs of words that stand near each other."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import non_negative_integer, positive_integer
from tidegate.utils.py_dataset import PyDataset
from tidegate.utils.sequences import pad_sequences

if TYPE_CHECKING:
    from tidegate.variable import Array

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "skipgrams"]


class TimeseriesGenerator(PyDataset):
    """Batches of windows over a series, each with the target of the step behind it.

    Args:
        data: the series [timesteps, ...], a list or an array.
        targets: as many; `targets[i]` goes with the window that ends before `data[i]`.
        length: how many timesteps back a window begins.
        sampling_rate: how far its timesteps are from each other.
        stride: how far windows are from each other.
        start_index, end_index: the first and the last timestep that is used; by default all.
        shuffle: whether a batch has windows drawn at random, by NumPy's global numbers as in Keras.
        reverse: whether the timesteps of a window come backwards.
        batch_size: windows of a batch.
        options: of `PyDataset`.

    Raises ValueError for lengths that do not fit each other.
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        owner = type(self).__name__
        if len(data) != len(targets):
            raise ValueError(
                f"{owner}: `data` and `targets` must be of one length; "
                f"received {len(data)} and {len(targets)}"
            )
        self.data, self.targets = data, targets
        self.length = positive_integer(length, "length", owner)
        self.sampling_rate = positive_integer(sampling_rate, "sampling_rate", owner)
        self.stride = positive_integer(stride, "stride", owner)
        self.start_index = non_negative_integer(start_index, "start_index", owner) + self.length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse = shuffle, reverse
        self.batch_size = positive_integer(batch_size, "batch_size", owner)
        if not self.start_index <= self.end_index < len(data):
            raise ValueError(
                f"{owner}: a series of {len(data)} timesteps has no window of `length` = {length} from "
                f"`start_index` = {start_index} to `end_index` = {self.end_index}"
            )

    def __len__(self) -> int:
        """Batches."""
        return (self.end_index - self.start_index) // (self.batch_size * self.stride) + 1

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        """The batch of this number: windows [batch, steps, ...] and targets [batch, ...]."""
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, self.batch_size)  # noqa: NPY002
        else:
            first = self.start_index + self.batch_size * self.stride * index
            last = min(first + self.batch_size * self.stride, self.end_index + 1)
            rows = np.arange(first, last, self.stride)
        windows = np.array([self.data[row - self.length : row : self.sampling_rate] for row in rows])
        targets = np.array([self.targets[row] for row in rows])
        return (windows[:, ::-1] if self.reverse else windows), targets

    def get_config(self) -> dict[str, Any]:
        """The arguments, with the data as text of JSON; `start_index` as it is used, `length` later."""
        names = ("length", "sampling_rate", "stride", "start_index", "end_index", "shuffle", "reverse",
                 "batch_size")  # fmt: skip
        texts = {name: _json(getattr(self, name), name) for name in ("data", "targets")}
        return texts | {name: getattr(self, name) for name in names}

    def to_json(self, **options: Any) -> str:
        """The configuration as JSON; `options` go to `json.dumps`."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **options)


def _json(values: Any, name: str) -> str:
    try:
        return json.dumps(values.tolist() if isinstance(values, np.ndarray) else values)
    except TypeError as error:
        raise TypeError(f"TimeseriesGenerator: `{name}` has no form in JSON: {error}") from error


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> Array:
    """How likely the word of each rank is kept, [size], where their frequencies follow Zipf's law."""
    ranks = np.maximum(np.arange(size), 1)
    inverse_frequency = ranks * (np.log(ranks) + 0.577) + 0.5 - 1 / (12 * ranks)
    table: Array = np.minimum(1.0, np.sqrt(sampling_factor * inverse_frequency))
    return table


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Pairs of words, and whether they stand near each other in a sequence.

    Args:
        sequence: word numbers; 0 is no word.
        vocabulary_size: the largest number and one more.
        window_size: up to how far words are near.
        negative_samples: how many pairs with a word drawn at random there are to each that is near.
        shuffle: whether the pairs change places.
        categorical: whether labels are [0, 1] and [1, 0] in the place of 1 and 0.
        sampling_table: how likely the word of each number is kept; None for all of them.
        seed: of the order. Words are drawn by Python's `random`, as in Keras.

    Returns:
        The pairs [word, other word], and their labels.
    """
    pairs: list[list[int]] = []
    for place, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        for other in range(max(0, place - window_size), min(len(sequence), place + window_size + 1)):
            if other != place and sequence[other]:
                pairs.append([word, sequence[other]])
    near, apart = ([0, 1], [1, 0]) if categorical else (1, 0)
    labels: list[Any] = [near] * len(pairs)
    if negative_samples > 0:
        words = [word for word, _ in pairs]
        random.shuffle(words)
        count = int(len(labels) * negative_samples)
        pairs += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)]
        labels += [apart] * count
    if shuffle:
        key = random.randint(0, 10_000_000) if seed is None else seed
        for each in (pairs, labels):  # both into one order
            random.seed(key)
            random.shuffle(each)
    return pairs, labels
