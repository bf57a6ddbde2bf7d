"""Layers, under Keras's names and with Keras's arguments."""

from __future__ import annotations

from tidegate.layers.bidirectional import Bidirectional
from tidegate.layers.dense import Dense
from tidegate.layers.gru import GRU
from tidegate.layers.input_layer import Input, InputLayer
from tidegate.layers.layer import Layer
from tidegate.layers.lstm import LSTM
from tidegate.layers.simple_rnn import SimpleRNN
from tidegate.layers.time_distributed import TimeDistributed

__all__ = [
    "GRU",
    "LSTM",
    "Bidirectional",
    "Dense",
    "Input",
    "InputLayer",
    "Layer",
    "SimpleRNN",
    "TimeDistributed",
]
