"""Modules of Keras's and TensorFlow's names, whose contents are Tidegate's.

A name is looked up when it is first asked for: importing a module loads nothing that is not used.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from tidegate import legacy
from tidegate.as_keras.places import MODULES, NAMES, OLD_PATHS, VERSIONS, present
from tidegate.inputs import nearest, warn

THE_LIST = "python/README.md of the project lists what is there"


class StandIn(ModuleType):
    """A module of MODULES."""

    def __getattr__(self, name: str) -> Any:
        if name == "__version__" and self.__name__ in VERSIONS:
            value: Any = VERSIONS[self.__name__]
        elif name == "__all__":
            return sorted(names_of(self.__name__))
        elif name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        elif _is_module(path := f"{self.__name__}.{name}"):
            return importlib.import_module(path)
        elif (home := _home(self.__name__, name)) is not None:
            module, _, called = home.partition(":")
            value = getattr(importlib.import_module(module), called or name)
        else:
            raise AttributeError(_not_there(path))
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *names_of(self.__name__)})

    def __repr__(self) -> str:
        return f"<module {self.__name__!r} of Tidegate>"


def names_of(path: str) -> set[str]:
    """The names that the module at this path of MODULES has, its submodules included."""
    names = {each.rpartition(".")[2] for each in MODULES if each.rpartition(".")[0] == path}
    home = MODULES[path]
    return names | NAMES.get(path, {}).keys() | (_public(home) if home else set())


def _home(path: str, name: str) -> str | None:
    """The module of Tidegate that has what this module calls `name`, and behind a colon its name there if it
    has another; None for no such name."""
    if name in NAMES.get(path, {}):
        return NAMES[path][name]
    home = MODULES[path]
    if home is None or name in _public(home):
        return home
    if (new := legacy.NAMES.get(home, {}).get(name)) is None:
        return None
    warn(f"`{name}` is called `{new}` now")
    return f"{home}:{new}"


def _public(home: str) -> set[str]:
    """What a module lists as its own, or defines where it has no list."""
    module = importlib.import_module(home)
    if hasattr(module, "__all__"):
        return set(module.__all__)
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == home
    }


def _is_module(path: str) -> bool:
    return present(path) in MODULES


def _not_there(path: str) -> str:
    parent, _, name = path.rpartition(".")
    known = names_of(present(parent)) if _is_module(parent) else ()
    return f"Tidegate does not offer `{path}`.{nearest(name, known)} {THE_LIST}"


class Finder(MetaPathFinder, Loader):
    """Finds `keras` and `tensorflow` here, before anything that is installed under these names."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in ("keras", "tensorflow"):
            return None
        if not _is_module(fullname):
            # Without its name, so that `from keras.layers import Missing` shows it too.
            raise ModuleNotFoundError(_not_there(fullname))
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        path = module.__name__
        if (there := present(path)) == path:
            return
        old = path.replace("tensorflow.keras", "keras")
        if old in OLD_PATHS:
            warnings.warn(f"`{path}` is an old path of `{there}`", stacklevel=2)
        sys.modules[path] = importlib.import_module(there)


def install() -> None:
    """From now on `keras` and `tensorflow` are Tidegate's in this process.

    Raises:
        ImportError: one of them was imported before.
    """
    if any(isinstance(finder, Finder) for finder in sys.meta_path):
        return
    for name in ("keras", "tensorflow"):
        if name in sys.modules:
            raise ImportError(f"`{name}` was imported already; Tidegate can stand in for it only before that")
    sys.meta_path.insert(0, Finder())


def uninstall() -> None:
    """Undoes `install`, for what is imported after it."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Finder)]
    for name in [name for name, module in sys.modules.items() if isinstance(module, StandIn)]:
        del sys.modules[name]
