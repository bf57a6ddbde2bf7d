"""Bidirectional as a layer on arrays: against two layers and Keras; gradients, states, configuration."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

from tidegate import Sequential, layers, reference
from tidegate.layers import GRU, LSTM, Bidirectional, Input

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_bidirectional.json").read_text())[
    "layers"
]
MODES = ("concat", "sum", "mul", "ave", None)
EVERY_MODE = pytest.mark.parametrize("mode", MODES)
BOTH_INNER = pytest.mark.parametrize("inner", [LSTM, GRU])
X = np.random.default_rng(5).standard_normal((3, 5, 2))
MASK = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 0]], bool)


def listed(outputs: Any) -> list[Array]:
    return outputs if isinstance(outputs, list) else [outputs]


def built(layer: Any, dtype: str = "float64") -> Bidirectional:
    """The layer in a Bidirectional with random weights, biases too."""
    wrapped = layer if isinstance(layer, Bidirectional) else Bidirectional(layer)
    wrapped.build(X.shape)
    rng = np.random.default_rng(8)
    wrapped.set_weights([rng.standard_normal(weight.shape) / 2 for weight in wrapped.get_weights()])
    return wrapped


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: f"{figure['inner']}-{figure['merge_mode']}")
def test_the_figures_of_keras(figure: dict[str, Any]) -> None:
    layer = Bidirectional(
        getattr(layers, figure["inner"])(**figure["config"]), merge_mode=figure["merge_mode"]
    )
    x = np.array(figure["x"], "float32")
    layer.build(x.shape)
    layer.set_weights([np.array(weight) for weight in figure["weights"]])
    states = figure["initial_state"] and [np.array(state) for state in figure["initial_state"]]
    mask = figure["mask"] and np.array(figure["mask"])
    outputs = listed(layer(x, mask=mask, initial_state=states))
    for output, expected in zip(outputs, figure["outputs"], strict=True):
        np.testing.assert_allclose(output, expected, rtol=0, atol=1e-5)


@EVERY_MODE
@BOTH_INNER
@pytest.mark.parametrize("sequences", [False, True], ids=["last", "sequences"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
def test_against_the_reference(inner: Any, mode: str | None, sequences: bool, mask: Array | None) -> None:
    layer = built(
        Bidirectional(
            inner(4, return_sequences=sequences, return_state=True, dtype="float64"), merge_mode=mode
        )
    )
    count = len(layer.layer.cell.state_names)
    states = [np.random.default_rng(k).standard_normal((3, 4)) for k in range(2 * count)]
    found = layer(X, mask=mask, initial_state=states)
    weights = layer.get_weights()
    expected, finals = [], []
    for k in (0, 1):
        twin = reference.Recurrent(
            layer.layer.cell.cell_name, 4, return_sequences=sequences, go_backwards=k == 1,
            zero_output_for_mask=sequences,
        )  # fmt: skip
        y, final, _ = twin.forward(X, weights[3 * k : 3 * k + 3], states[count * k : count * (k + 1)], mask)
        expected.append(y[:, ::-1] if k and sequences else y)
        finals += final
    merged = {
        "concat": lambda a, b: [np.concatenate([a, b], axis=-1)],
        "sum": lambda a, b: [a + b],
        "mul": lambda a, b: [a * b],
        "ave": lambda a, b: [(a + b) / 2],
        None: lambda a, b: [a, b],
    }[mode](*expected)
    for output, want in zip(found, [*merged, *finals], strict=True):
        np.testing.assert_allclose(output, want, rtol=0, atol=1e-12)
    shapes = layer.compute_output_shape(X.shape)
    assert [output.shape for output in found] == shapes


@EVERY_MODE
@BOTH_INNER
@pytest.mark.parametrize("sequences", [False, True], ids=["last", "sequences"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
def test_gradients(inner: Any, mode: str | None, sequences: bool, mask: Array | None) -> None:
    """Against central differences: of the input, every weight and every initial state."""
    layer = built(
        Bidirectional(
            inner(3, return_sequences=sequences, return_state=True, dtype="float64"), merge_mode=mode
        )
    )
    rng = np.random.default_rng(3)
    inputs = [X.copy(), *(rng.standard_normal((3, 3)) for _ in range(2 * len(layer.layer.cell.state_names)))]
    weights = layer.get_weights()
    outputs, kept = layer.forward(inputs, weights=weights, keep=True, mask=mask)
    d_outputs = [rng.standard_normal(output.shape) for output in outputs]

    def loss() -> float:
        found, _ = layer.forward(inputs, weights=weights, mask=mask)
        return float(sum(np.sum(y * d) for y, d in zip(found, d_outputs, strict=True)))

    d_inputs, d_weights = layer.backward(kept, d_outputs)
    for array, gradient in zip([*inputs, *weights], [*d_inputs, *d_weights], strict=True):
        flat, found = array.reshape(-1), gradient.reshape(-1)
        for k in rng.permutation(flat.size)[:12]:
            value, step = flat[k], 1e-5
            flat[k] = value + step
            above = loss()
            flat[k] = value - step
            numeric = (above - loss()) / (2 * step)
            flat[k] = value
            assert abs(found[k] - numeric) < 1e-7 * max(1, abs(numeric))


@EVERY_MODE
def test_a_missing_gradient_is_zeros(mode: str | None) -> None:
    layer = built(Bidirectional(LSTM(3, return_state=True, dtype="float64"), merge_mode=mode))
    outputs, kept = layer.forward(X, weights=layer.get_weights(), keep=True)
    for absent in range(len(outputs)):
        d_outputs: list[Any] = [np.ones_like(output) for output in outputs]
        zeros = [*d_outputs[:absent], np.zeros_like(outputs[absent]), *d_outputs[absent + 1 :]]
        d_outputs[absent] = None
        d_x, d_weights = layer.backward(kept, d_outputs)
        expected, expected_weights = layer.backward(kept, zeros)
        np.testing.assert_array_equal(d_x, expected)
        for one, other in zip(d_weights, expected_weights, strict=True):
            np.testing.assert_array_equal(one, other)
    assert layer.backward(kept, zeros, need_d_inputs=False)[0] is None


@EVERY_MODE
@BOTH_INNER
def test_the_program_has_the_bits_of_the_layers(inner: Any, mode: str | None) -> None:
    for sequences in (False, True):
        layer = built(Bidirectional(inner(7, return_sequences=sequences), merge_mode=mode))
        if mode is None:
            with pytest.raises(ValueError, match="one output"):
                Sequential([Input((5, 2)), layer])
            continue
        model, x = Sequential([Input((5, 2)), layer]), X.astype("float32")
        assert_same_bits(model.predict(x, verbose=0), layer(x))


def test_training_bits_do_not_depend_on_threads(threads: None) -> None:
    from tidegate._native import core

    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((40, 9, 5)).astype("float32"), rng.standard_normal((40, 3))
    weights = None
    for count in (1, 2, 3):
        core.set_num_threads(count)
        model = Sequential(
            [
                Input((9, 5)),
                Bidirectional(LSTM(33, return_sequences=True)),
                Bidirectional(GRU(17, return_sequences=True), merge_mode="mul"),
                Bidirectional(LSTM(3), merge_mode="ave"),
            ]
        )
        weights = weights or model.get_weights()
        model.set_weights(weights)
        model.compile("adam", "mse")
        model.fit(x, y, batch_size=20, epochs=2, shuffle=False, verbose=0)
        if count == 1:
            expected = model.get_weights()
        for one, other in zip(model.get_weights(), expected, strict=True):
            assert_same_bits(one, other, f"{count} threads")


def test_the_layer_is_made_anew() -> None:
    given = LSTM(4, return_sequences=True, activation="relu", name="mine")
    given.build(X.shape)
    layer = built(Bidirectional(given, name="both"))
    there, back = layer.forward_layer, layer.backward_layer
    assert (there.name, back.name) == ("forward_mine", "backward_mine")
    assert (there.go_backwards, back.go_backwards) == (False, True)
    assert there.zero_output_for_mask
    assert back.zero_output_for_mask
    assert not Bidirectional(GRU(3, zero_output_for_mask=True)).layer.zero_output_for_mask
    assert there.activation is back.activation is given.activation
    assert not {id(v) for v in given.weights} & {id(v) for v in layer.weights}
    assert [variable.path for variable in layer.weights] == [
        f"both/{side}_mine/lstm_cell/{name}"
        for side in ("forward", "backward")
        for name in ("kernel", "recurrent_kernel", "bias")
    ]
    assert layer.count_params() == 2 * given.count_params()


def test_another_backward_layer() -> None:
    other = GRU(3, go_backwards=True, return_sequences=True, name="other")
    layer = built(Bidirectional(LSTM(4, return_sequences=True), backward_layer=other))
    assert layer.backward_layer is not other
    assert layer.backward_layer.name == "other"
    assert layer(X).shape == (3, 5, 7)
    assert layer.compute_output_shape((None, 5, 2)) == (None, 5, 7)
    assert Bidirectional(LSTM(4, go_backwards=True), backward_layer=GRU(3))(X).shape == (3, 7)


@EVERY_MODE
def test_configuration_round_trip(mode: str | None) -> None:
    layer = Bidirectional(
        GRU(4, reset_after=False, return_state=True, name="inner", dtype="float64"),
        merge_mode=mode,
        name="both",
    )
    config = json.loads(json.dumps(layer.get_config()))
    assert list(config) == ["name", "trainable", "dtype", "merge_mode", "layer", "backward_layer"]
    assert config["backward_layer"]["config"]["name"] == "backward_inner"
    twin = Bidirectional.from_config(config)
    assert twin.get_config() == layer.get_config()
    built(layer), built(twin)
    for one, other in zip(listed(layer(X)), listed(twin(X)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_first_weights_may_be_given() -> None:
    weights = [np.full(shape, 0.5, "float32") for shape in ((2, 12), (3, 12), (12,)) * 2]
    layer = Bidirectional(LSTM(3), weights=weights)
    layer.build(X.shape)
    for one, other in zip(layer.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="6 arrays; received 3"):
        Bidirectional(LSTM(3), weights=weights[:3])(X)


def test_what_is_trainable() -> None:
    assert len(built(LSTM(3)).trainable_weights) == 6
    layer = built(Bidirectional(LSTM(3), trainable=False))
    assert layer.trainable_weights == layer.trainable_variables == []
    assert len(layer.non_trainable_weights) == 6
    assert built(LSTM(3, trainable=False)).trainable_weights == []
    layer = built(LSTM(3))
    layer.backward_layer.trainable = False
    assert layer.trainable_weights == layer.forward_layer.weights


def test_the_mask_goes_on_with_sequences_only() -> None:
    assert Bidirectional(LSTM(3)).compute_mask(None, MASK) is None
    assert Bidirectional(LSTM(3, return_sequences=True)).compute_mask(None, MASK) is MASK


def test_states_on_an_input() -> None:
    layer = Bidirectional(GRU(3))
    output = layer(Input((5, 2)), initial_state=[Input((3,)), Input((3,))])
    assert output.shape == (None, 6)
    assert len(output.node.inputs) == 3


def test_pickle() -> None:
    layer = built(LSTM(3, return_sequences=True))
    copy = pickle.loads(pickle.dumps(layer))
    np.testing.assert_array_equal(copy(X), layer(X))


def test_the_dtype_is_that_of_the_layer() -> None:
    assert Bidirectional(LSTM(3, dtype="float64")).dtype == "float64"
    assert Bidirectional(LSTM(3, dtype="float64"))(X).dtype == np.float64
    with pytest.raises(ValueError, match="expected float64, received float32"):
        Bidirectional(LSTM(3), dtype="float64")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((3,), "`layer` must be a layer; received 3"),
        ((layers.Dense(3),), "`layer` must be a recurrent layer; received <Dense"),
        ((Bidirectional(LSTM(3)),), "`layer` must be a recurrent layer; received <Bidirectional"),
        ((LSTM(3), "max"), "`merge_mode` must be 'concat'.*received 'max'"),
        ((LSTM(3), 3), "`merge_mode`.*received 3"),
        ((LSTM(3, go_backwards=True),), "different `go_backwards`; received True for both"),
        ((LSTM(3), "concat", None, LSTM(3)), "different `go_backwards`; received False for both"),
        ((LSTM(3), "concat", None, layers.Dense(3)), "`backward_layer` must be a recurrent layer"),
        ((LSTM(3), "concat", None, GRU(3, go_backwards=True, return_state=True)), "same `return_state`"),
        (
            (LSTM(3), "concat", None, GRU(3, go_backwards=True, return_sequences=True)),
            "same `return_sequences` as `layer`; expected False, received True",
        ),
        (
            (LSTM(3), "sum", None, GRU(4, go_backwards=True)),
            "same `units` as `layer`; expected 3, received 4",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_arguments(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        Bidirectional(*arguments)
    assert "Bidirectional" in str(caught.value)


def test_bad_calls() -> None:
    layer, x = Bidirectional(LSTM(4)), X.astype("float32")
    with pytest.raises(TypeError, match="`layer` is required"):
        Bidirectional()
    with pytest.raises(ValueError, match="timesteps"):
        layer(x[0])
    with pytest.raises(
        ValueError, match=r"list of 4 \(forward h, forward c, backward h, backward c\); received 2"
    ):
        layer(x, initial_state=[np.zeros((3, 4))] * 2)
    with pytest.raises(ValueError, match=r"\(3, 4\); received \(3, 5\)"):
        layer(x, initial_state=[np.zeros((3, 4))] * 3 + [np.zeros((3, 5))])
    with pytest.raises(ValueError, match="`mask` must have the shape"):
        layer(x, mask=MASK[:2])
    with pytest.raises(ValueError, match="mask"):
        layer(Input((5, 2)), mask=MASK)
