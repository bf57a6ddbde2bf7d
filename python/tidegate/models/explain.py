"""The table that `model.explain()` and `frozen.explain()` print: how a call would be computed."""

from __future__ import annotations

from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from tidegate._native import core
from tidegate.inputs import Shape, positive_integer

if TYPE_CHECKING:
    from tidegate.pieces import Pieces

_WIDTH = 100
_TIMESTEPS = 100  # of an input whose length is open


def print_explanation(
    title: str, program: core.Program | Pieces, model_shape: Any, input_shape: Any, print_fn: Any
) -> None:
    """Draws the table on the terminal, or hands the whole text to `print_fn`. Arguments as of
    `Model.explain`; `model_shape` is the model's own `input_shape`.

    Where there are several inputs, shapes come in lists.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    shape: Any = _complete_all(input_shape, model_shape)
    steps = program.explain(shape)
    batch = shape[0][0] if isinstance(shape, list) else shape[0]
    table = Table(box=SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("Layer", overflow="fold")
    table.add_column("Runs")
    table.add_column("Packed", justify="right", no_wrap=True)
    table.add_column("Flops / row", justify="right", no_wrap=True)
    table.add_column("Plan")
    for step in steps:
        runs = "\n".join(filter(None, [step["runs"], step["instruction_set"], *_numbers(step["narrow"])]))
        flops = _readable(step["flops"] / batch)
        table.add_row(
            escape(step["layer"].replace(" ", "\n", 1)),
            runs,
            _bytes(step["packed_bytes"]),
            flops,
            _plan(step, batch),
        )

    width = min(_WIDTH, get_terminal_size().columns - 4)
    console = Console(highlight=False, width=width)
    if print_fn is not None:
        console = Console(highlight=False, width=width, force_terminal=False, color_system=None)
        console.begin_capture()
    console.print(f"[bold]{escape(title)}[/], an input of shape {shape}")
    console.print(table)
    console.print(f"[bold] Packed weights:[/] {_bytes(program.packed_bytes)}")
    console.print(f"[bold] Flops of the call:[/] {_readable(sum(step['flops'] for step in steps))}")
    console.print(f"[bold] Threads:[/] {max([1, *(step['threads'] for step in steps)])}")
    for name, tile in {step["instruction_set"]: step["tile"] for step in steps if step["tile"]}.items():
        rows, vectors, lanes = tile
        console.print(f"[bold] Tiles ({name}):[/] {rows} rows x {vectors} vectors of {lanes}")
    if print_fn is not None:
        print_fn(console.end_capture())


def _numbers(narrow: tuple[str, bool] | None) -> list[str]:
    if narrow is None:
        return []
    name, fast = narrow
    return [name] if fast else [f"{name}, emulated"]


def _complete_all(given: Any, model_shape: Any) -> Any:
    """The shape, or shapes, that were asked for."""
    if not isinstance(model_shape, list):
        return _complete(given, model_shape)
    asked = [None] * len(model_shape) if given is None else given
    if not isinstance(asked, (tuple, list)) or len(asked) != len(model_shape):
        raise ValueError(
            f"explain: argument `input_shape` must be a list of {len(model_shape)} shapes; received {given!r}"
        )
    return [_complete(each, own) for each, own in zip(asked, model_shape, strict=True)]


def _complete(given: Any, model_shape: Shape) -> tuple[int, ...]:
    """The shape that was asked for, with the axes that it leaves out."""
    axes = () if given is None else given
    if not isinstance(axes, (tuple, list)) or len(axes) > len(model_shape):
        raise ValueError(
            f"explain: argument `input_shape` must have up to {len(model_shape)} lengths, "
            f"as {model_shape}; received {given!r}"
        )
    default = (model_shape[0] or 1, *(_TIMESTEPS if axis is None else axis for axis in model_shape[1:]))
    asked = [*axes, *[None] * (len(default) - len(axes))]
    return tuple(
        usual if axis is None else positive_integer(axis, "input_shape", "explain")
        for axis, usual in zip(asked, default, strict=True)
    )


def _plan(step: dict[str, Any], batch: int) -> str:
    threads, passes = step["threads"], step["passes"]
    if not threads:
        return "-"
    lines = ["1 thread" if threads == 1 else f"{threads} threads"]
    if len(passes) == 2:
        lines.append("half for each direction" if step["apart"] else "one direction, then the other")
    lines += dict.fromkeys(line for plan in passes for line in _of_pass(plan, batch))
    return "\n".join(lines)


def _of_pass(plan: dict[str, Any], batch: int) -> list[str]:
    threads, rows, lines = plan["threads"], batch, []
    if plan["share_units"]:
        lines.append("units shared, meeting every step")
    elif threads > 1:
        lines.append("rows shared")
        rows = -(-batch // threads)
    lines.append(f"rows of a pass: {min(rows, plan['rows_of_pass'])}")
    if plan["input_steps"]:
        lines.append(f"steps of an input product: {plan['input_steps']}")
    return lines


def _bytes(count: int) -> str:
    return "-" if not count else f"{_readable(count, 1024)}B"


def _readable(number: float, thousand: int = 1000) -> str:
    for unit in ("", "k", "M", "G", "T"):
        if number < thousand:
            return f"{number:.4g} {unit}"
        number /= thousand
    return f"{number:.4g} P"
