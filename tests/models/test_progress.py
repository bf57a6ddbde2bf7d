"""The text that fit, evaluate and predict show, byte by byte as Keras does."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, callbacks, layers, optimizers
from tidegate.utils import progbar

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_progress.json").read_text())
X, Y = np.array(FIGURES["x"], "float32"), np.ones((12, 1), "float32")


class Clock:
    """Moves on by 0.3 s each time somebody looks."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        self.now += 0.3
        return self.now


class Talks(callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        print(f"epoch {epoch} has ended")


@pytest.mark.parametrize("verbose", [1, 2])
@pytest.mark.parametrize("figure", FIGURES["cases"], ids=lambda figure: figure["title"])
def test_progress(
    figure: dict[str, Any], verbose: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = Sequential([layers.Input((2,)), layers.Dense(1)])
    net.set_weights([np.array([[0.5], [0.25]]), np.array([0.125])])
    net.compile(optimizers.SGD(0.0625), "mse", metrics=["mae"])
    arguments = {**figure["arguments"], "verbose": verbose, "callbacks": [Talks()]}
    if figure["method"] == "fit":
        arguments["shuffle"] = False
    given: list[Any] = [X, Y] if figure["method"] != "predict" else [X]
    if figure["source"] == "generator":
        given = [iter([tuple(each[i : i + 4] for each in given) for i in range(0, 12, 4)])]
    monkeypatch.setattr(progbar, "time", Clock())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a generator that ends
        getattr(net, figure["method"])(*given, **arguments)
    assert capsys.readouterr().out == figure["text"][str(verbose)]
