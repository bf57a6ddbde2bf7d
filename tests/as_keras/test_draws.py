"""`keras.random`: repeatable, of the right distributions, and in a user's `call`."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, layers, ops
from tidegate.as_keras import draws
from tidegate.utils import set_random_seed

LOGITS = np.log([[0.2, 0.3, 0.5], [1.0, 0.0 + 1e-30, 1e-30]]).astype("float32")
# Name -> what draws with a seed, the mean and the standard deviation.
DRAWS: dict[str, Any] = {
    "normal": (lambda seed: draws.normal((200, 50), 1, 2, seed=seed), 1, 2),
    "truncated_normal": (lambda seed: draws.truncated_normal((200, 50), seed=seed), 0, 0.8796),
    "uniform": (lambda seed: draws.uniform((200, 50), 2, 4, seed=seed), 3, 12**-0.5 * 2),
    "randint": (lambda seed: draws.randint((200, 50), 0, 3, seed=seed), 1, (2 / 3) ** 0.5),
    "beta": (lambda seed: draws.beta((200, 50), 2.0, 2.0, seed=seed), 0.5, 0.05**0.5),
    "gamma": (lambda seed: draws.gamma((200, 50), 4.0, seed=seed), 4, 2),
    "binomial": (lambda seed: draws.binomial((200, 50), 10, 0.5, seed=seed), 5, 2.5**0.5),
    "categorical": (lambda seed: draws.categorical(LOGITS[:1], 10000, seed=seed), 1.3, 0.61**0.5),
    "dropout": (lambda seed: draws.dropout(np.ones((200, 50), "float32"), 0.2, seed=seed), 1, 0.5),
}


@pytest.mark.parametrize("name", DRAWS)
def test_distributions(name: str) -> None:
    draw, mean, deviation = DRAWS[name]
    found = draw(3)
    assert found.dtype == ("int32" if name in ("randint", "categorical") else "float32")
    assert np.mean(found) == pytest.approx(mean, abs=deviation / 20)
    assert np.std(found) == pytest.approx(deviation, rel=0.05)
    np.testing.assert_array_equal(draw(3), found)
    assert (np.asarray(draw(4)) != found).any()
    assert (np.asarray(draw(None)) != draw(None)).any()
    one, other = (draws.SeedGenerator(7) for _ in range(2))
    first, second = draw(one), draw(one)
    assert (np.asarray(first) != second).any()
    np.testing.assert_array_equal(draw(other), first)


def test_shapes() -> None:
    assert draws.categorical(LOGITS, 5, seed=1).shape == (2, 5)
    assert not draws.categorical(LOGITS, 5, seed=1)[1].any()
    x = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(np.sort(draws.shuffle(x, axis=1, seed=1), axis=1), x)
    kept = draws.dropout(np.ones((8, 6)), 0.5, noise_shape=(None, 1), seed=1)
    assert (np.ptp(kept, axis=1) == 0).all()
    seeds = draws.SeedGenerator(5)
    assert draws.SeedGenerator.from_config(seeds.get_config()).next() == seeds.next()
    assert copy.deepcopy(seeds).next() == seeds.next() != seeds.next()
    with pytest.raises(ValueError, match=r"`seed`.*-1"):
        draws.normal((2,), seed=-1)


def test_in_a_call() -> None:
    """The sampling layer of a variational autoencoder: trained, and repeatable under the global seed."""

    class Sampling(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.seed_generator = draws.SeedGenerator()

        def call(self, inputs: Any) -> Any:
            mean, log_variance = ops.split(inputs, 2, axis=-1)
            epsilon = draws.normal(ops.shape(mean), seed=self.seed_generator)
            return draws.dropout(mean + ops.exp(0.5 * log_variance) * epsilon, 0.1, seed=self.seed_generator)

    x, weights = np.random.default_rng(0).standard_normal((16, 3)), []
    for _ in range(2):
        set_random_seed(5)
        model = Sequential([layers.Input((3,)), layers.Dense(4), Sampling()])
        before = model.get_weights()
        model.compile("sgd", "mse")
        model.fit(x, x[:, :2], epochs=2, verbose=0)
        weights.append(model.get_weights())
        assert (before[0] != weights[-1][0]).any()
    np.testing.assert_array_equal(weights[0][0], weights[1][0])
