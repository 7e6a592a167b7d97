"""Whether a limit of memory (``ulimit -v``) leaves room for the libraries of a command: asked before they are loaded.

OpenBLAS, which numpy and scipy bring, asks for its memory while it is loaded, and asks for ever where it gets none;
others end the process with a segmentation fault. Nothing in Python hears of either.
"""

from __future__ import annotations

from fer_exp.config import SCHEMAS
from fer_exp.errors import RunError

LIGHT, LEARNING = 2000, 4000
"""Megabytes of addresses that commands without and with torch need to begin: the smallest took 1,760 and 3,790."""


def check_limit(command: str) -> None:
    """Raise RunError where a limit is too low for a command; where there is one, load what asks for ever first."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed == resource.RLIM_INFINITY:
        return
    needed = LEARNING if SCHEMAS[command].has_network else LIGHT
    if allowed < needed << 20:
        raise RunError(
            f"memory is limited to {allowed >> 20:,} MB (ulimit -v); fer-exp {command} needs {needed:,} MB to begin, "
            "most of which it only reserves; raise the limit, or set ulimit -v unlimited and limit what is used "
            "(SLURM's --mem, a container)."
        )
    import scipy.linalg  # noqa: F401  while there is room
