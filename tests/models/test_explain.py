"""explain: what it says of each layer, that the plan is the one of the call, and what it prints."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from tidegate._native import core
from tidegate.layers import (
    GRU,
    LSTM,
    Activation,
    AveragePooling1D,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    Input,
    LayerNormalization,
    Masking,
    MaxPooling1D,
    Permute,
    RepeatVector,
    Reshape,
    SimpleRNN,
    TimeDistributed,
)
from tidegate.models import Sequential


def steps(layers: list[Any], shape: tuple[int, ...]) -> list[dict[str, Any]]:
    return Sequential([Input(shape[1:]), *layers]).freeze().program.explain(shape)


def test_every_layer(isa: str) -> None:
    layers = [
        LSTM(5, return_sequences=True),
        Bidirectional(GRU(4, return_sequences=True)),
        SimpleRNN(6, return_sequences=True),
        BatchNormalization(),
        LayerNormalization(),
        TimeDistributed(Dense(3)),
        TimeDistributed(Dropout(0.5)),
        Conv1D(5, 3, padding="causal"),
        AveragePooling1D(2, strides=1, padding="same"),
        MaxPooling1D(2),
        Activation("relu"),
        Permute((2, 1)),
        Flatten(),
        Dropout(0.5),
        RepeatVector(4),
        Reshape((-1, 2)),
        GlobalMaxPooling1D(keepdims=True),
        GlobalAveragePooling1D(),
        Dense(1),
    ]
    model = Sequential([Input((8, 2)), *layers])
    found = model.freeze().program.explain((3, 8, 2))
    assert [step["layer"] for step in found] == [layer.title for layer in layers]
    idle = {"Dropout": "nothing", "Flatten": "as a shape", "Reshape": "as a shape"}
    for layer, step in zip(layers, found, strict=True):
        inner = layer.layer if isinstance(layer, TimeDistributed) else layer
        runs = idle.get(type(inner).__name__, "native")
        assert step["runs"] == runs, layer
        assert step["instruction_set"] == (isa if runs == "native" else None), layer
        assert step["threads"] == (runs == "native"), layer
        assert len(step["passes"]) == {"Bidirectional": 2, "LSTM": 1, "SimpleRNN": 1}.get(
            type(layer).__name__, 0
        )
        assert (step["packed_bytes"] > 0) == bool(layer.weights), layer
        assert (step["tile"] is not None) == isinstance(
            inner, (LSTM, Bidirectional, SimpleRNN, Conv1D, Dense)
        ), layer
    assert sum(step["packed_bytes"] for step in found) == model.freeze().packed_bytes


def test_layers_at_the_entrance(isa: str, threads: None) -> None:
    masking, _ = steps([Masking(), GRU(2)], (3, 8, 2))
    assert (masking["runs"], masking["instruction_set"], masking["threads"]) == ("native", isa, 1)
    core.set_num_threads(2)
    (embedding,) = steps([Embedding(50, 100)], (400, 100))  # copies of rows, which need no kernel
    assert (embedding["runs"], embedding["instruction_set"], embedding["threads"]) == ("native", None, 2)
    assert embedding["packed_bytes"] == 4 * 50 * 100


def test_flops() -> None:
    lstm, distributed, dense, conv = steps(
        [
            LSTM(5, return_sequences=True),
            TimeDistributed(Dense(3)),
            Dense(2),
            Conv1D(6, 4, strides=3, groups=2),
        ],
        (7, 11, 4),
    )
    assert lstm["flops"] == 2 * 7 * 11 * (4 + 5) * 20
    assert distributed["flops"] == 2 * 7 * 11 * 5 * 3
    assert dense["flops"] == 2 * 7 * 11 * 3 * 2
    assert conv["flops"] == 2 * 7 * 3 * 4 * 1 * 6


@pytest.mark.parametrize("layer", [LSTM, GRU])
def test_the_plan_of_a_recurrent_layer(threads: None, layer: Any) -> None:
    core.set_num_threads(2)
    (few,) = steps([layer(512)], (1, 100, 64))
    assert few["threads"] == 2
    assert few["passes"][0]["share_units"]
    assert 1 <= few["passes"][0]["input_steps"] <= 100
    (many,) = steps([layer(64)], (48, 100, 64))
    assert many["passes"] == [{"threads": 2, "share_units": False, "input_steps": 0, "rows_of_pass": 24}]
    (tiny,) = steps([layer(8)], (1, 2, 8))
    assert (tiny["threads"], tiny["passes"][0]["threads"]) == (1, 1)


def test_the_plan_of_two_directions(threads: None) -> None:
    core.set_num_threads(2)
    (apart,) = steps([Bidirectional(LSTM(64))], (8, 100, 64))
    assert apart["apart"]
    assert apart["threads"] == 2
    assert [one["threads"] for one in apart["passes"]] == [1, 1]
    other = Bidirectional(LSTM(64), backward_layer=GRU(32, go_backwards=True))
    (in_turn,) = steps([other], (8, 100, 64))
    assert not in_turn["apart"]
    assert [one["threads"] for one in in_turn["passes"]] == [2, 2]


def test_threads_are_those_of_the_call(threads: None) -> None:
    core.set_num_threads(2)
    layers = [LSTM(128, return_sequences=True), Dense(512), Conv1D(512, 3), Activation("relu")]
    model = Sequential([Input((100, 64)), *layers])
    shape = (32, 100, 64)
    assert [step["threads"] for step in model.freeze().program.explain(shape)] == [2, 2, 2, 2]
    assert [step["threads"] for step in model.freeze(threads=1).program.explain(shape)] == [1, 1, 1, 1]
    core.set_num_threads(1)
    assert [step["threads"] for step in model.freeze().program.explain(shape)] == [1, 1, 1, 1]


def text(explain: Any, *args: Any) -> str:
    parts: list[str] = []
    assert explain(*args, print_fn=parts.append) is None
    assert len(parts) == 1
    return parts[0]


def test_what_is_printed(threads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    core.set_num_threads(2)
    model = Sequential([Input((None, 64)), LSTM(128), Dropout(0.5), Dense(3, name="[red]scores")], name="m")
    found = text(model.explain, (48, 50))
    assert "Sequential `m`, an input of shape (48, 50, 64)" in found
    for part in ("LSTM", "`lstm", "nothing", "[red]scores", "2 threads", "rows shared", "rows of a pass: 24"):
        assert part in found
    flops = 2 * 48 * (50 * 192 * 512 + 128 * 3)
    assert f"Flops of the call: {flops / 1e6:.4g} M" in found
    frozen = model.freeze(threads=1)
    found = text(frozen.explain, [48])
    assert "FrozenModel, an input of shape (48, 100, 64)" in found
    assert "Threads: 1" in found
    assert "shared" not in found
    assert "(1, 7, 64)" in text(pickle.loads(pickle.dumps(frozen)).explain, (None, np.int64(7)))


def test_it_prints_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    model = Sequential([Input((4, 2)), GRU(3)])
    model.explain()
    assert "(1, 4, 2)" in capsys.readouterr().out


@pytest.mark.parametrize("shape", [(0,), (2, -1), (2, 1.5), (1, 2, 3, 4), "ab", 3, (True,)])
def test_a_shape_that_is_none(shape: Any) -> None:
    model = Sequential([Input((None, 3)), LSTM(2)])
    for explain in (model.explain, model.freeze().explain):
        with pytest.raises(ValueError, match="explain: argument `input_shape`"):
            explain(shape)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="not built yet"):
        Sequential([LSTM(2)]).explain()
    model = Sequential([Input((None, 3)), MaxPooling1D(4), LSTM(2)])
    with pytest.raises(ValueError, match=r"expected shape \(batch, timesteps, 3\)"):
        model.explain((2, 5, 4))
    with pytest.raises(ValueError, match=r"expected positive lengths, received \(2, 0, 3\)"):
        model.explain((2, 3))
    with pytest.raises(MemoryError):
        model.explain((2**40, 2**40))
    program = core.Program([], dtype="float32")
    assert program.explain((0,)) == []
