"""`python -m tidegate <command>` and `python -m tidegate script.py`: the command line, which only reads its
arguments and calls the command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

DESCRIPTION = "LSTM and GRU on the CPU, behind the interface of Keras."
COMMANDS = ("demo", "info")
SCRIPTS = """a script that was written for Keras runs unchanged, on Tidegate, as `python` would run it:
  python -m tidegate [--report] script.py [arguments]
  python -m tidegate [--report] -m module [arguments]
  python -m tidegate [--report] -c command [arguments]
--report says at the end what ran natively, and what in Python."""


def seed(text: str) -> int:
    """The number of `--seed`, such as NumPy's own generator takes too."""
    number = int(text)
    if not 0 <= number < 1 << 32:
        raise argparse.ArgumentTypeError(f"must be from 0 to {(1 << 32) - 1}; received {number}")
    return number


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    root = argparse.ArgumentParser(
        prog="python -m tidegate",
        description=DESCRIPTION,
        epilog=SCRIPTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="command")
    demo = commands.add_parser("demo", help="forecast two years of a real series with an LSTM and a GRU")
    demo.add_argument("--seed", type=seed, default=0, help="for weights and shuffles (default 0)")
    demo.add_argument(
        "--picture", type=Path, default=Path("airline.png"), metavar="PATH", help="default: airline.png, here"
    )
    commands.add_parser("info", help="version, instruction set, threads and compiler")
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command, or a script; exit status 1 if the demo lost to a naive forecast or the script ended
    in an exception, 2 for bad usage, else 0."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    report = given[:1] == ["--report"]
    script = given[report:]
    if script and (script[0] in ("-m", "-c") or not (script[0].startswith("-") or script[0] in COMMANDS)):
        from tidegate.as_keras.running import run

        return run(script, report)
    options = parser().parse_args(given)
    if options.command == "demo":
        from tidegate.demo import run as run_demo

        return run_demo(options.seed, options.picture)

    import tidegate

    for key, value in tidegate.info().items():
        print(f"{key}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
