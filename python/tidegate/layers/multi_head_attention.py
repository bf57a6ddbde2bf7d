"""Attention in several heads, each over projections of its own (Vaswani et al., NIPS 2017)."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from tidegate._native import core
from tidegate.inputs import Shape, positive_integer
from tidegate.layers import heads
from tidegate.layers.arguments import REQUIRED, Argument, Table, later
from tidegate.layers.kinds import Constraint, Flag, Initializer, Kind, Optional, PositiveInteger, Regularizer
from tidegate.layers.number_kinds import Number, Seed
from tidegate.layers.projections import Projections
from tidegate.layers.query_value_key import QueryValueKey
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of

# What is projected, in the order of the weights; the gate is there with `use_gate`.
_PROJECTED = ("query", "key", "gate", "value")
# Where a Keras file keeps the weights of each projection.
_STORED = {
    "query": "query_dense",
    "key": "key_dense",
    "gate": "_gate_dense",
    "value": "value_dense",
    "attention_output": "output_dense",
}


class _OutputShape(Kind):
    """A positive integer, or a tuple of them; None for the query's features."""

    def read(self, value: Any, name: str, owner: str) -> tuple[int, ...] | None:
        if value is None:
            return None
        lengths = value if isinstance(value, (list, tuple)) else [value]
        return tuple(positive_integer(length, name, owner) for length in lengths)


class _TimeAxis(Kind):
    """1, alone or in a tuple, or None; kept as a tuple."""

    def read(self, value: Any, name: str, owner: str) -> tuple[int, ...] | None:
        if value is not None and (list(value) if isinstance(value, (list, tuple)) else [value]) != [1]:
            raise ValueError(
                f"{owner}: argument `{name}` does not support this value yet; expected None or 1, the axis "
                f"of time, received {value!r:.80}"
            )
        return None if value is None else (1,)


class _Kept(NamedTuple):
    has_key: bool  # besides the value
    projections: dict[str, Any]  # of the inputs, and of the output
    heads: heads.Kept
    attended: Array  # [B, queries, heads value_dim]
    gate: tuple[Array, Array] | None  # the same, before and after sigmoid


