"""Fixtures that set something process-wide, the native module's instruction set or threads, and put it
back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from tidegate._native import core

# The same examples in every run, and no timing: a failure on a slow machine must be a failure on a fast one.
settings.register_profile(
    "tidegate",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("tidegate")


@pytest.fixture(params=core.instruction_sets())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs the test once for every instruction set of this machine."""
    before = str(core.info()["instruction_set"])
    core.set_instruction_set(request.param)
    yield request.param
    core.set_instruction_set(before)


@pytest.fixture
def threads() -> Iterator[None]:
    """For tests that call `core.set_num_threads`: restores the number."""
    before = core.get_num_threads()
    yield
    core.set_num_threads(before)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260101)
