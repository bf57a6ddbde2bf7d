"""Writes python/README.md: name by name, what a script for Keras finds, what differs, and what is missing.

What is there is asked of the package itself; the names of Keras are in keras_names.json; what differs and why
names are missing is said here.
"""

from __future__ import annotations

import importlib
import json
import textwrap
from pathlib import Path

from tidegate.as_keras.modules import names_of
from tidegate.as_keras.places import MODULES, OLD_PATHS, PATHS
from tidegate.legacy import ARGUMENTS, NAMES

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "python" / "README.md"

HEAD = """\
# What a script for Keras finds in Tidegate

`python -m tidegate script.py` (or `-m module`, or `-c command`) runs a script that was written for Keras,
unchanged: `import keras`, `from tensorflow.keras.layers import LSTM` and the like lead to the modules of this
page, whether Keras and TensorFlow are installed or not. In a notebook `%load_ext tidegate` does the same.
Nothing else does: `import tidegate` changes no import. `--report` before the script says at the end which
layers ran natively and which in Python.

Every name of Keras 3.15 is here, and those of `tensorflow.keras` beside it. One that is not offered is an
error where it is asked for, with its full name and the nearest that is there.

This page is written by `tests/data/make_offered.py`.
"""

DIFFERS = {
    "keras": {"__version__": "`3.15.1+tidegate`: the interface that is offered, and by whom"},
    "keras.datasets": {"load_data": "reads a file, or says where to put it: no network"},
    "keras.layers": {
        "LSTM": "`use_cudnn`, `unroll` and `implementation` change no number; so of `GRU` and `SimpleRNN`",
        "Lambda": "a function without a name is not read from files, as with Keras's `safe_mode`",
        "Layer": "`call` over `keras.ops`, operators and slices runs in Python, its gradient by autograd",
    },
    "keras.models": {
        "Model": (
            "`metrics_names` are the names of what `evaluate` gives, where Keras 3 has `compile_metrics`; "
            "`save` writes `.keras` files and `save_weights` `.weights.h5` files"
        ),
    },
    "keras.optimizers": {
        "Optimizer": "`learning_rate` is a number that can be set; `lr` is the same, with a warning",
    },
    "keras.random": {"normal": "numbers of the same distribution, not Keras's bits; likewise of the others"},
    "keras.utils": {
        "get_file": "takes files that are there already: no network",
        "set_random_seed": "repeats Tidegate's numbers, which are not Keras's bits",
    },
    "tensorflow": {
        "function": "gives the function back: all is computed at once, and nothing is compiled",
        "device": "a block that changes nothing",
        "Variable": "a Tidegate Variable",
    },
    "tensorflow.config": {"list_physical_devices": "an empty list; what switches devices on does nothing"},
    "tensorflow.data": {
        "Dataset": "plain Python, element by element; `interleave` takes one dataset after the other",
    },
}

# Why names are missing: the first row whose words a name, or its module's path, contains.
REASONS = (
    ("recurrent models of sequences are what this is for, not images", (
        "2D", "3D", "2d", "3d", "image", "Image", "img", "Random", "Crop", "Mix", "Flip", "Zoom",
        "Brightness", "Contrast",
        "bounding_boxes", "applications", "cifar", "mnist", "Hue", "Saturation", "Sharpness",
        "Color", "Grayscale", "Solarization", "Posterization", "Equalization", "Aug", "resize", "Resizing",
        "Pipeline", "Iterator", "affine", "shift", "brightness", "rotation", "shear", "zoom", "Invert",
        "Rand", "Erasing",
    )),
    ("there is one backend, and it computes at once", (
        "gradients", "backend", "Stateless", "Symbolic", "name_scope", "device", "distribution", "remat",
        "Remat", "sparse", "dense", "nnx", "flash", "jax", "Jax", "Flax", "TFSM", "Torch", "export",
        "traceback", "foldl", "foldr", "rnn", "function",
    )),
    ("float32 and float64 for training; `freeze` has bfloat16 and int8", (
        "Quantiz", "quantiz", "DTypePolicy", "dtype_policies", "dtype_policy", "mixed_precision", "GPTQ",
        "AWQ", "Int8", "Int4", "Float8",
    )),
    ("no audio, and no files of text", ("audio", "MelSpec", "text_dataset", "stft", "fft", "STFTSpec")),
    ("no network", ("RemoteMonitor", "california", "boston")),
    ("not yet", ("",)),
)  # fmt: skip


