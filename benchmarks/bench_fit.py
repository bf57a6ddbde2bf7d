"""`fit` from beginning to end on three real tasks, against Keras on TensorFlow.

    pip install aeon && python benchmarks/bench_fit.py [--tasks airline vowels characters] [--json fit.json]

Every library learns each task from several seeds, each run in a new process, with the same data, layers,
optimizer, epochs and batch size (fit_child.py); their first weights and shuffles are their own. Keras runs as
it comes, and with `jit_compile=True`; the faster counts. Reported are the final metric on data that were not
trained on, its mean and range over the seeds, and the times: of building, fitting and testing alone, and of
the whole process, imports included.

airline: airline passengers one month ahead, LSTM(32); RMSE in thousands over the last two years.
vowels: 9 speakers from JapaneseVowels, Masking and LSTM(64); accuracy in percent.
characters: the next character of English text, Embedding and LSTM(128); bits a character, and what each
    library's first model writes, sampled from its probabilities.
"""

from __future__ import annotations

import argparse
import json
import operator
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from fit_child import TASKS
from fit_data import DATA
from report import figure, machine, print_figure, resampled

import tidegate

METRICS = {"airline": "RMSE", "vowels": "% right", "characters": "bits"}
RUNS = {"tidegate": ("tidegate", False), "keras": ("keras", False), "keras, jit": ("keras", True)}
BAR = 2.5

Found = dict[str, dict[str, list[Any]]]  # for each of RUNS and each word of a child's answer, one a seed


def run(name: str, task: str, seed: int, data: Path, threads: int) -> dict[str, Any]:
    """What a new process says of its run."""
    child, (library, jit_compile) = Path(__file__).with_name("fit_child.py"), RUNS[name]
    quiet = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    arguments = (library, jit_compile, task, seed, threads, time.monotonic(), data)
    done = subprocess.run(
        [sys.executable, str(child), *map(str, arguments)],
        env=os.environ | quiet,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{name}, {task}:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measured(task: str, seeds: int, threads: int) -> Found:
    """All runs, seed after seed."""
    found: Found = {name: {} for name in RUNS}
    with TemporaryDirectory() as folder:
        file = Path(folder, "data.npz")
        np.savez(file, **DATA[task]())
        for seed in range(seeds):
            for name, answers in found.items():
                for word, value in run(name, task, seed, file, threads).items():
                    answers.setdefault(word, []).append(value)
    return found


def judged(task: str, found: Found) -> dict[str, Any]:
    """With how many times as long the faster Keras took, without and with imports."""
    peer = min((name for name in RUNS if name != "tidegate"), key=lambda name: median(found[name]["fit"]))
    ratios = [
        figure(
            f"{task}, {peer} / tidegate, {words}",
            "x",
            *resampled(operator.truediv, found[peer][what], found["tidegate"][what]),
            least=BAR,
        )
        for what, words in (("fit", "without imports"), ("whole", "with imports"))
    ]
    return {"runs": found, "figures": ratios}


def print_task(task: str, report: dict[str, Any]) -> None:
    facts = TASKS[task]
    print(f"{task}: {facts.epochs} epochs of batches of {facts.batch_size}")
    for name, each in report["runs"].items():
        metrics = each["metric"]
        print(
            f"  {name:10}  {mean(metrics):7.3f} ({min(metrics):.3f} - {max(metrics):.3f}) {METRICS[task]}  "
            f"{median(each['fit']):6.1f} s, {median(each['whole']):6.1f} s with imports"
        )
    for name, each in report["runs"].items():
        if each["text"][0]:
            print(f"  {name} writes {each['text'][0]!r}")
    for ratio in report["figures"]:
        print_figure(ratio)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    if not (find_spec("keras") and find_spec("tensorflow")):
        sys.exit("Keras on TensorFlow is not installed: see benchmarks/requirements.txt")
    report: dict[str, Any] = {"machine": machine(), "info": tidegate.info(), "tasks": {}}
    for task in options.tasks:
        report["tasks"][task] = judged(task, measured(task, options.seeds, options.threads))
        print_task(task, report["tasks"][task])
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
