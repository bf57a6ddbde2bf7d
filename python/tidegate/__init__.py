"""Tidegate: LSTM and GRU for CPUs, native kernels behind the interface of Keras.

This file is a table of contents. Importing it loads nothing: a submodule, and with it NumPy and the native
module, comes in when it is first asked for.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`, which this file does not load
if TYPE_CHECKING:
    from tidegate import (
        activations,
        backend,
        callbacks,
        constraints,
        datasets,
        initializers,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        preprocessing,
        regularizers,
        saving,
        utils,
    )
    from tidegate.frozen import load_frozen
    from tidegate.layers import Input
    from tidegate.models import Model, Sequential

__version__ = "0.1.0"

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "__version__",
    "activations",
    "backend",
    "callbacks",
    "constraints",
    "datasets",
    "get_num_threads",
    "info",
    "initializers",
    "layers",
    "load_frozen",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "regularizers",
    "saving",
    "set_num_threads",
    "utils",
]

_NAMES = {
    "Input": "layers",
    "Model": "models",
    "Sequential": "models",
    "load_frozen": "frozen",
}  # name -> the submodule that has it
_SUBMODULES = {*__all__} - {*_NAMES, "__version__", "get_num_threads", "info", "set_num_threads"}


def set_num_threads(count: int) -> None:
    """Lets the kernels use up to `count` threads. The numbers that they compute do not depend on it.

    Raises:
        ValueError: `count` is not a positive integer.
    """
    from tidegate._native import core
    from tidegate.inputs import positive_integer

    core.set_num_threads(positive_integer(count, "count", "set_num_threads"))


def get_num_threads() -> int:
    """How many threads the kernels may use; by default the smaller of CPU affinity and cgroup quota."""
    from tidegate._native import core

    return core.get_num_threads()


def info() -> dict[str, object]:
    """What runs here: the package's version, the instruction set in use, the threads, and the compiler."""
    from tidegate._native import core

    return {"version": __version__, **core.info()}


def load_ipython_extension(ipython: object) -> None:
    """`%load_ext tidegate`: `import keras` and `import tensorflow` lead to Tidegate from now on."""
    from tidegate.as_keras import install

    install()


def unload_ipython_extension(ipython: object) -> None:
    """`%unload_ext tidegate` undoes it, for what is imported after it."""
    from tidegate.as_keras import uninstall

    uninstall()


def __getattr__(name: str) -> object:
    import importlib

    if name in _SUBMODULES:
        return importlib.import_module(f"tidegate.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(f"tidegate.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    if name.startswith("__"):
        raise AttributeError(f"module 'tidegate' has no attribute {name!r}")
    from tidegate.legacy import named

    return named("tidegate", name, __all__)


def __dir__() -> list[str]:
    return sorted(__all__)
