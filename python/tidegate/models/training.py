"""compile, fit, evaluate, predict: the loops around a graph, as Keras runs them.

One step is: forward and keep, the loss and its gradient, backward, and the optimizer. A graph, the loss and
the optimizer know nothing of each other; this file brings them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import non_negative_integer, positive_integer
from tidegate.models.compiled import Compiled, refuse
from tidegate.models.data import Batch, Data
from tidegate.models.tally import Tally
from tidegate.random import Training
from tidegate.regularizers import add_gradients
from tidegate.utils.faults import memory_for, uninterrupted
from tidegate.variable import Array, assign_each, changing

if TYPE_CHECKING:
    from tidegate.callbacks import CallbackList, History

BATCH_SIZE = 32
# Rows of one native call of predict when nobody watches the steps. The numbers do not depend on it.
UNWATCHED_ROWS = 256


class Trainer(Compiled):
    """The loops; a model adds the graph that they train."""

    def __init__(self) -> None:
        super().__init__()
        self.history: History | None = None
        self.stop_training = False
        self.first_epoch = 0  # of `fit`; a callback may set it when training begins

    # What the model provides.

    @property
    def title(self) -> str:
        """How messages call the model."""
        raise NotImplementedError

    def prepare(self, inputs: Any, name: str) -> Array:
        """`inputs` as an array that the first layer takes; `name` is the argument's, for messages."""
        raise NotImplementedError

    def run(self, x: Array) -> Array:
        """The outputs on a prepared array, by the current Program."""
        raise NotImplementedError

    def run_masked(self, x: Array) -> tuple[Array, Array | None]:
        """The outputs, and their mask where a layer has made one that reaches them."""
        raise NotImplementedError

    # ---- fit -------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: Any = None,
        validation_steps: Any = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> History:
        """Trains on arrays.

        Args:
            x: inputs [N, ...] with the axes of `input_shape`.
            y: targets [N, ...].
            batch_size: rows of one step; 32 when None.
            epochs: the number of the last epoch; `initial_epoch` is that of the first one, less one.
            verbose: 0 silent, 1 (and "auto") a progress bar, 2 a line per epoch.
            callbacks: of `tidegate.callbacks`.
            validation_split: fraction of the rows, the last ones before any shuffling, to evaluate on.
            validation_data: (x, y) or (x, y, sample_weight) to evaluate on instead.
            shuffle: whether the rows of an epoch come in a new order, of the seed and the iteration.
            sample_weight: [N], multiplies each row's loss.
            validation_batch_size: as `batch_size`, for the evaluation.
            validation_freq: evaluates every so many epochs, or after the epochs in this list.
            class_weight, steps_per_epoch, validation_steps: refused.

        Returns:
            The History: `.history` has a list per loss and metric, with a number per epoch.

        Raises:
            ValueError: arrays that do not fit the model or each other, or an argument that is not supported.
            TypeError: arrays of something else than real numbers.
        """
        refuse(
            "fit",
            class_weight=class_weight,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
        )
        self._check_compiled("fit")
        size = _rows(batch_size, "batch_size", "fit")
        held_out_size = size
        if validation_batch_size is not None:
            held_out_size = positive_integer(validation_batch_size, "validation_batch_size", "fit")
        epochs = non_negative_integer(epochs, "epochs", "fit")
        initial_epoch = non_negative_integer(initial_epoch, "initial_epoch", "fit")
        if not isinstance(validation_freq, (list, tuple)):
            validation_freq = positive_integer(validation_freq, "validation_freq", "fit")
        data, held_out = self._data(x, y, sample_weight), None
        if validation_data is not None:
            held_out = self._validation(validation_data)
        elif validation_split:
            data, held_out = data.split(validation_split)
        watchers = self._watchers(callbacks, verbose, len(data), size, epochs=epochs, history=True)
        assert self.optimizer is not None  # `_check_compiled` has seen it

        self.stop_training, self.first_epoch = False, initial_epoch
        logs: dict[str, float] = {}
        watchers.on_train_begin()
        for epoch in range(self.first_epoch, epochs):
            watchers.on_epoch_begin(epoch)
            order = data.shuffled(self.optimizer.batches) if shuffle else None
            logs = self._train_epoch(data.batches(size, order), watchers)
            if held_out is not None and _due(epoch, validation_freq):
                found = self._evaluate(held_out, held_out_size, watchers).logs()
                logs |= {f"val_{name}": value for name, value in found.items()}
            watchers.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        if self.optimizer.built:
            with uninterrupted(), changing:
                self.optimizer.finalize_variable_values(self.trainable_variables)
        watchers.on_train_end(logs)
        assert self.history is not None  # set by the History among the watchers
        return self.history

    def _train_epoch(self, batches: Any, watchers: CallbackList) -> dict[str, float]:
        tally = self._fresh_tally()
        for step, batch in enumerate(batches):
            watchers.on_train_batch_begin(step)
            with memory_for(f"{self.title}: a training step on {len(batch.rows)} rows"):
                self._train_step(batch, tally)
            watchers.on_train_batch_end(step, tally.logs())
            if self.stop_training:
                break
        return tally.logs()

    def _train_step(self, batch: Batch, tally: Tally) -> None:
        x, y, sample_weight, rows = batch
        graph, loss, optimizer = self.graph, self._loss, self.optimizer
        assert graph is not None  # `_data` has built it
        assert loss is not None  # `_check_compiled` has seen it
        assert optimizer is not None
        outputs, kept, mask = graph.forward(x, Training(optimizer.batches, rows), keep=True)
        value, d_outputs = loss.value_and_gradient(y, outputs, sample_weight, mask)
        value += sum(self.losses)
        variables = self.trainable_variables
        gradients = graph.backward(kept, optimizer.scale_loss(d_outputs)) if variables else {}
        add_gradients(gradients, optimizer.scale_loss(1.0))
        with uninterrupted(), changing:  # all weights make the step, or none
            if variables:
                optimizer.apply([gradients[variable] for variable in variables], variables)
            assign_each(graph.updates(kept))
        tally.update(value, y, outputs, sample_weight, mask)

    # ---- evaluate and predict --------------------------------------------------------------------

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: Any = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and the metrics on arrays: a number, or a list when there are metrics, or a dict.

        Arguments as of `fit`; `steps` is refused.
        """
        refuse("evaluate", steps=steps)
        self._check_compiled("evaluate")
        size = _rows(batch_size, "batch_size", "evaluate")
        data = self._data(x, y, sample_weight)
        tally = self._evaluate(data, size, self._watchers(callbacks, verbose, len(data), size))
        return tally.logs() if return_dict else tally.values()

    def _evaluate(self, data: Data, size: int, watchers: CallbackList) -> Tally:
        tally = self._fresh_tally()
        watchers.on_test_begin()
        for step, batch in enumerate(data.batches(size)):
            watchers.on_test_batch_begin(step)
            self._test_step(batch, tally)
            watchers.on_test_batch_end(step, tally.logs())
        watchers.on_test_end(tally.logs())
        return tally

    def _test_step(self, batch: Batch, tally: Tally) -> None:
        x, y, sample_weight, _ = batch
        assert self._loss is not None
        outputs, mask = self.run_masked(x)
        value = self._loss(y, outputs, sample_weight, mask) + sum(self.losses)
        tally.update(value, y, outputs, sample_weight, mask)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: Any = None,
        callbacks: Any = None,
    ) -> Array:
        """The outputs on an array [N, ...]: one array, whose numbers do not depend on `batch_size`."""
        refuse("predict", steps=steps)
        size = _rows(batch_size, "batch_size", "predict")
        x = self.prepare(x, "x")
        if not len(x) or (len(x) <= size and not callbacks and not verbose):
            return self.run(x)
        if not callbacks and not verbose:
            size = max(size, UNWATCHED_ROWS)
        watchers = self._watchers(callbacks, verbose, len(x), size)
        parts = []
        watchers.on_predict_begin()
        for step, start in enumerate(range(0, len(x), size)):
            watchers.on_predict_batch_begin(step)
            parts.append(self.run(x[start : start + size]))
            watchers.on_predict_batch_end(step, {"outputs": parts[-1]})
        watchers.on_predict_end()
        return np.concatenate(parts)

    # ---- single batches --------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step; the loss and the metrics of the batch, from before the step."""
        refuse("train_on_batch", class_weight=class_weight)
        self._check_compiled("train_on_batch")
        data, tally = self._data(x, y, sample_weight), self._fresh_tally()
        with memory_for(f"{self.title}: a training step on {len(data)} rows"):
            self._train_step(next(data.batches(len(data))), tally)
        return tally.logs() if return_dict else tally.values()

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """The loss and the metrics of one batch."""
        self._check_compiled("test_on_batch")
        data, tally = self._data(x, y, sample_weight), self._fresh_tally()
        self._test_step(next(data.batches(len(data))), tally)
        return tally.logs() if return_dict else tally.values()

    def predict_on_batch(self, x: Any) -> Array:
        """The outputs on one batch."""
        return self.run(self.prepare(x, "x"))

    # ---- helpers ---------------------------------------------------------------------------------

    def _check_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(f"{self.title}: call `compile()` before `{method}`")
        if self._loss is None:
            raise ValueError(f"{self.title}: there is no loss to compute; provide `loss` in `compile()`")

    def _data(self, x: Any, y: Any, sample_weight: Any) -> Data:
        return Data(self.prepare(x, "x"), y, sample_weight)

    def _validation(self, given: Any) -> Data:
        if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
            raise ValueError(
                f"fit: `validation_data` must be (x, y) or (x, y, sample_weight); received {type(given)}"
            )
        return self._data(given[0], given[1], given[2] if len(given) == 3 else None)

    def _fresh_tally(self) -> Tally:
        """The sums of one call, so that calls in several threads do not add to each other's."""
        from tidegate.metrics import CompiledMetrics

        arguments = self._compile_arguments
        self._tally = tally = Tally(CompiledMetrics(arguments["metrics"], arguments["weighted_metrics"]))
        return tally

    def _watchers(
        self, callbacks: Any, verbose: Any, rows: int, size: int, epochs: int = 1, history: bool = False
    ) -> CallbackList:
        from tidegate.callbacks import CallbackList

        if isinstance(callbacks, CallbackList):
            return callbacks
        verbose = 1 if verbose == "auto" else verbose
        if verbose not in (0, 1, 2):
            raise ValueError(f"`verbose` must be 0, 1, 2 or 'auto'; received {verbose!r}")
        return CallbackList(
            callbacks,
            add_history=history,
            add_progbar=verbose != 0,
            model=self,
            verbose=int(verbose),
            epochs=epochs,
            steps=-(-rows // size),
        )


def _rows(size: Any, name: str, method: str) -> int:
    return BATCH_SIZE if size is None else positive_integer(size, name, method)


def _due(epoch: int, frequency: Any) -> bool:
    """Whether the epoch (counted from 0) ends with an evaluation."""
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency
