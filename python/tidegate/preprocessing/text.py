"""Texts as sequences of word numbers."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import nearest, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tidegate.variable import Array

__all__ = ["Tokenizer", "hashing_trick", "one_hot", "text_to_word_sequence", "tokenizer_from_json"]

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_MODES = ("binary", "count", "tfidf", "freq")


def text_to_word_sequence(
    input_text: str, filters: str = _FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """The words of a text: characters of `filters` separate words, as `split` does."""
    text = input_text.lower() if lower else input_text
    separated = text.translate({ord(character): split for character in filters})
    return [word for word in separated.split(split) if word]


def one_hot(
    input_text: str,
    n: int,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """The words of a text as numbers from 1 to n - 1, by Python's `hash`: other numbers in every process."""
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """The words of a text as numbers from 1 to n - 1, several words perhaps with one.

    Args:
        text: the text.
        n: how many numbers there are, with 0, which no word has.
        hash_function: "md5", which is the same everywhere, or a function of a word; None for `hash`.
        filters, lower, split: as of `text_to_word_sequence`.
        analyzer: a function that gives the words of a text, in their place.
    """
    number = hash if hash_function is None else _md5 if hash_function == "md5" else hash_function
    words = text_to_word_sequence(text, filters, lower, split) if analyzer is None else analyzer(text)
    return [number(word) % (n - 1) + 1 for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


class Tokenizer:
    """Numbers words by how frequent they are in some texts, from 1.

    A text is a string, or a list of words that somebody has made of it.

    Args:
        num_words: only words with smaller numbers are put into sequences; None for all.
        filters, lower, split: as of `text_to_word_sequence`.
        char_level: whether every character is a word.
        oov_token: a word in the place of those that are not known, with the number 1; None leaves them out.
        analyzer: a function that gives the words of a text, in the place of splitting it.

    Attributes:
        word_index: word -> number; `index_word` the other way round.
        word_counts: word -> how often it was seen; `word_docs` in how many texts, `index_docs` by number.
        document_count: texts seen.

    Example:
        >>> tokenizer = Tokenizer(num_words=1000, oov_token="?")
        >>> tokenizer.fit_on_texts(["The cat sat.", "A cat!"])
        >>> tokenizer.texts_to_sequences(["A dog sat."])
        [[5, 1, 4]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], list[str]] | None = None,
        **older: Any,
    ) -> None:
        if "nb_words" in older:
            warn("Tokenizer: the argument `nb_words` is called `num_words` now")
            num_words = older.pop("nb_words")
        self.document_count: int = older.pop("document_count", 0)
        known = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "analyzer")
        for name in older:
            raise TypeError(
                f"Unrecognized keyword argument passed to Tokenizer: `{name}`.{nearest(name, known)}"
            )
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.word_counts: dict[str, int] = {}
        self.word_docs: dict[str, int] = defaultdict(int)
        self.index_docs: dict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def fit_on_texts(self, texts: Iterable[str | list[str]]) -> None:
        """Counts the words of texts, beside those that it has counted before, and numbers all of them."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        ranked = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        ranked = ranked if self.oov_token is None else [self.oov_token, *ranked]
        self.word_index = {word: number for number, word in enumerate(ranked, 1)}
        self.index_word = {number: word for word, number in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Any) -> None:
        """Counts in how many sequences each number is, for `sequences_to_matrix` with "tfidf"."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for number in set(sequence):
                self.index_docs[number] += 1

    def texts_to_sequences(self, texts: Iterable[str | list[str]]) -> list[list[int]]:
        """The numbers of the words of each text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[str | list[str]]) -> Iterator[list[int]]:
        """The same, one after the other."""
        for text in texts:
            numbers = (self._known(self.word_index.get(word)) for word in self._words(text))
            yield [number for number in numbers if number is not None]

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """The words of the numbers of each sequence, with spaces between them."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """The same, one after the other."""
        for sequence in sequences:
            numbers = (self._known(number if number in self.index_word else None) for number in sequence)
            yield " ".join(self.index_word[number] for number in numbers if number is not None)

    def _words(self, text: str | list[str]) -> Any:
        if isinstance(text, list):
            return [word.lower() for word in text] if self.lower else text
        if self.char_level:
            return text.lower() if self.lower else text
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def _known(self, number: int | None) -> int | None:
        """The number that stands for a word: its own, or that of `oov_token`; None where it is left out."""
        if number is not None and not (self.num_words and number >= self.num_words):
            return number
        return None if self.oov_token is None else self.word_index.get(self.oov_token)

    def texts_to_matrix(self, texts: Iterable[str | list[str]], mode: str = "binary") -> Array:
        """As `sequences_to_matrix`, of texts."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> Array:
        """What each sequence has of each number: float64 [sequences, num_words].

        Args:
            sequences: lists of numbers.
            mode: "binary" for 1 where it is there, "count" for how often, "freq" for its share, "tfidf" for
                the logarithm of how often, times that of how rare it is among all texts.

        Raises ValueError for another mode, or before there are any words.
        """
        if mode not in _MODES:
            raise ValueError(f"Argument `mode` expected one of {_MODES}; received {mode!r}")
        width = self.num_words or (len(self.word_index) + 1 if self.word_index else 0)
        if not width:
            raise ValueError("Tokenizer: give `num_words`, or call `fit_on_texts` first")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Tokenizer: the mode 'tfidf' needs `fit_on_texts` or `fit_on_sequences` first")
        matrix = np.zeros((len(sequences), width))
        for row, sequence in zip(matrix, sequences, strict=True):
            for number, count in Counter(sequence).items():
                if number < width:
                    row[number] = self._entry(number, count, len(sequence), mode)
        return matrix

    def _entry(self, number: int, count: int, length: int, mode: str) -> float:
        if mode == "tfidf":
            rarity = np.log(1 + self.document_count / (1 + self.index_docs.get(number, 0)))
            return float((1 + np.log(count)) * rarity)
        return {"binary": 1.0, "count": float(count), "freq": count / length}[mode]

    def get_config(self) -> dict[str, Any]:
        """The arguments and all that was counted, the tables as text of JSON."""
        names = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        tables = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        found = {name: getattr(self, name) for name in names}
        return found | {name: json.dumps(getattr(self, name)) for name in tables}

    def to_json(self, **options: Any) -> str:
        """The configuration as JSON, for `tokenizer_from_json`; `options` go to `json.dumps`."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **options)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The Tokenizer that `to_json` wrote, here or in Keras; ValueError for anything else."""
    try:
        config = dict(json.loads(json_string)["config"])
        tables = {
            name: json.loads(config.pop(name))
            for name in ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        }
        for name in ("index_docs", "index_word"):
            tables[name] = {int(number): value for number, value in tables[name].items()}
        tokenizer = Tokenizer(**config)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"tokenizer_from_json: this is no Tokenizer: {error!r}") from error
    tokenizer.__dict__.update(tables)
    for name in ("word_docs", "index_docs"):
        setattr(tokenizer, name, defaultdict(int, tables[name]))
    return tokenizer
