"""LSTMCell, GRUCell, SimpleRNNCell and stacks of them on arrays: one step of the layers that they are of."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

from tidegate import layers, reference
from tidegate.layers import GRU, LSTM, GRUCell, LSTMCell, SimpleRNN, SimpleRNNCell, StackedRNNCells
from tidegate.layers.one_step import OneStep
from tidegate.random import Training
from tidegate.structure import flatten

PAIRS = [(LSTMCell, LSTM), (GRUCell, GRU), (SimpleRNNCell, SimpleRNN)]
EVERY_PAIR = pytest.mark.parametrize(("cell_class", "layer_class"), PAIRS)
EVERY_CELL = pytest.mark.parametrize("cell_class", [cell_class for cell_class, _ in PAIRS])
X = np.random.default_rng(5).standard_normal((3, 7, 2)).astype("float32")


def stack(dtype: str = "float32", **arguments: Any) -> StackedRNNCells:
    return StackedRNNCells(
        [
            LSTMCell(4, dtype=dtype, **arguments),
            GRUCell(3, dtype=dtype, bias_initializer="random_normal", **arguments),
            LSTMCell(2, dtype=dtype, **arguments),
        ]
    )


@EVERY_PAIR
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_are_those_of_the_layer(isa: str, cell_class: Any, layer_class: Any, dtype: str) -> None:
    cell, layer = cell_class(19, dtype=dtype), layer_class(19, return_sequences=True, dtype=dtype)
    expected = layer(X)
    cell.build((None, 2))
    cell.set_weights(layer.get_weights())
    states = cell.get_initial_state(batch_size=3)
    for t in range(7):
        y, states = cell(X[:, t], states)
        assert y.dtype == dtype
        assert_same_bits(y, expected[:, t])
        assert_same_bits(states[0], y)


@EVERY_CELL
def test_against_the_reference(isa: str, cell_class: Any) -> None:
    cell = cell_class(5, dtype="float64", bias_initializer="random_normal")
    begun = [np.random.default_rng(k).standard_normal((3, 5)) for k in range(len(cell.state_names))]
    y, states = cell(X[:, 0], begun)
    twin = reference.Recurrent(cell.cell_name, 5)
    expected, final, _ = twin.forward(X[:, :1].astype("float64"), cell.get_weights(), begun)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(states, final, rtol=0, atol=1e-13)


@pytest.mark.parametrize("cell_class", [*(cell_class for cell_class, _ in PAIRS), "stack"])
def test_gradients_against_differences(cell_class: Any) -> None:
    rng = np.random.default_rng(3)
    cell: OneStep = stack("float64") if cell_class == "stack" else cell_class(4, dtype="float64")
    cell.build((None, 2))
    states = flatten(cell.get_initial_state(3))
    inputs = [rng.standard_normal(each.shape) for each in (X[:, 0], *states)]
    outputs, kept = cell.forward(inputs, keep=True)
    d_outputs = [rng.standard_normal(each.shape) for each in outputs]
    d_inputs, d_weights = cell.backward(kept, d_outputs)
    weights = [np.array(weight) for weight in cell.get_weights()]

    def loss() -> float:
        found, _ = cell.forward(inputs, weights=weights)
        return sum(float((each * d).sum()) for each, d in zip(found, d_outputs, strict=True))

    for array, gradient in zip([*inputs, *weights], [*d_inputs, *d_weights], strict=True):
        for place in list(np.ndindex(array.shape))[:: max(1, array.size // 7)]:
            before = array[place]
            array[place] = before + 1e-6
            above = loss()
            array[place] = before - 1e-6
            slope = (above - loss()) / 2e-6
            array[place] = before
            assert gradient[place] == pytest.approx(slope, abs=1e-8)
    nothing, again = cell.backward(kept, d_outputs, need_d_inputs=False)
    assert nothing[0] is None
    for one, other in zip(again, d_weights, strict=True):
        assert_same_bits(one, other)


@EVERY_PAIR
def test_the_cell_of_a_layer_has_its_weights(cell_class: Any, layer_class: Any) -> None:
    layer = layer_class(4, name="walk", activation="relu", dropout=0.3, seed=5)
    cell = layer.cell
    assert type(cell) is cell_class
    assert not cell.built
    layer(X)
    assert cell is layer.cell
    assert cell.built
    assert all(one is other for one, other in zip(cell.weights, layer.weights, strict=True))
    name = f"{cell.cell_name}_cell"
    assert [v.path for v in layer.weights] == [
        f"walk/{name}/{which}" for which in ("kernel", "recurrent_kernel", "bias")
    ]
    assert (cell.kernel, cell.recurrent_kernel, cell.bias) == tuple(layer.weights)
    assert (cell.name, cell.units, cell.dropout, cell.seed) == (name, 4, 0.3, 5)
    y, _ = cell(X[:, 0], cell.get_initial_state(3))
    assert_same_bits(y, layer(X[:, :1]))


def test_sizes() -> None:
    assert [cell_class(4).output_size for cell_class, _ in PAIRS] == [4, 4, 4]
    assert [cell_class(4).state_size for cell_class, _ in PAIRS] == [[4, 4], 4, 4]
    assert (LSTM(4).state_size, GRU(4).state_size) == ([4, 4], [4])
    assert (stack().state_size, stack().output_size) == ([[4, 4], 3, [2, 2]], 2)
    assert [state.shape for state in GRU(4).get_initial_state(batch_size=5)] == [(5, 4)]
    (h, c), h2, (h3, c3) = stack().get_initial_state(batch_size=5)
    assert [each.shape for each in (h, c, h2, h3, c3)] == [(5, 4), (5, 4), (5, 3), (5, 2), (5, 2)]
    assert GRUCell(4, use_bias=False).bias is None
    assert LSTMCell(4).kernel is None


def test_a_stack_is_its_cells_in_turn() -> None:
    cells = stack()
    states = cells.get_initial_state(3)
    y, found = cells(X[:, 0], states)
    below = X[:, 0]
    for cell, begun, now in zip(cells.cells, states, found, strict=True):
        below, expected = cell(below, begun)
        for one, other in zip(flatten(now), expected, strict=True):
            assert_same_bits(one, other)
    assert_same_bits(y, below)
    name = cells.name
    assert [v.path for v in cells.weights][:4:3] == [f"{name}/{c.name}/kernel" for c in cells.cells[:2]]


@EVERY_PAIR
def test_arguments_are_those_of_keras(cell_class: Any, layer_class: Any) -> None:
    """In Keras's order; those of a layer over time are unknown."""
    parameters = inspect.signature(cell_class).parameters.values()
    positional = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    own = {LSTMCell: [], GRUCell: ["reset_after"], SimpleRNNCell: []}[cell_class]
    assert positional[-3 - len(own) :] == ["dropout", "recurrent_dropout", *own, "seed"]
    assert ("unit_forget_bias" in positional) == (cell_class is LSTMCell)
    for name in ("return_sequences", "stateful", "unroll", "use_cudnn"):
        with pytest.raises(ValueError, match=f"{cell_class.__name__}: `{name}`"):
            cell_class(4, **{name: None})


