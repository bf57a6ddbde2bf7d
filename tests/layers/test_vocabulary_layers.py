"""TextVectorization, StringLookup and IntegerLookup: the figures of Keras 3.15.1, in models and files, bad
input."""

from __future__ import annotations

import copy
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Model, Sequential, layers, utils
from tidegate.models import clone_model, load_model, model_from_json
from tidegate.saving import objects
from tidegate.values import Value

DATA = Path(__file__).parent.parent / "data"
FIGURES = json.loads((DATA / "keras_vocabulary.json").read_text())
TEXTS, NEW = FIGURES["texts"], FIGURES["new"]
STRINGS, NUMBERS = [["b", "zz", "a"], ["q", "d", "b"]], [[7, 99, 12], [4, 5, 7]]
TextVectorization = layers.TextVectorization


def options_of(figure: dict[str, Any]) -> dict[str, Any]:
    given = dict(figure["options"])
    if isinstance(given.get("ngrams"), list):
        given["ngrams"] = tuple(given["ngrams"])
    return given


def check(found: Any, figure: dict[str, Any]) -> None:
    assert type(found) is Value
    assert found.dtype == figure["dtype"]
    np.testing.assert_allclose(found, np.array(figure["array"]), rtol=1e-6)


@pytest.mark.parametrize("figure", FIGURES["text_vectorization"], ids=lambda each: str(each["options"]))
def test_texts_of_keras(figure: dict[str, Any]) -> None:
    layer = TextVectorization(**options_of(figure))
    if "vocabulary" not in figure["options"]:
        layer.adapt(TEXTS)
    assert layer.get_vocabulary() == figure["vocabulary"]
    assert layer.vocabulary_size() == figure["size"]
    for _ in range(2):
        check(layer(NEW), figure)
        check(layer(np.array(NEW)[:, None]), figure["column"])
        check(layer([each.encode() for each in NEW]), figure)
        check(layer(NEW[0]), figure["one"])
        layer = TextVectorization.from_config(json.loads(objects.to_json(layer.get_config())))


@pytest.mark.parametrize(
    ("kind", "data", "new", "figure"),
    [
        *((layers.StringLookup, "tokens", STRINGS, each) for each in FIGURES["string_lookup"]),
        *((layers.IntegerLookup, "numbers", NUMBERS, each) for each in FIGURES["integer_lookup"]),
    ],
)
def test_tokens_of_keras(kind: Any, data: str, new: Any, figure: dict[str, Any]) -> None:
    layer = kind(**figure["options"])
    layer.adapt(np.array(FIGURES[data]))
    assert [str(each) for each in layer.get_vocabulary()] == figure["vocabulary"]
    for _ in range(2):
        check(layer(np.array(new)), figure["rows"])
        check(layer(new[0]), figure["row"])
        layer = kind.from_config(json.loads(objects.to_json(layer.get_config())))


def test_vocabularies_are_learned_from_batches_too() -> None:
    layer, other = TextVectorization(), TextVectorization()
    layer.adapt(TEXTS)
    other.adapt(utils.split_dataset(np.array(TEXTS), 3)[0].batch(2))
    other.adapt(iter([TEXTS[:2], TEXTS[2:], ["never seen"]]), steps=2)
    assert other.get_vocabulary() == layer.get_vocabulary()
    assert other.get_vocabulary(include_special_tokens=False) == layer.get_vocabulary()[2:]


def test_a_vocabulary_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("the\nmat\né\n")
    assert TextVectorization(vocabulary=str(path)).get_vocabulary() == ["", "[UNK]", "the", "mat", "é"]
    path.write_text("5\n7\n")
    assert layers.IntegerLookup(vocabulary=str(path))([7, 5, 1]).tolist() == [2, 1, 0]


def test_functions_in_the_place_of_steps() -> None:
    layer = TextVectorization(
        standardize=lambda x: np.char.upper(x), split=lambda x: [text.split("-") for text in x]
    )
    layer.adapt(["a-b", "b"])
    assert layer.get_vocabulary() == ["", "[UNK]", "B", "A"]
    assert layer(["A-c"]).tolist() == [[3, 1]]
    words = TextVectorization(split=None, standardize=None, vocabulary=["a b", "c"])
    assert words([["c", "a b"], ["d", ""]]).tolist() == [[3, 2], [1, 0]]


def test_tokens_of_numbers() -> None:
    layer = layers.StringLookup(vocabulary=["a", "b"], mask_token="", invert=True)
    assert layer([[2, 0], [1, 9]]).tolist() == [["a", ""], ["[UNK]", "[UNK]"]]
    assert layers.IntegerLookup(vocabulary=[12, 7], invert=True)([1, 2, 0]).tolist() == [12, 7, -1]


