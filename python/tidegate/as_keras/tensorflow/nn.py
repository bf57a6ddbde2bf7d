"""`tensorflow.nn`."""

from tidegate.as_keras.tensorflow.table import made

_TABLE = {
    **{name: f"{name} features:x" for name in ("elu", "relu", "relu6", "selu", "softplus", "softsign")},
    "gelu": "gelu features:x approximate=False",
    "leaky_relu": "leaky_relu features:x alpha:negative_slope",
    "l2_normalize": "normalize x axis",
    "log_softmax": "log_softmax logits:x axis",
    "moments": "moments x axes keepdims",
    "sigmoid": "sigmoid x",
    "silu": "silu features:x",
    "softmax": "softmax logits:x axis",
    "swish": "silu features:x",
    "tanh": "tanh x",
}

__all__ = sorted(_TABLE)
globals().update(made(_TABLE))
