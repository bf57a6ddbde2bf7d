"""Native kernels. Arrays given are C-contiguous float32 or float64, all of one dtype; what comes back is new.

B batch, T timesteps, F features, U units, G gates (LSTM 4, GRU 3, SimpleRNN 1). A wrong shape is a
ValueError, a wrong dtype a TypeError, before anything is computed. Every function may be called from any
number of threads.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from numpy import ndarray

Array: TypeAlias = ndarray[Any, Any]

class Kept:
    """What a forward pass keeps for its backward pass; opaque."""

    @property
    def nbytes(self) -> int: ...

class Operator:
    """One native layer's configuration: immutable, shared freely by threads."""

class Recurrent(Operator):
    def __init__(
        self,
        cell: str,
        units: int,
        *,
        activation: str = "tanh",
        recurrent_activation: str = "sigmoid",
        use_bias: bool = True,
        reset_after: bool = True,
        return_sequences: bool = False,
        go_backwards: bool = False,
        zero_output_for_mask: bool = False,
    ) -> None:
        """`cell` is "lstm", "gru" or "simple_rnn", which has no recurrent activation; `reset_after` concerns
        GRU only."""

    def forward(
        self,
        x: Array,
        weights: Sequence[Array],
        states: Sequence[Array | None] | None = None,
        mask: Array | None = None,
        keep: bool = False,
        input_dropout: Array | None = None,
        input_rate: float = 0.0,
        state_dropout: Array | None = None,
        state_rate: float = 0.0,
    ) -> tuple[Array, list[Array], Kept | None]:
        """Outputs [B, U] or [B, T, U], final states [h] or [h, c] of [B, U], what backward needs if `keep`.

        x [B, T, F]; weights kernel [F, G U], recurrent_kernel [U, G U] and, with use_bias, bias [G U]
        ([2, G U] for GRU with reset_after); states like the final ones, zeros by default; mask bool [B, T].
        Dropout bool [B, G, F] of the inputs and [B, G, U] of the states that each gate takes, True where an
        element stays and is divided by 1 - rate.
        """

    def backward(
        self,
        kept: Kept,
        d_y: Array | None = None,
        d_states: Sequence[Array | None] | None = None,
        need_d_x: bool = True,
    ) -> tuple[Array | None, list[Array], list[Array]]:
        """Gradients of x, weights and initial states, from those of the outputs and the final states."""

class Bidirectional(Operator):
    """Two layers over one sequence, as a step of a Program. Weights: the first's, then the second's."""

    def __init__(self, forwards: Recurrent, backwards: Recurrent, merge_mode: str = "concat") -> None:
        """`merge_mode` is "concat", "sum", "mul" or "ave"."""

class TimeDistributed(Operator):
    """Another operator on every timestep of x [B, T, ...], as a step of a Program; its weights."""

    def __init__(self, inner: Operator) -> None: ...

class Dense(Operator):
    def __init__(self, units: int, *, activation: str = "linear", use_bias: bool = True) -> None: ...
    def forward(self, x: Array, weights: Sequence[Array], keep: bool = False) -> tuple[Array, Kept | None]:
        """x [..., F] of rank 2 or more -> [..., U]; weights kernel [F, U] and, with use_bias, bias [U]."""

    def backward(self, kept: Kept, d_y: Array, need_d_x: bool = True) -> tuple[Array | None, list[Array]]:
        """Gradients of x and of the weights."""

class Conv1D(Operator):
    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        strides: int = 1,
        padding: str = "valid",
        dilation_rate: int = 1,
        groups: int = 1,
        activation: str = "linear",
        use_bias: bool = True,
    ) -> None:
        """`padding` is "valid", "same" or "causal"."""

    def forward(self, x: Array, weights: Sequence[Array], keep: bool = False) -> tuple[Array, Array | None]:
        """x [B, T, F] -> y [B, windows, filters], and what the activation was applied to, for backward: None
        unless `keep`, or where that is linear. Weights kernel [kernel_size, F / groups, filters] and, with
        use_bias, bias [filters]."""

    def backward(
        self,
        x: Array,
        weights: Sequence[Array],
        sums: Array | None,
        y: Array,
        d_y: Array,
        need_d_x: bool = True,
    ) -> tuple[Array | None, list[Array]]:
        """Gradients of x and of the weights."""

