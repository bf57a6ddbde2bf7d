"""Tidegate's layers against Keras 3.15's, argument by argument, where both are installed.

    KERAS_BACKEND=tensorflow python tests/compare_layers.py [--write] [layer ...]

Every pair of values of a layer's arguments and calls (`compare_subjects.py`) is in one of the configurations
that both libraries make, with the same weights. Held against each other: outputs, the mask that goes on,
shapes, weights' paths and shapes, and configurations, which the other library must read and write back. What
one library refuses, the other must refuse too, but for DIFFERENCES. Prints a line a failure and a table.
`--write` records the counts, and every so manieth configuration with Keras's outputs for the tests.

TensorFlow, because its arrays carry masks, its float64 is float64 in every function of Keras, and steps that
are masked before any other are as Tidegate has them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np
from compare_calls import call_layer, generator, inputs_of, mask_of, mask_out, numbers, weights_of
from compare_subjects import SUBJECTS, Inner, Subject, covering
from keras.src.backend import get_keras_mask, set_keras_mask

import tidegate
from tidegate import layers

DATA = Path(__file__).parent / "data"
STORED = 200
COLUMNS = ("configurations", "refused by both", "documented", "failures")
TOLERANCES = {"float32": {"rtol": 1e-4, "atol": 1e-5}, "float64": {"rtol": 1e-10, "atol": 1e-10}}
FORGOTTEN = [("SimpleRNN", "activity_regularizer")]  # fields that Keras does not save
ROUNDED = {"rtol": 1e-6, "atol": 1e-7}  # TensorFlow has constants of some functions in float32

NORMALIZATIONS = ("LayerNormalization", "BatchNormalization", "GroupNormalization", "RMSNormalization")

# Who refuses, which layers (all where none is named), the argument, its values (any where none is named), and
# why the other does not.
DIFFERENCES: list[tuple[str, tuple[str, ...], str, tuple[Any, ...], str]] = [
    ("Tidegate", (), "use_bias", ("maybe", None), "flags are True or False"),
    ("Tidegate", (), "return_sequences", (None,), "flags are True or False"),
    ("Tidegate", (), "center", (None,), "flags are True or False"),
    ("Tidegate", ("Embedding",), "mask_zero", ("yes",), "flags are True or False"),
    ("Tidegate", (), "epsilon", (-1.0, "0", None), "Keras computes with any epsilon"),
    ("Tidegate", (), "momentum", (-0.5, 2.0, "0"), "Keras computes with any momentum"),
    ("Tidegate", (), "dropout", (-0.1, 1.5, "much", None), "Keras finds out in training"),
    ("Tidegate", (), "rate", (1.0,), "nothing would be left, and Keras divides by it"),
    ("Tidegate", (), "alpha", (None, "1"), "Keras multiplies by it where it meets a number below zero"),
    ("Tidegate", (), "mask_value", (None, "zero"), "Keras compares with anything"),
    ("Tidegate", (), "l1", (None, "1"), "Keras finds out in training"),
    ("Tidegate", (), "output_shape", (0, "5"), "Keras puts out nothing"),
    ("Tidegate", (), "target_shape", ("4",), "Keras reads letters as lengths"),
    ("Tidegate", (), "shared_axes", ([0], -1, [-1]), "only axes behind the batch's, counted from it"),
    ("Tidegate", (), "axis", (0, -3, None, [0, 1]), "never along the batch, whose rows stay apart"),
    ("Tidegate", (), "axes", (0,), "never along the batch, whose rows stay apart"),
    ("Tidegate", (), "attention_axes", (0, (1, 2)), "only along time"),
    ("Tidegate", NORMALIZATIONS, "axis", (1, 2, "1"), "normalization along the last axis only, which is -1"),
    ("Tidegate", ("Masking",), "@inputs", ([(2, 3, 4, 2)], [(3, 4)]), "masks are of timesteps"),
    ("Tidegate", ("Embedding",), "@inputs", ([(2,)], [(4,)], [(2, 3, 4)], [(2, 3, 2)]),
     "masks are of timesteps"),
    ("Tidegate", ("TimeDistributed",), "@inputs", ([(3, 5, 4)], [(2, 3, 2, 2, 3)]),
     "in a TimeDistributed Keras does not ask a layer whether it takes the rank"),
    ("Keras", ("TimeDistributed",), "@mask", ("right", "left"),
     "Keras hands the layer a mask of another rank"),
    ("Keras", ("RMSNormalization",), "axis", (1,), "Keras fails where the last axis is given by its place"),
    ("Keras", ("MaxPooling1D", "AveragePooling1D"), "padding", ("SAME",), "Keras reads capitals elsewhere"),
]  # fmt: skip


class Result(NamedTuple):
    """What a library makes of a configuration: one that it refuses has only `why`."""

    why: str = ""
    config: Any = None
    entry: Any = None
    case: Any = None
    weights: Any = None
    paths: Any = None
    outputs: Any = None
    mask_out: Any = None
    shapes: Any = None


def plain(value: Any) -> Any:
    """As it comes back from a file."""
    return json.loads(json.dumps(value, default=lambda x: x.tolist() if hasattr(x, "tolist") else repr(x)))


def made(library: Any, value: Any, dtype: str) -> Any:
    """An argument, where it is a layer one of this library."""
    if not isinstance(value, Inner):
        return value
    given = {name: made(library, each, dtype) for name, each in value.arguments.items()}
    return getattr(library, value.class_name)(**given, dtype=dtype)


def states_of(arguments: dict[str, Any], name: str, rows: int, rng: Any) -> list[Any]:
    """Initial states for a recurrent layer, or what is around one."""
    if name == "Bidirectional":
        inner = arguments["layer"]
        return [each for _ in range(2) for each in states_of(inner.arguments, inner.class_name, rows, rng)]
    if name == "RNN":
        return states_of(arguments["cell"].arguments, arguments["cell"].class_name, rows, rng)
    units = arguments["units"]
    return [numbers(rng, (rows, units)) for _ in range(2 if name.startswith("LSTM") else 1)]


def case_of(subject: Subject, row: dict[str, Any], key: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of the constructor, and all about the call, with its data."""
    arguments = {name: value for name, value in row.items() if not name.startswith("@")}
    call: dict[str, Any] = {name[1:]: value for name, value in row.items() if name.startswith("@")}
    rng = generator(subject.layer, key)
    inputs = inputs_of(call, rng)
    shapes, kinds = call.pop("inputs"), call.pop("mask", None)
    kinds = [*kinds, None, None] if isinstance(kinds, tuple) else [kinds] * len(shapes)
    least = 2 if "ids" in call else 3  # axes of what has timesteps
    masks = [
        mask_of(kind if len(shape) >= least else None, shape, rng)
        for kind, shape in zip(kinds, shapes, strict=False)
    ]
    states = call.pop("states", False)
    times = call.pop("times", 2)
    return arguments, {
        "call": {
            **subject.call,
            "times": times if arguments.get("stateful") else 1,
            "options": {name: call[name] for name in call if name not in ("ids", "hidden")},
        },
        "inputs": inputs,
        "masks": masks if any(mask is not None for mask in masks) else None,
        "states": states_of(arguments, subject.layer, shapes[0][0], rng) if states else None,
    }


