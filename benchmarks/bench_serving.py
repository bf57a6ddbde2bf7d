"""What a service sees: predict of one sequence, streams, latency, Python threads, memory.

    python benchmarks/bench_serving.py [--parts predict streams latency threads memory] [--json serving.json]

Every answer is checked against NumPy in float64 before anything is timed. Contenders of a part take turns
in every round; a figure is a statistic of the medians over the rounds, with the interval that holds 95 % of
those of rounds drawn again (bootstrap), and its bar.

predict: LSTM(64) and Dense(1) on [1, 10, 8]: `predict` against `predict` and `predict_on_batch` of Keras on
    TensorFlow, each library in a process of its own as in race.py, and against the frozen model.
streams: a step of 1000 streams of LSTM(128) on 64 features in a pool: the share of it that its flops would
    take at the FMA peak.
latency: one step of one stream: the median and the 99th percentile of single calls, clock included, and the
    median of first calls after 50 ms of idleness.
threads: calls a second of 16 Python threads on one frozen model, over those of one Python thread.
memory: what the resident memory of a new process grows by, over many calls and over many shapes.
"""

from __future__ import annotations

import argparse
import gc
import json
import operator
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
from memory import growth_by_calls, growth_by_shapes
from peers.tidegate_peer import fma_peak, model_of
from race import check_own, race
from report import Figure, figure, itself, machine, print_figure, resampled
from rows import Row, data_of
from worker import PeerError, Worker, measure

import tidegate

STREAMS = 1000
PYTHON_THREADS = 16
SINGLE_CALLS = 5000  # of a round of latencies
IDLE, IDLE_CALLS = 0.05, 10  # seconds before a call, calls of a round


def predict(options: argparse.Namespace) -> list[Figure]:
    kinds = ("predict", "predict_on_batch", "frozen")
    rows = {kind: Row(kind, 1, 10, 8, 64) for kind in kinds}
    with ExitStack() as stack:
        own = stack.enter_context(Worker("tidegate", options.threads))
        entrants = {kind: (own, row) for kind, row in rows.items()}
        if keras := find_spec("keras") is not None and find_spec("tensorflow") is not None:
            peer = stack.enter_context(Worker("keras", options.threads))
            entrants |= {f"keras {kind}": (peer, rows[kind]) for kind in kinds[:2]}
            print("Keras", peer.ask("version"))
        else:
            print("Keras on TensorFlow is not installed: its part of `predict` is skipped")
        found = race(entrants, options.rounds, options.seconds, options.threads)["peers"]
    minima = {name: 1e6 * np.array(each["round_minima"]) for name, each in found.items()}
    figures = [figure(name, "us", *resampled(itself, each)) for name, each in minima.items()]
    beyond = resampled(operator.sub, minima["predict"], minima["frozen"])
    figures.append(figure("predict beyond frozen", "us", *beyond, most=10))
    for kind, bar in {"predict": 1000, "predict_on_batch": 50}.items() if keras else ():
        ratio = resampled(operator.truediv, minima[f"keras {kind}"], minima["predict"])
        figures.append(figure(f"keras {kind} / predict", "x", *ratio, least=bar))
    return figures


def streams(options: argparse.Namespace) -> list[Figure]:
    row = Row("forward", STREAMS, 3, 64, 128)
    pool = model_of(row).freeze(threads=options.threads).stream_pool(STREAMS)
    ids = np.array([pool.open() for _ in range(STREAMS)])
    steps = np.ascontiguousarray(data_of(row).x.swapaxes(0, 1))
    check_own(row, [pool.step(ids, x) for x in steps][-1])
    seconds, peaks = [], []
    for _ in range(options.rounds):
        seconds.append(min(measure(lambda: pool.step(ids, steps[0]), options.seconds)))
        peaks.append(fma_peak())
    peak = max(peaks) * options.threads  # the highest: noise only lowers it
    bound = row.flops / row.timesteps / peak
    name, share = f"step of {STREAMS} streams", f"of {peak / 1e9:.0f} GFLOP/s"
    return [
        figure(name, "us", *resampled(lambda median: median * 1e6, seconds)),
        figure(f"{name}, share {share}", "", *resampled(lambda m: bound / m, seconds), least=0.8),
    ]


