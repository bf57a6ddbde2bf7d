"""Layers that users write: gradients, weights, masks, training, uses in other layers, and what is refused."""

from __future__ import annotations

import contextlib
import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tidegate import Model, Sequential, layers, ops
from tidegate.layers import Layer
from tidegate.random import Training

RNG = np.random.default_rng(3)
X = RNG.standard_normal((3, 5, 4))


class Scaled(Layer):
    """Weights of its own, and a layer."""

    def __init__(self, units: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.inner = layers.Dense(units, activation="tanh", dtype=kwargs.get("dtype"))

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="random_normal", name="scale")
        self.moved = self.add_weight(shape=(), trainable=False, name="moved")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs * self.scale + self.moved)


def own(function: Callable[..., Any], *inner: Any) -> Any:
    """A layer of a function, which gets the layers in it behind the array."""

    class Own(Layer):
        def __init__(self) -> None:
            super().__init__(dtype="float64")
            self.inner = inner

        def call(self, inputs: Any) -> Any:
            return function(inputs, *self.inner)

    return Own()


def dense(units: int = 4, **arguments: Any) -> Any:
    return layers.Dense(units, dtype="float64", **arguments)


def lstm(units: int = 4, **arguments: Any) -> Any:
    return layers.LSTM(units, dtype="float64", **arguments)


def attended(x: Any, score: Any) -> Any:
    return ops.sum(x * ops.softmax(score(x), axis=1), axis=1)


def with_states(x: Any, encoder: Any, decoder: Any) -> Any:
    y, h, c = encoder(x)
    return decoder(y * 2.0, initial_state=[h, ops.tanh(c)])


def twice(x: Any, layer: Any) -> Any:
    return layer(layer(x)) + x


def masked(x: Any, layer: Any) -> Any:
    return layer(x, mask=np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1], [1, 1, 1, 1, 1]], bool))


def sliced(x: Any, layer: Any) -> Any:
    return ops.concatenate([layer(x[:, :2]), x[:, 3:, ::-1]], axis=1)[..., None] ** 2


def of_lists(x: Any, attention: Any, add: Any) -> Any:
    return add([attention([x, ops.exp(-x)]), x])


CASES: dict[str, tuple[Callable[..., Any], Callable[[], tuple[Any, ...]]]] = {
    "attention": (attended, lambda: (dense(1),)),
    "states": (
        with_states,
        lambda: (lstm(return_sequences=True, return_state=True), lstm(return_sequences=True)),
    ),
    "a layer twice": (twice, lambda: (dense(activation="sigmoid"),)),
    "a mask": (masked, lambda: (lstm(return_sequences=True),)),
    "slices": (sliced, lambda: (dense(),)),
    "several inputs": (
        of_lists,
        lambda: (layers.Attention(use_scale=True, dtype="float64"), layers.Add(dtype="float64")),
    ),
    "a model": (
        lambda x, model: model(x) * x,
        lambda: (Sequential([layers.GRU(5, return_sequences=True, dtype="float64"), dense()]),),
    ),
    "layers of the user's": (
        lambda x, one, other: other(one(x)) + 1.0,
        lambda: (Scaled(4, dtype="float64"), layers.TimeDistributed(Scaled(2, dtype="float64"))),
    ),
    "both directions": (
        lambda x, layer: layer(x) ** 2,
        lambda: (layers.Bidirectional(lstm(3, return_sequences=True)),),
    ),
    "no weights": (lambda x: ops.logsumexp(x, axis=1) * ops.max(x, axis=1), tuple),
}  # fmt: skip


def in_training(layer: Any, x: Any, d_y: Any) -> tuple[Any, Any, Any]:
    y, kept = layer.forward(x, training=Training(1), keep=True)
    return (y, *layer.backward(kept, d_y))


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_central_differences(name: str) -> None:
    function, make = CASES[name]
    layer = own(function, *make())
    layer(X)
    shape = layer(X).shape
    d_y = RNG.standard_normal(shape)
    _, d_x, d_weights = in_training(layer, X, d_y)

    def loss(x: Any) -> float:
        return float(np.sum(layer(x) * d_y))

    def differences(values: Any, of: Callable[[Any], float]) -> Any:
        found = np.zeros_like(values)
        for place in np.ndindex(values.shape):
            step = np.zeros_like(values)
            step[place] = 1e-6
            found[place] = (of(values + step) - of(values - step)) / 2e-6
        return found

    np.testing.assert_allclose(d_x, differences(X, loss), rtol=1e-5, atol=1e-7)
    assert len(layer.trainable_weights) == sum(d is not None for d in d_weights)
    for variable, d_weight in zip(layer.weights, d_weights, strict=True):
        if d_weight is None:
            continue
        value = variable.value

        def with_weight(values: Any, variable: Any = variable) -> float:
            variable.assign(values)
            return loss(X)

        np.testing.assert_allclose(d_weight, differences(value, with_weight), rtol=1e-5, atol=1e-7)
        variable.assign(value)


