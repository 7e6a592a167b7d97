"""What libraries import and no command uses: it is loaded when somebody uses it, which saves seconds of each start."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader, find_spec, module_from_spec
from types import ModuleType
from typing import Any


class OnDemand(ModuleType):
    """A module that stands for another until somebody asks for more than the names that it is given.

    >>> from collections import abc
    >>> stands = OnDemand("collections.abc", hamming=None)
    >>> stands.hamming is None, stands.Iterable is abc.Iterable
    (True, True)
    """

    def __init__(self, name: str, **known: Any) -> None:
        super().__init__(name)
        self.__dict__.update(known)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # what looks for modules asks every one for these
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


class WithoutHelp:
    """Finds ``matplotlib.artist`` as others do, and takes from it the pages of help that it writes into each class."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Of that module alone; see ``importlib.abc.MetaPathFinder``."""
        if name != "matplotlib.artist":
            return None
        sys.meta_path.remove(cls)
        spec = find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def loaded(module: ModuleType) -> None:
            execute(module)
            module.__dict__["kwdoc"] = lambda artist: ""

        spec.loader.exec_module = loaded  # type: ignore[method-assign]
        return spec


def without_the_unused() -> None:
    """Keep libraries from importing what no command uses.

    matplotlib comes without axes in three dimensions, a twentieth of a second, and without help for its classes, an
    eighth. scipy takes all names of numpy, and with
    them its compiler of Fortran and its tests' helpers, a fifth. torchmetrics, which Lightning imports, takes all of
    scipy's signals to look for one name that it may have to mend, a second.
    """
    sys.modules.setdefault("mpl_toolkits.mplot3d", None)  # type: ignore[arg-type]
    if "matplotlib.artist" not in sys.modules and WithoutHelp not in sys.meta_path:
        sys.meta_path.insert(0, WithoutHelp)
    warnings.filterwarnings("ignore", "Unable to import Axes3D")
    sys.modules.setdefault("scipy.signal", OnDemand("scipy.signal", hamming=None))
    for name in ("f2py", "testing"):
        if f"numpy.{name}" not in sys.modules and (spec := find_spec(f"numpy.{name}")) and spec.loader:
            spec.loader = LazyLoader(spec.loader)
            sys.modules[spec.name] = module = module_from_spec(spec)
            spec.loader.exec_module(module)
            setattr(sys.modules["numpy"], name, module)