def tidegate_outputs(layer: Any, inputs: Any, masks: Any, states: Any, call: dict[str, Any]) -> Any:
    return call_layer(layer, inputs, masks, states, call), mask_out(layer, inputs, masks)


def keras_outputs(layer: Any, inputs: Any, masks: Any, states: Any, call: dict[str, Any]) -> Any:
    """Outputs and the mask that goes on, of inputs that carry their masks."""
    tensors = [keras.ops.convert_to_tensor(x) for x in inputs]
    for tensor, mask in zip(tensors, masks or (), strict=False):
        if mask is not None:
            set_keras_mask(tensor, mask=keras.ops.convert_to_tensor(mask))
    named = dict(call["options"])
    if states is not None:
        if masks is not None:  # Keras drops the one that comes with the inputs
            named["mask"] = keras.ops.convert_to_tensor(masks[0])
        named["initial_state"] = [keras.ops.convert_to_tensor(state) for state in states]
    for _ in range(call["times"]):
        found = (
            layer(*tensors, **named) if call.get("apart") or len(tensors) == 1 else layer(tensors, **named)
        )
    outputs = list(found) if isinstance(found, (list, tuple)) else [found]
    passed_on = get_keras_mask(outputs[0])
    return [np.asarray(y) for y in outputs], None if passed_on is None else np.asarray(passed_on)


