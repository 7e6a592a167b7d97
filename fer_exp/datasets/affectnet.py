"""AffectNet's manually annotated faces: the lists of 2017 with whole pictures, and the cropped release of 2021."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
from numpy.typing import NDArray

from fer_exp.bounds import no_ratings
from fer_exp.config import DatasetConfig
from fer_exp.datasets.affectnet_facts import CODES, LISTS, OTHERS, AffectNetFacts
from fer_exp.datasets.affectnet_repacked import AffectNetRepacked, AffectNetYolo
from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.pictures import Picture, PictureCorpus, find_marker, marker_near, safe_path
from fer_exp.errors import RequestError
from fer_exp.face_names import PICTURES, stem
from fer_exp.names import SIDES
from fer_exp.progress import progress
from fer_exp.regular import read_whole, reading, regular
from fer_exp.system import cores

MISSING = -2.0
"""Valence and arousal where there is none."""
MOST_NUMBER = 1 << 20
"""Bytes of a file that holds one number."""
SETS_2017 = {"training.csv": "train", "validation.csv": "test"}
SETS_2021 = {"train_set": "train", "val_set": "test"}
PARTS = ("images", "annotations")
NO_PICTURE = "annotated pictures that are not there, left out"
COLUMNS = ("subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "expression", "valence", "arousal")


class AffectNet(AffectNetFacts, PictureCorpus):
    """Every layout. The official validation set is the test split here, as the official test set is not public."""

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """The release asked for, or with auto the one that lies at ``dataset.root``."""
        release, root = config.release, cls.root_of(config)
        if release == "auto":
            markers = (*AffectNet2017.markers, *AffectNet2021.markers)
            parts = [f"{name}/{part}" for name in SETS_2021 for part in PARTS]
            for repacked in (AffectNetYolo, AffectNetRepacked):
                corpus = repacked(root, classes, config.max_rejected)
                if not marker_near(root, (LISTS, *parts)) and corpus.is_here():
                    return corpus
            release = "2017" if find_marker(root, markers, cls) == LISTS else "2021"
        return {"2017": AffectNet2017, "2021": AffectNet2021}[release](root, classes, config.max_rejected)


class AffectNet2017(AffectNet):
    """The lists of 2017: whole pictures, of which the face box is used; ratings -2 are missing ones."""

    expected_labels: ClassVar[dict[str, dict[str, int]]] = {
        "train": dict(zip(CODES, (74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882, 3_750), strict=True)),
        "test": dict.fromkeys(CODES, 500),
    }
    markers = (LISTS,)

    def files(self) -> list[Path]:
        """The lists that are there, one at least."""
        find_marker(self.root, self.markers, self)
        files = [self.root / LISTS / name for name in SETS_2017]
        if not any(file.is_file() for file in files):
            raise RequestError(f"{self.name}: {self.root / LISTS} holds neither {' nor '.join(SETS_2017)}.")
        return [file for file in files if file.is_file()]

    def read(self) -> Faces:
        """The faces of the lists that have an expression; one in a picture that is listed again is ``<path>#2``."""
        rows, notes = self._rows
        table = faces_table(self.name, **rows[["face", "split", "label", "valence", "arousal"]])
        missing = [name for name in SETS_2017 if name not in {file.name for file in self.files()}]
        return Faces(table, None, notes, said=_said(missing, notes))

    def pictures(self) -> list[Picture]:
        """The pictures with their face boxes."""
        rows = self._rows[0]
        boxes = rows[["left", "top", "right", "bottom"]].to_numpy().tolist()
        return [Picture(path, tuple(box)) for path, box in zip(rows["path"], boxes, strict=True)]

    @cached_property
    def _rows(self) -> tuple[pd.DataFrame, dict[str, int]]:
        """Both lists as one table, sorted by split and path, and what was left out."""
        files = self.files()
        splits = [SETS_2017[file.name] if len(files) > 1 else "train" for file in files]
        lists = zip(files, splits, strict=True)
        rows = pd.concat([_read_list(file, f"{self.name}: {file}").assign(split=split) for file, split in lists])
        notes = {
            f"rows of expression {code} ({meaning}), left out": int((rows["expression"] == code).sum())
            for code, meaning in OTHERS.items()
        }
        rows = rows[rows["expression"] < len(CODES)].sort_values(["split", "path"], kind="stable", ignore_index=True)
        again = rows.groupby("path").cumcount()
        notes["faces in a picture that is listed before (named path#2 and so on)"] = int((again > 0).sum())
        rows["face"] = rows["path"].map(stem)
        rows.loc[again > 0, "face"] += "#" + (again[again > 0] + 1).astype(str)
        rows["label"] = np.array(CODES, dtype=object)[rows["expression"]]
        rows["path"] = "Manually_Annotated_Images/" + rows["path"]
        there = self.there(rows["path"].tolist())
        notes[NO_PICTURE] = int((~there).sum())
        return rows[there].reset_index(drop=True), notes


