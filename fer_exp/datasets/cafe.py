"""CAFE: photographs of children whose file names say who poses what."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import PurePosixPath
from typing import ClassVar

import pandas as pd

from fer_exp.datasets.corpus import Faces, faces_table
from fer_exp.datasets.pictures import Picture, PictureCorpus
from fer_exp.errors import RequestError
from fer_exp.face_names import stem
from fer_exp.names import CLASSES, expression
from fer_exp.pictures.listing import listed

NAME = re.compile(r"(?P<id>\d+)-(?P<pose>[A-Za-z]+)_(?P<sex>[A-Za-z])-(?P<race>[A-Za-z]+)-(?P<number>\d+)")
"""``9977-angry_F-AA-01``: number of the file, pose, and the child: sex, race or ethnicity, running number."""
MOUTHS = {"open": "open", "withtongue": "tongue"}
"""How a pose ends -> the variant; without an ending the mouth is closed, but for surprise, which has one variant."""


class Cafe(PictureCorpus):
    """CAFE: 1,192 photographs of 154 children (2 to 8 years) posing seven expressions; 100 adult raters each.

    Beside the usual columns there are ``mouth`` (closed, open, tongue, null for surprise), ``sex`` and ``race`` (codes
    of the file name); ``subject`` is ``<sex>-<race>-<number>``. There are no official splits: they are drawn by child.
    The raters' answers do not come with the pictures: ``dataset.votes`` names them.
    """

    name = "cafe"
    title = "CAFE"
    contempt = False
    citation = (
        "LoBue, Thrasher. The Child Affective Facial Expression (CAFE) set: validity and reliability from untrained "
        "adults. Frontiers in Psychology 2015."
    )
    licence = "Databrary's terms: authorised investigators only, no redistribution"
    withheld = (
        "photographs of children, for authorised investigators alone (Databrary Access Agreement, "
        "databrary.org/about/agreement.html)"
    )
    pictured = "children of 2 to 8 years who posed in a laboratory"
    access = (
        "Become an authorised investigator of databrary.org, download volume 30, unpack it and give the folder that "
        "holds sessions/ as dataset.root; give the raters' answers as dataset.votes."
    )
    layout = "sessions/<folder>/<id>-<pose>_<sex>-<race>-<nn>.jpg, for example sessions/6280/9977-angry_F-AA-01.jpg"
    markers = ("sessions",)
    expected: ClassVar[dict[str, int]] = {"all": 1_192}
    expected_subjects = 154

    def read(self) -> Faces:
        """The faces, by what their file names say; raises RequestError naming the file where they do not."""
        rows = pd.DataFrame([self._row(path) for path in self._paths])
        children = rows["subject"].nunique()
        folders_of, children_in = (
            rows.groupby(by)[of].nunique() for by, of in (("subject", "session"), ("session", "subject"))
        )
        notes = {
            "children": children,
            "session folders that hold more than one child": int((children_in > 1).sum()),
            "children in more than one session folder": int((folders_of > 1).sum()),
        }
        if children != self.expected_subjects:
            notes[f"children missing or too many, of {self.expected_subjects}"] = abs(self.expected_subjects - children)
        return Faces(faces_table(self.name, **rows.drop(columns="session")), None, notes)

    def pictures(self) -> list[Picture]:
        """Every picture below sessions/."""
        return [Picture(path) for path in self._paths]

    @cached_property
    def _paths(self) -> list[str]:
        self.files()
        paths = listed(self.root, "sessions")
        if not paths:
            raise RequestError(f"{self.name}: there is no picture below {self.root}/sessions; unpack the volume there.")
        return sorted(paths, key=lambda path: (stem(PurePosixPath(path).name), path))

    def _row(self, path: str) -> dict[str, str | None]:
        """What the name and folder of a picture say, by column."""
        file = PurePosixPath(path)
        match = NAME.fullmatch(file.stem)
        pose = match["pose"].lower() if match else ""
        ending = next((end for end in MOUTHS if pose.endswith(end)), "")
        label = expression(pose.removesuffix(ending)) if match else None
        if match is None or label not in CLASSES[:7]:
            raise RequestError(
                f"{self.name}: {self.root / path} is not named <id>-<pose>_<sex>-<race>-<nn> with a pose such as angry "
                "or happyopen; take what is no CAFE picture out of sessions/."
            )
        mouth = MOUTHS[ending] if ending else None if label == "surprise" else "closed"
        sex, race = match["sex"].upper(), match["race"].upper()
        return {
            "face": file.stem,
            "subject": f"{sex}-{race}-{match['number']}",
            "label": label,
            "mouth": mouth,
            "sex": sex,
            "race": race,
            "session": file.parent.name,
        }
