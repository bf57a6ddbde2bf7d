"""The small datasets of Keras, read from the files that Keras keeps in its cache. Nothing is downloaded."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.datasets import boston_housing, california_housing, imdb, mnist, reuters

__all__ = ["boston_housing", "california_housing", "imdb", "mnist", "reuters"]


def __getattr__(name: str) -> object:
    import importlib

    if name in __all__:
        return importlib.import_module(f"tidegate.datasets.{name}")
    if name in ("cifar10", "cifar100", "fashion_mnist"):
        raise AttributeError(f"tidegate.datasets.{name} is not offered: Tidegate has nothing for images")
    raise AttributeError(f"module 'tidegate.datasets' has no attribute {name!r}")
