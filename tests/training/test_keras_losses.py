"""Every loss of Keras 3.15.1: its values, gradients and configurations in `data/keras_losses.json`, and
gradients against central differences, all in float64; the same figures in float32.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, layers, losses
from tidegate.models import load_model
from tidegate.utils.naming import snake_case

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_losses.json").read_text())["losses"]
EVERY = pytest.mark.parametrize(
    "figure", FIGURES, ids=[f"{k}-{figure['class']}" for k, figure in enumerate(FIGURES)]
)


def make(figure: dict[str, Any], **changed: Any) -> losses.Loss:
    loss: losses.Loss = getattr(losses, figure["class"])(**figure["config"] | changed)
    return loss


def arrays(figure: dict[str, Any], dtype: str = "float64") -> list[Any]:
    """Targets, predictions, sample weights and mask."""
    kinds = {"y_true": dtype, "y_pred": dtype, "sample_weight": dtype, "mask": "bool"}
    return [np.array(figure[name], kind) if name in figure else None for name, kind in kinds.items()]


def test_every_loss_has_figures() -> None:
    assert {figure["class"] for figure in FIGURES} == set(losses.CLASSES)


@EVERY
@pytest.mark.parametrize(("dtype", "accuracy"), [("float64", 1e-11), ("float32", 5e-5)])
def test_values_and_gradients(figure: dict[str, Any], dtype: str, accuracy: float) -> None:
    if figure["class"] == "CTC":
        accuracy = max(accuracy, 1e-6)  # Keras computes it in float32 whatever the dtype
    y_true, y_pred, sample_weight, mask = arrays(figure, dtype)
    value, gradient = make(figure).value_and_gradient(y_true, y_pred, sample_weight, mask)
    assert value == pytest.approx(figure["value"], rel=accuracy, abs=accuracy)
    assert value == make(figure)(y_true, y_pred, sample_weight, mask)
    expected = np.array(figure["gradient"])
    assert gradient.dtype == dtype
    assert gradient.shape == expected.shape
    scale = max(1e-3, np.abs(expected).max())
    np.testing.assert_allclose(gradient, expected, rtol=accuracy, atol=accuracy * scale)
    each = make(figure, reduction=None)(y_true, y_pred)
    assert each.dtype == dtype
    np.testing.assert_allclose(each, figure["each"], rtol=accuracy, atol=accuracy)


@EVERY
def test_gradient_is_the_derivative(figure: dict[str, Any]) -> None:
    loss, (y_true, y_pred, sample_weight, mask) = make(figure), arrays(figure)
    _, gradient = loss.value_and_gradient(y_true, y_pred, sample_weight, mask)
    scale = max(1.0, np.abs(gradient).max())
    for k in np.ndindex(y_pred.shape):
        step = np.zeros_like(y_pred)
        step[k] = 1e-6
        above, below = (loss(y_true, y_pred + sign * step, sample_weight, mask) for sign in (1, -1))
        assert gradient[k] == pytest.approx((above - below) / 2e-6, rel=1e-6, abs=1e-7 * scale)


@EVERY
def test_functions_give_the_values(figure: dict[str, Any]) -> None:
    arguments = {key: value for key, value in figure["config"].items() if key != "reduction"}
    if figure["class"] == "CategoricalGeneralizedCrossEntropy":
        arguments = {"q": 0.5} | arguments
    function = losses.FUNCTIONS[snake_case(figure["class"])]
    y_true, y_pred, *_ = arrays(figure)
    np.testing.assert_array_equal(
        function(y_true, y_pred, **arguments), make(figure, reduction=None)(y_true, y_pred)
    )


@EVERY
def test_configurations(figure: dict[str, Any]) -> None:
    """They are Keras's, with the arguments that Keras forgets; and they make an equal loss."""
    loss = make(figure)
    assert json.loads(json.dumps(loss.get_config())) == figure["keras_config"] | figure["config"]
    stored = json.loads(json.dumps(losses.serialize(loss)))
    assert type(losses.deserialize(stored)) is type(loss)
    of_keras = {"module": "keras.losses", "class_name": figure["class"], "config": figure["keras_config"]}
    assert type(losses.deserialize(of_keras)) is type(loss)
    y_true, y_pred, sample_weight, mask = arrays(figure)
    assert losses.deserialize(stored)(y_true, y_pred, sample_weight, mask) == loss(
        y_true, y_pred, sample_weight, mask
    )


