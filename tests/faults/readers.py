"""Every reader of a file that a user can name or that stands in a run or store, as a function of that file.

A module of fer_exp that opens or reads files is in ``COVERED``; ``test_listed.py`` fails where one is not.
"""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fer_exp.answers import Answers
from fer_exp.answers.read import read_answers, read_labels
from fer_exp.collecting.answered import Refused, parsed
from fer_exp.collecting.collected import collected
from fer_exp.collecting.out import every_answer
from fer_exp.collecting.study import read_study
from fer_exp.config import DatasetConfig
from fer_exp.config.folder import conf_folder
from fer_exp.datasets import open_corpus
from fer_exp.datasets.affectnet import AffectNet2021, _read_list
from fer_exp.datasets.attach import attach
from fer_exp.datasets.fer2013 import Fer2013
from fer_exp.datasets.ferplus_votes import read_votes
from fer_exp.datasets.label_files import labelled_at
from fer_exp.datasets.splits import read_splits
from fer_exp.digests import sealed
from fer_exp.errors import RequestError
from fer_exp.files import write_json, write_table
from fer_exp.judging.people import with_people
from fer_exp.judging.reading import read_predictions
from fer_exp.labels.noise_files import read_noise
from fer_exp.labels.published import read_published
from fer_exp.labels.targets import _posteriors
from fer_exp.names import CLASSES
from fer_exp.pictures.decoding import decode
from fer_exp.runs import Run
from fer_exp.store import _load
from fer_exp.store.manifest import list_files
from fer_exp.studies import archive
from fer_exp.studies.cafe_soft.crowd import of_folder
from fer_exp.training.network_file import read_network
from fer_exp.training.resuming import check_checkpoint
from fer_exp.training.weights import read_weights
from fer_exp.verifying.claims import COLUMNS, read_claims
from tests.collecting.ledgers import ledger

SEVEN = CLASSES[:7]


class Reader(NamedTuple):
    """A reader and a good file of it.

    Attributes:
        file: on the desk.
        read: gives what can be compared.
        checked: whether the format has checksums, so that what is read of a changed file must be as before.
    """

    file: str
    read: Callable[[Path], Any]
    checked: bool = False


def answers(path: Path) -> Any:
    found = read_answers(path, "ratings", duplicates="first")
    if not isinstance(found, Answers):
        return found.classes, found.tasks.tolist(), np.asarray(found.counts).tolist()
    names = (found.classes, found.tasks.tolist(), found.workers.tolist())
    return names, found.task.tolist(), found.worker.tolist(), found.label.tolist()


def predictions(path: Path) -> Any:
    return read_predictions(path).round(9).to_csv(index=False)


def pixels(path: Path) -> Any:
    out = np.zeros((32, 32, 3), np.uint8)
    decode(path, out)
    return out.tobytes()


def of_run(what: str) -> Callable[[Path], Any]:
    def read(path: Path) -> Any:
        found = getattr(Run(path.parent), what)
        return found.to_csv() if isinstance(found, pd.DataFrame) else found

    return read


def corpus(name: str, above: int) -> Callable[[Path], Any]:
    """The faces of a corpus, one of whose files this is, so many folders below the root."""

    def read(path: Path) -> Any:
        opened = open_corpus(DatasetConfig(name=name, root=str(path.parents[above]), size=48, max_rejected=1))
        faces = opened.read()
        return faces.table.to_csv(), None if faces.votes is None else faces.votes.to_csv()

    return read


def grey_rows(path: Path) -> Any:
    found = Fer2013(path.parent, SEVEN)
    table = found.read().table
    return table["label"].tolist(), b"".join(piece.tobytes() for piece in found.pixels(48))


def attached(path: Path) -> Any:
    faces = open_corpus(DatasetConfig(name="synthetic", faces=72, size=16)).read()
    return attach(faces, DatasetConfig(name="synthetic", votes=str(path)), SEVEN)[0].table.to_csv()


def epochs(path: Path) -> Any:
    return {name: array.tobytes() for name, array in Run(path.parent.parent).epoch(int(path.stem)).items()}


def tensors(path: Path) -> Any:
    found, told = read_network(path)
    return {name: value.numpy().tobytes() for name, value in found.items()}, told


def weights(path: Path) -> Any:
    return {name: value.numpy().tobytes() for name, value in read_weights(path).tensors.items()}


def checkpoint(path: Path) -> Any:
    from torch import nn

    return check_checkpoint(path, nn.Linear(3, 2))


def people(path: Path) -> Any:
    return with_people(read_predictions(path.parent / "predictions.csv"), str(path)).to_csv()


