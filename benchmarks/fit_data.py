"""The data of bench_fit.py, made once for all libraries: `x`, `y`, `test_x`, and what a metric needs."""

from __future__ import annotations

from collections.abc import Callable
from pydoc_data.topics import topics
from typing import Any

import numpy as np
from accuracy import load
from numpy.typing import NDArray

from tidegate.demo import TEST_MONTHS, load_series, make_windows

Arrays = dict[str, NDArray[Any]]

CHARACTERS = 200_000  # of the text, the last tenth of them for the test
WINDOW = 64


def airline() -> Arrays:
    """As in the demo: changes of twelve months, and the one that follows; the last two years are the test."""
    series = load_series()
    windows = make_windows(series.passengers)
    return {
        "x": windows.inputs[:-TEST_MONTHS],
        "y": windows.targets[:-TEST_MONTHS],
        "test_x": windows.inputs[-TEST_MONTHS:],
        "scale": np.array([windows.mean, windows.deviation]),
        "last_month": np.array(series.passengers[-TEST_MONTHS - 1 : -1]),
        "truth": np.array(series.passengers[-TEST_MONTHS:]),
    }


def vowels() -> Arrays:
    """JapaneseVowels, as in accuracy.py: 9 speakers from utterances of 7 to 29 steps, padded on the right."""
    train, test = load("JapaneseVowels", "right")
    return {"x": train.x, "y": train.y, "test_x": test.x, "test_y": test.y}


def characters() -> Arrays:
    """Python's help on its own words, which comes with every Python: windows, and the same a character on."""
    text = "".join(topics[name] for name in sorted(topics))[: CHARACTERS + 1]
    alphabet, ids = np.unique(np.array(list(text)), return_inverse=True)
    count = (len(ids) - 1) // WINDOW
    x, y = (ids[start:][: count * WINDOW].reshape(count, WINDOW).astype("i4") for start in (0, 1))
    test = count // 10
    return {"x": x[:-test], "y": y[:-test], "test_x": x[-test:], "test_y": y[-test:], "alphabet": alphabet}


DATA: dict[str, Callable[[], Arrays]] = {"airline": airline, "vowels": vowels, "characters": characters}