# ---- models ----------------------------------------------------------------------------------------


def vectorized(**options: Any) -> layers.TextVectorization:
    layer = TextVectorization(**{"output_sequence_length": 5, **options})
    layer.adapt(TEXTS)
    return layer


def rest(first: Any) -> list[Any]:
    return [first, layers.Embedding(20, 3, mask_zero=True), layers.GRU(4), layers.Dense(1)]


@pytest.mark.parametrize("entrance", ["none", "input", "functional"])
def test_texts_go_into_a_model(entrance: str) -> None:
    utils.set_random_seed(1)
    parts = rest(vectorized())
    if entrance == "functional":
        tensor = start = layers.Input((1,), dtype="string")
        for each in parts:
            tensor = each(tensor)
        model: Any = Model(start, tensor)
    else:
        model = Sequential([*([layers.Input((1,), dtype="string")] if entrance == "input" else []), *parts])
    column = np.array(NEW)[:, None]
    expected = Sequential(parts[1:]).predict(np.asarray(parts[0](NEW)).astype("float32"), verbose=0)
    for given in (column, column.astype(object)):
        np.testing.assert_array_equal(model.predict(given, verbose=0), expected)
        np.testing.assert_array_equal(model(given), expected)
    if entrance != "none":
        np.testing.assert_array_equal(model.predict(np.array(NEW), verbose=0), expected)
        np.testing.assert_array_equal(model(NEW), expected)
        np.testing.assert_array_equal(model(NEW[:1]), expected[:1])
    model.compile("adam", "mse")
    before = model.evaluate(column, np.ones((4, 1)), verbose=0)
    model.fit(column, np.ones((4, 1)), epochs=8, batch_size=3, verbose=0)
    assert model.evaluate(column, np.ones((4, 1)), verbose=0) < before
    for copied in (clone_model(model), copy.deepcopy(model)):
        copied.set_weights(model.get_weights())
        np.testing.assert_array_equal(copied.predict(column, verbose=0), model.predict(column, verbose=0))
    shown: list[str] = []
    model.explain(print_fn=shown.append)
    assert "in Python" in shown[0]
    with pytest.raises(TypeError, match="must hold strings; received 0"):
        model.predict(np.zeros((4, 1), "float32"), verbose=0)


@pytest.mark.parametrize("mode", ["multi_hot", "count", "tf_idf"])
def test_vectors_go_into_a_model(mode: str, tmp_path: Path) -> None:
    layer = vectorized(output_mode=mode, output_sequence_length=None)
    model = Sequential([layers.Input((1,), dtype="string"), layer, layers.Dense(2)])
    expected = model.layers[1](np.asarray(layer(NEW), "float32"))
    np.testing.assert_array_equal(model.predict(np.array(NEW), verbose=0), expected)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(
        load_model(tmp_path / "m.keras").predict(np.array(NEW), verbose=0), expected
    )


def test_whole_numbers_go_into_a_model() -> None:
    lookup = layers.IntegerLookup(vocabulary=[1000, 7])
    model = Sequential([layers.Input((2,), dtype="int64"), lookup, layers.Embedding(3, 2), layers.Flatten()])
    given = np.array([[7, 1000], [5, 7]])
    table = model.layers[1].get_weights()[0]
    np.testing.assert_array_equal(model.predict(given, verbose=0), table[[[2, 1], [0, 2]]].reshape(2, 4))


# ---- files -----------------------------------------------------------------------------------------


def test_a_model_of_keras() -> None:
    model = load_model(DATA / "vocabulary.keras")
    np.testing.assert_allclose(model.predict(np.array(NEW), verbose=0), FIGURES["model"], atol=1e-6)
    assert model.layers[0].get_vocabulary()[:4] == ["", "[UNK]", "mat", "the"]


def test_files_and_json_keep_vocabularies(tmp_path: Path) -> None:
    model = Sequential(
        [layers.Input((1,), dtype="string"), *rest(vectorized(split="character", ngrams=(1,)))]
    )
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(np.array(NEW), verbose=0), model(NEW))
    assert loaded.get_config() == model.get_config()
    again = model_from_json(model.to_json())
    assert again.layers[0].get_vocabulary() == model.layers[0].get_vocabulary()


def with_asset(path: Path, name: str, content: bytes) -> None:
    """A copy of Keras's file with another vocabulary."""
    with zipfile.ZipFile(DATA / "vocabulary.keras") as source, zipfile.ZipFile(path, "w") as target:
        for each in source.namelist():
            if not each.startswith("assets"):
                target.writestr(each, source.read(each))
        target.writestr(name, content)


