"""What `compare_layers.py` goes through: of each layer the values of its arguments and of its calls.

Arguments are Keras's. What begins with "@" is of the call: "@inputs" shapes, "@mask" a kind of mask (or one
for each input), "@states" whether initial states are given, and options of the call by their names.
`refused` are values that are tried one at a time, beside the first values of all others: either both
libraries take them or neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any, NamedTuple


class Inner(NamedTuple):
    """A layer in an argument of another: made by whichever library is asked."""

    class_name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """A layer: `call` is what all its calls have in common; combinations of `strength` values are covered."""

    layer: str
    axes: dict[str, list[Any]]
    refused: dict[str, list[Any]] = field(default_factory=dict)
    call: dict[str, Any] = field(default_factory=dict)
    strength: int = 2


def covering(axes: dict[str, list[Any]], strength: int) -> Iterator[dict[str, Any]]:
    """Configurations among which every combination of values of `strength` axes occurs: greedily few."""
    names, strength = list(axes), min(strength, len(axes))
    wanted = {
        tuple(zip(chosen, places, strict=True))
        for chosen in combinations(range(len(names)), strength)
        for places in product(*(range(len(axes[names[axis]])) for axis in chosen))
    }
    turn = 0
    while wanted:
        row = dict(min(wanted))
        for axis in range(len(names)):
            if axis not in row:
                turn += 1
                row[axis] = _best(axis, len(axes[names[axis]]), row, wanted, strength, turn)
        wanted -= set(combinations(sorted(row.items()), strength))
        yield {names[axis]: axes[names[axis]][place] for axis, place in sorted(row.items())}


def _best(axis: int, count: int, row: dict[int, int], wanted: set[Any], strength: int, turn: int) -> int:
    """The value of an axis that covers most beside those in the row; of equals another in each turn."""

    def gain(place: int) -> int:
        beside = combinations(sorted(row.items()), strength - 1)
        return sum(tuple(sorted([*others, (axis, place)])) in wanted for others in beside)

    return max(range(count), key=lambda place: (gain(place), (place + turn) % count))


NO = [False, True]
YES = [True, False]
MASKS = [None, "right", "left", "holes"]
POSITIVE = [0, -1, 2.5, "3", None]
SHARES = [-0.1, 1.5, "much", None]
WORDS = ["unheard of", 3]
ACTIVATIONS = [
    "tanh", None, "relu", "sigmoid", "linear", "softmax", "elu", "selu", "softplus", "softsign", "swish",
    "gelu", "exponential", "hard_sigmoid", "relu6", "silu", "leaky_relu", "mish", "log_softmax",
]  # fmt: skip
L2 = {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.01}, "registered_name": None}
MAX_NORM = {
    "module": "keras.constraints",
    "class_name": "MaxNorm",
    "config": {"max_value": 2, "axis": 0},
    "registered_name": None,
}
HE = {
    "module": "keras.initializers",
    "class_name": "HeNormal",
    "config": {"seed": 3},
    "registered_name": None,
}
INITIALIZERS = ["glorot_uniform", "zeros", "he_normal", HE]
REGULARIZERS = [None, "l2", L2]
CONSTRAINTS = [None, "max_norm", "non_neg", MAX_NORM]
BAD_LISTS = {"kernel_initializer": WORDS, "kernel_regularizer": WORDS, "kernel_constraint": WORDS}


def weighted(*names: str) -> dict[str, list[Any]]:
    """The three arguments about each weight."""
    return {
        **{f"{name}_initializer": INITIALIZERS for name in names},
        **{f"{name}_regularizer": REGULARIZERS for name in names},
        **{f"{name}_constraint": CONSTRAINTS for name in names},
    }


WALK = {
    "return_sequences": NO,
    "return_state": NO,
    "go_backwards": NO,
    "zero_output_for_mask": NO,
    "@mask": MASKS,
    "@states": NO,
    "@inputs": [[(3, 5, 4)], [(1, 1, 2)], [(2, 7, 3)]],
}
RECURRENT = {
    "units": [4, 1, 5],
    **WALK,
    "activation": ["tanh", "relu", None, "softsign", "elu", "hard_sigmoid", "softmax"],
    "use_bias": YES,
    **weighted("kernel"),
    "recurrent_initializer": ["orthogonal", "identity"],
    "dropout": [0.0, 0.3],
    "recurrent_dropout": [0.0, 0.2, 1.0],
    "activity_regularizer": [None, "l2"],
    "stateful": NO,
    "unroll": NO,
    "@times": [1, 2],
}
GATED = {**RECURRENT, "recurrent_activation": ["sigmoid", "hard_sigmoid", "tanh", None, "softmax"]}
OF_RECURRENT = {
    "units": POSITIVE,
    "activation": WORDS,
    "dropout": SHARES,
    "recurrent_dropout": SHARES,
    "use_bias": ["maybe", None],
    "seed": [3, "three"],
    "return_sequences": [1, None],
    "@inputs": [[(3, 4)], [(3,)], [(2, 3, 4, 5)]],
    "unheard_of": [1],
    **BAD_LISTS,
}


def inner(class_name: str, units: Any = 3, **arguments: Any) -> Inner:
    """A layer in another, of which the first argument is units, filters or a rate; none where it is None."""
    first = {"Conv1D": "filters", "Dropout": "rate", "Embedding": "input_dim", "Activation": "activation"}
    given = {} if units is None else {first.get(class_name, "units"): units}
    return Inner(class_name, {"name": "inner", **given, **arguments})


HALVES = [
    inner(name, **arguments)
    for name in ("LSTM", "GRU", "SimpleRNN")
    for arguments in (
        {},
        {"return_sequences": True},
        {"return_sequences": True, "return_state": True},
        {"return_state": True, "activation": "relu"},
        {"go_backwards": True, "return_sequences": True},
        {"go_backwards": True, "use_bias": False},
    )
] + [inner("GRU", reset_after=False), inner("LSTM", return_sequences=True, zero_output_for_mask=False)]

STEPS = {"@inputs": [[(3, 5, 4)], [(2, 1, 3)], [(1, 8, 1)]]}
RANKS = {"@inputs": [[(3, 5, 4)], [(4, 6)], [(1, 1, 1)], [(2, 3, 4, 2)]]}
ONE = {"@mask": [None, "right", "holes"]}
PAIRS = [[(3, 5, 4), (3, 5, 4)], [(2, 6), (2, 6)], [(1, 1, 1), (1, 1, 1)]]
MORE = [
    *PAIRS,
    [(2, 3, 4), (2, 3, 4), (2, 3, 4)],
    [(2, 3, 4), (2, 1, 4)],
    [(2, 3, 4), (2, 4)],
    [(3, 2, 1), (3, 2, 5)],
]
BOTH = [None, ("right", "holes"), ("right", None), (None, "left")]
UNFIT = [[(3, 5, 4), (3, 5, 3)], [(2, 3, 4), (2, 4, 4)], [(2, 3)], []]
SEVERAL = {"several": True}
MERGES = [
    Subject(name, {"@inputs": MORE if name != "Subtract" else [*PAIRS, *MORE[4:]], "@mask": BOTH},
            {"@inputs": UNFIT, "unheard_of": [1]}, SEVERAL)
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
]  # fmt: skip
QUERIES = [
    [(2, 3, 4), (2, 5, 4)],
    [(2, 3, 4), (2, 3, 4)],
    [(2, 3, 4), (2, 5, 6), (2, 5, 4)],
    [(1, 1, 2), (1, 1, 2)],
]
POOLED = {
    "pool_size": [2, 1, 3, (2,)],
    "strides": [None, 1, 2, 3],
    "padding": ["valid", "same", "SAME"],
    **ONE,
    "@inputs": [[(3, 5, 4)], [(2, 8, 1)], [(1, 3, 2)]],
}
OF_POOLED = {
    "pool_size": [*POSITIVE, (2, 2)], "strides": [0, -1, "2"], "padding": [*WORDS, "causal"],
    "data_format": ["channels_last", "unheard of"], "@inputs": [[(3, 5)], [(2, 3, 4, 5)]],
}  # fmt: skip
CELLS = [
    inner("LSTMCell"), inner("GRUCell"), inner("SimpleRNNCell"), inner("GRUCell", reset_after=False),
    inner("LSTMCell", use_bias=False), inner("SimpleRNNCell", activation="relu"),
]  # fmt: skip

SUBJECTS = [
    Subject("LSTM", {**GATED, "unit_forget_bias": YES}, OF_RECURRENT, strength=2),
    Subject("GRU", {**GATED, "reset_after": YES}, OF_RECURRENT),
    Subject("SimpleRNN", RECURRENT, OF_RECURRENT),
    Subject("LSTM", {**WALK, "units": [3], "use_bias": YES, "stateful": NO}, strength=3),
    Subject("GRU", {**WALK, "units": [3], "use_bias": YES, "reset_after": YES, "stateful": NO}, strength=3),
    Subject("SimpleRNN", {**WALK, "units": [3], "use_bias": YES, "stateful": NO}, strength=3),
    Subject("RNN", {"cell": CELLS, **WALK, "stateful": NO}, {"cell": [None, "LSTM", inner("Dense")]}),
    Subject(
        "Bidirectional",
        {"layer": HALVES, "merge_mode": ["concat", "sum", "mul", "ave", None], "@mask": MASKS,
         "@states": NO, "@inputs": [[(3, 5, 4)], [(2, 1, 2)]]},
        {"merge_mode": WORDS, "layer": [None, "LSTM", inner("Dense")], "@inputs": [[(3, 4)]]},
    ),
    Subject(
        "TimeDistributed",
        {"layer": [
            inner("Dense"), inner("Dense", activation="relu", use_bias=False), inner("LSTM"),
             inner("Flatten", None),
            inner("GRU", return_sequences=True), inner("Conv1D", kernel_size=2), inner("LayerNormalization",
             None),
            inner("Dropout", 0.5), inner("GlobalMaxPooling1D", None), inner("BatchNormalization", None),
            inner("Activation", "tanh"), inner("Activation", "softmax"), inner("MaxPooling1D", None),
            inner("Bidirectional", None, layer=inner("LSTM")),
         ],
         "@inputs": [[(2, 3, 4, 5)], [(3, 5, 4)], [(1, 1, 2, 1)], [(2, 3, 2, 2, 3)]], "@mask": [None,
          "right", "left"]},
        {"layer": [None, "Dense"], "@inputs": [[(3, 4)], [(3,)]]},
    ),
    Subject(
        "Dense",
        {"units": [3, 1, 5], "activation": ACTIVATIONS, "use_bias": YES, **weighted("kernel", "bias"),
         "activity_regularizer": [None, "l1"], **RANKS, **ONE},
        {"units": POSITIVE, "activation": WORDS, "unheard_of": [1], "@inputs": [[(3,)]], **BAD_LISTS},
    ),
    Subject(
        "Embedding",
        {"input_dim": [7, 1], "output_dim": [3, 1], "embeddings_initializer": ["uniform", HE],
         "embeddings_regularizer": REGULARIZERS, "embeddings_constraint": CONSTRAINTS, "mask_zero": NO,
         "@inputs": [[(3, 5)], [(2,)], [(2, 3, 4)]], "@ids": [1], **ONE},
        {"input_dim": POSITIVE, "output_dim": POSITIVE, "mask_zero": ["yes"]},
    ),
    Subject("Embedding", {"input_dim": [9], "output_dim": [2, 5], "mask_zero": NO, "@inputs": [[(3, 5)],
     [(4,)], [(2, 3, 2)]],
                          "@ids": [9], "@mask": [None]}),
    Subject("Masking", {"mask_value": [0.0, 1.0, -1, 0.5], "@hidden": [0.0, 1.0, -1.0, 0.5], **ONE,
                        "@inputs": [[(3, 5, 4)], [(2, 3, 4, 2)], [(3, 6, 1)]]},
            {"mask_value": ["zero", None], "@inputs": [[(3, 4)]]}),
    Subject(
        "Conv1D",
        {"filters": [4, 2, 8], "kernel_size": [3, 1, 2, (2,)], "strides": [1, 2, 3], "padding": ["valid",
         "same", "causal", "SAME"],
         "dilation_rate": [1, 2], "groups": [1, 2], "activation": [None, "relu", "tanh", "softmax"],
          "use_bias": YES,
         **weighted("kernel"), "@inputs": [[(3, 7, 4)], [(1, 5, 2)], [(2, 9, 6)]], **ONE},
        {"filters": [*POSITIVE, 3], "kernel_size": [*POSITIVE, (2, 2)], "strides": [0, -1, "2"],
         "padding": WORDS,
         "dilation_rate": [0, -1], "groups": [0, 3, -1], "@inputs": [[(3, 4)], [(2, 2, 4)], [(2, 1, 3, 4)]],
         "data_format": ["channels_last", "unheard of"]},
        strength=2,
    ),
    Subject("MaxPooling1D", POOLED, OF_POOLED),
    Subject("AveragePooling1D", POOLED, OF_POOLED),
    Subject("GlobalMaxPooling1D", {"keepdims": NO, **STEPS, **ONE}, {"data_format": WORDS, "@inputs": [[(3,
     4)]]}),
    Subject("GlobalAveragePooling1D", {"keepdims": NO, **STEPS, "@mask": MASKS}, {"data_format": WORDS,
     "@inputs": [[(3, 4)]]}),
    Subject("ZeroPadding1D", {"padding": [1, 2, (0, 3), [2, 1], 0], **STEPS, **ONE},
            {"padding": [-1, "1", (1, 2, 3), None], "@inputs": [[(3, 4)]]}),
    Subject("Cropping1D", {"cropping": [1, (0, 3), [2, 1], 0, (0, 0)], "@inputs": [[(3, 5, 4)], [(2, 9,
     1)]], **ONE},
            {"cropping": [-1, "1", (1, 2, 3), None, 3], "@inputs": [[(3, 4)], [(2, 2, 1)]]}),
    Subject("UpSampling1D", {"size": [2, 1, 3], **STEPS, **ONE}, {"size": POSITIVE, "@inputs": [[(3, 4)]]}),
    Subject("Flatten", {"data_format": [None, "channels_last"], **RANKS, **ONE}, {"data_format": WORDS}),
    Subject("Reshape", {"target_shape": [(-1,), (4, -1), (2, 2, -1), (-1, 4), [2, -1]], "@inputs": [[(3, 5,
     4)], [(2, 8)]], **ONE},
            {"target_shape": [(7,), (-1, -1), (0, 4), "4", None, 20, (20,), ()]}),
    Subject("Permute", {"dims": [(2, 1), (1, 2), [2, 1]], **STEPS, **ONE},
            {"dims": [(1,), (0, 1), (2, 3), (1, 1), "21", None, 1]}),
    Subject("Permute", {"dims": [(3, 1, 2), (2, 3, 1), (1, 3, 2)], "@inputs": [[(2, 3, 4, 2)]], **ONE}),
    Subject("RepeatVector", {"n": [1, 3], "@inputs": [[(3, 4)], [(1, 1)]], "@mask": [None]},
            {"n": POSITIVE, "@inputs": [[(3, 4, 5)], [(3,)]]}),
    Subject("Activation", {"activation": ACTIVATIONS, **RANKS, **ONE}, {"activation": WORDS}),
    Subject("ReLU", {"max_value": [None, 0.5, 0.0, 6], "negative_slope": [0.0, 0.3, 1], "threshold": [0.0,
     0.25, 1], **RANKS, **ONE},
            {"max_value": [-1.0, "6"], "negative_slope": [-0.5, None], "threshold": [-1.0, None]}),
    Subject("LeakyReLU", {"negative_slope": [0.3, 0.0, 1.5], **RANKS, **ONE}, {"negative_slope": [None,
     "0.3", -0.1]}),
    Subject("ELU", {"alpha": [1.0, 0.2, 3], **RANKS, **ONE}, {"alpha": [None, "1", -0.5]}),
    Subject("PReLU", {"alpha_initializer": ["zeros", HE], "alpha_regularizer": REGULARIZERS,
     "alpha_constraint": CONSTRAINTS,
                      "shared_axes": [None, [1], 1], "@inputs": [[(3, 5, 4)], [(2, 6)], [(2, 3, 4, 2)]],
                       **ONE},
            {"shared_axes": [[0], [3], "1", [1, 2], -1, [-1]]}),
    Subject("Softmax", {"axis": [-1, 1, [-1]], "@mask": [None, "elements"], **RANKS}, {"axis": [0, 5, "1",
     None, -3]}),
    Subject(
        "LayerNormalization",
        {"axis": [-1, [-1], 2], "epsilon": [1e-3, 0.1], "center": YES, "scale": YES, **weighted("gamma",
         "beta"),
         "@inputs": [[(3, 5, 4)], [(2, 3, 1)]], **ONE},
        {"axis": [0, 1, 5, "1", None], "epsilon": [-1.0, "0", None], "center": [None]},
    ),
    Subject(
        "BatchNormalization",
        {"axis": [-1, 2], "momentum": [0.99, 0.5], "epsilon": [1e-3, 0.1], "center": YES, "scale": YES,
         **weighted("gamma", "beta"), "moving_mean_initializer": INITIALIZERS[1:3],
         "moving_variance_initializer": ["ones", "zeros"], "@inputs": [[(3, 5, 4)], [(2, 3, 1)]], **ONE},
        {"axis": [0, 1, 5, "1", None], "epsilon": [-1.0, "0", None], "momentum": [-0.5, 2.0, "0"]},
    ),
    Subject(
        "GroupNormalization",
        {"groups": [2, 1, 4, -1], "axis": [-1, 2], "epsilon": [1e-3, 0.1], "center": YES, "scale": YES,
         **weighted("gamma", "beta"), "@inputs": [[(3, 5, 4)], [(2, 3, 8)]], **ONE},
        {"groups": [0, 3, "2", None, 32, -2], "axis": [0, 5, "1", None, 1], "epsilon": [-1.0]},
    ),
    Subject("RMSNormalization", {"axis": [-1, [-1]], "epsilon": [1e-6, 0.1], **RANKS, **ONE},
            {"axis": [0, 1, 5, "1", None], "epsilon": [-1.0, "0"]}),
    Subject("UnitNormalization", {"axis": [-1, 1, [1, 2]], "@inputs": [[(3, 5, 4)], [(2, 1, 3)]], **ONE},
            {"axis": [0, 5, "1", None, [0, 1]]}),
    Subject("Dropout", {"rate": [0.5, 0, 0.0, 1.0], "noise_shape": [None, (None, 1, 4)], "seed": [None, 3],
     **ONE, "@inputs": [[(3, 5, 4)]]},
            {"rate": SHARES, "noise_shape": ["12", 3], "seed": ["three"]}),
    Subject("SpatialDropout1D", {"rate": [0.5, 0], "seed": [None, 3], **STEPS, **ONE}, {"rate": SHARES,
     "@inputs": [[(3, 4)]]}),
    Subject("AlphaDropout", {"rate": [0.5, 0], "noise_shape": [None, (None, 1, 4)], "seed": [None, 3],
     **ONE, "@inputs": [[(3, 5, 4)]]},
            {"rate": [*SHARES, 1.0]}),
    Subject("GaussianNoise", {"stddev": [0.5, 0, 1], "seed": [None, 3], **RANKS, **ONE}, {"stddev": SHARES}),
    Subject("GaussianDropout", {"rate": [0.5, 0], "seed": [None, 3], **RANKS, **ONE}, {"rate": [*SHARES,
     1.0]}),
    Subject("ActivityRegularization", {"l1": [0.0, 0.1], "l2": [0.0, 0.1], **RANKS, **ONE}, {"l1": [-1.0,
     "1", None]}),
    Subject("Identity", {**RANKS, **ONE}, {"unheard_of": [1]}),
    *MERGES,
    Subject("Concatenate", {"axis": [-1, 2], "@inputs": [PAIRS[0], MORE[3], MORE[6]], "@mask": BOTH},
            {"axis": [0, 1, 3, "1", None], "@inputs": UNFIT}, SEVERAL),
    Subject("Concatenate", {"axis": [1, -2], "@inputs": [PAIRS[0], [(2, 3, 4), (2, 5, 4)]], "@mask": BOTH},
     {}, SEVERAL),
    Subject("Dot", {"axes": [2, -1, (2, 2), [-1, 2]], "normalize": NO, "@inputs": [[(2, 3, 4), (2, 5, 4)],
     PAIRS[0]], "@mask": BOTH},
            {"axes": [0, 1, 3, "1", None, (1, 2, 3), 1.5], "@inputs": UNFIT}, SEVERAL),
    Subject("Dot", {"axes": [1, (1, 1), -1], "normalize": NO, "@inputs": [[(2, 3), (2, 3)], PAIRS[2], [(1,
     4), (1, 4)]],
                    "@mask": [None]}, {}, SEVERAL),
    Subject("Attention", {"use_scale": NO, "score_mode": ["dot", "concat"], "dropout": [0.0, 0.3],
     "seed": [None, 3],
                          "@inputs": QUERIES, "@mask": BOTH, "@return_attention_scores": NO,
                           "@use_causal_mask": NO},
            {"score_mode": WORDS, "dropout": SHARES, "@inputs": UNFIT}, SEVERAL, 3),
    Subject("AdditiveAttention", {"use_scale": YES, "dropout": [0.0, 0.3], "@inputs": [*QUERIES[:2],
     QUERIES[3]], "@mask": BOTH,
                                  "@return_attention_scores": NO, "@use_causal_mask": NO},
            {"dropout": SHARES, "@inputs": UNFIT}, SEVERAL, 3),
    Subject(
        "MultiHeadAttention",
        # Heads never as many as timesteps: there Keras on TensorFlow adds biases [heads, 1] along time.
        {"num_heads": [2, 1, 4], "key_dim": [3, 1], "value_dim": [None, 2], "dropout": [0.0, 0.3],
         "use_bias": YES,
         "output_shape": [None, 5], "attention_axes": [None, (1,)], "use_gate": NO, "sliding_window": [None,
          2],
         **weighted("kernel"), "@inputs": QUERIES, "@mask": BOTH, "@return_attention_scores": NO,
          "@use_causal_mask": NO},
        {"num_heads": POSITIVE, "key_dim": POSITIVE, "value_dim": [0, -1], "dropout": SHARES,
         "output_shape": [0, "5"],
         "attention_axes": [0, 5, "1", (1, 2)], "sliding_window": [0, -1]},
        {"apart": True},
    ),
]  # fmt: skip
