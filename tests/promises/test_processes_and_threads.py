"""Promise: any number of Python threads on one model; predict, fork, predict in the child; nothing at
import."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from support import Array, assert_same_bits

import tidegate
from tidegate import Sequential, layers
from tidegate.variable import changing


def model() -> Sequential:
    tidegate.utils.set_random_seed(3)
    return Sequential(
        [
            layers.Input((12, 6)),
            layers.LSTM(40, return_sequences=True),
            layers.SimpleRNN(40, return_sequences=True),
            layers.GRU(24),
            layers.Dense(3),
        ]
    )


def test_eight_python_threads_on_one_model(threads: None, rng: np.random.Generator) -> None:
    tidegate.set_num_threads(2)
    net, inputs = model(), [rng.standard_normal((rows, 12, 6)).astype("float32") for rows in (1, 2, 7, 40)]
    expected = [net.predict_on_batch(x) for x in inputs]
    failures: list[str] = []
    start = threading.Barrier(8)

    def work(seed: int) -> None:
        start.wait()
        for k in range(40):
            which = (seed + k) % len(inputs)
            if not np.array_equal(net.predict_on_batch(inputs[which]), expected[which]):
                failures.append(f"thread {seed}, call {k}, {len(inputs[which])} rows")

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not any(worker.is_alive() for worker in workers)
    assert not failures, failures[:3]


def test_evaluations_in_several_threads(rng: np.random.Generator) -> None:
    net = model()
    net.compile("sgd", "mse", metrics=["mae"])
    inputs = [rng.standard_normal((40, 12, 6)).astype("float32") for _ in range(4)]
    y = rng.standard_normal((40, 3))
    expected = [net.evaluate(x, y, batch_size=2, verbose=0) for x in inputs]
    found: list[list[float]] = [[] for _ in inputs]

    def work(k: int) -> None:
        for _ in range(5):
            found[k] += [net.evaluate(inputs[k], y, batch_size=2, verbose=0)]

    workers = [threading.Thread(target=work, args=(k,)) for k in range(len(inputs))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert found == [[values] * 5 for values in expected]


def weights_in_a_file(net: Sequential, folder: Path) -> Array:
    net.save(folder / "model.keras")
    saved = tidegate.models.load_model(folder / "model.keras").get_weights()
    return np.concatenate([weight.ravel() for weight in saved])


LOOKS = {
    "predict_on_batch": lambda net, x, folder: net.predict_on_batch(x),
    "call": lambda net, x, folder: net(x),
    "call with a mask": lambda net, x, folder: net(x, mask=np.ones(x.shape[:2], bool)),
    "layer": lambda net, x, folder: net.layers[0](x),
    "get_weights": lambda net, x, folder: np.concatenate([w.ravel() for w in net.get_weights()]),
    "save": lambda net, x, folder: weights_in_a_file(net, folder),
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_while_the_weights_change(look: str, rng: np.random.Generator, tmp_path: Path) -> None:
    """Whatever is done with a model sees the weights from before or from after, never a mixture."""
    net, x = model(), rng.standard_normal((5, 12, 6)).astype("float32")
    before = net.get_weights()
    after = [weight + np.float32(0.1) for weight in before]
    answers = [LOOKS[look](net, x, tmp_path)]
    net.set_weights(after)
    answers.append(LOOKS[look](net, x, tmp_path))
    assert not np.array_equal(*answers)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            net.set_weights(before)
            net.set_weights(after)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns between any two instructions, or nearly
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(50 if look == "save" else 1000):
            y = LOOKS[look](net, x, tmp_path)
            assert any(np.array_equal(y, answer) for answer in answers)
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        swapper.join(60)


def answer_of_child(net: Sequential, x: Array, seconds: float = 30) -> bytes:
    """What a forked child predicts; fails the test if the child hangs."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # straight to the system: no pytest, no exit handlers
        code = 1
        try:
            os.close(reader)
            with os.fdopen(writer, "wb") as stream:
                stream.write(net.predict_on_batch(x).tobytes())
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    deadline = time.monotonic() + seconds
    with os.fdopen(reader, "rb") as stream:
        while time.monotonic() < deadline:
            finished, _status = os.waitpid(child, os.WNOHANG)
            if finished:
                return stream.read()
            time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail("the forked child hangs")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_fork_after_predict(threads: None, count: int, rng: np.random.Generator) -> None:
    tidegate.set_num_threads(count)
    net, x = model(), rng.standard_normal((64, 12, 6)).astype("float32")
    expected = net.predict_on_batch(x)
    for _ in range(2):
        assert answer_of_child(net, x) == expected.tobytes()
    assert_same_bits(net.predict_on_batch(x), expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_fork_while_the_weights_change(rng: np.random.Generator) -> None:
    """The child has no thread that would finish the change, and does not wait for it."""
    net, x = model(), rng.standard_normal((2, 12, 6)).astype("float32")
    net.predict_on_batch(x)
    under_way, after = threading.Event(), [weight + np.float32(0.1) for weight in net.get_weights()]

    def change() -> None:
        with changing:
            net.set_weights(after)
            under_way.set()
            time.sleep(0.2)

    changer = threading.Thread(target=change)
    changer.start()
    under_way.wait(10)
    try:
        assert answer_of_child(net, x, seconds=5) == net.predict_on_batch(x).tobytes()
    finally:
        changer.join(60)


IMPORT = """
import json, os, sys
import numpy
tasks = lambda: len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0
environment, before = dict(os.environ), tasks()
import tidegate, tidegate.layers, tidegate.models
tidegate.info()
print(json.dumps({
    "threads": tasks() - before,
    "environment": environment == dict(os.environ),
    "heavy": sorted({"h5py", "rich", "matplotlib", "keras", "tensorflow", "torch"} & set(sys.modules)),
}))
"""


def test_nothing_happens_at_import() -> None:
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT], capture_output=True, text=True, timeout=60
    )
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == {"threads": 0, "environment": True, "heavy": []}


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_environment_chooses_the_instruction_set() -> None:
    code = "import tidegate; print(tidegate.info()['instruction_set'])"
    assert python(code, TIDEGATE_ISA="base").stdout == "base\n"
    wrong = python(code, TIDEGATE_ISA="mmx")
    assert wrong.returncode != 0
    assert "mmx" in wrong.stderr


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_the_affinity_limits_the_threads() -> None:
    code = "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])\n"
    code += "import tidegate; print(tidegate.get_num_threads())"
    assert python(code).stdout == "1\n"


def test_the_bare_import_does_not_even_load_numpy() -> None:
    code = "import sys, tidegate; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
