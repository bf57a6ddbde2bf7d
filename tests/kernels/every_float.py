"""The bound of test_math.py over all 2^32 float32 inputs, on every instruction set.

A script, ten minutes for each function and set: `python tests/kernels/every_float.py exp sigmoid tanh log`
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # for `support`

from test_math import FUNCTIONS, ULP_BOUND, ulp_errors

from tidegate._native import core

CHUNK = 1 << 22


def worst(name: str) -> tuple[float, float]:
    """The largest error in ULP, and the input that has it; subnormal inputs count as zeros."""
    native, exact = FUNCTIONS[name]
    largest, where = 0.0, 0.0
    for start in range(0, 1 << 32, CHUNK):
        x = np.arange(start, start + CHUNK, dtype="u4").view("f4")
        x = x[np.isfinite(x) & ((np.abs(x) >= np.finfo("f4").tiny) | (x == 0))]
        if not x.size:
            continue
        errors = ulp_errors(native(x), exact(x.astype("f8")))
        place = int(np.argmax(errors))
        if not errors[place] <= largest:
            largest, where = float(errors[place]), float(x[place])
    return largest, where


if __name__ == "__main__":
    np.seterr(all="ignore")
    failed = False
    for name in sys.argv[1:] or FUNCTIONS:
        for isa in core.instruction_sets():
            core.set_instruction_set(isa)
            largest, where = worst(name)
            failed |= not largest <= ULP_BOUND
            print(f"{name:8} {isa:8} {largest:5.2f} ULP at {where!r}", flush=True)
    sys.exit(failed)
