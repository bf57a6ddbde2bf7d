"""Switches of TensorFlow that scripts set before they begin: devices, logs, sessions.

There is nothing to switch here but threads, and the answers say so: no accelerator, no session, everything is
computed at once.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

DEBUG, INFO, WARN, ERROR, FATAL = 10, 20, 30, 40, 50


def nothing(*_: Any, **__: Any) -> None:
    """Takes anything, and does nothing."""


set_verbosity = set_memory_growth = set_visible_devices = set_virtual_device_configuration = nothing
set_logical_device_configuration = run_functions_eagerly = set_soft_device_placement = nothing
enable_op_determinism = set_inter_op_parallelism_threads = nothing
disable_eager_execution = enable_eager_execution = disable_v2_behavior = enable_v2_behavior = nothing
reset_default_graph = nothing


def list_devices(device_type: str | None = None) -> list[Any]:
    """None: there is the CPU alone."""
    return []


list_physical_devices = list_logical_devices = list_devices


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """As `tidegate.set_num_threads`; 0 leaves it as it is."""
    import tidegate

    if num_threads:
        tidegate.set_num_threads(num_threads)


def is_gpu_available(*_: Any, **__: Any) -> bool:
    return False


is_built_with_cuda = is_built_with_gpu_support = is_gpu_available


def gpu_device_name() -> str:
    return ""


def ConfigProto(**options: Any) -> SimpleNamespace:
    """Takes any option."""
    return SimpleNamespace(gpu_options=SimpleNamespace(), **options)


class Session:
    """Holds nothing; `run` is refused."""

    def __init__(self, target: Any = "", graph: Any = None, config: Any = None) -> None:
        self.graph = graph

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None: ...

    def run(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("Tidegate computes at once: `Session.run` has no graph to run")
