"""Handwritten digits: images whose rows make a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.datasets.files import arrays, found

if TYPE_CHECKING:
    from tidegate.variable import Array


def load_data(path: Any = "mnist.npz") -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """((x, y) for training, (x, y) for tests): x uint8 [images, 28, 28], y uint8 [images].

    `path` and what is raised as of `imdb.load_data`.
    """
    x, y, x_test, y_test = arrays(found(path, "mnist.npz"), "x_train", "y_train", "x_test", "y_test")
    return (x, y), (x_test, y_test)
