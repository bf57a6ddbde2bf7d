"""Where `fit`, `evaluate` and `predict` take their batches from: Keras's figures for each, in float64, and
what happens when a source ends, fails or does not fit."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, callbacks, layers, optimizers, utils
from tidegate.models import model_from_json

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_fit.json").read_text())
DATA = {name: np.array(values) for name, values in FIGURES["data"].items()}
X, Y, WEIGHT, SIZE = DATA["x"], DATA["y"], DATA["weight"], FIGURES["size"]
BATCHES = [(X[i : i + SIZE], Y[i : i + SIZE]) for i in range(0, len(X), SIZE)]


class ByNumber:
    """A dataset that derives from nothing, as scripts of other frameworks have them."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        return self.batches[index]


class Dataset(ByNumber, utils.PyDataset):
    """The same as a PyDataset, which writes down what is asked of it."""

    def __init__(self, batches: list[Any], **options: Any) -> None:
        utils.PyDataset.__init__(self, **options)
        self.batches, self.calls = batches, list[Any]()

    def __getitem__(self, index: int) -> Any:
        self.calls.append(index)
        return self.batches[index]

    def on_epoch_begin(self) -> None:
        self.calls.append("begin")

    def on_epoch_end(self) -> None:
        self.calls.append("end")


class Loader:
    """What has no length and no numbers, but can be iterated over again and again."""

    def __iter__(self) -> Iterator[Any]:
        return iter(BATCHES)


def source(kind: str, targets: str) -> Any:
    parts = [X, DATA[targets], *([WEIGHT] if "weighted" in kind else [])]
    if "arrays" in kind:
        return tuple(parts)
    batches = [tuple(part[i : i + SIZE] for part in parts) for i in range(0, len(X), SIZE)]
    return (batch for batch in batches) if "generator" in kind else Dataset(batches)


def model(optimizer: Any = "adam") -> Sequential:
    utils.set_random_seed(3)
    net = Sequential([layers.Input((4, 2)), layers.LSTM(3), layers.Dense(2)])
    net.compile(optimizer, "mse")
    return net


def assert_same_weights(one: Sequential, two: Sequential) -> None:
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        assert_same_bits(a, b)


