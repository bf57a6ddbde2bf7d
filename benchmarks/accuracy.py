"""What bfloat16 and int8 cost in accuracy: classifiers trained in float32 on recorded sequences, then frozen.

    pip install aeon && python benchmarks/accuracy.py [--seeds 5] [--json accuracy.json]

Each model is trained by Tidegate alone (Adam, cross-entropy), once a seed, and frozen as float32, bfloat16
and int8. The table has the mean accuracy over the seeds on the test set, how far it is from float32's, and
the root of the mean square of the differences of the outputs, which are probabilities. It fails where a mean
is more than half a point from float32's.

JapaneseVowels: 9 speakers from 12 cepstral features of utterances of 7 to 29 steps, padded on the left or the
right and masked (270 to train, 370 to test). ItalyPowerDemand: winter or summer from the 24 hours of a day
(67, 1029). Both ship with aeon.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from report import machine

import tidegate
from tidegate.layers import GRU, LSTM, Bidirectional, Dense, Input, Masking
from tidegate.models import Sequential
from tidegate.optimizers import Adam
from tidegate.utils import set_random_seed

Array = NDArray[Any]
DTYPES = ("float32", "bfloat16", "int8")
MOST_LOST = 0.5  # points of accuracy


class Data(NamedTuple):
    """x [N, T, F], and classes y [N] from 0 on."""

    x: Array
    y: Array


def padded(sequences: list[Array], side: str) -> Array:
    """[N, T, F] from arrays [length, F], zeros on one side of the shorter ones."""
    longest = max(map(len, sequences))
    x = np.zeros((len(sequences), longest, sequences[0].shape[1]), "f4")
    for row, sequence in zip(x, sequences, strict=True):
        row[longest - len(sequence) if side == "left" else 0 :][: len(sequence)] = sequence
    return x


def load(name: str, side: str) -> tuple[Data, Data]:
    """The sets to train and to test on, each feature in units of its deviation in the first."""
    try:
        from aeon.datasets import load_italy_power_demand, load_japanese_vowels
    except ImportError:
        sys.exit("The data ship with aeon, which is not installed: pip install aeon")
    loader = {"JapaneseVowels": load_japanese_vowels, "ItalyPowerDemand": load_italy_power_demand}[name]
    train, test = (loader(split=split) for split in ("train", "test"))
    classes, steps = np.unique(train[1]), np.concatenate([sequence.T for sequence in train[0]])
    mean, deviation = steps.mean(axis=0), steps.std(axis=0)

    def prepared(sequences: Any, labels: Array) -> Data:
        scaled = [(sequence.T - mean) / deviation for sequence in sequences]
        return Data(padded(scaled, side), np.searchsorted(classes, labels))

    return prepared(*train), prepared(*test)


RECURRENT: dict[str, Callable[[], Any]] = {
    "LSTM(64)": lambda: LSTM(64),
    "GRU(64)": lambda: GRU(64),
    "Bidirectional(LSTM(32))": lambda: Bidirectional(LSTM(32)),
}
EPOCHS = {"JapaneseVowels": 60, "ItalyPowerDemand": 150}
CASES = [("JapaneseVowels", side, name) for side in ("left", "right") for name in RECURRENT]
CASES += [("ItalyPowerDemand", "none", name) for name in RECURRENT]


def trained(data: Data, recurrent: str, masked: bool, epochs: int, seed: int) -> Sequential:
    set_random_seed(seed)
    model = Sequential(
        [
            Input((None, data.x.shape[2])),
            *([Masking()] if masked else []),
            RECURRENT[recurrent](),
            Dense(int(data.y.max()) + 1, activation="softmax"),
        ]
    )
    model.compile(optimizer=Adam(0.005), loss="sparse_categorical_crossentropy")
    model.fit(data.x, data.y, batch_size=16, epochs=epochs, verbose=0)
    return model


def measured(case: tuple[str, str, str], seeds: int) -> dict[str, dict[str, Any]]:
    """For each dtype: accuracies in percent, one a seed, and how far the outputs are from float32's."""
    data, side, recurrent = case
    train, test = load(data, side)
    found: dict[str, dict[str, Any]] = {
        dtype: {"accuracies": [], "rms": [], "largest": []} for dtype in DTYPES
    }
    for seed in range(seeds):
        model = trained(train, recurrent, side != "none", EPOCHS[data], seed)
        for dtype, figures in found.items():
            frozen = model.freeze(dtype)
            hits = frozen(test.x).argmax(axis=1) == test.y
            largest, rms = frozen.compare(test.x)
            figures["accuracies"].append(100 * float(hits.mean()))
            figures["rms"].append(rms)
            figures["largest"].append(largest)
    exact = np.mean(found["float32"]["accuracies"])
    for figures in found.values():
        figures["accuracy"] = float(np.mean(figures["accuracies"]))
        figures["gained"] = float(figures["accuracy"] - exact)
        figures["rms"] = float(np.sqrt(np.mean(np.square(figures["rms"]))))
        figures["largest"] = float(np.max(figures["largest"]))
    return found


def print_case(case: tuple[str, str, str], found: dict[str, dict[str, Any]]) -> None:
    data, side, recurrent = case
    print(f"{data}, {recurrent}" + (f", padded on the {side}" if side != "none" else ""))
    for dtype, figures in found.items():
        print(
            f"  {dtype:9} {figures['accuracy']:6.2f} %  {figures['gained']:+5.2f} points  "
            f"outputs off by {figures['rms']:.1e} RMS, {figures['largest']:.1e} at most",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    rows, lost = [], []
    for case in CASES:
        found = measured(case, options.seeds)
        print_case(case, found)
        rows.append({**dict(zip(("data", "padding", "model"), case, strict=True)), **found})
        lost += [case for figures in found.values() if abs(figures["gained"]) > MOST_LOST]
    if options.json:
        report = {"machine": machine(), "info": tidegate.info(), "rows": rows}
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    if lost:
        sys.exit(f"more than {MOST_LOST} points from float32: {lost}")


if __name__ == "__main__":
    main()
