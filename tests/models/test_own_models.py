"""Models that users write: building, training, files, and uses in the place of layers."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from tidegate import Model, Sequential, layers, ops
from tidegate.models import clone_model, load_model
from tidegate.saving import register_keras_serializable

RNG = np.random.default_rng(8)
X = RNG.standard_normal((6, 5, 3)).astype("float32")
Y = RNG.standard_normal((6, 2)).astype("float32")


class Net(Model):
    def __init__(self, units: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.lstm = layers.LSTM(units)
        self.heads = [layers.Dense(3, activation="relu"), layers.Dense(2)]

    def call(self, inputs: Any, training: Any = None) -> Any:
        x = self.lstm(inputs)
        for head in self.heads:
            x = head(x)
        return x * 0.5


def trained(**arguments: Any) -> Any:
    model = Net(**arguments)
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, epochs=2, batch_size=4, verbose=0)
    return model


def test_the_first_arrays_build_it() -> None:
    for first in (
        lambda model: model(X),
        lambda model: model.predict(X, verbose=0),
        lambda model: model.build((None, 5, 3)),
        lambda model: model.build(input_shape=(None, None, 3)),
        lambda model: model(layers.Input((5, 3))),
    ):
        model = Net()
        assert not model.built
        assert model.weights == []
        first(model)
        assert model.built
        assert [each.shape for each in model.weights][:1] == [(3, 16)]
        assert all(each.path.startswith(f"{model.name}/") for each in model.weights)
        assert model.predict(X[:, :2], verbose=0).shape == (6, 2)
        assert model.count_params() == sum(each.value.size for each in model.weights)


def test_it_trains_as_the_same_graph() -> None:
    model = Net()
    model.build((None, 5, 3))
    start = layers.Input((5, 3))
    same = Model(start, 0.5 * layers.Dense(2)(layers.Dense(3, activation="relu")(layers.LSTM(4)(start))))
    same.set_weights(model.get_weights())
    for each in (model, same):
        each.compile("adam", "mse", metrics=["mae"])
    histories = [
        each.fit(X, Y, epochs=3, batch_size=4, shuffle=False, verbose=0).history for each in (model, same)
    ]
    assert list(histories[0]) == list(histories[1])
    for name in histories[0]:
        np.testing.assert_allclose(histories[0][name], histories[1][name], rtol=1e-6)
    np.testing.assert_allclose(model.predict(X, verbose=0), same.predict(X, verbose=0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), same.evaluate(X, Y, verbose=0), rtol=1e-6)


def test_the_same_bits_from_run_to_run() -> None:
    weights = Net()
    weights.build((None, 5, 3))
    found = []
    for _ in range(2):
        model = Net()
        model.build((None, 5, 3))
        model.set_weights(weights.get_weights())
        model.compile("adam", "mse")
        model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
        found.append(model.get_weights())
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_calls() -> None:
    model = trained()
    np.testing.assert_array_equal(model(X), model.predict(X, verbose=0))
    np.testing.assert_array_equal(model.predict_on_batch(X), model.predict(X, verbose=0))
    assert model(X, training=True).shape == (6, 2)
    assert [layer.name for layer in model.layers] == [model.lstm.name, *(head.name for head in model.heads)]
    assert model.get_layer(index=0) is model.lstm
    assert model.get_layer(model.heads[1].name) is model.heads[1]
    text: list[str] = []
    model.summary(print_fn=text.append)
    assert model.lstm.name in text[0]
    model.explain(print_fn=text.append)
    assert "in Python" in text[1]


def test_several_arguments_and_structures() -> None:
    class Decoder(Model):
        def __init__(self) -> None:
            super().__init__()
            self.gru = layers.GRU(3, return_state=True)

        def call(self, x: Any, state: Any, features: Any = None, training: Any = None) -> Any:
            y, state = self.gru(x, initial_state=state)
            return {"y": y if features is None else y + features, "state": state}

    decoder, state = Decoder(), np.zeros((6, 3), "float32")
    found = decoder(X, state, features=np.ones((6, 3), "float32"))
    assert sorted(found) == ["state", "y"]
    np.testing.assert_allclose(found["y"], found["state"] + 1.0, rtol=1e-6)
    assert len(decoder.weights) == 3

    class Pair(Model):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = layers.Dense(1), layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            left, right = inputs
            return self.one(left), [self.two(right)]

    model = Pair()
    left, right = X[:, 0], X[:, 1]
    one, (two,) = model.predict([left, right], verbose=0)
    assert (one.shape, two.shape) == ((6, 1), (6, 2))
    model.compile("sgd", ["mse", "mae"])
    model.fit([left, right], [Y[:, :1], [Y]], verbose=0)


def test_build_may_make_weights() -> None:
    class Shifted(Model):
        def build(self, input_shape: Any) -> None:
            self.shift = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="shift")
            self.built = True
            super().build(input_shape)

        def call(self, inputs: Any) -> Any:
            return inputs + self.shift

    for first in (lambda model: model(X), lambda model: model.build((None, 5, 3))):
        model = Shifted()
        first(model)
        np.testing.assert_array_equal(model.predict(X, verbose=0), X + 1.0)
        assert [each.name for each in model.weights] == ["shift"]


def test_in_the_place_of_a_layer() -> None:
    class Outer(Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.head = Net(3), layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.head(self.inner(inputs))

    start = layers.Input((5, 3))
    found = [
        Outer(),
        Sequential([start, Net(3), layers.Dense(1)]),
        Model(start, layers.Dense(1)(Net(3)(start))),
    ]
    found[0].build((None, 5, 3))
    for model in found:
        model.set_weights(found[0].get_weights())
        model.compile("adam", "mse")
    losses = [model.fit(X, Y[:, :1], epochs=2, shuffle=False, verbose=0).history["loss"] for model in found]
    for each in losses[1:]:
        np.testing.assert_allclose(each, losses[0], rtol=1e-6)
    for model in found[1:]:
        same = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(same.predict(X, verbose=0), model.predict(X, verbose=0))


def test_copies_and_pickles() -> None:
    model = trained()
    expected = model.predict(X, verbose=0)
    for same in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), clone_model(model)):
        if not same.built:
            same.build((None, 5, 3))
        same.set_weights(model.get_weights())
        np.testing.assert_array_equal(same.predict(X, verbose=0), expected)
    assert not pickle.loads(pickle.dumps(Net())).built


def test_files(tmp_path: Any) -> None:
    model = trained(units=3)
    expected = model.predict(X, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras", custom_objects={"Net": Net})
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), expected)
    assert loaded.units == 3
    loaded.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match="Net"):
        load_model(tmp_path / "model.keras")
    model.save_weights(tmp_path / "a.weights.h5")
    other = Net(3)
    with pytest.raises(ValueError, match="not built"):
        other.load_weights(tmp_path / "a.weights.h5")
    other(X)
    other.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), expected)


def test_registered_classes_need_no_more(tmp_path: Any) -> None:
    @register_keras_serializable("tests")
    class Registered(Net):
        pass

    ids = RNG.integers(0, 7, (4, 3))

    @register_keras_serializable("tests")
    class Looking(Model):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.embedding = layers.Embedding(7, 2)

        def call(self, inputs: Any) -> Any:
            assert inputs.dtype.kind in ("i", "f")
            return ops.mean(self.embedding(inputs), axis=1)

    for model, x in ((Registered(), X), (Looking(), ids)):
        expected = model.predict(x, verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)


def test_what_is_refused() -> None:
    for method in ("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics"):
        with pytest.raises(TypeError, match=f"`{method}` are not supported, as there is no GradientTape"):
            type("Stepping", (Model,), {method: lambda self, data: None})
    with pytest.raises(TypeError, match="must derive from `Model`; received Sequential"):
        type("Chain", (Sequential,), {"call": lambda self, x: x})
    with pytest.raises(ValueError, match="build` needs an `input_shape`"):
        Net().build()
    with pytest.raises(ValueError, match="takes one structure of them"):
        Net()(layers.Input((5, 3)), layers.Input((5, 3)))
    with pytest.raises(ValueError, match="`name`"):
        Net(name="a/b")
    with pytest.raises(ValueError, match="is not built yet"):
        Net().explain()
