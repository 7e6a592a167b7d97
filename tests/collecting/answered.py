"""Answers of a small study as a ledger would hold them, made up."""

import pandas as pd

from fer_exp.collecting.out import Collected

FACES = ("a.png", "b.png", "c.png")
STRANGE = ("=cmd|' /C calc'!A0", "<script>alert(1)</script>", "'; DROP TABLE persons; --", "@sum", "w\x1b[31m")
"""What a stranger may send in the place of an id."""


def answer(
    worker, task, label="happiness", *, kind="face", gold=False, repeat=False, valence=7, arousal=3, seconds=1.5
):
    """One answer."""
    scales = {"valence": valence, "arousal": 3, "intensity": 4, "seconds": 1.5}
    return {"worker": worker, "task": task, "kind": kind, "gold": gold, "repeat": repeat, "label": label, **scales}


def study(workers=("ann", "bob", "eve")):
    """Three persons; the last was screened out; gold, practice, attention and a repeat among the trials."""
    rows = []
    for number, worker in enumerate(workers):
        rows.append(answer(worker, "p.png", kind="practice"))
        rows.append(answer(worker, "a.png", "happiness", gold=True))
        rows.append(answer(worker, "b.png", "anger" if number % 2 else "fear"))
        rows.append(answer(worker, "check 1", "anger", kind="attention"))
        rows.append(answer(worker, "b.png", "fear", repeat=True, valence=9))
        rows.append(answer(worker, "c.png", "unknown", valence=5))
    states = ["done"] * (len(workers) - 1) + ["screened_out"]
    persons = pd.DataFrame({"worker": workers, "state": states})
    raw = {workers[0]: [{"trial_type": "face", "rt": 1500}]}
    return Collected(persons, pd.DataFrame(rows), {"a.png": "happiness"}, raw)
