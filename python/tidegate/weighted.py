"""What layers and models alike have of their weights."""

from __future__ import annotations

from typing import Any, NoReturn

from tidegate.regularizers import penalties
from tidegate.variable import Array, Variable, assign_all, values_of


class Weighted:
    """All that follows from `weights` and `trainable_weights`, which a subclass has.

    Attributes:
        title: how messages call it.
    """

    @property
    def title(self) -> str:
        raise NotImplementedError

    @property
    def weights(self) -> list[Variable]:
        raise NotImplementedError

    @property
    def trainable_weights(self) -> list[Variable]:
        raise NotImplementedError

    @property
    def non_trainable_weights(self) -> list[Variable]:
        trainable = set(self.trainable_weights)
        return [variable for variable in self.weights if variable not in trainable]

    @property
    def variables(self) -> list[Variable]:
        return self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        return self.trainable_weights

    @property
    def activity_losses(self) -> list[float]:
        """The penalties on the outputs of the last call: of a layer on arrays, of a model in training."""
        raise NotImplementedError

    @property
    def losses(self) -> list[float]:
        """The penalties on the outputs of the last call and on the trainable weights, both of which `fit` and
        `evaluate` add to the loss.
        """
        return [*self.activity_losses, *penalties(self.trainable_weights)]

    def get_weights(self) -> list[Array]:
        """Copies of all weights, in the order of `weights`."""
        return [value.copy() for value in values_of(self.weights)]

    def set_weights(self, weights: list[Array]) -> None:
        """Replaces all weights; none when one of them does not fit (ValueError)."""
        assign_all(self.weights, weights, self.title)

    def add_metric(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Was there in Keras 2."""
        raise NotImplementedError(
            f"{self.title}: `add_metric` is not there since Keras 3; give `compile` the metric, or make an "
            "output of the number and look at it in a callback"
        )