class Activation(Operator):
    """This and the following keep nothing: `backward` is given the input and the output."""

    def __init__(self, name: str) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class ReLU(Operator):
    """min(x, most) above the threshold, slope (x - threshold) up to it."""

    def __init__(self, slope: float, threshold: float, most: float) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class ELU(Operator):
    """x above zero, alpha (exp(x) - 1) up to it."""

    def __init__(self, alpha: float) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class PReLU(Operator):
    """x above zero, alpha x up to it; alpha has the axes of x without the first, or length 1."""

    def forward(self, x: Array, alpha: Array) -> Array: ...
    def backward(
        self, x: Array, alpha: Array, d_y: Array, need_d_x: bool = True
    ) -> tuple[Array | None, Array]:
        """Gradients of x and of alpha."""

class Softmax(Operator):
    """Along the axes from `first` to `last` together; mask bool, shaped as x: zero where it is False."""

    def __init__(self, first: int, last: int) -> None: ...
    def forward(self, x: Array, mask: Array | None = None) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class RepeatVector(Operator):
    """[B, F] -> [B, n, F]"""

    def __init__(self, n: int) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class UpSampling1D(Operator):
    """[B, T, F] -> [B, T size, F]: each step `size` times."""

    def __init__(self, size: int) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class Pad1D(Operator):
    """Steps of zeros before and after [B, T, F]; of a negative number, steps that are left out."""

    def __init__(self, before: int, after: int) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class Permute(Operator):
    """Axis 1 + i of the output is axis dims[i] of the input."""

    def __init__(self, dims: Sequence[int]) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class Masking(Operator):
    """[B, T, F] -> the same, with zeros in steps whose features all equal `mask_value`."""

    def __init__(self, mask_value: float = 0.0) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...
    def mask(self, x: Array) -> Array:
        """bool [B, T], False for such steps: the mask of the output, in a Program too."""

class Embedding(Operator):
    """Rows of a table by ids, whole numbers from 0 to input_dim - 1 in x of either dtype; others are a
    ValueError. Weights: embeddings [input_dim, output_dim].
    """

    def __init__(self, input_dim: int, output_dim: int, mask_zero: bool = False) -> None: ...
    def check(self, x: Array) -> None: ...
    def forward(self, x: Array, weights: Sequence[Array]) -> Array:
        """x [...] -> [..., output_dim]"""

    def backward(self, x: Array, d_y: Array) -> Array:
        """The gradient of the table."""

    def mask(self, x: Array) -> Array | None:
        """bool [B, T], False for id 0, as Programs make it; None without `mask_zero`."""

class MaxPooling1D(Operator):
    """[B, T, F] -> [B, windows, F]; the first of equal maxima has the gradient."""

    def __init__(self, pool_size: int, strides: int, same: bool) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class AveragePooling1D(Operator):
    """[B, T, F] -> [B, windows, F]; the mean of the steps of a window that are in the sequence."""

    def __init__(self, pool_size: int, strides: int, same: bool) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class GlobalMaxPooling1D(Operator):
    """[B, T, F] -> [B, F], or [B, 1, F]; equal maxima share the gradient."""

    def __init__(self, keepdims: bool = False) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

class GlobalAveragePooling1D(Operator):
    """[B, T, F] -> [B, F], or [B, 1, F], over the steps that mask bool [B, T] leaves."""

    def __init__(self, keepdims: bool = False) -> None: ...
    def forward(self, x: Array, mask: Array | None = None) -> Array: ...
    def backward(self, shape: Sequence[int], d_y: Array, mask: Array | None = None) -> Array: ...

class Reshape(Operator):
    """[B, ...] -> [B, *target], of which one may be -1; in a Program only, where nothing is copied for it."""

    def __init__(self, target: Sequence[int]) -> None: ...

