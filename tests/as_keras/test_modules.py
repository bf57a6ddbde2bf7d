"""`keras` and `tensorflow` as modules: every way to import them, and what is said of what is not there."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import tidegate
from tidegate.as_keras import install, uninstall
from tidegate.as_keras.places import MODULES, NAMES, OLD_PATHS, PATHS, VERSIONS


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    install()
    yield
    uninstall()


@pytest.mark.parametrize("path", MODULES)
def test_every_module_can_be_imported_and_has_what_it_says(path: str) -> None:
    module = importlib.import_module(path)
    assert isinstance(module, ModuleType)
    assert sys.modules[path] is module
    assert importlib.import_module(path) is module
    for name in module.__all__:
        assert getattr(module, name) is not None or name == "newaxis", name
    assert {*module.__all__} <= {*dir(module)}


@pytest.mark.parametrize(("path", "there"), (PATHS | OLD_PATHS).items())
def test_another_path_is_the_same_module(path: str, there: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module = importlib.import_module(path)
    assert module is importlib.import_module(there)
    messages = [str(each.message) for each in caught]
    if path in OLD_PATHS:
        assert messages[-1] == f"`{path}` is an old path of `{there}`"
    else:
        assert not messages


def test_statements() -> None:
    names: dict[str, object] = {}
    exec(
        "import keras, keras.layers as kl, tensorflow as tf\n"
        "from keras import layers, Sequential, Input\n"
        "from keras.models import Model, Input as I, load_model\n"
        "from tensorflow import keras as tk\n"
        "from tensorflow.keras import layers as tl\n"
        "from tensorflow.keras.layers import LSTM, Dense as D\n"
        "from tensorflow.python.keras.layers import GRU\n"
        "from tensorflow.keras.optimizers.schedules import ExponentialDecay\n"
        "from keras.losses import *\n",
        names,
    )
    assert names["kl"] is names["layers"] is names["tl"]
    assert names["tk"] is names["keras"] is names["tf"].keras  # type: ignore[attr-defined]
    assert names["LSTM"] is tidegate.layers.LSTM
    assert names["GRU"] is tidegate.layers.GRU
    assert names["Huber"] is tidegate.losses.Huber
    assert names["Model"] is tidegate.Model
    assert names["I"] is names["Input"]


def test_values_of_losses_and_metrics_answer_numpy() -> None:
    keras = importlib.import_module("keras")
    for function in (keras.losses.mse, keras.losses.MAE, keras.metrics.mae):
        assert function([0.0, 1.0], [0.5, 1.0]).numpy() in (0.125, 0.25, 0.5)


def test_versions_say_whose_they_are() -> None:
    for name, version in VERSIONS.items():
        assert importlib.import_module(name).__version__ == version
        assert version.endswith("+tidegate")


def test_what_is_missing_is_named_with_the_nearest_and_the_list() -> None:
    keras = importlib.import_module("keras")
    for statement in ("from keras.layers import Lsmt", "from tensorflow.keras.layers import Lsmt"):
        with pytest.raises(ImportError, match=r"keras\.layers\.Lsmt`. Did you mean `LSTM`\? python/README"):
            exec(statement)
    with pytest.raises(AttributeError, match=r"Tidegate does not offer `keras\.applications`"):
        _ = keras.applications
    with pytest.raises(ImportError, match=r"Tidegate does not offer `keras\.applications`"):
        exec("import keras.applications.vgg16")
    with pytest.raises(AttributeError, match=r"Tidegate does not offer `tensorflow\.GradientTape`"):
        _ = importlib.import_module("tensorflow").GradientTape
    assert not hasattr(keras, "applications")
    assert not hasattr(keras, "__wrapped__")


def test_an_old_name_is_the_present_one_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="`CuDNNGRU` is called `GRU` now"):
        exec("from keras.layers import CuDNNGRU")
    with pytest.warns(UserWarning, match="`rmsprop` is called `RMSprop` now"):
        found = importlib.import_module("keras.optimizers").rmsprop
    assert found is tidegate.optimizers.RMSprop


def test_tables_are_in_order() -> None:
    for table in (MODULES, NAMES, PATHS, OLD_PATHS):
        assert list(table) == sorted(table)
    for path in (*NAMES, *(PATHS | OLD_PATHS).values()):
        assert path in MODULES


def test_the_page_of_names_is_current() -> None:
    data = Path(__file__).parent.parent / "data"
    specification = importlib.util.spec_from_file_location("make_offered", data / "make_offered.py")
    assert specification is not None
    assert specification.loader is not None
    make_offered = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(make_offered)
    again = "python/README.md is not what `python tests/data/make_offered.py` writes"
    assert make_offered.PAGE.read_text() == make_offered.page(), again
