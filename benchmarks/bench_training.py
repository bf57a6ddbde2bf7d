"""What a training step pays for masks and for recurrent dropout, and the memory that it takes.

    python benchmarks/bench_training.py [--parts masks dropout memory] [--json training_costs.json]

Steps are those of the suite `training` of grid.py: one layer, forward, backward and SGD, by `train_on_batch`.
What is compared takes turns in every round; a ratio is that of the medians over the rounds of each round's
minima, with the interval that holds 95 % of those of rounds drawn again (bootstrap), and its bar.

masks: rows of random lengths, padded on either side, which Masking finds: the time per real timestep over
    that of full rows. Both are checked before they are timed, against `tidegate.reference` in float64.
dropout: a layer with `recurrent_dropout=0.2` over one without. Its masks are drawn, so its update is held to
    be another one, of the same size.
memory: the peak of the resident memory over the first steps, beyond what was resident before them, in a new
    process that has trained a tiny layer: Tidegate's and PyTorch's, which end with the same weights.
"""

from __future__ import annotations

import argparse
import json
import operator
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from answers import off_by
from numpy.typing import NDArray
from race import check, take_turns
from report import Figure, figure, machine, print_figure, resampled
from rows import SGD_LEARNING_RATE, Row, data_of, lengths_of, mask_of, weights_of
from worker import PeerError, Worker

import tidegate
from tidegate.reference.recurrent import Recurrent

CELLS = ("lstm", "gru")
SHAPES = ((16, 50), (32, 100), (128, 20))
FEATURES, UNITS = 32, (32, 64, 128, 256)
RATE = 0.2  # of dropout
MEMORY_SIZES = ((1, 1000, 32, 128), (32, 100, 32, 128), (128, 20, 32, 512), (64, 200, 64, 256))


def full_rows() -> list[Row]:
    return [
        Row("train_layer", *shape, FEATURES, units, cell)
        for cell, shape, units in product(CELLS, SHAPES, UNITS)
    ]


def masks(options: argparse.Namespace) -> Iterator[Figure]:
    with Worker("tidegate", options.threads) as own:
        for full in full_rows():
            padded = [full._replace(padding=side) for side in ("right", "left")]
            for row in (full, *padded):
                answers = {"reference": trained_of(row), "tidegate": own.ask("prepare", row)}
                check(dict.fromkeys(answers, row), answers)
            yield from costs(own, full, padded, options, most=1.15)


def dropout(options: argparse.Namespace) -> Iterator[Figure]:
    with Worker("tidegate", options.threads) as own:
        for full in full_rows():
            dropping = full._replace(recurrent_dropout=RATE)
            plain, dropped = (own.ask("prepare", row) for row in (full, dropping))
            if not 0.01 < (apart := off_by(full, dropped, plain)) < 10:
                raise PeerError(f"{dropping.name}: an update that is {apart:.1e} off the one without dropout")
            yield from costs(own, full, [dropping], options, most=1.35)


def memory(options: argparse.Namespace) -> Iterator[Figure]:
    for cell, sizes in product(CELLS, MEMORY_SIZES):
        row, grown, answers = Row("train_layer", *sizes, cell), {}, {}
        for name in ("tidegate", "pytorch"):
            with Worker(name, options.threads) as worker:
                grown[name] = worker.ask("growth_of_peak", row)
                answers[name] = worker.ask("prepare", row)
        check(dict.fromkeys(answers, row), answers)
        yield from (figure(f"{row.name}: {name}", "MiB", value) for name, value in grown.items())
        yield figure(f"{row.name}: tidegate / pytorch", "x", grown["tidegate"] / grown["pytorch"])


def trained_of(row: Row) -> list[NDArray[np.float64]]:
    """The weights after a step, by the equations in float64."""
    weights = [array.astype("f8") for array in weights_of(row).cells[0]]
    x, y = (array.astype("f8") for array in data_of(row))
    layer = Recurrent(row.cell, row.units)
    h, _, kept = layer.forward(x, weights, mask=mask_of(row), keep=True)
    assert kept is not None  # as was asked for
    _, d_weights, _ = layer.backward(kept, 2 * (h - y) / h.size, need_d_x=False)
    return [w - SGD_LEARNING_RATE * d_w for w, d_w in zip(weights, d_weights, strict=True)]


def costs(
    own: Worker, full: Row, others: list[Row], options: argparse.Namespace, most: float
) -> list[Figure]:
    """The time per real timestep of rows that are prepared, over that of the first; forgets them."""
    rows = {row.name: row for row in (full, *others)}
    entrants = {name: (own, row) for name, row in rows.items()}
    turns, _ = take_turns(entrants, options.rounds, options.seconds)
    for row in rows.values():
        own.ask("forget", row)
    steps = {name: lengths_of(row).sum() for name, row in rows.items()}
    times = {name: [min(turn) / steps[name] for turn in found] for name, found in turns.items()}
    return [
        figure(row.name, "x", *resampled(operator.truediv, times[row.name], times[full.name]), most=most)
        for row in others
    ]


PARTS = {"masks": masks, "dropout": dropout, "memory": memory}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.03, help="of a turn (default 0.03)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args(arguments)
    report: dict[str, Any] = {"machine": machine(), "info": tidegate.info(), "figures": []}
    for part in options.parts:
        print(part, flush=True)
        for found in PARTS[part](options):
            report["figures"].append(found)
            print_figure(found)
    bars = [found for found in report["figures"] if found["most"]]
    print(f"{sum(not found['passes'] for found in bars)} of {len(bars)} bars missed")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PeerError as error:
        sys.exit(str(error))
