"""Tokenizer, TimeseriesGenerator and their neighbours: the figures of Keras 3.15.1, and plain loops."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tidegate
from tidegate import Sequential, layers, utils
from tidegate.preprocessing import sequence, text

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_utils.json").read_text())
TEXTS = FIGURES["texts"]
DATA, GOALS = np.arange(24.0).reshape(12, 2), np.arange(12) * 10


@pytest.mark.parametrize("figure", FIGURES["words"], ids=lambda each: str(each["options"]))
def test_words_of_keras(figure: dict[str, Any]) -> None:
    assert [text.text_to_word_sequence(each, **figure["options"]) for each in TEXTS] == figure["words"]


@pytest.mark.parametrize("figure", FIGURES["tokenizers"], ids=lambda each: str(each["options"]))
def test_tokenizers_of_keras(figure: dict[str, Any]) -> None:
    own = text.Tokenizer(**figure["options"])
    own.fit_on_texts(TEXTS[:3])
    own.fit_on_texts(TEXTS[3:4])
    theirs = text.tokenizer_from_json(figure["json"])
    for tokenizer in (own, theirs, text.tokenizer_from_json(own.to_json())):
        assert tokenizer.texts_to_sequences(TEXTS) == figure["sequences"]
        assert tokenizer.sequences_to_texts([*figure["sequences"], [1, 2, 99, 7]]) == figure["texts"]
        for mode, matrix in figure["matrices"].items():
            np.testing.assert_allclose(tokenizer.texts_to_matrix(TEXTS, mode), matrix, rtol=1e-14)
        own_config, config = (dict(each.get_config()) for each in (own, tokenizer))
        for table in ("word_docs", "index_docs"):  # in the order of Python's sets
            assert json.loads(own_config.pop(table)) == json.loads(config.pop(table))
        assert own_config == config


def test_texts_that_are_lists_of_words() -> None:
    tokenizer = text.Tokenizer()
    tokenizer.fit_on_texts([["The cat", "sat"], ["sat", "SAT"]])
    assert tokenizer.word_index == {"sat": 1, "the cat": 2}
    assert tokenizer.texts_to_sequences([["THE CAT", "dog"]]) == [[2]]
    split = text.Tokenizer(analyzer=lambda given: given.split("-"))
    split.fit_on_texts(["a-b", "b"])
    assert split.word_index == {"b": 1, "a": 2}


def test_sequences_alone() -> None:
    tokenizer = text.Tokenizer(num_words=4)
    tokenizer.fit_on_sequences([[1, 2, 2], [2]])
    assert tokenizer.index_docs == {1: 1, 2: 2}
    matrix = tokenizer.sequences_to_matrix([[2, 2, 3, 9]], "tfidf")
    expected = [0, 0, (1 + np.log(2)) * np.log(1 + 2 / 3), np.log(1 + 2)]
    np.testing.assert_allclose(matrix, [expected], rtol=1e-14)


def test_words_as_numbers_without_a_table() -> None:
    assert [text.hashing_trick(each, 50, "md5") for each in TEXTS] == FIGURES["hashed"]
    assert text.one_hot("a b a", 9) == [hash(word) % 8 + 1 for word in "aba"]
    assert text.hashing_trick("a bb", 9, len, analyzer=str.split) == [2, 3]


def test_tokenizers_of_bad_input() -> None:
    with pytest.raises(TypeError, match=r"`num_word`\. Did you mean `num_words`"):
        text.Tokenizer(num_word=3)
    with pytest.warns(UserWarning, match="`nb_words` is called `num_words`"):
        assert text.Tokenizer(nb_words=3).num_words == 3
    with pytest.raises(ValueError, match=r"`mode` expected one of .*; received 'tf_idf'"):
        text.Tokenizer(3).sequences_to_matrix([[1]], "tf_idf")
    with pytest.raises(ValueError, match="give `num_words`, or call `fit_on_texts`"):
        text.Tokenizer().sequences_to_matrix([[1]])
    with pytest.raises(ValueError, match="'tfidf' needs `fit_on_texts`"):
        text.Tokenizer(3).sequences_to_matrix([[1]], "tfidf")
    for given_text in ("{", "[]", '{"config": {}}', '{"config": null}', '{"config": {"word_counts": 3}}'):
        with pytest.raises(ValueError, match="this is no Tokenizer"):
            text.tokenizer_from_json(given_text)


# ---- sequences -------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", FIGURES["generators"], ids=lambda each: str(each["options"]))
def test_generators_of_keras(figure: dict[str, Any]) -> None:
    generator = sequence.TimeseriesGenerator(DATA, GOALS, **figure["options"])
    found = [[x.tolist(), y.tolist()] for x, y in generator]
    assert found == figure["batches"]
    assert len(generator) == len(found)
    lists = sequence.TimeseriesGenerator(DATA.tolist(), GOALS.tolist(), **figure["options"])
    assert [[x.tolist(), y.tolist()] for x, y in lists] == found
    assert lists.to_json() == generator.to_json()


@given(
    st.integers(3, 30), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.data()
)
def test_generators_by_a_loop(
    timesteps: int, length: int, rate: int, stride: int, size: int, draw: Any
) -> None:
    start, end = draw.draw(st.integers(0, 3)), draw.draw(st.integers(2, timesteps - 1))
    x, y = np.arange(timesteps), np.arange(timesteps) + 100
    if start + length > end:
        with pytest.raises(ValueError, match="has no window"):
            sequence.TimeseriesGenerator(x, y, length, start_index=start, end_index=end)
        return
    expected = [
        (list(range(at - length, at, rate)), 100 + at) for at in range(start + length, end + 1, stride)
    ]
    generator = sequence.TimeseriesGenerator(
        x, y, length, rate, stride, start_index=start, end_index=end, batch_size=size
    )
    assert [
        (a.tolist(), int(b)) for rows, goals in generator for a, b in zip(rows, goals, strict=True)
    ] == expected


def test_a_generator_of_windows_at_random() -> None:
    utils.set_random_seed(2)
    generator = sequence.TimeseriesGenerator(np.arange(40), np.arange(40), 3, shuffle=True, batch_size=10)
    first, second = generator[0], generator[0]
    assert first[0].shape == (10, 3)
    np.testing.assert_array_equal(first[0][:, -1] + 1, first[1])
    assert first[1].tolist() != second[1].tolist()


def test_a_model_is_fed_by_a_generator() -> None:
    series = np.sin(np.arange(60, dtype="float32") / 3)[:, None]
    generator = sequence.TimeseriesGenerator(series, series, length=5, batch_size=16)
    model = Sequential([layers.Input((5, 1)), layers.GRU(3), layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(generator, epochs=2, verbose=0)
    assert model.predict(generator, verbose=0).shape == (55, 1)
    assert model.evaluate(generator, verbose=0) < 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"targets": GOALS[:3]}, "must be of one length; received 12 and 3"),
        ({"length": 0}, "`length` must be a positive integer; received 0"),
        ({"length": 12}, "a series of 12 timesteps has no window of `length` = 12"),
        ({"end_index": 12}, "to `end_index` = 12"),
        ({"stride": 0}, "`stride` must be a positive integer"),
        ({"start_index": -1}, "`start_index` must be a non-negative integer"),
    ],
)
def test_generators_of_bad_input(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sequence.TimeseriesGenerator(**{"data": DATA, "targets": GOALS, "length": 3, **arguments})


def test_a_generator_of_what_json_cannot_hold() -> None:
    generator = sequence.TimeseriesGenerator([b"a", b"b"], [1, 2], 1)
    with pytest.raises(TypeError, match="`data` has no form in JSON"):
        generator.to_json()


@pytest.mark.parametrize("figure", FIGURES["skipgrams"], ids=lambda each: str(each["options"]))
def test_skipgrams_of_keras(figure: dict[str, Any]) -> None:
    random.seed(5)
    found = sequence.skipgrams([1, 2, 0, 3, 4, 2, 5], 6, **figure["options"])
    assert [*found] == figure["found"]


def test_a_sampling_table_of_keras() -> None:
    np.testing.assert_allclose(sequence.make_sampling_table(8, 0.01), FIGURES["sampling_table"], rtol=1e-14)


def test_names() -> None:
    assert tidegate.preprocessing.sequence.pad_sequences is utils.pad_sequences
    assert tidegate.preprocessing.timeseries_dataset_from_array is utils.timeseries_dataset_from_array
    with pytest.raises(AttributeError, match=r"preprocessing\.image is not offered"):
        tidegate.preprocessing.image  # noqa: B018
    with pytest.raises(AttributeError, match="has no attribute 'txt'"):
        tidegate.preprocessing.txt  # noqa: B018