class MultiHeadAttention(QueryValueKey):
    """`layer(query, value)` or `layer(query, value, key)`: attention by products, in several heads.

    `[batch, queries, features]`, `[batch, keys, features of a value]` and `[batch, keys, features of a key]`,
    each with features of its own, to `[batch, queries, *output_shape]`. Without a key, the value is the key
    too.

    Args:
        num_heads: number of heads.
        key_dim: features of each head's queries and keys.
        value_dim: features of each head's values; as `key_dim` when None.
        dropout: fraction of the weights of values that are dropped in training, from 0 to 1.
        use_bias: whether projections add a bias.
        output_shape: features of the output, a length or a tuple; those of the query when None.
        attention_axes: only 1, the axis of time.
        sliding_window: a query sees keys less than this many places away; all when None.
        flash_attention: accepted; it changes no number.
        kernel_initializer, bias_initializer: first values, of `tidegate.initializers`.
        kernel_regularizer, bias_regularizer: penalties, of `tidegate.regularizers`.
        kernel_constraint, bias_constraint: what a step must leave, of `tidegate.constraints`.
        use_gate: whether sigmoid of a projection of the query multiplies what a head gives.
        seed: of dropout, an integer; the global seed when None.

    Call arguments:
        query_mask, value_mask, key_mask: bool [batch, queries] or [batch, keys], True for what counts.
        attention_mask: bool [batch, queries, keys] or what broadcasts to it, or with an axis of heads before
            the last two, True where a query sees a key; on arrays only.
        return_attention_scores: whether the weights of the values, `[batch, heads, queries, keys]`, come too:
            the call then gives a list.
        use_causal_mask: whether a query sees no later keys than its own place.

    Weights: kernel and bias of `query` and `key` ([features, heads, key_dim] and [heads, key_dim]), of `gate`
    if there is one and `value` (with value_dim), and of `attention_output` ([heads, value_dim, *output_shape]
    and [*output_shape]).

    `activity_regularizer` is refused by name.

    Example:
        >>> query, value = np.ones((2, 3, 8)), np.ones((2, 5, 6))
        >>> MultiHeadAttention(num_heads=2, key_dim=4)(query, value).shape
        (2, 3, 8)
    """

    arguments: ClassVar[Table] = (
        Argument("num_heads", REQUIRED, PositiveInteger()),
        Argument("key_dim", REQUIRED, PositiveInteger()),
        Argument("value_dim", None, Optional(PositiveInteger())),
        Argument("dropout", 0.0, Number(0, 1)),
        Argument("use_bias", True, Flag()),
        Argument("output_shape", None, _OutputShape()),
        Argument("attention_axes", None, _TimeAxis()),
        Argument("sliding_window", None, Optional(PositiveInteger())),
        Argument("flash_attention", None, Kind(), in_config=False),
        Argument("kernel_initializer", "glorot_uniform", Initializer()),
        Argument("bias_initializer", "zeros", Initializer()),
        Argument("kernel_regularizer", None, Regularizer()),
        Argument("bias_regularizer", None, Regularizer()),
        later("activity_regularizer"),
        Argument("kernel_constraint", None, Constraint()),
        Argument("bias_constraint", None, Constraint()),
        Argument("use_gate", False, Flag()),
        Argument("seed", None, Seed()),
    )

    key_dim: int
    value_dim: int
    dropout: float
    use_bias: bool
    use_gate: bool
    output_shape: tuple[int, ...] | None
    sliding_window: int | None
    flash_attention: Any
    kernel_initializer: Any
    bias_initializer: Any
    seed: int | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.value_dim = self.value_dim or self.key_dim
        if self.flash_attention and self.dropout:
            raise ValueError(
                f"{self.title}: argument `dropout` must be 0 with `flash_attention`; received {self.dropout}"
            )

    # ---- weights ---------------------------------------------------------------------------------

    def create_variables(self, input_shape: Any) -> list[Variable]:
        query, value, key = input_shape[0], input_shape[1], input_shape[-1]
        count, output = self.num_heads, self.output_shape or (query[2],)
        variables = []
        for name, features, length in (
            ("query", query[2], self.key_dim),
            ("key", key[2], self.key_dim),
            ("gate", query[2], self.value_dim),
            ("value", value[2], self.value_dim),
        ):
            if name in self._projected():
                variables += self._projection(name, (features,), (count, length))
        return [*variables, *self._projection("attention_output", (count, self.value_dim), output)]

    def _projection(self, name: str, inputs: Any, outputs: tuple[int, ...]) -> list[Variable]:
        """Kernel [*inputs, *outputs], first drawn as a matrix, and, if there is one, bias [*outputs]."""

        def kernel(shape: tuple[int, ...], dtype: str) -> Array:
            drawn: Array = self.kernel_initializer((prod(inputs), prod(outputs)), dtype)
            return drawn.reshape(shape)

        variables = [self.new_variable(f"{name}/kernel", (*inputs, *outputs), kernel)]
        if self.use_bias:
            variables.append(self.new_variable(f"{name}/bias", outputs, self.bias_initializer))
        return variables

    def _projected(self) -> list[str]:
        return [name for name in _PROJECTED if name != "gate" or self.use_gate]

    def stored_variables(self) -> dict[str, list[Variable]]:
        of_names = self.operator.of_names(self.weights)
        return {"vars": [], **{f"{_STORED[name]}/vars": of_names[name] for name in of_names}}

    # ---- computing -------------------------------------------------------------------------------

    def create_operator(self) -> Projections:
        width, width_of_values = self.num_heads * self.key_dim, self.num_heads * self.value_dim
        widths = {"query": width, "key": width, "gate": width_of_values, "value": width_of_values}
        used = {name: widths[name] for name in self._projected()}
        return Projections({**used, "attention_output": prod(self._output_lengths())}, self.use_bias)

    def _output_lengths(self) -> tuple[int, ...]:
        built: Any = self.build_shape
        return self.output_shape or (built[0][2],)

    def forward(
        self,
        inputs: Any,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Any = None,
        attention_mask: Array | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> tuple[Any, Any]:
        weights = values_of(self.weights) if weights is None else weights
        projections: Projections = self.operator
        of_names, found, kept = projections.of_names(weights), {}, {}
        given = {"query": inputs[0], "key": inputs[-1], "gate": inputs[0], "value": inputs[1]}
        for name in self._projected():
            found[name], kept[name] = projections.forward(name, given[name], of_names[name], keep)
        shape = (len(inputs[0]), self.num_heads, inputs[0].shape[1], inputs[1].shape[1])
        query_mask, *key_masks = mask or [None]
        allowed = heads.allowed_pairs(
            shape, query_mask, key_masks, attention_mask, use_causal_mask, self.sliding_window
        )
        attended, of_values, kept_heads = heads.forward(
            found["query"],
            found["key"],
            found["value"],
            self.num_heads,
            allowed,
            empty_is_zero=bool(self.dropout) or return_attention_scores,  # so Keras has it
            drop=lambda weights: self._drop(weights, training),
        )
        gate, gated = None, attended
        if self.use_gate:
            gate = (found["gate"], core.activate("sigmoid", found["gate"]))
            gated = core.merge("mul", attended, gate[1])
        name = "attention_output"
        outputs, kept[name] = projections.forward(name, gated, of_names[name], keep)
        outputs = outputs.reshape(*outputs.shape[:2], *self._output_lengths())
        everything = _Kept(len(inputs) == 3, kept, kept_heads, attended, gate) if keep else None
        return [outputs, of_values] if return_attention_scores else outputs, everything

    def _drop(self, weights: Array, training: Training | None) -> Any:
        if training is None or not self.dropout:
            return weights, lambda d_weights: d_weights
        rows = training.rows
        drawn = core.dropout_mask(weights.shape, self.dropout, **training.key(self.seed), rows=rows)
        return (
            core.apply_dropout(weights, drawn, self.dropout),
            lambda d_weights: core.apply_dropout(d_weights, drawn, self.dropout),
        )

    def backward(self, kept: _Kept, d_outputs: Any, *, need_d_inputs: bool = True) -> tuple[Any, list[Array]]:
        d_y, d_scores = d_outputs if isinstance(d_outputs, (list, tuple)) else (d_outputs, None)
        if d_y is None:
            batch, queries = kept.attended.shape[:2]
            d_y = np.zeros((batch, queries, prod(self._output_lengths())), kept.attended.dtype)
        gradients, d_found = {}, {}
        name = "attention_output"
        flat = d_y.reshape(*d_y.shape[:2], prod(d_y.shape[2:]))
        d_gated, gradients[name] = self.operator.backward(name, kept.projections[name], flat, True)
        d_attended = d_gated
        if kept.gate is not None:
            before, after = kept.gate
            d_attended = core.merge("mul", d_gated, after)
            d_gate = core.merge("mul", d_gated, kept.attended)
            d_found["gate"] = core.activate_gradient("sigmoid", before, after, d_gate)
        d_of_heads = heads.backward(kept.heads, d_attended, d_scores)
        d_found |= dict(zip(("query", "key", "value"), d_of_heads, strict=True))
        d_given = {}
        for name in self._projected():
            d_given[name], gradients[name] = self.operator.backward(
                name, kept.projections[name], d_found[name], need_d_inputs
            )
        shaped = self._shaped(gradients)
        if not need_d_inputs:
            return None, shaped
        d_query = core.merge("sum", d_given["query"], d_given["gate"]) if self.use_gate else d_given["query"]
        if not kept.has_key:
            return [d_query, core.merge("sum", d_given["value"], d_given["key"])], shaped
        return [d_query, d_given["value"], d_given["key"]], shaped

    def _shaped(self, gradients: dict[str, list[Array]]) -> list[Array]:
        """The gradients of matrices in the shapes of the weights, and in their order."""
        names = [*self._projected(), "attention_output"]
        found = [gradient for name in names for gradient in gradients[name]]
        return [d.reshape(weight.shape) for d, weight in zip(found, self.weights, strict=True)]

    def compute_output_shape(
        self, input_shape: Any, return_attention_scores: bool = False, use_causal_mask: bool = False
    ) -> Any:
        query, value = input_shape[:2]
        output: Shape = (*query[:-1], *(self.output_shape or query[-1:]))
        scores = (query[0], self.num_heads, query[1], value[1])
        return [output, scores] if return_attention_scores else output