@EVERY_CELL
def test_configuration_round_trip(cell_class: Any) -> None:
    cell = cell_class(
        5, activation="relu", use_bias=False, name="first", dtype="float64", dropout=0.2, seed=3,
        kernel_regularizer="l2", recurrent_constraint="max_norm",
    )  # fmt: skip
    config = cell.get_config()
    assert config["seed"] == 3
    assert cell_class.from_config(config).get_config() == config
    cells = StackedRNNCells([cell, LSTMCell(2, dtype="float64")], name="both")
    twin = StackedRNNCells.from_config(cells.get_config())
    assert twin.get_config() == cells.get_config()
    assert [type(each) for each in twin.cells] == [cell_class, LSTMCell]


def test_penalties_and_constraints_are_on_the_weights() -> None:
    cells = StackedRNNCells(
        [LSTMCell(2, recurrent_regularizer="l1"), GRUCell(2, kernel_constraint="non_neg")]
    )
    cells.build((None, 3))
    assert len(cells.losses) == 1
    assert cells.cells[1].kernel.constraint is not None
    cells.cells[0].trainable = False
    assert len(cells.trainable_weights) == 3


@EVERY_CELL
def test_copies(cell_class: Any) -> None:
    cell = cell_class(4)
    expected, _ = cell(X[:, 0], cell.get_initial_state(3))
    for twin in (pickle.loads(pickle.dumps(cell)), copy.deepcopy(cell)):
        assert_same_bits(twin(X[:, 0], twin.get_initial_state(3))[0], expected)


