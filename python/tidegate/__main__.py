"""`python -m tidegate <command>`: the command line, which only reads its arguments and calls the command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

DESCRIPTION = "LSTM and GRU on the CPU, behind the interface of Keras."


def seed(text: str) -> int:
    """The number of `--seed`, such as NumPy's own generator takes too."""
    number = int(text)
    if not 0 <= number < 1 << 32:
        raise argparse.ArgumentTypeError(f"must be from 0 to {(1 << 32) - 1}; received {number}")
    return number


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    root = argparse.ArgumentParser(prog="python -m tidegate", description=DESCRIPTION)
    commands = root.add_subparsers(dest="command", required=True, metavar="command")
    demo = commands.add_parser("demo", help="forecast two years of a real series with an LSTM and a GRU")
    demo.add_argument("--seed", type=seed, default=0, help="for weights and shuffles (default 0)")
    demo.add_argument(
        "--picture", type=Path, default=Path("airline.png"), metavar="PATH", help="default: airline.png, here"
    )
    commands.add_parser("info", help="version, instruction set, threads and compiler")
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; exit status 1 if the demo lost to a naive forecast, 2 for bad usage, else 0."""
    options = parser().parse_args(arguments)
    if options.command == "demo":
        from tidegate.demo import run

        return run(options.seed, options.picture)

    import tidegate

    for key, value in tidegate.info().items():
        print(f"{key}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
