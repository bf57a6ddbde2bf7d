"""Muon (Jordan et al., 2024), with the scale of Liu et al. (arXiv 2502.16982), as Keras states it.

Of a matrix [n, m], at every step:

    v = momentum * v + g
    x = v                                  (Nesterov: g + momentum * v)
    x = x / (|x| + 1e-7), and so many times:
        a = x . x^T
        x = muon_a * x + (muon_b * a + muon_c * a . a) . x
    w = w - learning_rate * rms_rate * sqrt(max(n, m)) * x

which takes x near the matrix with the same directions whose singular values are all 1. Where n > m, it is
made of the transposed x. All other weights, embeddings, and those that `exclude_layers` names follow Adam.
"""

from __future__ import annotations

import re
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.inputs import non_negative_integer
from tidegate.optimizers.optimizer import Optimizer
from tidegate.optimizers.patterns import pattern_of_file
from tidegate.utils.product import product

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from tidegate.variable import Array, Variable


class Muon(Optimizer):
    """Steps in the direction of the momentum, as large along each of its singular vectors.

    Args:
        learning_rate: a number or a schedule.
        adam_beta_1, adam_beta_2, epsilon: of the weights that follow Adam.
        adam_weight_decay: the weight decay of these.
        weight_decay: of the matrices.
        exclude_layers: regular expressions; weights in whose path one is found follow Adam.
        exclude_embeddings: whether weights with "embedding" in their path do.
        muon_a, muon_b, muon_c: the factors of the iteration.
        adam_lr_ratio: the learning rate of Adam over the other.
        momentum: of the matrices.
        ns_steps: how often the iteration is made.
        nesterov: whether the step is taken from where the momentum leads.
        rms_rate: see above; None for steps without the scale and the root.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        *Optimizer.config_keys,
        "adam_beta_1",
        "adam_beta_2",
        "epsilon",
        "exclude_layers",
        "muon_a",
        "muon_b",
        "muon_c",
        "adam_lr_ratio",
        "momentum",
        "ns_steps",
        "nesterov",
        "exclude_embeddings",
        "adam_weight_decay",
        "rms_rate",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        *,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **common)
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = bool(exclude_embeddings)
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = non_negative_integer(ns_steps, "ns_steps", "Muon")
        self.nesterov = bool(nesterov)
        self.rms_rate = rms_rate

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"),)

    def has_slot(self, name: str, variable: Variable) -> bool:
        return name != "velocity" or self._follows_adam(variable)

    def decay_of(self, variable: Variable) -> float | None:
        return self.adam_weight_decay if self._follows_adam(variable) else self.weight_decay

    def update(self, w: Array, g: Array, place: int) -> Array:
        momentum, velocity = self.slots["momentum"][place], self.slots["velocity"][place]
        if velocity is not None:
            t = self.iterations + 1
            rate = self.learning_rate * self.adam_lr_ratio
            return core.adam_update(
                w,
                g,
                momentum,
                velocity,
                None,
                alpha=rate * sqrt(1 - self.adam_beta_2**t) / (1 - self.adam_beta_1**t),
                beta_1=self.adam_beta_1,
                beta_2=self.adam_beta_2,
                epsilon=self.epsilon,
            )
        momentum[...] = self.momentum * momentum + g
        step = self._orthogonal(g + self.momentum * momentum if self.nesterov else momentum)
        scale = 1.0 if self.rms_rate is None else self.rms_rate * sqrt(max(w.shape))
        return np.asarray(w - (self.learning_rate * scale) * step)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        for pattern in config.get("exclude_layers") or ():
            pattern_of_file(pattern, "Muon")
        return super().from_config(config)

    def _orthogonal(self, x: Array) -> Array:
        if x.shape[0] > x.shape[1]:
            return self._orthogonal(np.ascontiguousarray(x.T)).T
        x = x / (x.dtype.type(sqrt(core.sum_of_squares(np.ascontiguousarray(x)))) + x.dtype.type(1e-7))
        for _ in range(self.ns_steps):
            a = product(x, x.T)
            x = self.muon_a * x + product(self.muon_b * a + self.muon_c * product(a, a), x)
        return x

    def _follows_adam(self, variable: Variable) -> bool:
        path = variable.path
        return (
            len(variable.shape) != 2
            or (self.exclude_embeddings and "embedding" in path.lower())
            or any(re.search(pattern, path) for pattern in self.exclude_layers)
        )