def splits(path: Path) -> Any:
    faces = pd.DataFrame({"face": [f"f{n:02d}.png" for n in range(12)], "split": "train"})
    return read_splits(faces, path, lambda line: None).to_csv()


def posteriors(path: Path) -> Any:
    return _posteriors(path, pd.DataFrame({"face": [f"f{n:02d}.png" for n in range(12)]}), SEVEN).to_csv()


def noise(path: Path) -> Any:
    return read_noise(path, [f"face-{n}" for n in range(40)], SEVEN)


def published(path: Path) -> Any:
    return read_published(path, {f"face-{n}": f"face-{n}" for n in range(40)}, SEVEN, None)


def asked(path: Path) -> Any:
    try:
        return parsed(path.read_bytes())
    except Refused as refused:
        raise RequestError(f"{path}: {refused}") from refused


def answers_of_folder(path: Path) -> Any:
    opened = open_corpus(DatasetConfig(name="folder", table=str(path), root=str(path.parent), size=48, max_rejected=1))
    return opened.read().table.to_csv()


READERS: dict[str, Reader] = {
    "answers, csv": Reader("ratings.csv", answers),
    "answers, tsv": Reader("ratings.tsv", answers),
    "answers, json": Reader("ratings.json", answers),
    "answers, jsonl": Reader("ratings.jsonl", answers),
    "answers, gzip": Reader("ratings.csv.gz", answers, checked=True),
    "answers, zip": Reader("ratings.zip", answers, checked=True),
    "answers, xlsx": Reader("ratings.xlsx", answers, checked=True),
    "answers, parquet": Reader("ratings.parquet", answers),
    "answers, sav": Reader("ratings.sav", answers),
    "answers, dta": Reader("ratings.dta", answers),
    "votes, csv": Reader("votes.csv", answers),
    "labels, csv": Reader("labels.csv", lambda path: read_labels(path, (), "gold")[0].tolist()),
    "votes of a corpus": Reader("votes_attached.csv", attached),
    "people beside predictions": Reader("people.csv", people),
    "predictions, csv": Reader("predictions.csv", predictions),
    "predictions, parquet": Reader("predictions.parquet", predictions),
    "splits": Reader("splits.csv", splits),
    "posteriors": Reader("posteriors.csv", posteriors),
    "noise of ours": Reader("noise_ours.txt", noise),
    "noise of others": Reader("noise_others.txt", published),
    "run.json": Reader("run/run.json", of_run("facts")),
    "metrics.json": Reader("run/metrics.json", of_run("metrics")),
    "config.yaml": Reader("unfinished/config.yaml", of_run("config")),
    "targets.parquet": Reader("run/targets.parquet", of_run("targets")),
    "history.parquet": Reader("run/history.parquet", of_run("history")),
    "predictions.parquet": Reader("run/predictions.parquet", of_run("predictions")),
    "answers of an epoch": Reader("run/epochs/001.npz", epochs, checked=True),
    "network.safetensors": Reader("run/network.safetensors", tensors),
    "weights, torch": Reader("weights.pt", weights),
    "weights, safetensors": Reader("weights.safetensors", weights),
    "weights, pickle": Reader("weights.pkl", weights),
    "checkpoint": Reader("last.ckpt", checkpoint, checked=True),
    "crowd.json": Reader("crowd/crowd.json", lambda path: of_folder(path.parent)),
    "archive.json": Reader("archive.json", lambda path: archive.read(path.parent)),
    "claims.csv": Reader("claims.csv", read_claims),
    "study file": Reader("study.yaml", lambda path: read_study(str(path)).content),
    "answers to a study": Reader("answer.json", asked),
    "ledger": Reader("study/ledger.sqlite", lambda path: every_answer(collected(path)).to_csv()),
    "store.json": Reader("store/store.json", lambda path: _load(path.parent).faces.to_csv()),
    "faces.parquet": Reader("store/faces.parquet", lambda path: _load(path.parent).faces.to_csv()),
    "attributes.parquet": Reader("store/attributes.parquet", lambda path: _load(path.parent).faces.to_csv(), True),
    "FER2013": Reader("fer2013/fer2013.csv", grey_rows),
    "FER+ votes": Reader("ferplus/fer2013new.csv", lambda path: read_votes(path, "ferplus")[2].to_csv()),
    "FER+ lists": Reader("ferplus_folders/FER2013Test/label.csv", corpus("ferplus", 1)),
    "RAF-DB's list": Reader("rafdb/EmoLabel/list_patition_label.txt", corpus("rafdb", 1)),
    "AffectNet's list": Reader("affectnet_2017/Manually_Annotated_file_lists/validation.csv",
                               lambda path: _read_list(path, str(path)).to_csv()),
    "AffectNet's numbers": Reader("number.npy", lambda path: AffectNet2021(path.parent, SEVEN)._number(path)),
    "ExpW's list": Reader("expw/label/label.lst", lambda path: labelled_at(path.parents[1])),
    "YOLO's classes": Reader("yolo_file/data.yaml", lambda path: labelled_at(path.parent)),
    "a folder's table": Reader("table/faces.csv", answers_of_folder),
    "picture, jpg": Reader("picture.jpg", pixels),
    "picture, png": Reader("picture.png", pixels),
    "picture, webp": Reader("picture.webp", pixels),
    "picture, bmp": Reader("picture.bmp", pixels),
    "picture, gif": Reader("picture.gif", pixels),
    "picture, tif": Reader("picture.tif", pixels),
}  # fmt: skip


