"""Forward kernels against their bound, one thread, float32.

    python benchmarks/bench_kernels.py [--isa avx512 avx2] [--cells lstm gru] [--units 64 128] [--batches 1 6]

For every workload the time of a forward pass over T timesteps, the median and the best of many interleaved
rounds, and the share of its bound that the best and the median reached:

    2 B T F G U / peak  +  T max(2 B U G U / peak, bytes of recurrent weights / bandwidth)

with the peak and the bandwidth measured in this process between the rounds: multiply-adds from registers,
and reading an array of the size of the recurrent weights again and again, so from the cache level that holds
them. Only useful operations count: no padding, no activations. The answer is checked against float64 before
anything is timed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from tidegate._native import core

GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}


class Cell:
    """One workload (cell, B, T, F, U): its program, its bound and its times."""

    def __init__(self, cell: str, batch: int, timesteps: int, features: int, units: int) -> None:
        self.cell, self.batch, self.timesteps, self.features, self.units = (
            cell,
            batch,
            timesteps,
            features,
            units,
        )
        gates = GATES[cell]
        rng = np.random.default_rng(units)
        scale = units**-0.5
        bias_shape = (2, gates * units) if cell == "gru" else (gates * units,)
        shapes = [(features, gates * units), (units, gates * units), bias_shape]
        weights = [(rng.standard_normal(shape) * scale).astype(np.float32) for shape in shapes]
        self.x = rng.standard_normal((batch, timesteps, features)).astype(np.float32)
        self.program = core.Program([(core.Recurrent(cell, units), weights)])
        self.input_flops = 2 * batch * timesteps * features * gates * units
        self.step_flops = 2 * batch * units * gates * units
        self.recurrent_bytes = 4 * units * gates * units
        self.seconds: list[float] = []
        self._check(weights)

    def _check(self, weights: list[np.ndarray]) -> None:
        expected = core.Recurrent(self.cell, self.units).forward(
            self.x.astype(np.float64), [w.astype(np.float64) for w in weights]
        )[0]
        found = self.program.run(self.x)
        error = float(np.abs(found - expected).max())
        if not error < 1e-5:
            sys.exit(f"{self.cell} B={self.batch} U={self.units}: differs from float64 by {error}")

    def bound(self, peak: float, bandwidth: float) -> float:
        """Seconds of the bound, from FLOP/s and bytes/s."""
        step = max(self.step_flops / peak, self.recurrent_bytes / bandwidth)
        return self.input_flops / peak + self.timesteps * step

    def time_once(self) -> None:
        """Times enough calls to outlast the clock's grain, after one that brings the weights into cache."""
        calls = max(1, int(2e-3 / self.seconds[-1])) if self.seconds else 1
        self.program.run(self.x)
        start = time.perf_counter()
        for _ in range(calls):
            self.program.run(self.x)
        self.seconds.append((time.perf_counter() - start) / calls)


def measure(isa: str, cells: list[Cell], rounds: int) -> list[dict[str, object]]:
    """Times all cells in interleaved rounds, with the machine's peak and bandwidths between them."""
    peaks, bandwidths = [], {size: [0.0] for size in {cell.recurrent_bytes for cell in cells}}
    for _ in range(rounds):
        peaks.append(core.fma_peak(200_000))
        for size, seen in bandwidths.items():
            seen.append(core.read_bandwidth(size, max(1, 40_000_000 // size)))
        for cell in cells:
            cell.time_once()
    peak = max(peaks)
    rows = []
    for cell in cells:
        bandwidth = max(bandwidths[cell.recurrent_bytes])
        bound, best, median = cell.bound(peak, bandwidth), min(cell.seconds), statistics.median(cell.seconds)
        quartiles = statistics.quantiles(cell.seconds, n=4)
        rows.append(
            {
                "isa": isa,
                "cell": cell.cell,
                "batch": cell.batch,
                "timesteps": cell.timesteps,
                "features": cell.features,
                "units": cell.units,
                "microseconds_best": best * 1e6,
                "microseconds_median": median * 1e6,
                "microseconds_quartiles": [quartiles[0] * 1e6, quartiles[2] * 1e6],
                "share_of_bound_best": bound / best,
                "share_of_bound_median": bound / median,
                "peak_gflops": peak / 1e9,
                "bandwidth_gb_per_s": bandwidth / 1e9,
            }
        )
    return rows


def print_rows(rows: list[dict[str, object]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="forward, one thread, float32")
    for name in ("isa", "cell", "B", "U", "best us", "median us", "quartiles", "share", "peak", "read GB/s"):
        table.add_column(name, justify="right")
    for row in rows:
        low, high = row["microseconds_quartiles"]  # type: ignore[misc]
        table.add_row(
            str(row["isa"]),
            str(row["cell"]),
            str(row["batch"]),
            str(row["units"]),
            f"{row['microseconds_best']:.0f}",
            f"{row['microseconds_median']:.0f}",
            f"{low:.0f}-{high:.0f}",
            f"{row['share_of_bound_best']:.1%}",
            f"{row['peak_gflops']:.0f}",
            f"{row['bandwidth_gb_per_s']:.0f}",
        )
    Console(width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--isa", nargs="+", default=[n for n in core.instruction_sets() if n != "base"])
    parser.add_argument("--cells", nargs="+", default=[*GATES])
    parser.add_argument("--units", nargs="+", type=int, default=[50, 64, 100, 128, 200, 256, 512])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 6, 16, 32, 128])
    parser.add_argument("--timesteps", type=int, default=100)
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    options = parser.parse_args()
    core.set_num_threads(1)
    rows: list[dict[str, object]] = []
    for isa in options.isa:
        core.set_instruction_set(isa)
        cells = [
            Cell(cell, batch, options.timesteps, options.features, units)
            for cell, units, batch in itertools.product(options.cells, options.units, options.batches)
        ]
        rows += measure(isa, cells, options.rounds)
    print_rows(rows)
    if options.json:
        options.json.write_text(json.dumps({"info": core.info(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