def run(library: Any, subject: Subject, row: dict[str, Any], dtype: str, key: object) -> Result:
    arguments, case = case_of(subject, row, key)
    keras.config.set_floatx(dtype)  # some of Keras's functions compute in it, whatever they are given
    given = {name: made(library, value, dtype) for name, value in arguments.items()}
    layer = getattr(library, subject.layer)(**{"name": "subject", "dtype": dtype, **given})
    call, masks = case["call"], case["masks"]
    arrays = [x if x.dtype == int else x.astype(dtype) for x in case["inputs"]]
    states = case["states"] and [state.astype(dtype) for state in case["states"]]
    outputs_of = keras_outputs if library is keras.layers else tidegate_outputs
    outputs_of(layer, arrays, masks, states, {**call, "times": 1})  # which builds it
    if layer.weights:
        layer.set_weights(weights_of(layer, generator(subject.layer, key, "weights")))
    if getattr(layer, "stateful", False):
        layer.reset_state()
    outputs, passed_on = outputs_of(layer, arrays, masks, states, call)
    shapes = [tuple(x.shape) for x in arrays]
    if library is keras.layers and call.get("apart"):
        found = layer.compute_output_shape(*shapes)
    else:
        found = layer.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
    return Result(
        config=plain(layer.get_config()),
        entry=plain(keras.layers.serialize(layer)) if library is keras.layers else None,
        case=case,
        weights=[np.asarray(weight) for weight in layer.get_weights()],
        paths=[(variable.path, tuple(variable.shape)) for variable in layer.weights],
        outputs=outputs,
        mask_out=passed_on,
        shapes=plain(
            found if isinstance(found, (list, tuple)) and isinstance(found[0], (list, tuple)) else [found]
        ),
    )


def attempt(library: Any, *arguments: Any) -> Result:
    """`run`, where a refusal is a result; Keras may refuse with whatever its backend raises."""
    refusals = Exception if library is keras.layers else (ValueError, TypeError)
    try:
        return run(library, *arguments)
    except refusals as error:
        return Result(why=f"{type(error).__name__}: {error}".replace("\n", " ")[:160])


def documented(layer: str, row: dict[str, Any], who: str, axis: str | None) -> str:
    """Why one library refuses what the other takes; nothing where nobody knows."""
    for whose, those, name, values, why in DIFFERENCES:
        here = whose == who and (not those or layer in those) and name in ({axis} if axis else row)
        if here and (not values or any(same(row[name], value) for value in values)):
            return why
    return ""


def settled(config: Any) -> Any:
    """A configuration without what need not be equal: what a layer in another was built with, the one number
    that Keras forgets of an initializer, and the digits of numbers that Keras holds in float32.
    """
    if isinstance(config, dict):
        if config.get("class_name") == "Identity":
            config = {**config, "config": {}}
        return {name: settled(value) for name, value in config.items() if name != "build_config"}
    if isinstance(config, list):
        return [settled(value) for value in config]
    return float(f"{config:.6g}") if isinstance(config, float) else config


def same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)


def tolerance(subject: Subject, config: Any, dtype: str) -> dict[str, float]:
    named = subject.layer in ("LeakyReLU", "ReLU", "MultiHeadAttention") or config.get("activation") in (
        "leaky_relu",
        "gelu",
    )
    return ROUNDED if named and dtype == "float64" else TOLERANCES[dtype]


def differences(subject: Subject, theirs: Result, ours: Result, dtype: str) -> Iterator[str]:
    """What is not the same where both libraries take a configuration."""
    if ours.paths != theirs.paths:
        yield f"weights {ours.paths}, Keras {theirs.paths}"
    if ours.shapes != theirs.shapes:
        yield f"compute_output_shape {ours.shapes}, Keras {theirs.shapes}"
    if [y.shape for y in ours.outputs] != [y.shape for y in theirs.outputs]:
        yield f"shapes {[y.shape for y in ours.outputs]}, Keras {[y.shape for y in theirs.outputs]}"
        return
    for place, (y, expected) in enumerate(zip(ours.outputs, theirs.outputs, strict=True)):
        if y.dtype != expected.dtype:
            yield f"output {place} is {y.dtype}, Keras's {expected.dtype}"
        if not np.allclose(y, expected, **tolerance(subject, ours.config, dtype), equal_nan=True):
            yield f"output {place} differs by {np.nanmax(np.abs(y - expected)):.3g}"
    if (ours.mask_out is None) != (theirs.mask_out is None) or not np.array_equal(
        ours.mask_out, theirs.mask_out
    ):
        yield f"mask out {plain(ours.mask_out)}, Keras {plain(theirs.mask_out)}"
    for library, config, name in ((keras.layers, ours.config, "Keras"), (layers, theirs.config, "Tidegate")):
        own = settled(theirs.config if library is keras.layers else ours.config)
        try:
            again = settled(plain(getattr(library, subject.layer).from_config(plain(config)).get_config()))
        except Exception as error:
            yield f"{name}'s from_config: {error!r:.160}"
            continue
        for field in sorted({*again, *own}):
            if (subject.layer, field) not in FORGOTTEN and again.get(field, "nothing") != own.get(
                field, "nothing"
            ):
                yield f"configuration read by {name}: {field} {again.get(field)}, expected {own.get(field)}"
    own, others = settled(ours.config), settled(theirs.config)
    for field in sorted({*own, *others}):
        if (subject.layer, field) not in FORGOTTEN and own.get(field, "nothing") != others.get(
            field, "nothing"
        ):
            yield f"configuration: {field} {own.get(field, 'missing')}, Keras {others.get(field, 'missing')}"


