"""Sequential: building, weights, calling, configuration, summary."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits, off_by_a_byte

import tidegate
from tidegate import Sequential, layers

X = np.random.default_rng(8).standard_normal((6, 10, 3)).astype("float32")


def small(**options: Any) -> Sequential:
    return Sequential([layers.Input((10, 3)), layers.LSTM(4), layers.Dense(2)], **options)


def test_list_form_and_add_are_the_same() -> None:
    model = Sequential()
    model.add(layers.Input((10, 3)))
    model.add(layers.LSTM(4))
    model.add(layers.Dense(2))
    other = small()
    assert [w.shape for w in model.get_weights()] == [w.shape for w in other.get_weights()]
    other.set_weights(model.get_weights())
    assert_same_bits(other.predict(X, verbose=0), model.predict(X, verbose=0))
    assert (model.input_shape, model.output_shape) == ((None, 10, 3), (None, 2))
    assert [type(layer) for layer in model.layers] == [layers.LSTM, layers.Dense]


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")
@pytest.mark.parametrize("layer", [layers.LSTM, layers.GRU, layers.SimpleRNN])
def test_input_shape_on_the_first_layer(layer: type[layers.Layer]) -> None:
    model = Sequential()
    model.add(layer(128 if layer is layers.LSTM else 64, input_shape=(10, 1)))
    assert model.built
    assert model.input_shape == (None, 10, 1)
    assert model.predict(np.zeros((2, 10, 1)), verbose=0).shape == (2, model.layers[0].units)


def test_without_a_shape_the_first_array_builds_it() -> None:
    model = Sequential([layers.GRU(4), layers.Dense(2)])
    assert not model.built
    with pytest.raises(ValueError, match="built"):
        model.count_params()
    assert np.asarray(model(X)).shape == (6, 2)
    assert model.built
    assert model.input_shape == (None, 10, 3)


def test_any_number_of_timesteps() -> None:
    model = Sequential([layers.Input((None, 3)), layers.LSTM(4)])
    for steps in (1, 5, 50):
        assert model.predict(np.ones((2, steps, 3)), verbose=0).shape == (2, 4)


def test_every_way_to_predict_gives_the_same_bits() -> None:
    model = small()
    expected = model.predict(X, verbose=0)
    assert_same_bits(model.predict(X, batch_size=4, verbose=0), expected)
    assert_same_bits(model.predict_on_batch(X), expected)
    assert_same_bits(np.asarray(model(X)), expected)
    y = X
    for layer in model.layers:
        y = layer(y)
    assert_same_bits(y, expected)


def test_other_arrays_are_converted() -> None:
    model, whole = small(), np.round(X * 8)
    expected = model.predict(whole, verbose=0)
    read_only = whole.copy()
    read_only.flags.writeable = False
    for variant in (
        whole.astype("float64"), whole.astype("float16"), whole.astype(">f4"), whole.astype("int32"),
        np.asfortranarray(whole), np.repeat(whole, 2, axis=2)[:, :, ::2], read_only,
        off_by_a_byte(whole),
    ):  # fmt: skip
        for answer in (
            model.predict(variant, verbose=0),
            model.predict_on_batch(variant),
            np.asarray(model(variant)),
        ):
            assert_same_bits(answer, expected)


def test_a_batch_of_no_rows() -> None:
    model = small()
    for answer in (model.predict(X[:0], verbose=0), model.predict_on_batch(X[:0]), np.asarray(model(X[:0]))):
        assert answer.shape == (0, 2)
        assert answer.dtype == np.float32


def test_new_weights_are_seen_at_once() -> None:
    model = small()
    before = model.predict_on_batch(X)
    model.set_weights([weight * 0 for weight in model.get_weights()])
    assert not model.predict_on_batch(X).any()
    model.layers[-1].set_weights([np.zeros((4, 2)), np.array([1.0, 2.0])])
    np.testing.assert_array_equal(model.predict_on_batch(X), np.tile(np.array([1, 2], "float32"), (6, 1)))
    assert before.any()


def test_a_mask_goes_through_the_chain() -> None:
    model = Sequential([layers.Input((10, 3)), layers.LSTM(4, return_sequences=True), layers.GRU(5)])
    mask = np.arange(10) < np.array([10, 4, 7, 1, 9, 10])[:, None]
    y = np.asarray(model(X, mask=mask))
    for row, length in enumerate(mask.sum(1)):
        assert_same_bits(y[row : row + 1], model.predict_on_batch(X[row : row + 1, :length]))


def test_layers_are_found_by_name_and_index() -> None:
    model = Sequential([layers.Input((10, 3)), layers.LSTM(4, name="first"), layers.Dense(2, name="second")])
    assert model.get_layer("second") is model.layers[1] is model.get_layer(index=1)
    with pytest.raises(ValueError, match="third"):
        model.get_layer("third")


def test_pop() -> None:
    model = small()
    dense = model.layers[-1]
    model.pop()
    assert model.layers == [model.layers[0]]
    assert model.output_shape == (None, 4)
    assert model.predict(X, verbose=0).shape == (6, 4)
    model.add(dense)
    assert model.predict(X, verbose=0).shape == (6, 2)


def test_configuration_round_trip() -> None:
    model = Sequential(
        [
            layers.Input((10, 3)),
            layers.GRU(4, reset_after=False, return_sequences=True),
            layers.LSTM(3, activation="relu"),
        ]
    )
    twin = Sequential.from_config(model.get_config())
    assert twin.get_config() == model.get_config()
    twin.set_weights(model.get_weights())
    assert_same_bits(twin.predict(X, verbose=0), model.predict(X, verbose=0))
    from_json = tidegate.models.model_from_json(model.to_json())
    assert from_json.get_config() == model.get_config()


@pytest.mark.parametrize(
    "text",
    ["[]", "{", '{"class_name": "Model"}', '{"class_name": "Sequential", "config": 3}',
     '{"class_name": "Sequential", "config": {}}', '{"class_name": "Sequential", "config": {"layers": 3}}'],
)  # fmt: skip
def test_json_of_something_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"model|Sequential|property"):
        tidegate.models.model_from_json(text)


def test_pickle() -> None:
    model = small()
    twin = pickle.loads(pickle.dumps(model))
    assert_same_bits(twin.predict(X, verbose=0), model.predict(X, verbose=0))


def test_summary() -> None:
    lines: list[str] = []
    model = small(name="forecaster")
    model.summary(print_fn=lines.append, line_length=70)
    text = "\n".join(lines)
    assert 'Model: "forecaster"' in text
    for part in ("Layer (type)", "Output Shape", "Param #", "(LSTM)", "(Dense)", "(None, 4)", "128", "10"):
        assert part in text
    assert " Total params: 138 (552.00 B)" in text
    assert " Trainable params: 138 (552.00 B)" in text
    assert " Non-trainable params: 0 (0.00 B)" in text


def test_frozen_layers_keep_their_weights() -> None:
    model = small()
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, np.ones((6, 2)), epochs=2, verbose=0)
    after = model.get_weights()
    for k in range(3):
        assert_same_bits(after[k], before[k])
    assert not np.array_equal(after[3], before[3])


def test_the_same_seed_gives_the_same_weights() -> None:
    tidegate.utils.set_random_seed(5)
    first = small().get_weights()
    tidegate.utils.set_random_seed(5)
    for one, other in zip(small().get_weights(), first, strict=True):
        assert_same_bits(one, other)
    assert not np.array_equal(small().get_weights()[0], first[0])
