"""Scripts that were written for Keras run unchanged, and reach what they reach under Keras.

`benchmarks/bench_scripts.py` runs them under both.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BANDS = json.loads((HERE / "bands.json").read_text())


def test_every_script_has_a_band() -> None:
    assert sorted(BANDS) == sorted(
        path.stem for path in HERE.glob("*.py") if not path.stem.startswith("test_")
    )


@pytest.mark.parametrize("name", BANDS)
def test_a_script_runs_unchanged(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tidegate", str(HERE / f"{name}.py")],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    words = done.stdout.splitlines()[-1].split()
    assert words[:2] == ["result:", name]
    low, high = BANDS[name]["band"]
    assert low <= float(words[2]) <= high
    if BANDS[name]["keras"]:
        assert "is called" not in done.stderr  # only the words of today's Keras