class AffectNet2021(AffectNet):
    """The release of 2021: pictures already cropped to 224 x 224, a small file per annotation."""

    # The number of training faces is that of 2017: it is not published with the release.
    expected: ClassVar[dict[str, int]] = {"train": 287_651, "test": 3_999}
    markers = tuple(SETS_2021)

    def files(self) -> list[Path]:
        """None, as the folders are the listing; an error where neither set is whole."""
        super().files()
        if not self._sets:
            missing = ", ".join(str(self.root / name) for name in SETS_2021)
            raise RequestError(f"{self.name}: {missing} lack images/ or annotations/; unpack one of them again.")
        return []

    def recipe(self) -> str:
        """The pictures' digest, and names, sizes and times of change of the annotations."""
        self.files()
        states = []
        for name in self._sets:
            with os.scandir(self.root / name / "annotations") as entries:
                states += [(name, file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in entries]
        return f"{super().recipe()}, annotations {pd.util.hash_array(np.array(sorted(map(str, states)))).sum():x}"

    def read(self) -> Faces:
        """The faces with a picture and an expression file; others are counted and left out."""
        numbers, notes = self._numbers
        faces = [f"{name}/{number}" for name, number, _ in numbers]
        starts = [self.root / name / "annotations" / number for name, number, _ in numbers]
        with ThreadPoolExecutor(cores()) as pool:
            values = np.array(list(pool.map(self._annotations, starts)), dtype=np.float64).reshape(-1, 3)
        table = faces_table(
            self.name,
            faces,
            split=[self._sets[name] for name, _, _ in numbers],
            label=np.array(CODES, dtype=object)[values[:, 0].astype(np.int64)],
            valence=values[:, 1],
            arousal=values[:, 2],
        )
        missing = [name for name in SETS_2021 if name not in self._sets]
        return Faces(table, None, notes, said=_said(missing, notes))

    def pictures(self) -> list[Picture]:
        """The pictures that have an expression file."""
        return [Picture(f"{name}/images/{file}") for name, _, file in self._numbers[0]]

    @cached_property
    def _sets(self) -> dict[str, str]:
        """Split of each set that is there; where only one is, all splits are drawn from it."""
        there = [name for name in SETS_2021 if all((self.root / name / part).is_dir() for part in PARTS)]
        return {name: SETS_2021[name] if len(there) > 1 else "train" for name in there}

    @cached_property
    def _numbers(self) -> tuple[list[tuple[str, str, str]], dict[str, int]]:
        """Set, number and picture file of each face, sorted, and how many have one thing without the other."""
        self.files()
        numbers: list[tuple[str, str, str]] = []
        alone = 0
        for name in self._sets:
            with os.scandir(self.root / name / "images") as entries:
                images = {stem(file.name): file.name for file in entries if file.name.lower().endswith(PICTURES)}
            with os.scandir(self.root / name / "annotations") as entries:
                labelled = {file.name.removesuffix("_exp.npy") for file in entries if file.name.endswith("_exp.npy")}
            alone += len(images.keys() - labelled)
            numbers += [(name, number, images.get(number, f"{number}.jpg")) for number in sorted(labelled)]
        there = self.there([f"{name}/images/{file}" for name, _, file in numbers])
        notes = {"pictures without an expression file, left out": alone, NO_PICTURE: int((~there).sum())}
        return [number for number, here in zip(numbers, there, strict=True) if here], notes

    def _annotations(self, start: Path) -> tuple[int, float, float]:
        """Expression, valence and arousal of one face, nan where a rating is -2 or has no file."""
        expression = self._number(Path(f"{start}_exp.npy"))
        if expression not in range(len(CODES)):
            raise RequestError(f"{self.name}: {start}_exp.npy holds {expression:g} where a label 0 to 7 belongs.")
        files = [Path(f"{start}_{side}.npy") for side in ("val", "aro")]
        ratings = [self._number(file) if file.exists() else MISSING for file in files]
        for file, rating in zip(files, ratings, strict=True):
            if rating != MISSING and (no_ratings(rating) or isnan(rating)):
                raise RequestError(f"{self.name}: {file} holds {rating:g} where -1 to 1, or -2 for none, belongs.")
        valence, arousal = (np.nan if rating == MISSING else rating for rating in ratings)
        return int(expression), valence, arousal

    def _number(self, file: Path) -> float:
        """A number from a .npy file, which may hold it as text (0-d string arrays are in the release)."""
        with reading(file, f"{self.name}: {file}", "one number belongs there; get it again"):
            held = np.load(io.BytesIO(read_whole(file, MOST_NUMBER)), allow_pickle=False)
            if not isinstance(held, np.ndarray) or held.size != 1 or held.dtype.kind not in "biufSU":
                raise ValueError("it is no array of one number")
            return float(held.item())


def _said(missing: list[str], notes: Mapping[str, int]) -> list[str]:
    """What a release that is not whole lacks, in one line."""
    words = [f"{name} is not there, or not whole; all splits are drawn from the rest" for name in missing]
    words += [f"{notes[sentence]:,} {sentence}" for sentence in (NO_PICTURE,) if notes[sentence]]
    return ["; ".join(words)] if words else []


def _read_list(file: Path, where: str) -> pd.DataFrame:
    """One list of 2017, checked: path, box (left, top, right, bottom), expression, valence, arousal."""
    kept = {"column_types": {COLUMNS[0]: pa.string()}, "strings_can_be_null": False}
    with reading(file, where, "get the list again"):
        regular(file)
        with file.open(encoding="utf-8-sig") as stream:
            header = [name.strip() for name in stream.readline().split(",")]
        if headless := header[0].lower().endswith(PICTURES) and len(header) == len(COLUMNS) + 1:
            header = [*COLUMNS[:5], "facial_landmarks", *COLUMNS[5:]]
            progress(f"{where} has no header; its columns are taken as those of the other list")
        if missing := [name for name in COLUMNS if name not in header]:
            raise RequestError(f"{where} has no column {missing[0]}; it has {', '.join(header)}.")
        read = pc.ReadOptions(column_names=header, skip_rows=0 if headless else 1)
        table = pc.read_csv(file, read, None, pc.ConvertOptions(include_columns=list(COLUMNS), **kept))
    frame: pd.DataFrame = table.to_pandas()
    if frame.empty:
        raise RequestError(f"{where} has no rows; get the list again.")
    values = {name: np.asarray(pd.to_numeric(frame[name], errors="coerce"), np.float64) for name in COLUMNS[1:]}
    for name in ("expression", *SIDES):  # No-Face rows may have NULL in a box
        _refuse(~np.isfinite(values[name]), frame[name], where, "a number")
    for name in SIDES:
        missing = values[name] == MISSING
        _refuse(~missing & no_ratings(values[name]), frame[name], where, "-1 to 1, or -2 for none,")
        values[name] = np.where(missing, np.nan, values[name])
    codes = values["expression"]
    _refuse(~np.isin(codes, [*range(len(CODES)), *OTHERS]), frame["expression"], where, "an expression 0 to 10")
    paths = frame[COLUMNS[0]].str.strip().str.replace("\\", "/", regex=False)
    odd = (paths.str.startswith("/") | paths.str.contains(r"(?:^|/)\.\.(?:/|$)|^.:", regex=True)).to_numpy()
    if odd.any():
        safe_path(str(paths[int(odd.argmax())]), f"{where}, row {int(odd.argmax()) + 1}")
    for name in ("face_width", "face_height"):
        _refuse((codes < len(CODES)) & ~(values[name] >= 1), frame[name], where, "a side of one pixel or more")
    left, top, width, height = (values[name] for name in COLUMNS[1:5])
    whole = {"left": left, "top": top, "right": left + width, "bottom": top + height, "expression": codes}
    numbers = {name: np.nan_to_num(column).astype(np.int64) for name, column in whole.items()}
    return pd.DataFrame({"path": paths, **numbers, "valence": values["valence"], "arousal": values["arousal"]})


def _refuse(bad: NDArray[np.bool_], column: pd.Series[Any], where: str, wanted: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        value = column.iloc[row]
        raise RequestError(f"{where}, row {row + 1}: {column.name} is {value} where {wanted} belongs.")
