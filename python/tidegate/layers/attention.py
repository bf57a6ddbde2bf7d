"""Attention: every query's mean of the values, weighted by how well their keys fit it."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from tidegate import initializers
from tidegate._native import core
from tidegate.graph import Tensor
from tidegate.layers.arguments import Argument, Table
from tidegate.layers.kinds import Flag
from tidegate.layers.number_kinds import Number, Seed, Word
from tidegate.layers.several import SeveralInputs, Shapes
from tidegate.masks import Mask, same
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of


class Scoring(NamedTuple):
    """How scores are made, by present weights: `scale` times the products of queries and keys, or times the
    sums over features of `weights * tanh(factor * (query + key))`; of those weights, None are ones."""

    products: bool
    scale: float = 1.0
    factor: float = 1.0
    weights: Array | None = None


class _Kept(NamedTuple):
    inputs: list[Array]  # query, value and key; the last two may be one array
    query_mask: Array | None
    scoring: Scoring
    scores: Array
    weights: Array  # of the values, before dropout
    dropped: Array | None
    applied: Array  # the same after dropout


class Attention(SeveralInputs):
    """Attention by products of queries and keys (Luong et al., EMNLP 2015), or by sums through tanh.

    `[query, value]` or `[query, value, key]`, of the shapes `[batch, queries, features]`,
    `[batch, keys, values' features]` and `[batch, keys, features]`, to `[batch, queries, values' features]`.
    Without a key, the value is the key too.

    Args:
        use_scale: whether a weight multiplies the products, or the sums that tanh is taken of.
        score_mode: "dot" for products; "concat" for sums of `tanh(query + key)`, times a weight.
        dropout: fraction of the weights of values that are dropped in training, from 0 to 1.
        seed: of dropout, an integer; the global seed when None.

    Call arguments:
        mask: list of a bool [batch, queries], whose False makes an output zero, and a bool [batch, keys],
            whose False keeps a value out; either may be None.
        return_attention_scores: whether the weights of the values, `[batch, queries, keys]`, come too: the
            call then gives a list.
        use_causal_mask: whether a query sees no later values than its own place.

    Weights: `scale` [] with `use_scale`, `concat_score_weight` [] with "concat".

    Example:
        >>> query, value = np.ones((2, 3, 8)), np.ones((2, 5, 8))
        >>> Attention()([query, value]).shape
        (2, 3, 8)
    """

    arguments: ClassVar[Table] = (
        Argument("use_scale", False, Flag()),
        Argument("score_mode", "dot", Word("dot", "concat")),
        Argument("dropout", 0.0, Number(0, 1)),
        Argument("seed", None, Seed()),
    )
    options: ClassVar[dict[str, Any]] = {"return_attention_scores": False, "use_causal_mask": False}

    use_scale: bool
    score_mode: str
    dropout: float
    seed: int | None

    def check_shapes(self, shapes: Shapes) -> None:
        fits = len(shapes) in (2, 3) and all(len(shape) == 3 for shape in shapes)
        if fits:
            query, value = shapes[:2]
            key = shapes[-1]
            same = ((query[0], value[0]), (value[0], key[0]), (query[2], key[2]), (value[1], key[1]))
            fits = value[1] != 0 and all(None in pair or pair[0] == pair[1] for pair in same)
        if not fits:
            raise ValueError(
                f"{self.title}: the inputs must be [query, value] or [query, value, key], of the axes "
                "[batch, queries, features], [batch, keys, features of a value] and [batch, keys, features], "
                f"with at least one key; received the shapes {list(map(tuple, shapes))}"
            )

    def create_variables(self, input_shape: Any) -> list[Variable]:
        ones = initializers.get("ones")
        there = {"scale": self.use_scale, "concat_score_weight": self.score_mode == "concat"}
        return [self.new_variable(name, (), ones) for name in there if there[name]]

    def scoring(self, weights: list[Array]) -> Scoring:
        """How scores are made, by these values of the layer's weights."""
        scale = float(weights[0]) if self.use_scale else 1.0
        if self.score_mode == "dot":
            return Scoring(products=True, scale=scale)
        return Scoring(products=False, scale=float(weights[-1]), factor=scale)

    def weight_gradients(
        self, d_scale: Array, d_factor: Array | None, d_weights: Array | None
    ) -> list[Array]:
        """The gradients of the layer's weights, from those of what `scoring` made of them."""
        if d_factor is None:
            return [d_scale] if self.use_scale else []
        return [d_factor, d_scale] if self.use_scale else [d_scale]

    def prepare_masks(self, mask: Any, arrays: list[Array]) -> Any:
        if isinstance(mask, (list, tuple)) and len(mask) == 2:
            mask = [*mask, None][: len(arrays)]  # a key needs no mask of its own
        return super().prepare_masks(mask, arrays)

    def forward(
        self,
        inputs: Any,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> tuple[Any, Any]:
        query, value, key = inputs if len(inputs) == 3 else (*inputs, inputs[1])
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        scoring = self.scoring(values_of(self.weights) if weights is None else weights)
        if scoring.products:
            scores = core.batched_product(query, key, b_transposed=True)
        else:
            scores = core.tanh_scores(query, key, scoring.weights, scoring.factor)
        of_values = core.attention_weights(scores, scoring.scale, value_mask, use_causal_mask)
        dropped, applied = None, of_values
        if training is not None and self.dropout:
            drawn = core.dropout_mask(
                of_values.shape, self.dropout, **training.key(self.seed), rows=training.rows
            )
            dropped, applied = drawn, core.apply_dropout(of_values, drawn, self.dropout)
        outputs = core.batched_product(applied, value)
        if query_mask is not None:
            outputs[~query_mask] = 0
        kept = None
        if keep:
            arrays = [query, value, key][: len(inputs)]
            kept = _Kept(arrays, query_mask, scoring, scores, of_values, dropped, applied)
        return [outputs, applied] if return_attention_scores else outputs, kept

    def backward(self, kept: _Kept, d_outputs: Any, *, need_d_inputs: bool = True) -> tuple[Any, list[Array]]:
        d_y, d_applied = d_outputs if isinstance(d_outputs, (list, tuple)) else (d_outputs, None)
        query, value, key = kept.inputs if len(kept.inputs) == 3 else (*kept.inputs, kept.inputs[1])
        if d_y is None:
            d_y = np.zeros((*query.shape[:2], value.shape[2]), query.dtype)
        if kept.query_mask is not None:
            d_y = np.where(kept.query_mask[..., np.newaxis], d_y, d_y.dtype.type(0))
        d_weights = core.batched_product(d_y, value, b_transposed=True)
        if d_applied is not None:
            d_weights = core.merge("sum", d_weights, d_applied)
        if kept.dropped is not None:
            d_weights = core.apply_dropout(d_weights, kept.dropped, self.dropout)
        scoring, d_factor, d_features = kept.scoring, None, None
        d_scores, d_scale = core.attention_weights_gradient(
            kept.scores, kept.weights, d_weights, scoring.scale
        )
        if scoring.products:
            d_query = core.batched_product(d_scores, key)
            d_key = core.batched_product(d_scores, query, a_transposed=True)
        else:
            d_query, d_key, d_features, d_factor = core.tanh_scores_gradient(
                query, key, scoring.weights, scoring.factor, d_scores
            )
        d_value = core.batched_product(kept.applied, d_y, a_transposed=True)
        d_inputs = [d_query, d_value, d_key]
        if len(kept.inputs) == 2:
            d_inputs = [d_query, core.merge("sum", d_value, d_key)]
        return d_inputs if need_d_inputs else None, self.weight_gradients(d_scale, d_factor, d_features)

    def compute_output_shape(
        self, input_shape: Any, return_attention_scores: bool = False, use_causal_mask: bool = False
    ) -> Any:
        query, value = input_shape[:2]
        output = (*query[:-1], value[-1])
        return [output, (*query[:-1], value[1])] if return_attention_scores else output

    def symbolic_mask(self, inputs: list[Tensor]) -> Mask | None:
        return same(inputs[0].mask)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Array | None:
        found: Array | None = None if mask is None else mask[0]
        return found


class AdditiveAttention(Attention):
    """Attention by weighted sums of `tanh(query + key)` (Bahdanau et al., ICLR 2015).

    Inputs, outputs and call arguments as of `Attention`.

    Args:
        use_scale: whether a weight multiplies each feature of the sums.
        dropout, seed: as of `Attention`.

    Weights: `scale` [features] with `use_scale`.

    Example:
        >>> query, value = np.ones((2, 3, 8)), np.ones((2, 5, 8))
        >>> AdditiveAttention()([query, value]).shape
        (2, 3, 8)
    """

    arguments = (
        Argument("use_scale", True, Flag()),
        Argument("dropout", 0.0, Number(0, 1)),
        Argument("seed", None, Seed(), positional=False),
    )

    def check_shapes(self, shapes: Shapes) -> None:
        super().check_shapes(shapes)
        features = shapes[0][2]
        built: Any = self.build_shape
        if self.use_scale and (not features if built is None else features != built[0][2]):
            expected = "known, positive" if built is None else f"{built[0][2]} it was built for"
            raise ValueError(
                f"{self.title}: the last axis of the query must have the length {expected}; "
                f"received the shape {tuple(shapes[0])}"
            )

    def create_variables(self, input_shape: Any) -> list[Variable]:
        if not self.use_scale:
            return []
        return [self.new_variable("scale", (input_shape[0][2],), initializers.get("glorot_uniform"))]

    def scoring(self, weights: list[Array]) -> Scoring:
        return Scoring(products=False, weights=weights[0] if self.use_scale else None)

    def weight_gradients(
        self, d_scale: Array, d_factor: Array | None, d_weights: Array | None
    ) -> list[Array]:
        return [d_weights] if self.use_scale and d_weights is not None else []
