"""Inference cell by cell: LSTM and GRU over batches, lengths and units, against the best of the peers.

    python benchmarks/grid.py [--json grid.json] [--units 64 128] [--shapes 1,1 32,100] [--random 20]

Workers, checks and rounds are those of race.py. A cell has the ratio of the best peer's time to Tidegate's,
the median over the rounds of each round's minima, with the interval that holds 95 % of the medians of rounds
drawn again (bootstrap); and the share of its bound, as bench_kernels.py defines it, with the peak and the
bandwidth of the threads used. Cells drawn at random have sizes that nobody tunes for.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from peers import PEERS
from race import race
from report import machine, microseconds
from rows import Row
from worker import PeerError, Worker

UNITS = (32, 50, 64, 100, 128, 200, 256, 512)
SHAPES = ("1,1", "1,100", "8,100", "32,100", "128,50")
# The ratio to the best peer that a cell should reach, by (batch, timesteps) and units.
BARS = {(1, 100): 1.8, (8, 100): 1.2, (32, 100): 1.2, (128, 50): 1.1}
SHARE = 0.85  # of the bound, which will do instead


def bar_of(row: Row) -> float:
    if row.batch == row.timesteps == 1:
        return 4.0 if row.units <= 100 else 2.0
    return BARS.get((row.batch, row.timesteps), 1.0)


def drawn(count: int, seed: int) -> list[Row]:
    """Cells of random sizes."""
    draw = np.random.default_rng(seed)
    limits = (256, 200, 300, 512)
    return [
        Row(
            "forward",
            *(int(draw.integers(1, limit + 1)) for limit in limits),
            str(draw.choice(["lstm", "gru"])),
        )
        for _ in range(count)
    ]


def bound(row: Row, peak: float, bandwidth: float) -> float:
    """Seconds: all flops at the peak, but every step waits for the recurrent weights at least."""
    recurrent = row.units * row.gates * row.units
    step = max(2 * row.batch * recurrent / peak, 4 * recurrent / bandwidth)
    return 2 * row.batch * row.timesteps * row.features * row.gates * row.units / peak + row.timesteps * step


def judge(row: Row, measured: dict[str, Any], bandwidth: float, draws: int = 2000) -> dict[str, Any]:
    """Ratio to the best peer with its interval, and the share of the bound."""
    minima = {name: np.array(found["round_minima"]) for name, found in measured["peers"].items()}
    own = minima.pop("tidegate")
    best = min(minima, key=lambda name: float(np.median(minima[name])))
    again = np.random.default_rng(0).integers(0, len(own), (draws, len(own)))
    ratios = np.median(minima[best][again], axis=1) / np.median(own[again], axis=1)
    ratio, seconds = float(np.median(minima[best]) / np.median(own)), float(np.median(own))
    share = bound(row, measured["fma_peak"], bandwidth) / seconds
    low, high = (float(each) for each in np.percentile(ratios, (2.5, 97.5)))
    return {
        "seconds": seconds,
        "best": best,
        "ratio": ratio,
        "interval": [low, high],
        "share": share,
        "bar": bar_of(row),
        "passes": ratio >= bar_of(row) or share >= SHARE,
        "loses": high < 1,
    }


def print_cell(row: Row, found: dict[str, Any]) -> None:
    low, high = found["interval"]
    verdict = "LOSES" if found["loses"] else "" if found["passes"] else f"below {found['bar']}"
    print(
        f"{row.name:22} {microseconds(found['seconds']):>9} us  "
        f"{found['ratio']:6.2f} ({low:.2f} - {high:.2f}) of {found['best']:11} "
        f"{found['share']:4.0%} of the bound  {verdict}",
        flush=True,
    )


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cells", nargs="+", choices=("lstm", "gru"), default=["lstm", "gru"])
    parser.add_argument("--units", nargs="+", type=int, default=list(UNITS), help="U, with F the same")
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), metavar="B,T")
    parser.add_argument("--random", type=int, default=20, help="cells of random sizes (default 20)")
    parser.add_argument("--seed", type=int, help="that they are drawn with (default: another every time)")
    parser.add_argument("--peers", nargs="+", choices=PEERS[1:], default=list(PEERS[1:]))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.03, help="of a turn (default 0.03)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="where to write all figures")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = options_of(arguments)
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    shapes = [tuple(int(size) for size in shape.split(",")) for shape in options.shapes]
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "little")
    rows = [
        Row("forward", b, t, u, u, cell) for cell in options.cells for b, t in shapes for u in options.units
    ]
    rows += drawn(options.random, seed)
    report: dict[str, Any] = {"machine": machine(), "threads": options.threads, "seed": seed, "cells": {}}
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(name, options.threads)) for name in ("tidegate", *options.peers)
        ]
        report["versions"] = {worker.name: worker.ask("version") for worker in workers}
        for row in rows:
            measured = race(row, workers, options.rounds, options.seconds, options.threads)
            bandwidth = workers[0].ask(
                "read_bandwidth", 4 * row.units * row.gates * row.units // options.threads
            )
            found = judge(row, measured, bandwidth * options.threads)
            report["cells"][row.name] = found
            print_cell(row, found)
    cells = report["cells"].values()
    passed, lost = (sum(cell[what] for cell in cells) for what in ("passes", "loses"))
    print(f"{passed} of {len(cells)} pass, {lost} lose; seed {seed}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PeerError as error:
        sys.exit(str(error))