@EVERY_CELL
def test_dropout(cell_class: Any) -> None:
    """In training only; counted as in layers, and of each cell of a stack by itself."""
    x, training = np.ones((3, 40), "float32"), Training(3)
    cell = cell_class(40, dropout=0.5, recurrent_dropout=0.4, seed=1)
    plain, _ = cell(x, [x] * len(cell.state_names))
    states = [x] * len(cell.state_names)
    found, _ = cell.forward([x, *states], training=training)
    assert not np.array_equal(found[0], plain)
    again, _ = cell.forward([x, *states], training=training)
    assert_same_bits(again[0], found[0])
    by_hand = [cell(x, states, training=True)[0] for _ in range(2)]
    assert not np.array_equal(*by_hand)
    two = StackedRNNCells([cell, cell_class.from_config({**cell.get_config(), "name": "other"})])
    two.build((None, 40))
    two.set_weights([np.ones(w.shape) / 40 for w in two.get_weights()])
    (_, *finals), _ = two.forward([x, *states, *states], training=training)
    assert not np.array_equal(finals[0] > finals[0].mean(), finals[-1] > finals[-1].mean())


@pytest.mark.parametrize("cell_class", [LSTMCell, GRUCell])
def test_implementation_1_draws_inputs_for_each_gate(cell_class: Any) -> None:
    cell = cell_class(30, dropout=0.5, seed=1, implementation=1)
    drawn = cell.draw_for_gates(np.zeros((2, 1, 50), "float32"), Training(3))
    assert list(drawn) == ["input_dropout", "input_rate"]
    assert not np.array_equal(drawn["input_dropout"][:, 0], drawn["input_dropout"][:, 1])
    cell.build((None, 50))
    x, twin = np.ones((2, 50), "float32"), cell_class(30, dropout=0.5, seed=1)
    twin.build((None, 50))
    twin.set_weights(cell.get_weights())
    inputs = [x, *cell.get_initial_state(2)]
    (y, *_), _ = cell.forward(inputs, training=Training(3))
    assert not np.array_equal(y, twin.forward(inputs, training=Training(3))[0][0])


def call(cell: Any, x: Array, states: Any) -> Any:
    return lambda: cell(x, states)


H = np.zeros((3, 4), "float32")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LSTMCell(0), "`units` must be a positive integer; received 0"),
        (lambda: StackedRNNCells([]), r"`cells` must be a list of cells; received \[\]"),
        (lambda: StackedRNNCells([LSTMCell(2), 3]), "`cells` must hold LSTMCells.* received 3"),
        (lambda: StackedRNNCells([layers.LSTM(2)]), "`cells` must hold LSTMCells.* received <LSTM"),
        (lambda: StackedRNNCells([LSTMCell(2), LSTMCell(2, dtype="float64")]), "different dtypes"),
        (lambda: StackedRNNCells([GRUCell(2)] * 2), "must hold each cell once"),
        (call(LSTMCell(4), X, [H, H]), r"must have the axes \[batch, features\]; received .*\(3, 7, 2\)"),
        (call(LSTMCell(4), X[:, 0], [H]), r"`states` must be a list of 2 \(h, c\); received 1"),
        (call(GRUCell(4), X[:, 0], [X[:, 0]]), r"`states`.*\(3, 4\); received \(3, 2\) for h"),
        (call(stack(), X[:, 0], [H, H]), r"`states` must be a list of 5 \(h, c, h, h, c\); received 2"),
        (call(LSTMCell(4), layers.Input((2,)), [H, H]), r"on an `Input`, `states` must be tensors"),
    ],
)
def test_bad_input(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
