"""What a process pays around the arithmetic: subnormal numbers, idle threads, import and disk.

    python benchmarks/bench_promises.py [--json promises.json]

Decaying input: an LSTM and a GRU over a sequence that decays until states and inputs are subnormal numbers,
against the same call on ordinary numbers, interleaved. Idle: CPU time of a process that calls a model ten
times a second, beyond that of the calls themselves. Import: time and resident memory beyond `import numpy`,
of `import tidegate` alone and with its layers and models; the median of several new processes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import tidegate
from tidegate.layers import GRU, LSTM, Input
from tidegate.models import Sequential

IMPORT = """
import resource, time
import numpy

def resident():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() / 2**20

before, start = resident(), time.perf_counter()
import tidegate
print(time.perf_counter() - start, resident() - before)
from tidegate.layers import LSTM
from tidegate.models import Sequential
print(time.perf_counter() - start, resident() - before)
"""


def decaying(layer: type[LSTM] | type[GRU], rounds: int = 30) -> float:
    """Time on ordinary numbers / time on numbers that decay to nothing; 1 where subnormals cost nothing."""
    timesteps, features = 600, 16
    model = Sequential([Input((timesteps, features)), layer(64)])
    decay = (0.5 ** np.arange(timesteps, dtype="f8"))[None, :, None]
    ordinary = np.random.default_rng(0).standard_normal((8, timesteps, features)).astype("f4")
    inputs = {"ordinary": ordinary, "decaying": (ordinary * decay).astype("f4")}
    seconds: dict[str, list[float]] = {name: [] for name in inputs}
    for _ in range(rounds):
        for name, x in inputs.items():
            start = time.perf_counter()
            model(x)
            seconds[name].append(time.perf_counter() - start)
    return statistics.median(seconds["ordinary"]) / statistics.median(seconds["decaying"])


def idle(seconds: float = 5.0, rate: float = 10.0) -> float:
    """CPU time between calls at `rate` calls a second, as a share of one core."""
    model = Sequential([Input((100, 64)), LSTM(128)])
    x = np.random.default_rng(0).standard_normal((32, 100, 64)).astype("f4")
    busy = 0.0
    for _ in range(5):  # the first calls start the threads
        model(x)
    start, start_cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        begin, begin_cpu = time.perf_counter(), time.process_time()
        model(x)
        busy += time.process_time() - begin_cpu
        time.sleep(max(0.0, 1 / rate - (time.perf_counter() - begin)))
    return (time.process_time() - start_cpu - busy) / (time.perf_counter() - start)


def imported(processes: int = 9) -> list[float]:
    """Seconds and MiB of the package, then with its layers and models, in a process that has NumPy."""
    runs = [
        [float(word) for word in subprocess.check_output([sys.executable, "-c", IMPORT], text=True).split()]
        for _ in range(processes)
    ]
    return [statistics.median(column) for column in zip(*runs, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    package, package_memory, layers, layers_memory = imported()
    files = Path(tidegate.__file__).parent.rglob("*")
    figures = {
        "speed on decaying input, LSTM(64)": decaying(LSTM),
        "speed on decaying input, GRU(64)": decaying(GRU),
        "idle CPU between 10 calls a second, share of a core": idle(),
        "import tidegate, ms beyond NumPy": package * 1e3,
        "import tidegate, MiB beyond NumPy": package_memory,
        "with layers and models, ms beyond NumPy": layers * 1e3,
        "with layers and models, MiB beyond NumPy": layers_memory,
        "installed package, MiB": sum(file.stat().st_size for file in files if file.is_file()) / 2**20,
    }
    for name, value in figures.items():
        print(f"{name:55} {value:8.4f}")
    if options.json:
        options.json.write_text(json.dumps({"info": tidegate.info(), "figures": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
