"""Layers, under Keras's names and with Keras's arguments."""

from __future__ import annotations

from tidegate.layers.activation import Activation
from tidegate.layers.attention import AdditiveAttention, Attention
from tidegate.layers.bidirectional import Bidirectional
from tidegate.layers.conv import Conv1D
from tidegate.layers.conv_lstm import ConvLSTM1D
from tidegate.layers.dense import Dense
from tidegate.layers.dropout import AlphaDropout, Dropout, SpatialDropout1D
from tidegate.layers.embedding import Embedding
from tidegate.layers.gru import GRU, GRUCell
from tidegate.layers.input_layer import Input, InputLayer
from tidegate.layers.joining import Concatenate, Dot, concatenate, dot
from tidegate.layers.layer import Layer
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
from tidegate.layers.noise import GaussianDropout, GaussianNoise
from tidegate.layers.normalization import BatchNormalization, LayerNormalization
from tidegate.layers.pooling import (
    AveragePooling1D,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from tidegate.layers.rnn import RNN
from tidegate.layers.shapes import Flatten, Permute, RepeatVector, Reshape
from tidegate.layers.simple_rnn import SimpleRNN, SimpleRNNCell
from tidegate.layers.stacked_cells import StackedRNNCells
from tidegate.layers.time_distributed import TimeDistributed

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
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
    "ConvLSTM1D",
    "Dense",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalMaxPooling1D",
    "Input",
    "InputLayer",
    "LSTMCell",
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
    "SimpleRNNCell",
    "SpatialDropout1D",
    "StackedRNNCells",
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
