"""fer-exp: does a face classifier see ambiguity as people do, and does it survive wrong labels?

In Python (docs/python.md), ``fer_exp.evaluate``, ``agreement``, ``compare``, ``crowd`` and ``plan`` take DataFrames or
files, and give what the commands of these names would find; ``fer_exp.load(run)`` is a network to call with pictures.
"""

__version__ = "0.1.0"

__all__ = [
    "Outcome",
    "RequestError",
    "RunError",
    "__version__",
    "agreement",
    "compare",
    "crowd",
    "evaluate",
    "load",
    "plan",
]

TYPE_CHECKING = False  # typing's, which takes longer to import than all else here
if TYPE_CHECKING:
    from fer_exp.api import (
        Outcome as Outcome,
        agreement as agreement,
        compare as compare,
        crowd as crowd,
        evaluate as evaluate,
        load as load,
        plan as plan,
    )
    from fer_exp.errors import RequestError as RequestError, RunError as RunError
else:  # so that a type checker knows names that are none

    def __getattr__(name: str) -> object:
        """What is asked for, imported only then (PEP 562): the command line starts with this file, too."""
        if name not in __all__:
            raise AttributeError(f"module 'fer_exp' has no attribute {name!r}")
        from importlib import import_module

        found = getattr(import_module("fer_exp.errors" if name.endswith("Error") else "fer_exp.api"), name)
        globals()[name] = found  # the next time it is simply there
        return found


def __dir__() -> list[str]:
    """All names, for editors and notebooks."""
    return sorted({*globals(), *__all__})
