"""Where what scripts import from Keras and TensorFlow is found in Tidegate: tables, which load nothing."""

from __future__ import annotations

# The versions whose interface this is; what stands behind the plus sign says whose work it does.
VERSIONS = {"keras": "3.15.1+tidegate", "tensorflow": "2.21.0+tidegate"}

# Module of Keras or TensorFlow -> module of Tidegate whose public names it has; None for NAMES alone.
MODULES: dict[str, str | None] = {
    "keras": None,
    "keras.activations": "tidegate.activations",
    "keras.backend": "tidegate.backend",
    "keras.callbacks": "tidegate.callbacks",
    "keras.config": None,
    "keras.constraints": "tidegate.constraints",
    "keras.datasets": "tidegate.datasets",
    "keras.datasets.boston_housing": "tidegate.datasets.boston_housing",
    "keras.datasets.california_housing": "tidegate.datasets.california_housing",
    "keras.datasets.imdb": "tidegate.datasets.imdb",
    "keras.datasets.mnist": "tidegate.datasets.mnist",
    "keras.datasets.reuters": "tidegate.datasets.reuters",
    "keras.engine": None,
    "keras.initializers": "tidegate.initializers",
    "keras.layers": "tidegate.layers",
    "keras.losses": "tidegate.losses",
    "keras.metrics": "tidegate.metrics",
    "keras.models": "tidegate.models",
    "keras.ops": "tidegate.ops",
    "keras.optimizers": "tidegate.optimizers",
    "keras.optimizers.schedules": "tidegate.optimizers.schedules",
    "keras.preprocessing": "tidegate.preprocessing",
    "keras.preprocessing.sequence": "tidegate.preprocessing.sequence",
    "keras.preprocessing.text": "tidegate.preprocessing.text",
    "keras.random": "tidegate.as_keras.draws",
    "keras.regularizers": "tidegate.regularizers",
    "keras.saving": "tidegate.saving",
    "keras.utils": "tidegate.utils",
    "tensorflow": "tidegate.as_keras.tensorflow.functions",
    "tensorflow.autograph": None,
    "tensorflow.autograph.experimental": None,
    "tensorflow.compat": None,
    "tensorflow.compat.v1": None,
    "tensorflow.compat.v1.logging": None,
    "tensorflow.config": None,
    "tensorflow.config.experimental": None,
    "tensorflow.config.threading": None,
    "tensorflow.data": "tidegate.as_keras.tensorflow.dataset",
    "tensorflow.data.experimental": "tidegate.as_keras.tensorflow.dataset",
    "tensorflow.math": "tidegate.as_keras.tensorflow.math",
    "tensorflow.nn": "tidegate.as_keras.tensorflow.nn",
    "tensorflow.python": None,
    "tensorflow.random": "tidegate.as_keras.tensorflow.random",
    "tensorflow.test": None,
}

_SWITCHES = "tidegate.as_keras.tensorflow.switches"
_DEVICES = (
    "list_logical_devices", "list_physical_devices", "set_logical_device_configuration", "set_memory_growth",
    "set_soft_device_placement", "set_virtual_device_configuration", "set_visible_devices",
)  # fmt: skip
_SHORT = {
    short: f"tidegate.losses:{name}"
    for name, *others in (
        ("kl_divergence", "KLD", "kld", "kullback_leibler_divergence"),
        ("log_cosh", "logcosh"),
        ("mean_absolute_error", "MAE", "mae"),
        ("mean_absolute_percentage_error", "MAPE", "mape"),
        ("mean_squared_error", "MSE", "mse"),
        ("mean_squared_logarithmic_error", "MSLE", "msle"),
    )
    for short in others
}

