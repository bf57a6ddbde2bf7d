"""The equations of Tidegate in plain NumPy: the specification that the native kernels are tested against.

Everything here has the name, the arguments and the results of its native twin in `tidegate._core`, each
forward stands beside its backward, and the dtype is the one given (float64 is what it is for). Nothing here
is fast, nothing in the package computes with it, and importing `tidegate` does not load it.

Shapes: `B` batch, `T` timesteps, `F` features, `U` units, `G` gates (LSTM 4: i f c o, GRU 3: z r h,
SimpleRNN 1).
"""

from __future__ import annotations

from tidegate.reference.activations import (
    ROWWISE,
    Activation,
    activate,
    activate_gradient,
    activation_names,
    log,
)
from tidegate.reference.attention import (
    attention_weights,
    attention_weights_gradient,
    batched_product,
    tanh_scores,
    tanh_scores_gradient,
)
from tidegate.reference.convolution import Conv1D
from tidegate.reference.dense import Dense
from tidegate.reference.dropout import (
    alpha_dropout_gradient,
    apply_alpha_dropout,
    apply_dropout,
    dropout_mask,
    normals,
    philox,
)
from tidegate.reference.embedding import Embedding, Masking
from tidegate.reference.merging import (
    divide,
    extreme_gradient,
    pairwise,
    sum_axis,
    unit_rows,
    unit_rows_gradient,
)
from tidegate.reference.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from tidegate.reference.optimizers import (
    adadelta_update,
    adafactor_update,
    adagrad_update,
    adam_update,
    adamax_update,
    ftrl_update,
    lamb_update,
    lion_update,
    nadam_update,
    rmsprop_update,
    sgd_update,
    sum_of_squares,
)
from tidegate.reference.pooling import (
    AveragePooling1D,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from tidegate.reference.rectifiers import ELU, PReLU, ReLU, Softmax
from tidegate.reference.recurrent import Recurrent
from tidegate.reference.shapes import Pad1D, Permute, RepeatVector, UpSampling1D

__all__ = [
    "ELU",
    "ROWWISE",
    "Activation",
    "AveragePooling1D",
    "BatchNormalization",
    "Conv1D",
    "Dense",
    "Embedding",
    "GlobalAveragePooling1D",
    "GlobalMaxPooling1D",
    "GroupNormalization",
    "LayerNormalization",
    "Masking",
    "MaxPooling1D",
    "PReLU",
    "Pad1D",
    "Permute",
    "RMSNormalization",
    "ReLU",
    "Recurrent",
    "RepeatVector",
    "Softmax",
    "UnitNormalization",
    "UpSampling1D",
    "activate",
    "activate_gradient",
    "activation_names",
    "adadelta_update",
    "adafactor_update",
    "adagrad_update",
    "adam_update",
    "adamax_update",
    "alpha_dropout_gradient",
    "apply_alpha_dropout",
    "apply_dropout",
    "attention_weights",
    "attention_weights_gradient",
    "batched_product",
    "divide",
    "dropout_mask",
    "extreme_gradient",
    "ftrl_update",
    "lamb_update",
    "lion_update",
    "log",
    "nadam_update",
    "normals",
    "pairwise",
    "philox",
    "rmsprop_update",
    "sgd_update",
    "sum_axis",
    "sum_of_squares",
    "tanh_scores",
    "tanh_scores_gradient",
    "unit_rows",
    "unit_rows_gradient",
]
