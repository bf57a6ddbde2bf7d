"""Windows over a time series, in batches."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate import random
from tidegate.inputs import non_negative_integer, positive_integer
from tidegate.utils.dataset import Dataset
from tidegate.values import as_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "timeseries_dataset_from_array"


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Windows over a series, and the target of each: batches ([batch, sequence_length, ...], [batch, ...]).

    Args:
        data: the series [timesteps, ...].
        targets: `targets[i]` belongs to the window that begins at `data[i]`; None for windows alone.
        sequence_length: timesteps of a window.
        sequence_stride: how far windows begin from each other.
        sampling_rate: how far the timesteps of a window are from each other.
        batch_size: windows of a batch; None for single windows.
        shuffle: whether windows come in another order, anew in every pass.
        seed: of the order; None for one under that of `set_random_seed`.
        start_index: the first timestep that is used.
        end_index: the first one after `start_index` that is not.
        format: "tf" or "grain", which mean the same dataset here.

    Raises ValueError for a number that does not fit the series.
    """
    series = as_tensor(data)
    _check(len(series), sequence_stride, sampling_rate, start_index, end_index)
    length = positive_integer(sequence_length, "sequence_length", _NAME)
    size = None if batch_size is None else positive_integer(batch_size, "batch_size", _NAME)
    if format not in ("tf", "grain"):
        raise ValueError(f"{_NAME}: argument `format` expected 'tf' or 'grain'; received {format!r}")
    series = series[start_index or 0 : end_index]
    goals = None if targets is None else as_tensor(targets)[start_index or 0 : end_index]
    windows = len(series) - (length - 1) * sampling_rate
    if goals is not None:
        windows = min(windows, len(goals))
    begins = np.arange(0, max(windows, 0), sequence_stride)
    steps = np.arange(length) * sampling_rate
    key = (random.next_seed() if seed is None else seed) if shuffle else 0
    passes = itertools.count()

    def element(at: Any) -> Any:
        """The windows that begin at a timestep, or at each of several."""
        found = series[np.add.outer(at, steps)]
        return found if goals is None else (found, goals[at])

    def walk() -> Iterator[Any]:
        order = begins
        if shuffle:
            order = begins[random.permutation(len(begins), key, next(passes))]
        if size is None:
            return map(element, order)
        return (element(order[first : first + size]) for first in range(0, len(order), size))

    return Dataset(walk, len(begins) if size is None else -(-len(begins) // size), size)


def _check(
    timesteps: int,
    sequence_stride: int,
    sampling_rate: int,
    start_index: int | None,
    end_index: int | None,
) -> None:
    """Raises ValueError unless all of these are inside of the series."""
    for name, value in (("sequence_stride", sequence_stride), ("sampling_rate", sampling_rate)):
        if positive_integer(value, name, _NAME) >= timesteps:
            raise ValueError(_outside(name, timesteps, value))
    start = 0 if start_index is None else non_negative_integer(start_index, "start_index", _NAME)
    end = timesteps if end_index is None else positive_integer(end_index, "end_index", _NAME)
    if start and start >= timesteps:
        raise ValueError(_outside("start_index", timesteps, start))
    if end_index is not None and end >= timesteps:
        raise ValueError(_outside("end_index", timesteps, end))
    if end <= start and start:
        raise ValueError(
            f"{_NAME}: argument `end_index` must be higher than `start_index` = {start}; received {end}"
        )


def _outside(name: str, timesteps: int, value: int) -> str:
    return (
        f"{_NAME}: argument `{name}` must be lower than the length of the data, {timesteps}; received {value}"
    )
