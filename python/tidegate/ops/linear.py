"""Products of matrices, which are native, and what is made of them; norms and inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidegate.derivatives import Primitive, unboxed
from tidegate.ops import native
from tidegate.ops.arithmetic import multiply, power, subtract
from tidegate.ops.dtypes import INT, array, common, floats
from tidegate.ops.elementwise import absolute, sqrt, square
from tidegate.ops.joining import stack
from tidegate.ops.operation import operation
from tidegate.ops.places import diagonal
from tidegate.ops.reductions import max as largest
from tidegate.ops.reductions import min as smallest
from tidegate.ops.reductions import sum as total
from tidegate.ops.shapes import axis_of, expand_dims, moveaxis, reshape, transpose


def _pair(x1: Any, x2: Any) -> Any:
    """Two arrays of one dtype; those of int8 are multiplied as int32."""
    pair = [array(x1), array(x2)]
    return [each.astype(INT) for each in pair] if all(x.dtype == "int8" for x in pair) else common(x1, x2)


@operation
def matmul(x1: Any, x2: Any) -> Any:
    """The products of matrices [..., n, k] . [..., k, m], broadcast; a vector is a row, or a column."""
    a, b = _pair(x1, x2)
    if not a.ndim or not b.ndim:
        raise ValueError(f"expected arrays of at least one axis; received shapes {a.shape} and {b.shape}")
    left = reshape(a, (1, -1)) if a.ndim == 1 else a
    right = reshape(b, (-1, 1)) if b.ndim == 1 else b
    found = native.matmul(left, right)
    shape = (*found.shape[:-2], *(() if a.ndim == 1 else left.shape[-2:-1]))
    shape = (*shape, *(() if b.ndim == 1 else right.shape[-1:]))
    return found if shape == found.shape else reshape(found, shape)


@operation
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """The sums of products over axes of both, in pairs.

    Args:
        axes: so many of the last axes of `x1` and the first of `x2`, or a pair: the axes of each.
    """
    a, b = _pair(x1, x2)
    if isinstance(axes, int):
        of_a, of_b = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        of_a, of_b = ([each] if isinstance(each, int) else list(each) for each in axes)
    of_a = [axis_of(each, a.ndim) for each in of_a]
    of_b = [axis_of(each, b.ndim) for each in of_b]
    if [a.shape[each] for each in of_a] != [b.shape[each] for each in of_b]:
        raise ValueError(
            f"argument `axes` expected axes of the same lengths; received {axes!r} for shapes {a.shape} "
            f"and {b.shape}"
        )
    free_a = [each for each in range(a.ndim) if each not in of_a]
    free_b = [each for each in range(b.ndim) if each not in of_b]
    shape = tuple(a.shape[each] for each in free_a) + tuple(b.shape[each] for each in free_b)
    length = math.prod(a.shape[each] for each in of_a)
    rows = math.prod(a.shape[each] for each in free_a)
    left = reshape(transpose(a, free_a + of_a), (rows, length))
    right = reshape(transpose(b, of_b + free_b), (length, math.prod(shape) // rows if rows else 0))
    return reshape(native.matmul(left, right), shape)


@operation
def dot(x1: Any, x2: Any) -> Any:
    """The sums of products over the last axis of `x1` and the last but one, or the only one, of `x2`."""
    a, b = _pair(x1, x2)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return tensordot(a, b, [[-1], [-1 if b.ndim == 1 else -2]])


@operation
def inner(x1: Any, x2: Any) -> Any:
    """The sums of products over the last axis of both."""
    a, b = _pair(x1, x2)
    return tensordot(a, b, [[-1], [-1]]) if a.ndim and b.ndim else multiply(a, b)


@operation
def vdot(x1: Any, x2: Any) -> Any:
    """The sum of the products of all elements in a row."""
    a, b = _pair(x1, x2)
    return tensordot(reshape(a, -1), reshape(b, -1), 1)


@operation
def outer(x1: Any, x2: Any) -> Any:
    """Every element of `x1` times every one of `x2`: a matrix."""
    a, b = common(x1, x2)
    return multiply(reshape(a, (-1, 1)), reshape(b, (1, -1)))


@operation
def kron(x1: Any, x2: Any) -> Any:
    """Every element of `x1` times the whole of `x2`, beside each other."""
    a, b = common(x1, x2)
    rank = max(a.ndim, b.ndim)
    a, b = (reshape(each, (1,) * (rank - each.ndim) + each.shape) for each in (a, b))
    products = multiply(expand_dims(a, range(1, 2 * rank, 2)), expand_dims(b, range(0, 2 * rank, 2)))
    return reshape(products, tuple(n * m for n, m in zip(a.shape, b.shape, strict=True)))


@operation
def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Any:
    """The cross product of vectors of 3 elements, or of 2, for which the third is 0."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = common(x1, x2)
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    lengths = a.shape[-1], b.shape[-1]
    if not {*lengths} <= {2, 3}:
        raise ValueError(f"expected vectors of 2 or 3 elements; received shapes {a.shape} and {b.shape}")

    def part(first: int, second: int) -> Any:
        zero = np.zeros((), a.dtype)
        a1, a2 = (a[..., each] if each < lengths[0] else zero for each in (first, second))
        b1, b2 = (b[..., each] if each < lengths[1] else zero for each in (first, second))
        return subtract(multiply(a1, b2), multiply(a2, b1))

    if lengths == (2, 2):
        return part(0, 1)
    return moveaxis(stack([part(1, 2), part(2, 0), part(0, 1)], -1), -1, axisc)


