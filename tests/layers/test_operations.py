"""Operators, slices and ops on symbolic tensors: values, names, files; gradients without autograd too."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tidegate import Model, layers, ops
from tidegate.graph import Tensor
from tidegate.layers.operation_gradients import GRADIENTS
from tidegate.models import clone_model, load_model
from tidegate.variable import Variable

RNG = np.random.default_rng(11)
A, B = RNG.standard_normal((3, 5, 4)), RNG.standard_normal((3, 5, 4)) + 3.0
ROW = RNG.standard_normal(4) + 2.0

ANALYTIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b + 1.0,
    "add, spread": lambda a, b: a[:, :1] + b,
    "add to an array": lambda a, b: ROW + a + b,
    "subtract": lambda a, b: 2.0 - a - b,
    "subtract, spread": lambda a, b: a - b[..., :1],
    "multiply": lambda a, b: a * b * 0.5,
    "multiply by itself": lambda a, b: a * a + b,
    "divide": lambda a, b: a / b / 3,
    "divide a number": lambda a, b: 1.0 / b + a,
    "negative": lambda a, b: -a + -b,
    "get_item": lambda a, b: a[:, -1, :] + b[:, 0],
    "get_item, twice": lambda a, b: a[:, [1, 1, 2]] + b[..., 1:4, :],
    "get_item, new axis": lambda a, b: a[:, None, 0] + b[:, ::-1, None][..., 0, :],
    "reshape": lambda a, b: ops.reshape(a, (-1, 20)) + ops.reshape(b, (-1, 20)),
    "transpose": lambda a, b: ops.transpose(a, (0, 2, 1)) + ops.transpose(b, (0, 2, 1)),
    "expand_dims and squeeze": lambda a, b: ops.squeeze(ops.expand_dims(a, 1), 1) + b,
    "concatenate": lambda a, b: ops.concatenate([a, b[:, :2], a], axis=1),
    "sum": lambda a, b: ops.sum(a, axis=(1, 2)) + ops.sum(b, axis=-1, keepdims=True)[:, 0, 0],
    "mean": lambda a, b: ops.mean(a, axis=1) + ops.mean(b, axis=(1,), keepdims=True)[:, 0],
}
FOLLOWED: dict[str, Callable[[Any, Any], Any]] = {
    "matmul": lambda a, b: a @ ops.transpose(b, (0, 2, 1)),
    "power": lambda a, b: abs(a) ** 1.5 + 2.0**a + b**2,
    "softmax": lambda a, b: ops.softmax(a, axis=1) * b,
    "where": lambda a, b: ops.where(a > 0, a, b) * (a < b),
    "max": lambda a, b: ops.max(a, axis=1) - ops.min(b, axis=1),
    "stack": lambda a, b: ops.stack([a, b], axis=1),
    "split": lambda a, b: ops.split(a, 2, axis=2)[1] * b[..., :2],
    "modulo": lambda a, b: a % 3.0 + b // 100.0,
}
CASES = ANALYTIC | FOLLOWED


def model_of(function: Callable[[Any, Any], Any]) -> Any:
    a, b = (layers.Input((5, 4), dtype="float64") for _ in range(2))
    dense = layers.Dense(4, dtype="float64")
    return Model([a, b], function(dense(a), dense(b)))


@pytest.mark.parametrize("name", CASES)
def test_values_and_shapes(name: str) -> None:
    model = model_of(CASES[name])
    dense = next(layer for layer in model.layers if layer.weights)
    expected = np.asarray(CASES[name](dense(A), dense(B)))
    found = model.predict([A, B], verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    shape = model.outputs[0].shape
    assert shape == (None, *expected.shape[1:])


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_central_differences(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(CASES[name])
    if name in ANALYTIC:
        monkeypatch.setattr("tidegate.tracing.available", lambda: False)
    graph = model.graph
    y, kept, _ = graph.forward([A, B], keep=True)
    d_y = RNG.standard_normal(y.shape)
    gradients = graph.backward(kept, d_y)
    for variable in model.trainable_variables:
        value = variable.value
        found = np.zeros_like(value)
        for place in np.ndindex(value.shape):
            step = np.zeros_like(value)
            step[place] = 1e-6
            ends = []
            for moved in (value + step, value - step):
                variable.assign(moved)
                ends.append(float(np.sum(model.predict([A, B], verbose=0) * d_y)))
            found[place] = (ends[0] - ends[1]) / 2e-6
        variable.assign(value)
        np.testing.assert_allclose(gradients[variable], found, rtol=1e-5, atol=1e-6)


def test_those_with_gradients_of_their_own_are_tested() -> None:
    tested = " ".join(ANALYTIC)
    assert all(name in tested for name in GRADIENTS)


@pytest.mark.parametrize("name", CASES)
def test_files_copies_and_pickles(name: str, tmp_path: Any) -> None:
    model = model_of(CASES[name])
    expected = model.predict([A, B], verbose=0)
    model.save(tmp_path / "model.keras")
    for same in (load_model(tmp_path / "model.keras"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(same.predict([A, B], verbose=0), expected)
        assert [layer.name for layer in same.operations] == [layer.name for layer in model.operations]
    clone = clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict([A, B], verbose=0), expected)


def test_names_and_what_a_model_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    x = layers.Input((5, 4), name="x")
    y = layers.Dense(4, name="dense")(x)
    total = (y + x) * y
    model = Model(x, total[:, -1])
    kinds = [layer.kind for layer in model.operations]
    assert kinds == ["InputLayer", "Dense", "Add", "Multiply", "GetItem"]
    assert [layer.name for layer in model.layers] == ["x", "dense"]
    names = [layer.name for layer in model.operations[2:]]
    assert [name.rstrip("_0123456789") for name in names] == ["add", "multiply", "get_item"]
    text: list[str] = []
    model.summary(line_length=100, print_fn=text.append)
    assert "get_item" in text[0]
    assert "dense[0][0], x[0][0]" in text[0]
    model.explain(print_fn=text.append)
    assert "in Python" in text[1]


def test_whole_numbers_and_truth_values_between() -> None:
    x = layers.Input((5, 4))
    choice = ops.argmax(x, axis=-1)
    assert (choice.shape, choice.dtype) == ((None, 5), "int32")
    assert (x > 0).dtype == "bool"
    y = layers.Embedding(4, 3)(choice)
    model = Model(x, [layers.LSTM(2)(ops.one_hot(choice, 4)), y, choice])
    inputs = A.astype("float32")
    lstm, looked, chosen = model.predict(inputs, verbose=0)
    np.testing.assert_array_equal(chosen, np.argmax(inputs, axis=-1))
    assert lstm.shape == (3, 2)
    np.testing.assert_array_equal(looked, model.get_layer(index=2).weights[0].value[chosen])


def test_variables_and_lists_as_operands() -> None:
    factor = Variable(np.array([1.0, 2.0, 3.0, 4.0], "float32"), "factor")
    x = layers.Input((4,))
    model = Model(x, x * factor + [1.0, 0.0, 0.0, 0.0])
    ones = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(model.predict(ones, verbose=0), [[2, 2, 3, 4]] * 2)
    assert isinstance(np.ones(4, "float32") * x, Tensor)
    assert isinstance(factor - x, Tensor)


def test_an_operation_on_masked_sequences_has_no_mask() -> None:
    ids = layers.Input((3,))
    x = layers.Embedding(5, 2, mask_zero=True)(ids)
    lstm = layers.LSTM(2)
    model = Model(ids, [lstm(x), lstm(x * 1.0)])
    with_mask, without = model.predict(np.array([[1, 2, 0]]), verbose=0)
    assert not np.array_equal(with_mask, without)


def test_tensors_are_no_numbers() -> None:
    x = layers.Input((4,))
    assert x.ndim == 2
    assert x == x
    assert x != layers.Input((4,))
    assert len({x, x}) == 1
    for use in (bool, list, np.asarray, lambda x: np.sin(x), lambda x: 1 if x > 0 else 2):
        with pytest.raises(TypeError, match="has no numbers yet"):
            use(x)


def test_what_is_refused() -> None:
    x = layers.Input((5, 4))
    with pytest.raises((ValueError, TypeError), match="add"):
        x + np.ones((3, 7))
    with pytest.raises((ValueError, TypeError), match="get_item"):
        x[:, 9]
    with pytest.raises((ValueError, TypeError), match="matmul"):
        x @ x


def test_operations_that_a_file_may_not_name(tmp_path: Any) -> None:
    x = layers.Input((4,))
    config = Model(x, x + 1.0).get_config()
    first = config["layers"][1]["inbound_nodes"][0]["args"][0]
    by_name = [{"args": [first], "kwargs": {"repeats": [1, 1 << 40]}}]
    for change, message in (
        ({"class_name": "Sneaky"}, "`Sneaky` is not supported"),
        ({"class_name": "System", "module": "keras.src.ops.core"}, "`System` is not supported"),
        ({"config": None}, "expected `config`"),
        ({"inbound_nodes": [{"args": 3}]}, "a use expected `args`"),
        ({"inbound_nodes": [{"args": [1], "kwargs": {}}]}, "expected the arguments"),
        ({"class_name": "Tile", "config": {"repeats": [1, 1 << 40]}}, "too large"),
        ({"class_name": "Tile", "config": {}, "inbound_nodes": by_name}, "too large"),
        ({"class_name": "Diag", "config": {"k": 1 << 20}}, "too large"),
    ):
        broken = {**config, "layers": [config["layers"][0], {**config["layers"][1], **change}]}
        with pytest.raises(ValueError, match=message):
            Model.from_config(broken)


def test_an_operation_of_its_own_result(tmp_path: Any) -> None:
    x = layers.Input((4,))
    config = Model(x, x + 1.0).get_config()
    place = config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]
    place["keras_history"] = [config["layers"][1]["name"], 0, 0]
    with pytest.raises(ValueError, match="no layer gives"):
        Model.from_config(config)


@pytest.mark.parametrize("name", ["Add", "Where", "Matmul", "Outer", "Tensordot", "Take"])
def test_small_tensors_that_a_file_makes_large_of(name: str) -> None:
    x, y = layers.Input((1 << 15, 1)), layers.Input((1, 1 << 15))
    config = Model([x, y], layers.Add()([x[:, :1], y])).get_config()
    column, row = (
        {"class_name": "__keras_tensor__", "config": {"keras_history": [tensor.name, 0, 0]}}
        for tensor in (x, y)
    )
    entry = {
        "class_name": name,
        "module": "keras.src.ops.numpy",
        "config": {"name": "op"},
        "name": "op",
        "inbound_nodes": [{"args": [*[column] * (name == "Where"), column, row], "kwargs": {}}],
    }
    inputs = [each for each in config["layers"] if each["class_name"] == "InputLayer"]
    broken = {**config, "layers": [*inputs, entry], "output_layers": [["op", 0, 0]]}
    with pytest.raises(ValueError, match="elements for a row are too large for a model of a file"):
        Model.from_config(broken)


def test_shapes_that_are_too_large_to_try() -> None:
    with pytest.raises(ValueError, match="too large to find the output's shape by a try"):
        layers.Input((1 << 30,)) + 1.0