def lay_more(desk: Path) -> None:
    """The good files of ``READERS`` that are not on the desk yet."""
    import pickle
    import shutil

    import torch
    from PIL import Image
    from safetensors.torch import save_file
    from torch import nn

    from fer_exp.labels.noise_files import save_noise
    from tests.light import OneConvolution

    faces = [f"f{n:02d}.png" for n in range(12)]
    pd.DataFrame({"face": faces, "split": ["train", "val", "test"] * 4}).to_csv(desk / "splits.csv", index=False)
    labels = pd.DataFrame({"task": faces, "label": [SEVEN[n % 7] for n in range(12)]})
    labels.to_csv(desk / "labels.csv", index=False)
    shares = pd.DataFrame({"face": faces, **dict.fromkeys(SEVEN, 0.0)})
    shares["anger"] = 1.0
    shares.to_csv(desk / "posteriors.csv", index=False)
    save_noise(desk / "noise_ours.txt", {f"face-{n}": SEVEN[n % 7] for n in range(40)})
    text = "".join(f"face-{n} {SEVEN[n % 7]}\n" for n in range(40))
    (desk / "noise_others.txt").write_text(text, encoding="utf-8")
    table = read_predictions(desk / "predictions.csv").drop_duplicates("face")
    table[[name for name in table if name == "face" or str(name).startswith("votes_")]].to_csv(
        desk / "people.csv", index=False
    )
    ours = open_corpus(DatasetConfig(name="synthetic", faces=72, size=16)).read()
    assert ours.votes is not None
    ours.votes.drop(columns=["unknown", "not_a_face"], errors="ignore").to_csv(desk / "votes_attached.csv", index=False)
    (desk / "run" / "epochs").mkdir()
    np.savez(desk / "run" / "epochs" / "001.npz", val=np.arange(12, dtype=np.float32).reshape(3, 4))
    (desk / "unfinished").mkdir()
    shutil.copy(desk / "run" / "config.yaml", desk / "unfinished")
    state = OneConvolution(None).state_dict()
    torch.save(state, desk / "weights.pt")
    save_file(state, desk / "weights.safetensors")
    (desk / "weights.pkl").write_bytes(pickle.dumps({name: value.numpy() for name, value in state.items()}))
    linear = nn.Linear(3, 2)
    parts = {"loops": {}, "callbacks": {}, "optimizer_states": [], "lr_schedulers": []}
    torch.save({"state_dict": linear.state_dict(), **parts}, desk / "last.ckpt")
    archive.close(desk / "crowd", {"study": "cafe-soft", "words": []})
    shutil.move(desk / "crowd" / "archive.json", desk / "archive.json")
    rows = io.StringIO()
    csv.writer(rows).writerows([COLUMNS, ("a.md", "", "1", "b", "", "1")])
    shutil.copy(conf_folder() / "rate" / "cafe.yaml", desk / "study.yaml")
    (desk / "answer.json").write_text(json.dumps({"session": "s", "trial": "t", "label": "fear", "valence": 7}))
    ledger(desk / "study")
    (desk / "claims.csv").write_text(rows.getvalue(), encoding="utf-8")
    store = min((desk / "cache").glob("synthetic-*"))
    shutil.copytree(store, desk / "store")
    words = json.loads((store / "store.json").read_text(encoding="utf-8"))
    write_table(desk / "store" / "attributes.parquet", pd.DataFrame({"sex": ["female"] * words["shape"][0]}))
    list_files(desk / "store", words)
    write_json(desk / "store" / "store.json", sealed(words))
    shutil.copytree(next((desk / "yolo").rglob("data.yaml")).parent, desk / "yolo_file")
    np.save(desk / "number.npy", np.float64(3.0))
    (table_file,) = (desk / "table").glob("*.csv")
    table_file.rename(desk / "table" / "faces.csv")
    draw = np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)
    for suffix in ("jpg", "png", "webp", "bmp", "gif", "tif"):
        Image.fromarray(draw).save(desk / f"picture.{suffix}")
