"""Promise: the layers around the recurrent ones give the same bits for any number of threads, any split of a
batch and any order of the rows; dropout too, whose masks are counted."""

from __future__ import annotations

import numpy as np
import pytest
from support import Array, assert_same_bits

import tidegate
from tidegate import Sequential, layers
from tidegate._native import core
from tidegate.random import Training

THREADS = (1, 2, 3, 7)


def model(dtype: str = "float32") -> Sequential:
    tidegate.utils.set_random_seed(11)
    chain = [
        layers.LSTM(33, return_sequences=True, dtype=dtype),
        layers.BatchNormalization(dtype=dtype),
        layers.Activation("gelu", dtype=dtype),
        layers.Dropout(0.3, dtype=dtype),
        layers.Conv1D(33, 3, padding="causal", activation="relu", dtype=dtype),
        layers.AveragePooling1D(2, strides=1, padding="same", dtype=dtype),
        layers.MaxPooling1D(3, strides=2, dtype=dtype),
        layers.LayerNormalization(dtype=dtype),
        layers.Permute((2, 1), dtype=dtype),
        layers.Reshape((11, -1), dtype=dtype),
        layers.GlobalAveragePooling1D(dtype=dtype),
        layers.RepeatVector(5, dtype=dtype),
        layers.Dropout(0.2, noise_shape=(None, 1, None), dtype=dtype),
        layers.GRU(17, return_sequences=True, dtype=dtype),
        layers.GlobalMaxPooling1D(dtype=dtype),
        layers.Flatten(dtype=dtype),
        layers.Dense(4, dtype=dtype),
        layers.Activation("softmax", dtype=dtype),
    ]
    return Sequential([layers.Input((9, 5), dtype=dtype), *chain])