def test_weights_are_its_own_and_those_of_layers_in_it() -> None:
    layer = Scaled(3, name="mine")
    assert layer.weights == []
    layer(X.astype("float32"))
    assert [each.path for each in layer.weights] == [
        "mine/scale", "mine/moved", "mine/dense/kernel", "mine/dense/bias"
    ] or layer.weights[2].path.startswith("mine/dense")  # fmt: skip
    assert layer.weights[0] is layer.scale
    assert [each.name for each in layer.trainable_weights] == ["scale", "kernel", "bias"]
    assert [each.name for each in layer.non_trainable_weights] == ["moved"]
    assert layer.count_params() == 4 + 1 + 12 + 3
    layer.set_weights([2 * weight for weight in layer.get_weights()])
    layer.inner.trainable = False
    assert [each.name for each in layer.trainable_weights] == ["scale"]
    layer.trainable = False
    assert layer.trainable_weights == []


def test_layers_in_lists_and_dictionaries_and_variables_in_init() -> None:
    class Deep(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.parts = {"b": layers.Dense(2), "a": [layers.Dense(3), (layers.Dense(4),)]}
            self.bias = self.add_weight((2,), "ones")

        def call(self, x: Any) -> Any:
            for layer in (self.parts["a"][0], self.parts["a"][1][0], self.parts["b"]):
                x = layer(x)
            return x + self.bias

    layer = Deep()
    assert layer(np.ones((2, 5), "float32")).shape == (2, 2)
    assert [each.shape for each in layer.weights] == [(2,), (4, 2), (2,), (5, 3), (3,), (3, 4), (4,)]
    assert list(layer.stored_variables()) == [
        "vars", "parts/dense/vars", "parts/container/dense/vars", "parts/container/container/dense/vars"
    ]  # fmt: skip


def test_build_is_called_once_and_knows_shapes_by_name() -> None:
    seen = []

    class Two(Layer):
        def build(self, query_shape: Any, values_shape: Any) -> None:
            seen.append((query_shape, values_shape))

        def call(self, query: Any, values: Any) -> Any:
            return values * query[:, None]

    layer = Two()
    query, values = layers.Input((4,)), layers.Input((None, 4))
    assert layer(query, values).shape == (None, None, 4)
    assert layer(query, values=values).shape == (None, None, 4)
    layer(X[:, 0], X)
    layer.build((1, 4), (1, 5, 4))
    assert seen == [((None, 4), (None, None, 4))]


def test_shapes_are_found_by_a_try() -> None:
    steps = own(lambda x: [x[:, -1], ops.sum(x, axis=(1, 2)), x[:, 1:], ops.repeat(x, 2, axis=1)])
    found = steps(layers.Input((None, 4), dtype="float64"))
    assert [each.shape for each in found] == [(None, 4), (None,), (None, None, 4), (None, None, 4)]
    assert own(lambda x: x[:, 1:]).compute_output_shape((None, 5, 4)) == (None, 4, 4)
    assert own(lambda x: x[:, 1:]).compute_output_shape((7, 5, 4)) == (7, 4, 4)

    class Said(Layer):
        def call(self, x: Any) -> Any:
            raise AssertionError("its shape is known")

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*input_shape[:-1], 9)

    said = Said()
    said._unfinished = False
    assert said(layers.Input((5, 4))).shape == (None, 5, 9)


