"""Initializers: distributions as Keras defines them, repeatable by seed."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import tidegate
from tidegate import initializers, random

SHAPE = (300, 200)
FAN_IN, FAN_OUT = SHAPE
VARIANCES = {
    "glorot_uniform": 2 / (FAN_IN + FAN_OUT),
    "glorot_normal": 2 / (FAN_IN + FAN_OUT),
    "he_uniform": 2 / FAN_IN,
    "he_normal": 2 / FAN_IN,
    "lecun_uniform": 1 / FAN_IN,
    "lecun_normal": 1 / FAN_IN,
    "random_uniform": 0.1**2 / 12,
    "random_normal": 0.05**2,
}


@pytest.mark.parametrize("name", VARIANCES)
def test_mean_and_variance(name: str) -> None:
    tidegate.utils.set_random_seed(1)
    values = initializers.get(name)(SHAPE, "float32")
    assert values.shape == SHAPE
    assert values.dtype == np.float32
    assert values.mean() == pytest.approx(0, abs=4 * np.sqrt(VARIANCES[name] / values.size))
    assert values.var() == pytest.approx(VARIANCES[name], rel=0.03)
    if "uniform" in name:
        assert np.abs(values).max() <= np.sqrt(3 * VARIANCES[name]) * (1 + 1e-6)


def test_truncated_normal_stops_at_two_deviations() -> None:
    values = initializers.TruncatedNormal(mean=1.0, stddev=0.5, seed=1)(SHAPE, "float64")
    assert np.abs(values - 1).max() <= 1
    assert values.std() == pytest.approx(0.5 * 0.8796, rel=0.02)


@pytest.mark.parametrize("shape", [(6, 6), (4, 16), (16, 4), (2, 3, 8)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    matrix = initializers.Orthogonal(gain=2.0, seed=3)(shape, "float64").reshape(-1, shape[-1])
    small = min(matrix.shape)
    product = matrix @ matrix.T if matrix.shape[0] == small else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(small), atol=1e-12)


def test_constants() -> None:
    assert not initializers.Zeros()((2, 3), "float32").any()
    assert (initializers.Ones()((2, 3), "float64") == 1).all()
    assert (initializers.Constant(2.5)((2, 3), "float32") == 2.5).all()


def test_identity() -> None:
    np.testing.assert_array_equal(initializers.get("identity")((2, 3), "float32"), np.eye(2, 3))
    halved = initializers.get({"class_name": "IdentityInitializer", "config": {"gain": 0.5}})
    np.testing.assert_array_equal(halved((3, 3), "float64"), 0.5 * np.eye(3))
    assert halved.get_config() == {"gain": 0.5}
    with pytest.raises(ValueError, match=r"Identity.*`shape`.*\(3,\)"):
        halved((3,))


def test_seeds() -> None:
    def draw(seed: int | None) -> np.ndarray:
        return initializers.GlorotUniform(seed=seed)((3, 4), "float32")

    np.testing.assert_array_equal(draw(5), draw(5))
    assert not np.array_equal(draw(5), draw(6))
    tidegate.utils.set_random_seed(9)
    first, second = draw(None), draw(None)
    assert not np.array_equal(first, second)
    tidegate.utils.set_random_seed(9)
    np.testing.assert_array_equal(draw(None), first)


def test_configuration_round_trip() -> None:
    for initializer in (
        initializers.HeNormal(seed=3),
        initializers.Orthogonal(2.0),
        initializers.RandomUniform(-1, 1),
    ):
        twin = type(initializer).from_config(initializer.get_config())
        assert twin.get_config() == initializer.get_config()


@pytest.mark.parametrize("shape", [(300, 900), (129, 129), (200, 33)], ids=str)
def test_orthogonal_weights_do_not_hang_on_the_threads_of_numpy(shape: tuple[int, int]) -> None:
    code = "import sys; from tidegate.initializers import Orthogonal\n"
    code += f"sys.stdout.buffer.write(Orthogonal(seed=3)({shape}, 'float64').tobytes())"
    first, second = (
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "MKL_NUM_THREADS": threads},
            stdout=subprocess.PIPE,
            check=True,
            timeout=60,
        ).stdout
        for threads in ("1", "2")
    )
    assert first == second


@pytest.mark.parametrize("shape", [(1, 4), (33, 33), (100, 400), (400, 70)], ids=str)
def test_orthogonal_is_the_q_of_qr(shape: tuple[int, int]) -> None:
    normal = random.generator(3).standard_normal((max(shape), min(shape)))
    q, r = np.linalg.qr(normal)
    q = q * np.sign(np.diag(r))
    expected = q if shape[0] >= shape[1] else q.T
    np.testing.assert_allclose(initializers.Orthogonal(seed=3)(shape, "float64"), expected, atol=1e-11)