class LayerNormalization(Operator):
    def __init__(
        self, features: int, *, epsilon: float = 1e-3, center: bool = True, scale: bool = True
    ) -> None: ...
    def forward(self, x: Array, weights: Sequence[Array]) -> tuple[Array, Array]:
        """x [..., F] of rank 2 or more -> y, moments [N, 2]; weights gamma [F], beta [F], as there are."""

    def backward(
        self, x: Array, moments: Array, weights: Sequence[Array], d_y: Array, need_d_x: bool = True
    ) -> tuple[Array | None, list[Array]]:
        """Gradients of x and of the weights."""

class BatchNormalization(Operator):
    """Weights are gamma [F] and beta [F], as there are, mean [F] and variance [F]."""

    def __init__(
        self, features: int, *, epsilon: float = 1e-3, center: bool = True, scale: bool = True
    ) -> None: ...
    def moments(self, x: Array, mask: Array | None = None) -> tuple[Array, Array]:
        """Mean [F] and variance [F] of x [..., F]; mask bool [...], True for what counts."""

    def forward(self, x: Array, weights: Sequence[Array]) -> Array: ...
    def backward(
        self,
        x: Array,
        weights: Sequence[Array],
        d_y: Array,
        of_batch: bool,
        mask: Array | None = None,
        need_d_x: bool = True,
    ) -> tuple[Array | None, list[Array]]:
        """Gradients of x, gamma and beta; `of_batch` says that the moments are those of x and mask."""

class GroupNormalization(Operator):
    """Moments of each of `groups` groups of features, over all axes but the first. Weights are gamma [F] and
    beta [F], as there are."""

    def __init__(
        self, groups: int, features: int, *, epsilon: float = 1e-3, center: bool = True, scale: bool = True
    ) -> None: ...
    def forward(self, x: Array, weights: Sequence[Array]) -> tuple[Array, Array]:
        """x [B, ..., F] -> y, moments [B, groups, 2]."""

    def backward(
        self, x: Array, moments: Array, weights: Sequence[Array], d_y: Array, need_d_x: bool = True
    ) -> tuple[Array | None, list[Array]]:
        """Gradients of x and of the weights."""

class RMSNormalization(Operator):
    def __init__(self, epsilon: float = 1e-6) -> None: ...
    def forward(self, x: Array, scale: Array) -> tuple[Array, Array]:
        """x [..., F] -> y, inverse [N]: what the root mean squares divide by; scale [F]."""

    def backward(
        self, x: Array, inverse: Array, scale: Array, d_y: Array, need_d_x: bool = True
    ) -> tuple[Array | None, Array]:
        """Gradients of x and of scale."""

class UnitNormalization(Operator):
    """What lies along the axes from `first` to `last` over its length, which counts as at least 1e-12."""

    def __init__(self, first: int, last: int) -> None: ...
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, y: Array, d_y: Array) -> Array: ...

def dropout_mask(
    shape: Sequence[int], rate: float, *, seed: int, node: int, iteration: int, rows: Array | None = None
) -> Array:
    """bool `shape`, True for what stays; rows int64 [shape[0]] has the rows' numbers, 0, 1, ... when None."""

def apply_dropout(x: Array, mask: Array, rate: float) -> Array:
    """x / (1 - rate) where the mask is True, 0 elsewhere."""

def normals(
    shape: Sequence[int],
    mean: float,
    stddev: float,
    *,
    seed: int,
    node: int,
    iteration: int,
    rows: Array | None = None,
    dtype: Any = "float32",
) -> Array:
    """Normal numbers of `shape`; the other arguments as of `dropout_mask`."""

def apply_alpha_dropout(x: Array, mask: Array, rate: float) -> Array:
    """a x + b where the mask is True, a v + b elsewhere: v is selu's least value, and a and b keep a mean of
    0 and a variance of 1."""

def alpha_dropout_gradient(d_y: Array, mask: Array, rate: float) -> Array:
    """a d_y where the mask is True, 0 elsewhere."""

def batched_product(a: Array, b: Array, a_transposed: bool = False, b_transposed: bool = False) -> Array:
    """[B, M, D] . [B, D, N] -> [B, M, N]; a factor may lie transposed, a as [B, D, M] or b as [B, N, D]."""

def tanh_scores(query: Array, key: Array, weights: Array | None = None, factor: float = 1.0) -> Array:
    """[B, Q, F] and [B, K, F] -> [B, Q, K]: the sums over F of weights * tanh(factor * (query + key)); the
    weights [F] are ones when None."""

