"""Races Tidegate against PyTorch, ONNX Runtime and OpenVINO on this machine, in one interleaved run.

    pip install . && pip install -r benchmarks/requirements.txt && python benchmarks/race.py --json race.json

Every peer lives in a process of its own and has the same weights and inputs (rows.py). Before a row is timed,
all answers are checked: forward against NumPy in float64, training by the weights after three steps. Then
come rounds: in each, every peer has a short turn, in an order that moves on by one from round to round, while
the others sleep. So a slow spell of the machine meets all of them. Reported are the median and the quartiles
over all rounds, the minimum, and the median over the rounds of each round's minimum, which a shared machine
disturbs least; beside them the FMA peak of the cores used, measured in the same rounds by Tidegate's worker.
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
from report import Turns, compare, machine, print_table, summarise
from rows import ROWS, Row, expected_of
from worker import PeerError, Worker

TOLERANCE = 1e-4


def check(row: Row, answers: dict[str, list[np.ndarray]]) -> float:
    """The largest difference of a peer from the expected answer, or in training from the first peer's."""
    expected = [expected_of(row)] if row.kind == "forward" else next(iter(answers.values()))
    worst = 0.0
    for peer, answer in answers.items():
        shapes, wanted = [a.shape for a in answer], [e.shape for e in expected]
        if shapes != wanted:
            raise PeerError(f"{row.name}: {peer} answers with shapes {shapes}, expected {wanted}")
        difference = max(float(abs(a - e).max()) for a, e in zip(answer, expected, strict=True))
        if not difference <= TOLERANCE:
            raise PeerError(f"{row.name}: {peer} is off by {difference:.1e}, more than {TOLERANCE:.0e}")
        worst = max(worst, difference)
    return worst


def race(row: Row, workers: Sequence[Worker], rounds: int, seconds: float, threads: int) -> dict[str, Any]:
    """One row: prepare, check, then the rounds."""
    answers = {worker.name: worker.ask("prepare", row) for worker in workers}
    able = [worker for worker in workers if answers[worker.name] is not None]
    difference = check(row, {worker.name: answers[worker.name] for worker in able}) if able else 0.0
    turns: dict[str, Turns] = {worker.name: [] for worker in able}
    peaks = []
    for turn in range(rounds):
        first = turn % max(1, len(able))
        for worker in able[first:] + able[:first]:
            turns[worker.name].append(worker.ask("run", row, seconds))
        peaks += [worker.ask("fma_peak") for worker in able if worker.name == "tidegate"]
    for worker in able:
        worker.ask("forget", row)
    results = {name: summarise(found) for name, found in turns.items()}
    compare(results)
    peak = max(peaks) * threads if peaks else None  # the highest: noise only lowers it
    return {"largest_difference": difference, "fma_peak": peak, "peers": results}


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW", help=", ".join(ROWS)
    )
    parser.add_argument(
        "--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER", help=", ".join(PEERS)
    )
    parser.add_argument(
        "--rounds", type=int, default=30, help="turns of every peer in every row (default 30)"
    )
    parser.add_argument("--seconds", type=float, default=0.1, help="of a turn (default 0.1)")
    parser.add_argument("--threads", type=int, default=2, help="of every peer (default 2)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where to write all figures")
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.threads < 1 or not options.seconds > 0:
        parser.error("--rounds, --threads and --seconds must be positive")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    options = options_of(arguments)
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    report: dict[str, Any] = {"machine": machine(), "threads": options.threads, "versions": {}, "rows": {}}
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(name, options.threads)) for name in options.peers]
        for worker in workers:
            report["versions"][worker.name] = worker.ask("version")
        for name in options.rows:
            print(name, file=sys.stderr, flush=True)
            report["rows"][name] = race(ROWS[name], workers, options.rounds, options.seconds, options.threads)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    print_table(report, ROWS)
    print(", ".join(f"{name} {version}" for name, version in report["versions"].items()))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PeerError as error:
        sys.exit(str(error))
