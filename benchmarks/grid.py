"""Cell by cell: LSTM and GRU over batches, lengths and units, against the best of the peers.

    python benchmarks/grid.py [--suite cells stacked] [--units 64 128] [--shapes 1,1 32,100] [--json x.json]

The suites, in suites.py with their bars, are `cells`, one layer, and sizes drawn at random that nobody tunes
for; `stacked`, two layers; `bidirectional`; `lengths`, rows padded on the right or on the left; `bfloat16`;
`int8`; and `training`, whole steps of one layer (forward, backward and SGD), random sizes too, in which Keras
takes part if it is there. Workers, checks and rounds are those of race.py.

A cell has the ratio of the best peer's time to Tidegate's, the median over the rounds of each round's minima,
with the interval that holds 95 % of the medians of rounds drawn again (bootstrap). In float32 it has the
share of its bound, as bench_kernels.py defines it, with the peak and the bandwidth of the threads used; in
training the bound is three times the forward's flops at the peak. In narrower numbers it has the ratio to
Tidegate's own float32 in the same rounds, and how far every contender is off the answer in float64; race.py
says how far it may be. `bfloat16` is skipped on a CPU without dot products of it.

In training a peer that took 1.5 times the best one's time in the first two rounds sits out the others, and
its figures are of those two; Keras on TensorFlow goes the faster of two ways, compiled by XLA or not.
"""

from __future__ import annotations

import argparse
import json
import math
import operator
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from statistics import geometric_mean
from typing import Any

import numpy as np
from peers import KERAS_PEERS, PEERS
from race import Entrants, race
from report import machine, microseconds, resampled
from rows import Row, mask_of
from suites import SHARES, SUITES, bar_of, gain_bar_of
from worker import PeerError, Worker

OWN = "tidegate"
FLOAT32 = "tidegate float32"  # its name beside its own narrower numbers


def bound(row: Row, peak: float, bandwidth: float) -> float:
    """Seconds: all flops at the peak; in inference every step waits for the recurrent weights at least."""
    if row.trains:
        return row.flops / peak
    recurrent, active = row.units * row.gates * row.units, mask_of(row).sum(axis=0)  # real rows of each step
    steps = np.maximum(2 * active * recurrent / peak, 4 * recurrent / bandwidth)[active > 0].sum()
    flops_of_input = sum(2 * active.sum() * width * row.gates * row.units for width in row.widths)
    return float(flops_of_input / peak + len(row.widths) * steps)


def entrants_of(row: Row, workers: Sequence[Worker]) -> Entrants:
    """All workers; in narrower numbers also Tidegate's float32."""
    entrants = {worker.name: (worker, row) for worker in workers}
    return entrants | ({FLOAT32: (workers[0], row._replace(precision="float32"))} if row.narrow else {})


def judge(row: Row, measured: dict[str, Any], own: Worker, threads: int) -> dict[str, Any]:
    """Ratio to the best peer with its interval, and the share of the bound or the gain over float32."""
    found = measured["peers"]
    minima, bar = found[OWN]["round_minima"], bar_of(row)
    peers = [name for name in found if name not in (OWN, FLOAT32)]
    peers = [name for name in peers if len(found[name]["round_minima"]) == len(minima)]
    if not peers:
        raise PeerError(f"{row.name}: none of the peers can do it")
    best = min(peers, key=lambda name: found[name]["median_of_minima"])
    ratio, interval = resampled(operator.truediv, found[best]["round_minima"], minima)
    cell = {
        "seconds": found[OWN]["median_of_minima"],
        "best": best,
        "ratio": ratio,
        "interval": interval,
        "bar": bar,
        "passes": ratio >= bar,
        "loses": interval[1] < 1,
        "contenders": {
            name: {"seconds": each["median_of_minima"], "difference": each["difference"]}
            for name, each in found.items()
        },
    }
    if row.narrow:
        gain, of_gain = resampled(operator.truediv, found[FLOAT32]["round_minima"], minima)
        gain_bar = gain_bar_of(row)
        cell |= {"gain": gain, "gain_interval": of_gain, "gain_bar": gain_bar}
        cell["passes"] &= gain >= (gain_bar or 0)
    else:
        passes = len(row.widths) if row.form == "bidirectional" else 1  # that are in the cache together
        size = 4 * passes * row.units * row.gates * row.units // threads
        bandwidth = own.ask("read_bandwidth", size) * threads
        cell["share"] = bound(row, measured["fma_peak"], bandwidth) / cell["seconds"]
        cell["passes"] |= not (row.form or row.padding) and cell["share"] >= SHARES[row.kind]
    return cell


