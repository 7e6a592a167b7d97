"""A desk with a good file of every kind that a command reads; faults are made of copies of these."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from fer_exp.cli import main
from tests.datasets.fake_affectnet import write_2017, write_2021
from tests.datasets.fake_folders import write_classes, write_faces_table, write_ferplus_folders
from tests.datasets.fake_named import write_ck_plus, write_expw
from tests.datasets.fake_rafdb import write_rafdb
from tests.datasets.fake_repacked import write_yolo
from tests.datasets.fakes import write_fer2013, write_votes
from tests.judging.tables import predictions_table

LABELS = ("neutral", "happiness", "sadness", "surprise", "fear", "anger")
SMALL = [
    "dataset.faces=72",
    "dataset.size=16",
    "dataset.cache=cache",
    "trainer=cpu",
    "trainer.epochs=2",
    "trainer.batch_size=16",
    "bootstrap=0",
]
"""Words of the smallest training."""


def ratings(faces: int = 12, workers: int = 5) -> pd.DataFrame:
    """People's answers: three in four say what a face shows."""
    draw = np.random.default_rng(0)
    rows = []
    for face in range(faces):
        for worker in range(workers):
            label = LABELS[face % 6] if draw.random() < 0.75 else LABELS[draw.integers(6)]
            valence, arousal, seconds = (round(float(number), 2) for number in (*draw.uniform(-1, 1, 2), draw.gamma(3)))
            rows.append((f"f{face:02d}.png", f"w{worker}", label, valence, arousal, seconds))
    return pd.DataFrame(rows, columns=["task", "worker", "label", "valence", "arousal", "seconds"])


def laid(folder: Path, *more: Callable[[Path], None]) -> Path:
    """A folder with the files of ``lay``, and of what else lays some, from within it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for files in (lay, *more):
            files(folder)
    return folder


def lay(folder: Path) -> None:
    """Write all of it into a folder, which is the working folder."""
    lay_tables(folder)
    _corpora(folder)
    _runs(folder)


def lay_tables(folder: Path) -> None:
    """The tables among it, for which nothing is trained."""
    answers = ratings()
    answers.to_csv(folder / "ratings.csv", index=False)
    answers.to_csv(folder / "ratings.tsv", index=False, sep="\t")
    answers.to_excel(folder / "ratings.xlsx", index=False)
    answers.to_parquet(folder / "ratings.parquet", index=False)
    answers.to_json(folder / "ratings.json", orient="records")
    answers.to_json(folder / "ratings.jsonl", orient="records", lines=True)
    pyreadstat.write_sav(answers, folder / "ratings.sav")
    pyreadstat.write_dta(answers, folder / "ratings.dta")
    text = (folder / "ratings.csv").read_bytes()
    (folder / "ratings.csv.gz").write_bytes(gzip.compress(text, mtime=0))
    with zipfile.ZipFile(folder / "ratings.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("ratings.csv", text)
    votes = pd.crosstab(answers["task"], answers["label"]).rename_axis("face").reset_index()
    votes.to_csv(folder / "votes.csv", index=False)
    predictions = predictions_table(24)
    predictions.to_csv(folder / "predictions.csv", index=False)
    predictions.to_parquet(folder / "predictions.parquet", index=False)


def _corpora(folder: Path) -> None:
    write_fer2013(folder / "fer2013", 40)
    write_fer2013(folder / "ferplus", 40)
    write_votes(folder / "ferplus", 40)
    write_classes(folder / "classes", 4)
    write_faces_table(folder / "table")
    write_ferplus_folders(folder / "ferplus_folders", 12)
    write_2017(folder / "affectnet_2017", 24, 8)
    write_2021(folder / "affectnet_2021", 16, 8)
    write_rafdb(folder / "rafdb", 14, 7)
    write_yolo(folder / "yolo", 2)
    write_expw(folder / "expw")
    write_ck_plus(folder / "ck_plus")


def _runs(folder: Path) -> None:
    words = ["train", *SMALL, "labels=noisy", "output=runs"]
    assert main(words) == 0
    (first,) = (folder / "runs").glob("*/run.json")
    first.parent.rename(folder / "run")
    assert main(["crowd", "ratings=ratings.csv", "lab=votes.csv", "bootstrap=20", "output=crowd"]) == 0
    lines = csv.reader(io.StringIO((folder / "run" / "noise.txt").read_text(encoding="utf-8")), delimiter=" ")
    named = [line for line in lines if line and line[0] != "#"]
    text = "".join(f"{face} {label}\n" for face, label in named)
    (folder / "noise.txt").write_text(text, encoding="utf-8")
    (folder / "odd.json").write_text(json.dumps({"a": 1}), encoding="utf-8")