# Names that a module has beside those, and the module where each is; behind a colon what it is called there.
NAMES: dict[str, dict[str, str]] = {
    "keras": {
        "Initializer": "tidegate.initializers",
        "Input": "tidegate.layers",
        "KerasTensor": "tidegate.graph:Tensor",
        "Layer": "tidegate.layers",
        "Loss": "tidegate.losses",
        "Metric": "tidegate.metrics",
        "Model": "tidegate.models",
        "Optimizer": "tidegate.optimizers",
        "Regularizer": "tidegate.regularizers",
        "Sequential": "tidegate.models",
        "Variable": "tidegate.variable",
    },
    "keras.config": {
        "backend": "tidegate.backend",
        "epsilon": "tidegate.backend",
        "floatx": "tidegate.backend",
        "image_data_format": "tidegate.backend",
        "set_epsilon": "tidegate.backend",
        "set_floatx": "tidegate.backend",
        "set_image_data_format": "tidegate.backend",
    },
    "keras.engine": {
        "Input": "tidegate.layers",
        "InputLayer": "tidegate.layers",
        "Layer": "tidegate.layers",
        "Model": "tidegate.models",
        "Sequential": "tidegate.models",
    },
    "keras.losses": _SHORT,
    "keras.metrics": _SHORT,
    "keras.models": {"Input": "tidegate.layers"},
    "tensorflow": {"set_random_seed": "tidegate.random:set_seed"},
    "tensorflow.autograph.experimental": dict.fromkeys(("set_verbosity",), _SWITCHES),
    "tensorflow.compat.v1": {
        **dict.fromkeys(
            (
                "ConfigProto", "Session", "disable_eager_execution", "disable_v2_behavior",
                "enable_eager_execution", "enable_v2_behavior", "reset_default_graph",
            ),
            _SWITCHES,
        ),
        "set_random_seed": "tidegate.random:set_seed",
    },
    "tensorflow.compat.v1.logging": dict.fromkeys(
        ("DEBUG", "ERROR", "FATAL", "INFO", "WARN", "set_verbosity"), _SWITCHES
    ),
    "tensorflow.config": dict.fromkeys(("run_functions_eagerly", *_DEVICES), _SWITCHES),
    "tensorflow.config.experimental": dict.fromkeys(("enable_op_determinism", *_DEVICES), _SWITCHES),
    "tensorflow.config.threading": dict.fromkeys(
        ("set_inter_op_parallelism_threads", "set_intra_op_parallelism_threads"), _SWITCHES
    ),
    "tensorflow.test": dict.fromkeys(
        ("gpu_device_name", "is_built_with_cuda", "is_built_with_gpu_support", "is_gpu_available"), _SWITCHES
    ),
}  # fmt: skip

# Other paths to the same modules: those that are as good, and those that Keras 3 has no longer.
PATHS = {
    "keras.api": "keras",
    "keras.ops.linalg": "keras.ops",
    "keras.ops.nn": "keras.ops",
    "keras.ops.numpy": "keras.ops",
    "tensorflow.compat.v1.keras": "keras",
    "tensorflow.compat.v2": "tensorflow",
    "tensorflow.keras": "keras",
    "tensorflow.logging": "tensorflow.compat.v1.logging",
    "tensorflow.python.keras": "keras",
}
OLD_PATHS = {
    "keras.backend.tensorflow_backend": "keras.backend",
    "keras.engine.base_layer": "keras.engine",
    "keras.engine.input_layer": "keras.engine",
    "keras.engine.sequential": "keras.engine",
    "keras.engine.topology": "keras.engine",
    "keras.engine.training": "keras.engine",
    "keras.layers.advanced_activations": "keras.layers",
    "keras.layers.convolutional": "keras.layers",
    "keras.layers.core": "keras.layers",
    "keras.layers.embeddings": "keras.layers",
    "keras.layers.experimental": "keras.layers",
    "keras.layers.experimental.preprocessing": "keras.layers",
    "keras.layers.merge": "keras.layers",
    "keras.layers.noise": "keras.layers",
    "keras.layers.normalization": "keras.layers",
    "keras.layers.normalization.batch_normalization": "keras.layers",
    "keras.layers.pooling": "keras.layers",
    "keras.layers.recurrent": "keras.layers",
    "keras.layers.wrappers": "keras.layers",
    "keras.optimizers.legacy": "keras.optimizers",
    "keras.utils.data_utils": "keras.utils",
    "keras.utils.generic_utils": "keras.utils",
    "keras.utils.io_utils": "keras.utils",
    "keras.utils.np_utils": "keras.utils",
    "keras.utils.vis_utils": "keras.utils",
    "keras.utils.visualize_util": "keras.utils",
}


def present(path: str) -> str:
    """The path in MODULES, or one that is in no table, of any path that a script may write."""
    for old, new in sorted((PATHS | OLD_PATHS).items(), reverse=True):  # the longer ones first
        if path == old or path.startswith(f"{old}."):
            return present(new + path.removeprefix(old))
    return path
