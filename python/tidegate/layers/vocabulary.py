"""Tokens and their numbers: what StringLookup, IntegerLookup and TextVectorization share.

Plain Python, as strings are: it runs before a model's numbers begin.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegate.variable import Array

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
_OLDER = {"binary": "multi_hot", "tf-idf": "tf_idf"}


class Vocabulary:
    """Numbers of tokens, and what a layer puts out for them.

    Numbers begin with that of the mask (0, with the mode "int" alone), then come those of unknown tokens.

    Args:
        owner: the layer, for messages.
        max_tokens: the most numbers; None for any.
        unknown: how many numbers there are for unknown tokens.
        mask_token: what stands for no token at all; None for nothing.
        oov_token: what an unknown token is called.
        mode: one of MODES.
        pad: whether vectors have `max_tokens` elements, however many tokens there are.
    """

    def __init__(
        self, owner: str, max_tokens: Any, unknown: int, mask_token: Any, oov_token: Any, mode: Any, pad: bool
    ) -> None:
        self.mode = _OLDER.get(mode, mode) if isinstance(mode, str) else mode
        if self.mode not in MODES:
            raise ValueError(f"{owner}: argument `output_mode` expected one of {MODES}; received {mode!r}")
        if max_tokens is not None and max_tokens <= 1:
            raise ValueError(f"{owner}: argument `max_tokens` must be greater than 1; received {max_tokens}")
        if pad and max_tokens is None:
            raise ValueError(f"{owner}: argument `pad_to_max_tokens` needs `max_tokens`")
        self.owner, self.max_tokens, self.pad, self.unknown = owner, max_tokens, pad, unknown
        self.mask_token, self.oov_token = mask_token, oov_token
        self.first_unknown = int(mask_token is not None and self.mode == "int")
        self.start = self.first_unknown + unknown
        self.tokens: list[Any] = []
        self.idf: Array | None = None  # float32 [depth]
        self._numbers: dict[Any, int] = {}
        self._size: int | None = None  # that a file tells, before its tokens are there

    @property
    def size(self) -> int:
        """Of all numbers."""
        known = self.start + len(self.tokens)
        return known if self.tokens or self._size is None else self._size

    @property
    def depth(self) -> int:
        """Of the vectors that are put out."""
        return int(self.max_tokens) if self.pad else self.size

    def expect(self, size: int | None) -> None:
        """How many numbers there will be."""
        self._size = size

    def all_tokens(self, special: bool = True) -> list[Any]:
        """The tokens in the order of their numbers, with the special ones or without."""
        return [*(self._special() if special else []), *self.tokens]

    def _special(self) -> list[Any]:
        return [self.mask_token] * self.first_unknown + [self.oov_token] * self.unknown

    # ---- from texts or from a list ---------------------------------------------------------------

    def adapt(self, documents: Iterable[Sequence[Any]]) -> None:
        """Takes the tokens of documents, the most frequent first; of equal ones the greatest."""
        counts: Counter[Any] = Counter()
        containing: Counter[Any] = Counter()
        total = 0
        for document in documents:
            total += 1
            counts.update(document)
            containing.update(set(document))
        for special in (self.mask_token, self.oov_token):
            counts.pop(special, None)
        tokens = sorted(counts, key=lambda token: (counts[token], _place(token)), reverse=True)
        if self.max_tokens is not None:
            tokens = tokens[: self.max_tokens - self.start]
        self._take(tokens)
        if self.mode == "tf_idf":
            present = np.array([containing[token] for token in tokens], np.float64)
            weights = np.log(1 + total / (1 + present)).astype(np.float32)
            self._take_idf(weights, weights.mean() if len(weights) else 0)

    def set(self, given: Any, idf_weights: Any = None) -> None:
        """Takes tokens as they are, with the special ones in front or without.

        Raises ValueError for none at all, for repeated ones, for more than `max_tokens`, for special tokens
        among the others, and for `idf_weights` that do not go with them.
        """
        tokens = [getattr(each, "item", lambda each=each: each)() for each in given]
        tokens = [each.decode() if isinstance(each, bytes) else each for each in tokens]
        if not tokens:
            raise ValueError(f"{self.owner}: the vocabulary expected at least one token; received none")
        if (self.mode == "tf_idf") != (idf_weights is not None):
            raise ValueError(
                f"{self.owner}: argument `idf_weights` goes with a vocabulary in the mode 'tf_idf', and with "
                f"no other; received {short(idf_weights)} with '{self.mode}'"
            )
        special = self._special()
        whole = tokens[: self.start] == special and bool(special)
        rest = tokens[self.start :] if whole else tokens
        repeated = [token for token, count in Counter(rest).items() if count > 1]
        if repeated:
            raise ValueError(
                f"{self.owner}: tokens of a vocabulary must differ; repeated are {short(repeated)}"
            )
        if self.mask_token is not None and self.mask_token in rest:
            raise ValueError(
                f"{self.owner}: the token {self.mask_token!r} stands for no token; a vocabulary begins with "
                f"{special}, or has none of them"
            )
        if self.max_tokens is not None and self.start + len(rest) > self.max_tokens:
            raise ValueError(
                f"{self.owner}: `max_tokens` is {self.max_tokens}; received {self.start + len(rest)} tokens"
            )
        if idf_weights is not None:
            weights = np.asarray(idf_weights, np.float32)
            if weights.shape != (len(tokens),):
                raise ValueError(
                    f"{self.owner}: argument `idf_weights` expected one number for each of {len(tokens)} "
                    f"tokens; received the shape {weights.shape}"
                )
            self._take(rest)
            self._take_idf(weights, None if whole else weights.mean())
        else:
            self._take(rest)

    def _take(self, tokens: list[Any]) -> None:
        self.tokens = tokens
        self._numbers = {token: number for number, token in enumerate(tokens, self.start)}

    def _take_idf(self, weights: Array, of_special: Any) -> None:
        """`of_special`: what the special tokens weigh; None where they are among the weights."""
        front = np.full(0 if of_special is None else self.start, of_special or 0, np.float32)
        known = np.concatenate([front, weights])
        self.idf = np.concatenate([known, np.zeros(self.depth - len(known), np.float32)])

    # ---- looking up ------------------------------------------------------------------------------

    def number(self, token: Any) -> int:
        """Of a token; -1 for the mask in vectors, which do not count it."""
        if self.mask_token is not None and token == self.mask_token:
            return 0 if self.mode == "int" else -1
        found = self._numbers.get(token)
        if found is not None:
            return found
        if not self.unknown:
            raise ValueError(
                f"{self.owner}: the token {token!r} is not in the vocabulary, and `num_oov_indices` is 0"
            )
        return self.first_unknown + (token % self.unknown if self.unknown > 1 else 0)

    def vectors(self, rows: Sequence[Sequence[int]]) -> Array:
        """What each row of numbers has of each number: [rows, depth], int64, or float32 with "tf_idf"."""
        found = np.zeros((len(rows), self.depth), np.int64)
        for vector, row in zip(found, rows, strict=True):
            for number, count in Counter(row).items():
                if number >= 0:
                    vector[number] = 1 if self.mode in ("one_hot", "multi_hot") else count
        if self.mode != "tf_idf":
            return found
        if self.idf is None:
            raise ValueError(f"{self.owner}: the mode 'tf_idf' needs `adapt`, or a vocabulary with weights")
        weighed: Array = found.astype(np.float32) * self.idf
        return weighed


def _place(token: Any) -> Any:
    """What tokens are sorted by: strings by their bytes in UTF-8."""
    return token.encode() if isinstance(token, str) else token