def print_cell(row: Row, cell: dict[str, Any]) -> None:
    low, high = cell["interval"]
    missed = f"below {cell['bar']}" if cell["ratio"] < cell["bar"] else f"gain below {cell.get('gain_bar')}"
    verdict = "LOSES" if cell["loses"] else "" if cell["passes"] else missed
    beside = f"{cell['share']:4.0%} of the bound" if "share" in cell else f"{cell['gain']:.2f} of own float32"
    print(
        f"{row.name:30} {microseconds(cell['seconds']):>9} us  "
        f"{cell['ratio']:6.2f} ({low:.2f} - {high:.2f}) of {cell['best']:11} {beside}  {verdict}",
        flush=True,
    )
    for name, each in cell["contenders"].items() if row.narrow else ():
        print(
            f"{name:>30} {microseconds(each['seconds']):>9} us, off by {each['difference']:.1e}", flush=True
        )


def present_peers(suites: Sequence[str]) -> list[str]:
    """All that have something to do in them; Keras with a backend that is there, and a word if not."""
    training, inference = "training" in suites, set(suites) != {"training"}
    peers = [name for name in PEERS[1:] if inference or name == "pytorch"]
    for name, backend in KERAS_PEERS.items() if training else ():
        if find_spec("keras") and find_spec(backend):
            peers.append(name)
        else:
            print(f"Keras on {backend} is not installed, and takes no part")
    return peers


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--suite", nargs="+", choices=SUITES, default=["cells"])
    parser.add_argument("--cells", nargs="+", choices=("lstm", "gru"), default=["lstm", "gru"])
    parser.add_argument("--units", nargs="+", type=int, help="U, instead of the suite's")
    parser.add_argument("--shapes", nargs="+", metavar="B,T", help="instead of the suite's")
    parser.add_argument("--random", type=int, help="cells of random sizes, instead of the suite's number")
    parser.add_argument("--seed", type=int, help="that they are drawn with (default: another every time)")
    parser.add_argument("--peers", nargs="+", choices=[*PEERS[1:], *KERAS_PEERS], help="all by default")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.03, help="of a turn (default 0.03)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="where to write all figures")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = options_of(arguments)
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "little")
    report: dict[str, Any] = {"machine": machine(), "threads": options.threads, "seed": seed, "cells": {}}
    with ExitStack() as stack:
        peers = options.peers or present_peers(options.suite)
        workers = [stack.enter_context(Worker(name, options.threads)) for name in (OWN, *peers)]
        report["versions"] = {worker.name: worker.ask("version") for worker in workers}
        for suite in options.suite:
            if suite == "bfloat16" and not workers[0].ask("has_dot_products", suite):
                print("bfloat16: skipped, this CPU has no dot products of it")
                continue
            rows = SUITES[suite].rows(options.cells, options.units, options.shapes)
            for row in rows + SUITES[suite].drawn(options.random, seed):
                entrants, behind = entrants_of(row, workers), SUITES[suite].behind
                measured = race(entrants, options.rounds, options.seconds, options.threads, behind)
                report["cells"][row.name] = cell = judge(row, measured, workers[0], options.threads)
                print_cell(row, cell)
    cells = report["cells"].values()
    passed, lost = (sum(cell[what] for cell in cells) for what in ("passes", "loses"))
    report["geometric_mean"] = mean = geometric_mean([cell["ratio"] for cell in cells]) if cells else math.nan
    print(f"{passed} of {len(cells)} pass, {lost} lose, geometric mean of the ratios {mean:.2f}; seed {seed}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PeerError as error:
        sys.exit(str(error))
