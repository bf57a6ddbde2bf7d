"""StringLookup and IntegerLookup: numbers of strings or of whole numbers, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.graph import Tensor
from tidegate.inputs import non_negative_integer, short, texts
from tidegate.layers.arguments import Argument, later
from tidegate.layers.kinds import Flag, Kind, Optional, PositiveInteger
from tidegate.layers.preprocessing import WithVocabulary
from tidegate.layers.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.inputs import Shape
    from tidegate.variable import Array


class _Unknown(Kind):
    def read(self, value: Any, name: str, owner: str) -> int:
        return non_negative_integer(value, name, owner)


class _Lookup(WithVocabulary):
    """Both of them; arguments of the two are in their own tables, in Keras's orders."""

    num_oov_indices: int
    invert: bool
    max_tokens: int | None
    output_mode: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given: Any = self
        table = Vocabulary(
            self.title, given.max_tokens, given.num_oov_indices, given.mask_token, given.oov_token,
            given.output_mode, given.pad_to_max_tokens,
        )  # fmt: skip
        self.output_mode = table.mode
        if self.invert and table.mode != "int":
            raise ValueError(f"{self.title}: argument `invert` needs the mode 'int'; received '{table.mode}'")
        self.start_vocabulary(table)

    def documents(self, batch: Any) -> Iterable[list[Any]]:
        x = self.tokens(batch)
        rows: list[list[Any]] = (x[:, None] if x.ndim == 1 else x.reshape(-1, x.shape[-1])).tolist()
        return rows

    def tokens(self, inputs: Any) -> Array:
        """`inputs` as an array of tokens."""
        raise NotImplementedError

    def whole_numbers(self, inputs: Any) -> Array:
        """`inputs` as int64; TypeError for anything but whole numbers."""
        x = np.asarray(inputs)
        finite = x.dtype.kind != "f" or (np.isfinite(x) & (x == np.floor(x))).all()
        if x.dtype.kind not in "iubf" or not finite:
            raise TypeError(f"{self.title}: `inputs` must be whole numbers; received {short(inputs)}")
        return x.astype(np.int64)

    def prepare(self, inputs: Any) -> Any:
        if isinstance(inputs, Tensor) or not self.invert:
            x = self.tokens(inputs)
        else:
            x = self.whole_numbers(inputs)
        if not self.built:
            self.build((None, *x.shape[1:]))
        return x

    def __call__(self, inputs: Any, *, training: Any = None, mask: Any = None) -> Any:
        if self.invert and isinstance(inputs, Tensor):
            raise ValueError(
                f"{self.title}: with `invert` it gives tokens, which no model takes; expected an array"
            )
        return super().__call__(inputs)

    def outputs_of(self, inputs: Array) -> Array:
        table = self.table_of_tokens
        if self.invert:
            known = dict(enumerate(table.all_tokens()))
            found = [known.get(number, table.oov_token) for number in inputs.ravel().tolist()]
            return np.array(found, object if self.takes_text else np.int64).reshape(inputs.shape)
        numbers = np.array([table.number(token) for token in inputs.ravel().tolist()], np.int64)
        if table.mode == "int":
            return numbers.reshape(inputs.shape)
        shape = self.compute_output_shape(inputs.shape)
        rows = numbers.reshape(-1, 1 if table.mode == "one_hot" or not inputs.ndim else inputs.shape[-1])
        return table.vectors(rows.tolist()).reshape(shape)

    def compute_output_shape(self, input_shape: Shape) -> Any:
        table = self.table_of_tokens
        if table.mode == "int":
            return input_shape
        if table.mode == "one_hot" and not (len(input_shape) > 1 and input_shape[-1] == 1):
            return (*input_shape, table.depth)
        return (*input_shape[:-1], table.depth)


_COMMON = {
    "max_tokens": Argument("max_tokens", None, Optional(PositiveInteger())),
    "num_oov_indices": Argument("num_oov_indices", 1, _Unknown()),
    "vocabulary": Argument("vocabulary", None, Kind()),
    "idf_weights": Argument("idf_weights", None, Kind()),
    "invert": Argument("invert", False, Flag()),
    "output_mode": Argument("output_mode", "int", Kind()),
    "pad_to_max_tokens": Argument("pad_to_max_tokens", False, Flag()),
    "sparse": later("sparse", False),
}


class StringLookup(_Lookup):
    """Numbers of strings: `[...]` to whole numbers `[...]`, or vectors.

    Args:
        max_tokens: the most numbers there may be; None for any.
        num_oov_indices: 1, a number for strings that are not known, or 0, with which they are an error.
        mask_token: what stands for no string, with the number 0; None for nothing.
        oov_token: what unknown strings are called.
        vocabulary: a list or an array of strings, or the path of a file with one on each line; None for what
            `adapt` learns.
        idf_weights: one number for each, with the mode "tf_idf".
        invert: whether it gives the strings of numbers.
        output_mode: "int" for numbers, "one_hot" for a vector in the place of each, "multi_hot", "count" or
            "tf_idf" for one in the place of the last axis.
        pad_to_max_tokens: whether vectors have `max_tokens` elements in any case.
        encoding: of bytes among the strings.

    `sparse` and `salt` are refused by name.

    Example:
        >>> StringLookup(vocabulary=["a", "b"])(["b", "c"])
        Value([2, 0])
    """

    takes_text = True
    arguments = (
        _COMMON["max_tokens"],
        _COMMON["num_oov_indices"],
        Argument("mask_token", None, Kind()),
        Argument("oov_token", "[UNK]", Kind()),
        _COMMON["vocabulary"],
        _COMMON["idf_weights"],
        _COMMON["invert"],
        _COMMON["output_mode"],
        _COMMON["pad_to_max_tokens"],
        _COMMON["sparse"],
        Argument("encoding", "utf-8", Kind()),
        Argument("oov_method", "floormod", Kind(), positional=False),
        later("salt"),
    )

    encoding: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.num_oov_indices > 1:
            raise ValueError(
                f"{self.title}: argument `num_oov_indices` is not supported above 1 for strings yet; "
                f"received {self.num_oov_indices}"
            )

    def tokens(self, inputs: Any) -> Array:
        return texts(inputs, "inputs", self.encoding)


class IntegerLookup(_Lookup):
    """Numbers from 0 of whole numbers of any size: `[...]` to `[...]`, or to vectors.

    Args:
        num_oov_indices: how many numbers there are for unknown ones, which are divided among them; 0 makes
            them an error.
        vocabulary_dtype: "int64".

    The others as of `StringLookup`; `oov_method` is "floormod".

    Example:
        >>> IntegerLookup(vocabulary=[12, 1000])([[1000, 12], [7, 12]])
        Value([[2, 1], [0, 1]])
    """

    arguments = (
        _COMMON["max_tokens"],
        _COMMON["num_oov_indices"],
        Argument("mask_token", None, Kind()),
        Argument("oov_token", -1, Kind()),
        _COMMON["vocabulary"],
        later("vocabulary_dtype", "int64"),
        _COMMON["idf_weights"],
        _COMMON["invert"],
        _COMMON["output_mode"],
        _COMMON["sparse"],
        _COMMON["pad_to_max_tokens"],
        later("oov_method", "floormod"),
        later("salt"),
    )

    def tokens(self, inputs: Any) -> Array:
        return self.whole_numbers(inputs)

    def read_token(self, line: str) -> int:
        return int(line)
