"""A recurrent layer run over the sequence from both ends.

Schuster and Paliwal, IEEE Transactions on Signal Processing 45, 1997.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument
from tidegate.layers.kinds import Kind, Optional
from tidegate.layers.layer import Steps
from tidegate.layers.over_time import OverTime
from tidegate.layers.recurrent import Recurrent
from tidegate.layers.states import States
from tidegate.layers.wrapper import InnerLayer, Wrapper
from tidegate.random import Training
from tidegate.saving.registration import custom_object_scope, noting
from tidegate.variable import Array, Variable, values_of


class _MergeMode(Kind):
    def read(self, value: Any, name: str, owner: str) -> str | None:
        if value is None or (isinstance(value, str) and value in ("concat", "sum", "mul", "ave")):
            return value
        raise ValueError(
            f"{owner}: argument `{name}` must be 'concat', 'sum', 'mul', 'ave' or None; received {value!r}"
        )


class Bidirectional(OverTime, Wrapper):
    """`[B, T, F]` to `[B, 2U]`, or to `[B, T, 2U]` if the layer in it returns sequences.

    The layer is made twice anew from its configuration, as `forward_<name>` and `backward_<name>`; the second
    goes backwards, and its sequence is turned round again, so that a step of the output is about one step of
    the input. Where it returns sequences, its masked steps put out zeros.

    Args:
        layer: a recurrent layer, such as `LSTM(32)`, that does not go backwards.
        merge_mode: "concat" puts the two outputs side by side; "sum", "mul" and "ave" add, multiply or
            average them; None returns both.
        weights: first values, in the order of `weights`; drawn by the layers' initializers by default.
        backward_layer: for the second direction, if it is to be another one; it must go backwards, and return
            what the first does. It keeps its name.
        input_shape: (timesteps, features) on the first layer of a Sequential.

    Weights: those of the forward layer, then those of the backward layer.

    With `return_state` the output is a list: the merged output (or both), the final states of the forward
    layer, and those of the backward layer.

    Example:
        >>> Bidirectional(LSTM(4, return_sequences=True))(np.zeros((2, 10, 3))).shape
        (2, 10, 8)
    """

    arguments = (
        Argument("layer", REQUIRED, InnerLayer()),
        Argument("merge_mode", "concat", _MergeMode()),
        Argument("weights", None, Kind(), in_config=False),
        Argument("backward_layer", None, Optional(InnerLayer())),
    )
    inner = ("forward_layer", "backward_layer")

    layer: Recurrent
    backward_layer: Recurrent
    merge_mode: str | None

    @classmethod
    def config_names(cls) -> list[str]:
        return ["name", "trainable", "dtype", "merge_mode", "layer", "backward_layer"]

    @property
    def forward_layer(self) -> Recurrent:
        return self.layer

    def make_inner(self) -> None:
        given, other = self.layer, self.backward_layer
        for name, layer in (("layer", given), ("backward_layer", other)):
            if layer is not None and not isinstance(layer, Recurrent):
                raise ValueError(
                    f"{self.title}: argument `{name}` must be a recurrent layer; received {layer!r}"
                )
            if layer is not None and layer.activity_regularizer is not None:
                raise ValueError(
                    f"{self.title}: argument `{name}` must have no `activity_regularizer`: give the "
                    f"Bidirectional one; received {layer!r}"
                )
        stem = given.name.removeprefix("forward_")
        self.layer = _remade(given, name=f"forward_{stem}")
        if other is None:
            self.backward_layer = _remade(given, name=f"backward_{stem}", go_backwards=True)
        else:
            self.backward_layer = _remade(other)
        self._check_directions()
        self.stateful = self.layer.stateful

    def _check_directions(self) -> None:
        there, back = self.layer, self.backward_layer
        if there.go_backwards == back.go_backwards:
            raise ValueError(
                f"{self.title}: the two layers must have different `go_backwards`; "
                f"received {there.go_backwards} for both"
            )
        same = ["stateful", "return_sequences", "return_state"]
        if self.merge_mode in ("sum", "mul", "ave"):
            same.append("units")
        for name in same:
            if getattr(there, name) != getattr(back, name):
                raise ValueError(
                    f"{self.title}: `backward_layer` must have the same `{name}` as `layer`; "
                    f"expected {getattr(there, name)}, received {getattr(back, name)}"
                )

    @property
    def states(self) -> tuple[Variable, ...] | None:
        """Those of the forward layer, then those of the backward layer."""
        return (*self.layer.carried, *self.backward_layer.carried) or None

    def reset_state(self) -> None:
        """Sets the states that the layers carry back to zero; AttributeError unless they are stateful."""
        if not self.stateful:
            raise AttributeError(f"{self.title}: only a stateful layer has states to reset")
        super().reset_state()

    # ---- computing -------------------------------------------------------------------------------

    def create_operator(self) -> core.Bidirectional | None:
        if self.merge_mode is None or not self.native:
            return None  # two outputs are no step of a Program, nor is what runs in Python
        operators = [*self.layer.operator, *self.backward_layer.operator]
        if len(operators) != 2:
            return None  # nor are stacked cells
        forwards, backwards = operators
        return core.Bidirectional(forwards, backwards, self.merge_mode)

    def steps(self) -> Steps | None:
        return None if self.operator is None else super().steps()

    def nest(self, outputs: Any) -> Any:
        if not self.layer.return_state:
            return outputs
        merged = 2 if self.merge_mode is None else 1
        first, second = self._halves(outputs[merged:])
        _, *first = self.layer.nest([None, *first])
        _, *second = self.backward_layer.nest([None, *second])
        return [*outputs[:merged], *first, *second]

    @property
    def expected_states(self) -> States:
        there, back = self.layer.expected_states, self.backward_layer.expected_states
        names = [f"forward {name}" for name in there.names] + [f"backward {name}" for name in back.names]
        return States(self.title, self.states_argument, names, [*there.shapes, *back.shapes])

    def _halves(self, states: list[Any]) -> tuple[list[Any], list[Any]]:
        """The states of the forward layer, and those of the backward layer."""
        first = len(self.layer.expected_states.names)
        return states[:first], states[first:]

    def forward(
        self,
        inputs: Array | list[Array],
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
        carried: list[Array] | None = None,
    ) -> tuple[Any, Any]:
        """As of every layer; the initial states come as further inputs, in the order of `__call__`.

        `carried` are the values that stateful layers go on from without those; None for the present ones.
        """
        x, *initial = _listed(inputs)
        weights = values_of(self._variables) if weights is None else weights
        first, second = self._halves(initial)
        middle, of_first = len(self.layer.weights), len(self.layer.carried)
        going_on = values_of(self.carried) if carried is None else carried
        found, kept = self.layer.forward(
            _plain([x, *first]),
            weights=weights[:middle],
            training=training,
            keep=keep,
            mask=mask,
            carried=going_on[:of_first],
        )
        found_back, kept_back = self.backward_layer.forward(
            _plain([x, *second]),
            weights=weights[middle:],
            training=training and training.part(2),
            keep=keep,
            mask=mask,
            carried=going_on[of_first:],
        )
        y, *states = _listed(found)
        y_back, *states_back = _listed(found_back)
        y_back = self._turned_round(y_back)
        factors = (y, y_back) if self.merge_mode == "mul" else None
        return _plain([*self._merged(y, y_back), *states, *states_back]), (kept, kept_back, factors)

    def backward(
        self, kept: tuple[Any, Any, Any], d_outputs: Any, *, need_d_inputs: bool = True
    ) -> tuple[Any, list[Array]]:
        """As of every layer; d_inputs is d_x, or `[d_x, ...]` with those of initial states, if there were."""
        kept_first, kept_second, factors = kept
        d_y, *d_states = _listed(d_outputs)
        if self.merge_mode is None:
            d_y_back, *d_states = d_states
        else:
            d_y, d_y_back = self._divided(d_y, factors)
        first, second = self._halves(d_states)
        d_first, d_weights = self.layer.backward(
            kept_first, _plain([d_y, *first]), need_d_inputs=need_d_inputs
        )
        d_second, d_weights_back = self.backward_layer.backward(
            kept_second, _plain([self._turned_round(d_y_back), *second]), need_d_inputs=need_d_inputs
        )
        d_x, *d_initial = _listed(d_first)
        d_x_back, *d_initial_back = _listed(d_second)
        if need_d_inputs:
            d_x = core.merge("sum", d_x, d_x_back)
        return _plain([d_x, *d_initial, *d_initial_back]), [*d_weights, *d_weights_back]

    def updates(self, kept: Any, earlier: dict[Variable, Array]) -> dict[Variable, Array]:
        return {**self.layer.updates(kept[0], earlier), **self.backward_layer.updates(kept[1], earlier)}

    def _merged(self, y: Array, y_back: Array) -> list[Array]:
        if self.merge_mode is None:
            return [y, y_back]
        if self.merge_mode == "concat":
            return [np.concatenate([y, y_back], axis=-1)]
        return [core.merge(self.merge_mode, y, y_back)]

    def _divided(self, d_y: Array | None, factors: tuple[Array, Array] | None) -> tuple[Any, Any]:
        """The gradients of what `_merged` has merged."""
        if d_y is None:
            return None, None
        if self.merge_mode == "concat":
            units = self.layer.units
            return np.ascontiguousarray(d_y[..., :units]), np.ascontiguousarray(d_y[..., units:])
        if self.merge_mode == "mul":
            assert factors is not None  # kept by `forward`
            return core.merge("mul", d_y, factors[1]), core.merge("mul", d_y, factors[0])
        share = d_y / 2 if self.merge_mode == "ave" else d_y
        return share, share

    def _turned_round(self, y: Any) -> Any:
        """A sequence of the backward layer in the order of time, or the other way round."""
        return np.ascontiguousarray(y[:, ::-1]) if y is not None and self.layer.return_sequences else y

    def compute_output_shape(self, input_shape: Shape) -> Any:
        y, *states = _listed(self.layer.compute_output_shape(input_shape))
        y_back, *states_back = _listed(self.backward_layer.compute_output_shape(input_shape))
        outputs = [y, y_back] if self.merge_mode is None else [y]
        if self.merge_mode == "concat":
            outputs = [(*y[:-1], y[-1] + y_back[-1])]
        return _plain([*outputs, *states, *states_back])

    def compute_mask(self, inputs: Any, mask: Array | None = None) -> Array | None:
        return self.layer.compute_mask(inputs, mask)


def _remade(layer: Recurrent, **changes: Any) -> Recurrent:
    """A new layer of the configuration of `layer`, whose masked steps put out zeros in a sequence."""
    with noting() as own_classes:  # of a cell that the user wrote
        config = {**layer.get_config(), "zero_output_for_mask": layer.return_sequences, **changes}
    with custom_object_scope(own_classes):
        made = type(layer).from_config(config)
    assert isinstance(made, Recurrent)
    return made


def _listed(outputs: Any) -> list[Any]:
    """What a layer of one output or of several gave, as a list."""
    return outputs if isinstance(outputs, list) else [outputs]


def _plain(outputs: list[Any]) -> Any:
    """The inverse of `_listed`."""
    return outputs if len(outputs) > 1 else outputs[0]