def rows_of(subject: Subject) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Configurations, and which argument of one is tried alone."""
    for row in covering(subject.axes, subject.strength):
        yield row, None
    usual = {name: values[0] for name, values in subject.axes.items()}
    for name, values in subject.refused.items():
        for value in values:
            yield {**usual, name: value}, name


def go_through(which: int) -> tuple[str, Counter[str], list[Any]]:
    """The counts of a subject, and what both libraries agree on."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    subject, counts, good = SUBJECTS[which], Counter[str](), []
    for place, (row, alone) in enumerate(rows_of(subject)):
        for dtype in TOLERANCES:
            key = (place, dtype)
            theirs = attempt(keras.layers, subject, row, dtype, key)
            try:
                ours = attempt(layers, subject, row, dtype, key)
                if theirs.why and ours.why:
                    found = []
                elif theirs.why or ours.why:
                    who = "Keras" if theirs.why else "Tidegate"
                    why = documented(subject.layer, row, who, alone)
                    counts["documented"] += bool(why)
                    found = [] if why else [f"only {who} refuses: {theirs.why or ours.why}"]
                else:
                    found = list(differences(subject, theirs, ours, dtype))
                    if not found:
                        good.append((dtype, theirs))
            except Exception as error:
                found = [f"Tidegate raises {error!r:.200}"]
            counts["configurations"] += 1
            counts["failures"] += bool(found)
            counts["refused by both"] += bool(theirs.why and ours.why) if not found else 0
            for each in found:
                told = (
                    {alone: row[alone]}
                    if alone
                    else {
                        name: value for name, value in row.items() if not same(value, subject.axes[name][0])
                    }
                )
                print(f"{subject.layer} {dtype} {told}: {each}", flush=True)
    return subject.layer, counts, good


def record(tally: dict[str, Counter[str]]) -> None:
    """The counts of the layers that were gone through, beside those of others from before."""
    path = DATA / "keras_pairwise.json"
    found = {
        layer: {name: counts[name] for name in COLUMNS} for layer, counts in tally.items() if layer != "all"
    }
    before = json.loads(path.read_text())["layers"] if path.exists() else {}
    about = {
        "date": date.today().isoformat(),
        "keras": f"{keras.__version__}, {keras.backend.backend()}",
        "tidegate": tidegate.__version__,
        "numpy": np.__version__,
    }
    path.write_text(json.dumps({**about, "layers": {**before, **found}}, indent=1) + "\n")


def store(good: list[Any]) -> None:
    """Every so manieth of what both libraries agree on: entries and data in one array after the other."""
    arrays: dict[str, list[Any]] = {"small": [], "float32": [], "float64": []}
    cases = []

    def put(array: Any, where: str) -> list[Any]:
        arrays[where].append(np.ravel(array))
        return [where, list(np.shape(array))]

    for dtype, result in good[:: -(-len(good) // STORED) | 1]:
        case = result.case
        cases.append(
            {
                "entry": result.entry,
                "dtype": dtype,
                "call": case["call"],
                "inputs": [put(x * 64, "small") for x in case["inputs"]],
                "masks": case["masks"] and plain(case["masks"]),
                "states": case["states"] and [put(state * 64, "small") for state in case["states"]],
                "weights": [put(weight * 64, "small") for weight in result.weights],
                "outputs": [put(y, dtype) for y in result.outputs],
                "mask_out": None if result.mask_out is None else plain(result.mask_out),
            }
        )
    np.savez_compressed(
        DATA / "keras_pairwise.npz",
        cases=np.frombuffer(json.dumps(cases).encode(), np.uint8),
        small=np.concatenate(arrays["small"]).astype(np.int16),
        float32=np.concatenate(arrays["float32"]),
        float64=np.concatenate(arrays["float64"]),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layers", nargs="*", help="names of layers; all where none is given")
    parser.add_argument("--write", action="store_true", help="record counts and outputs in tests/data")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    wanted = [
        place
        for place, subject in enumerate(SUBJECTS)
        if not options.layers or subject.layer in options.layers
    ]
    tally: dict[str, Counter[str]] = {}
    good: list[Any] = []
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        for layer, counts, agreed in pool.map(go_through, wanted):
            tally.setdefault(layer, Counter()).update(counts)
            good += agreed
    tally["all"] = sum(tally.values(), Counter())
    print(f"{'layer':24}", *(f"{name:>16}" for name in COLUMNS))
    for layer, counts in tally.items():
        print(f"{layer:24}", *(f"{counts[name]:16}" for name in COLUMNS))
    if options.write:
        record(tally)
        if not options.layers:
            store(good)
    return int(tally["all"]["failures"] > 0)


if __name__ == "__main__":
    sys.exit(main())
