"""Promise: a training run that was broken off goes on in another process, and gives the bits of one that was
not; with every optimizer, from a backup and from a `.keras` file, whatever the number of threads.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import training_in_parts
from support import assert_same_bits

import tidegate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With what each part of a run gave, each in a process and with a number of threads of its own."""
    path = tmp_path_factory.mktemp("parts")
    for part, threads in (("whole", 1), ("begin", 3), ("file", 2), ("backup", 1)):
        command = [sys.executable, training_in_parts.__file__, part, str(path), str(threads)]
        subprocess.run(command, check=True, timeout=300)
    return path


@pytest.mark.parametrize("part", ["backup", "file"])
def test_a_run_goes_on_in_another_process(folder: Path, part: str) -> None:
    expected, found = np.load(folder / "whole.npz"), np.load(folder / f"{part}.npz")
    assert sorted(found) == sorted(expected)
    for name in expected:
        assert_same_bits(found[name], expected[name], name)


def test_the_same_run_in_this_process(folder: Path, threads: None) -> None:
    tidegate.set_num_threads(3)
    expected, found = np.load(folder / "whole.npz"), training_in_parts.trained("whole", folder)
    for name in expected:
        assert_same_bits(found[name], expected[name], name)


def test_the_seed_decides(folder: Path) -> None:
    """The runs are not the same for want of randomness."""
    expected = np.load(folder / "whole.npz")
    model = training_in_parts.compiled(training_in_parts.OPTIMIZERS["Adam"]())
    tidegate.utils.set_random_seed(8)  # other masks and another order, but the same first weights
    model.fit(*training_in_parts.data(), epochs=4, batch_size=8, verbose=0)
    assert (model.get_weights()[0] != expected["Adam-0"]).any()
