"""Graphs of layers: layers of several inputs, parts of models, models in models, what `predict` makes of
them, and what is refused."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

from tidegate import Model, Sequential, layers, losses, models, utils
from tidegate._native import core
from tidegate.graph import Graph
from tidegate.layers.several import SeveralInputs
from tidegate.random import Training

DATA = Path(__file__).parent.parent / "data"
RNG = np.random.default_rng(5)
A, B = RNG.standard_normal((6, 4, 2)).astype("f4"), RNG.standard_normal((6, 3)).astype("f4")


class Beside(SeveralInputs):
    """Two sequences side by side; only the steps that count in both count in it."""

    def check_shapes(self, shapes: Any) -> None:
        assert len(shapes) == 2

    def forward(self, inputs: Any, *, mask: Any = None, keep: bool = False, **others: Any) -> Any:
        self.masks = mask
        return np.concatenate(inputs, axis=-1), [x.shape[-1] for x in inputs]

    def backward(self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True) -> Any:
        parts = np.split(d_outputs, np.cumsum(kept)[:-1], axis=-1)
        return [np.ascontiguousarray(part) for part in parts] if need_d_inputs else None, []

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[0][:-1], sum(shape[-1] for shape in input_shape))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Array | None:
        given = [each for each in mask if each is not None]
        return np.logical_and.reduce(given) if given else None


def two_inputs(dtype: str = "float32") -> Model:
    utils.set_random_seed(4)
    a, ids = layers.Input((4, 2), name="a", dtype=dtype), layers.Input((4,), name="ids", dtype=dtype)
    table = layers.Embedding(5, 3, mask_zero=True, dtype=dtype)(ids)
    both = Beside(dtype=dtype)([layers.Dense(3, dtype=dtype)(a), table])
    y = layers.GRU(3, return_sequences=True, dtype=dtype)(both)
    return Model([a, ids], [layers.Dense(2, dtype=dtype)(y), layers.GRU(2, dtype=dtype)(y)])


def states() -> Model:
    utils.set_random_seed(4)
    a, b = layers.Input((4, 2), name="a"), layers.Input((3,), name="b")
    start = layers.Dense(5, name="start")(b)
    y, h = layers.GRU(5, return_sequences=True, return_state=True, name="rnn")(a, initial_state=start)
    return Model([a, b], [layers.Dense(2, name="y")(y), h], name="states")


IDS = np.array([[0, 1, 2, 3], [4, 0, 0, 0], [1, 2, 3, 4], [0, 0, 1, 1], [2, 2, 0, 2], [1, 0, 1, 0]])


def test_a_layer_of_several_inputs_gets_lists() -> None:
    net = two_inputs()
    beside = next(layer for layer in net.layers if isinstance(layer, Beside))
    assert beside.build_shape == ((None, 4, 3), (None, 4, 3))
    tags, last = net.predict([A, IDS], verbose=0)
    assert beside.masks[0] is None
    np.testing.assert_array_equal(beside.masks[1], IDS != 0)
    assert tags.shape == (6, 4, 2)
    assert last.shape == (6, 2)
    outputs, _, masks = net.graph.forward([A, IDS.astype("f4")])
    np.testing.assert_array_equal(masks[0], IDS != 0)
    assert masks[1] is None
    for one, other in zip((tags, last), outputs, strict=True):
        assert_same_bits(one, other)
    assert_same_bits(beside([A, A]), np.concatenate([A, A], -1))


def test_gradients_of_a_graph_are_those_of_differences() -> None:
    net = two_inputs("float64")
    x = [A.astype("f8"), IDS.astype("f8")]
    loss, targets = losses.MeanSquaredError(), [RNG.standard_normal((6, 4, 2)), RNG.standard_normal((6, 2))]

    def total() -> tuple[float, Any]:
        outputs, kept, masks = net.graph.forward(x, Training(0), keep=True)
        found = [
            loss.value_and_gradient(y, p, None, m) for y, p, m in zip(targets, outputs, masks, strict=True)
        ]
        return sum(value for value, _ in found), (kept, [d for _, d in found])

    gradients = net.graph.backward(*total()[1])
    assert len(gradients) == len(net.trainable_weights)
    for variable, gradient in gradients.items():
        value = variable.numpy()
        for place in [tuple(RNG.integers(0, n) for n in value.shape) for _ in range(4)]:
            ends = []
            for step in (1e-6, -1e-6):
                moved = value.copy()
                moved[place] += step
                variable.assign(moved)
                ends.append(total()[0])
            variable.assign(value)
            assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(gradient[place], abs=1e-7), variable.path


def test_predict_has_the_bits_of_the_layers_in_any_batch_and_thread() -> None:
    net = states()
    expected = net.graph.forward([A, B])[0]
    for size in (1, 4, 32):
        for one, other in zip(net.predict([A, B], batch_size=size, verbose=0), expected, strict=True):
            assert_same_bits(one, other)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(net, [[A, B]] * 20):
            for one, other in zip(found, expected, strict=True):
                assert_same_bits(one, other)
    assert [y.shape for y in net.predict([A[:0], B[:0]], verbose=0)] == [(0, 4, 2), (0, 5)]


def test_masks_of_pieces_are_those_of_the_layers() -> None:
    """Of chains between layers that take several arrays: a mask ends in one, and is made in the middle."""
    a, b = layers.Input((4, 2)), layers.Input((3,))
    y, state = layers.GRU(3, return_sequences=True, return_state=True)(a)
    made = layers.Masking(0.0)(layers.Activation("relu")(layers.Dense(1, name="some")(y)))
    gone = layers.Dense(2)(layers.GRU(2)(layers.Dense(2)(made)))
    net = Model([a, b], [layers.LayerNormalization()(made), gone, layers.Dense(2)(b), state])
    outputs, masks = net.run_masked([A, B])
    expected, _, expected_masks = net.graph.forward([A, B])
    assert masks[0] is not None
    assert not masks[0].all()
    assert masks[1:] == [None, None, None]
    np.testing.assert_array_equal(masks[0], expected_masks[0])
    for one, other in zip(outputs, expected, strict=True):
        assert_same_bits(one, other)


@pytest.mark.usefixtures("threads")
def test_fit_has_the_same_bits_for_any_number_of_threads() -> None:
    found = []
    for count in (1, 4):
        core.set_num_threads(count)
        net = states()
        net.compile("adam", ["mse", "mae"], loss_weights=[1.0, 0.3])
        net.fit([A, B], [np.zeros((6, 4, 2)), np.ones((6, 5))], batch_size=4, epochs=3, verbose=0)
        found.append(net.get_weights())
    for one, other in zip(*found, strict=True):
        assert_same_bits(one, other)


def test_predict_sees_new_weights() -> None:
    net = states()
    before = net.predict([A, B], verbose=0)
    for name in ("rnn", "start", "y"):  # alone, and in Programs before and after it
        layer = net.get_layer(name)
        layer.set_weights([w + 0.5 for w in layer.get_weights()])
        after = net.predict([A, B], verbose=0)
        assert not np.array_equal(before[0], after[0])
        for one, other in zip(after, net.graph.forward([A, B])[0], strict=True):
            assert_same_bits(one, other)
        before = after


def test_explain_says_what_runs_alone() -> None:
    text: list[str] = []
    states().explain([(32,), (32,)], print_fn=text.append)
    assert "[(32, 4, 2), (32, 3)]" in text[0]
    assert "`rnn`" in text[0]
    assert "packed in" in text[0]
    with pytest.raises(ValueError, match="list of 2 shapes"):
        states().explain((32, 4, 2))


@pytest.mark.parametrize("both", [False, True])
def test_states_that_are_inputs_themselves(both: bool) -> None:
    a, h, c = layers.Input((4, 2)), layers.Input((3,)), layers.Input((3,))
    layer = layers.Bidirectional(layers.GRU(3)) if both else layers.LSTM(3)
    net = Model([a, h, c], layer(a, initial_state=[h, c]))
    assert_same_bits(net.predict([A, B, 2 * B], verbose=0), layer(A, initial_state=[B, 2 * B]))
    with pytest.raises(ValueError, match=r"`x\[1\]`"):
        net.predict([A, B[:, :2], B], verbose=0)


def test_a_chain_of_tensors_is_one_program_and_freezes() -> None:
    a = layers.Input((4, 2))
    net = Model(a, layers.Dense(2)(layers.LSTM(3)(a)))
    assert_same_bits(net.freeze()(A), net.predict(A, verbose=0))
    with pytest.raises(ValueError, match="freeze"):
        states().freeze()


def test_a_part_of_a_model_shares_its_layers() -> None:
    net = states()
    start = Model(net.input[1], net.get_layer("start").output)
    assert_same_bits(start(B), net.get_layer("start")(B))
    sequential = Sequential([layers.Input((4, 2)), layers.LSTM(3, name="in"), layers.Dense(2)])
    features = Model(sequential.input, sequential.layers[0].output)
    assert_same_bits(features(A), sequential.layers[0](A))
    rest = Model(sequential.layers[0].output, sequential.output)
    assert_same_bits(rest(features(A)), sequential(A))
    sequential.compile("sgd", "mse")
    sequential.fit(A, B[:, :2], verbose=0)
    assert_same_bits(rest(features(A)), sequential(A))


@pytest.mark.parametrize("structure", ["list", "dictionary"])
def test_one_input_and_one_output_in_a_structure(structure: str) -> None:
    """A list of one is no structure, a dictionary is; arrays alone go in in any case."""
    a = layers.Input((4, 2), name="a")
    y = layers.Dense(2, name="y")(layers.LSTM(3)(a))
    net = Model([a], [y]) if structure == "list" else Model({"a": a}, {"y": y})
    net.compile("sgd", ["mse"] if structure == "list" else {"y": "mse"}, metrics=[["mae"]])
    x, target = ([A], [B[:, :2]]) if structure == "list" else ({"a": A}, {"y": B[:, :2]})
    alone = net.evaluate(A, B[:, :2], verbose=0)
    assert net.evaluate(x, target, verbose=0) == alone
    assert list(net.fit(x, target, verbose=0).history) == ["loss", "mae"]
    for found in (net.predict(x, verbose=0), net.predict(A, verbose=0), net(A)):
        assert_same_bits(found if structure == "list" else found["y"], net.graph.forward(A)[0])


@pytest.mark.parametrize("make", [states, lambda: Sequential([states_free(), layers.Dense(2)])])
def test_clones_have_the_architecture_and_weights_of_their_own(make: Any) -> None:
    net = make()
    net.compile("sgd", "mse")
    clone = models.clone_model(net)
    assert clone.get_config() == net.get_config()
    assert not clone.compiled
    assert not set(clone.weights) & set(net.weights)
    clone.set_weights(net.get_weights())
    x = [A, B] if len(net.inputs) == 2 else A
    for one, other in zip(clone.predict(x, verbose=0), net.predict(x, verbose=0), strict=True):
        assert_same_bits(one, other)
    with pytest.raises(ValueError, match="clone_function"):
        models.clone_model(net, clone_function=type)


def states_free() -> Model:
    a = layers.Input((4, 2))
    return Model(a, layers.GRU(3)(a))


def test_models_in_a_sequential() -> None:
    utils.set_random_seed(4)
    inner = Sequential([layers.Input((4, 2)), layers.LSTM(3, return_sequences=True)])
    open_ended = Sequential([layers.GRU(3), layers.Dense(2)])
    net = Sequential([inner, open_ended, layers.Activation("tanh")])
    assert net.input_shape == (None, 4, 2)
    expected = layers.Activation("tanh")(open_ended(inner(A)))
    assert_same_bits(net.predict(A, verbose=0), expected)
    assert_same_bits(net.freeze()(A), expected)
    assert len(net.trainable_weights) == 3 + 3 + 2
    inner.trainable = False
    assert len(net.trainable_weights) == 5
    before = inner.get_weights()
    net.compile("sgd", "mse")
    net.fit(A, B[:, :2], verbose=0)
    for one, other in zip(inner.get_weights(), before, strict=True):
        assert_same_bits(one, other)
    copied = models.model_from_json(net.to_json())
    copied.set_weights(net.get_weights())
    assert_same_bits(copied(A), net(A))


def test_adding_a_layer_keeps_the_uses_of_those_before() -> None:
    net = Sequential([layers.Input((4, 2)), layers.LSTM(3)])
    first = net.layers[0].output
    net.add(layers.Dense(2))
    assert net.layers[0].output is first
    assert len(net.layers[0].nodes) == 1


def test_a_layer_of_several_outputs_is_refused_every_time() -> None:
    net, layer = Sequential([layers.Input((4, 2))]), layers.LSTM(3, return_state=True)
    for _ in range(2):
        with pytest.raises(ValueError, match="one output"):
            net.add(layer)


def test_a_layer_used_twice_is_dropped_out_differently() -> None:
    """Places in the graph tell random numbers apart, also those of one layer and of models in models."""
    x = layers.Input((50,))
    inner = Sequential([layers.Input((50,)), layers.Dropout(0.5)])
    net = Model(x, [inner(x), inner(x)])
    first, second = net(np.ones((3, 50)), training=True)
    assert not np.array_equal(first, second)


def test_files_of_keras(tmp_path: Path) -> None:
    """Models in models, one of them shared: what Keras predicts, and its next epoch."""
    net, arrays = models.load_model(DATA / "functional.keras"), np.load(DATA / "functional.npz")
    figures = json.loads((DATA / "keras_functional.json").read_text())["data"]
    x = {name: np.array(figures[name]) for name in "ab"}
    y = {"x": np.array(figures["y2"]), "y": np.array(figures["z2"]), "z": np.array(figures["y2"])}
    net.save(tmp_path / "again.keras")
    for each in (net, models.load_model(tmp_path / "again.keras")):
        for name, array in each.predict(x, verbose=0).items():
            np.testing.assert_allclose(array, arrays[name], atol=1e-5)
        each.fit(x, y, batch_size=5, shuffle=False, verbose=0)
        for name, array in each.predict(x, verbose=0).items():
            np.testing.assert_allclose(array, arrays[f"after_{name}"], atol=1e-5)


INPUT = layers.Input((4, 2), name="in")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Model(A, INPUT), "inputs.*tensors"),
        (lambda: Model(INPUT, [A]), "outputs.*tensors"),
        (lambda: Model([], INPUT), "inputs.*tensors"),
        (lambda: Model(INPUT, layers.LSTM(2)(layers.Input((4, 2)))), "not among its inputs"),
        (lambda: Model(INPUT, layers.LSTM(2, name="in")(INPUT)), "different names"),
        (lambda: Model(INPUT, layers.LSTM(2, dtype="float64")(layers.Dense(2)(INPUT))), "dtypes"),
        (lambda: layers.Dense(2)([INPUT, INPUT]), "one tensor"),
        (lambda: Beside()(INPUT), "must be a list"),
        (lambda: Beside()([INPUT, A]), "all be arrays, or all"),
        (lambda: layers.LSTM(2)(INPUT, initial_state=[INPUT]), "initial_state"),
        (lambda: layers.LSTM(2)(INPUT, initial_state=[B, B]), "initial_state"),
        (lambda: states()(INPUT), "structure"),
        (lambda: states()([INPUT, INPUT]), "shape"),
        (lambda: Sequential([layers.Input((4, 2)), Beside()]), "one input"),
        (lambda: layers.LSTM(2)(INPUT, initial_state=[layers.Input((3,))] * 2), r"initial_state.*None, 2"),
        (lambda: layers.Dense(2).output, "called on a tensor"),
        (lambda: doubled(40), "100000 layers"),
    ],
)  # fmt: skip
def test_graphs_that_do_not_fit(make: Any, words: str) -> None:
    with pytest.raises((ValueError, AttributeError), match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def doubled(times: int) -> Model:
    """A model in a model in a model, each used twice."""
    x = layers.Input((2,))
    model = Model(x, layers.Activation("tanh")(x))
    for _ in range(times):
        x = layers.Input((2,))
        model = Model(x, model(model(x)))
    return model


def test_models_that_write_their_own_steps_are_refused() -> None:
    with pytest.raises(TypeError, match=r"`train_step`.*GradientTape"):
        type("Own", (Model,), {"train_step": lambda self, data: {}})


def compiled() -> Model:
    net = states()
    net.compile("sgd", ["mse", "mse"])
    return net


Y = np.zeros((6, 4, 2)), np.zeros((6, 5))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: compiled().predict(A), "`x`.*structure"),
        (lambda: compiled().predict({"a": A}), "`x\\[1\\]`"),
        (lambda: compiled().predict([A, B[:, :2]]), r"`x\[1\]`.*\(None, 3\).*\(6, 2\)"),
        (lambda: compiled().predict([A[:, :3], B]), r"`x\[0\]`.*\(None, 4, 2\).*\(6, 3, 2\)"),
        (lambda: compiled().fit([A, B[:5]], [*Y]), r"`x\[1\]` has 5"),
        (lambda: compiled().fit([A, B], Y[0]), "`y`.*structure"),
        (lambda: compiled().fit([A, B], {"y": Y[0]}), "`y` is required.*`rnn`"),
        (lambda: compiled().fit([A, B], {"y": Y[0], "x": Y[1]}), "`y`.*'x'"),
        (lambda: compiled().fit([A, B], [*Y], class_weight={0: 1.0}), "one output"),
        (lambda: compiled().fit([A, B], [*Y], sample_weight=[B[:, 0]]), "sample_weight"),
        (lambda: states().compile("sgd", ["mse"]), "`loss`.*structure"),
        (lambda: states().compile("sgd", {"z": "mse"}), "`loss`.*'z'"),
        (lambda: states().compile("sgd", [None, None]), "`loss`"),
        (lambda: states().compile("sgd", "mse", loss_weights=[1.0]), "`loss_weights`.*structure"),
        (lambda: states().compile("sgd", "mse", loss_weights=["a", "b"]), "loss_weights"),
        (lambda: states().compile("sgd", "mse", metrics=["mae"]), "`metrics`.*structure"),
        (lambda: states().compile("sgd", "mse", metrics={"z": "mae"}), "`metrics`.*'z'"),
    ],
)  # fmt: skip
def test_arrays_and_names_that_do_not_fit(call: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_what_keras_warns_of() -> None:
    with pytest.warns(UserWarning, match="'b'"):
        Model({"b": INPUT}, layers.LSTM(2)(INPUT))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda config: config["layers"][2].update(inbound_nodes="x"), "inbound_nodes"),
        (lambda config: config["layers"][2].update(inbound_nodes=[1]), "inbound_nodes"),
        (lambda config: config["layers"][2]["inbound_nodes"][0].update(args=[]), "arguments"),
        (lambda config: config["layers"][2]["inbound_nodes"][0].update(kwargs=[1]), "arguments"),
        (lambda config: config["layers"][2]["inbound_nodes"][0].update(kwargs={"mask": 1}), "mask"),
        (lambda config: config["layers"][2]["inbound_nodes"][0].update(kwargs={"open": 1}), "open"),
        (lambda config: config["layers"][2].update(inbound_nodes=[]), "tensors that no layer gives"),
        (lambda config: config.update(output_layers=["y", 3, 0]), "no tensor"),
        (lambda config: config.update(output_layers=["y", 0, 7]), "expected a layer"),
        (lambda config: config.update(output_layers=["y", -1, 0]), "expected a layer"),
        (lambda config: config.update(output_layers=["os", 0, 0]), "expected a layer"),
        (lambda config: config.update(output_layers=7), "expected a layer"),
        (lambda config: config.update(input_layers=["y", 0]), "expected"),
        (lambda config: config["layers"].append(config["layers"][2]), "different names"),
        (lambda config: config["layers"].append(7), "class_name"),
        (lambda config: config.update(layers=7), "not valid"),
        (lambda config: config["layers"][2].update(class_name="NotEqual"), "expected"),
    ],
)  # fmt: skip
def test_configurations_that_are_wrong(change: Any, words: str) -> None:
    entry = json.loads(states().to_json())
    assert [each["name"] for each in entry["config"]["layers"]][2] == "start"
    change(entry["config"])
    with pytest.raises(ValueError, match=words):
        models.model_from_json(json.dumps(entry))


def test_graph_keeps_what_it_was_given() -> None:
    x = layers.Input((4, 2))
    graph = Graph([x], [x])
    assert_same_bits(graph.forward(A)[0], A)
    assert_same_bits(Model(x, x).predict(A, verbose=0), A)
