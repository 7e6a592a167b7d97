"""AffectNet's manually annotated faces: the lists of 2017 with whole pictures, and the cropped release of 2021."""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
from numpy.typing import NDArray

from fer_exp.config import DatasetConfig
from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.pictures import Picture, PictureCorpus, find_marker, safe_path
from fer_exp.errors import RequestError
from fer_exp.names import stem

CODES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
"""What 0..7 mean."""
OTHERS = {8: "None", 9: "Uncertain", 10: "No-Face"}
"""Codes of 2017 for pictures without an expression; these rows are left out and counted."""
MISSING = -2.0
"""Valence and arousal where there is none."""
LISTS = "Manually_Annotated_file_lists"
SETS_2017 = {"training.csv": "train", "validation.csv": "test"}
SETS_2021 = {"train_set": "train", "val_set": "test"}
COLUMNS = ("subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "expression", "valence", "arousal")


class AffectNet(PictureCorpus):
    """Both releases. The official validation set is the test split here, as the official test set is not public."""

    name = "affectnet"
    title = "AffectNet"
    citation = (
        "Mollahosseini, Hasani, Mahoor. AffectNet: a database for facial expression, valence, and arousal computing "
        "in the wild. IEEE Transactions on Affective Computing 2019 (lists of 2017)."
    )
    licence = "research only by signed agreement, no redistribution; the pictures come from the web"
    access = (
        "Ask for it at mohammadmahoor.com (a signed agreement of a principal investigator), unpack it and give its "
        "folder as dataset.root: the one that holds Manually_Annotated_file_lists/ (2017) or train_set/ (2021)."
    )
    expected: ClassVar[dict[str, int]] = {"train": 287_651, "test": 4_000}
    layout = (
        f"2017: {LISTS}/training.csv, validation.csv and Manually_Annotated_Images/<folder>/<name>.jpg; "
        "2021: train_set/ and val_set/, each with images/<id>.jpg and annotations/<id>_exp.npy, _val.npy, _aro.npy"
    )

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """The release asked for, or with auto the one that lies at ``dataset.root``."""
        release, root = config.release, cls.root_of(config)
        if release == "auto":
            markers = (*AffectNet2017.markers, *AffectNet2021.markers)
            release = "2017" if find_marker(root, markers, cls) == LISTS else "2021"
        return {"2017": AffectNet2017, "2021": AffectNet2021}[release](root, classes, config.max_rejected)


class AffectNet2017(AffectNet):
    """The lists of 2017: whole pictures, of which the face box is used; ratings -2 are missing ones."""

    expected_labels: ClassVar[dict[str, dict[str, int]]] = {
        "train": dict(zip(CODES, (74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882, 3_750), strict=True)),
        "test": dict.fromkeys(CODES, 500),
    }
    markers = (LISTS,)
    listings = tuple(f"{LISTS}/{name}" for name in SETS_2017)

    def read(self) -> Faces:
        """The faces of both lists that have an expression; one in a picture that is listed again is ``<path>#2``."""
        rows, notes = self._rows
        return Faces(faces_table(self.name, **rows[["face", "split", "label", "valence", "arousal"]]), None, notes)

    def pictures(self) -> list[Picture]:
        """The pictures with their face boxes."""
        rows = self._rows[0]
        boxes = rows[["left", "top", "right", "bottom"]].to_numpy().tolist()
        return [Picture(path, tuple(box)) for path, box in zip(rows["path"], boxes, strict=True)]

    @cached_property
    def _rows(self) -> tuple[pd.DataFrame, dict[str, int]]:
        """Both lists as one table, sorted by split and path, and what was left out."""
        lists = zip(self.files(), SETS_2017.values(), strict=True)
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
        return rows, notes


class AffectNet2021(AffectNet):
    """The release of 2021: pictures already cropped to 224 x 224, a small file per annotation."""

    # The number of training faces is that of 2017: it is not published with the release.
    expected: ClassVar[dict[str, int]] = {"train": 287_651, "test": 3_999}
    markers = tuple(SETS_2021)

    def files(self) -> list[Path]:
        """None, as the folders are the listing; an error where one is missing."""
        super().files()
        for name in SETS_2021:
            if not (self.root / name / "images").is_dir() or not (self.root / name / "annotations").is_dir():
                raise RequestError(f"{self.name}: {self.root / name} lacks images/ or annotations/; unpack it again.")
        return []

    def recipe(self) -> str:
        """The pictures' digest, and names, sizes and times of change of the annotations."""
        states = []
        for name in SETS_2021:
            with os.scandir(self.root / name / "annotations") as entries:
                states += [(name, file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in entries]
        return f"{super().recipe()}, annotations {pd.util.hash_array(np.array(sorted(map(str, states)))).sum():x}"

    def read(self) -> Faces:
        """The faces with an expression file; a picture without one is counted and left out."""
        faces = [f"{split}/{number}" for split, number in self._numbers]
        folders = [self.root / name / "annotations" / number for name, number in self._numbers]
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            values = np.array(list(pool.map(self._annotations, folders)), dtype=np.float64).reshape(-1, 3)
        table = faces_table(
            self.name,
            faces,
            split=[SETS_2021[name] for name, _ in self._numbers],
            label=np.array(CODES, dtype=object)[values[:, 0].astype(np.int64)],
            valence=values[:, 1],
            arousal=values[:, 2],
        )
        return Faces(table, None, {"pictures without an expression file, left out": self._without})

    def pictures(self) -> list[Picture]:
        """The pictures that have an expression file."""
        return [Picture(f"{name}/images/{number}.jpg") for name, number in self._numbers]

    @cached_property
    def _numbers(self) -> list[tuple[str, str]]:
        """Folder and number of each face, sorted."""
        self.files()
        numbers: list[tuple[str, str]] = []
        self._without = 0
        for name in SETS_2021:
            with os.scandir(self.root / name / "images") as entries:
                images = {file.name.removesuffix(".jpg") for file in entries}
            with os.scandir(self.root / name / "annotations") as entries:
                labelled = {file.name.removesuffix("_exp.npy") for file in entries if file.name.endswith("_exp.npy")}
            self._without += len(images - labelled)
            numbers += [(name, number) for number in sorted(labelled)]  # one without a picture is rejected later
        return numbers

    def _annotations(self, start: Path) -> tuple[int, float, float]:
        """Expression, valence and arousal of one face, nan where a rating is -2 or has no file."""
        expression = self._number(Path(f"{start}_exp.npy"))
        if expression not in range(len(CODES)):
            raise RequestError(f"{self.name}: {start}_exp.npy holds {expression:g} where a label 0 to 7 belongs.")
        files = [Path(f"{start}_{side}.npy") for side in ("val", "aro")]
        ratings = [self._number(file) if file.exists() else MISSING for file in files]
        for file, rating in zip(files, ratings, strict=True):
            if rating != MISSING and not -1 <= rating <= 1:
                raise RequestError(f"{self.name}: {file} holds {rating:g} where -1 to 1, or -2 for none, belongs.")
        valence, arousal = (np.nan if rating == MISSING else rating for rating in ratings)
        return int(expression), valence, arousal

    def _number(self, file: Path) -> float:
        """A number from a .npy file, which may hold it as text (0-d string arrays are in the release)."""
        try:
            return float(np.load(io.BytesIO(file.read_bytes()), allow_pickle=False).reshape(()).item())
        except (OSError, ValueError, EOFError) as problem:
            raise RequestError(f"{self.name}: {file} is no array of one number ({problem}).") from None


def _read_list(file: Path, where: str) -> pd.DataFrame:
    """One list of 2017, checked: path, box (left, top, right, bottom), expression, valence, arousal."""
    kept = {"column_types": {COLUMNS[0]: pa.string()}, "strings_can_be_null": False}
    try:
        with file.open(encoding="utf-8-sig") as stream:
            header = [name.strip() for name in stream.readline().split(",")]
        if missing := [name for name in COLUMNS if name not in header]:
            raise RequestError(f"{where} has no column {missing[0]}; it has {', '.join(header)}.")
        read = pc.ReadOptions(column_names=header, skip_rows=1)
        table = pc.read_csv(file, read, None, pc.ConvertOptions(include_columns=list(COLUMNS), **kept))
    except (pa.ArrowInvalid, UnicodeDecodeError) as problem:
        raise RequestError(f"{where} cannot be read: {str(problem).splitlines()[0]}") from None
    frame: pd.DataFrame = table.to_pandas()
    if frame.empty:
        raise RequestError(f"{where} has no rows; get the list again.")
    values = {name: np.asarray(pd.to_numeric(frame[name], errors="coerce"), np.float64) for name in COLUMNS[1:]}
    for name in ("expression", "valence", "arousal"):  # No-Face rows may have NULL in a box
        _refuse(~np.isfinite(values[name]), frame[name], where, "a number")
    for name in ("valence", "arousal"):
        missing = values[name] == MISSING
        _refuse(~missing & ~(np.abs(values[name]) <= 1), frame[name], where, "-1 to 1, or -2 for none,")
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
