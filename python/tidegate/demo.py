"""`python -m tidegate demo`: an LSTM and a GRU learn ten years of airline totals and forecast the next two.

Honest by construction: scaling and training see the first ten years only, and a forecast sees only the months
before the one it is for. The window, the learning rate and the number of epochs were chosen on 1957-58, with
an LSTM trained up to 1956. The yardsticks are what anybody can say without a model: the total of last month,
and that of the same month last year.

The series is G of G. E. P. Box and G. M. Jenkins, "Time Series Analysis: Forecasting and Control".
"""

from __future__ import annotations

import csv
import time
from importlib import import_module
from itertools import pairwise
from math import exp, log, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import tidegate
from tidegate.layers import GRU, LSTM, Dense, Input
from tidegate.models import Sequential
from tidegate.optimizers import Adam
from tidegate.utils import set_random_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

TEST_MONTHS = 24
WINDOW = 12  # months: the first change that a network sees is that of the same month last year
UNITS = 32
EPOCHS = 100


class Series(NamedTuple):
    """Monthly totals: months "1949-01", ... and passengers in thousands, of equal length."""

    months: list[str]
    passengers: list[float]


class Windows(NamedTuple):
    """Changes of the logarithm, scaled: float32 inputs [N, WINDOW, 1] and targets [N, 1]; then the scale."""

    inputs: Floats
    targets: Floats
    mean: float
    deviation: float


def load_series() -> Series:
    """The 144 monthly totals of 1949-1960 that come with the package."""
    with (Path(__file__).with_name("data") / "airline.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Series([row["month"] for row in rows], [float(row["passengers"]) for row in rows])


def make_windows(passengers: list[float]) -> Windows:
    """Every run of WINDOW changes with the change that follows it, in the scale of the training years."""
    changes = np.array([log(after / before) for before, after in pairwise(passengers)])
    seen = changes[:-TEST_MONTHS]
    mean, deviation = float(seen.mean()), float(seen.std())
    scaled = ((changes - mean) / deviation).astype(np.float32)
    inputs = np.lib.stride_tricks.sliding_window_view(scaled[:-1], WINDOW)
    return Windows(inputs[:, :, None], scaled[WINDOW:, None], mean, deviation)


def train(cell: type[LSTM | GRU], windows: Windows, seed: int) -> Sequential:
    """One recurrent layer and a Dense output, fitted to the windows with a target before the test months."""
    set_random_seed(seed)  # before the layers are made, since they draw their seeds then
    model = Sequential([Input((WINDOW, 1)), cell(UNITS), Dense(1)])
    model.compile(optimizer=Adam(learning_rate=0.01), loss="mse")
    known = slice(None, -TEST_MONTHS)
    model.fit(windows.inputs[known], windows.targets[known], batch_size=16, epochs=EPOCHS, verbose=0)
    return model


def forecast(model: Sequential, windows: Windows, passengers: list[float]) -> list[float]:
    """The test months, each from the true ones before it: last month's total times the expected change."""
    scaled = model.predict(windows.inputs[-TEST_MONTHS:], verbose=0)[:, 0]
    last_month = passengers[-TEST_MONTHS - 1 : -1]
    return [
        total * exp(float(change) * windows.deviation + windows.mean)
        for total, change in zip(last_month, scaled, strict=True)
    ]


def rmse(forecasts: list[float], truth: list[float]) -> float:
    """Root mean squared error, in thousands of passengers."""
    return sqrt(sum((f - t) ** 2 for f, t in zip(forecasts, truth, strict=True)) / len(truth))


def sequences_per_second(model: Sequential, inputs: Floats, seconds: float = 0.5) -> float:
    """Median speed of `predict` over repeated calls on 8192 sequences, for some half a second."""
    many = np.ascontiguousarray(np.resize(inputs, (8192, *inputs.shape[1:])))
    speeds: list[float] = []
    end = time.perf_counter() + seconds
    while len(speeds) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        model.predict(many, batch_size=len(many), verbose=0)
        speeds.append(len(many) / (time.perf_counter() - start))
    return float(np.median(speeds))


def draw(path: Path, series: Series, forecasts: dict[str, list[float]]) -> str:
    """Writes a picture of the last four years and the forecasts, and says where, or why there is none."""
    try:
        figure_module = import_module("matplotlib.figure")
    except ImportError:
        return "No picture: matplotlib is not installed."
    shown = 2 * TEST_MONTHS
    first, size = len(series.months) - shown, range(shown)
    figure = figure_module.Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(size, series.passengers[first:], color="black", linewidth=2, label="passengers")
    styles = {"LSTM": ("tab:blue", "-"), "GRU": ("tab:orange", "-"), "same month last year": ("silver", "--")}
    for name, (colour, line) in styles.items():
        error = rmse(forecasts[name], series.passengers[-TEST_MONTHS:])
        axes.plot(size[TEST_MONTHS:], forecasts[name], line, color=colour, label=f"{name}, RMSE {error:.1f}")
    axes.axvspan(TEST_MONTHS - 0.5, shown - 0.5, color="black", alpha=0.05)
    axes.set_xticks(size[::6], series.months[first::6])
    axes.set_ylabel("thousands a month")
    axes.set_title("Airline passengers: one month ahead, in years that training did not see")
    axes.legend(loc="upper left", frameon=False)
    try:
        figure.savefig(path, dpi=120, format=path.suffix[1:] or "png")
    except (OSError, ValueError) as error:  # ValueError: a format that matplotlib does not write
        return f"No picture: {error}."
    return f"Picture: {path}."


def run(seed: int, picture: Path) -> int:
    """Trains, forecasts, times and prints; 0 if both networks beat both yardsticks, else 1."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    series = load_series()
    windows = make_windows(series.passengers)
    truth = series.passengers[-TEST_MONTHS:]
    forecasts = {
        "last month": series.passengers[-TEST_MONTHS - 1 : -1],
        "same month last year": series.passengers[-TEST_MONTHS - 12 : -12],
    }
    bar = min(rmse(values, truth) for values in forecasts.values())

    table = Table(title=f"{series.months[-TEST_MONTHS]} to {series.months[-1]}, one month ahead")
    table.add_column("forecast")
    for column in ("RMSE (thousands)", "training (s)", "sequences/s"):
        table.add_column(column, justify="right")
    for name, values in forecasts.items():
        table.add_row(name, f"{rmse(values, truth):.1f}", "", "")

    cells: dict[str, type[LSTM | GRU]] = {"LSTM": LSTM, "GRU": GRU}
    for name, cell in cells.items():
        start = time.perf_counter()
        model = train(cell, windows, seed)
        trained = time.perf_counter() - start
        forecasts[name] = forecast(model, windows, series.passengers)
        speed = sequences_per_second(model, windows.inputs)
        table.add_row(name, f"{rmse(forecasts[name], truth):.1f}", f"{trained:.2f}", f"{speed:,.0f}")

    beaten = all(rmse(forecasts[name], truth) < bar for name in cells)
    facts = tidegate.info()
    console.print(table)
    console.print(
        "Both networks beat both naive forecasts." if beaten else "A network lost to a naive forecast.",
        draw(picture, series, forecasts),
        f"Tidegate {facts['version']}, {facts['instruction_set']}, threads: {facts['threads']}.",
        sep="\n",
        highlight=False,
    )
    return 0 if beaten else 1