def tanh_scores_gradient(
    query: Array, key: Array, weights: Array | None, factor: float, d_scores: Array
) -> tuple[Array, Array, Array, Array]:
    """Gradients of query, key, weights [F] and factor []."""

def attention_weights(
    scores: Array, scale: float = 1.0, mask: Array | None = None, causal: bool = False
) -> Array:
    """softmax over the last axis of scale * scores [B, Q, K], less 1e9 where a key does not count: where mask
    bool [B, K] is False, or where `causal` and it comes after the query."""

def attention_weights_gradient(
    scores: Array, weights: Array, d_weights: Array, scale: float = 1.0
) -> tuple[Array, Array]:
    """Gradients of scores and scale []."""

def pairwise(name: str, a: Array, b: Array) -> Array:
    """a - b, or the larger or the smaller element, for "subtract", "maximum" or "minimum"."""

def extreme_gradient(a: Array, b: Array, d_y: Array, least: bool = False) -> tuple[Array, Array]:
    """Gradients of a and b from that of their maximum, or their minimum if `least`; equal ones share it."""

def divide(x: Array, divisor: float) -> Array: ...
def sum_axis(x: Array, axis: int) -> Array: ...
def unit_rows(x: Array) -> tuple[Array, Array]:
    """x [B, M, D] over the Euclidean lengths of its rows, at least 1e-7; and the factors [B, M], for the
    gradient."""

def unit_rows_gradient(y: Array, inverse: Array, d_y: Array) -> Array:
    """The gradient of x from that of y, inverse = unit_rows(x)."""

class Program:
    """A chain of operators with packed weights, run in one call. Immutable.

    `dtype` is that of its arrays; it may be left out where a step has weights.
    """

    def __init__(
        self,
        steps: Sequence[tuple[Operator | None, Sequence[Array]]],
        threads: int = 0,
        dtype: Any = None,
        names: Sequence[str] = (),
        precision: str = "full",
        packed: Sequence[Array] = (),
        fold: bool = False,
    ) -> None:
        """`threads` bounds those of a call, unless it is 0; None is a layer that does nothing; `names` are
        those of the layers, for messages; `precision` is "full", "bfloat16" or "int8"; `packed` is what
        packed() of an equal Program gave, kept and not copied; `fold` lets the products of an embedding's
        rows with the next layer's kernel be made once, where that takes up to 64 MiB."""

    def run(self, x: Array, out: Array | None = None, mask: Array | None = None) -> Array:
        """The outputs; into `out` if there is one, which must fit. mask bool [B, T]."""

    def run_masked(
        self, x: Array, out: Array | None = None, mask: Array | None = None
    ) -> tuple[Array, Array | None]:
        """As `run`; and the mask bool [B, T] of the outputs, if an operator made one that reaches them."""

    def streams(self, capacity: int) -> Streams:
        """Room for so many streams; ValueError if a step needs whole sequences."""

    def explain(self, shape: Sequence[int]) -> list[dict[str, Any]]:
        """How a call on an input of this shape would go, as the functions that plan a call say.

        Of each layer in turn:
            layer: its name.
            runs: "native"; "as a shape" where nothing is copied; "nothing".
            instruction_set: its name; None where no kernel runs.
            narrow: (name, whether the CPU has dot products for them) of the numbers that products take where
                they are narrower than the layer's.
            tile: (rows, vectors, lanes of a vector) of a full tile of sums; None where there is no product.
            packed_bytes: of its weights.
            flops: of the call; an estimate where nothing is multiplied.
            threads: that it asks for; 0 where it does not run.
            passes: over time, one of a recurrent layer and two of a Bidirectional. Each has `threads`;
                `share_units`, whether these share the units and meet after every step, instead of sharing the
                rows; `input_steps`, timesteps of a blocked input product, 0 where it is made step by step;
                and `rows_of_pass`, the most rows that go through all timesteps together.
            apart: whether each half of the threads takes one of two passes.
        """

    def packed(self) -> list[Array]:
        """Every array of packed weights as uint8 [bytes], read-only views."""

    @property
    def packed_layout(self) -> str:
        """What `packed_layout` called it when the Program was made."""

    @property
    def packed_bytes(self) -> int: ...

