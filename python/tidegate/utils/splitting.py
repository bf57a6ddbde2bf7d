"""Splitting data into two datasets."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from tidegate.inputs import short
from tidegate.utils.dataset import Dataset
from tidegate.values import as_tensor


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Two datasets: the first rows, and the last.

    Args:
        dataset: an array [rows, ...], a list or tuple of them, or a dataset.
        left_size: how many rows come first, or which part of them between 0 and 1; None for the others.
        right_size: likewise of the last.
        shuffle: whether rows change places before.
        seed: of the order that Python's `random` shuffles them into.
        preferred_backend: accepted; there is one kind of dataset.

    Returns:
        Datasets of rows; of batches where `dataset` is one of batches.

    Raises:
        TypeError: no such data, or a size that is no number.
        ValueError: sizes that do not fit, or none.
    """
    size = None
    if isinstance(dataset, Dataset):
        size = dataset.batch_size
        rows = list((dataset if size is None else dataset.unbatch()).as_numpy_iterator())
    elif isinstance(dataset, (list, tuple)):
        arrays = [as_tensor(each) for each in dataset]
        rows = list(zip(*arrays, strict=True)) if arrays and all(each.ndim for each in arrays) else []
    elif isinstance(dataset, np.ndarray):
        rows = list(dataset)
    else:
        raise TypeError(
            "split_dataset: `dataset` expected an array, a list of arrays or a dataset; "
            f"received {short(dataset)}"
        )
    if shuffle:
        python_random.Random(python_random.randint(0, int(1e6)) if seed is None else seed).shuffle(rows)
    left, right = _sizes(left_size, right_size, len(rows))
    found = [_of_rows(rows[:left]), _of_rows(rows[len(rows) - right :])]
    if size is not None:
        found = [each.batch(size) for each in found]
    return found[0], found[1]


def _sizes(left: Any, right: Any, count: int) -> tuple[int, int]:
    """Both sizes as numbers of rows."""
    if left is None and right is None:
        raise ValueError("split_dataset: give `left_size` or `right_size`; received None for both")
    found = {}
    for name, value in (("left_size", left), ("right_size", right)):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise TypeError(f"split_dataset: argument `{name}` expected a number; received {short(value)}")
        part = isinstance(value, (float, np.floating))
        if not 0 < value < (1 if part else count):
            raise ValueError(
                f"split_dataset: argument `{name}` expected a number of rows below {count}, or a part of "
                f"them between 0 and 1; received {value}"
            )
        found[name] = round(value * count) if part else int(value)
    first = found.get("left_size", count - found.get("right_size", 0))
    last = found.get("right_size", count - first)
    if first + last > count:
        raise ValueError(
            f"split_dataset: `left_size` and `right_size` make {first} and {last} rows of {count} together"
        )
    return first, last


def _of_rows(rows: list[Any]) -> Dataset:
    return Dataset(lambda: iter(rows), len(rows))
