"""Writes tensorflow_functions.json: what TensorFlow 2.21's functions make of the calls in
as_keras/tensorflow_cases.py.

Needs TensorFlow (`python make_tensorflow_functions.py`); the tests only read the file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import tensorflow as tf

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "as_keras"))
from tensorflow_cases import CASES, call, plain  # noqa: E402 - from the folder that was just added

if __name__ == "__main__":
    figures = {name: plain(call(tf, name)) for name in CASES}
    (HERE / "tensorflow_functions.json").write_text(json.dumps(figures) + "\n")
