"""What benchmarks found: statistics of the times, as dictionaries for JSON and as tables."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rows import Row

Figure = dict[str, Any]
Turns = list[list[float]]  # seconds per call: a list for each round, of the bursts of a peer's turn in it


def summarise(turns: Turns) -> dict[str, Any]:
    """Median, quartiles and minimum over all bursts; the median over the rounds of each round's minimum."""
    pooled = np.concatenate([np.asarray(turn) for turn in turns])
    lower, median, upper = np.percentile(pooled, (25, 50, 75))
    minima = [min(turn) for turn in turns]
    return {
        "median": float(median),
        "minimum": float(pooled.min()),
        "quartiles": [float(lower), float(upper)],
        "median_of_minima": float(np.median(minima)),
        "round_minima": minima,
        "bursts": len(pooled),
    }


def compare(results: dict[str, dict[str, Any]], reference: str = "tidegate") -> None:
    """Adds to every peer how many times the reference's time it took: by medians and by medians of minima."""
    if reference not in results:
        return
    for result in results.values():
        for key in ("median", "median_of_minima"):
            result[f"{key}_ratio"] = result[key] / results[reference][key]


def resampled(
    statistic: Callable[..., Any], *rounds: Sequence[float], draws: int = 2000
) -> tuple[float, list[float]]:
    """A statistic of the medians of figures that were taken in the same rounds, and the interval that holds
    95 % of those of rounds drawn again (bootstrap)."""
    figures = np.array(rounds)  # [figures, rounds]
    again = np.random.default_rng(0).integers(0, figures.shape[1], (draws, figures.shape[1]))
    low, high = np.percentile(statistic(*np.median(figures[:, again], axis=2)), (2.5, 97.5))
    return float(statistic(*np.median(figures, axis=1))), [float(low), float(high)]


def itself(median: Any) -> Any:
    """The statistic that is the median of the one figure."""
    return median


def figure(
    name: str,
    unit: str,
    value: float,
    interval: list[float] | None = None,
    least: float | None = None,
    most: float | None = None,
) -> Figure:
    """One figure with its bar: the least or the most that it should be."""
    return {
        "name": name,
        "unit": unit,
        "value": value,
        "interval": interval,
        "least": least,
        "most": most,
        "passes": (least is None or value >= least) and (most is None or value <= most),
    }


def print_figure(found: Figure) -> None:
    interval = "({:,.3g} - {:,.3g})".format(*found["interval"]) if found["interval"] else ""
    bars = " ".join(f"{word} {found[word]:g}" for word in ("least", "most") if found[word] is not None)
    verdict = "" if found["passes"] else "MISSED"
    value = f"{found['value']:,.2f} {found['unit']:3}"
    print(f"{found['name']:50} {value:>14} {interval:22} {bars:10} {verdict}", flush=True)


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    model = platform.processor()
    if (cpuinfo := Path("/proc/cpuinfo")).exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f}" if seconds < 1e-4 else f"{seconds * 1e6:,.0f}"


def print_table(report: dict[str, Any], rows: dict[str, Row]) -> None:
    """A block of lines for each row: microseconds a call, ratios, useful GFLOP/s and the peak beside them."""
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"{report['machine']['cpu']}, {report['threads']} threads, float32, microseconds a call"
    )
    table.add_column("B,T,F,U")
    table.add_column("peer")
    headings = ("median", "quartiles", "minimum", "median of minima", "x Tidegate", "x by minima", "GFLOP/s")
    for heading in headings:
        table.add_column(heading, justify="right")
    for name, measured in report["rows"].items():
        peak = measured["fma_peak"]
        for peer, result in measured["peers"].items():
            rate = rows[name].flops / result["median_of_minima"]
            table.add_row(
                name,
                peer,
                microseconds(result["median"]),
                " - ".join(microseconds(quartile) for quartile in result["quartiles"]),
                microseconds(result["minimum"]),
                microseconds(result["median_of_minima"]),
                *(
                    f"{result[key]:.2f}" if key in result else ""
                    for key in ("median_ratio", "median_of_minima_ratio")
                ),
                f"{rate / 1e9:.0f}" + (f" of {peak / 1e9:.0f}" if peak else ""),
            )
        table.add_section()
    Console(width=150).print(table)
