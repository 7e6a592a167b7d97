"""What Linux has and macOS or Windows has not, taken away: so far as can be without either of them."""

import os
import signal
import sys
from collections.abc import Callable

MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
CALLS = ("sched_", "posix_", "fork", "getuid", "geteuid", "getgid", "setsid", "killpg", "pread", "pwrite", "mkfifo")
FLAGS = ("O_DIRECT", "O_SYNC", "O_DSYNC", "O_CLOEXEC", "O_NOFOLLOW", "O_DIRECTORY")
SIGNALS = ("SIGKILL", "SIGUSR", "SIGHUP", "SIGCHLD", "SIGPIPE", "pthread_")  # pytest lives by SIGALRM


def take_away(delete: Callable[[object, str], None] = delattr, signals: bool = True) -> None:
    """Take them from this process; ``delete`` may be a monkeypatch's, which puts them back.

    Signals stay for a training: Lightning asks which system this is before it asks for them.
    """
    for name in dir(os):
        if name.startswith((*CALLS, *FLAGS)):
            delete(os, name)
    for name in dir(signal) if signals else ():
        if name.startswith(SIGNALS):
            delete(signal, name)


if __name__ == "__main__":  # another process: modules cannot be taken from one that has them
    sys.modules |= dict.fromkeys(MODULES)
    take_away()
    from fer_exp.cli import main

    code = main(sys.argv[1:])
    slow = {"torch", "pytorch_lightning"}
    if sys.argv[1] == "agreement":
        slow |= {"scipy.stats", "scipy.optimize", "pyarrow.parquet", "hydra", "jinja2"}
    found = slow & set(sys.modules)
    sys.exit(f"imported {found}" if found else code)
