"""Running a script, a module or a command as `python` does, with Tidegate in the place of Keras."""

from __future__ import annotations

import os
import runpy
import sys
from contextlib import nullcontext
from types import TracebackType
from typing import Any

from tidegate.as_keras.modules import install

_OURS = {__file__, runpy.__file__, "<frozen runpy>"}


def run(arguments: list[str], report: bool = False) -> int:
    """Runs a script to its end.

    Args:
        arguments: of the command line: the script's path, or "-m" and a module, or "-c" and a command, and
            then what `sys.argv` is to have behind its name.
        report: whether to say at the end what ran natively, and what in Python.

    Returns:
        The exit status: 0, 1 for an exception, which is shown with the script's own frames, 2 for a script
        that cannot be opened. A SystemExit of the script goes on to the caller.
    """
    from tidegate.as_keras.report import Report

    kind, rest = arguments[0], arguments[1:]
    if kind in ("-m", "-c") and not rest:
        print(f"Argument expected for the {kind} option", file=sys.stderr)
        return 2
    install()
    with Report() if report else nullcontext():
        try:
            if kind == "-m":
                sys.argv = ["-m", *rest[1:]]
                runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
            elif kind == "-c":
                sys.argv, sys.path[:1] = ["-c", *rest[1:]], [""]
                _run_command(rest[0])
            else:
                return _run_script(kind, rest)
        except Exception as error:
            error.__traceback__ = _without_ours(error.__traceback__)
            sys.excepthook(type(error), error, error.__traceback__)
            return 1
    return 0


def _run_script(path: str, arguments: list[str]) -> int:
    try:
        open(path, "rb").close() if not os.path.isdir(path) else None
    except OSError as error:
        print(f"{sys.executable}: can't open file {os.path.abspath(path)!r}: {error}", file=sys.stderr)
        return 2
    sys.argv = [path, *arguments]
    if not sys.flags.safe_path:  # in the place of the current directory, which -m puts there
        sys.path[:1] = [os.path.dirname(os.path.realpath(path))]
    runpy.run_path(path, run_name="__main__")
    return 0


def _run_command(command: str) -> None:
    main: dict[str, Any] = vars(sys.modules["__main__"])
    main.clear()
    main["__name__"] = "__main__"
    exec(compile(command, "<string>", "exec"), main)


def _without_ours(traceback: TracebackType | None) -> TracebackType | None:
    """What is left behind the frames that led to the script."""
    while traceback is not None and traceback.tb_frame.f_code.co_filename in _OURS:
        traceback = traceback.tb_next
    return traceback
