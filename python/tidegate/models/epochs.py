"""How far a pass goes: through all of a source, or for so many steps of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tidegate.inputs import warn
from tidegate.models.data import Batch
from tidegate.models.sources import Source


class Epochs:
    """Walks over a source, epoch after epoch.

    With `steps`, an epoch has so many batches and the next one goes on where it ended, until the source is at
    its end and starts anew.

    Args:
        source: of the batches.
        steps: of an epoch; None for as many batches as there are.
        iteration: gives the optimizer's, when a pass over the source begins.
    """

    def __init__(
        self, source: Source, steps: int | None = None, iteration: Callable[[], int] = lambda: 0
    ) -> None:
        self._source, self._steps, self._iteration = source, steps, iteration
        self._batches = source.batches  # of a pass; where it is not known, the first one tells
        self._pass: Iterator[Batch] | None = None
        self._seen = 0  # batches of this pass

    @property
    def steps(self) -> int | None:
        """Of an epoch, as far as it is known."""
        return self._steps or self._batches

    def restart(self) -> Epochs:
        """Begins at the first batch again."""
        self._pass, self._batches = None, self._source.batches
        return self

    def __iter__(self) -> Iterator[Batch]:
        """The batches of one epoch, with a warning where they end before they should, or nobody knew when."""
        self._source.on_epoch_begin()
        expected = self.steps
        if self._pass is None or self._steps is None:
            self._pass, self._seen = self._source.walk(self._iteration()), 0
        step = 0
        while expected is None or step < expected:
            batch = None
            if self._batches is None or self._seen < self._batches:
                batch = next(self._pass, None)
            if batch is None:
                if self._batches is None:
                    self._batches = self._seen
                self._pass = None
                wanted = "" if expected is None else f" of the {expected} that this epoch expected"
                warn(
                    f"Your input ran out of data after {step} batches{wanted}; how many "
                    "there are, `steps_per_epoch`, `steps` or a length of the input says beforehand"
                )
                break
            self._seen += 1
            step += 1
            yield batch
        if self._batches is not None and self._seen >= self._batches:
            self._pass = None
        self._source.on_epoch_end()