def latency(options: argparse.Namespace) -> list[Figure]:
    rows = {f"LSTM({u})": Row("forward", 1, 3, u, u) for u in (64, 128, 256, 512)}
    rows["LSTM(64) + Dense(1)"] = rows["LSTM(64)"]._replace(kind="frozen")
    bars = {"LSTM(64)": 3.0, "LSTM(64) + Dense(1)": 4.0}
    calls: dict[str, Callable[[], Any]] = {}
    for name, row in rows.items():
        stream, x = model_of(row).freeze(threads=options.threads).stream(), data_of(row).x
        check_own(row, [stream.step(np.ascontiguousarray(x[:, t])) for t in range(row.timesteps)][-1])
        calls[name] = partial(stream.step, np.ascontiguousarray(x[:, 0]))
    taken: dict[tuple[str, str], list[float]] = {}
    gc.disable()
    for _ in range(options.rounds):
        for name, call in calls.items():
            found = [microseconds(call) for _ in range(SINGLE_CALLS)]
            first = [microseconds(call, IDLE) for _ in range(IDLE_CALLS)]
            figures = {"median": np.median(found), "p99": np.percentile(found, 99), "idle": np.median(first)}
            for what, value in figures.items():
                taken.setdefault((name, what), []).append(float(value))
    gc.enable()
    words = {"median": "", "p99": ", 99th percentile", "idle": ", first after 50 ms"}
    return [
        figure(
            f"step of {name}{words[what]}",
            "us",
            *resampled(itself, values),
            most=bars.get(name) if what == "median" else None,
        )
        for (name, what), values in taken.items()
    ]


def microseconds(call: Callable[[], Any], idle: float = 0.0) -> float:
    if idle:
        time.sleep(idle)
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) * 1e-3


def threads(options: argparse.Namespace) -> list[Figure]:
    figures = []
    for row in (Row("forward", b, t, 64, u) for b, t, u in ((1, 1, 64), (1, 100, 128), (32, 100, 128))):
        call = partial(model_of(row).freeze(threads=options.threads), data_of(row).x)
        check_own(row, call())
        if len({y.tobytes() for y in [call(), *at_once(PYTHON_THREADS, call)]}) > 1:
            raise PeerError(f"{row.name}: Python threads do not all have the same bits")
        many, one = [], []
        for _ in range(options.rounds):
            for count, rates in ((PYTHON_THREADS, many), (1, one)):
                rates.append(throughput(call, count, 3 * options.seconds))
        ratio = resampled(operator.truediv, many, one)
        figures.append(
            figure(f"{PYTHON_THREADS} Python threads / one, B,T,F,U {row.name}", "x", *ratio, least=0.95)
        )
    return figures


def at_once(count: int, work: Callable[[], Any]) -> list[Any]:
    """What `work` returns to each of so many Python threads that start it together."""
    gate = Barrier(count)

    def run() -> Any:
        gate.wait()
        return work()

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(count)]]


def throughput(call: Callable[[], Any], count: int, seconds: float) -> float:
    """Calls a second of so many Python threads."""
    clock = time.perf_counter

    def work() -> tuple[int, float, float]:
        done, start = 0, clock()
        while clock() < start + seconds:
            call()
            done += 1
        return done, start, clock()

    done, starts, ends = zip(*at_once(count, work), strict=True)
    return sum(done) / (max(ends) - min(starts))


def memory(options: argparse.Namespace) -> list[Figure]:
    figures = []
    for kind in ("frozen", "predict_on_batch"):
        for what, growth in (("calls", growth_by_calls), ("shapes", growth_by_shapes)):
            count = getattr(options, what)
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                grown = process.submit(growth, kind, count).result()
            figures.append(figure(f"growth over {count:,} {what} of {kind}", "MiB", grown, most=1))
    return figures


PARTS = {"predict": predict, "streams": streams, "latency": latency, "threads": threads, "memory": memory}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.1, help="of a turn (default 0.1)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--calls", type=int, default=1_000_000, help="of one shape, for memory")
    parser.add_argument("--shapes", type=int, default=10_000, help="that differ, likewise")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args(arguments)
    tidegate.set_num_threads(options.threads)
    report: dict[str, Any] = {"machine": machine(), "info": tidegate.info(), "figures": []}
    for part in options.parts:
        for found in PARTS[part](options):
            report["figures"].append(found)
            print_figure(found)
    bars = [found for found in report["figures"] if found["least"] or found["most"]]
    print(f"{sum(not found['passes'] for found in bars)} of {len(bars)} bars missed")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PeerError as error:
        sys.exit(str(error))
