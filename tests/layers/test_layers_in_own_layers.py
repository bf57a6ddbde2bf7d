"""Every layer inside of a user's layer: the numbers, gradients and draws that it has by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegate import layers
from tidegate.layers import Layer
from tidegate.layers.calling import Place, Use
from tidegate.random import Training
from tidegate.saving.objects import classes
from tidegate.structure import listed, plain

RNG = np.random.default_rng(2)
X = RNG.standard_normal((3, 6, 4))
# Class -> its arguments by place; others are made without.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "Activation": ("gelu",),
    "AlphaDropout": (0.3,),
    "AveragePooling1D": (2,),
    "Bidirectional": (layers.GRU(3, dtype="float64", return_sequences=True),),
    "Conv1D": (3, 2),
    "Dense": (3,),
    "DepthwiseConv1D": (2,),
    "Dot": (2,),
    "Dropout": (0.3,),
    "Embedding": (5, 2),
    "GRU": (3,),
    "GaussianDropout": (0.3,),
    "GroupNormalization": (2,),
    "GaussianNoise": (0.3,),
    "LSTM": (3,),
    "MultiHeadAttention": (2, 3),
    "Permute": ((2, 1),),
    "RNN": (layers.LSTMCell(3, dtype="float64"),),
    "RepeatVector": (2,),
    "Rescaling": (2.0, 1.0),
    "Reshape": ((8, 3),),
    "SeparableConv1D": (3, 2),
    "SimpleRNN": (3,),
    "SpatialDropout1D": (0.3,),
    "TimeDistributed": (layers.Dense(2, dtype="float64"),),
}
USE = Use((Place(0), Place(1)), {}, ("float64", "float64"))
NOT_HERE = {
    "ConvLSTM1D",  # takes another axis
    *("GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"),  # take states, and give some
    "InputLayer",  # computes nothing
    "Lambda",  # is a user's layer itself
    *(
        "CategoryEncoding",
        "IntegerLookup",
        "StringLookup",
        "TextVectorization",
    ),  # prepare data
}


class Around(Layer):
    def __init__(self, inner: Any) -> None:
        super().__init__(dtype="float64")
        self.inner = inner

    def call(self, *inputs: Any) -> Any:
        apart = getattr(self.inner, "inputs_apart", ()) or not self.inner.several_inputs
        return self.inner(*inputs) if apart else self.inner(list(inputs))


@pytest.mark.parametrize("name", sorted(set(classes("layer")) - NOT_HERE))
def test_a_layer_by_itself_and_in_another(name: str) -> None:
    cls = classes("layer")[name]
    layer = cls(*ARGUMENTS.get(name, ()), dtype="float64")
    given = [X, X[::-1].copy()] if layer.several_inputs else [X]
    given = [X[:, 0].copy()] if name == "RepeatVector" else given
    given = [RNG.integers(0, 5, (3, 6)).astype("float64")] if name == "Embedding" else given
    around = Around(layer)
    around(*given)
    training = Training(3)
    own = training.inner(0)
    found, kept = around.forward(
        plain(given), training=training, keep=True, use=None if len(given) == 1 else USE
    )
    expected, kept_by_itself = layer.forward(
        given if layer.several_inputs else plain(given), training=own, keep=True
    )
    for one, other in zip(listed(found), listed(expected), strict=True):
        np.testing.assert_array_equal(one, other)
    d_y = [RNG.standard_normal(each.shape) for each in listed(found)]
    d_inputs, d_weights = around.backward(kept, plain(d_y))
    d_expected, d_weights_expected = layer.backward(kept_by_itself, plain(d_y))
    for one, other in zip(listed(d_inputs), listed(d_expected), strict=True):
        np.testing.assert_array_equal(np.zeros_like(given[0]) if one is None else one, other)
    trained = [
        each for each, weight in zip(d_weights_expected, layer.weights, strict=True) if weight.trainable
    ]
    for one, other in zip([d for d in d_weights if d is not None], trained, strict=True):
        np.testing.assert_array_equal(one, other)


class Steps(Layer):
    """The walk of a cell over time, step by step."""

    def __init__(self, cell: Any) -> None:
        super().__init__(dtype="float64")
        self.cell = cell

    def call(self, inputs: Any) -> Any:
        states = self.cell.get_initial_state(batch_size=len(inputs))
        for t in range(inputs.shape[1]):
            output, states = self.cell(inputs[:, t], states)
        return output


@pytest.mark.parametrize("name", ["GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"])
def test_a_cell_called_step_by_step_is_its_walk_over_time(name: str) -> None:
    cells = [layers.LSTMCell(3, dtype="float64"), layers.GRUCell(2, dtype="float64")]
    one = getattr(layers, name)
    cell = one(cells, dtype="float64") if name == "StackedRNNCells" else one(3, dtype="float64")
    steps, walk = Steps(cell), layers.RNN(cell, dtype="float64")
    np.testing.assert_allclose(steps(X), walk(X), rtol=1e-12)
    found, kept = steps.forward(X, keep=True)
    _, kept_by_walk = walk.forward(X, keep=True)
    d_y = RNG.standard_normal(found.shape)
    (d_x, d_weights), (d_x_of_walk, d_of_walk) = steps.backward(kept, d_y), walk.backward(kept_by_walk, d_y)
    np.testing.assert_allclose(d_x, d_x_of_walk, rtol=1e-9, atol=1e-12)
    for d_one, d_other in zip(d_weights, d_of_walk, strict=True):
        np.testing.assert_allclose(d_one, d_other, rtol=1e-9, atol=1e-12)


def test_a_cell_trains_as_the_call_around_it() -> None:
    steps = Steps(layers.LSTMCell(3, dropout=0.5, dtype="float64"))
    inference, first = np.asarray(steps(X)), np.asarray(steps(X, training=True))
    assert (first != inference).any()
    np.testing.assert_array_equal(steps(X), inference)