def trained(count: int) -> list[Array]:
    """Weights and losses after 20 steps on `count` threads."""
    tidegate.set_num_threads(count)
    net, rng = model(), np.random.default_rng(1)
    net.compile(optimizer=tidegate.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    x, y = rng.standard_normal((160, 9, 5)).astype("float32"), rng.integers(0, 4, 160)
    history = net.fit(x, y, batch_size=16, epochs=2, verbose=0)
    return [*net.get_weights(), np.array(history.history["loss"])]


def test_twenty_training_steps(threads: None) -> None:
    alone = trained(1)
    for count in (3, 1):
        for array, expected in zip(trained(count), alone, strict=True):
            assert_same_bits(array, expected, f"{count} threads")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict(isa: str, threads: None, dtype: str, rng: np.random.Generator) -> None:
    net, x = model(dtype), rng.standard_normal((45, 9, 5)).astype(dtype)
    tidegate.set_num_threads(1)
    expected = net.predict(x, verbose=0)
    for count in THREADS:
        tidegate.set_num_threads(count)
        for batch_size in (1, 2, 7, 20, 45, 100):
            found = net.predict(x, batch_size=batch_size, verbose=0)
            assert_same_bits(found, expected, f"batch {batch_size}")
    order = rng.permutation(45)
    assert_same_bits(net.predict(x[order], verbose=0), expected[order])


def test_large_arrays_on_many_threads(isa: str, threads: None, rng: np.random.Generator) -> None:
    """Large enough that the work is shared."""
    x, d_y = (rng.standard_normal((64, 90, 200)).astype("float32") for _ in range(2))
    gamma, beta = rng.standard_normal((2, 200)).astype("float32")
    plain = [core.Activation("tanh"), core.Activation("softmax"), core.MaxPooling1D(3, 1, True)]
    plain.append(core.AveragePooling1D(3, 1, True))
    layer_norm, batch_norm = core.LayerNormalization(200), core.BatchNormalization(200)

    def everything() -> list[Array]:
        found: list[Array] = []
        for operator in plain:
            y = operator.forward(x)
            found += [y, operator.backward(x, y, d_y)]
        pooled = core.GlobalMaxPooling1D().forward(x)
        found += [pooled, core.GlobalMaxPooling1D().backward(x, pooled, d_y[:, 0].copy())]
        y, moments = layer_norm.forward(x, [gamma, beta])
        d_x, d_weights = layer_norm.backward(x, moments, [gamma, beta], d_y)
        found += [y, moments, d_x, *d_weights]
        weights = [gamma, beta, *batch_norm.moments(x)]
        d_x, d_weights = batch_norm.backward(x, weights, d_y, True)
        found += [*weights, batch_norm.forward(x, weights), d_x, *d_weights]
        mask = core.dropout_mask(x.shape, 0.3, seed=1, node=2, iteration=3)
        return [*found, mask.view("uint8"), core.apply_dropout(x, mask, 0.3)]

    core.set_num_threads(1)
    alone = everything()
    for count in THREADS[1:]:
        core.set_num_threads(count)
        for place, (array, expected) in enumerate(zip(everything(), alone, strict=True)):
            assert_same_bits(array, expected, f"{count} threads, array {place}")


def test_a_large_embedding_on_many_threads(isa: str, threads: None, rng: np.random.Generator) -> None:
    """Ids that come again and again: their gradients are summed in one order."""
    x = rng.integers(0, 50, (300, 90)).astype("float32")
    table, d_y = (rng.standard_normal(shape).astype("float32") for shape in ((20_000, 200), (300, 90, 200)))
    embedding, masking = core.Embedding(20_000, 200, True), core.Masking(table[0, 0])

    def everything() -> list[Array]:
        y = embedding.forward(x, [table])
        y[x == 7] = table[0, 0]
        masked = masking.forward(y)
        mask = masking.mask(y).view("uint8")
        return [y, embedding.backward(x, d_y), masked, masking.backward(y, masked, d_y), mask]

    core.set_num_threads(1)
    alone = everything()
    for count in THREADS[1:]:
        core.set_num_threads(count)
        for place, (array, expected) in enumerate(zip(everything(), alone, strict=True)):
            assert_same_bits(array, expected, f"{count} threads, array {place}")


def test_a_row_is_dropped_alike_wherever_it_lies_in_a_batch(rng: np.random.Generator) -> None:
    x, order = np.ones((40, 6, 5), "float32"), rng.permutation(40)
    for layer in (layers.Dropout(0.5, seed=1), layers.Dropout(0.5, seed=1, noise_shape=(None, 1, None))):
        whole, _ = layer.forward(x, training=Training(3, np.arange(40)))
        mixed, _ = layer.forward(x, training=Training(3, order))
        assert_same_bits(mixed, whole[order])
        part, _ = layer.forward(x[:7], training=Training(3, np.arange(40)[20:27].copy()))
        assert_same_bits(part, whole[20:27])


def test_a_resumed_run_drops_what_an_uninterrupted_one_does(tmp_path: object) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((20, 6)).astype("float32"), rng.standard_normal(20).astype("float32")
    tidegate.utils.set_random_seed(5)
    net = Sequential([layers.Input((6,)), layers.Dense(8), layers.Dropout(0.5), layers.Dense(1)])
    net.compile("sgd", "mse")
    net.fit(x, y, batch_size=8, epochs=2, verbose=0)
    net.save(f"{tmp_path}/half.keras")
    net.fit(x, y, batch_size=8, epochs=2, verbose=0)
    resumed = tidegate.models.load_model(f"{tmp_path}/half.keras")
    resumed.fit(x, y, batch_size=8, epochs=2, verbose=0)
    for one, other in zip(resumed.get_weights(), net.get_weights(), strict=True):
        assert_same_bits(one, other)


def test_two_dropouts_of_one_model_differ() -> None:
    chain = [layers.Dropout(0.5, seed=1), layers.Dropout(0.5, seed=1)]
    net = Sequential([layers.Input((400,)), *chain])
    assert np.mean(net(np.ones((1, 400), "float32"), training=True) != 0) == pytest.approx(0.25, abs=0.08)
