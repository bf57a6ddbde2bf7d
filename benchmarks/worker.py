"""A peer in a process of its own, which lives through the race and sleeps while another peer is timed.

Asleep is meant literally: the process is stopped (SIGSTOP), so the idle spin of one runtime's threads takes
no time from the next. The two ends talk over a pipe: requests are (command, row, ...), replies (ok, value or
traceback).
"""

from __future__ import annotations

import gc
import os
import signal
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from math import ceil
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

import numpy as np
from peak import growth_of_peak
from rows import TRAINING_CHECK, Row

BURST = 100e-6  # seconds: shorter calls are timed several at a time, so that reading the clock costs nothing
LEAST_BURSTS = 3
FIRST_STEPS = 3  # of training, for its memory
WARM_UP = 0.2  # of a turn's time, after the process has slept


class PeerError(RuntimeError):
    """A peer failed; the message is its traceback."""


def measure(call: Callable[[], Any], seconds: float) -> list[float]:
    """Seconds per call of the bursts of one turn, which lasts for `seconds` or LEAST_BURSTS."""
    clock = time.perf_counter
    fastest, end = float("inf"), clock() + WARM_UP * seconds
    while True:
        start = clock()
        call()
        now = clock()
        fastest = min(fastest, now - start)
        if now > end:
            break

    calls, times = max(1, ceil(BURST / fastest)), list[float]()
    end = clock() + seconds
    while True:
        start = clock()
        for _ in range(calls):
            call()
        now = clock()
        times.append((now - start) / calls)
        if now > end and len(times) >= LEAST_BURSTS:
            return times


class Peer:
    """The worker's end: the calls of one peer, made when a row is first asked for."""

    def __init__(self, name: str, threads: int) -> None:
        self.module = import_module(f"peers.{name}_peer")
        self.threads = threads
        self.calls: dict[str, Callable[[], Any]] = {}

    def version(self) -> str:
        return str(self.module.version())

    def prepare(self, row: Row) -> list[np.ndarray] | None:
        """What is checked before timing: the answer or the trained weights; None if the peer cannot do it."""
        made = getattr(self.module, row.kind)(row, self.threads) if hasattr(self.module, row.kind) else None
        if made is None:
            return None
        if row.trains:
            call, trained = made
            for _ in range(TRAINING_CHECK[row.kind]):
                call()
            checked = [np.array(weights) for weights in trained()]
        else:
            call = made
            checked = [np.array(call())]
        self.calls[row.name] = call
        return checked

    def run(self, row: Row, seconds: float) -> list[float]:
        return measure(self.calls[row.name], seconds)

    def fma_peak(self) -> float:
        return float(self.module.fma_peak())

    def read_bandwidth(self, size: int) -> float:
        return float(self.module.read_bandwidth(size))

    def has_dot_products(self, precision: str) -> bool:
        return bool(self.module.has_dot_products(precision))

    def growth_of_peak(self, row: Row) -> float:
        """MiB, over the first steps of training a layer, after those of a tiny one."""
        tiny = Row(row.kind, 2, 3, 4, 5, row.cell)
        growths = [
            growth_of_peak(getattr(self.module, row.kind)(each, self.threads)[0], FIRST_STEPS)
            for each in (tiny, row)
        ]
        return growths[-1]

    def forget(self, row: Row) -> None:
        del self.calls[row.name]
        gc.collect()


def serve(name: str, threads: int, connection: Connection) -> None:
    """The worker process: answers requests until None comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    peer = None
    gc.disable()
    while (request := connection.recv()) is not None:
        command, *arguments = request
        try:
            peer = peer or Peer(name, threads)
            connection.send((True, getattr(peer, command)(*arguments)))
        except Exception:
            connection.send((False, traceback.format_exc()))


class Worker:
    """The parent's end, a context manager: the process wakes for each request, and is gone on exit."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(name, threads, theirs), daemon=True)

    def __enter__(self) -> Worker:
        self.process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.signal(signal.SIGCONT)
        self.process.terminate()
        self.process.join()

    def signal(self, number: signal.Signals) -> None:
        if self.process.is_alive() and self.process.pid is not None:
            os.kill(self.process.pid, number)

    def ask(self, command: str, *arguments: Any) -> Any:
        """Wakes the process, has it do one thing, and puts it to sleep; raises PeerError if that failed."""
        self.signal(signal.SIGCONT)
        try:
            self.connection.send((command, *arguments))
            done, value = self.connection.recv()
        except (EOFError, BrokenPipeError):
            self.process.join()
            raise PeerError(f"{self.name}: died with exit status {self.process.exitcode}") from None
        self.signal(signal.SIGSTOP)
        if not done:
            raise PeerError(f"{self.name}:\n{value}")
        return value
