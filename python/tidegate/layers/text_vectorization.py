"""TextVectorization: texts as numbers of their words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import texts
from tidegate.layers.arguments import Argument, later
from tidegate.layers.kinds import Flag, Kind, Optional, PositiveInteger
from tidegate.layers.preprocessing import WithVocabulary
from tidegate.layers.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.inputs import Shape
    from tidegate.variable import Array

_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}  # no others, as in Keras
_PUNCTUATION = dict.fromkeys(map(ord, "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"))
_STANDARDS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
_SPLITS = ("whitespace", "character")
_WORD = re.compile(r"[^ \t\n\v\f\r]+")


class _Step(Kind):
    """One of some names, a function, or None."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def read(self, value: Any, name: str, owner: str) -> Any:
        from tidegate.saving.keras_objects import deserialize_keras_object

        if isinstance(value, dict):
            value = deserialize_keras_object(value)
        if value is not None and value not in self.names and not callable(value):
            raise ValueError(
                f"{owner}: argument `{name}` expected one of {self.names}, a function or None; "
                f"received {value!r}"
            )
        return value

    def write(self, value: Any) -> Any:
        from tidegate.saving import objects

        return objects.serialize(value)


class _Ngrams(Kind):
    def read(self, value: Any, name: str, owner: str) -> Any:
        sizes = [value] if isinstance(value, int) else value or ()
        if not isinstance(sizes, (list, tuple)) or not all(isinstance(n, int) and n > 0 for n in sizes):
            raise ValueError(
                f"{owner}: argument `{name}` expected a positive integer, a tuple of them or None; "
                f"received {value!r}"
            )
        return tuple(value) if isinstance(value, list) else value


class TextVectorization(WithVocabulary):
    """Texts `[batch]` or `[batch, 1]` as numbers of their words, `[batch, words]`, or as vectors.

    In a model it comes first, behind `Input((1,), dtype="string")` or in front of a Sequential; it runs in
    Python, before the native layers.

    Args:
        max_tokens: the most numbers there may be; None for any.
        standardize: "lower_and_strip_punctuation", "lower" or "strip_punctuation" (of ASCII both), a function
            of an array of strings, or None.
        split: "whitespace" or "character", a function that makes lists of an array of strings, or None.
        ngrams: also runs of so many words and of fewer, or of the numbers of a tuple; None for single words.
        output_mode: "int" for numbers, with 0 behind the end and 1 for unknown words; "multi_hot", "count" or
            "tf_idf" for a vector.
        output_sequence_length: how many numbers there are of each text; None for as many as the longest has.
        pad_to_max_tokens: whether vectors have `max_tokens` elements in any case.
        vocabulary: a list or an array of words, or the path of a file with one on each line; None for what
            `adapt` learns.
        idf_weights: one number for each, with the mode "tf_idf".
        encoding: of bytes among the texts.

    `sparse` and `ragged` are refused by name.

    Example:
        >>> layer = TextVectorization(output_sequence_length=4)
        >>> layer.adapt(["The cat sat.", "A cat!"])
        >>> layer(["a dog sat"])
        Value([[5, 1, 4, 0]])
    """

    takes_text = True
    arguments = (
        Argument("max_tokens", None, Optional(PositiveInteger())),
        Argument("standardize", "lower_and_strip_punctuation", _Step(_STANDARDS)),
        Argument("split", "whitespace", _Step(_SPLITS)),
        Argument("ngrams", None, _Ngrams()),
        Argument("output_mode", "int", Kind()),
        Argument("output_sequence_length", None, Optional(PositiveInteger())),
        Argument("pad_to_max_tokens", False, Flag()),
        Argument("vocabulary", None, Kind()),
        Argument("idf_weights", None, Kind()),
        later("sparse", False),
        later("ragged", False),
        Argument("encoding", "utf-8", Kind()),
    )

    max_tokens: int | None
    standardize: Any
    split: Any
    ngrams: Any
    output_mode: str
    output_sequence_length: int | None
    pad_to_max_tokens: bool
    encoding: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        table = Vocabulary(
            self.title, self.max_tokens, 1, "", "[UNK]", self.output_mode, self.pad_to_max_tokens
        )
        self.output_mode = table.mode
        if table.mode == "one_hot":
            raise ValueError(f"{self.title}: argument `output_mode` does not support 'one_hot'")
        if table.mode != "int" and self.output_sequence_length is not None:
            raise ValueError(
                f"{self.title}: argument `output_sequence_length` needs the mode 'int'; "
                f"received '{table.mode}'"
            )
        self.start_vocabulary(table)

    def check_input(self, shape: Shape) -> None:
        if self.split is not None and len(shape) > 1 and shape[1:] not in ((1,), (None,)):
            raise ValueError(
                f"{self.title}: to split texts, the input must have the axes [batch] or [batch, 1]; "
                f"received the shape {shape}"
            )

    def prepare(self, inputs: Any) -> Any:
        x = texts(inputs, "inputs", self.encoding)
        self.check_input(x.shape)
        if not self.built:
            self.build((None, *x.shape[1:]))
        return x

    def documents(self, batch: Any) -> Iterable[list[str]]:
        x = self.prepare(batch)
        return self._words(x if self.split is not None or x.ndim > 1 else x[..., None])

    def _words(self, x: Array) -> list[list[str]]:
        """The words of each text, or the runs of words."""
        rows = self._split(self._standardized(x))
        if self.ngrams is None:
            return rows
        sizes = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        return [[" ".join(row[at : at + n]) for n in sizes for at in range(len(row) - n + 1)] for row in rows]

    def _standardized(self, x: Array) -> Array:
        if callable(self.standardize):
            return texts(self.standardize(x.astype(np.str_)), "standardize(inputs)")
        removed: dict[int, Any] = {}
        if self.standardize in ("lower", "lower_and_strip_punctuation"):
            removed |= _LOWER
        if self.standardize in ("strip_punctuation", "lower_and_strip_punctuation"):
            removed |= _PUNCTUATION
        found = np.empty(x.shape, object)
        found.ravel()[:] = [text.translate(removed) for text in x.ravel().tolist()]
        return found

    def _split(self, x: Array) -> list[list[str]]:
        if self.split is None:
            rows: list[list[str]] = np.atleast_2d(x).tolist()
            return rows
        flat = x.reshape(-1)
        if callable(self.split):
            return [[str(word) for word in row] for row in self.split(flat.astype(np.str_))]
        return [_WORD.findall(text) if self.split == "whitespace" else list(text) for text in flat.tolist()]

    def outputs_of(self, inputs: Array) -> Array:
        table = self.table_of_tokens
        rows = [[table.number(word) for word in words] for words in self._words(inputs)]
        if table.mode != "int":
            found = table.vectors(rows)
        else:
            length = self.output_sequence_length
            width = max((len(row) for row in rows), default=0) if length is None else length
            found = np.zeros((len(rows), width), np.int64)
            for target, row in zip(found, rows, strict=True):
                target[: len(row)] = row[:width]
        return found if inputs.ndim else found[0]

    def compute_output_shape(self, input_shape: Shape) -> Any:
        if self.output_mode == "int":
            return (input_shape[0], self.output_sequence_length)
        return (input_shape[0], self.table_of_tokens.depth)
