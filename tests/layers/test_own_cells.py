"""Cells that users write: in RNN, in stacks, in Bidirectional, and steps of cells in a user's `call`."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidegate
from tidegate import Model, Sequential, layers, ops
from tidegate.layers import LSTM, RNN, Bidirectional, Dense, Input, LSTMCell, Masking, StackedRNNCells
from tidegate.models import clone_model, load_model
from tidegate.structure import flatten

DATA = Path(__file__).parent.parent / "data"
sys.path.insert(0, str(DATA))
from own_cells import ALL, CASES, MASK, X, defined, numbers  # noqa: E402

OWN = defined(tidegate)


def filled(layer: Any) -> Any:
    """With the weights of the figures."""
    layer(X)
    layer.set_weights([numbers(each.shape) for each in layer.get_weights()])
    return layer


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
def test_figures_of_keras(name: str, mask: Any) -> None:
    of_keras = json.loads((DATA / "keras_own_cells.json").read_text())[name][mask is not None]
    found = flatten(filled(CASES[name](layers, OWN))(X, mask=mask))
    assert len(found) == len(of_keras)
    for one, other in zip(found, of_keras, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_an_lstm_by_hand() -> None:
    """The outputs and the training of LSTM."""
    x, y = np.repeat(X, 4, axis=0), np.ones((12, 3), "float32")
    models = [Sequential([Input((None, 4)), Masking(), layer]) for layer in (RNN(OWN.ByHand(3)), LSTM(3))]
    for model in models:
        model.set_weights([numbers(each.shape) for each in model.get_weights()])
        model.compile("adam", "mse")
        model.fit(np.where(np.repeat(MASK, 4, axis=0)[..., None], x, 0), y, epochs=3, verbose=0)
    for one, other in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("layer", ["sequences", "backwards", "stacked", "both"])
def test_gradients(layer: str) -> None:
    """Those of weights and inputs, against finite differences."""
    kind = {"dtype": "float64"}
    made = {
        "sequences": lambda: RNN(OWN.Minimal(3, **kind), return_sequences=True),
        "backwards": lambda: RNN(OWN.ByHand(3, **kind), go_backwards=True),
        "stacked": lambda: RNN([OWN.Minimal(3, **kind), LSTMCell(2, **kind)]),
        "both": lambda: Bidirectional(RNN(OWN.Minimal(3, **kind)), merge_mode="mul"),
    }[layer]()
    x = X.astype("float64")
    made(x)
    values = [numbers(each.shape).astype("float64") for each in made.get_weights()]
    y, kept = made.forward(x, weights=values, keep=True, mask=MASK)
    d_y = np.cos(np.arange(y.size)).reshape(y.shape)
    d_x, d_weights = made.backward(kept, d_y)
    for array, gradient in zip([x, *values], [d_x, *d_weights], strict=True):
        for place in list(np.ndindex(array.shape))[:: max(1, array.size // 7)]:
            sums, before = [], array[place]
            for step in (1e-6, -1e-6):
                array[place] = before + step
                sums.append((made.forward(x, weights=values, mask=MASK)[0] * d_y).sum())
            array[place] = before
            assert gradient[place] == pytest.approx((sums[0] - sums[1]) / 2e-6, abs=1e-7)


def test_initial_state() -> None:
    """Given as arrays, and on `Input`s; the whole is its two halves."""
    layer = filled(RNN(OWN.ByHand(3), **ALL))
    whole, *last = layer(X)
    first, *states = layer(X[:, :2])
    second, *end = layer(X[:, 2:], initial_state=states)
    np.testing.assert_array_equal(np.concatenate([first, second], axis=1), whole)
    np.testing.assert_array_equal(end, last)
    inputs = [Input((None, 4)), Input((3,)), Input((3,))]
    model = Model(inputs, layer(inputs[0], initial_state=inputs[1:])[0])
    np.testing.assert_array_equal(model.predict([X[:, 2:], *states], verbose=0), second)
    with pytest.raises(ValueError, match="must be a list of 2"):
        layer(X, initial_state=states[:1])


def test_stateful() -> None:
    """Chunks are the whole, in `predict` and in calls; training and copies carry the states too."""
    whole = filled(RNN(OWN.Minimal(3)))
    layer = RNN(OWN.Minimal(3), stateful=True)
    model = Sequential([Input(batch_shape=(3, None, 4)), layer])
    model.set_weights(whole.get_weights())
    model.predict(X[:, :2], batch_size=3, verbose=0)
    other = copy.deepcopy(model)
    np.testing.assert_array_equal(model.predict(X[:, 2:], batch_size=3, verbose=0), whole(X))
    np.testing.assert_array_equal(other(X[:, 2:]), whole(X))
    layer.reset_states()
    np.testing.assert_array_equal(layer(X), whole(X))
    layer.reset_states()
    model.compile("sgd", "mse")
    model.train_on_batch(X, np.zeros((3, 3)))
    np.testing.assert_array_equal(layer.states[0].numpy(), whole(X))
    with pytest.raises(ValueError, match="expected 3, received 2"):
        layer(X[:2])
    with pytest.raises(ValueError, match="fixed number of rows"):
        RNN(OWN.Minimal(3), stateful=True)(Input((None, 4)))


@pytest.mark.parametrize("name", ["sequences", "stacked", "both"])
def test_files_and_copies(name: str, tmp_path: Path) -> None:
    layer = CASES[name](layers, OWN)
    inputs = Input((5, 4))
    outputs = layer(inputs)
    model = Model(inputs, outputs)
    filled(layer)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras", custom_objects=vars(OWN))
    clone = clone_model(model)
    clone.set_weights(model.get_weights())
    for other in (loaded, clone, copy.deepcopy(model)):
        assert isinstance(other.layers[1], type(layer))
        for one, two in zip(flatten(other(X)), flatten(model(X)), strict=True):
            np.testing.assert_array_equal(one, two)


def test_cells_in_a_call() -> None:
    """A step of LSTMCell in a user's `call` is one of its layer, in training too."""

    class Walk(layers.Layer):
        def __init__(self, cell: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.cell = cell

        def call(self, inputs: Any) -> Any:
            states = self.cell.get_initial_state(batch_size=inputs.shape[0])
            for t in range(inputs.shape[1]):
                y, states = self.cell(inputs[:, t], states)
            return y

    weights = []
    cells = StackedRNNCells([LSTMCell(2), LSTMCell(3)])
    for layer in (Walk(LSTMCell(3)), LSTM(3), Walk(cells), RNN([LSTMCell(2), LSTMCell(3)])):
        model = Sequential([Input((5, 4)), layer])
        model.set_weights([numbers(each.shape) for each in model.get_weights()])
        model.compile("adam", "mse")
        model.fit(X, np.ones((3, 3)), epochs=2, verbose=0)
        weights.append(model.get_weights())
    for one, other in zip(weights[0] + weights[2], weights[1] + weights[3], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_bad_input() -> None:
    class NoSize(layers.Layer):
        def call(self, inputs: Any, states: Any) -> Any:
            return inputs, states

    with pytest.raises(ValueError, match="with `state_size` whose `call`"):
        RNN(NoSize())
    with pytest.raises(ValueError, match="with `state_size` whose `call`"):
        RNN([LSTMCell(3), NoSize()])
    with pytest.raises(ValueError, match="at least one timestep"):
        RNN(OWN.Minimal(3))(np.zeros((2, 4)))

    class Derived(RNN):
        pass

    with pytest.raises(ValueError, match="derive from `Layer`"):
        Derived(OWN.Minimal(3))


def test_losses_and_time_distributed() -> None:
    """What a layer adds to the loss counts in TimeDistributed, and in a cell."""

    class Costly(layers.Layer):
        state_size = 4

        def call(self, inputs: Any, states: Any = None) -> Any:
            self.add_loss(ops.sum(inputs) * 2)
            return inputs if states is None else (inputs, states)

    x = np.ones((2, 3, 4), "float32")
    for layer in (layers.TimeDistributed(Costly()), RNN(Costly())):
        model = Sequential([Input((3, 4)), Dense(4, kernel_initializer="identity"), layer])
        model.compile("sgd", "mse")
        loss = model.train_on_batch(x, layer(x))
        assert loss == pytest.approx(48)
        np.testing.assert_allclose(model.get_weights()[1], -0.01 * 2 * 6, rtol=1e-5)
