"""Writes keras_optimizers.json: what the optimizers of Keras 3.15.1 make of three weights, and what their
learning-rate schedules say; and the models nadam.keras and adafactor.keras, saved in the middle of training.

Needs Keras with JAX (`KERAS_BACKEND=jax JAX_ENABLE_X64=1 python make_keras_optimizers.py`); the tests only
read the files. The arrays beside a model have the names that `cases.json` explains.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, optimizers
from keras.optimizers import schedules

HERE = Path(__file__).parent
rng = np.random.default_rng(44)
WEIGHTS = {"kernel": (2, 3), "bias": (3,), "embeddings": (2, 2, 2)}
STEPS = {"float64": 50, "float32": 3}

OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learning_rate": 0.1, "clipnorm": 0.5, "use_ema": True, "ema_momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "global_clipnorm": 1.5, "gradient_accumulation_steps": 3}),
    ("RMSprop", {"learning_rate": 0.05, "momentum": 0.5, "centered": True, "epsilon": 1e-3}),
    ("Adam", {"learning_rate": 0.05, "amsgrad": True, "loss_scale_factor": 8.0}),
    ("Adam", {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 2, "learning_rate": 0.05}),
    ("AdamW", {"learning_rate": 0.05}),
    ("AdamW", {"learning_rate": 0.05, "weight_decay": 0.1, "exclude": ["bias", "embed"]}),
    ("Adadelta", {}),
    ("Adadelta", {"learning_rate": 1.0, "rho": 0.8, "epsilon": 1e-3, "weight_decay": 0.01}),
    ("Adagrad", {}),
    ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.0, "epsilon": 1e-3, "clipvalue": 0.4}),
    ("Adamax", {}),
    ("Adamax", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-3}),
    ("Adafactor", {}),
    ("Adafactor", {"learning_rate": 0.3, "beta_2_decay": -0.5, "epsilon_1": 1e-3, "epsilon_2": 0.1}),
    ("Adafactor", {"learning_rate": 0.3, "clip_threshold": 0.5, "relative_step": False}),
    ("Nadam", {}),
    ("Nadam", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-3}),
    ("Nadam", {"learning_rate": 0.1, "gradient_accumulation_steps": 2, "use_ema": True}),
    ("Ftrl", {}),
    ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.3, "l2_regularization_strength": 0.2}),
    (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "learning_rate_power": -0.7,
            "initial_accumulator_value": 0.3,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.5,
        },
    ),
    ("Ftrl", {"learning_rate": 0.1, "learning_rate_power": 0.0}),
    ("Lion", {}),
    ("Lion", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.8, "weight_decay": 0.1}),
    ("Lamb", {}),
    ("Lamb", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-3, "weight_decay": 0.1}),
    ("Muon", {}),
    (
        "Muon",
        {
            "learning_rate": 0.1,
            "adam_beta_1": 0.5,
            "adam_beta_2": 0.8,
            "adam_weight_decay": 0.1,
            "epsilon": 1e-3,
            "weight_decay": None,
            "adam_lr_ratio": 0.5,
            "momentum": 0.8,
            "ns_steps": 3,
            "nesterov": False,
            "rms_rate": None,
        },
    ),
    ("Muon", {"learning_rate": 0.1, "exclude_layers": ["kern"], "use_ema": True}),
    ("ScheduleFreeAdamW", {}),
    (
        "ScheduleFreeAdamW",
        {
            "learning_rate": 0.1,
            "beta_1": 0.7,
            "beta_2": 0.8,
            "epsilon": 1e-3,
            "warmup_steps": 7,
            "weight_decay": 0.1,
        },
    ),
]
AROUND_OTHERS: dict[str, Any] = {
    "LossScaleOptimizer": lambda: optimizers.LossScaleOptimizer(
        optimizers.SGD(0.1, momentum=0.9), initial_scale=4.0, dynamic_growth_steps=2
    ),
    "MultiOptimizer": lambda: optimizers.MultiOptimizer(
        optimizers.OptimizerMap(
            optimizers.SGD(0.1, use_ema=True),
            {"b.*s": optimizers.Adam(0.05), "kernel": optimizers.Lion(0.01)},
        ),
        loss_scale_factor=2.0,
    ),
}

SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [5, 10, 20], "values": [0.1, 0.05, 0.2, 0.01]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7}),
    (
        "PolynomialDecay",
        {
            "initial_learning_rate": 0.1,
            "decay_steps": 7,
            "end_learning_rate": 0.01,
            "power": 0.5,
            "cycle": True,
        },
    ),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 15, "alpha": 0.1}),
    (
        "CosineDecay",
        {"initial_learning_rate": 0.01, "decay_steps": 12, "warmup_target": 0.1, "warmup_steps": 5},
    ),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4}),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.5, "alpha": 0.1},
    ),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.5, "m_mul": 0.8},
    ),
]


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


def plain(values: Any) -> list[Any]:
    return [np.asarray(value).tolist() for value in values]


start = [normal(*shape) for shape in WEIGHTS.values()]
gradients = [[normal(*shape) for shape in WEIGHTS.values()] for _ in range(max(STEPS.values()))]


def figure(name: str, arguments: dict[str, Any], dtype: str) -> dict[str, Any]:
    """The weights and the state after the steps."""
    variables = [
        keras.Variable(value, dtype=dtype, name=key) for key, value in zip(WEIGHTS, start, strict=True)
    ]
    arguments = dict(arguments)
    exclude = arguments.pop("exclude", None)
    optimizer = getattr(optimizers, name)(**arguments)
    if exclude:
        optimizer.exclude_from_weight_decay(var_names=exclude)
    optimizer.build(variables)
    for step in gradients[: STEPS[dtype]]:
        optimizer.apply([g.astype(dtype) for g in step], variables)
    result = {"end": plain(variables), "state": plain(optimizer.variables)}
    optimizer.finalize_variable_values(variables)
    return result | {"final": plain(variables), "config": list(optimizer.get_config())}


def figure_around_others(make: Any) -> dict[str, Any]:
    """Seven float64 steps with the loss scaled; the gradients of the fourth are not finite where that is an
    optimizer for it.
    """
    optimizer = make()
    variables = [
        keras.Variable(value, dtype="float64", name=key) for key, value in zip(WEIGHTS, start, strict=True)
    ]
    optimizer.build(variables)
    for count, step in enumerate(gradients[:7]):
        scaled = [np.asarray(optimizer.scale_loss(g.astype("float64"))) for g in step]
        if isinstance(optimizer, optimizers.MultiOptimizer):
            optimizer.apply(scaled, variables)
            continue
        if count == 3:
            scaled[0] = scaled[0] * np.inf
        # On JAX this one works without state only.
        found = optimizer.stateless_apply(
            [each.value for each in optimizer.variables], scaled, [each.value for each in variables]
        )
        for variable, value in zip([*variables, *optimizer.variables], [*found[0], *found[1]], strict=True):
            variable.assign(value)
    result = {"end": plain(variables), "state": plain(optimizer.variables)}
    optimizer.finalize_variable_values(variables)
    return {"optimizer": optimizers.serialize(make()), **result, "final": plain(variables)}


def model_in_training(optimizer: Any, path: Path) -> None:
    model = keras.Sequential([keras.Input((6, 3)), layers.LSTM(4), layers.Dense(2)])
    model.set_weights([0.5 * normal(*w.shape) for w in model.get_weights()])
    model.compile(optimizer, "mse")
    tx, ty = normal(12, 6, 3), normal(12, 2)
    model.fit(tx, ty, batch_size=4, epochs=1, shuffle=False, verbose=0)
    model.save(path)
    model = keras.models.load_model(path)  # the averages of the first have given their arrays to its weights
    x = normal(5, 6, 3)
    arrays = {"x0": x, "p0_0": model.predict(x, verbose=0), "tx0": tx, "ty0": ty}
    history = model.fit(tx, ty, batch_size=4, epochs=1, shuffle=False, verbose=0)
    arrays["tloss"] = np.array(history.history["loss"][0])
    arrays |= {f"tw{k}": weight for k, weight in enumerate(model.get_weights())}
    np.savez(path.with_suffix(".npz"), **arrays)


if __name__ == "__main__":
    figures = {
        "keras": keras.__version__,
        "names": list(WEIGHTS),
        "start": plain(start),
        "gradients": [plain(step) for step in gradients],
        "optimizers": [
            {"class": name, "arguments": arguments}
            | {dtype: figure(name, arguments, dtype) for dtype in STEPS}
            for name, arguments in OPTIMIZERS
        ],
        "around_others": [figure_around_others(make) for make in AROUND_OTHERS.values()],
        "schedules": [
            {
                "class": name,
                "arguments": arguments,
                "config": getattr(schedules, name)(**arguments).get_config(),
                "rates": [float(getattr(schedules, name)(**arguments)(step)) for step in range(31)],
            }
            for name, arguments in SCHEDULES
        ],
    }
    text = json.dumps(figures, separators=(",", ":")).replace('{"class"', '\n{"class"')
    (HERE / "keras_optimizers.json").write_text(text + "\n")
    decay = schedules.CosineDecay(0.05, 20, warmup_target=0.1, warmup_steps=2)
    nadam = optimizers.Nadam(decay, use_ema=True, ema_momentum=0.5, gradient_accumulation_steps=2)
    model_in_training(nadam, HERE / "nadam.keras")
    model_in_training(optimizers.Adafactor(0.1, global_clipnorm=1.0), HERE / "adafactor.keras")