@pytest.mark.parametrize("cls", losses.CLASSES.values())
def test_names(cls: type[losses.Loss]) -> None:
    function = losses.FUNCTIONS[snake_case(cls.__name__)]
    for identifier in (cls.__name__, function.__name__, function, cls):
        assert type(losses.get(identifier)) is cls


@pytest.mark.parametrize(
    ("short", "name"),
    [
        ("bce", "BinaryCrossentropy"),
        ("kld", "KLDivergence"),
        ("mae", "MeanAbsoluteError"),
        ("mape", "MeanAbsolutePercentageError"),
        ("mse", "MeanSquaredError"),
        ("msle", "MeanSquaredLogarithmicError"),
    ],
)
def test_short_names(short: str, name: str) -> None:
    for word in (short, short.upper()):
        assert type(losses.get(word)).__name__ == name
        assert losses.get(word).name == word


def test_circle_against_other_embeddings() -> None:
    rng = np.random.default_rng(3)
    labels, embeddings = np.array([0, 0, 1, 1, 2]), rng.standard_normal((5, 3)) / 2
    alone = losses.circle(labels, embeddings, gamma=4, remove_diagonal=False)
    np.testing.assert_array_equal(
        losses.circle(labels, embeddings, labels, embeddings, gamma=4, remove_diagonal=False), alone
    )
    some = losses.circle(labels[:2], embeddings[:2], labels, embeddings, gamma=4, remove_diagonal=False)
    np.testing.assert_allclose(some, alone[:2], rtol=1e-12)


def test_an_ignored_class_hides_a_nan() -> None:
    y_pred = np.array([[0.25, 0.75], [np.nan, 0.5], [0.5, 0.5]])
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    value, gradient = loss.value_and_gradient(np.array([1, -1, 0]), y_pred)
    assert value == pytest.approx((np.log(4 / 3) + np.log(2)) / 2)
    assert gradient[1].tolist() == [0, 0]
    assert loss(np.array([-1, -1, -1]), y_pred) == 0


BROADCAST = {cls for cls in losses.CLASSES.values() if cls.broadcasts} - {losses.CosineSimilarity}


@pytest.mark.parametrize("cls", sorted(BROADCAST, key=lambda cls: cls.__name__))
@pytest.mark.parametrize("shape", [(1, 4), (5, 1), (1, 1)])
def test_targets_that_stand_for_several(cls: type[losses.Loss], shape: tuple[int, int]) -> None:
    y_pred = np.random.default_rng(4).random((5, 4))
    expected = cls().value_and_gradient(np.full((5, 4), 0.5), y_pred)
    value, gradient = cls().value_and_gradient(np.full(shape, 0.5), y_pred)
    assert value == expected[0]
    np.testing.assert_array_equal(gradient, expected[1])


def test_cosine_similarity_of_almost_nothing() -> None:
    """A vector shorter than 1e-7 counts as that long."""
    value, gradient = losses.CosineSimilarity().value_and_gradient([[0.6, 0.8]], np.array([[3e-9, 0.0]]))
    assert value == pytest.approx(-0.018, rel=1e-12)
    np.testing.assert_allclose(gradient, [[-6e6, -8e6]], rtol=1e-12)


def test_focal_losses_without_focus_are_the_cross_entropies() -> None:
    y = np.array([[1.0, 0.0], [0.0, 1.0]])
    for focal, plain in (
        (losses.BinaryFocalCrossentropy(gamma=0), losses.BinaryCrossentropy()),
        (losses.CategoricalFocalCrossentropy(gamma=0, alpha=1), losses.CategoricalCrossentropy()),
    ):
        for y_pred in (y, np.array([[0.25, 0.75], [0.5, 0.5]])):  # what is right, too
            one, other = focal.value_and_gradient(y, y_pred), plain.value_and_gradient(y, y_pred)
            assert one[0] == pytest.approx(other[0], rel=1e-12)
            np.testing.assert_allclose(one[1], other[1], rtol=1e-12)


def test_ctc_without_a_path() -> None:
    """Two equal labels need three steps."""
    logits = np.zeros((2, 2, 3))
    value = losses.ctc(np.array([[1, 1], [1, 2]]), logits)
    assert value[0] == np.inf
    assert value[1] == pytest.approx(np.log(9))
    _, gradient = losses.CTC().value_and_gradient(np.array([[1, 1], [1, 2]]), logits)
    assert np.isfinite(gradient).all()


