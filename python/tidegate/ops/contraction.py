"""`einsum`: sums of products that letters describe, pair by pair by native products of matrices."""

from __future__ import annotations

import math
from typing import Any

from tidegate.ops import native
from tidegate.ops.dtypes import common
from tidegate.ops.operation import operation
from tidegate.ops.places import diagonal
from tidegate.ops.reductions import sum as total
from tidegate.ops.shapes import broadcast_to, reshape, transpose


@operation
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """The sums of products of arrays, such as "bij,bjk->bik" for products of matrices.

    Args:
        subscripts: a letter for each axis, "..." for any number of axes; summed over are the letters that
            do not stand behind the arrow or, without an arrow, those that stand twice.
        kwargs: accepted for Keras's sake.
    """
    arrays = common(*operands) if operands else []
    terms, output = _terms(subscripts.replace(" ", ""), [each.ndim for each in arrays])
    found, letters = _alone(arrays[0], terms[0], "".join(terms[1:]) + output)
    for place in range(1, len(arrays)):
        later = "".join(terms[place + 1 :]) + output
        x, own = _alone(arrays[place], terms[place], letters + later)
        found, letters = _product(found, letters, x, own, later)
    found, letters = _alone(found, letters, output)
    return transpose(found, [letters.index(each) for each in output])


def _terms(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """The letters of each array and of the result, with capitals from the end of the alphabet for "..."."""
    inputs, arrow, output = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ranks):
        raise ValueError(
            f"argument `subscripts` expected letters for {len(ranks)} arrays; received {subscripts!r}"
        )
    widest, spelled = "", []
    free = [letter for letter in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if letter not in subscripts]
    for term, rank in zip(terms, ranks, strict=True):
        count = rank - len(term.replace("...", ""))
        if count < 0 or (count and "..." not in term):
            raise ValueError(f"argument `subscripts` has {term!r} for an array of {rank} axes")
        dots = "".join(free[:count][::-1])
        widest = max(widest, dots, key=len)
        spelled.append(term.replace("...", dots))
    every = "".join(spelled)
    if not arrow:
        output = "..." + "".join(
            sorted(each for each in {*every} if every.count(each) == 1 and each not in widest)
        )
    output = output.replace("...", widest)
    if len({*output}) != len(output) or not {*output} <= {*every}:
        raise ValueError(f"argument `subscripts` has {output!r} for the result of {inputs!r}")
    return spelled, output


def _alone(x: Any, letters: str, wanted: str) -> tuple[Any, str]:
    """An array without letters that stand in it twice, and without those that nothing else wants."""
    for each in {*letters}:
        while letters.count(each) > 1:
            first = letters.index(each)
            second = letters.index(each, first + 1)
            x = diagonal(x, 0, first, second)
            letters = letters[:first] + letters[first + 1 : second] + letters[second + 1 :] + each
    gone = tuple(place for place, each in enumerate(letters) if each not in wanted)
    return (total(x, gone) if gone else x), "".join(each for each in letters if each in wanted)


def _product(a: Any, of_a: str, b: Any, of_b: str, later: str) -> tuple[Any, str]:
    """Two arrays as one: letters of both that come later are a batch, other letters of both are summed."""
    lengths = dict(zip(of_b, b.shape, strict=True))
    for each, length in zip(of_a, a.shape, strict=True):
        if length != lengths.setdefault(each, length) and 1 not in (length, lengths[each]):
            raise ValueError(f"the letter {each!r} stands for lengths {length} and {lengths[each]}")
        lengths[each] = max(length, lengths[each])
    batch = [each for each in of_a if each in of_b and each in later]
    summed = [each for each in of_a if each in of_b and each not in later]
    rows = [each for each in of_a if each not in of_b]
    columns = [each for each in of_b if each not in of_a]

    def matrices(x: Any, letters: str, first: list[str], second: list[str]) -> Any:
        order = [*batch, *first, *second]
        x = transpose(x, [letters.index(each) for each in order])
        own = [lengths[each] for each in order]
        if x.shape != tuple(own):
            x = broadcast_to(x, own)
        shape = [lengths[each] for each in batch]
        shape += [math.prod(lengths[each] for each in part) for part in (first, second)]
        return reshape(x, shape)

    found = native.matmul(matrices(a, of_a, rows, summed), matrices(b, of_b, summed, columns))
    letters = "".join([*batch, *rows, *columns])
    return reshape(found, [lengths[each] for each in letters]), letters
