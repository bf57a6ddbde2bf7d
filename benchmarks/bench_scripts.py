"""Scripts that were written for Keras, unchanged: under Keras on TensorFlow, and under `python -m tidegate`.

    python benchmarks/bench_scripts.py [--keras PYTHON] [--rounds 3] [--scripts airline ...] [--json FILE]

The scripts of tests/scripts, each in a new process, the two libraries in turn. Every result must lie in the
script's band of tests/scripts/bands.json under both. The whole time of a process and that less what the
imports alone take are the medians of all rounds. Bar: each is at most a third of Keras's. `--keras` is a
Python that has Keras and TensorFlow, by default this one; Tidegate runs in this one.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent.parent / "tests" / "scripts"
BAR = 1 / 3
KERAS_IMPORTS = "import keras, tensorflow"
OUR_IMPORTS = "import keras, tensorflow; keras.Sequential, keras.layers.LSTM, keras.optimizers.Adam"


def timed(command: list[str]) -> tuple[float, str]:
    """Seconds of a new process, and what it printed."""
    quiet = {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=os.environ | quiet, check=False
        )
        seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return seconds, done.stdout


def result(name: str, printed: str, band: list[float], library: str) -> float:
    """The number of the script's last line; RuntimeError where it is not in the band."""
    value = float(printed.splitlines()[-1].removeprefix(f"result: {name} "))
    if not band[0] <= value <= band[1]:
        raise RuntimeError(
            f"{name} under {library}: expected a result from {band[0]} to {band[1]}, got {value}"
        )
    return value


def race(names: list[str], bands: dict[str, list[float]], commands: dict[str, list[str]], rounds: int) -> Any:
    """Every script's results, and the medians of its times and of those less imports, by library."""
    imports = {"keras": KERAS_IMPORTS, "tidegate": OUR_IMPORTS}
    for library, command in commands.items():
        timed([*command, "-c", imports[library]])  # from now on the files are in memory
    alone = {
        library: statistics.median(timed([*command, "-c", imports[library]])[0] for _ in range(rounds))
        for library, command in commands.items()
    }
    found = {}
    for name in names:
        seconds: dict[str, list[float]] = {library: [] for library in commands}
        results: dict[str, list[float]] = {library: [] for library in commands}
        for _ in range(rounds):
            for library, command in commands.items():
                taken, printed = timed([*command, str(SCRIPTS / f"{name}.py")])
                seconds[library].append(taken)
                results[library].append(result(name, printed, bands[name], library))
        whole = {library: statistics.median(each) for library, each in seconds.items()}
        less = {library: max(0.0, whole[library] - alone[library]) for library in commands}
        shares = {
            "whole": whole["tidegate"] / whole["keras"],
            "less_imports": less["tidegate"] / less["keras"] if less["keras"] else math.inf,
        }
        found[name] = {"results": results, "whole": whole, "less_imports": less, "shares": shares}
        print(
            f"{name:16} {whole['keras']:7.2f} s {whole['tidegate']:7.2f} s   "
            f"{shares['whole']:5.2f} of Keras's, {shares['less_imports']:5.2f} without imports"
            f"{'' if max(shares.values()) <= BAR else '   above the bar'}"
        )
    return {"imports": alone, "scripts": found}


def main() -> int:
    bands = {
        name: row["band"]
        for name, row in json.loads((SCRIPTS / "bands.json").read_text()).items()
        if row["keras"]
    }
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keras", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scripts", nargs="+", choices=sorted(bands), default=sorted(bands))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    commands = {"keras": [options.keras], "tidegate": [sys.executable, "-m", "tidegate"]}
    found = race(options.scripts, bands, commands, options.rounds)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    above = [name for name, row in found["scripts"].items() if max(row["shares"].values()) > BAR]
    print(f"{len(options.scripts) - len(above)} of {len(options.scripts)} are within the bar of a third")
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