PLACE = "assets/layers/text_vectorization/vocabulary.txt"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (PLACE, b"\xff\xfe", "is no vocabulary"),
        (PLACE, b"\n[UNK]\na\na", "repeated are"),
        ("assets/../../evil/vocabulary.txt", b"a", "unexpected member"),
        ("assets/evil.py", b"a", "unexpected member"),
    ],
)
def test_hostile_vocabularies(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    with_asset(tmp_path / "m.keras", name, content)
    with pytest.raises(ValueError, match=words):
        load_model(tmp_path / "m.keras")


def test_a_configuration_opens_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    config = TextVectorization().get_config() | {"vocabulary": str(tmp_path / "secret.txt")}
    for kind, given in ((TextVectorization, config), (layers.StringLookup, {"vocabulary": "secret.txt"})):
        with pytest.raises(ValueError, match="has a list of tokens as `vocabulary`, and opens no file"):
            kind.from_config(given)
    shutil.copy(DATA / "vocabulary.keras", tmp_path / "m.keras")
    with_asset(tmp_path / "m.keras", PLACE, b"\n[UNK]\nword")
    assert load_model(tmp_path / "m.keras").layers[0].get_vocabulary() == ["", "[UNK]", "word"]


# ---- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"standardize": "upper"}, "`standardize` expected one of"),
        ({"split": "words"}, "`split` expected one of"),
        ({"ngrams": 0}, "`ngrams` expected a positive integer"),
        ({"ngrams": "2"}, "`ngrams` expected"),
        ({"output_mode": "hot"}, "`output_mode` expected one of"),
        ({"output_mode": "one_hot"}, "does not support 'one_hot'"),
        ({"output_mode": "count", "output_sequence_length": 3}, "needs the mode 'int'; received 'count'"),
        ({"max_tokens": 1}, "`max_tokens` must be greater than 1"),
        ({"pad_to_max_tokens": True}, "`pad_to_max_tokens` needs `max_tokens`"),
        ({"vocabulary": []}, "at least one token"),
        ({"vocabulary": ["a", "b", "a"]}, r"must differ; repeated are \['a'\]"),
        ({"vocabulary": ["a", ""]}, "'' stands for no token"),
        ({"vocabulary": ["a", "b"], "max_tokens": 3}, "`max_tokens` is 3; received 4 tokens"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf"}, "`idf_weights` goes with a vocabulary"),
        ({"vocabulary": ["a"], "idf_weights": [1.0]}, "`idf_weights` goes with a vocabulary"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf", "idf_weights": [1.0, 2]}, "one number for each of 1"),
        ({"sparse": True}, "`sparse` is not supported yet"),
        ({"ragged": True}, "`ragged` is not supported yet"),
    ],
)
def test_arguments_of_text_vectorization(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TextVectorization(**options)


def test_inputs_of_text_vectorization() -> None:
    layer = vectorized()
    with pytest.raises(TypeError, match="`inputs` must hold strings; received 3"):
        layer([3])
    with pytest.raises(ValueError, match=r"\[batch\] or \[batch, 1\]; received the shape \(1, 2\)"):
        layer([["a", "b"]])
    with pytest.raises(TypeError, match="`adapt` expected an array, a list or batches of them; received 3"):
        layer.adapt(3)
    with pytest.raises(ValueError, match="'tf_idf' needs `adapt`"):
        TextVectorization(output_mode="tf_idf")(["a"])


def test_lookups_of_bad_input() -> None:
    with pytest.raises(ValueError, match="'c' is not in the vocabulary, and `num_oov_indices` is 0"):
        layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["c"])
    with pytest.raises(ValueError, match="not supported above 1 for strings yet; received 2"):
        layers.StringLookup(num_oov_indices=2)
    with pytest.raises(ValueError, match="`invert` needs the mode 'int'"):
        layers.StringLookup(invert=True, output_mode="count")
    with pytest.raises(ValueError, match="gives tokens, which no model takes"):
        layers.StringLookup(vocabulary=["a"], invert=True)(layers.Input((1,)))
    for wrong in ([1.5], [np.nan], [np.inf], ["a"]):
        with pytest.raises(TypeError, match="`inputs` must be whole numbers; received"):
            layers.IntegerLookup(vocabulary=[1])(wrong)
        with pytest.raises(TypeError, match="`inputs` must be whole numbers; received"):
            layers.StringLookup(vocabulary=["a"], invert=True)(wrong)
