"""Writes keras_backend.npz: what the old backend of Keras 3.15.1 makes of the calls in backend_calls.py.

Needs Keras with TensorFlow (`KERAS_BACKEND=tensorflow python make_keras_backend.py`); the tests only read the
file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from keras._tf_keras.keras import backend

sys.path.insert(0, str(Path(__file__).parents[1]))
from backend_calls import backend_calls

if __name__ == "__main__":
    np.savez_compressed(Path(__file__).with_name("keras_backend.npz"), **backend_calls(backend))