def test_a_nan_stays_in_its_row() -> None:
    for name, cls in losses.CLASSES.items():
        if name in ("Circle", "Dice", "Tversky"):  # in these, rows share a loss
            continue
        y_true, y_pred = np.array([[0.0, 1], [1, 0]]), np.array([[0.5, np.nan], [0.5, 0.25]])
        if name == "CTC":
            y_true, y_pred = np.array([[1], [1]]), y_pred[:, np.newaxis]
        elif name in ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"):
            y_true = np.array([1, 0])
        value, gradient = cls().value_and_gradient(y_true, y_pred)  # type: ignore[call-arg]
        assert np.isnan(value), name
        assert np.isfinite(gradient[1]).all(), name


Y = np.ones((2, 3))


@pytest.mark.parametrize(
    ("make_loss", "message"),
    [
        (lambda: losses.Huber("far"), "`delta` expected a finite number; received 'far'"),
        (lambda: losses.Huber(np.nan), "`delta` expected a finite number; received nan"),
        (lambda: losses.CosineSimilarity(axis=True), "`axis` expected an integer; received True"),
        (lambda: losses.Dice(axis=(0, "last")), "`axis` expected an integer; received 'last'"),
        (lambda: losses.Dice(axis=2)(Y, Y), r"`axis` expected an axis of the predictions \(2, 3\)"),
        (lambda: losses.CategoricalCrossentropy(axis=5)(Y, Y), r"`axis` expected an axis"),
        (lambda: losses.SparseCategoricalCrossentropy(axis=5)(Y[:, 0], Y), r"`axis` expected an axis"),
        (lambda: losses.SparseCategoricalCrossentropy(ignore_class="no"), "`ignore_class` expected an int"),
        (lambda: losses.SparseCategoricalCrossentropy(ignore_class=7)(4 * Y[:, 0], Y), "0 to 2; received 4"),
        (lambda: losses.CategoricalFocalCrossentropy(alpha=[0.5, 1])(Y, Y), "3 classes; received 2"),
        (lambda: losses.CategoricalFocalCrossentropy(alpha=["a"]), "`alpha` expected a finite number"),
        (lambda: losses.CategoricalFocalCrossentropy(gamma=None), "`gamma` expected a finite number"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(q=1), "`q` expected a number between 0 and 1"),
        (lambda: losses.BinaryCrossentropy(label_smoothing="x"), "`label_smoothing` expected a finite num"),
        (lambda: losses.Tversky(alpha=[1]), "`alpha` expected a finite number"),
        (lambda: losses.Circle(margin=None), "`margin` expected a finite number"),
        (lambda: losses.Circle()(Y, Y), r"labels \[batch\].*\(2, 3\) and \(2, 3\)"),
        (lambda: losses.CTC()(Y, Y), r"labels \[batch, length\].*\(2, 3\) and \(2, 3\)"),
        (lambda: losses.CTC()(5 * Y, np.ones((2, 4, 3))), "labels from 1 to 2.*received 5"),
        (lambda: losses.CTC()(np.array([[0, 1]]), np.ones((1, 4, 3))), "no label after a zero"),
        (lambda: losses.Poisson()(Y, np.ones((2, 4))), r"the same shape; received \(2, 3\) and \(2, 4\)"),
        (lambda: losses.get("log_kosh"), "Did you mean `log_cosh`"),
    ],
)
def test_bad_input(make_loss: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_loss()


@pytest.mark.parametrize("name", losses.CLASSES)
def test_training_lowers_it_and_files_keep_it(name: str, tmp_path: Path) -> None:
    figure = next(figure for figure in FIGURES if figure["class"] == name)
    y_true, y_pred, *_ = arrays(figure, "float32")
    steps = y_pred.shape[1] if y_pred.ndim == 3 else 3
    x = np.random.default_rng(1).standard_normal((len(y_pred), steps, 2)).astype("float32")
    model = Sequential(
        [
            layers.LSTM(8, return_sequences=y_pred.ndim == 3, seed=1),
            layers.Dense(y_pred.shape[-1], activation="sigmoid"),
        ]
    )
    model.compile("adam", loss=make(figure))
    history = model.fit(x, y_true, epochs=30, shuffle=False, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert again.evaluate(x, y_true, verbose=0) == model.evaluate(x, y_true, verbose=0)
