"""Losses as scripts write them, over the `ops` of Keras or of Tidegate."""

from __future__ import annotations

from typing import Any


def custom_losses(ops: Any, base: Any) -> dict[str, Any]:
    """Name -> function or object.

    Args:
        ops: the module.
        base: the class of losses that is derived from.
    """

    def rmse(y_true: Any, y_pred: Any) -> Any:
        return ops.sqrt(ops.mean(ops.square(y_pred - y_true), axis=-1))

    def weighted_bce(y_true: Any, y_pred: Any) -> Any:
        p = ops.clip(y_pred, 1e-7, 1 - 1e-7)
        return -ops.mean(3.0 * y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p), axis=-1)

    def huber(y_true: Any, y_pred: Any) -> Any:
        error = y_true - y_pred
        small = ops.abs(error) < 0.25
        return ops.mean(ops.where(small, 0.5 * ops.square(error), 0.25 * (ops.abs(error) - 0.125)), axis=-1)

    def quantile(share: float) -> Any:
        def pinball(y_true: Any, y_pred: Any) -> Any:
            error = ops.subtract(y_true, y_pred)
            return ops.mean(ops.maximum(share * error, (share - 1) * error), axis=-1)

        return pinball

    def dice(y_true: Any, y_pred: Any) -> Any:
        both = ops.sum(y_true * y_pred, axis=[0, 1])
        return 1 - (2.0 * both + 1.0) / (ops.sum(y_true, axis=[0, 1]) + ops.sum(y_pred, axis=[0, 1]) + 1.0)

    class Confident(base):  # type: ignore[misc]
        """Cross-entropy from logits, less a share of the entropy of the predictions."""

        def __init__(self, share: float = 0.1, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.share = share

        def call(self, y_true: Any, y_pred: Any) -> Any:
            p = ops.softmax(y_pred)
            entropy = -ops.sum(p * ops.log(p + 1e-7), axis=-1)
            return ops.categorical_crossentropy(y_true, y_pred, from_logits=True) - self.share * entropy

    return {
        "rmse": rmse,
        "weighted_bce": weighted_bce,
        "huber": huber,
        "quantile": quantile(0.9),
        "dice": dice,
        "confident": Confident(),
        "confident_sum": Confident(0.3, reduction="sum"),
    }
