"""Masking and Embedding as layers: weights, ids of all types, configuration, training, messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

import tidegate
from tidegate import Sequential, layers, losses, metrics
from tidegate.models import load_model

IDS = np.array([[3, 1, 0], [4, 4, 2]])


def test_the_table() -> None:
    layer = layers.Embedding(5, 4)
    y = layer(IDS)
    (table,) = layer.get_weights()
    assert y.dtype == table.dtype == np.float32
    assert layer.weights[0].path == f"{layer.name}/embeddings"
    assert np.abs(table).max() <= 0.05
    assert_same_bits(y, table[IDS])
    assert layer.count_params() == 20
    assert layer.get_config()["embeddings_initializer"]["config"]["maxval"] == 0.05


@pytest.mark.parametrize(
    "dtype",
    [
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        ">i4",
    ],
)
def test_ids_of_every_type(dtype: str) -> None:
    x = IDS.astype(dtype)
    for model in (
        Sequential([layers.Embedding(5, 4)]),
        Sequential([layers.Input((3,), dtype="int32"), layers.Embedding(5, 4, dtype="float64")]),
    ):
        expected = model(IDS)
        for found in (model(x), model.predict(x, verbose=0), model.freeze()(x), model.layers[0](x)):
            assert_same_bits(found, expected)
        assert_same_bits(model(np.asfortranarray(x)), expected)
    assert tidegate.Input((3,), dtype=np.int64).dtype == "int64"


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 4), (2, 1, 2, 3), (0, 3), (2, 0)])
def test_ids_of_every_rank(shape: tuple[int, ...]) -> None:
    x, layer = np.random.default_rng(1).integers(0, 5, shape), layers.Embedding(5, 4)
    y = layer(x)
    assert y.shape == (*shape, 4) == layer.compute_output_shape(shape)
    if len(shape) > 1:
        model = Sequential([layers.Input(shape[1:]), layer])
        assert_same_bits(model(x), y)
        assert_same_bits(model.predict(x, verbose=0), y)


def test_ids_up_to_the_last_that_float32_holds() -> None:
    layer = layers.Embedding(2**24, 1, embeddings_initializer="zeros")
    layer(np.array([2**24 - 1]))
    for wrong in (2**24, 2**24 + 1, 2**63, -1):
        with pytest.raises(ValueError, match="from 0 to 16777215"):
            layer(np.array([wrong], "uint64" if wrong > 0 else "int64"))
    with pytest.raises(ValueError, match=r"`input_dim`.*16777216.*float32.*received 16777217"):
        layers.Embedding(2**24 + 1, 1)
    assert layers.Embedding(2**24 + 1, 1, dtype="float64").input_dim == 2**24 + 1


def test_in_a_time_distributed() -> None:
    x = np.random.default_rng(1).integers(0, 5, (2, 3, 4))
    embedding = layers.Embedding(5, 6)
    model = Sequential([layers.Input((3, 4)), layers.TimeDistributed(embedding)])
    assert_same_bits(model(x), embedding(x))


@pytest.mark.parametrize("wrap", [lambda table: table, lambda table: [table], lambda table: table.tolist()])
def test_given_weights(wrap: Any) -> None:
    table = np.arange(10.0).reshape(5, 2)
    layer = layers.Embedding(5, 2, weights=wrap(table), trainable=False)
    assert layer.built
    np.testing.assert_array_equal(layer.get_weights()[0], table)
    model = Sequential([layers.Input((3,)), layer, layers.LSTM(2)])
    np.testing.assert_array_equal(model.layers[0](IDS), table[IDS])
    assert layer.trainable_weights == []
    with pytest.raises(ValueError, match=r"\(5, 2\).*\(2, 5\)"):
        layers.Embedding(5, 2, weights=wrap(table.T.copy().reshape(2, 5)))


def test_input_length_is_ignored_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="`input_length`"):
        layer = layers.Embedding(5, 2, input_length=10)
    assert "input_length" not in layer.get_config()


def test_compute_mask() -> None:
    np.testing.assert_array_equal(layers.Embedding(5, 2, mask_zero=True).compute_mask(IDS), IDS != 0)
    assert layers.Embedding(5, 2).compute_mask(IDS, np.ones((2, 3), bool)) is None
    x = np.stack([IDS, IDS], axis=-1)
    np.testing.assert_array_equal(layers.Masking(4).compute_mask(x), IDS != 4)


def test_masking() -> None:
    x = np.array([[[1.0, 0], [0, 0], [2, 3]]])
    np.testing.assert_array_equal(layers.Masking()(x), x)
    np.testing.assert_array_equal(layers.Masking(2)(np.full((1, 3, 2), 2.0)), np.zeros((1, 3, 2)))
    assert layers.Masking(np.float32(-1)).get_config()["mask_value"] == -1


@pytest.mark.parametrize(
    "layer",
    [layers.Masking(-1.5), layers.Embedding(7, 3, "glorot_uniform", mask_zero=True), layers.Embedding(7, 3)],
    ids=lambda layer: type(layer).__name__,
)
def test_files(layer: layers.Layer, tmp_path: Any) -> None:
    entrance = (
        layers.Input((4, 2)) if isinstance(layer, layers.Masking) else layers.Input((4,), dtype="int32")
    )
    model = Sequential([entrance, layer, layers.GRU(3)])
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    assert again.get_config() == model.get_config()
    for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
        assert_same_bits(one, other)


# ---- training ------------------------------------------------------------------------------------


def tagger(dtype: str = "float32") -> Sequential:
    tidegate.utils.set_random_seed(3)
    chain = [
        layers.Embedding(40, 70, mask_zero=True, dtype=dtype),
        layers.LSTM(20, return_sequences=True, dtype=dtype),
        layers.Dense(3, activation="softmax", dtype=dtype),
    ]
    return Sequential([layers.Input((None,)), *chain])


def sentences(rows: int = 48, timesteps: int = 30) -> tuple[Array, Array]:
    rng = np.random.default_rng(1)
    x, y = rng.integers(1, 40, (rows, timesteps)), rng.integers(0, 3, (rows, timesteps))
    x[np.arange(timesteps) < rng.integers(0, timesteps, rows)[:, None]] = 0  # padded on the left
    return x, y


def test_training_is_the_same_for_any_number_of_threads(threads: None) -> None:
    results = []
    for count in (1, 3, 2):
        tidegate.set_num_threads(count)
        model = tagger()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(*sentences(), batch_size=16, epochs=2, verbose=0).history
        results.append([*model.get_weights(), np.array([*history["loss"], *history["accuracy"]])])
    for found in results[1:]:
        for one, other in zip(found, results[0], strict=True):
            assert_same_bits(one, other)


def test_the_loss_is_that_of_the_real_steps() -> None:
    """And its gradient, by central differences; what stands in masked steps makes no difference."""
    model, (x, y) = tagger("float64"), sentences(3, 5)
    loss, real = losses.SparseCategoricalCrossentropy(), x != 0
    model.compile("sgd", loss)

    def value() -> float:
        return float(model.evaluate(x, y, verbose=0))

    outputs = model(x)
    each = losses.sparse_categorical_crossentropy(y, outputs)
    assert value() == pytest.approx(each[real].mean(), rel=1e-12)
    found, kept, mask = model.graph.forward(x.astype("float64"), keep=True)
    assert_same_bits(found, outputs)
    gradients = model.graph.backward(kept, loss.value_and_gradient(y, outputs, None, mask)[1])
    for variable in model.trainable_variables:
        before = variable.numpy()
        at = np.unravel_index(np.abs(gradients[variable]).argmax(), variable.shape)
        ends = []
        for step in (1e-5, -1e-5):
            changed = before.copy()
            changed[at] += step
            variable.assign(changed)
            ends.append(value())
        variable.assign(before)
        assert gradients[variable][at] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)
    assert not gradients[model.layers[0].weights[0]][0].any()
    other = np.where(real, y, 2 - y)
    assert model.evaluate(x, other, verbose=0) == value()


def test_masked_metrics() -> None:
    model, (x, y) = tagger(), sentences()
    rng, real = np.random.default_rng(4), x != 0
    weight = rng.random(x.shape).astype("float32")
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["acc"])
    _, plain, weighted = model.evaluate(x, y, sample_weight=weight, verbose=0, batch_size=48)
    right = model(x).argmax(axis=-1) == y
    assert plain == pytest.approx(right[real].mean(), rel=1e-6)
    assert weighted == pytest.approx((right * weight)[real].sum() / weight[real].sum(), rel=1e-6)
    assert metrics.SparseCategoricalAccuracy()(y, model(x), real) == pytest.approx(plain, rel=1e-6)


# ---- bad input -----------------------------------------------------------------------------------


def test_a_wrong_id_stops_before_anything_is_trained() -> None:
    model, (x, y) = tagger(), sentences()
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    for wrong in (40, -1):
        bad = x.copy()
        bad[-1, -1] = wrong
        for call in (
            lambda bad=bad: model.fit(bad, y, batch_size=8, verbose=0),
            lambda bad=bad: model.fit(x, y, validation_data=(bad, y), verbose=0),
            lambda bad=bad: model.evaluate(bad, y, verbose=0),
            lambda bad=bad: model.predict(bad, verbose=0),
            lambda bad=bad: model(bad),
            lambda bad=bad: model(bad.astype("float32")),
            lambda bad=bad: model.freeze()(bad),
            lambda bad=bad: model.layers[0](bad),
        ):
            with pytest.raises(
                ValueError, match=rf"whole numbers from 0 to 39, received {wrong}\."
            ) as caught:
                call()
            assert "\n" not in str(caught.value)
    for one, other in zip(model.get_weights(), before, strict=True):
        assert_same_bits(one, other)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: layers.Embedding(0, 3), r"`input_dim`.*positive integer.*0"),
        (lambda: layers.Embedding(3, 2.5), r"`output_dim`.*positive integer.*2\.5"),
        (lambda: layers.Embedding(3), r"`output_dim`"),
        (lambda: layers.Embedding(3, 2, mask_zero="yes"), r"`mask_zero`.*'yes'"),
        (lambda: layers.Embedding(3, 2, "unifrom"), r"unifrom"),
        (lambda: layers.Embedding(3, 2, activity_regularizer="l3"), r"regularizer.*l3"),
        (
            lambda: layers.Embedding(3, 2, embeddings_constraint="unit_nrm"),
            r"constraint 'unit_nrm'.*unit_norm",
        ),
        (lambda: layers.Embedding(3, 2, lora_rank=2), r"`lora_rank`.*2"),
        (lambda: layers.Embedding(3, 2, lora_alpha=2), r"`lora_alpha`.*2"),
        (lambda: layers.Embedding(3, 2, quantization_config={}), r"`quantization_config`"),
        (lambda: layers.Embedding(3, 2, weights=np.zeros((3, 3))), r"\(3, 2\).*\(3, 3\)"),
        (lambda: layers.Embedding(5, 2)(IDS.tolist()), r"NumPy array"),
        (lambda: layers.Embedding(5, 2)(IDS.astype(str)), r"real numbers"),
        (lambda: layers.Embedding(5, 2)(IDS + 0.5), r"whole numbers from 0 to 4, received 3\.5"),
        (lambda: layers.Embedding(5, 2)(np.array(3)), r"axes.*\(\)"),
        (lambda: layers.Embedding(5, 2, mask_zero=True)(IDS[0]), r"\[batch, timesteps\].*\(3,\)"),
        (lambda: layers.Embedding(5, 2, mask_zero=True)(IDS[None]), r"\[batch, timesteps\].*\(1, 2, 3\)"),
        (lambda: layers.Masking("0"), r"`mask_value`.*number"),
        (lambda: layers.Masking(None), r"`mask_value`"),
        (lambda: layers.Masking()(np.zeros((2, 3))), r"timesteps.*\(2, 3\)"),
        (lambda: layers.Masking()(np.zeros((2, 3, 4, 5))), r"timesteps.*\(2, 3, 4, 5\)"),
        (lambda: layers.Masking()(np.zeros((2, 3, 4)), mask=np.ones((2, 3))), r"`mask`"),
        (lambda: layers.Input((3,), dtype="int7"), r"`dtype`.*int7"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make()
    assert "\n" not in str(caught.value)
