"""Merging layers: shapes, functions, and bad input; Keras's figures are in test_several_inputs.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import layers
from tidegate.graph import Graph, Tensor
from tidegate.layers import Input

rng = np.random.default_rng(5)
A, B, C = (rng.standard_normal((3, 7, 4)).astype("float32") for _ in range(3))
ELEMENTWISE: dict[str, tuple[Any, Any]] = {
    "add": (layers.Add, A + B),
    "subtract": (layers.Subtract, A - B),
    "multiply": (layers.Multiply, A * B),
    "average": (layers.Average, (A + B) / 2),
    "maximum": (layers.Maximum, np.maximum(A, B)),
    "minimum": (layers.Minimum, np.minimum(A, B)),
    "concatenate": (layers.Concatenate, np.concatenate([A, B], axis=-1)),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_layers_and_functions(name: str) -> None:
    cls, expected = ELEMENTWISE[name]
    function = getattr(layers, name)
    y = cls()([A, B])
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    assert_same_bits(function([A, B]), y)
    assert cls()([A[:0], B[:0]]).shape == (0, *y.shape[1:])
    tensor = function([Input((7, 4)), Input((None, 4))], name="both")
    assert isinstance(tensor, Tensor)
    assert (tensor.name, tensor.shape[0], tensor.shape[2]) == ("both", None, y.shape[2])
    layer = tensor.node.layer if tensor.node else None
    assert type(layer) is cls


def test_dot_on_its_own() -> None:
    np.testing.assert_allclose(layers.dot([A, B], axes=2), A @ B.swapaxes(1, 2), rtol=0, atol=1e-5)
    np.testing.assert_allclose(layers.Dot((1, 1))([A, B]), A.swapaxes(1, 2) @ B, rtol=0, atol=1e-5)
    flat = layers.dot([A[:, 0], B[:, 0]])
    np.testing.assert_allclose(flat[:, 0], np.sum(A[:, 0] * B[:, 0], axis=1), rtol=1e-5)
    unit = layers.dot([A[:, 0], A[:, 0]], axes=1, normalize=True)
    np.testing.assert_allclose(unit, 1, rtol=1e-6)
    assert layers.dot([Input((None, 4)), Input((7, 4))], axes=-1).shape == (None, None, 7)


@pytest.mark.parametrize(
    ("shapes", "output"),
    [
        ([(None, 3), (None, 3)], (None, 3)),
        ([(5, 3), (None, 1)], (5, 3)),
        ([(None, None, 4), (None, 7, 4)], (None, None, 4)),
        ([(None, 7, 4), (None, 4)], (None, 7, 4)),
        ([(None, 1), (None, 1)], (None, 1)),
        ([(None, 4), (None, 6, 1, 4), (None, 5, 4)], (None, 6, 5, 4)),
        ([(None, 3)], (None, 3)),
    ],
)
def test_shapes_that_spread(shapes: Any, output: Any) -> None:
    layer = layers.Add()
    layer.build(shapes)
    assert layer.compute_output_shape(shapes) == output
    built: Any = layer.get_build_config()
    assert list(built["input_shape"]) == shapes


def test_masks_that_pass_on() -> None:
    one, other = np.array([[True, False]] * 2), np.array([[False, False]] * 2)
    x = np.ones((2, 2, 3))
    for layer in (layers.Add(), layers.Maximum()):
        np.testing.assert_array_equal(layer.compute_mask([x, x], [one, other]), one)
        assert layer.compute_mask([x, x], [one, None]) is None
        assert layer.compute_mask([x, x], None) is None
    joined = layers.Concatenate(axis=1)
    np.testing.assert_array_equal(
        joined.compute_mask([x, x], [None, other]), [[True, True, False, False]] * 2
    )
    assert joined.compute_mask([x, x], [None, None]) is None
    assert layers.Dot(axes=2).compute_mask([x, x], [one, other]) is None


def test_masks_of_one_step_count_for_all() -> None:
    inputs = [A[:2, :3], B[:2, :1]]
    masks = [np.array([[True, False, False], [False, True, False]]), np.array([[False], [True]])]
    found = layers.Add().compute_mask(inputs, masks)
    np.testing.assert_array_equal(found, [[True, False, False], [True, True, True]])


def test_a_layer_with_itself_gets_both_gradients() -> None:
    x = Input((7, 4))
    dense = layers.Dense(4)
    hidden = dense(x)
    graph = Graph([x], [layers.multiply([hidden, hidden])])
    y, kept, _ = graph.forward(A, keep=True)
    found = graph.backward(kept, np.ones_like(y))[dense.weights[0]]
    expected = np.einsum("bti,btj->ij", A, 2 * dense(A))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: layers.Add()(A), r"inputs must be a list.*ndarray"),
        (lambda: layers.Add()([]), r"batch axis.*\[\]"),
        (lambda: layers.Add()([A, B[:, :6]]), r"shapes that fit.*\(3, 6, 4\)"),
        (lambda: layers.Add()([A, B[:1]]), r"shapes that fit.*\(1, 7, 4\)"),
        (lambda: layers.Add()([A, np.float32(1)]), r"batch axis"),
        (lambda: layers.Add(axis=1), r"axis"),
        (lambda: layers.Subtract()([A, B, C]), r"two inputs.*3"),
        (lambda: layers.Maximum()([A, B], mask=[np.ones((3, 6)), None]), r"`mask`.*\(3, 7\)"),
        (lambda: layers.Multiply()([A, B], mask=[None]), r"`mask` must be a list of 2.*1"),
        (lambda: layers.Concatenate(1.5), r"`axis` must be an integer.*1\.5"),
        (lambda: layers.Concatenate(0)([A, B]), r"axis 0 behind the batch's"),
        (lambda: layers.Concatenate(3)([A, B]), r"axis 3"),
        (lambda: layers.Concatenate(-3)([A, B]), r"axis -3"),
        (lambda: layers.Concatenate()([A, B[:, :6]]), r"equal lengths.*\(3, 6, 4\)"),
        (lambda: layers.Concatenate()([A, B[:2]]), r"equal lengths.*\(2, 7, 4\)"),
        (lambda: layers.Concatenate()([A, B[:, 0]]), r"\(3, 4\)"),
        (lambda: layers.Concatenate()([]), r"axis -1.*\[\]"),
        (lambda: layers.Dot(), r"`axes` is required"),
        (lambda: layers.Dot("1"), r"`axes`.*'1'"),
        (lambda: layers.Dot((1, 2, 3)), r"`axes`.*\(1, 2, 3\)"),
        (lambda: layers.Dot(()), r"`axes`.*\(\)"),
        (lambda: layers.Dot((1, 1.5)), r"`axes`.*1\.5"),
        (lambda: layers.Dot(0)([A, B]), r"behind the batch's"),
        (lambda: layers.Dot((1, 2))([A, B]), r"axes \(1, 2\).*\(3, 7, 4\)"),
        (lambda: layers.Dot(2)([A, B, C]), r"two inputs"),
        (lambda: layers.Dot(2)([A, B[:, 0]]), r"\(3, 4\)"),
        (lambda: layers.Dot(2)([A, B[:1]]), r"\(1, 7, 4\)"),
        (lambda: layers.Dot(1, normalize="yes"), r"`normalize`.*yes"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make()
    assert "\n" not in str(caught.value)
