"""Layers, under Keras's names and with Keras's arguments."""

from __future__ import annotations

from typing import Any

from tidegate.layers.activation import Activation
from tidegate.layers.attention import AdditiveAttention, Attention
from tidegate.layers.bidirectional import Bidirectional
from tidegate.layers.conv import Conv1D
from tidegate.layers.conv_lstm import ConvLSTM1D
from tidegate.layers.dense import Dense
from tidegate.layers.dropout import AlphaDropout, Dropout, SpatialDropout1D
from tidegate.layers.embedding import Embedding
from tidegate.layers.group_normalization import GroupNormalization, RMSNormalization, UnitNormalization
from tidegate.layers.gru import GRU, GRUCell
from tidegate.layers.identity import ActivityRegularization, Identity
from tidegate.layers.input_layer import Input, InputLayer
from tidegate.layers.joining import Concatenate, Dot, concatenate, dot
from tidegate.layers.lambda_layer import Lambda
from tidegate.layers.layer import Layer
from tidegate.layers.lookup import IntegerLookup, StringLookup
from tidegate.layers.lstm import LSTM, LSTMCell
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
from tidegate.layers.multi_head_attention import MultiHeadAttention
from tidegate.layers.noise import GaussianDropout, GaussianNoise
from tidegate.layers.normalization import BatchNormalization, LayerNormalization
from tidegate.layers.normalizing import CategoryEncoding, Normalization, Rescaling
from tidegate.layers.padding import Cropping1D, UpSampling1D, ZeroPadding1D
from tidegate.layers.pooling import (
    AveragePooling1D,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from tidegate.layers.rectifiers import ELU, LeakyReLU, PReLU, ReLU
from tidegate.layers.rnn import RNN
from tidegate.layers.separable_conv import DepthwiseConv1D, SeparableConv1D
from tidegate.layers.shapes import Flatten, Permute, RepeatVector, Reshape
from tidegate.layers.simple_rnn import SimpleRNN, SimpleRNNCell
from tidegate.layers.softmax import Softmax
from tidegate.layers.stacked_cells import StackedRNNCells
from tidegate.layers.text_vectorization import TextVectorization
from tidegate.layers.time_distributed import TimeDistributed
from tidegate.legacy import named

# The other names that Keras has for them.
AvgPool1D, MaxPool1D = AveragePooling1D, MaxPooling1D
GlobalAvgPool1D, GlobalMaxPool1D = GlobalAveragePooling1D, GlobalMaxPooling1D
Convolution1D = Conv1D

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "ActivityRegularization",
    "Add",
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "Average",
    "AveragePooling1D",
    "AvgPool1D",
    "BatchNormalization",
    "Bidirectional",
    "CategoryEncoding",
    "Concatenate",
    "Conv1D",
    "ConvLSTM1D",
    "Convolution1D",
    "Cropping1D",
    "Dense",
    "DepthwiseConv1D",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAvgPool1D",
    "GlobalMaxPool1D",
    "GlobalMaxPooling1D",
    "GroupNormalization",
    "Identity",
    "Input",
    "InputLayer",
    "IntegerLookup",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "MaxPool1D",
    "MaxPooling1D",
    "Maximum",
    "Minimum",
    "MultiHeadAttention",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "RMSNormalization",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "SeparableConv1D",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "SpatialDropout1D",
    "StackedRNNCells",
    "StringLookup",
    "Subtract",
    "TextVectorization",
    "TimeDistributed",
    "UnitNormalization",
    "UpSampling1D",
    "ZeroPadding1D",
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
