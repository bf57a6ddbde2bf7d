"""Every op against Keras's figures, and its gradients against those and against central differences."""

from __future__ import annotations

import inspect
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import ops
from tidegate.derivatives import autograd

Array = np.ndarray[Any, Any]

DATA = json.loads((Path(__file__).parents[1] / "data" / "keras_ops.json").read_text())
CASES = DATA["ops"]
ROUGH = {
    "batch_normalization",
    "gelu",
    "logaddexp2",
    "norm",
    "normalize",
    "percentile",
}  # constants of float32
NUMBERS = {"int": 2, "float": 0.5}


def decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [decoded(each) for each in value]
    if isinstance(value, dict):
        return (
            np.array(value["array"], value["dtype"])
            if "array" in value
            else {k: decoded(v) for k, v in value.items()}
        )
    return value


def leaves(value: Any) -> list[Any]:
    return [leaf for each in value for leaf in leaves(each)] if isinstance(value, (list, tuple)) else [value]


def packed(form: Any, given: list[Any]) -> Any:
    return [packed(each, given) for each in form] if isinstance(form, list) else given.pop(0)


def weight(shape: tuple[int, ...]) -> Array:
    return np.cos(np.arange(1, 1 + math.prod(shape))).reshape(shape)


def label(case: dict[str, Any]) -> str:
    return case["op"]


class Case:
    """A case of Keras's, as a function of its arrays of float64."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.function = getattr(ops, case["op"])
        self.form, self.kwargs = decoded(case["args"]), decoded(case["kwargs"])
        self.leaves = leaves(self.form)
        self.places = case.get("places", [])
        self.given = [self.leaves[place] for place in self.places]

    def __call__(self, *given: Any) -> Any:
        now = list(self.leaves)
        for place, value in zip(self.places, given, strict=False):
            now[place] = value
        return self.function(*packed(self.form, now), **self.kwargs)

    def total(self, given: Any) -> Any:
        """The sum that the gradients are of."""
        found = [each for each in leaves(self(*given)) if each.dtype.kind == "f"]
        return sum((each * weight(each.shape)).sum() for each in found)


@pytest.mark.parametrize("case", CASES, ids=label)
def test_value_and_dtype(case: dict[str, Any]) -> None:
    made = Case(case)
    found, expected = leaves(made(*made.given)), leaves(decoded(case["result"]))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        tolerance = 2e-6 if other.dtype == np.float32 or case["op"] in ROUGH else 1e-12
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
        assert np.shape(one) == np.shape(other)
        assert one.dtype == other.dtype


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
@pytest.mark.parametrize("case", [each for each in CASES if "places" in each], ids=label)
def test_gradients(case: dict[str, Any]) -> None:
    made = Case(case)
    for place, expected in enumerate(case["gradients"]):

        def function(x: Any, place: int = place) -> Any:
            return made.total([*made.given[:place], x, *made.given[place + 1 :]])

        gradient = autograd().make_vjp(function)(made.given[place])[0](1.0)
        assert gradient.dtype == np.float64
        tolerance = 2e-6 if case["op"] in ROUGH else 1e-9
        np.testing.assert_allclose(gradient, decoded(expected), rtol=tolerance, atol=tolerance)
        x = made.given[place]
        along = np.sin(np.arange(1, 1 + x.size)).reshape(x.shape)
        here, (below, above) = function(x), (function(x + step * along) for step in (-1e-6, 1e-6))
        if abs(above - 2 * here + below) < 1e-9 and np.isfinite(x).all():  # no corner is here
            assert (gradient * along).sum() == pytest.approx((above - below) / 2e-6, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("name", DATA["dtypes"])
def test_dtypes(name: str) -> None:
    differing = {}
    for kinds, expected in DATA["dtypes"][name].items():
        args = [
            NUMBERS.get(kind, np.ones((2, 2), kind if kind not in NUMBERS else "i"))
            for kind in kinds.split(",")
        ]
        if name == "where":
            args = [np.ones((2, 2), bool), *args]
        found = getattr(ops, name)(*args)
        if found.dtype != expected:
            differing[kinds] = (str(found.dtype), expected)
    assert not differing


def test_signatures() -> None:
    differing = {
        name: (str(inspect.signature(getattr(ops, name))), expected)
        for name, expected in DATA["signatures"].items()
        if hasattr(ops, name) and plain(getattr(ops, name)) != expected
    }
    assert not differing


def plain(function: Any) -> str:
    """The signature without annotations."""
    signature = inspect.signature(function)
    parameters = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))
