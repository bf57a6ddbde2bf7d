"""What layers share that make numbers of strings or of whole numbers, before a model's own numbers begin.

They run in Python, in front of the Programs of a model; unless one says so, no gradient goes back through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.graph import Tensor, connect
from tidegate.inputs import numeric, short, texts
from tidegate.layers.layer import Layer
from tidegate.layers.vocabulary import Vocabulary
from tidegate.values import handed_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.inputs import Shape
    from tidegate.random import Training
    from tidegate.variable import Array


class Preprocessing(Layer):
    """The base: a subclass writes `outputs_of`, and says what it takes.

    Called on an array, it gives what Keras's gives, whole numbers too; in a model they become the layer's
    dtype.
    """

    takes_text: ClassVar[bool] = False
    native = False

    def check_input(self, shape: Shape) -> None:
        """Any shape will do, unless a subclass says otherwise."""

    def create_operator(self) -> None:
        return None

    def outputs_of(self, inputs: Array) -> Array:
        """The outputs on what `prepare` gave."""
        raise NotImplementedError

    def __call__(self, inputs: Any, *, training: Any = None, mask: Any = None) -> Any:
        """The layer's outputs on an array or a list, computed now; on an `Input`, a node of a graph."""
        if isinstance(inputs, Tensor):
            return connect(self, [inputs])
        return handed_out(self.outputs_of(self.prepare(inputs)))

    def prepare(self, inputs: Any) -> Any:
        x = texts(inputs, "inputs") if self.takes_text else numeric(np.asarray(inputs), "inputs")
        self.check_input(x.shape)
        if not self.built:
            self.build((None, *x.shape[1:]))
        return x

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        return np.require(self.outputs_of(inputs), self.dtype, ["C", "A"]), None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        return None, []


class WithVocabulary(Preprocessing):
    """The base of those that look tokens up."""

    vocabulary: Any
    idf_weights: Any
    table_of_tokens: Vocabulary

    def start_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Takes what the constructor was given."""
        self.table_of_tokens = vocabulary
        if self.vocabulary is not None:
            self.set_vocabulary(self.vocabulary, self.idf_weights)

    def documents(self, batch: Any) -> Iterable[list[Any]]:
        """The tokens of each document of a batch."""
        raise NotImplementedError

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learns the vocabulary, the most frequent tokens first, in the place of the one before.

        Args:
            data: an array or a list of documents, or batches of them.
            batch_size: accepted; it changes nothing.
            steps: how many batches are looked at; None for all.
        """
        if isinstance(data, (list, tuple, np.ndarray, str)):
            batches: Iterable[Any] = [data]
        elif hasattr(data, "__iter__"):
            batches = data
        else:
            raise TypeError(
                f"{self.title}: `adapt` expected an array, a list or batches of them; received {short(data)}"
            )
        found = (
            document
            for place, batch in enumerate(batches)
            if steps is None or place < steps
            for document in self.documents(batch)
        )
        self.table_of_tokens.adapt(found)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Takes a vocabulary as it is: a list or an array, or the path of a file with a token on each line.

        `idf_weights`: one number for each token, with the mode "tf_idf". Raises ValueError for what does not
        fit.
        """
        if isinstance(vocabulary, str):
            with open(vocabulary, encoding="utf-8") as file:
                vocabulary = [self.read_token(line) for line in file.read().splitlines()]
        self.table_of_tokens.set(vocabulary, idf_weights)

    def read_token(self, line: str) -> Any:
        """The token on a line of a file."""
        return line

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their numbers."""
        return self.table_of_tokens.all_tokens(include_special_tokens)

    def vocabulary_size(self) -> int:
        """How many numbers there are, with those of special tokens."""
        return self.table_of_tokens.size

    def get_build_config(self) -> dict[str, Any]:
        return {"input_shape": None}  # nothing hangs on it

    def get_config(self) -> dict[str, Any]:
        """The configuration in Keras's form, with the vocabulary, learned or given."""
        table, config = self.table_of_tokens, super().get_config()
        if table.tokens:
            config["vocabulary"] = table.all_tokens(special=table.mode == "tf_idf")
            if table.idf is not None:
                config["idf_weights"] = table.idf[: table.size].tolist()
        return config | {"vocabulary_size": table.size if table.tokens else None}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        given = dict(config)
        if isinstance(given.get("vocabulary"), str):
            raise ValueError(
                f"{cls.__name__}: a configuration has a list of tokens as `vocabulary`, and opens no file; "
                f"received {given['vocabulary']!r:.200}"
            )
        size = given.pop("vocabulary_size", None)
        layer: Any = cls(**given)
        layer.table_of_tokens.expect(size)
        return layer
