"""Datasets: windows over a series against Keras and a plain loop, splits, and the steps of a dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate import Sequential, layers, utils
from tidegate.utils.dataset import Dataset
from tidegate.values import Value

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_utils.json").read_text())
DATA, GOALS = np.arange(24.0).reshape(12, 2), np.arange(12) * 10
windows = utils.timeseries_dataset_from_array


def listed(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [listed(each) for each in value]
    return np.asarray(value).tolist()


@pytest.mark.parametrize(
    "figure", FIGURES["timeseries"], ids=lambda each: f"{each['options']}{each['targets']}"
)
def test_windows_of_keras(figure: dict[str, Any]) -> None:
    dataset = windows(DATA, GOALS if figure["targets"] else None, **figure["options"])
    assert listed(list(dataset)) == figure["batches"]
    assert len(dataset) == len(figure["batches"])
    assert listed(list(dataset)) == figure["batches"], "a second pass differs"


@given(
    st.integers(4, 30), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.data()
)
def test_windows_by_a_loop(timesteps: int, length: int, stride: int, rate: int, size: int, draw: Any) -> None:
    start = draw.draw(st.integers(0, timesteps - 2))
    end = draw.draw(st.integers(start + 1, timesteps - 1) | st.none())
    x, y = np.arange(timesteps), np.arange(timesteps) + 100
    expected = []
    for begin in range(start, end or timesteps, stride):
        steps = [begin + k * rate for k in range(length)]
        if steps[-1] < (end or timesteps):
            expected.append((x[steps].tolist(), int(y[begin])))
    dataset = windows(x, y, length, stride, rate, size, start_index=start, end_index=end)
    found = [
        (row.tolist(), int(goal)) for rows, goals in dataset for row, goal in zip(rows, goals, strict=True)
    ]
    assert found == expected
    assert len(dataset) == -(-len(expected) // size)


def test_shuffled_windows() -> None:
    def firsts(dataset: Dataset) -> list[int]:
        return [int(row[0]) for batch in dataset for row in batch]

    x = np.arange(50)
    one, other = (windows(x, None, 3, batch_size=7, shuffle=True, seed=5) for _ in range(2))
    first, second = firsts(one), firsts(one)
    assert sorted(first) == sorted(second) == list(range(48))
    assert first != second, "every pass has an order of its own"
    assert (firsts(other), firsts(other)) == (first, second), "the seed decides"
    unseeded = []
    for _ in range(2):
        utils.set_random_seed(3)
        unseeded.append(firsts(windows(x, None, 3, shuffle=True)))
    assert unseeded[0] == unseeded[1] != first


def test_fewer_targets_than_windows() -> None:
    (batch,) = windows(DATA, GOALS[3:], 2)
    assert batch[0].shape == (9, 2, 2)
    assert batch[1].tolist() == GOALS[3:].tolist()
    assert list(windows(DATA, None, 20)) == []


def test_lists_become_what_tensors_of_them_would_be() -> None:
    for given_data, dtype in (([1.0, 2, 3], "float32"), ([1, 2, 3], "int32"), (DATA[:, 0], "float64")):
        batch = next(iter(windows(given_data, None, 2)))
        assert batch.dtype == dtype


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sequence_length": 0}, "`sequence_length` must be a positive integer; received 0"),
        ({"sampling_rate": 0}, "`sampling_rate` must be a positive integer"),
        (
            {"sampling_rate": 12},
            "`sampling_rate` must be lower than the length of the data, 12; received 12",
        ),
        ({"sequence_stride": 12}, "`sequence_stride` must be lower"),
        ({"sequence_stride": -1}, "`sequence_stride` must be a positive"),
        ({"start_index": -1}, "`start_index` must be a non-negative"),
        ({"start_index": 12}, "`start_index` must be lower"),
        ({"end_index": 12}, "`end_index` must be lower"),
        ({"start_index": 5, "end_index": 5}, "`end_index` must be higher than `start_index` = 5; received 5"),
        ({"batch_size": 0}, "`batch_size` must be a positive"),
        ({"format": "torch"}, "`format` expected 'tf' or 'grain'; received 'torch'"),
    ],
)
def test_windows_of_bad_input(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        windows(DATA, GOALS, **{"sequence_length": 2, **arguments})


@pytest.mark.parametrize("figure", FIGURES["split"], ids=lambda each: str(each["options"]))
def test_splits_of_keras(figure: dict[str, Any]) -> None:
    for given_data, parts in ((DATA, figure["array"]), ((DATA, GOALS), figure["pair"])):
        split = utils.split_dataset(given_data, **figure["options"])
        assert [listed(list(part)) for part in split] == parts
        assert [len(part) for part in split] == [len(part) for part in parts]


def test_splits_of_batches() -> None:
    batches = Dataset.from_tensor_slices((DATA, GOALS)).batch(5)
    left, right = utils.split_dataset(batches, left_size=7)
    assert [len(x) for x, _ in left] == [5, 2]
    assert [y.tolist() for _, y in right] == [GOALS[7:].tolist()]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({}, ValueError, "give `left_size` or `right_size`"),
        ({"left_size": "a"}, TypeError, "`left_size` expected a number; received 'a'"),
        ({"left_size": 12}, ValueError, "`left_size` expected a number of rows below 12"),
        ({"right_size": 0}, ValueError, "`right_size` expected"),
        ({"left_size": 1.5}, ValueError, "between 0 and 1; received 1.5"),
        ({"left_size": 8, "right_size": 8}, ValueError, "8 and 8 rows of 12 together"),
        ({"dataset": 3, "left_size": 1}, TypeError, "expected an array, a list of arrays or a dataset"),
    ],
)
def test_splits_of_bad_input(arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        utils.split_dataset(**{"dataset": DATA, **arguments})


# ---- the steps of a dataset ------------------------------------------------------------------------


def numbers(count: int = 7) -> Dataset:
    return Dataset.from_tensor_slices(np.arange(count))


def test_steps_of_a_dataset() -> None:
    assert listed(list(numbers().take(2))) == [0, 1]
    assert listed(list(numbers().take(-1))) == list(range(7))
    assert listed(list(numbers().skip(5))) == [5, 6]
    assert listed(list(numbers().batch(3))) == [[0, 1, 2], [3, 4, 5], [6]]
    assert listed(list(numbers().batch(3, drop_remainder=True))) == [[0, 1, 2], [3, 4, 5]]
    assert listed(list(numbers().batch(3).unbatch())) == list(range(7))
    assert listed(list(numbers().map(lambda x: 2 * x))) == list(range(0, 14, 2))
    assert listed(list(numbers(2).repeat(3))) == [0, 1] * 3
    assert listed(list(numbers(2).repeat().take(5))) == [0, 1, 0, 1, 0]
    assert listed(list(numbers().prefetch(1))) == list(range(7))
    lengths = [numbers().take(9), numbers().skip(9), numbers().batch(3), numbers().repeat(2)]
    assert [len(each) for each in lengths] == [7, 0, 3, 14]
    with pytest.raises(TypeError, match="no known length"):
        len(numbers().repeat())


def test_elements_of_several_arrays() -> None:
    rows = Dataset.from_tensor_slices(({"a": DATA, "b": GOALS}, [1, 2] * 6))
    x, y = next(iter(rows.batch(2)))
    assert (x["a"].tolist(), x["b"].tolist(), y.tolist()) == (DATA[:2].tolist(), [0, 10], [1, 2])
    assert all(type(each) is Value for each in (x["a"], x["b"], y))
    assert type(next(iter(numbers())).numpy()) is np.int64
    assert next(iter(rows.map(lambda x, y: x["b"] + y))).numpy() == 1
    assert type(next(rows.as_numpy_iterator())[0]["a"]) is np.ndarray


def test_shuffles_of_a_dataset() -> None:
    shuffled = numbers(40).shuffle(8, seed=1)
    first, second = (listed(list(shuffled)) for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(40))
    assert first != second
    assert listed(list(numbers(40).shuffle(8, seed=1))) == first
    assert all(place >= number - 7 for place, number in enumerate(first)), "drawn from the next 8"
    fixed = numbers(40).shuffle(8, seed=1, reshuffle_each_iteration=False)
    assert listed(list(fixed)) == listed(list(fixed))


def test_a_cache_is_filled_by_one_pass() -> None:
    made = []
    cached = numbers(3).map(lambda x: made.append(int(x)) or x).cache()
    list(cached.take(2))
    list(cached)
    assert made == [0, 1, 0, 1, 2]
    assert listed(list(cached)) == [0, 1, 2]
    assert len(made) == 5


def test_rows_that_do_not_go_together() -> None:
    with pytest.raises(ValueError, match=r"same number of rows; received \[2, 3\]"):
        Dataset.from_tensor_slices((np.zeros(2), np.zeros(3)))
    with pytest.raises(ValueError, match="`batch_size` must be a positive integer"):
        numbers().batch(0)
    with pytest.raises(ValueError, match="`count` must be a non-negative integer"):
        numbers().take(-2)


def test_a_model_is_fed_by_windows() -> None:
    series = np.sin(np.arange(60, dtype="float32") / 3)[:, None]
    dataset = windows(series[:-4], series[4:], 4, batch_size=16)
    x, y = (np.concatenate(each) for each in zip(*dataset, strict=True))
    results = []
    for source in ((dataset,), (x, y)):
        utils.set_random_seed(1)
        model = Sequential([layers.Input((4, 1)), layers.LSTM(3), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(*source, epochs=2, verbose=0, shuffle=False, **({"batch_size": 16} if source[1:] else {}))
        given_x = source[0] if source[1:] else windows(series[:-4], None, 4, batch_size=16)
        results.append([model.evaluate(*source, verbose=0), model.predict(given_x, verbose=0)])
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-6)
    np.testing.assert_array_equal(results[0][1], results[1][1])
    assert type(results[0][1]) is np.ndarray


# ---- what is handed out ----------------------------------------------------------------------------


def test_calls_hand_out_arrays_that_answer_numpy() -> None:
    x = np.random.default_rng(1).standard_normal((2, 5, 3)).astype("float32")
    model = Sequential([layers.Input((5, 3)), layers.LSTM(4), layers.Dense(2)])
    found = model(x)
    assert type(found) is Value
    assert type(found.numpy()) is np.ndarray
    np.testing.assert_array_equal(found.numpy(), model.predict(x, verbose=0))
    assert type(model.predict(x, verbose=0)) is type(model.predict_on_batch(x)) is np.ndarray
    assert np.shares_memory(found.numpy(), found)
    states = layers.LSTM(4, return_state=True)(x)
    assert [type(each) for each in states] == [Value] * 3
    assert type(layers.Dense(3)(found)) is type(layers.add([x, x])) is type(model(x, training=True)) is Value
    np.testing.assert_array_equal(model(x.view(Value)), found)


def test_values_are_arrays_in_all_else() -> None:
    value = np.arange(6, dtype="float32").reshape(2, 3).view(Value)
    assert type(np.asarray(value)) is np.ndarray
    assert (value + np.ones(3)).numpy().tolist() == [[1, 2, 3], [4, 5, 6]]
    assert type(value[1, 2].numpy()) is np.float32
    assert value[1, 2] == 5
    assert f"{value[1, 2]:.2f} {float(value.sum()):.1f}" == "5.00 15.0"
    assert [float(each) for each in value[0]] == [0, 1, 2]
    assert np.argmax(value) == 5
    assert "abcdef"[np.argmax(value)] == "f"
    assert {5: "five"}[np.argmax(value)] == "five"
    assert set(value[0]) == {0, 1, 2}
    with pytest.raises(TypeError, match="hashable"):
        hash(value)
