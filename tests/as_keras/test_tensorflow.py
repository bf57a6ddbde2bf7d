"""The functions of TensorFlow that scripts use, on arrays, against what TensorFlow makes of them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorflow_cases import CASES, call, plain

from tidegate.as_keras import install, uninstall
from tidegate.values import Value

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "tensorflow_functions.json").read_text())


@pytest.fixture
def tf() -> Iterator[Any]:
    install()
    yield importlib.import_module("tensorflow")
    uninstall()


@pytest.mark.parametrize("name", CASES)
def test_a_function_is_that_of_tensorflow(tf: Any, name: str) -> None:
    values, dtype = plain(call(tf, name))
    expected, expected_dtype = FIGURES[name]
    np.testing.assert_allclose(np.array(values, float), np.array(expected, float), rtol=1e-5, atol=1e-6)
    assert dtype.rstrip("0123456789") == expected_dtype.rstrip("0123456789")


def test_every_function_of_the_tables_is_called(tf: Any) -> None:
    for path in ("tensorflow.math", "tensorflow.nn"):
        names = {
            f"{path}.{name}".removeprefix("tensorflow.") for name in importlib.import_module(path).__all__
        }
        assert names <= CASES.keys()


def test_answers_are_tensors(tf: Any) -> None:
    assert isinstance(tf.reduce_mean([1.0, 2.0]), tf.Tensor)
    assert tf.reduce_mean([1.0, 2.0]).numpy() == 1.5
    assert tf.is_tensor(tf.constant(1))
    assert not tf.is_tensor(np.zeros(1))
    assert tf.constant([1.5]).dtype == tf.float32
    assert tf.constant([1, 2], shape=(2, 1)).shape == (2, 1)
    assert isinstance(tf.zeros((2,)), Value)


def test_what_is_not_an_argument_is_refused(tf: Any) -> None:
    with pytest.raises(
        TypeError, match=r"reduce_sum\(\) does not take the argument `axes`. Did you mean `axis`"
    ):
        tf.reduce_sum([1.0], axes=0)
    with pytest.raises(TypeError, match=r"square\(\) takes at most 1 arguments; received 2"):
        tf.square(1.0, 2.0)


def test_random_numbers_are_counted(tf: Any) -> None:
    for draw in (tf.random.normal, tf.random.uniform, tf.random.truncated_normal):
        tf.random.set_seed(3)
        first = draw((2, 3))
        assert first.dtype == np.float32
        tf.random.set_seed(3)
        np.testing.assert_array_equal(first, draw([2, 3]))
    assert np.all((tf.random.uniform((100,), 2, 3) >= 2) & (tf.random.uniform((100,), 2, 3) < 3))


def test_switches_do_nothing_and_say_so(tf: Any) -> None:
    assert tf.config.list_physical_devices("GPU") == tf.config.experimental.list_physical_devices() == []
    tf.config.experimental.set_memory_growth("gpu", True)
    tf.config.threading.set_intra_op_parallelism_threads(0)
    tf.compat.v1.disable_eager_execution()
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    tf.autograph.experimental.set_verbosity(0)
    tf.get_logger().setLevel("ERROR")
    assert tf.executing_eagerly()
    assert not tf.test.is_gpu_available()
    assert tf.test.gpu_device_name() == ""
    with tf.device("/GPU:0"):
        session = tf.compat.v1.Session(config=tf.compat.v1.ConfigProto())
    with pytest.raises(NotImplementedError, match=r"`Session\.run` has no graph to run"):
        session.run([])


def test_function_gives_the_function_back(tf: Any) -> None:
    @tf.function
    def one(x: float) -> float:
        return x + 1

    @tf.function(jit_compile=True)
    def two(x: float) -> float:
        return x + 2

    assert (one(1), two(1)) == (2, 3)


def test_a_variable(tf: Any) -> None:
    variable = tf.Variable([1.0, 2.0], name="v", trainable=False)
    assert variable.dtype == np.float32
    variable.assign([3.0, 4.0])
    np.testing.assert_array_equal(variable.numpy(), [3, 4])
    assert not variable.trainable
    assert float(tf.reduce_sum(variable)) == 7
