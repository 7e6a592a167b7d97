"""A trained network in Python: called with a picture it gives an ``Answer``, with a list of them a table."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from fer_exp.commands.predict import splits_of
from fer_exp.errors import RequestError
from fer_exp.judging.predictions import class_names
from fer_exp.pictures.crops import Crop
from fer_exp.pictures.decoding import Picture, decode_any
from fer_exp.pictures.depth import RejectedError
from fer_exp.pictures.photographs import advice, look_like_photographs
from fer_exp.progress import kept_lines
from fer_exp.report.answers import one_table, with_people
from fer_exp.report.outcome import Outcome
from fer_exp.runs import Run
from fer_exp.training.answers import answer_columns
from fer_exp.training.pictures import answer_pictures
from fer_exp.training.trained import Trained

Several: TypeAlias = "list[Any] | tuple[Any, ...] | pd.Series[Any] | Iterator[Any]"
"""Pictures of any kind."""


@dataclass(frozen=True, repr=False)
class Answer:
    """What a network says of one picture.

    Attributes:
        frame: the same as a table of predictions with one row.
    """

    frame: pd.DataFrame

    @property
    def probabilities(self) -> dict[str, float]:
        """Class -> probability, in the network's order."""
        return {name: float(self.frame[f"p_{name}"].iloc[0]) for name in class_names(self.frame)}

    @property
    def of_ten(self) -> dict[str, int]:
        """Class -> how many of ten people would say so."""
        return {name: int(self.frame[f"ten_{name}"].iloc[0]) for name in class_names(self.frame)}

    @property
    def prediction(self) -> str:
        """The likeliest class, the first of equals."""
        return str(self.frame["prediction"].iloc[0])

    @property
    def entropy(self) -> float:
        """Of the probabilities, in nats: how unsure the network is."""
        return float(self.frame["entropy"].iloc[0])

    @property
    def valence(self) -> float | None:
        """-1 to 1; None of a network that was not taught it."""
        return self._side("valence")

    @property
    def arousal(self) -> float | None:
        """The same."""
        return self._side("arousal")

    def _side(self, name: str) -> float | None:
        value = float(self.frame[name].iloc[0])
        return None if np.isnan(value) else value

    def __repr__(self) -> str:
        """What the terminal would show of it."""
        return repr(self._outcome)

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        return self._outcome._repr_html_()

    @property
    def _outcome(self) -> Outcome:
        return Outcome(screen=one_table(self.frame))


@dataclass(frozen=True)
class Predictor:
    """A trained network, and what takes the face out of a picture where it was taught cut out faces.

    Attributes:
        trained: the network, and what was told of it.
        crop: None takes pictures as they are.
        run: where it was trained, by which is known which faces it was taught; of a file of its own, that file.
    """

    trained: Trained
    crop: Crop | None
    run: Run

    @property
    def classes(self) -> tuple[str, ...]:
        """Of the answers, in their order."""
        return self.trained.told.classes

    def __repr__(self) -> str:
        """What it was taught, in a line."""
        told = self.trained.told
        faces = f"{told.size} x {told.size} {'grey' if told.channels == 1 else 'colour'} faces"
        cut = "" if self.crop is None else ", cut out of photographs"
        return f"Predictor({told.run}: {told.backbone}, {faces} of {told.corpus}{cut}; {', '.join(self.classes)})"

    @overload
    def __call__(self, pictures: Picture) -> Answer: ...

    @overload
    def __call__(self, pictures: Several) -> pd.DataFrame: ...

    def __call__(self, pictures: Picture | Several) -> Answer | pd.DataFrame:
        """What the network says.

        Args:
            pictures: one picture, or a list of them, each of one face. They are turned upright, cut where ``crop`` says
                so, and resized as the store does it.

        Returns:
            Of one picture an ``Answer``. Of a list a table as ``fer-exp predict`` writes it, a row a picture in their
            order, which ``evaluate`` and ``compare`` take. A warning says how many are called as faces that the network
            was taught (their split is train), and how many cannot be used: their rows are empty, and a column
            ``rejected`` says why.

        Raises:
            RequestError: the one picture, or every one of a list, cannot be used, and why; or it is no picture.
        """
        if isinstance(pictures, str | os.PathLike | Image.Image | np.ndarray):
            return self._one(pictures)
        if not isinstance(pictures, Iterable):
            raise RequestError(
                f"a picture is a path, a picture of Pillow or an array, or a list of these, not a "
                f"{type(pictures).__name__}."
            )
        return self._several(list(pictures))

    def _one(self, picture: Picture) -> Answer:
        if isinstance(picture, str | os.PathLike) and Path(picture).is_dir():
            place = os.fspath(picture)
            raise RequestError(f"{place} is a folder; give a list of its pictures, or ask fer-exp predict RUN {place}.")
        told = self.trained.told
        pixels = np.empty((1, told.size, told.size, told.channels), np.uint8)
        try:
            decode_any(picture, pixels[0], cut=None if self.crop is None else self.crop.cut)
        except RejectedError as reason:
            raise RequestError(f"{_called(picture, 1)} cannot be used: {reason}.") from None
        answer = self.trained.answers(pixels)
        affect = np.array([[np.nan, np.nan]])
        if answer.valence is not None and answer.arousal is not None:
            affect = np.stack([answer.valence, answer.arousal], axis=1)
        return Answer(self._table([_called(picture, 1)], answer.probabilities, affect))

    def _several(self, pictures: list[Picture]) -> pd.DataFrame:
        if not pictures:
            raise RequestError("the list of pictures is empty.")
        with kept_lines():
            answered = answer_pictures(self.trained, pictures, self.crop)
        names = [_called(picture, number) for number, picture in enumerate(pictures, start=1)]
        with kept_lines() as said:
            splits = splits_of(names, self.run)
        if self.crop is None and look_like_photographs([name for name in names if Path(name).is_file()]):
            said.append(advice('fer_exp.load(run, crop="face")'))
        for line in said:
            warnings.warn(line, stacklevel=3)
        if rejected := answered.rejected:
            row, reason = next(iter(rejected.items()))
            if len(rejected) == len(pictures):
                raise RequestError(f"none of {len(pictures):,} pictures can be used, first {names[row]}: {reason}.")
            told = f"{len(rejected):,} of {len(pictures):,} pictures cannot be used, first {names[row]}: {reason}"
            warnings.warn(f"{told}; column rejected says why", stacklevel=3)
        table = self._table([names[row] for row in answered.rows], answered.probabilities, answered.affect)
        if rejected:
            table = table.set_index(pd.Index(answered.rows)).reindex(range(len(pictures)))
            reasons = pd.Series([rejected.get(row) for row in range(len(pictures))], dtype=object)
            table = table.assign(face=names, rejected=reasons)
        table.insert(1, "split", splits)
        return table

    def _table(self, faces: list[str], probabilities: NDArray[np.float64], affect: NDArray[np.float64]) -> pd.DataFrame:
        return with_people(pd.DataFrame({"face": faces, **answer_columns(self.classes, probabilities, affect)}))


def _called(picture: Picture, number: int) -> str:
    """What a table calls a picture: its path, else its number."""
    if isinstance(picture, Image.Image):
        picture = getattr(picture, "filename", "") or ""
    path = os.fspath(picture) if isinstance(picture, str | os.PathLike) else ""
    return str(path) or f"picture {number}"
