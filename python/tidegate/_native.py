"""The one way to the native module: ``from tidegate._native import core``.

Loading it loads the OpenMP runtime, which reads its settings at that moment and keeps them. Its threads spin for a
while after each parallel region in case another follows; libgomp's default keeps a mostly idle service busy. A shorter
spin is set around the load, unless the user has chosen one, and the environment is left as it was.
"""

from __future__ import annotations

import os

_SPIN = "GOMP_SPINCOUNT"
_CHOICES = (_SPIN, "OMP_WAIT_POLICY")

if any(name in os.environ for name in _CHOICES):
    from tidegate import _core as core
else:
    os.environ[_SPIN] = "10000"
    try:
        from tidegate import _core as core
    finally:
        del os.environ[_SPIN]

__all__ = ["core"]