def test_training_comes_from_around_unless_it_is_given() -> None:
    seen = []

    class Inner(Layer):
        def call(self, x: Any, training: Any = None) -> Any:
            seen.append(training)
            return x

    class Outer(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Inner()

        def call(self, x: Any) -> Any:
            return self.inner(self.inner(x), training=False)

    outer, x = Outer(), np.ones((2, 3), "float32")
    outer(x)
    outer(x, training=True)
    assert seen == [False, False, True, False]
    model = Sequential([layers.Input((3,)), outer, layers.Dense(1)])
    model.compile("sgd", "mse")
    seen.clear()
    model.fit(x, x[:, :1], verbose=0)
    model.predict(x, verbose=0)
    assert seen == [True, False, False, False]


def test_masks_go_on_and_come_by_themselves() -> None:
    seen = []

    class Watching(Layer):
        def __init__(self, passes: bool) -> None:
            super().__init__()
            self.supports_masking = passes

        def call(self, x: Any, mask: Any = None) -> Any:
            seen.append(mask)
            return 1.0 * x

    ids = np.array([[1, 2, 0], [3, 0, 0]])
    for passes in (True, False):
        stack = [layers.Embedding(5, 2, mask_zero=True), Watching(passes), Watching(True), layers.LSTM(2)]
        model = Sequential([layers.Input((3,)), *stack])
        seen.clear()
        with contextlib.nullcontext() if passes else pytest.warns(UserWarning, match="supports_masking"):
            model.predict(ids, verbose=0)
        np.testing.assert_array_equal(seen[0], ids != 0)
        assert (seen[1] is not None) == passes


def test_masks_of_layers_in_it() -> None:
    class Tagging(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = layers.Embedding(5, 2, mask_zero=True)
            self.drop = layers.Dropout(0.1)
            self.lstm = layers.LSTM(3)

        def call(self, ids: Any) -> Any:
            return self.lstm(self.drop(self.embedding(ids)))

    layer, ids = Tagging(), np.array([[1, 2, 0], [3, 0, 0]])
    found = layer(ids)
    x = layer.embedding(ids)
    np.testing.assert_array_equal(found, layer.lstm(x, mask=ids != 0))
    assert not np.array_equal(found, layer.lstm(x))


def test_dropouts_in_it_differ_and_are_counted() -> None:
    def two(x: Any, one: Any, other: Any) -> Any:
        return ops.stack([one(x), other(x), one(x)])

    drops = [layers.Dropout(0.5, dtype="float64"), layers.Dropout(0.5, dtype="float64")]
    layer = own(two, *drops)
    x = np.ones((4, 64))
    found = layer.forward(x, training=Training(7), keep=True)[0]
    assert not any(np.array_equal(found[a], found[b]) for a, b in ((0, 1), (1, 2), (0, 2)))
    np.testing.assert_array_equal(found, layer.forward(x, training=Training(7), keep=True)[0])
    np.testing.assert_array_equal(layer.forward(x)[0], np.ones((3, 4, 64)))


def test_states_and_moments_of_layers_in_it() -> None:
    class Inside(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.norm = layers.BatchNormalization()
            self.lstm = layers.LSTM(3, stateful=True)

        def call(self, x: Any) -> Any:
            return self.lstm(self.norm(x))

    x = X.astype("float32")
    inside, plain = Inside(), [layers.BatchNormalization(), layers.LSTM(3, stateful=True)]
    model = Sequential([layers.Input(batch_shape=(3, 5, 4)), inside])
    same = Sequential([layers.Input(batch_shape=(3, 5, 4)), *plain])
    same.set_weights(model.get_weights())
    for each in (model, same):
        each.compile("sgd", "mse")
        each.fit(x, x[:, 0, :3], epochs=2, verbose=0)
    for mine, theirs in zip(model.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)
    np.testing.assert_allclose(model.predict(x, verbose=0), same.predict(x, verbose=0), rtol=1e-6)
    np.testing.assert_allclose(model.predict(x, verbose=0), same.predict(x, verbose=0), rtol=1e-6)


def test_variables_that_call_assigns_to() -> None:
    class Summing(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.total = self.add_weight(shape=(4,), initializer="zeros", trainable=False)
            self.seen = []

        def call(self, inputs: Any) -> Any:
            self.total.assign_add(ops.sum(inputs, axis=0))
            self.seen.append(self.total.numpy())
            return inputs + 0.0 * self.total

    x = np.ones((2, 4), "float32")
    layer = Summing()
    np.testing.assert_array_equal(layer(x), x)
    layer(x)
    np.testing.assert_array_equal(layer.total.value, [4, 4, 4, 4])
    model = Sequential([layers.Input((4,)), layer, layers.Dense(1)])
    np.testing.assert_array_equal(layer.total.value, [4, 4, 4, 4])  # building is no use of it
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], verbose=0)
    np.testing.assert_array_equal(layer.total.value, [6, 6, 6, 6])
    model.predict(x, verbose=0)
    np.testing.assert_array_equal(layer.total.value, [8, 8, 8, 8])
    np.testing.assert_array_equal(layer.seen[-1], layer.total.value)


def test_losses_that_call_adds() -> None:
    class Sparse(Layer):
        def __init__(self, rate: float) -> None:
            super().__init__()
            self.rate = rate
            self.inner = layers.Dense(3, activity_regularizer="l2")

        def call(self, inputs: Any, training: Any = None) -> Any:
            y = self.inner(inputs)
            self.add_loss(self.rate * ops.mean(ops.square(y)))
            return y

    x, y = X[:, 0].astype("float32"), X[:, 1, :3].astype("float32")
    layer = Sparse(0.5)
    found = layer(x)
    added = 0.5 * np.mean(np.square(found)), 0.01 * np.sum(np.square(found)) / 3
    np.testing.assert_allclose(sorted(layer.losses), sorted(added), rtol=1e-5)
    model = Sequential([layers.Input((4,)), layer])
    model.compile("sgd", "mse")
    before = layer.get_weights()
    loss = np.mean(np.square(found - y)) + sum(added)
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), loss, rtol=1e-5)
    history = model.fit(x, y, verbose=0)
    np.testing.assert_allclose(history.history["loss"], [loss], rtol=1e-5)
    d_y = 2 * (found - y) / 9 + 0.5 * 2 * found / 9 + 0.02 * found / 3
    np.testing.assert_allclose(layer.get_weights()[0], before[0] - 0.01 * x.T @ d_y, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(layer.get_weights()[1], before[1] - 0.01 * d_y.sum(0), rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="`add_loss` is for `call`"):
        layer.add_loss(1.0)


def test_a_penalty_on_what_a_layer_of_the_users_puts_out() -> None:
    class Doubled(Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.factor = self.add_weight(shape=(), initializer="ones")

        def call(self, inputs: Any) -> Any:
            return 2.0 * inputs * self.factor

    class Twice(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Doubled(activity_regularizer="l2")

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

    x = X[:, 0].astype("float32")
    found = []
    for layer in (Doubled(activity_regularizer="l2"), Twice()):
        model = Sequential([layers.Input((4,)), layer])
        model.compile("sgd", "mse")
        loss = model.fit(x, x, epochs=2, verbose=0).history["loss"]
        found.append([*loss, model.evaluate(x, x, verbose=0), float(layer.weights[0].value)])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)
    penalty = 0.01 * np.sum(np.square(2 * x)) / 3
    np.testing.assert_allclose(found[0][0], np.mean(np.square(x)) + penalty, rtol=1e-5)


def test_a_mask_of_a_softmax_inside() -> None:
    counts = np.array([[True, True, False, True]] * 5)
    layer = own(lambda x, softmax: softmax(x, mask=counts) * x, layers.Softmax(dtype="float64"))
    layer(X)
    y, d_x, _ = in_training(layer, X, np.ones_like(X))
    e = np.where(counts, np.exp(X), 0)
    share = e / e.sum(-1, keepdims=True)
    np.testing.assert_allclose(y, share * X, rtol=1e-12)
    expected = share + share * (X - np.sum(share * X, -1, keepdims=True))
    np.testing.assert_allclose(d_x, expected, rtol=1e-9, atol=1e-12)


def test_what_calls_have_given_is_a_constant_too() -> None:
    x = X.astype("float32")
    given = layers.Dense(4)(x)

    class Shifted(Layer):
        def call(self, inputs: Any) -> Any:
            return inputs * given + given.numpy()

    layer = Shifted()
    assert layer(x).numpy().shape == x.shape
    y, d_x, _ = in_training(layer, x, np.ones_like(x))
    np.testing.assert_array_equal(y, x * given + given)
    np.testing.assert_array_equal(d_x, given)


def test_whole_numbers_stay_what_they_are() -> None:
    class Looked(Layer):
        def build(self, input_shape: Any) -> None:
            self.table = self.add_weight(shape=(6, 3))

        def call(self, ids: Any) -> Any:
            assert ids.dtype.kind == "i"
            return ops.take(self.table, ids, axis=0)

    layer, ids = Looked(), np.array([[1, 5], [0, 2]])
    model = Sequential([layers.Input((2,), dtype="int32"), layer, layers.Flatten(), layers.Dense(1)])
    np.testing.assert_array_equal(layer(ids), layer.table.value[ids])
    model.compile("sgd", "mse")
    before = layer.table.value
    model.fit(ids, ids[:, :1], verbose=0)
    changed = np.any(before != layer.table.value, axis=1)
    np.testing.assert_array_equal(changed, [True, True, True, False, False, True])


def test_copies_and_pickles() -> None:
    model = Sequential([layers.Input((5, 4)), Scaled(3), layers.LSTM(2)])
    x = X.astype("float32")
    for same in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(same.predict(x, verbose=0), model.predict(x, verbose=0))
        same.compile("sgd", "mse")
        same.fit(x, x[:, 0, :2], verbose=0)
        assert not np.array_equal(same.predict(x, verbose=0), model.predict(x, verbose=0))


def test_threads_train_and_compute_at_once() -> None:
    x = RNG.standard_normal((4, 5, 4)).astype("float32")
    d_y = np.ones((4, 5, 3), "float32")
    shared = Scaled(3)
    shared(x)
    expected = in_training(shared, x, d_y)
    found: list[Any] = []

    def work() -> None:
        for _ in range(20):
            found.append(in_training(shared, x, d_y))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    for y, d_x, d_weights in found:
        np.testing.assert_array_equal(y, expected[0])
        np.testing.assert_array_equal(d_x, expected[1])
        for d, same in zip(d_weights, expected[2], strict=True):
            np.testing.assert_array_equal(d, same)


def test_without_autograd_it_computes_and_does_not_train(monkeypatch: pytest.MonkeyPatch) -> None:
    from tidegate import tracing

    monkeypatch.setattr(tracing, "available", lambda: False)
    model = Sequential([layers.Input((5, 4)), Scaled(3), layers.LSTM(2)])
    x = X.astype("float32")
    assert model.predict(x, verbose=0).shape == (3, 2)
    assert model(x, training=True).shape == (3, 2)
    model.compile("sgd", "mse")
    assert model.evaluate(x, x[:, 0, :2], verbose=0) > 0
    with pytest.raises(ImportError, match=r"tidegate\[autograd\]"):
        model.fit(x, x[:, 0, :2], verbose=0)


def test_explain_says_that_it_runs_in_python() -> None:
    text: list[str] = []
    Sequential([layers.Input((5, 4)), Scaled(3), layers.LSTM(2)]).explain(print_fn=text.append)
    assert "in Python" in text[0]
    assert "native" in text[0]


def test_configurations() -> None:
    class Said(Scaled):
        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    assert list(Layer(name="a").get_config()) == ["name", "trainable", "dtype"]
    for cls in (Scaled, Said):
        again = cls.from_config(cls(7, name="b", trainable=False).get_config())
        assert (again.units, again.name, again.trainable) == (7, "b", False)

    class Held(Layer):
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def call(self, x: Any) -> Any:
            return self.inner(x)

    with pytest.raises(NotImplementedError, match=r"`inner`.*get_config"):
        Held(layers.Dense(1)).get_config()


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match="derive from `Layer`; make a `Dense`"):

        class Louder(layers.Dense):
            def call(self, x: Any) -> Any:
                return x

    class Silent(Layer):
        def __init__(self) -> None:
            pass

        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(RuntimeError, match="super"):
        Silent()(X)
    with pytest.raises(ValueError, match="`shape` expected"):
        Scaled().add_weight("kernel", (3, 4))
    with pytest.raises(TypeError, match="must give arrays of numbers"):
        Model(start := layers.Input((3,)), own(lambda x: None)(start))
    with pytest.raises(TypeError, match=r"unexpected keyword|missing"):
        own(lambda x: x)(X, window=3)
    with pytest.raises(ValueError, match="`width`"):
        Scaled(width=3)

    class Wrong(Layer):
        def build(self, one: Any, other_shape: Any) -> None:
            pass

        def call(self, one: Any, other: Any) -> Any:
            return one

    with pytest.raises(ValueError, match="argument `one` expected the name of an argument of `call`"):
        Wrong()(X, X)


def test_a_function_that_autograd_cannot_follow() -> None:
    layer = own(lambda x: ops.add(x, np.float64(np.linalg.norm(np.asarray(x)))))
    with pytest.raises((TypeError, ValueError)):
        layer.forward(X, training=Training(1), keep=True)
