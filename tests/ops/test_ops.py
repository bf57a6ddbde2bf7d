"""What Keras's figures do not say: bad input, loops and branches, gradients that are cut or given."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidegate
from tidegate import ops
from tidegate.derivatives import autograd

rng = np.random.default_rng(6)
X = rng.standard_normal((3, 4))


def gradient(function: Any, x: Any) -> Any:
    return autograd().make_vjp(function)(x)[0](1.0)


def differences(function: Any, x: Any) -> Any:
    found = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        found[place] = (function(x + step) - function(x - step)) / 2e-6
    return found


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.add("one", 1), r"add: expected real numbers, or arrays of them; received 'one'"),
        (lambda: ops.exp(None), r"exp: expected real numbers.*received None"),
        (lambda: ops.sum(np.array(["a"])), r"sum: expected real numbers"),
        (lambda: ops.sum(X, axis=2), r"sum: axis 2 is out of bounds"),
        (lambda: ops.add(X, np.ones(3)), r"add: operands could not be broadcast .*\(3,4\) \(3,\)"),
        (lambda: ops.matmul(X, X), r"matmul: expected the last axis .*received shapes \(3, 4\) and \(3, 4\)"),
        (lambda: ops.matmul(X, 2.0), r"matmul: expected arrays of at least one axis"),
        (lambda: ops.reshape(X, (5, 2)), r"reshape: cannot reshape array of size 12"),
        (lambda: ops.concatenate([X, X[:, :2]]), r"concatenate: .*dimensions"),
        (lambda: ops.stack([X, X[:2]]), r"stack: expected arrays of one shape; received shapes"),
        (lambda: ops.split(X, 3, 1), r"split: expected an axis of a multiple of 3; received shape \(3, 4\)"),
        (lambda: ops.where(X > 0, X), r"where: expected both `x1` and `x2`, or neither"),
        (lambda: ops.take(X, 4, 1), r"take: index 4 is out of bounds"),
        (lambda: ops.take(X, [0.5]), r"take: argument `indices` expected integers; received dtype float32"),
        (lambda: ops.top_k(X, 5), r"top_k: argument `k` expected at most .*received 5"),
        (lambda: ops.one_hot(X, 3), r"one_hot: argument `x` expected integers; received dtype float64"),
        (lambda: ops.einsum("ij,jk->ik", X), r"einsum: argument `subscripts` expected letters for 1 arrays"),
        (lambda: ops.einsum("ijk->i", X), r"einsum: argument `subscripts` has 'ijk' for an array of 2 axes"),
        (lambda: ops.einsum("ij->ik", X), r"einsum: argument `subscripts` has 'ik' for the result"),
        (lambda: ops.einsum("ij,jk->ik", X, X), r"einsum: the letter 'j' stands for lengths 4 and 3"),
        (lambda: ops.norm(X, "nuc", (0, 1)), r"norm: argument `ord` expected None, 'fro'"),
        (lambda: ops.categorical_crossentropy(X, X[0]), r"categorical_crossentropy: arguments .*same shape"),
        (
            lambda: ops.sparse_categorical_crossentropy(X[0], X),
            r"argument `target` expected the shape \(3,\)",
        ),
        (lambda: ops.bitwise_and(X, 1), r"bitwise_and: expected integers; received dtypes float64"),
        (lambda: ops.quantile(X, 0.5, method="x"), r"quantile: argument `method` expected one of"),
        (lambda: ops.scan(lambda c, x: (c, x), 0), r"scan: expected `xs` or `length`"),
        (
            lambda: ops.segment_sum(X, [0, 1]),
            r"segment_sum: argument `segment_ids` expected one for each row",
        ),
    ],
)
def test_bad_input_is_one_sentence(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_arrays_numbers_and_lists() -> None:
    assert ops.add([1, 2], 1).dtype == np.int32
    assert ops.add([1.0, 2.0], 1).dtype == np.float32
    assert ops.add([np.float64(1), 2], np.float32(1)).dtype == np.float64
    assert ops.sum([]).dtype == np.float32
    assert ops.shape([[1, 2]]) == (1, 2)
    assert (ops.size(X), ops.ndim(X), ops.dtype(X)) == (12, 2, "float64")
    assert ops.is_tensor(X)
    assert not ops.is_tensor([1])
    np.testing.assert_array_equal(ops.stack([X, X * 2])[1], 2 * X)


def test_lists_of_what_is_differentiated() -> None:
    def function(x: Any) -> Any:
        rows = [x[0], 2 * x[1], np.ones(4)]
        return ops.sum(ops.convert_to_tensor(rows) * X) + ops.max(ops.stack(rows)) + ops.sum([x[0, 0], 1.0])

    np.testing.assert_allclose(gradient(function, X), differences(function, X), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_equal_ones_share_the_gradient(name: str) -> None:
    op = getattr(ops, name)
    one, other = np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])
    first, second = (
        gradient(lambda x, at=at: ops.sum(op(*at(x))), one if k == 0 else other)
        for k, at in enumerate((lambda x: (x, other), lambda x: (one, x)))
    )
    assert first[0] == second[0] == 0.5
    np.testing.assert_array_equal(first + second, np.ones(3))


def test_at_corners() -> None:
    zero = np.zeros(1)
    for function, expected in (
        (ops.abs, 0.0),
        (ops.relu, 0.0),
        (ops.leaky_relu, 0.2),
        (lambda x: ops.clip(x, 0.0, 1.0), 1.0),
        (lambda x: ops.clip(x, -1.0, 0.0), 1.0),
        (lambda x: ops.max(ops.concatenate([x, x])), 1.0),
        (lambda x: ops.norm(x, 1), 0.0),
        (ops.sinc, 0.0),
    ):
        assert gradient(lambda x, function=function: ops.sum(function(x)), zero)[0] == pytest.approx(expected)


MORE = {
    "cumprod": lambda x: ops.cumprod(x * np.array([1.0, 0.0, 2.0, 0.0]), 1),
    "prod": lambda x: ops.prod(x * np.array([1.0, 0.0, 2.0, 1.0]), 1),
    "rot90": lambda x: ops.rot90(ops.reshape(x, (3, 2, 2)), 2, (1, 2)),
    "slice_update": lambda x: ops.slice_update(x, [1, 1], x[:2, :2] * 3),
    "scatter_update": lambda x: ops.scatter_update(x, [[0, 1], [2, 2]], x[0, :2] ** 2),
    "get_item": lambda x: ops.get_item(x, (slice(None), [0, 0, 3])),
    "take": lambda x: ops.take(x, [[0, 0], [-1, 2]], 1),
    "pad": lambda x: ops.pad(x, ((1, 2), (0, 3)), "symmetric"),
    "select": lambda x: ops.select([X > 1, X < 0], [x * 2, x * x], x * 3),
    "quantile": lambda x: ops.quantile(x, ops.sigmoid(x[0, 0]), 1),
    "linspace": lambda x: ops.linspace(x[0], x[1], 5, axis=-1),
    "segments": lambda x: ops.segment_max(x, [1, 0, 1]) * ops.segment_min(x, [1, 0, 1]),
    "attention": lambda x: ops.dot_product_attention(*[ops.reshape(x, (1, 3, 2, 2))] * 3, is_causal=True),
    "erf": lambda x: ops.erf(x) * ops.erfc(x),
    "divide_no_nan": lambda x: ops.divide_no_nan(x, np.array([1.0, 0.0, 2.0, 0.0])),
}


@pytest.mark.parametrize("name", MORE)
def test_more_gradients(name: str) -> None:
    def function(x: Any) -> Any:
        return ops.sum(ops.sin(MORE[name](x)))

    np.testing.assert_allclose(gradient(function, X), differences(function, X), rtol=1e-6, atol=1e-8)


def test_where_keras_on_tensorflow_differs_numpy_is_followed() -> None:
    places = np.array([[0, 1, 5], [-1, 3, 2]])
    for one, other in zip(
        ops.unravel_index(places, (2, 3)), np.unravel_index(places % 6, (2, 3)), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    cube = rng.standard_normal((2, 3, 4))
    np.testing.assert_array_equal(ops.rot90(cube, 2, (1, 2)), np.rot90(cube, 2, (1, 2)))


def test_ops_and_autograd_go_together() -> None:
    def function(x: Any) -> Any:
        return (anp.sin(ops.softmax(x @ X.T) * 2) ** 2).mean() + ops.logsumexp(x.reshape(2, 6), 1)[0]

    np.testing.assert_allclose(gradient(function, X), differences(function, X), rtol=1e-7, atol=1e-9)


def test_float32_stays_so_in_gradients() -> None:
    x = X.astype("float32")

    def function(x: Any) -> Any:
        y = ops.layer_normalization(ops.gelu(ops.matmul(x, x.T)), ops.ones(3))
        return ops.sum(ops.where(y > 0, ops.std(y, axis=0), ops.power(ops.maximum(y, 0.1), 1.5)))

    assert autograd().make_vjp(function)(x)[0](np.float32(1)).dtype == np.float32


def test_where_no_gradient_goes() -> None:
    for function in (
        lambda x: ops.sum(x) + ops.sum(ops.stop_gradient(x) ** 2),
        lambda x: ops.sum(x) + ops.sum(ops.cast(x, "int32")),
        lambda x: ops.sum(x) + ops.sum(ops.round(x)) + ops.sum(ops.floor(x)) + ops.sum(ops.sign(x)),
        lambda x: ops.sum(x) + ops.argmax(x) + ops.sum(ops.argsort(x)) + ops.sum(x > 0),
    ):
        np.testing.assert_array_equal(gradient(function, X), np.ones_like(X))


def test_loops_and_branches() -> None:
    def function(x: Any) -> Any:
        total, sums = ops.scan(lambda carry, row: (carry + row, carry * row), ops.zeros_like(x[0]), x)
        backwards = ops.scan(lambda carry, row: (carry * row, carry), ops.ones_like(x[0]), x, reverse=True)[1]
        squares = ops.vectorized_map(lambda row: ops.sum(row * row), x)
        power = ops.fori_loop(0, 3, lambda i, y: y * x[0] + i, ops.ones(4))
        steps = ops.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 0.5), (0, x))[1]
        chosen = ops.cond(True, lambda: x[1] * 3, lambda: x[1])
        other = ops.switch(7, [lambda y: y, lambda y: y * y], x[2])
        running = ops.associative_scan(lambda a, b: a * b, x)
        parts = (total, sums, backwards, squares, power, steps, chosen, other, running)
        return sum(ops.sum(ops.multiply(part, part)) for part in parts)

    np.testing.assert_allclose(gradient(function, X), differences(function, X), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ops.associative_scan(lambda a, b: a + b, X), np.cumsum(X, 0))
    last, none = ops.scan(lambda carry, _: (carry * 2, None), 1, length=5)
    assert (last, none) == (32, None)
    assert ops.while_loop(lambda x: x < 100, lambda x: x * 2, 1, maximum_iterations=3) == 8
    assert [each.tolist() for each in ops.map(lambda row: (row[0], row[1]), np.arange(4).reshape(2, 2))] == [
        [0, 2],
        [1, 3],
    ]


def test_a_gradient_of_ones_own() -> None:
    @ops.custom_gradient
    def doubled(x: Any, y: Any) -> Any:
        return x * y, lambda g: (2 * g * y, g * x)

    assert doubled(2.0, 3.0) == 6
    np.testing.assert_allclose(gradient(lambda x: ops.sum(doubled(x, X)), X), 2 * X)
    np.testing.assert_allclose(gradient(lambda x: ops.sum(doubled(X, x)), X), X)


SHAPES = st.lists(st.integers(1, 3), min_size=1, max_size=3)


@settings(max_examples=40)
@given(SHAPES, st.data())
def test_broadcast_operands_get_the_gradient_of_their_shape(shape: list[int], data: Any) -> None:
    start = data.draw(st.integers(0, len(shape)))
    other = [data.draw(st.sampled_from([1, length])) for length in shape[start:]]
    a, b = (
        np.linspace(0.5, 2, int(np.prod(shape))).reshape(shape),
        np.linspace(0.7, 1.6, int(np.prod(other))).reshape(other),
    )
    for op in (ops.add, ops.subtract, ops.multiply, ops.divide, ops.power, ops.maximum, ops.arctan2):
        for function, x in ((lambda x: ops.sum(op(a, x) ** 2), b), (lambda x: ops.sum(op(x, b) ** 2), a)):  # noqa: B023
            found = gradient(function, x)
            assert found.shape == x.shape
            np.testing.assert_allclose(found, differences(function, x), rtol=1e-5, atol=1e-6)


EQUATIONS = [
    "ab,bc",
    "ab,bc->ca",
    "abc,abd->bcd",
    "ab,ab->b",
    "abc,c->ba",
    "a,b->ab",
    "aab,bc->ac",
    "abc->b",
    "ab,cb,ac->",
]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum_is_that_of_numpy(equation: str) -> None:
    lengths = {"a": 2, "b": 3, "c": 4, "d": 5}
    arrays = [
        rng.standard_normal([lengths[each] for each in term]) for term in equation.split("->")[0].split(",")
    ]
    np.testing.assert_allclose(
        ops.einsum(equation, *arrays), np.einsum(equation, *arrays), rtol=1e-12, atol=1e-13
    )
    for place, x in enumerate(arrays):

        def function(x: Any, place: int = place) -> Any:
            return ops.sum(ops.sin(ops.einsum(equation, *arrays[:place], x, *arrays[place + 1 :])))

        np.testing.assert_allclose(gradient(function, x), differences(function, x), rtol=1e-6, atol=1e-8)


def test_products_have_the_same_bits_for_every_split_and_thread_count(threads: None) -> None:
    a, b = (rng.standard_normal(shape).astype("float32") for shape in ((64, 50), (50, 33)))
    whole = ops.matmul(a, b)
    for count in (1, 2):
        tidegate.set_num_threads(count)
        parts = [ops.matmul(a[place : place + 7], b) for place in range(0, 64, 7)]
        assert np.array_equal(np.concatenate(parts), whole)


def test_symbolic_tensors_are_not_arrays() -> None:
    from tidegate.layers import Input

    with pytest.raises(ValueError, match="an op expected arrays; received the symbolic tensor"):
        ops.add(Input((3,)), 1)


def test_the_list_is_whole() -> None:
    assert len({*ops.__all__}) == len(ops.__all__)
    for name in ops.__all__:
        function = getattr(ops, name)
        assert callable(function)
        assert function.__doc__, name
        assert function.__module__.startswith("tidegate.ops."), name
