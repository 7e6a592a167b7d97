"""Shell completion: Hydra's own, which knows nothing of commands, given a line without the command word."""

from __future__ import annotations

import os
import sys

from fer_exp.config import SCHEMAS


def complete(arguments: list[str]) -> int:
    """Answer `fer-exp -sc install=bash` or a shell's `fer-exp -sc query=bash`.

    Args:
        arguments: what follows fer-exp; COMP_LINE and COMP_POINT hold the line to be completed, as the shell sets them.

    Returns:
        The exit code, 0.
    """
    flags = [word for word in arguments if word not in SCHEMAS]
    asked = " ".join(flags)
    line = os.environ.get("COMP_LINE", "")[: int(os.environ.get("COMP_POINT", "100000"))]
    words = line.split()
    if words[1:3] == ["crowd", "plan"]:
        words = [words[0], *words[2:]]
    command = words[1] if len(words) > 1 and words[1] in SCHEMAS else None
    if "query" in asked:
        if command is None or (len(words) == 2 and not line.endswith(" ")):
            start = words[1] if len(words) > 1 else ""
            print("\n".join(name for name in SCHEMAS if name.startswith(start)))
            return 0
        shortened = " ".join([words[0], *words[2:]]) + (" " if line.endswith(" ") else "")
        os.environ["COMP_LINE"], os.environ["COMP_POINT"] = shortened, str(len(shortened))
    import hydra

    from fer_exp.config.folder import conf_folder

    sys.argv = [sys.argv[0], *flags]
    hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=command or "train")(lambda _: None)()
    return 0
