"""`python -m tidegate demo`: what it prints, and what its command line takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate import demo
from tidegate.__main__ import main


def test_both_networks_beat_the_naive_forecasts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--picture", str(tmp_path / "airline.png")]) == 0
    text = capsys.readouterr().out
    assert "Both networks beat both naive forecasts." in text
    for row in ("last month", "same month last year", "LSTM", "GRU"):
        assert row in text


@pytest.mark.parametrize("seed", ["-1", "x", str(1 << 32)])
def test_a_bad_seed_is_bad_usage(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["demo", "--seed", seed])
    assert caught.value.code == 2
    assert "--seed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "answer"),
    [("a.png", "Picture"), ("plain", "Picture"), ("a.foo", "No picture"), ("none/a.png", "No picture")],
)
def test_the_picture_is_where_it_says_or_it_says_why_not(tmp_path: Path, name: str, answer: str) -> None:
    series = demo.load_series()
    path, truth = tmp_path / name, series.passengers[-demo.TEST_MONTHS :]
    text = demo.draw(path, series, dict.fromkeys(("LSTM", "GRU", "same month last year"), truth))
    assert text.startswith(answer)
    assert path.exists() == (answer == "Picture")
