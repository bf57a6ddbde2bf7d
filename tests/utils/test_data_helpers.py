"""pad_sequences, to_categorical, normalize and small questions: Keras's figures, plain loops, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate import Model, layers, utils

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_utils.json").read_text())


@pytest.mark.parametrize("figure", FIGURES["pad_sequences"], ids=lambda each: str(each["options"]))
def test_padding_of_keras(figure: dict[str, Any]) -> None:
    array = utils.pad_sequences(FIGURES["sequences"], **figure["options"])
    assert array.tolist() == figure["array"]
    assert array.dtype == figure["dtype"]


@given(
    st.lists(st.lists(st.integers(-9, 9), max_size=6), min_size=1, max_size=5),
    st.integers(0, 7) | st.none(),
    st.sampled_from(["pre", "post"]),
    st.sampled_from(["pre", "post"]),
)
def test_padding_by_a_loop(sequences: Any, maxlen: int | None, padding: str, truncating: str) -> None:
    array = utils.pad_sequences(sequences, maxlen, "int64", padding, truncating, value=-100)
    length = max(map(len, sequences)) if maxlen is None else maxlen
    assert array.shape == (len(sequences), length)
    for row, given_row in zip(array.tolist(), sequences, strict=True):
        cut = given_row[:length] if truncating == "post" else given_row[max(0, len(given_row) - length) :]
        rest = [-100] * (length - len(cut))
        assert row == (cut + rest if padding == "post" else rest + cut)


def test_padding_of_vectors_and_words() -> None:
    vectors = utils.pad_sequences([[[1, 2]], [[3, 4], [5, 6]], []], dtype="float32")
    assert vectors.tolist() == [[[0, 0], [1, 2]], [[3, 4], [5, 6]], [[0, 0], [0, 0]]]
    words = utils.pad_sequences([["a"], ["bc", "d"]], dtype=object, value="")
    assert words.tolist() == [["", "a"], ["bc", "d"]]
    assert utils.pad_sequences([], maxlen=3).shape == (0, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sequences": 3}, "`sequences` expected a list of sequences; received 3"),
        ({"sequences": [1, 2]}, "`sequences` expected sequences; found 1"),
        ({"sequences": []}, "`maxlen` is needed"),
        ({"sequences": [[1]], "maxlen": -1}, "`maxlen` must be a non-negative integer; received -1"),
        ({"sequences": [[1]], "padding": "left"}, "`padding` expected 'pre' or 'post'; received 'left'"),
        ({"sequences": [[1]], "truncating": "both"}, "`truncating` expected"),
        ({"sequences": [[1]], "value": "x"}, "'x' as `value` needs `dtype=object`; received 'int32'"),
        ({"sequences": [[[1, 2]], [[1]]]}, r"elements must have one shape; found \(1,\) in sequence 1"),
    ],
)
def test_padding_of_bad_input(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        utils.pad_sequences(**arguments)


@pytest.mark.parametrize("figure", FIGURES["to_categorical"], ids=lambda each: str(each["x"]))
def test_categories_of_keras(figure: dict[str, Any]) -> None:
    array = utils.to_categorical(figure["x"], figure["num_classes"])
    assert array.tolist() == figure["array"]
    assert array.dtype == np.float64


@pytest.mark.parametrize(
    ("x", "count", "words"),
    [
        ([0, 3], 3, "numbers of 3 classes; found 3"),
        ([0, -4], 3, "found -4"),
        ([], None, "`num_classes` is needed"),
        (["a"], None, "expected numbers of classes"),
        ([[1], [1, 2]], None, "expected numbers of classes"),
    ],
)
def test_categories_of_bad_input(x: Any, count: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        utils.to_categorical(x, count)


@pytest.mark.parametrize("figure", FIGURES["normalize"], ids=lambda each: f"{each['axis']}-{each['order']}")
def test_norms_of_keras(figure: dict[str, Any]) -> None:
    data = np.arange(24.0).reshape(12, 2) - 5
    array = utils.normalize(data, figure["axis"], figure["order"])
    np.testing.assert_allclose(array, figure["array"], rtol=1e-14)


def test_norms_along_the_first_axis_and_of_zeros() -> None:
    x = np.array([[3.0, 0, 1], [4, 0, 0]], "float32")
    assert utils.normalize(x, axis=0).tolist() == [[np.float32(0.6), 0, 1], [np.float32(0.8), 0, 0]]
    assert utils.normalize(x).dtype == np.float32


def test_batches() -> None:
    pack, unpack = utils.pack_x_y_sample_weight, utils.unpack_x_y_sample_weight
    assert pack(1) == 1
    assert pack([1, 2]) == ([1, 2],)
    assert pack(1, 2) == (1, 2)
    assert pack(1, 2, 3) == (1, 2, 3)
    assert unpack(1) == unpack((1,)) == unpack([1]) == (1, None, None)
    assert unpack((1, 2)) == (1, 2, None)
    with pytest.raises(ValueError, match=r"received 4 parts, \(1, 2, 3, 4\)"):
        unpack((1, 2, 3, 4))


def test_tensors_of_a_graph() -> None:
    a, b = layers.Input((3,)), layers.Input((3,))
    both = layers.add([layers.Dense(3)(a), b, a])
    assert utils.is_keras_tensor(both)
    assert not utils.is_keras_tensor(np.zeros(3))
    assert utils.get_source_inputs(both) == [a, b]
    assert utils.get_source_inputs(a) == [a]
    assert Model(utils.get_source_inputs(both), both)([np.ones((2, 3))] * 2).shape == (2, 3)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (None, "float32"), (float, "float32"), (int, "int32"), (bool, "bool"), (str, "string"),
        ("float64", "float64"), (np.float16, "float16"), (np.dtype("int8"), "int8"), ("int", "int32"),
    ],
)  # fmt: skip
def test_names_of_dtypes(given: Any, name: str) -> None:
    assert utils.standardize_dtype(given) == name


def test_a_dtype_that_is_none() -> None:
    with pytest.raises(ValueError, match=r"'flaot32'. Did you mean `float32`"):
        utils.standardize_dtype("flaot32")


def test_names_begin_anew_after_clear_session() -> None:
    layers.Masking()
    utils.clear_session()
    assert layers.Masking().name == "masking"


@pytest.mark.parametrize("name", ["image_dataset_from_directory", "load_img", "FeatureSpace"])
def test_what_is_not_offered_says_so_when_it_is_called(name: str) -> None:
    function = getattr(utils, name)
    with pytest.raises(NotImplementedError, match=rf"tidegate\.utils\.{name} is not offered"):
        function("folder")
