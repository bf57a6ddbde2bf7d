"""The one way to the native module: `from tidegate._native import core`.

Loading it loads the OpenMP runtime, which reads its settings at that moment and keeps them. Its threads spin
for a while after each parallel region in case another one follows; libgomp's default spin keeps a service
busy that is idle most of the time. A shorter one is set around the load, unless the user has chosen, and the
environment is left as it was.
"""

from __future__ import annotations

import os

_SPIN = "GOMP_SPINCOUNT"

if _SPIN in os.environ or "OMP_WAIT_POLICY" in os.environ:
    from tidegate import _core as core
else:
    os.environ[_SPIN] = "10000"
    try:
        from tidegate import _core as core
    finally:
        del os.environ[_SPIN]

__all__ = ["core"]
