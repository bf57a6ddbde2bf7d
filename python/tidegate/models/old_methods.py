"""Methods of models that Keras 3 has no longer, where another does the same; each says so in a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import warn

if TYPE_CHECKING:
    from tidegate.callbacks import History
    from tidegate.variable import Array


class OldMethods:
    """What scripts for Keras 1 and 2 call."""

    fit: Any
    evaluate: Any
    predict: Any

    def fit_generator(
        self,
        generator: Any,
        steps_per_epoch: int | None = None,
        epochs: int = 1,
        verbose: Any = 1,
        callbacks: Any = None,
        validation_data: Any = None,
        validation_steps: int | None = None,
        validation_freq: Any = 1,
        class_weight: Any = None,
        **others: Any,
    ) -> History:
        """As `fit`."""
        warn("`fit_generator` is called `fit` now")
        history: History = self.fit(
            generator, steps_per_epoch=steps_per_epoch, epochs=epochs, verbose=verbose, callbacks=callbacks,
            validation_data=validation_data, validation_steps=validation_steps,
            validation_freq=validation_freq, class_weight=class_weight, **others,
        )  # fmt: skip
        return history

    def evaluate_generator(
        self, generator: Any, steps: int | None = None, callbacks: Any = None, **others: Any
    ) -> Any:
        """As `evaluate`, in silence."""
        warn("`evaluate_generator` is called `evaluate` now")
        options = {"verbose": 0} | others
        return self.evaluate(generator, steps=steps, callbacks=callbacks, **options)

    def predict_generator(
        self, generator: Any, steps: int | None = None, callbacks: Any = None, verbose: Any = 0, **others: Any
    ) -> Any:
        """As `predict`, in silence."""
        warn("`predict_generator` is called `predict` now")
        return self.predict(generator, steps=steps, callbacks=callbacks, verbose=verbose, **others)

    def predict_proba(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """As `predict`, in silence."""
        warn("`predict_proba` is called `predict` now")
        return self.predict(x, batch_size, verbose)

    def predict_classes(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Array:
        """The number of the class with the greatest output, or of one output whether it is above a half."""
        warn("`predict_classes` is `predict(x).argmax(-1)` now, or `predict(x) > 0.5` of one output")
        found: Array = self.predict(x, batch_size, verbose)
        return found.argmax(-1) if found.shape[-1] > 1 else (found > 0.5).astype(np.int32)
