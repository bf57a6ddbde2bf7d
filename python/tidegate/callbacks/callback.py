"""The moments of training at which a callback is called, and the list that calls several of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    Logs = dict[str, Any] | None


class Callback:
    """Base of the callbacks: derive, and write the methods you need.

    `self.model` is the model that is trained, `self.params` the dictionary with `verbose`, `epochs` and
    `steps`.
    """

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def set_model(self, model: Any) -> None:
        self.model = model

    def on_train_begin(self, logs: Logs = None) -> None: ...
    def on_train_end(self, logs: Logs = None) -> None: ...
    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None: ...
    def on_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_batch_end(self, batch: int, logs: Logs = None) -> None: ...
    def on_test_begin(self, logs: Logs = None) -> None: ...
    def on_test_end(self, logs: Logs = None) -> None: ...
    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None: ...
    def on_predict_begin(self, logs: Logs = None) -> None: ...
    def on_predict_end(self, logs: Logs = None) -> None: ...
    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None: ...

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Calls `on_batch_begin`, its older name."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Calls `on_batch_end`, its older name."""
        self.on_batch_end(batch, logs)


class CallbackList(Callback):
    """Passes every call on to a list of callbacks, the logs as plain floats in alphabetical order.

    Args:
        callbacks: the user's; one alone, a list of them, or None.
        add_history: add a `History` if the user gave none. It becomes `model.history`.
        add_progbar: add a `ProgbarLogger` if the user gave none; it comes last, after the user's own
            messages.
        model: the model that they are called for.
        params: `verbose`, `epochs` and `steps`.
    """

    def __init__(
        self,
        callbacks: Callback | Iterable[Callback] | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        from tidegate.callbacks.history import History
        from tidegate.callbacks.progbar_logger import ProgbarLogger

        super().__init__()
        self.callbacks = _as_list(callbacks)
        for wanted, kind in ((add_history, History), (add_progbar, ProgbarLogger)):
            if wanted and not any(isinstance(each, kind) for each in self.callbacks):
                self.callbacks.append(kind())
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    @property
    def history(self) -> Any:
        """The `History` among the callbacks, or None."""
        from tidegate.callbacks.history import History

        return next((each for each in self.callbacks if isinstance(each, History)), None)

    def append(self, callback: Callback) -> None:
        """Adds one at the end."""
        self.callbacks += _as_list([callback])

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for each in self.callbacks:
            each.set_params(params)

    def set_model(self, model: Any) -> None:
        self.model = model
        if self.history is not None:
            model.history = self.history
        for each in self.callbacks:
            each.set_model(model)


def _as_list(callbacks: Any) -> list[Callback]:
    given = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
    for each in given:
        if not hasattr(each, "on_train_begin"):
            raise TypeError(f"Argument `callbacks` expected objects of class `Callback`; received {each!r}")
    return given


def plain_logs(logs: Logs) -> dict[str, Any]:
    """The logs with numbers as floats, in alphabetical order, as Keras hands them to callbacks."""
    plain: dict[str, Any] = {}
    for name, value in sorted((logs or {}).items()):
        try:
            plain[name] = float(value)
        except (TypeError, ValueError):
            plain[name] = value
    return plain


def _passes_on(method: str, counted: bool) -> Any:
    """The method of CallbackList that calls `method` of each of its callbacks."""

    def with_count(self: CallbackList, count: int, logs: Logs = None) -> None:
        plain = plain_logs(logs)
        for each in self.callbacks:
            getattr(each, method)(count, plain)

    def without(self: CallbackList, logs: Logs = None) -> None:
        plain = plain_logs(logs)
        for each in self.callbacks:
            getattr(each, method)(plain)

    return with_count if counted else without


for _scope in ("train", "test", "predict", "epoch", "batch", "train_batch", "test_batch", "predict_batch"):
    for _moment in ("begin", "end"):
        _method = f"on_{_scope}_{_moment}"
        setattr(CallbackList, _method, _passes_on(_method, "batch" in _scope or _scope == "epoch"))