@operation
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sums of the diagonals over two axes."""
    return total(diagonal(x, offset, axis1, axis2), -1)


@operation
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norms of vectors along an axis, or of matrices over two.

    Args:
        ord: of vectors 2 when None, 0, 1, infinity, minus infinity or another number; of matrices "fro"
            when None, 1, -1, infinity or minus infinity.
        axis: None for all: of a matrix, if `ord` is not None.
    """
    x = floats(x)
    axes = (0, 1) if axis is None and ord is not None and x.ndim == 2 else axis
    if ord is None or (ord == "fro" and isinstance(axes, (tuple, list))):
        return sqrt(total(square(x), axes, keepdims))
    if isinstance(axes, (tuple, list)) and len(axes) == 2:
        return _matrix_norm(absolute(x), ord, [axis_of(each, x.ndim) for each in axes], keepdims)
    if isinstance(ord, str):
        raise ValueError(f"argument `ord` expected a number for vectors; received {ord!r}")
    if axes is None and x.ndim != 1:
        raise ValueError(f"argument `axis` is needed with an `ord` for shape {x.shape}; received None")
    if math.isinf(ord):
        return (largest if ord > 0 else smallest)(absolute(x), axes, keepdims)
    if ord == 0:
        return total((unboxed(x) != 0).astype(x.dtype), axes, keepdims)
    if ord == 1:
        return total(absolute(x), axes, keepdims)
    if ord == 2:
        return sqrt(total(square(x), axes, keepdims))
    return power(total(power(absolute(x), ord), axes, keepdims), 1 / ord)


def _matrix_norm(x: Any, ord: Any, axes: list[int], keepdims: bool) -> Any:
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError(f"argument `ord` expected None, 'fro', 1, -1, inf or -inf; received {ord!r}")
    summed, chosen = axes if abs(ord) == 1 else axes[::-1]
    sums = total(x, summed, True)
    found = (largest if ord > 0 else smallest)(sums, chosen, True)
    kept = tuple(length for each, length in enumerate(found.shape) if each not in axes)
    return found if keepdims else reshape(found, kept)


def _turned(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


_inv = Primitive(np.linalg.inv, lambda y, x: lambda g: -(_turned(y) @ g @ _turned(y)))
_det = Primitive(
    np.linalg.det, lambda y, x: lambda g: (g * y)[..., np.newaxis, np.newaxis] * _turned(np.linalg.inv(x))
)
_logdet = Primitive(
    lambda x: np.linalg.slogdet(x)[1],
    lambda y, x: lambda g: np.asarray(g)[..., np.newaxis, np.newaxis] * _turned(np.linalg.inv(x)),
)
_solve = Primitive(
    np.linalg.solve,
    lambda y, a, b: lambda g: -(np.linalg.solve(_turned(a), g) @ _turned(y)),
    lambda y, a, b: lambda g: np.linalg.solve(_turned(a), g),
)


@operation
def inv(x: Any) -> Any:
    """The inverse of square matrices [..., n, n]."""
    return _inv(floats(x))


@operation
def det(x: Any) -> Any:
    """The determinants of square matrices [..., n, n]."""
    return _det(floats(x))


@operation
def slogdet(x: Any) -> Any:
    """The signs of the determinants, and the logarithms of their magnitudes."""
    x = floats(x)
    return np.linalg.slogdet(unboxed(x))[0], _logdet(x)


@operation
def logdet(x: Any) -> Any:
    """The logarithms of the determinants of positive definite matrices."""
    return _logdet(floats(x))


@operation
def solve(a: Any, b: Any) -> Any:
    """The x of `a . x = b`: of matrices [..., n, n] and [..., n, m], or of a vector [n]."""
    a, b = floats(a, b)
    if b.ndim == 1:
        return reshape(_solve(a, reshape(b, (-1, 1))), -1)
    if a.shape[:-2] != b.shape[:-2]:
        raise ValueError(f"expected the same axes before the last two; received {a.shape} and {b.shape}")
    return _solve(a, b)
