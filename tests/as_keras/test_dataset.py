"""`tf.data.Dataset`: elements and lengths as TensorFlow has them (the expectations were read from it)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegate.as_keras.tensorflow.dataset import Dataset
from tidegate.as_keras.tensorflow.functions import TensorSpec
from tidegate.layers import LSTM, Dense, Input
from tidegate.models import Sequential


def plain(element: Any) -> Any:
    """Elements as lists and numbers."""
    if isinstance(element, (tuple, list)):
        return tuple(map(plain, element))
    if isinstance(element, dict):
        return {key: plain(value) for key, value in element.items()}
    return element.numpy().tolist() if isinstance(element, np.ndarray) else element


def numbers(count: int = 6) -> Dataset:
    return Dataset.range(count)


def windows(dataset: Dataset, size: int, **options: Any) -> Dataset:
    return dataset.window(size, **options).flat_map(lambda window: window.batch(size))


def generated(*bounds: int) -> Any:
    for number in range(*bounds):
        yield number, [number, -number]


PAIRS = ([1.5, 2.5], [3, 4])
CASES: list[tuple[Any, Any, Any]] = [  # dataset, elements, length
    (lambda: numbers(3), [0, 1, 2], 3),
    (lambda: Dataset.range(1, 6, 2), [1, 3, 5], 3),
    (lambda: Dataset.from_tensor_slices(PAIRS), [(1.5, 3), (2.5, 4)], 2),
    (lambda: Dataset.from_tensor_slices({"a": [1, 2], "b": [[3], [4]]}), [
        {"a": 1, "b": [3]}, {"a": 2, "b": [4]},
    ], 2),
    (lambda: Dataset.from_tensor_slices([[1, 2], [3, 4]]), [[1, 2], [3, 4]], 2),
    (lambda: Dataset.from_tensors(PAIRS), [([1.5, 2.5], [3, 4])], 1),
    (lambda: Dataset.from_generator(generated, (int, float), args=(2,)), [
        (0, [0.0, 0.0]), (1, [1.0, -1.0]),
    ], None),
    (
        lambda: Dataset.from_generator(
            lambda: generated(1), output_signature=(TensorSpec((), np.int32), TensorSpec((2,), np.float32))
        ),
        [(0, [0.0, 0.0])],
        None,
    ),
    (lambda: Dataset.zip((numbers(2), numbers(5).skip(3))), [(0, 3), (1, 4)], 2),
    (lambda: Dataset.zip(numbers(1), numbers(5)), [(0, 0)], 1),
    (lambda: numbers().batch(4), [[0, 1, 2, 3], [4, 5]], 2),
    (lambda: numbers().batch(4, drop_remainder=True), [[0, 1, 2, 3]], 1),
    (lambda: numbers().batch(4).unbatch().take(5), [0, 1, 2, 3, 4], None),
    (lambda: Dataset.from_tensor_slices(PAIRS).batch(2), [([1.5, 2.5], [3, 4])], 1),
    (lambda: Dataset.from_tensor_slices(PAIRS).batch(2).unbatch(), [(1.5, 3), (2.5, 4)], None),
    (lambda: Dataset.from_tensor_slices(PAIRS).map(lambda a, b: (b, 2 * a)), [(3, 3.0), (4, 5.0)], 2),
    (lambda: numbers(3).map(lambda a: (a, {"twice": 2 * a})).skip(2), [(2, {"twice": 4})], 1),
    (lambda: numbers().filter(lambda a: a % 2 == 1), [1, 3, 5], None),
    (lambda: numbers(3).flat_map(lambda a: Dataset.range(a)), [0, 0, 1], None),
    (lambda: numbers(2).repeat(2), [0, 1, 0, 1], 4),
    (lambda: numbers(2).repeat().take(5), [0, 1, 0, 1, 0], 5),
    (lambda: numbers(2).repeat().take(-1).take(1), [0], 1),
    (lambda: numbers().take(2), [0, 1], 2),
    (lambda: numbers().take(20).skip(5), [5], 1),
    (lambda: numbers().skip(20), [], 0),
    (lambda: numbers().shard(4, 1), [1, 5], 2),
    (lambda: numbers().shard(4, 3), [3], 1),
    (lambda: numbers(2).concatenate(numbers(1)), [0, 1, 0], 3),
    (lambda: numbers(2).enumerate(5), [(5, 0), (6, 1)], 2),
    (lambda: numbers(2).cache().prefetch(-1), [0, 1], 2),
    (lambda: windows(numbers(5), 2), [[0, 1], [2, 3], [4]], None),
    (lambda: windows(numbers(5), 3, shift=1), [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4], [4]], None),
    (lambda: windows(numbers(5), 3, shift=1, drop_remainder=True), [[0, 1, 2], [1, 2, 3], [2, 3, 4]], None),
    (lambda: windows(numbers(9), 2, shift=4, drop_remainder=True), [[0, 1], [4, 5]], None),
    (lambda: windows(numbers(7), 2, shift=2, stride=3), [[0, 3], [2, 5], [4], [6]], None),
    (lambda: Dataset.from_tensor_slices(PAIRS).window(2).flat_map(
        lambda a, b: Dataset.zip((a.batch(2), b.batch(2)))
    ), [([1.5, 2.5], [3, 4])], None),
]  # fmt: skip


@pytest.mark.parametrize(("make", "elements", "length"), CASES)
def test_elements_and_lengths(make: Any, elements: Any, length: int | None) -> None:
    dataset = make()
    for _ in range(2):  # a second pass is as the first
        assert list(map(plain, dataset)) == elements
    assert dataset.cardinality().numpy() == (-2 if length is None else length)
    if length is None:
        with pytest.raises(TypeError, match="The dataset is of unknown length"):
            len(dataset)
    else:
        assert len(dataset) == length
    with pytest.raises(TypeError, match="infinite") if length else pytest.raises(TypeError):
        len(dataset.repeat())


def test_dtypes_of_what_lists_hold() -> None:
    floats, integers = next(iter(Dataset.from_tensor_slices(PAIRS)))
    assert (floats.dtype, integers.dtype) == (np.float32, np.int32)
    (kept,) = Dataset.from_tensors(np.zeros(2))
    assert kept.dtype == np.float64
    assert type(next(Dataset.range(1).as_numpy_iterator())) in (np.ndarray, np.int64)


def test_shuffles_are_counted() -> None:
    dataset = numbers(40).shuffle(10, seed=3)
    passes = [[int(each) for each in dataset] for _ in range(2)]
    assert sorted(passes[0]) == sorted(passes[1]) == list(range(40))
    assert passes[0] != passes[1]
    again = numbers(40).shuffle(10, seed=3)
    assert [[int(each) for each in again] for _ in range(2)] == passes
    assert all(
        place - 10 < passes[0][place] + 1 <= place + 10 for place in range(30) if passes[0][place] > place
    )
    fixed = numbers(40).shuffle(40, seed=3, reshuffle_each_iteration=False)
    assert list(map(int, fixed)) == list(map(int, fixed))
    assert list(map(int, numbers(5).shuffle(1))) == [0, 1, 2, 3, 4]


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="all arrays must have the same number of rows"):
        Dataset.from_tensor_slices(([1, 2], [1, 2, 3]))


def test_fit_evaluate_and_predict_take_it() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(24, 5, 2)).astype("float32"), rng.normal(size=(24, 1)).astype("float32")
    model = Sequential([Input((5, 2)), LSTM(3), Dense(1)])
    model.compile("sgd", "mse")
    weights = model.get_weights()
    dataset = Dataset.from_tensor_slices((x, y)).batch(8)
    history = model.fit(dataset, epochs=2, validation_data=dataset.take(1), verbose=0)
    assert set(history.history) == {"loss", "val_loss"}
    trained = model.get_weights()
    model.set_weights(weights)
    model.compile("sgd", "mse")
    model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), trained, strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.evaluate(dataset, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))
    inputs = dataset.map(lambda x, y: x)
    np.testing.assert_array_equal(model.predict(inputs, verbose=0), model.predict(x, verbose=0))
    endless = dataset.repeat()
    assert len(model.fit(endless, steps_per_epoch=2, epochs=3, verbose=0).history["loss"]) == 3
