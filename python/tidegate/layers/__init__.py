"""Layers, under Keras's names and with Keras's arguments."""

from __future__ import annotations

from typing import Any

from tidegate.layers.activation import Activation
from tidegate.layers.attention import AdditiveAttention, Attention
from tidegate.layers.bidirectional import Bidirectional
from tidegate.layers.conv import Conv1D
from tidegate.layers.dense import Dense
from tidegate.layers.dropout import AlphaDropout, Dropout, SpatialDropout1D
from tidegate.layers.embedding import Embedding
from tidegate.layers.gru import GRU
from tidegate.layers.input_layer import Input, InputLayer
from tidegate.layers.joining import Concatenate, Dot, concatenate, dot
from tidegate.layers.layer import Layer
from tidegate.layers.lstm import LSTM
from tidegate.layers.masking import Masking
from tidegate.layers.merging import (
    Add,
    Average,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    maximum,
    minimum,
    multiply,
    subtract,
)
from tidegate.layers.noise import GaussianDropout, GaussianNoise
from tidegate.layers.normalization import BatchNormalization, LayerNormalization
from tidegate.layers.pooling import (
    AveragePooling1D,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from tidegate.layers.shapes import Flatten, Permute, RepeatVector, Reshape
from tidegate.layers.simple_rnn import SimpleRNN
from tidegate.layers.time_distributed import TimeDistributed
from tidegate.legacy import named

__all__ = [
    "GRU",
    "LSTM",
    "Activation",
    "Add",
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "Average",
    "AveragePooling1D",
    "BatchNormalization",
    "Bidirectional",
    "Concatenate",
    "Conv1D",
    "Dense",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalMaxPooling1D",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "Masking",
    "MaxPooling1D",
    "Maximum",
    "Minimum",
    "Multiply",
    "Permute",
    "RepeatVector",
    "Reshape",
    "SimpleRNN",
    "SpatialDropout1D",
    "Subtract",
    "TimeDistributed",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]


def __getattr__(name: str) -> Any:
    return named(__name__, name, __all__)
