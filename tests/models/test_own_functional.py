"""Classes derived from Model without `call`, whose `__init__` makes tensors."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Model
from tidegate.layers import LSTM, Dense, Input
from tidegate.models import Functional, clone_model, load_model

X = np.random.default_rng(2).standard_normal((6, 5, 3)).astype("float32")


class Tagger(Model):
    def __init__(self, units: int = 4, **kwargs: Any) -> None:
        self.units = units
        inputs = Input((None, 3))
        self.lstm = LSTM(units)
        super().__init__(inputs=inputs, outputs=Dense(2)(self.lstm(inputs)), **kwargs)
        self.after = 1


class Named(Model):
    """One more method, and no `__init__`."""

    def largest(self, x: Any) -> Any:
        return self.predict(x, verbose=0).argmax(-1)


def trained() -> Any:
    model = Tagger(7, name="tags")
    model.compile("adam", "mse")
    model.fit(X, np.zeros((6, 2)), epochs=2, verbose=0)
    return model


def test_is_a_functional_model(tmp_path: Path) -> None:
    """Its weights are those of the graph; files and copies make it again by its arguments."""
    model = trained()
    assert isinstance(model, Functional)
    assert (model.name, Tagger().name[:6]) == ("tags", "tagger")
    assert [layer.name for layer in model.layers][1] == model.lstm.name
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras", custom_objects={"Tagger": Tagger})
    clone = clone_model(model)
    clone.set_weights(model.get_weights())
    for other in (loaded, clone, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert type(other) is Tagger
        assert (other.units, other.after) == (7, 1)
        np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))


def test_without_an_init() -> None:
    inputs = Input((None, 3))
    model = Named(inputs, Dense(2)(LSTM(4)(inputs)))
    assert model.largest(X).shape == (6,)
    assert type(clone_model(model)) is Named


def test_neither_call_nor_tensors() -> None:
    with pytest.raises(TypeError, match=r"Named: .*writes `call`, or its `__init__` gives `inputs=`"):
        Named()


def test_add_metric() -> None:
    """That of Keras 2 says what to do."""
    for what in (trained(), Dense(2)):
        with pytest.raises(NotImplementedError, match="give `compile` the metric"):
            what.add_metric(X, name="x")
