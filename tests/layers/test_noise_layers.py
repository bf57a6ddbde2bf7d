"""SpatialDropout1D, AlphaDropout, GaussianNoise and GaussianDropout: what they are in training, and that they
are nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

import tidegate
from tidegate import Sequential, layers, reference
from tidegate.models import load_model
from tidegate.random import Training

X = np.random.default_rng(5).standard_normal((3, 7, 4)).astype("float32")
MAKE: dict[str, Any] = {
    "SpatialDropout1D": lambda **k: layers.SpatialDropout1D(0.4, **k),
    "AlphaDropout": lambda **k: layers.AlphaDropout(0.4, **k),
    "GaussianNoise": lambda **k: layers.GaussianNoise(0.4, **k),
    "GaussianDropout": lambda **k: layers.GaussianDropout(0.4, **k),
}
EVERY = pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)


@EVERY
def test_in_inference_and_at_zero_the_input_comes_back(make: Any) -> None:
    idle = type(make())(0.0)
    for y in (make()(X), idle(X, training=True)):
        assert_same_bits(y, X)
        assert np.shares_memory(y, X)
    model = Sequential([layers.Input((7, 4)), make()])
    assert_same_bits(model.predict(X, verbose=0), X)
    assert model.freeze().program.explain((3, 7, 4))[0]["runs"] == "nothing"


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_masks_and_configurations(make: Any, dtype: str) -> None:
    layer = make(seed=3, dtype=dtype)
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    y = again(X, training=True)
    assert y.dtype == dtype
    assert y.shape == layer.compute_output_shape(X.shape) == X.shape
    assert again(X[:0], training=True).shape == (0, 7, 4)
    mask = np.ones((3, 7), bool)
    assert layer.compute_mask(X, mask) is mask
    assert layer.weights == []


def of_reference(layer: Any, x: Any, key: dict[str, Any]) -> Any:
    """The equations, in float64."""
    x = x.astype("float64")
    if isinstance(layer, layers.GaussianNoise):
        return x + reference.normals(x.shape, 0, layer.stddev, **key, dtype="float64")
    if isinstance(layer, layers.GaussianDropout):
        deviation = (layer.rate / (1 - layer.rate)) ** 0.5
        return x * reference.normals(x.shape, 1, deviation, **key, dtype="float64")
    spatial = isinstance(layer, layers.SpatialDropout1D)
    shape = (len(x), 1, x.shape[2]) if spatial else x.shape
    mask = np.broadcast_to(reference.dropout_mask(shape, layer.rate, **key), x.shape)
    apply = reference.apply_dropout if spatial else reference.apply_alpha_dropout
    return apply(x, mask, layer.rate)


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_follows_the_equations(isa: str, make: Any, dtype: str) -> None:
    layer, rows = make(seed=3, dtype=dtype), np.array([5, 2**40, 0])
    y, kept = layer.forward(X.astype(dtype), training=Training(9, rows, 2))
    assert kept is None
    expected = of_reference(layer, X, {"seed": 3, "node": 2, "iteration": 9, "rows": rows})
    np.testing.assert_allclose(y, expected, rtol=0, atol=2e-6 if dtype == "float32" else 1e-13)


@EVERY
def test_gradients_are_derivatives(make: Any) -> None:
    layer, training = make(seed=3, dtype="float64"), Training(9)
    x, d_y = X.astype("float64"), np.random.default_rng(6).standard_normal(X.shape)
    _, kept = layer.forward(x, training=training, keep=True)
    d_x, d_weights = layer.backward(kept, d_y)
    above, below = (layer.forward(x + step, training=training)[0] for step in (1e-6, -1e-6))
    np.testing.assert_allclose(d_x, d_y * (above - below) / 2e-6, rtol=1e-7, atol=1e-8)
    assert d_weights == []
    assert layer.backward(kept, d_y, need_d_inputs=False) == (None, [])
    assert layer.backward(None, d_y)[0] is d_y


@EVERY
def test_a_row_has_its_noise_wherever_it_lies(make: Any, rng: np.random.Generator) -> None:
    layer, x, order = make(seed=3), np.ones((40, 6, 5), "float32"), rng.permutation(40)
    whole, _ = layer.forward(x, training=Training(3, np.arange(40)))
    mixed, _ = layer.forward(x, training=Training(3, order))
    assert_same_bits(mixed, whole[order])
    part, _ = layer.forward(x[:7], training=Training(3, np.arange(40)[20:27].copy()))
    assert_same_bits(part, whole[20:27])
    other, _ = layer.forward(x, training=Training(4, np.arange(40)))
    assert (other != whole).any()


@EVERY
def test_training_is_the_same_for_any_number_of_threads(threads: None, make: Any) -> None:
    x = np.ones((128, 60, 90), "float32")
    found = []
    for count in (1, 2, 3, 7):
        tidegate.set_num_threads(count)
        layer = make(seed=3)
        y, kept = layer.forward(x, training=Training(3), keep=True)
        found.append((y, layer.backward(kept, x)[0]))
    for y, d_x in found[1:]:
        assert_same_bits(y, found[0][0])
        assert_same_bits(d_x, found[0][1])


@EVERY
def test_fit_and_files(make: Any, tmp_path: Path) -> None:
    """A resumed run has the noise of one that was not interrupted."""
    tidegate.utils.set_random_seed(5)
    net = Sequential([layers.Input((7, 4)), make(), layers.GRU(5), layers.Dense(1)])
    net.compile("sgd", "mse")
    y = np.arange(3.0)
    net.fit(X, y, batch_size=2, epochs=1, verbose=0)
    net.save(tmp_path / "half.keras")
    net.fit(X, y, batch_size=2, epochs=1, verbose=0)
    resumed = load_model(tmp_path / "half.keras")
    assert resumed.get_config() == net.get_config()
    resumed.fit(X, y, batch_size=2, epochs=1, verbose=0)
    for one, other in zip(resumed.get_weights(), net.get_weights(), strict=True):
        assert_same_bits(one, other)


def test_channels_are_dropped_for_all_timesteps() -> None:
    y = layers.SpatialDropout1D(0.4, seed=2)(np.ones((50, 7, 40)), training=True)
    assert_same_bits(y, np.repeat(y[:, :1], 7, axis=1))
    assert (y[:, 0] != 0).mean() == pytest.approx(0.6, abs=0.05)
    assert len(np.unique(y[:, 0] != 0, axis=0)) == 50


@pytest.mark.parametrize(
    ("rate", "dropped", "kept"),
    [
        (0.1, -1.4577386379241943, 0.8068701028823853),
        (0.3, -1.0595481395721436, 1.0567588806152344),
        (0.5, -0.7791938185691833, 1.3996772766113281),
        (0.9, -0.2858858108520508, 3.711249828338623),
    ],
)
def test_alpha_dropout_has_the_figures_of_keras(rate: float, dropped: float, kept: float) -> None:
    """What becomes of 0.7, whether it stays or not."""
    y = layers.AlphaDropout(rate, seed=1)(np.full((1, 400), 0.7), training=True)
    np.testing.assert_allclose(np.unique(y), [dropped, kept], rtol=1e-6)


def test_normal_noise_has_the_deviations_of_keras() -> None:
    x = np.full((200, 500), 3.0)
    y = layers.GaussianNoise(0.25, seed=1)(x, training=True)
    assert (y.mean(), y.std()) == (pytest.approx(2.9999, abs=0.003), pytest.approx(0.2499, abs=0.002))
    y = layers.GaussianDropout(0.3, seed=1)(x, training=True)
    assert (y.mean(), y.std()) == (pytest.approx(2.9993, abs=0.02), pytest.approx(1.9631, abs=0.02))


def test_noise_shape_of_alpha_dropout() -> None:
    y = layers.AlphaDropout(0.5, noise_shape=(None, 1, 4), seed=4)(np.ones_like(X), training=True)
    assert_same_bits(y, np.repeat(y[:, :1], 7, axis=1))
    assert len(np.unique(y)) == 2


def test_arguments_come_in_the_order_of_keras() -> None:
    layer = layers.SpatialDropout1D(0.3, 5, "channels", "float64")
    assert layer.get_config() == {"rate": 0.3, "seed": 5, "name": "channels", "dtype": "float64"}
    assert layers.AlphaDropout(0.3, (None, 2), 5).get_config()["noise_shape"] == (None, 2)
    assert layers.GaussianNoise(0.3, 5).get_config()["seed"] == 5
    assert layers.GaussianDropout(0.3, 5).get_config()["seed"] == 5


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: layers.SpatialDropout1D(), r"`rate` is required"),
        (lambda: layers.SpatialDropout1D(1.5), r"`rate`.*from 0 to 1;.*1\.5"),
        (lambda: layers.SpatialDropout1D(0.5, noise_shape=(1, 2)), r"noise_shape"),
        (lambda: layers.SpatialDropout1D(0.5)(X[0]), r"\[batch, timesteps, channels\].*\(7, 4\)"),
        (lambda: layers.AlphaDropout(1.0), r"`rate`.*from 0 to less than 1;.*1\.0"),
        (lambda: layers.AlphaDropout(0.5, noise_shape=(None, 4))(X), r"`noise_shape`.*\(3, 7, 4\)"),
        (lambda: layers.GaussianNoise(), r"`stddev` is required"),
        (lambda: layers.GaussianNoise(-0.1), r"`stddev`.*from 0 to 1;.*-0\.1"),
        (lambda: layers.GaussianNoise(0.1, seed="a"), r"`seed`.*integer.*'a'"),
        (lambda: layers.GaussianDropout(1), r"`rate`.*from 0 to less than 1;.*1"),
        (lambda: layers.GaussianDropout("half"), r"`rate`.*half"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make()
    assert "\n" not in str(caught.value)