def packed_layout(precision: str) -> str:
    """Programs of equal layers that were packed under the same name pack alike."""

class Streams:
    """Live sequences with carried states, known by ids: int64 [n], open, each once."""

    def open(self) -> int: ...
    def close(self, ids: Array) -> None: ...
    def reset(self, ids: Array) -> None: ...
    def run(self, x: Array, ids: Array) -> Array:
        """x [n, T, ...]; the outputs as those of the Program."""

    def step(self, x: Array, ids: Array) -> Array:
        """x [n, ...], one timestep; the outputs without an axis of time."""

    def states(self, ids: Array) -> list[Array]: ...
    def set_states(self, ids: Array, states: Sequence[Array]) -> None: ...

def activation_names() -> list[str]: ...
def activate(name: str, x: Array) -> Array:
    """softmax and log_softmax normalise over the last axis."""

def activate_gradient(name: str, x: Array, y: Array, d_y: Array) -> Array:
    """The gradient of x from that of y = activate(name, x)."""

def log(x: Array) -> Array: ...
def merge(mode: str, a: Array, b: Array) -> Array:
    """a + b, a * b or (a + b) / 2 for "sum", "mul" or "ave", as Bidirectional merges its outputs."""

def sgd_update(
    w: Array, g: Array, momentum_slot: Array | None, *, learning_rate: float, momentum: float, nesterov: bool
) -> Array:
    """The new weight; slots are updated in place. So for the other optimizers."""

def rmsprop_update(
    w: Array,
    g: Array,
    velocity: Array,
    momentum_slot: Array | None,
    average: Array | None,
    *,
    learning_rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
) -> Array: ...
def adam_update(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    v_hat: Array | None,
    *,
    alpha: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Array: ...
def nadam_update(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    *,
    m_rate: float,
    g_rate: float,
    v_scale: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Array: ...
def adamax_update(
    w: Array, g: Array, m: Array, u: Array, *, alpha: float, beta_1: float, beta_2: float, epsilon: float
) -> Array: ...
def adagrad_update(
    w: Array, g: Array, accumulator: Array, *, learning_rate: float, epsilon: float
) -> Array: ...
def adadelta_update(
    w: Array, g: Array, gradients: Array, steps: Array, *, learning_rate: float, rho: float, epsilon: float
) -> Array: ...
def ftrl_update(
    w: Array,
    g: Array,
    accumulator: Array,
    linear: Array,
    *,
    learning_rate: float,
    exponent: float,
    l1: float,
    l2: float,
    shrinkage: float,
) -> Array: ...
def lion_update(
    w: Array, g: Array, momentum_slot: Array, *, learning_rate: float, beta_1: float, beta_2: float
) -> Array: ...
def lamb_update(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    *,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    m_scale: float,
    v_scale: float,
    epsilon: float,
) -> Array: ...
def adafactor_update(
    w: Array,
    g: Array,
    row_means: Array | None,
    column_means: Array | None,
    v: Array,
    *,
    learning_rate: float,
    beta_2: float,
    epsilon_1: float,
    epsilon_2: float,
    clip_threshold: float,
) -> Array: ...
def sum_of_squares(x: Array) -> float:
    """In double, with the same bits on every instruction set."""

class Uninterrupted:
    """A context in which a Ctrl-C waits until the end."""

    def __enter__(self) -> None: ...
    def __exit__(self, *raised: object) -> None: ...

def set_num_threads(n: int) -> None: ...
def get_num_threads() -> int: ...
def instruction_sets() -> list[str]:
    """Those this machine has, the least capable first."""

def set_instruction_set(name: str) -> None:
    """Operators and Programs made from now on use it."""

def fma_peak(iterations: int) -> float:
    """float32 FLOP/s of independent multiply-adds on this thread: `iterations` times 12 vectors."""

def read_bandwidth(bytes: int, times: int) -> float:
    """Bytes/s of reading an array of so many bytes `times` times on this thread."""

def info() -> dict[str, object]: ...