def names_in(path: str) -> set[str]:
    """Of a module, with the other paths that lead through it."""
    if path not in MODULES:
        return set()
    return names_of(path) | {
        other.rpartition(".")[2] for other in PATHS | OLD_PATHS if other.rpartition(".")[0] == path
    }


def reason(path: str, name: str) -> str:
    told = name if path in MODULES else path  # of a module that is missing, all for one reason
    return next(why for why, words in REASONS if any(word in told for word in words))


def paragraph(title: str, names: list[str]) -> str:
    return textwrap.fill(
        f"{title}: {', '.join(f'`{name}`' for name in sorted(names))}.", 118, break_on_hyphens=False
    )


def section(path: str, of_keras: set[str]) -> list[str]:
    """A module: what is there, what differs, and what is not there and why."""
    there = names_in(path)
    parts = [f"## {path}"]
    if there:
        parts.append(paragraph("Offered", sorted(there)))
    if differs := DIFFERS.get(path):
        rows = "\n".join(f"| `{name}` | {what} |" for name, what in differs.items())
        parts.append(f"| differs | how |\n|---|---|\n{rows}")
    missing: dict[str, list[str]] = {}
    for name in sorted(of_keras - there):
        missing.setdefault(reason(path, name), []).append(name)
    parts += [paragraph(f"Not offered ({why})", names) for why, names in sorted(missing.items())]
    return parts


def old_forms() -> list[str]:
    """What Keras 1 and 2 called by other names."""
    names = [(f"`{old}`", f"`{new}`") for table in NAMES.values() for old, new in table.items()]
    arguments = [(f"`{old}=`", " or ".join(f"`{new}=`" for new in news)) for old, news in ARGUMENTS.items()]
    others = [
        ("`input_dim=`, `input_length=`, `batch_size=` of a layer", "`input_shape=`, `batch_input_shape=`"),
        ("`forget_bias_init=`", "`unit_forget_bias=`"),
        ("`consume_less=`", "nothing"),
        ("`nb_epoch=` of `fit`", "`epochs=`"),
        ("`workers=`, `use_multiprocessing=`, `max_queue_size=` of `fit` and `evaluate`", "nothing"),
        ("`fit_generator`, `evaluate_generator`, `predict_generator`", "`fit`, `evaluate`, `predict`"),
        ("`predict_proba`, `predict_classes`", "`predict`, and its `argmax`"),
        ("`Model(input=, output=)`", "`Model(inputs=, outputs=)`"),
        ("`save_format=` of `save`", "nothing: the ending says it"),
        ("`period=` of `ModelCheckpoint`", "every so many epochs"),
        ("`optimizer.lr`, `Adam(lr=)`", "`learning_rate`"),
        ("`decay=` of optimizers", "nothing, as in Keras 3"),
        ("`model.reset_states()`", "`reset_states` of each layer"),
    ]
    rows = "\n".join(f"| {old} | {new} |" for old, new in [*names, *arguments, *others])
    paths = "\n".join(f"| `{old}` | `{new}` |" for old, new in OLD_PATHS.items())
    same = ", ".join(f"`{old}` is `{new}`" for old, new in PATHS.items())
    return [
        "## Old forms",
        "Each works and warns, in Tidegate itself too:",
        f"| Keras 1 and 2 | now |\n|---|---|\n{rows}",
        f"Paths, without a warning: {same}. With one:",
        f"| old path | now |\n|---|---|\n{paths}",
    ]


def page() -> str:
    keras = {path: set(names) for path, names in json.loads((HERE / "keras_names.json").read_text()).items()}
    parts = [HEAD.rstrip()]
    for path in sorted(keras.keys() | {each for each in MODULES if names_in(each)}):
        of_keras = keras.get(path, set())
        if path in MODULES or f"{path.rpartition('.')[0]}" == "keras":
            parts += section(path, of_keras)
    return "\n\n".join([*parts, *old_forms()]) + "\n"


if __name__ == "__main__":
    for home in filter(None, MODULES.values()):
        importlib.import_module(home)
    PAGE.write_text(page())
