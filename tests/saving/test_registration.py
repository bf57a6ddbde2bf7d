"""Classes and functions of the program's own in files: a file gives a name, the program says what it is."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, layers, losses, metrics, models, regularizers, saving, utils
from tidegate.initializers.initializer import Initializer
from tidegate.regularizers.regularizer import Regularizer
from tidegate.saving import registration

DATA = Path(__file__).parents[1] / "data"
X = np.random.default_rng(1).standard_normal((4, 3)).astype("float32")


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(registration, "_registered", {})
    monkeypatch.setattr(registration, "_names", {})


class Twice(layers.Dense):
    """A layer that somebody has derived."""


class Tens(Initializer):
    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor}

    def __call__(self, shape: Any, dtype: Any = None, **options: Any) -> Any:
        return np.full(shape, 10 * self.factor, dtype or "float32")


class Sixth(Regularizer):
    def __call__(self, x: Any) -> float:
        return float(np.sum(x) / 6)

    def gradient(self, x: Any) -> Any:
        return np.full_like(x, 1 / 6)

    def get_config(self) -> dict[str, Any]:
        return {}


class Apart(losses.MeanSquaredError):
    """A loss that somebody has derived."""


class Share(metrics.BinaryAccuracy):
    """A metric that somebody has derived."""


def distance(y_true: Any, y_pred: Any) -> Any:
    return ((y_true - y_pred) ** 2).mean(axis=-1)


OWN = {each.__name__: each for each in (Twice, Tens, Sixth, Apart, Share, distance)}


def model(loss: Any = None) -> Sequential:
    made = Sequential(
        [
            layers.Input((3,)),
            Twice(4, kernel_initializer=Tens(0.01), kernel_regularizer=Sixth(), name="own"),
            layers.Dense(2),
        ]
    )
    made.compile("sgd", loss or Apart(), metrics=[Share(name="share"), distance])
    return made


@pytest.mark.parametrize("loss", [None, distance])
@pytest.mark.parametrize("registered", [True, False])
def test_a_file_of_own_classes(tmp_path: Path, loss: Any, registered: bool) -> None:
    for each in OWN.values() if registered else ():
        saving.register_keras_serializable("tests")(each)
    net = model(loss)
    y = np.ones((4, 2), "float32")
    net.fit(X, y, verbose=0)
    net.save(tmp_path / "own.keras")
    loaded = models.load_model(tmp_path / "own.keras", custom_objects=None if registered else OWN)
    assert type(loaded.layers[0]) is Twice
    assert type(loaded.layers[0].kernel_initializer) is Tens
    assert loaded.layers[0].kernel_initializer.factor == 0.01
    assert type(loaded.layers[0].kernel_regularizer) is Sixth
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), net.predict(X, verbose=0))
    assert type(loaded.loss) is (type(distance) if loss else Apart)
    assert loaded.evaluate(X, y, verbose=0) == net.evaluate(X, y, verbose=0)
    again = models.model_from_json(net.to_json(), custom_objects=None if registered else OWN)
    assert again.get_config() == net.get_config()
    assert again.compiled


@pytest.mark.parametrize("missing", OWN)
def test_a_name_that_the_program_does_not_know(tmp_path: Path, missing: str) -> None:
    model().save(tmp_path / "own.keras")
    others = {name: each for name, each in OWN.items() if name != missing}
    with pytest.raises(ValueError, match=missing) as error:
        models.load_model(tmp_path / "own.keras", custom_objects=others)
    assert "\n" not in str(error.value)


def test_a_registered_name_is_known_by_that_name_alone(tmp_path: Path) -> None:
    saving.register_keras_serializable("tests")(Twice)
    net = Sequential([layers.Input((3,)), Twice(4)])
    net.save(tmp_path / "own.keras")
    saving.get_custom_objects().clear()
    with pytest.raises(ValueError, match=r"tests>Twice.*register_keras_serializable"):
        models.load_model(tmp_path / "own.keras", custom_objects={"Twice": Twice})
    loaded = models.load_model(tmp_path / "own.keras", custom_objects={"tests>Twice": Twice})
    assert type(loaded.layers[0]) is Twice


def test_an_own_class_with_the_name_of_one_of_keras(tmp_path: Path) -> None:
    """It must not become Keras's behind the program's back."""
    own = type("Dense", (layers.Dense,), {"__module__": __name__})
    net = Sequential([layers.Input((3,)), own(4), layers.Dense(2)])
    net.save(tmp_path / "own.keras")
    with pytest.raises(ValueError, match=r"Dense.*none of Keras's"):
        models.load_model(tmp_path / "own.keras")
    loaded = models.load_model(tmp_path / "own.keras", custom_objects={"Dense": own})
    assert [type(layer) for layer in loaded.layers] == [own, layers.Dense]


@pytest.mark.parametrize("name", ["Apart", "distance", "Tens"])
def test_an_own_class_in_a_place_for_another_kind(name: str) -> None:
    entry = {"class_name": name, "config": {}, "module": "mine", "registered_name": name}
    config = json.loads(Sequential([layers.Input((3,)), layers.Dense(4)]).to_json())
    config["config"]["layers"][1] = entry
    with pytest.raises(ValueError, match=f"class derived from `Layer`; '{name}'"):
        models.model_from_json(json.dumps(config), custom_objects=OWN)


def test_clones_need_no_registration() -> None:
    net = model()
    clone = models.clone_model(net)
    assert clone.get_config() == net.get_config()
    assert type(clone.layers[0]) is Twice
    other = type("Twice", (layers.Dense,), {"__module__": __name__})
    with pytest.raises(ValueError, match="two classes or functions are called 'Twice'"):
        models.clone_model(Sequential([layers.Input((3,)), Twice(4), other(4)]))


def test_scopes() -> None:
    found = saving.get_registered_object
    with utils.custom_object_scope({"a": Twice}):
        with saving.CustomObjectScope({"b": Tens}):
            assert (found("a"), found("b"), found("c")) == (Twice, Tens, None)
        assert (found("a"), found("b")) == (Twice, None)
        seen: list[Any] = []
        thread = threading.Thread(target=lambda: seen.append(found("a")))
        thread.start()
        thread.join()
        assert seen == [None]
        assert "a" not in saving.get_custom_objects()
    assert found("a") is None
    assert found("a", {"a": Twice}) is Twice
    assert found("a", None, {"a": Twice}) is Twice
    saving.get_custom_objects()["a"] = Tens
    assert found("a", {"a": Twice}) is Tens


def test_names() -> None:
    assert saving.get_registered_name(distance) == "distance"
    named = saving.register_keras_serializable(name="far")(type("Named", (Twice,), {}))
    assert saving.get_registered_name(named) == "Custom>far"
    assert saving.get_registered_object("Custom>far") is named
    with pytest.raises(ValueError, match=r"needs `get_config`; received Bare"):
        saving.register_keras_serializable()(type("Bare", (), {}))


@pytest.mark.parametrize(
    ("get", "name", "kind"),
    [(losses.get, "Apart", Apart), (metrics.get, "Share", Share), (regularizers.get, "Sixth", Sixth)],
)
def test_names_of_own_classes_as_arguments(get: Any, name: str, kind: Any) -> None:
    with saving.custom_object_scope(OWN):
        assert type(get(name)) is kind
    with pytest.raises(ValueError, match=name):
        get(name)


def test_names_of_own_functions_as_arguments() -> None:
    with saving.custom_object_scope(OWN):
        loss, metric = losses.get("distance"), metrics.get("distance")
        wrapped = metrics.MeanMetricWrapper(distance, name="far")
        copy = metrics.deserialize(metrics.serialize(wrapped))
    y, p = np.zeros((2, 3), "float32"), np.ones((2, 3), "float32")
    assert loss(y, p) == 1
    assert metric(y, p) == copy(y, p) == 1
    assert copy.name == "far"


@pytest.mark.parametrize("given", [[Twice], {1: Twice}, "Twice"])
def test_custom_objects_of_another_kind(tmp_path: Path, given: Any) -> None:
    with pytest.raises(ValueError, match="`custom_objects` expected a dictionary"):
        models.load_model(tmp_path / "none.keras", custom_objects=given)


# ---- one object alone ------------------------------------------------------------------------------

VALUES: dict[str, Any] = {
    "nothing": None,
    "text": "tanh",
    "numbers": [1, 2.5, True],
    "bytes": b"ab",
    "slice": slice(1, None, 2),
    "ellipsis": ...,
    "a dictionary": {"a": [1, {"b": None}]},
}


@pytest.mark.parametrize("what", VALUES)
def test_plain_values(what: str) -> None:
    written = saving.serialize_keras_object(VALUES[what])
    assert saving.deserialize_keras_object(json.loads(json.dumps(written))) == VALUES[what]


def test_arrays() -> None:
    array = np.arange(6, dtype="int16").reshape(2, 3)
    back = saving.deserialize_keras_object(saving.serialize_keras_object({"a": (array, 3)}))
    np.testing.assert_array_equal(back["a"][0], array)
    assert back["a"][0].dtype == array.dtype
    with pytest.raises(ValueError, match="dtype object cannot be saved"):
        saving.serialize_keras_object(np.array([None]))


def test_objects_of_every_kind() -> None:
    given = {
        "layer": layers.LSTM(4, name="l"),
        "own": Twice(4, name="o"),
        "loss": losses.BinaryCrossentropy(label_smoothing=0.1),
        "metric": metrics.BinaryCrossentropy(name="m"),
        "function": distance,
        "of keras": losses.mean_squared_error,
        "wrapped": layers.Bidirectional(layers.GRU(2), name="b"),
    }
    written = json.loads(json.dumps(saving.serialize_keras_object(given)))
    back = saving.deserialize_keras_object(written, custom_objects=OWN)
    for name in ("layer", "own", "loss", "metric", "wrapped"):
        assert type(back[name]) is type(given[name])
        assert back[name].get_config() == given[name].get_config()
    assert back["function"] is distance
    assert back["of keras"] is losses.mean_squared_error
    activation = {"class_name": "function", "config": "relu", "module": "builtins"}
    assert saving.deserialize_keras_object(activation)(np.array([-1.0, 2.0])).tolist() == [0, 2]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"class_name": "LSTN", "config": {}}, r"Unknown class 'LSTN'\. Did you mean `LSTM`"),
        ({"class_name": "function", "config": "distance"}, "Unknown function 'distance'.*custom_objects"),
        ({"class_name": "function", "config": ["a"]}, "Unknown function"),
        (
            {"class_name": "Twice", "config": {}, "registered_name": "a>Twice"},
            "Unknown object class 'a>Twice'",
        ),
        ({"class_name": "__lambda__", "config": {"value": "4wEAAA=="}}, "Unknown class '__lambda__'"),
        ({"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}}, "dtype of numbers"),
    ],
)
def test_what_cannot_be_read(config: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        saving.deserialize_keras_object(config)


def test_what_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="cannot be saved"):
        saving.serialize_keras_object(object())


def test_a_name_that_is_not_there() -> None:
    for module in (saving, utils):
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            module.nothing  # noqa: B018
    assert utils.get_custom_objects is saving.get_custom_objects


def test_a_python_lambda_is_named_in_a_file_and_never_in_it(tmp_path: Path) -> None:
    model = Sequential([layers.Input((3,)), layers.Lambda(lambda x: x * 2), layers.Dense(1)])
    with pytest.warns(UserWarning, match="saved without it, since files hold no code"):
        model.save(tmp_path / "lambda.keras")
    with pytest.raises(ValueError, match=r"Unknown function '<lambda>'.*custom_objects"):
        models.load_model(tmp_path / "lambda.keras")
    double = {"<lambda>": lambda x: x * 2}
    loaded = models.load_model(tmp_path / "lambda.keras", custom_objects=double)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
