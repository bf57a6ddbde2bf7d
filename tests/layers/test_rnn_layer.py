"""RNN: of one cell the layer of that cell, of several their steps one by one; in models and in files too."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

import tidegate
from tidegate import Model, Sequential, layers
from tidegate.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Dense,
    GRUCell,
    Input,
    LSTMCell,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
    TimeDistributed,
)
from tidegate.models import load_model
from tidegate.random import Training
from tidegate.structure import flatten

DATA = Path(__file__).parent.parent / "data"
EVERY_PAIR = pytest.mark.parametrize(
    ("cell_class", "layer_class"), [(LSTMCell, LSTM), (GRUCell, GRU), (SimpleRNNCell, SimpleRNN)]
)
X = np.random.default_rng(5).standard_normal((3, 7, 2)).astype("float32")
MASK = np.array([[0, 0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0, 0], [1, 0, 1, 1, 0, 1, 1]], bool)
EVERY_MASK = pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])


def stacked(dtype: str = "float32", **options: Any) -> RNN:
    """Three cells with random weights, biases too."""
    cells = [each(units, dtype=dtype) for each, units in ((LSTMCell, 5), (GRUCell, 4), (LSTMCell, 3))]
    layer = RNN(cells, **options)
    layer.build((3, 7, 2) if options.get("stateful") else (None, None, 2))
    rng = np.random.default_rng(8)
    layer.set_weights([rng.standard_normal(w.shape) / 2 for w in layer.get_weights()])
    return layer


def step_by_step(layer: RNN, x: Array, mask: Array | None, states: Any) -> tuple[Array, Any]:
    """All outputs and the final states, from calls of the cell; a masked step repeats the last ones."""
    steps = range(x.shape[1])
    output, outputs = np.zeros((len(x), layer.units), x.dtype), []
    for t in reversed(steps) if layer.go_backwards else steps:
        y, after = layer.cell(x[:, t], states)
        real = np.ones((len(x), 1), bool) if mask is None else mask[:, t, np.newaxis]
        output = np.where(real, y, output)
        outputs.append(np.where(real, y, 0) if layer.zero_output_for_mask else output)
        states = [np.where(real, new, old) for new, old in zip(flatten(after), flatten(states), strict=True)]
    return np.stack(outputs, axis=1), states


@EVERY_PAIR
@EVERY_MASK
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"return_sequences": True, "return_state": True},
        {"return_sequences": True, "go_backwards": True, "zero_output_for_mask": True},
    ],
    ids=["last", "all", "backwards"],
)
def test_of_one_cell(cell_class: Any, layer_class: Any, mask: Array | None, options: dict[str, Any]) -> None:
    """The bits of the layer of that cell: outputs, gradients, dropout."""
    arguments = {"dropout": 0.3, "recurrent_dropout": 0.2, "seed": 4}
    walk, layer = RNN(cell_class(6, **arguments), **options), layer_class(6, **arguments, **options)
    layer(X), walk(X)
    walk.set_weights(layer.get_weights())
    for one, other in zip(flatten(walk(X, mask=mask)), flatten(layer(X, mask=mask)), strict=True):
        assert_same_bits(one, other)
    found = []
    for each in (walk, layer):
        outputs, kept = each.forward(X, training=Training(3), keep=True, mask=mask)
        d_outputs = [np.ones_like(output) for output in flatten(outputs)]
        d_x, d_weights = each.backward(kept, d_outputs if len(d_outputs) > 1 else d_outputs[0])
        found.append([*flatten(outputs), d_x, *d_weights])
    for one, other in zip(*found, strict=True):
        assert_same_bits(one, other)


@EVERY_MASK
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("zeros", [False, True], ids=["repeated", "zeros"])
def test_of_several_cells(isa: str, mask: Array | None, backwards: bool, zeros: bool) -> None:
    layer = stacked(
        return_sequences=True, return_state=True, go_backwards=backwards, zero_output_for_mask=zeros
    )
    y, *states = layer(X, mask=mask)
    expected, final = step_by_step(layer, X, mask, layer.get_initial_state(3))
    assert_same_bits(y, expected)
    for one, other in zip(flatten(states), final, strict=True):
        assert_same_bits(one, other)
    given = [
        np.random.default_rng(k).standard_normal((3, n)).astype("f4") for k, n in enumerate((5, 5, 4, 3, 3))
    ]
    nested = [given[:2], given[2], given[3:]]
    y, *_ = layer(X, mask=mask, initial_state=nested)
    begun = np.ones(3, bool) if mask is None else mask[:, -1 if backwards else 0]  # else zeros come first
    expected, _ = step_by_step(layer, X, mask, nested)
    assert_same_bits(y[begun], expected[begun])
    last = stacked(go_backwards=backwards, zero_output_for_mask=zeros)
    if not zeros:
        assert_same_bits(last(X, mask=mask), step_by_step(last, X, mask, last.get_initial_state(3))[0][:, -1])


@EVERY_MASK
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("sequences", [False, True], ids=["last", "all"])
def test_gradients_against_differences(mask: Array | None, backwards: bool, sequences: bool) -> None:
    layer = stacked("float64", return_sequences=sequences, return_state=True, go_backwards=backwards)
    rng = np.random.default_rng(4)
    inputs = [X.astype("float64"), *(rng.standard_normal((3, n)) for n in (5, 5, 4, 3, 3))]
    outputs, kept = layer.forward(inputs, keep=True, mask=mask)
    d_outputs = [rng.standard_normal(each.shape) for each in outputs]
    d_inputs, d_weights = layer.backward(kept, d_outputs)
    weights = [np.array(weight) for weight in layer.get_weights()]

    def loss() -> float:
        found, _ = layer.forward(inputs, weights=weights, mask=mask)
        return sum(float((each * d).sum()) for each, d in zip(found, d_outputs, strict=True))

    for array, gradient in zip([*inputs, *weights], [*d_inputs, *d_weights], strict=True):
        for place in list(np.ndindex(array.shape))[:: max(1, array.size // 5)]:
            before = array[place]
            array[place] = before + 1e-6
            above = loss()
            array[place] = before - 1e-6
            slope = (above - loss()) / 2e-6
            array[place] = before
            assert gradient[place] == pytest.approx(slope, abs=1e-7)
    (nothing, *_), again = layer.backward(kept, d_outputs, need_d_inputs=False)
    assert nothing is None
    for one, other in zip(again, d_weights, strict=True):
        assert_same_bits(one, other)


def test_structure_of_states() -> None:
    assert [np.shape(each) for each in RNN(GRUCell(4), return_state=True)(X)] == [(3, 4), (3, 4)]
    y, first, second, third = stacked(return_state=True)(X)
    assert (y.shape, second.shape) == ((3, 3), (3, 4))
    assert [each.shape for each in (*first, *third)] == [(3, 5), (3, 5), (3, 3), (3, 3)]
    y, (h, c) = RNN([GRUCell(2), LSTMCell(4)], return_state=True)(Input((7, 2)))[::2]
    assert (y.shape, h.shape, c.shape) == ((None, 4), (None, 4), (None, 4))
    both = Bidirectional(stacked(return_state=True), merge_mode=None)(X)
    assert [isinstance(each, list) for each in both] == [False, False, *[True, False, True] * 2]


def test_a_backward_layer_of_other_cells() -> None:
    back = RNN([GRUCell(5), LSTMCell(4)], go_backwards=True)
    both = Bidirectional(RNN(LSTMCell(4)), backward_layer=back, merge_mode="sum")
    y = both(X)
    assert_same_bits(y, both.layer(X) + both.backward_layer(X))
    assert_same_bits(Sequential([Input((7, 2)), both]).predict(X, verbose=0), y)
    with pytest.raises(ValueError, match=r"same `units`.* expected 4, received 5"):
        Bidirectional(RNN(LSTMCell(4)), backward_layer=GRU(5, go_backwards=True), merge_mode="sum")


def test_cells_of_a_stack_lose_different_elements() -> None:
    units = 40
    cells = [SimpleRNNCell(units, dropout=0.5, seed=1) for _ in range(2)]
    layer, x = RNN(cells, return_state=True), np.ones((2, 1, units), "float32")
    layer.build(x.shape)
    layer.set_weights([np.eye(units), np.zeros((units, units)), np.zeros(units)] * 2)
    (_, first, second), _ = layer.forward(x, training=Training(3))
    kept = first.reshape(-1) > 0
    assert 0 < kept.sum() < kept.size
    assert set(np.unique(second.reshape(-1)[kept] > 0)) == {False, True}


# ---- in models ----------------------------------------------------------------------------------------


def model(dtype: str = "float32") -> Sequential:
    tidegate.utils.set_random_seed(3)
    return Sequential(
        [
            Input((7, 2), dtype=dtype),
            RNN([LSTMCell(20, dtype=dtype), GRUCell(9, dtype=dtype)], return_sequences=True),
            Bidirectional(RNN(SimpleRNNCell(6, dtype=dtype), return_sequences=True)),
            Bidirectional(RNN([GRUCell(5, dtype=dtype), GRUCell(4, dtype=dtype)], return_sequences=True)),
            RNN([GRUCell(4, dtype=dtype), LSTMCell(3, dtype=dtype)], go_backwards=True),
            Dense(2, dtype=dtype),
        ]
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict_has_the_bits_of_the_layers(isa: str, threads: None, dtype: str) -> None:
    net, x = model(dtype), np.random.default_rng(1).standard_normal((21, 7, 2)).astype(dtype)
    expected = x
    for layer in net.layers:
        expected = layer(expected)
    for count in (1, 2, 3):
        tidegate.set_num_threads(count)
        for batch_size in (1, 4, 21):
            assert_same_bits(net.predict(x, batch_size=batch_size, verbose=0), expected)


def test_trained_on_any_number_of_threads(threads: None) -> None:
    found = []
    for count in (1, 3):
        tidegate.set_num_threads(count)
        net, rng = model(), np.random.default_rng(1)
        net.compile("adam", "mse")
        x, y = rng.standard_normal((48, 7, 2)).astype("float32"), rng.standard_normal((48, 2))
        net.fit(x, y, batch_size=16, epochs=2, verbose=0)
        found.append(net.get_weights())
    for one, other in zip(*found, strict=True):
        assert_same_bits(one, other)


def test_one_program_runs_stacked_cells() -> None:
    net = Sequential([Input((7, 2)), RNN([LSTMCell(4), GRUCell(3)], name="walk"), Dense(2, name="head")])
    text: list[str] = []
    net.explain(print_fn=text.append)
    names = [cell.name for cell in net.layers[0].cell.cells]
    assert all(name in text[0] for name in names)
    assert "packed in each call" not in text[0]
    frozen = net.freeze()
    stream, chunks = frozen.stream(batch=3), np.split(X, [2, 3], axis=1)
    for chunk in chunks:
        y = stream.run(chunk)
    assert_same_bits(y, net.predict(X, verbose=0))
    assert [state.shape for state in stream.state] == [(3, 4), (3, 4), (3, 3)]


def test_cells_in_a_wrapper_over_time() -> None:
    x = np.random.default_rng(1).standard_normal((2, 4, 5, 3)).astype("float32")
    for inner in (
        RNN(LSTMCell(4)),
        RNN([LSTMCell(4), GRUCell(3)]),
        RNN([GRUCell(4), GRUCell(2)], go_backwards=True),
    ):
        net = Sequential([Input((4, 5, 3)), TimeDistributed(inner)])
        expected = np.stack([inner(x[:, t]) for t in range(4)], axis=1)
        assert_same_bits(net.predict(x, verbose=0), expected)


def test_states_go_on_from_call_to_call() -> None:
    layer, whole = stacked(stateful=True), stacked()
    net = Sequential([Input(batch_shape=(3, None, 2)), layer])
    for chunk in np.split(X, [2, 3], axis=1):
        y = net.predict(np.ascontiguousarray(chunk), batch_size=3, verbose=0)
    assert_same_bits(y, whole(X))
    assert [state.shape for state in layer.states] == [(3, 5), (3, 5), (3, 4), (3, 3), (3, 3)]
    layer.reset_states()
    assert_same_bits(net(X), whole(X))
    with pytest.raises(ValueError, match="fixed number of rows"):
        RNN(LSTMCell(2), stateful=True).build((None, 7, 2))


def test_a_cell_in_two_layers_is_trained_by_both() -> None:
    cell, x, z = GRUCell(4), Input((7, 2)), Input((7, 2))
    net = Model([x, z], layers.add([RNN(cell)(x), RNN(cell, go_backwards=True)(z)]))
    assert len(net.trainable_weights) == 3
    net.compile("sgd", "mse")
    before = net.get_weights()
    net.fit([X, X], np.ones((3, 4)), verbose=0)
    assert not any(np.array_equal(one, other) for one, other in zip(before, net.get_weights(), strict=True))


def test_a_model_of_cells_saved_by_keras() -> None:
    """Cells step by step, stacked cells with states that are given and handed out."""
    net, arrays = load_model(DATA / "decoder.keras"), np.load(DATA / "decoder.npz")
    given, targets = [arrays[f"x{k}"] for k in range(3)], [arrays[f"ty{k}"] for k in range(4)]
    for k, found in enumerate(net.predict(given, verbose=0)):
        np.testing.assert_allclose(found, arrays[f"p{k}"], rtol=0, atol=1e-6)
    net.fit(given, targets, batch_size=4, epochs=2, shuffle=False, verbose=0)
    for k, weight in enumerate(net.get_weights()):
        np.testing.assert_allclose(weight, arrays[f"tw{k}"], rtol=0, atol=1e-6)


def test_files_and_copies(tmp_path: Path) -> None:
    net = load_model(DATA / "decoder.keras")
    given = [np.load(DATA / "decoder.npz")[f"x{k}"] for k in range(3)]
    expected = net.predict(given, verbose=0)
    net.save(tmp_path / "again.keras")
    for twin in (load_model(tmp_path / "again.keras"), pickle.loads(pickle.dumps(net))):
        assert twin.get_config() == net.get_config()
        for one, other in zip(twin.predict(given, verbose=0), expected, strict=True):
            assert_same_bits(one, other)


@pytest.mark.parametrize("cell", [GRUCell(3), [LSTMCell(2), GRUCell(3)]], ids=["one", "several"])
def test_configuration_round_trip(cell: Any) -> None:
    layer = RNN(cell, True, True, go_backwards=True, stateful=True, unroll=True, zero_output_for_mask=True)
    config = layer.get_config()
    assert list(config)[-2:] == ["zero_output_for_mask", "cell"]
    twin = RNN.from_config(config)
    assert twin.get_config() == config
    assert type(twin.cell) is (StackedRNNCells if isinstance(cell, list) else GRUCell)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RNN(3), r"RNN: argument `cell` must be an LSTMCell.* received 3"),
        (lambda: RNN(Dense(3)), r"`cell` must be an LSTMCell.* received <Dense"),
        (lambda: RNN([]), "`cells` must be a list of cells"),
        (
            lambda: RNN(LSTMCell(3), return_sequence=True),
            "`return_sequence`.* Did you mean `return_sequences`",
        ),
        (lambda: RNN(LSTMCell(3), dtype="float64"), "different dtypes"),
        (lambda: RNN(LSTMCell(3))(X[0]), r"\[batch, timesteps, features\]"),
        (lambda: stacked()(X, initial_state=[X[:, 0]] * 2), r"list of 5 \(h, c, h, h, c\); received 2"),
        (lambda: stacked()(X[..., :1]), "must have the length 2"),
        (lambda: stacked(stateful=True)(X[:1]), "expected 3, received 1"),
    ],
)
def test_bad_input(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
