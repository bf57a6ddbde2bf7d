"""Cells as users write them, once for Keras and once for Tidegate: the module is an argument."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

X = np.random.default_rng(3).standard_normal((3, 5, 4)).astype("float32")
MASK = np.array([[0, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 1, 0, 1]], bool)
ALL = {"return_sequences": True, "return_state": True}
# Name -> what makes the layer, of the module of layers and the cells.
CASES: dict[str, Any] = {
    "minimal": lambda layers, own: layers.RNN(own.Minimal(3)),
    "sequences": lambda layers, own: layers.RNN(own.Minimal(3), **ALL),
    "backwards": lambda layers, own: layers.RNN(own.Minimal(3), **ALL, go_backwards=True),
    "zeros": lambda layers, own: layers.RNN(own.Minimal(3), **ALL, zero_output_for_mask=True),
    "by_hand": lambda layers, own: layers.RNN(own.ByHand(3), **ALL),
    "begun": lambda layers, own: layers.RNN(own.Begun(3), **ALL),
    "stacked": lambda layers, own: layers.RNN([own.Minimal(3), layers.LSTMCell(2), own.ByHand(3)]),
    "both": lambda layers, own: layers.Bidirectional(layers.RNN(own.Minimal(3), return_sequences=True)),
}


def numbers(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Values of a weight."""
    return np.sin(np.arange(np.prod(shape, dtype=int)) + 1.0).reshape(shape).astype("float32") / 2


def defined(keras: Any) -> SimpleNamespace:
    """The classes, over `keras.layers` and `keras.ops`."""
    layers, ops = keras.layers, keras.ops

    @keras.saving.register_keras_serializable(package="own_cells")
    class Minimal(layers.Layer):  # that of Keras's documentation
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.state_size = units

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
            self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")

        def call(self, inputs: Any, states: Any) -> Any:
            output = ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent_kernel)
            return output, [output]

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    class ByHand(layers.Layer):  # an LSTM
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.state_size = [units, units]
            self.units = units

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], 4 * self.units), name="kernel")
            self.recurrent_kernel = self.add_weight(shape=(self.units, 4 * self.units), name="recurrent")
            self.bias = self.add_weight(shape=(4 * self.units,), name="bias")

        def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
            h, c = states
            z = ops.matmul(inputs, self.kernel) + ops.matmul(h, self.recurrent_kernel) + self.bias
            i, f, g, o = ops.split(z, 4, axis=-1)
            c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
            h = ops.sigmoid(o) * ops.tanh(c)
            return h, [h, c]

    class Begun(layers.Layer):  # states of its own making, an output of another size, a layer in it
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.state_size, self.output_size = units, 2
            self.inner, self.outer = layers.Dense(units, activation="tanh"), layers.Dense(2)

        def build(self, input_shape: Any) -> None:
            self.inner.build((None, input_shape[-1] + self.state_size))
            self.outer.build((None, self.state_size))

        def get_initial_state(self, batch_size: Any = None) -> Any:
            return [ops.ones((batch_size, self.state_size))]

        def call(self, inputs: Any, states: Any) -> Any:
            state = self.inner(ops.concatenate([inputs, states[0]], axis=-1))
            return self.outer(state), [state]

    return SimpleNamespace(Minimal=Minimal, ByHand=ByHand, Begun=Begun)
