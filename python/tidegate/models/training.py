"""compile, fit, evaluate, predict: the loops around a graph, as Keras runs them.

One step is: forward and keep, the loss and its gradient, backward, and the optimizer. A graph, the loss and
the optimizer know nothing of each other; this file brings them together.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import non_negative_integer, positive_integer
from tidegate.legacy import OF_WORKERS, renamed
from tidegate.models.data import Batch, Data
from tidegate.models.epochs import Epochs
from tidegate.models.feeding import BATCH_SIZE, Feeding, optional, validation_parts
from tidegate.models.sources import Arrays, is_arrays
from tidegate.models.tally import Tally
from tidegate.random import Training
from tidegate.regularizers import add_gradients, penalties
from tidegate.structure import listed, plain
from tidegate.utils.faults import memory_for, uninterrupted
from tidegate.variable import Array, assign_each, changing

if TYPE_CHECKING:
    from tidegate.callbacks import CallbackList, History

# Rows of one native call of predict when nobody watches the steps. The numbers do not depend on it.
UNWATCHED_ROWS = 256


class Trainer(Feeding):
    """The loops; a model adds the graph that they train."""

    def __init__(self) -> None:
        super().__init__()
        self.history: History | None = None
        self.stop_training = False
        self.first_epoch = 0  # of `fit`; a callback may set it when training begins

    # ---- fit -------------------------------------------------------------------------------------

    @renamed(nb_epoch="epochs", **OF_WORKERS)
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
        """Trains.

        Args:
            x: inputs [N, ...] with the axes of `input_shape`; of a model of several inputs a list or a
                dictionary of them. Or batches, with their targets: a generator, a `tidegate.utils.PyDataset`,
                or another iterable such as PyTorch's DataLoader, of (x, y) or (x, y, sample_weight).
            y: targets [N, ...], of several outputs a list or a dictionary of them; None where `x` has them.
            batch_size: rows of one step; 32 when None.
            epochs: the number of the last epoch; `initial_epoch` is that of the first one, less one.
            verbose: 0 silent, 1 (and "auto") a progress bar, 2 a line per epoch.
            callbacks: of `tidegate.callbacks`.
            validation_split: fraction of the rows, the last ones before any shuffling, to evaluate on.
            validation_data: (x, y) or (x, y, sample_weight) to evaluate on instead, or batches as for `x`.
            shuffle: whether the rows of an epoch, or the batches of a PyDataset, come in a new order, of the
                seed and the iteration; "batch" for rows in a new order within each batch.
            class_weight: class -> weight, in the place of `sample_weight`, of a model of one output.
            sample_weight: [N], multiplies each row's loss; of several outputs one for all, or a list or a
                dictionary.
            steps_per_epoch: batches of an epoch, the next of which goes on where it ended; None for all.
            validation_steps: the same, for the evaluation, which begins anew each time.
            validation_batch_size: as `batch_size`, for the evaluation.
            validation_freq: evaluates every so many epochs, or after the epochs in this list.

        Returns:
            The History: `.history` has a list per loss and metric, with a number per epoch.

        Raises:
            ValueError: what does not fit the model or each other, or an argument that is not supported. What
                a callback or a generator raises goes on to the caller; the History has the epochs until then.
            TypeError: arrays of something else than real numbers.
        """
        self._check_compiled("fit")
        size = optional(batch_size, "batch_size", "fit")
        held_out_size = optional(validation_batch_size, "validation_batch_size", "fit") or size
        steps = optional(steps_per_epoch, "steps_per_epoch", "fit")
        held_out_steps = optional(validation_steps, "validation_steps", "fit")
        epochs = non_negative_integer(epochs, "epochs", "fit")
        initial_epoch = non_negative_integer(initial_epoch, "initial_epoch", "fit")
        if not isinstance(validation_freq, (list, tuple)):
            validation_freq = positive_integer(validation_freq, "validation_freq", "fit")
        optimizer = self.optimizer
        assert optimizer is not None  # `_check_compiled` has seen it
        held_out = None
        if validation_data is not None:
            held_out = self._epochs(*validation_parts(validation_data), held_out_size, held_out_steps)
        elif validation_split:
            if not is_arrays(x):
                raise ValueError(
                    "fit: `validation_split` needs arrays; beside batches give `validation_data`"
                )
            x, rest = self._data(x, y, sample_weight).split(validation_split)
            held_out = self._epochs(rest, None, None, held_out_size, held_out_steps)
        data = self._epochs(
            x, y, sample_weight, size, steps, class_weight, shuffle, lambda: optimizer.batches
        )
        watchers = self._watchers(callbacks, verbose, data.steps, epochs=epochs, history=True)

        self.stop_training, self.first_epoch = False, initial_epoch
        logs: dict[str, float] = {}
        watchers.on_train_begin()
        try:
            for epoch in range(self.first_epoch, epochs):
                watchers.on_epoch_begin(epoch)
                logs = self._train_epoch(data, watchers)
                if held_out is not None and _due(epoch, validation_freq):
                    found = self._evaluate(held_out.restart(), watchers).logs()
                    logs |= {f"val_{name}": value for name, value in found.items()}
                watchers.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        finally:
            if optimizer.built:
                with uninterrupted(), changing:
                    optimizer.finalize_variable_values(self.trainable_variables)
        watchers.on_train_end(logs)
        assert self.history is not None  # set by the History among the watchers
        return self.history

    def _train_epoch(self, batches: Epochs, watchers: CallbackList) -> dict[str, float]:
        tally = self.fresh_tally() if self.graph is not None else None
        for step, batch in enumerate(batches):
            watchers.on_train_batch_begin(step)
            tally = tally or self.fresh_tally()  # the first batch has built the model
            with memory_for(f"{self.title}: a training step on {batch.size} rows"):
                self._train_step(batch, tally)
            watchers.on_train_batch_end(step, tally.logs())
            if self.stop_training:
                break
        return tally.logs() if tally else {}

    def _train_step(self, batch: Batch, tally: Tally) -> None:
        graph, optimizer = self.graph, self.optimizer
        assert graph is not None  # the batch has built it
        assert optimizer is not None
        found, kept, masks = graph.forward(batch.x, Training(optimizer.batches, batch.rows), keep=True)
        outputs, losses, d_outputs = listed(found), [], []
        for goal, y, output, weight, mask in zip(
            tally.goals, batch.y, outputs, batch.sample_weight, listed(masks), strict=True
        ):
            value, d_output = 0.0, None
            if goal.loss is not None:
                value, d_output = goal.loss.value_and_gradient(y, output, weight, mask)
                if goal.weight != 1:
                    d_output *= d_output.dtype.type(goal.weight)
                d_output = optimizer.scale_loss(d_output)
            losses.append(value)
            d_outputs.append(d_output)
        variables, scale = self.trainable_variables, optimizer.scale_loss(1.0)
        more = sum([*chain(*graph.activity_losses(kept).values()), *penalties(variables)])
        gradients = graph.backward(kept, plain(d_outputs), scale) if variables else {}
        for variable in variables:  # one that no loss depends on
            if variable not in gradients:
                gradients[variable] = np.zeros(variable.shape, variable.dtype)
        add_gradients(gradients, scale)
        with uninterrupted(), changing:  # all weights make the step, or none
            if variables:
                optimizer.apply([gradients[variable] for variable in variables], variables)
            assign_each(graph.updates(kept))
        tally.update(losses, more, batch, outputs, listed(masks))

    # ---- evaluate and predict --------------------------------------------------------------------

    @renamed(**OF_WORKERS)
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
        """The loss and the metrics: a number, or a list when there are metrics, or a dict.

        Arguments as of `fit`; `steps` is how many batches are taken.
        """
        self._check_compiled("evaluate")
        size, steps = optional(batch_size, "batch_size", "evaluate"), optional(steps, "steps", "evaluate")
        data = self._epochs(x, y, sample_weight, size, steps)
        tally = self._evaluate(data, self._watchers(callbacks, verbose, data.steps))
        return tally.logs() if return_dict else tally.values()

    def _evaluate(self, batches: Epochs, watchers: CallbackList) -> Tally:
        tally = self.fresh_tally() if self.graph is not None else None
        watchers.on_test_begin()
        for step, batch in enumerate(batches):
            watchers.on_test_batch_begin(step)
            tally = tally or self.fresh_tally()  # the first batch has built the model
            self._test_step(batch, tally)
            watchers.on_test_batch_end(step, tally.logs())
        assert tally is not None  # there is at least one batch
        watchers.on_test_end(tally.logs())
        return tally

    def _test_step(self, batch: Batch, tally: Tally) -> None:
        graph, more = self.graph, penalties(self.trainable_variables)
        if graph is not None and graph.has_activity_losses:  # what is inside of the model is wanted too
            found, kept, masks = graph.forward(batch.x, keep=True)
            assign_each(graph.updates(kept))
            more += chain(*graph.activity_losses(kept).values())
        else:
            found, masks = self.run_masked(batch.x)
        outputs = listed(found)
        given = zip(tally.goals, batch.y, outputs, batch.sample_weight, listed(masks), strict=True)
        losses = [
            goal.loss(y, output, weight, mask) if goal.loss is not None else 0.0
            for goal, y, output, weight, mask in given
        ]
        tally.update(losses, sum(more), batch, outputs, listed(masks))

    @renamed(**OF_WORKERS)
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: Any = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs on arrays [N, ...], or on batches as for `fit`, as arrays in the structure of the
        model's outputs; their numbers do not depend on `batch_size`, but for stateful layers.
        """
        size, steps = optional(batch_size, "batch_size", "predict"), optional(steps, "steps", "predict")
        if not is_arrays(x) or steps is not None:
            return self._predict(self._epochs(x, None, None, size, steps, targets=False), callbacks, verbose)
        x, size = self.prepare(x, "x"), size or BATCH_SIZE
        rows = len(x[0] if isinstance(x, list) else x)
        if not rows or (rows <= size and not callbacks and not verbose):
            return self.packed(self.run(x))
        if not callbacks and not verbose and not (self.graph and self.graph.carried):
            size = max(size, UNWATCHED_ROWS)
        return self._predict(Epochs(Arrays(Data(x, [None], [None]), size)), callbacks, verbose)

    def _predict(self, batches: Epochs, callbacks: Any, verbose: Any) -> Any:
        watchers = self._watchers(callbacks, verbose, batches.steps)
        parts: list[list[Array]] = []
        watchers.on_predict_begin()
        for step, batch in enumerate(batches):
            watchers.on_predict_batch_begin(step)
            found = self.run(batch.x)
            parts.append(listed(found))
            watchers.on_predict_batch_end(step, {"outputs": self.packed(found)})
        watchers.on_predict_end()
        return self.packed(plain([np.concatenate(each) for each in zip(*parts, strict=True)]))

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
        self._check_compiled("train_on_batch")
        data = self._data(x, y, sample_weight)
        if class_weight is not None:
            data = data.weighed(class_weight)
        tally = self.fresh_tally()
        with memory_for(f"{self.title}: a training step on {len(data)} rows"):
            self._train_step(data.batch(), tally)
        return tally.logs() if return_dict else tally.values()

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """The loss and the metrics of one batch."""
        self._check_compiled("test_on_batch")
        data = self._data(x, y, sample_weight)
        tally = self.fresh_tally()
        self._test_step(data.batch(), tally)
        return tally.logs() if return_dict else tally.values()

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs on one batch."""
        return self.packed(self.run(self.prepare(x, "x")))

    # ---- helpers ---------------------------------------------------------------------------------

    def _check_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(f"{self.title}: call `compile()` before `{method}`")
        if self._losses is None:
            raise ValueError(f"{self.title}: there is no loss to compute; provide `loss` in `compile()`")

    def _watchers(
        self, callbacks: Any, verbose: Any, steps: int | None, epochs: int = 1, history: bool = False
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
            steps=steps,
        )


def _due(epoch: int, frequency: Any) -> bool:
    """Whether the epoch (counted from 0) ends with an evaluation."""
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency
