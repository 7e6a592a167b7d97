"""Commands that write, each with what it leaves, which is compared after a fault and the same command again."""

import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tests.faults.desk import SMALL

TRAINED = [*SMALL, "output=out/runs"]
SCENARIOS: dict[str, list[str]] = {
    "train": ["train", *TRAINED, "labels=noisy"],
    "train, keeping its checkpoint": ["train", *TRAINED, "trainer.keep=checkpoint"],
    "prepare": ["prepare", "dataset=folder", "dataset.root=classes", "dataset.size=32", "dataset.cache=out/cache"],
    "pretrain": ["pretrain", *SMALL[1:-1], "faces=32", "output=out/runs"],
    "predict": ["predict", "run=run", "pictures=[classes]", "output=out/p.csv", "page=true", "overwrite=true"],
    "export": ["export", "run=run", "output=out/network", "overwrite=true"],
    "export, torchscript": ["export", "run=run", "format=torchscript", "output=out/network", "overwrite=true"],
    "evaluate": ["evaluate", "predictions=predictions.csv", "bootstrap=20", "output=out/metrics.json"],
    "compare": ["compare", "runs=[predictions.csv,other.csv]", "bootstrap=20", "permutations=9", "output=out/compare"],
    "report": ["report", "run=predictions.csv", "bootstrap=20", "output=out/page.html"],
    "agreement": ["agreement", "ratings=ratings.csv", "bootstrap=20", "output=out/agreement"],
    "crowd": ["crowd", "ratings=ratings.csv", "bootstrap=20", "output=out/crowd"],
    "rate, as files": ["rate", "pictures=classes", "study=cafe", "export=out/page", "overwrite=true"],
    "plan": ["plan", "ratings=ratings.csv", "bootstrap=5", "output=out/plan"],
}
TABLE = ["table", "study=noisy-labels", *SMALL[:-1], "trainer.epochs=1", "method=ce", "labels.rate=0.4", "seed=0"]
SCENARIOS["table"] = [*TABLE, "output=out/runs", "results=out/results", "bootstrap=10"]
MOMENTS = ("seconds", "images_per_second")
"""Columns of a history that are of the moment."""
ASIDE = re.compile(
    r"(\.lock|/locks/|history\.csv|run\.json|begun\.json|\.digests|hashes/|last\.ckpt|model\.pt|\.svg|\.png|\.pdf)"
)
"""Files that say when and how long, are drawn, or (TorchScript) say which lines of the campaign called."""


def left(out: Path) -> dict[str, str]:
    """Name -> digest of all that a command has left, without what is of the moment."""
    return {
        str(path.relative_to(out)): _digest(path)
        for path in sorted(out.rglob("*"))
        if path.is_file() and not ASIDE.search(str(path))
    }


def _digest(path: Path) -> str:
    content = path.read_bytes()
    if path.name == "history.parquet":
        table = pd.read_parquet(io.BytesIO(content))
        content = table.drop(columns=[name for name in table if name in MOMENTS]).to_csv().encode()
    if path.name == "store.json":
        words = {key: value for key, value in json.loads(content).items() if key not in ("states", "digest")}
        content = json.dumps(words).encode()
    return hashlib.sha256(content).hexdigest()


def reference(run: Callable[[], None], out: Path) -> tuple[set[str], dict[str, str]]:
    """The names of what a command leaves, and the digests of what is the same when it runs twice."""
    both = []
    for _ in range(2):
        shutil.rmtree(out, ignore_errors=True)
        run()
        both.append(left(out))
    shutil.rmtree(out)
    return set(both[0]), {name: digest for name, digest in both[0].items() if both[1].get(name) == digest}


def differs(out: Path, names: set[str], digests: dict[str, str]) -> str:
    """What is other than in the reference, '' for nothing."""
    now = left(out)
    if debris := sorted(set(now) - names):
        return f"{debris[0]} is left"
    if missing := sorted(names - set(now)):
        return f"{missing[0]} is not there"
    other = [name for name, digest in digests.items() if now[name] != digest]
    return f"{other[0]} is another" if other else ""
