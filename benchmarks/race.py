"""Races Tidegate against PyTorch, ONNX Runtime and OpenVINO on this machine, in one interleaved run.

    pip install . && pip install -r benchmarks/requirements.txt && python benchmarks/race.py --json race.json

Every peer lives in a process of its own and has the same weights and inputs (rows.py). Before a row is timed,
all answers are checked: forward against NumPy in float64, training by the trained weights. Then come
rounds: in each, every peer has a short turn, in an order that moves on by one from round to round, while
the others sleep. So a slow spell of the machine meets all of them. Reported are the median and the quartiles
over all rounds, the minimum, and the median over the rounds of each round's minimum, which a shared machine
disturbs least; beside them the FMA peak of the cores used, measured in the same rounds by Tidegate's worker.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from answers import expected_of, off_by
from peers import PEERS
from report import Turns, compare, machine, print_table, summarise
from rows import ROWS, Row
from worker import PeerError, Worker

TOLERANCES = {"float32": 1e-4, "bfloat16": 3e-2, "int8": 1e-1}
TRIAL = 2  # rounds that a peer takes part in, however slow it is

Entrants = Mapping[str, tuple[Worker, Row]]  # each has the row that it is timed on


def check(rows: dict[str, Row], answers: dict[str, list[np.ndarray]]) -> dict[str, float]:
    """How far each is off the expected answer, or in training off the first's.

    All rows have one answer, in numbers of their own, which say how far it may be off.
    """
    first = next(iter(rows.values()))
    expected = next(iter(answers.values())) if first.trains else [expected_of(first)]
    differences = {}
    for name, answer in answers.items():
        row = rows[name]
        shapes, wanted = [a.shape for a in answer], [e.shape for e in expected]
        if shapes != wanted:
            raise PeerError(f"{row.name}: {name} answers with shapes {shapes}, expected {wanted}")
        difference = off_by(row, answer, expected)
        if not difference <= (tolerance := TOLERANCES[row.precision]):
            raise PeerError(f"{row.name}: {name} is off by {difference:.1e}, more than {tolerance:.0e}")
        differences[name] = difference
    return differences


def check_own(row: Row, answer: Any) -> None:
    """The same for an answer of Tidegate in this process."""
    check({"tidegate": row}, {"tidegate": [np.asarray(answer)]})


def race(
    entrants: Entrants, rounds: int, seconds: float, threads: int, behind: float = math.inf
) -> dict[str, Any]:
    """Prepare, check, then the rounds. Those that cannot do their row are left out, and a peer that took more
    than `behind` times the best peer's time sits out all rounds after TRIAL."""
    answers = {name: worker.ask("prepare", row) for name, (worker, row) in entrants.items()}
    answers = {name: answer for name, answer in answers.items() if answer is not None}
    able = {name: entrants[name] for name in answers}
    differences = check({name: row for name, (_, row) in able.items()}, answers) if able else {}
    turns, peaks = take_turns(able, rounds, seconds, behind)
    for worker, row in able.values():
        worker.ask("forget", row)
    results = {name: summarise(found) | {"difference": differences[name]} for name, found in turns.items()}
    compare(results)
    peak = max(peaks) * threads if peaks else None  # the highest: noise only lowers it
    return {"fma_peak": peak, "peers": results}


def take_turns(
    entrants: Entrants, rounds: int, seconds: float, behind: float = math.inf
) -> tuple[dict[str, Turns], list[float]]:
    """The rounds: everybody's times, and the peak of one core in each round."""
    own = [name for name, (worker, _) in entrants.items() if worker.name == "tidegate"]
    turns: dict[str, Turns] = {name: [] for name in entrants}
    peaks, order = [], list(entrants)
    for turn in range(rounds):
        if turn == TRIAL:
            left = keeping_up({name: turns[name] for name in order if name not in own}, behind)
            order = [name for name in order if name in own or name in left]
        first = turn % max(1, len(order))
        for name in order[first:] + order[:first]:
            worker, row = entrants[name]
            turns[name].append(worker.ask("run", row, seconds))
        peaks += [entrants[name][0].ask("fma_peak") for name in own[:1]]
    return turns, peaks


def keeping_up(turns: dict[str, Turns], behind: float) -> list[str]:
    """Those whose best time is not more than `behind` times the best of all."""
    best = {name: min(map(min, found)) for name, found in turns.items()}
    return [name for name in best if best[name] <= behind * min(best.values())]


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
            entrants = {worker.name: (worker, ROWS[name]) for worker in workers}
            report["rows"][name] = race(entrants, options.rounds, options.seconds, options.threads)
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