@pytest.mark.parametrize("figure", FIGURES["cases"], ids=lambda figure: figure["title"])
def test_figures_of_keras(figure: dict[str, Any]) -> None:
    net = model_from_json(figure["model"])
    net.set_weights([np.array(w) for w in figure["start"]])
    options = {**figure["fit"], "shuffle": False, "verbose": 0}
    for name in ("class_weight", "validation_data"):
        if name in options:
            given = options[name]
            options[name] = (
                source(given, figure["targets"])
                if isinstance(given, str)
                else {int(key): value for key, value in given.items()}
            )
    given = source(figure["source"], figure["targets"])
    x, *rest = given if isinstance(given, tuple) else (given,)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = net.fit(x, *rest[:1], sample_weight=rest[1] if rest[1:] else None, **options).history
    assert bool(caught) is figure["ran out"]
    assert all("ran out of data" in str(each.message) for each in caught)
    assert list(history) == list(figure["history"])
    for name, values in figure["history"].items():
        np.testing.assert_allclose(history[name], values, rtol=0, atol=1e-8, err_msg=name)
    for found, expected in zip(net.get_weights(), figure["end"], strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
    weight = WEIGHT if "weighted" in figure["source"] else None
    found = net.evaluate(X, DATA[figure["targets"]], batch_size=5, sample_weight=weight, verbose=0)
    np.testing.assert_allclose(found, figure["evaluate"], rtol=0, atol=1e-8)


@pytest.mark.filterwarnings("ignore:Your input ran out of data after . batches;")
@pytest.mark.parametrize(
    "make",
    [lambda: iter(BATCHES), lambda: (batch for batch in BATCHES), lambda: ByNumber(BATCHES),
     lambda: Dataset(BATCHES), lambda: Dataset(BATCHES, workers=3, max_queue_size=2), Loader],
    ids=["iterator", "generator", "by number", "dataset", "with threads", "iterable"],
)  # fmt: skip
def test_every_source_is_the_same_data(make: Any) -> None:
    net, other = model(), model()
    expected = net.fit(X, Y, batch_size=SIZE, shuffle=False, verbose=0)
    found = other.fit(make(), shuffle=False, verbose=0)
    assert found.history == expected.history
    assert_same_weights(net, other)
    assert other.evaluate(make(), verbose=0) == net.evaluate(X, Y, batch_size=SIZE, verbose=0)
    assert_same_bits(other.predict(make(), verbose=0), net.predict(X, verbose=0))
    assert_same_bits(other.predict(make(), steps=2, verbose=0), net.predict(X[: 2 * SIZE], verbose=0))


def test_a_dataset_hears_of_epochs_and_is_shuffled_by_batches() -> None:
    data = Dataset(BATCHES)
    model().fit(data, epochs=2, verbose=0)
    assert data.calls[0] == data.calls[7] == "begin"
    assert data.calls[6] == data.calls[13] == "end"
    first, second = data.calls[1:6], data.calls[8:13]
    data.calls.clear()
    model().fit(data, shuffle=False, verbose=0)
    assert data.calls == ["begin", 0, 1, 2, 3, 4, "end"]
    assert sorted(first) == sorted(second) == [0, 1, 2, 3, 4]
    assert first != second
    again = Dataset(BATCHES)
    model().fit(again, epochs=2, verbose=0)
    assert again.calls[1:6] == first


def test_rows_in_a_new_order_within_their_batches() -> None:
    net, other, plain = model(), model(), model()
    for each in (net, other):
        each.fit(X, Y, batch_size=SIZE, shuffle="batch", verbose=0)
    plain.fit(X, Y, batch_size=SIZE, shuffle=False, verbose=0)
    assert_same_weights(net, other)
    assert not np.array_equal(net.get_weights()[0], plain.get_weights()[0])
    for a, b in zip(net.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)  # only the order of sums within a batch differs


def test_threads_of_a_dataset_end_with_the_epoch() -> None:
    model().fit(Dataset(BATCHES, workers=4), epochs=3, verbose=0)
    assert not [each.name for each in threading.enumerate() if "tidegate" in each.name]


def test_a_dataset_without_an_end() -> None:
    class Endless(utils.PyDataset):
        num_batches = None

        def __getitem__(self, index: int) -> Any:
            return BATCHES[index % len(BATCHES)]

    for workers in (1, 2):
        history = model().fit(Endless(workers), epochs=3, steps_per_epoch=4, shuffle=False, verbose=0)
        assert len(history.epoch) == 3


@pytest.mark.filterwarnings("ignore:Your input ran out of data after . batches;")
def test_the_first_batch_builds_a_model() -> None:
    utils.set_random_seed(3)
    net = Sequential([layers.LSTM(3), layers.Dense(2)])
    net.compile("adam", "mse", metrics=["mae"])
    net.fit(iter(BATCHES), validation_data=Loader(), verbose=0)
    other = model()
    other.fit(iter(BATCHES), verbose=0)
    assert_same_weights(net, other)


@pytest.mark.parametrize("error", [RuntimeError("no disk"), KeyboardInterrupt()], ids=["error", "interrupt"])
@pytest.mark.parametrize("where", ["generator", "on_train_batch_end", "on_epoch_end", "on_test_begin"])
def test_what_is_raised_in_between_reaches_the_caller(where: str, error: BaseException) -> None:
    """The model stays usable, and its History has the epochs that were finished."""
    count = 0

    def generator() -> Iterator[Any]:
        for i in range(100):
            if where == "generator" and i == 5:
                raise error
            yield BATCHES[i % 4]

    class Raises(callbacks.Callback):
        def __getattribute__(self, name: str) -> Any:
            nonlocal count
            if name == where:
                count += 1
                if count == {"on_train_batch_end": 5, "on_epoch_end": 3, "on_test_begin": 3}[where]:
                    raise error
            return super().__getattribute__(name)

    net = model(optimizers.Adam(0.01, use_ema=True))
    with pytest.raises(type(error)):
        net.fit(
            generator(), epochs=9, steps_per_epoch=2, verbose=0, callbacks=[Raises()],
            validation_data=(X, Y),
        )  # fmt: skip
    assert net.history is not None
    assert net.history.epoch == [0, 1]
    assert {name: len(values) for name, values in net.history.history.items()} == {"loss": 2, "val_loss": 2}
    assert np.isfinite(net.predict(X, verbose=0)).all()
    assert net.fit(X, Y, verbose=0).epoch == [0]


def test_a_generator_that_yields_too_little() -> None:
    with pytest.warns(UserWarning, match="ran out of data"):
        history = model().fit(iter(BATCHES), epochs=1, steps_per_epoch=7, verbose=0)
    assert len(history.history["loss"]) == 1
    with pytest.warns(UserWarning, match="ran out of data"):
        assert len(model().predict(iter(BATCHES), steps=7, verbose=0)) == len(X)


@pytest.mark.parametrize("x", [lambda: iter(BATCHES), Loader], ids=["generator", "iterable"])
def test_an_end_that_nobody_knew_of_is_warned_of(x: Any) -> None:
    """As in Keras, in each pass but those that know from the one before."""
    net = model()
    for run in (
        lambda x: net.fit(x, verbose=0),
        lambda x: net.evaluate(x, verbose=0),
        lambda x: net.predict(x, verbose=0),
    ):
        with pytest.warns(UserWarning, match="ran out of data after 5 batches;") as caught:
            run(x())
        assert len(caught) == 1


@pytest.mark.parametrize(
    ("x", "options", "words"),
    [
        (lambda: iter([]), {}, "at least one batch"),
        (lambda: Dataset([]), {}, "at least one batch"),
        (lambda: iter(BATCHES), {"y": Y}, "`y` must be None"),
        (lambda: iter(BATCHES), {"sample_weight": WEIGHT}, "`sample_weight` must be None"),
        (lambda: iter(BATCHES), {"validation_split": 0.5}, "validation_split"),
        (lambda: iter([(X,)]), {}, "`y` is required"),
        (lambda: iter([(X, Y, WEIGHT, 1)]), {}, r"x, y, sample_weight"),
        (lambda: iter([(X, Y[:3])]), {}, "number of samples"),
        (lambda: iter([(X[:, :, :1], Y)]), {}, "shape"),
        (lambda: iter([(X, Y, WEIGHT)]), {"class_weight": {0: 1.0}}, "class_weight.*sample_weight"),
        (lambda: X, {"y": Y, "class_weight": {0: 1.0}, "sample_weight": WEIGHT}, "class_weight.*sample"),
        (lambda: X, {"y": np.zeros((13, 2, 2)), "class_weight": {0: 1.0}}, "one class for each row"),
        (lambda: X, {"y": Y, "validation_data": X}, "validation_data"),
        (lambda: "data", {}, "Unrecognized data type"),
    ],
)  # fmt: skip
def test_what_does_not_fit(x: Any, options: dict[str, Any], words: str) -> None:
    net = model()
    before = net.get_weights()
    with pytest.raises(ValueError, match=words) as caught:
        net.fit(x(), verbose=0, **options)
    assert "\n" not in str(caught.value)
    for a, b in zip(net.get_weights(), before, strict=True):
        assert_same_bits(a, b)


def test_a_dataset_that_forgets_its_constructor() -> None:
    class Forgetful(Dataset):
        def __init__(self) -> None:
            self.batches, self.calls = BATCHES, []

    with pytest.warns(UserWarning, match="super"):
        model().fit(Forgetful(), verbose=0)


def test_class_weights_of_a_single_batch() -> None:
    labels = DATA["labels"]
    net = Sequential([layers.Input((4, 2)), layers.LSTM(3), layers.Dense(3, activation="softmax")])
    net.compile("sgd", "sparse_categorical_crossentropy")
    weight = np.where(labels == 1, 5.0, 1.0)
    expected = net.test_on_batch(X, labels, sample_weight=weight)
    assert net.train_on_batch(X, labels, class_weight={1: 5.0}) == expected


def test_arguments_of_compile_that_change_no_number() -> None:
    net, other = model(), model()
    other.compile("adam", "mse", run_eagerly=True, steps_per_execution=4, jit_compile=False)
    assert net.fit(X, Y, verbose=0).history == other.fit(X, Y, verbose=0).history
    again = model_from_json(other.to_json())
    assert again.get_compile_config() == other.get_compile_config()
