"""Models frozen for inference: one immutable Program.

A frozen model holds the weights that its model had at that moment. Nothing here trains or changes weights.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidegate.inputs import boolean_mask, floating, numeric, positive_integer
from tidegate.program import compile_program
from tidegate.streams import Stream, StreamPool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.models.model import Model
    from tidegate.variable import Array

_NARROW = ("bfloat16", "int8")
BYTES_OF_BLOCK = 32 << 20  # of input that `predict` gives to one native call


def precision_of(dtype: str | None) -> str:
    """What `core.Program` calls it."""
    return dtype if dtype in _NARROW else "full"


class Difference(NamedTuple):
    """How far outputs are from others: the largest difference, and the root of the mean of the squares."""

    largest: float
    rms: float


class FrozenModel:
    """What `model.freeze()` returns. Any number of threads may call it; it can be pickled.

    Args:
        model: a built model.
        dtype: as of `Model.freeze`.
        threads: that a call uses at most; None for as many as `set_num_threads` says.
        weights: of the model, in Keras's layout and order; not copied.
        packed: the same as a Program here would pack them, or nothing; not copied either.

    Attributes:
        dtype: "float32", "float64", "bfloat16" or "int8".
        element: NumPy's dtype of the inputs, outputs and states.
        input_shape: with the batch axis; None for any length.
        architecture: of the model, as `to_json` writes it.
        weights, program: as the model had them, and packed.

    Example:
        >>> frozen = model.freeze()
        >>> y = frozen(x)  # x [batch, timesteps, features]
        >>> stream = frozen.stream()
        >>> for x_t in live:  # [1, features]
        ...     y_t = stream.step(x_t)
    """

    __slots__ = (
        "_run",
        "_takes_mask",
        "_threads",
        "architecture",
        "dtype",
        "element",
        "input_shape",
        "program",
        "weights",
    )

    def __init__(
        self,
        model: Model,
        dtype: str | None,
        threads: int | None,
        weights: list[Array],
        packed: Sequence[Array] = (),
    ) -> None:
        if threads is not None:
            threads = positive_integer(threads, "threads", "freeze")
        choices = [model.dtype, *(_NARROW if model.dtype == "float32" else ())]
        if dtype is not None and dtype not in choices:
            raise ValueError(f"freeze: argument `dtype` must be one of {choices}; received {dtype!r}")
        assert model.graph is not None  # it is built
        values = dict(zip(model.weights, weights, strict=True))
        for variable, value in values.items():  # whose numbers need not be read
            if (value.shape, value.dtype) != (variable.shape, variable.dtype):
                raise ValueError(
                    f"weight `{variable.path}` expected {variable.dtype} {variable.shape}; "
                    f"received {value.dtype} {value.shape}"
                )
        self.program = compile_program(
            model.graph, values, threads=threads or 0, precision=precision_of(dtype), packed=packed, fold=True
        )
        self._run = self.program.run
        self.architecture = model.to_json()
        self.weights = weights
        self.dtype = dtype or model.dtype
        self.input_shape = model.input_shape
        self._threads = threads
        self.element = np.dtype(model.dtype)
        self._takes_mask = model.graph.takes_mask

    @property
    def packed_bytes(self) -> int:
        """Of the weights as the kernels read them."""
        return self.program.packed_bytes

    def __call__(self, x: Any, out: Array | None = None, *, lengths: Any = None, mask: Any = None) -> Array:
        """The outputs on an array with the axes that the model takes.

        Steps that do not count cost next to nothing: the time is that of the real ones.

        Args:
            x: [batch, ...]; other dtypes and layouts are converted.
            out: where to write the outputs, C-contiguous, of their shape and dtype, and apart from `x`; a new
                array if None.
            lengths: integers [batch]: of each row, how many timesteps count, from the first on.
            mask: bool [batch, timesteps] instead, True where a timestep counts. Both are refused where the
                first layer, `Masking` or `Embedding`, would forget them for a mask of its own.

        Raises:
            ValueError, TypeError: an array that does not fit; nothing is written then.
        """
        if lengths is None and mask is None:
            try:  # an array that needs no conversion loses no time on the question whether it does
                return self._run(x, out)
            except (TypeError, ValueError):
                pass
            return self._run(self.ready(x), out)
        x = self.ready(x)
        return self._run(x, out, self._mask(x.shape, lengths, mask))

    def predict(
        self, x: Any, batch_size: int | None = None, *, lengths: Any = None, mask: Any = None
    ) -> Array:
        """The outputs on an array [N, ...], made block by block, so that `x` may be mapped from a file.

        Args:
            x, lengths, mask: as for a call.
            batch_size: rows of a block; by default those of 32 MiB of input. The numbers do not depend on it.
        """
        x = numeric(x, "x")
        steps = None if lengths is None and mask is None else self._mask(x.shape, lengths, mask)
        if batch_size is None:
            rows = max(1, BYTES_OF_BLOCK // max(1, x[:1].size * self.element.itemsize))
        else:
            rows = positive_integer(batch_size, "batch_size", "predict")
        y: Array | None = None
        for start in range(0, max(1, len(x)), rows):
            block = slice(start, start + rows)
            part = self(
                x[block], None if y is None else y[block], mask=None if steps is None else steps[block]
            )
            if len(x) <= rows:
                return part
            if y is None:  # the first block says what a row of outputs is
                y = np.empty((len(x), *part.shape[1:]), part.dtype)
                y[block] = part
        assert y is not None  # there is at least one block
        return y

    def stream(self, batch: int = 1) -> Stream:
        """`batch` sequences that are fed step by step, or chunk by chunk, in lockstep; states start at zero.

        Raises:
            ValueError: a layer needs the whole sequence, such as one that goes backwards.
        """
        return Stream(self, positive_integer(batch, "batch", "stream"))

    def stream_pool(self, capacity: int) -> StreamPool:
        """Room for `capacity` sequences that come and go, stepped in any company; raises as `stream`."""
        return StreamPool(self, positive_integer(capacity, "capacity", "stream_pool"))

    def explain(self, input_shape: Any = None, print_fn: Any = None) -> None:
        """Prints how a call is computed, as `Model.explain` does."""
        from tidegate.models.explain import print_explanation

        print_explanation("FrozenModel", self.program, self.input_shape, input_shape, print_fn)

    def ready(self, x: Any) -> Array:
        """`x` as an array that the native call takes."""
        if type(x) is np.ndarray and x.dtype is self.element:
            flags = x.flags
            if flags.c_contiguous and flags.aligned:
                return x
        return floating(x, self.element, "x")

    def compare(self, x: Any, *, lengths: Any = None, mask: Any = None) -> Difference:
        """How far the outputs on `x` are from those of the same weights in the model's own dtype.

        Args:
            x, lengths, mask: as for `predict`, at least one row.
        """
        model, given = built_model(self.architecture, self.weights), {"lengths": lengths, "mask": mask}
        full = FrozenModel(model, None, self._threads, self.weights)
        found, exact = self.predict(x, **given), full.predict(x, **given)
        if not found.size:
            raise ValueError("compare: argument `x` must have at least one row; received none")
        difference = np.abs(found.astype("f8") - exact)
        return Difference(float(difference.max()), float(np.sqrt(np.square(difference).mean())))

    def save(self, path: Any) -> None:
        """Writes a file `*.safetensors` for `tidegate.load_frozen`, complete or not at all."""
        from tidegate.saving import frozen_file

        frozen_file.save(self, path)

    def _mask(self, shape: tuple[int, ...], lengths: Any, mask: Any) -> Array:
        if not self._takes_mask:
            raise ValueError(
                "`lengths` and `mask` expected None: the first layer says itself which timesteps count"
            )
        return _mask(shape, lengths, mask)

    def __reduce__(self) -> Any:
        return _freeze_again, (self.architecture, self.dtype, self._threads, self.weights)

    def __repr__(self) -> str:
        return f"<FrozenModel dtype={self.dtype}, packed_bytes={self.packed_bytes}>"


def load_frozen(path: Any, threads: int | None = None) -> FrozenModel:
    """The model in a file that `FrozenModel.save` wrote.

    The file is mapped, not read: its packed weights are used where they are, and processes that load it share
    them in memory. It must not be changed while one of them uses it. A file is data, and is checked before
    anything is made of it.

    Args:
        path: of a `.safetensors` file.
        threads: as of `Model.freeze`.

    Raises:
        ValueError: no such file, another format, or a file whose parts do not fit together.
    """
    from tidegate.saving import frozen_file

    return frozen_file.load(path, threads)


def built_model(architecture: str, weights: list[Array]) -> Model:
    """The model of an architecture, with zeros for weights: for layers whose weights are these instead.

    Raises ValueError for anything else than a built model, and for one whose weights are more than these.
    """
    from tidegate.initializers.initializer import placeholders
    from tidegate.saving import objects

    with placeholders(budget=sum(array.nbytes for array in weights)):
        model: Model = objects.deserialize(json.loads(architecture), "model")
    if not getattr(model, "built", False):
        raise ValueError("the architecture expected a built model")
    return model


def _freeze_again(architecture: str, dtype: str, threads: int | None, weights: list[Array]) -> FrozenModel:
    return FrozenModel(built_model(architecture, weights), dtype, threads, weights)


def _mask(shape: tuple[int, ...], lengths: Any, mask: Any) -> Array:
    """bool [batch, timesteps] from whichever of the two was given, for inputs of this shape."""
    if len(shape) < 3:
        raise ValueError(f"`lengths` and `mask` need an input with timesteps; received shape {shape}")
    batch, timesteps = shape[:2]
    if mask is not None:
        if lengths is not None:
            raise ValueError("`lengths` and `mask` say the same; give one of them")
        return boolean_mask(mask, (batch, timesteps), "FrozenModel")
    array = np.asarray(lengths)
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"argument `lengths` must hold integers; received an array of dtype {array.dtype}")
    if array.shape != (batch,):
        raise ValueError(f"argument `lengths` must have the shape {(batch,)}; received {array.shape}")
    if ((array < 0) | (array > timesteps)).any():
        wrong = array[(array < 0) | (array > timesteps)][0]
        raise ValueError(f"argument `lengths` must be of 0 to {timesteps} timesteps; received {wrong}")
    return np.ascontiguousarray(np.arange(timesteps) < array[:, np.newaxis])
