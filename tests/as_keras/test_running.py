"""`python -m tidegate script.py`: as `python script.py`, but for what `keras` and `tensorflow` are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tidegate
from tidegate.__main__ import main

SHOWS = """
import json, sys
print(json.dumps([__name__, sys.argv[1:], sys.path[0]]))
"""


def python(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=folder, check=False
    )


def run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return python("-m", "tidegate", *arguments, folder=folder)


def test_a_script_sees_what_python_shows_it(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "beside.py").write_text("answer = 42")
    script = tmp_path / "scripts" / "demo_lstm.py"  # begins like a command
    script.write_text(
        SHOWS + "import beside, keras; print(beside.answer, __file__, sys.argv[0], keras.__name__)"
    )
    done = run("scripts/demo_lstm.py", "--epochs", "3", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert json.loads(first) == ["__main__", ["--epochs", "3"], str(script.parent)]
    assert second == "42 scripts/demo_lstm.py scripts/demo_lstm.py keras"


def test_a_module_and_a_command(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "train.py").write_text(SHOWS + "from . import __name__ as n; print(n)")
    done = run("-m", "package.train", "a", folder=tmp_path)
    assert done.stdout.splitlines() == [json.dumps(["__main__", ["a"], str(tmp_path)]), "package"], (
        done.stderr
    )
    done = run("-c", SHOWS + "import keras; print(keras.__version__)", "b", "-c", folder=tmp_path)
    assert done.stdout.splitlines() == [json.dumps(["__main__", ["b", "-c"], ""]), "3.15.1+tidegate"]


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("import sys; sys.exit(7)", 7),
        ("import sys; sys.exit('why')", 1),
        ("raise SystemExit", 0),
        ("1 / 0", 1),
    ],
)
def test_exit_statuses_are_those_of_python(script: str, status: int, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(script)
    done, expected = run(str(path)), python(str(path))
    assert done.returncode == expected.returncode == status
    assert done.stderr == expected.stderr  # with a traceback of the script's frames alone


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    done, expected = run("missing.py", folder=tmp_path), python("missing.py", folder=tmp_path)
    assert done.returncode == expected.returncode == 2
    assert "can't open file" in done.stderr
    assert "missing.py" in done.stderr


def test_options_that_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--rapport", "script.py"])
    assert caught.value.code == 2
    assert main(["-m"]) == 2
    assert "Argument expected for the -m option" in capsys.readouterr().err


def test_a_report_says_what_every_layer_runs_on(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        "import numpy as np\nfrom keras import Sequential, layers\n"
        "def work():\n"
        "    model = Sequential([layers.LSTM(2, name='first'), layers.Dense(1, name='last')])\n"
        "    model.predict(np.zeros((2, 5, 3), 'float32'), verbose=0)\n"
        "work()\n"
    )
    done = run("--report", str(path))
    assert done.returncode == 0, done.stderr
    assert "LSTM `first`: native" in done.stderr
    assert "Dense `last`: native" in done.stderr
    path.write_text("print('nothing')")
    assert "none was built" in run("--report", str(path)).stderr


def test_the_extension_of_ipython_can_be_loaded_and_taken_away() -> None:
    code = (
        "import sys, tidegate\n"
        "tidegate.load_ipython_extension(None)\n"
        "tidegate.load_ipython_extension(None)\n"
        "import keras, tensorflow as tf\n"
        "assert tf.keras is keras\n"
        "tidegate.unload_ipython_extension(None)\n"
        "assert 'keras' not in sys.modules and 'tensorflow' not in sys.modules\n"
        "sys.modules['keras'] = sys\n"
        "try:\n"
        "    tidegate.load_ipython_extension(None)\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = python("-c", code)
    assert "`keras` was imported already" in done.stdout, done.stderr


def test_importing_tidegate_changes_no_import() -> None:
    code = (
        "import sys; before = list(sys.meta_path); import tidegate.layers, tidegate.models, tidegate.legacy\n"
        "assert sys.meta_path == before\n"
        "assert not [name for name in sys.modules if name.startswith(('tidegate.as_keras', 'keras'))]\n"
    )
    assert python("-c", code).returncode == 0
    assert "as_keras" not in tidegate.__all__
