"""How corpora, and people, name their pictures: who is in one, what is shown, from where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from fer_exp.face_names import stem
from fer_exp.names import CLASSES, WORDS, expression

MOST = 0.5
"""A naming is taken for that of a folder where more than this share of its pictures are named so."""


SAMPLE = 2_000
"""Names that each naming is tried on before it is tried on all."""


class Naming(NamedTuple):
    """The file names of a corpus, without their suffix.

    Attributes:
        title: whose they are, or what they are like.
        pattern: of the whole name, in any case; its groups are columns of the faces table: ``label``, ``subject``, and
            what the corpus says besides.
        source: where that is stated.
        codes: of a label -> class; others are expressions as ``names.expression`` knows them.
        sure: whether the names are so peculiar that persons are told apart unasked.
        note: what a person should know who takes it.
    """

    title: str
    pattern: str
    source: str
    codes: Mapping[str, str] = {}
    sure: bool = True
    note: str = ""


PERSON = "s|sub|subj|subject|p|pp|part|participant|person|vp|proband|id|actor|model"
AN_EXPRESSION = "|".join(sorted(WORDS, key=len, reverse=True))
NAMINGS = {
    "kdef": Naming(
        "KDEF's", r"(?P<session>[AB])(?P<subject>(?P<sex>[FM])\d\d)(?P<label>AF|AN|DI|HA|NE|SA|SU)"
        r"(?P<angle>FL|HL|S|HR|FR)",
        "Lundqvist, Flykt, Öhman 1998; kdef.se: sessions A and B show the same persons", note="from all angles",
    ),
    "akdef": Naming(
        "AKDEF's", r"(?P<sex>[FM])(?P<label>AF|AN|DI|HA|NE|SA|SU)(?P<angle>FL|HL|S|HR|FR)",
        "Lundqvist, Litton 1998, the averaged KDEF: faces of nobody in particular",
    ),
    "jaffe": Naming(
        "JAFFE's", r"(?P<subject>[A-Z]{2})\.(?P<label>AN|DI|FE|HA|NE|SA|SU)\d\.\d+",
        "Lyons, Kamachi, Gyoba 1998; zenodo.org/records/3451524",
    ),
    "rafd": Naming(
        "RaFD's", r"Rafd(?P<angle>\d{3})_(?P<subject>\d\d)_(?P<race>[A-Z]+)_(?P<sex>female|male)_(?P<label>[A-Z]+)_"
        r"(?P<gaze>frontal|left|right)",
        "Langner et al. 2010; rafd.socsci.ru.nl", note="from all angles",
    ),
    "nimstim": Naming(
        "NimStim's", r"(?P<subject>\d\d(?P<sex>[FM]))_(?P<label>AN|CA|DI|FE|HA|NE|SA|SP)_(?P<mouth>[OCX])",
        "Tottenham et al. 2009: calm was posed as a neutral face that does not look cold",
        {"CA": "neutral", "SP": "surprise"}, note="calm is neutral",
    ),
    "ck": Naming(
        "CK+'s", r"(?P<subject>S\d{3})_(?P<session>\d{3})_\d{8}", "Lucey et al. 2010: subject, session, frame",
    ),
    "ferg": Naming(
        "FERG's", r"(?P<subject>aia|bonnie|jules|malcolm|mery|ray)_(?P<label>anger|disgust|fear|joy|neutral|sadness|"
        r"surprise)_\d+",
        "Aneja et al. 2016: six drawn characters",
    ),
    "faces": Naming(
        "FACES's", r"(?P<subject>\d{1,3})_(?P<age>[ymo])_(?P<sex>[fm])_(?P<label>[adfhns])_[ab]",
        "Ebner, Riediger, Lindenberger 2010: person, age group, sex, expression, set",
        {"A": "anger", "D": "disgust", "F": "fear", "H": "happiness", "N": "neutral", "S": "sadness"},
    ),
    "cfd": Naming(
        "CFD's", r"CFD-(?P<subject>(?P<race>[A-Z])(?P<sex>[FM])-\d{3})-\d+-(?P<label>N|A|F|HC|HO)",
        "Ma, Correll, Wittenbrink 2015: happy with closed and with open mouth",
        {"N": "neutral", "A": "anger", "F": "fear", "HC": "happiness", "HO": "happiness"},
    ),
    "lfw": Naming(
        "like Tim_Henman_0001", r"(?-i:(?P<subject>[A-Z][\w.'-]*?)_\d{4})",
        "Huang et al. 2007: a name and a number", sure=False,
    ),
    "participant": Naming(
        "like subject12_happy", rf"(?P<subject>(?:{PERSON})[-_ ]?\d+)(?:[-_ .]+(?P<label>[^\W\d_]+))?"
        r"(?:[-_ .].*|\d*)",
        "as people number them: subject12_happy, P03-angry-2, s01_002", sure=False,
    ),
    "participant_last": Naming(
        "like happy_P03", rf"(?P<label>[^\W\d_]+)[-_ .]+(?P<subject>(?:{PERSON})[-_ ]?\d+)(?:[-_ .].*)?",
        "as people number them: happy_P03, angry-subject12-2", sure=False,
    ),
    "expression": Naming(
        "like happy_012", r"(?:\d+[-_ .]+)?(?P<label>[^\W\d_]+)(?:[-_ .(]*\d+\)?)?",
        "as people number them: happy_012, 7_sad", sure=False,
    ),
    "within": Naming(
        "like KA_happy_123", rf"(?:.*[-_ .])?(?P<label>{AN_EXPRESSION})(?:[-_ .\d(].*)?",
        "as people name them: KA_happy_123, 001-angry-open", sure=False,
    ),
}  # fmt: skip
"""By name, as ``dataset.subject`` takes those with a subject."""
SEXES = {"female": "F", "male": "M"}


Row = dict[str, str | None]


class Named(NamedTuple):
    """What file names say.

    Attributes:
        keys: the rows of ``NAMINGS`` that were found.
        table: a row a picture: ``label``, ``subject`` and what the namings say besides, None where a name does not.
        said: what was recognised, in words.
        offered: the value of ``dataset.subject`` by which persons could be told apart, where that is not done unasked.
    """

    keys: list[str]
    table: pd.DataFrame
    said: list[str]
    offered: str | None


def read_names(paths: Sequence[str], labels: bool = True) -> Named | None:
    """What the file names of N pictures say, where most of them are named as a corpus or as people do it.

    ``labels`` is whether expressions are wanted of them.

    Several corpora may lie side by side. A naming of people's own is looked for where no corpus' is found; it counts
    where it tells an expression of most, or several persons, of whom some have more than one picture.

    >>> named = read_names(["a/AF01ANS.JPG", "a/BF01HAFL.JPG", "b/AM02SUS.JPG"])
    >>> named.table["subject"].tolist(), named.table["label"].tolist()
    (['F01', 'F01', 'M02'], ['anger', 'happiness', 'surprise'])
    >>> read_names(["me.jpg", "you.jpg"]) is None
    True
    """
    names = [stem(path).rpartition("/")[2] for path in paths]
    some = names[:: len(names) // SAMPLE + 1]
    likely = {key: naming for key, naming in NAMINGS.items() if rows_of(naming, some)}
    found = {key: rows_of(naming, names, labels) for key, naming in likely.items() if naming.sure}
    if sum(map(len, found.values())) > MOST * len(names):
        return _named(paths, {key: rows for key, rows in found.items() if rows}, None)
    for key, naming in likely.items():
        rows = {} if naming.sure else rows_of(naming, names, labels)
        persons = [person for row in rows.values() if (person := row.get("subject")) and not expression(person)]
        several = len(persons) > MOST * len(names) and 1 < len(set(persons)) < len(persons)
        told = {place: row for place, row in rows.items() if row["label"] is not None}
        if len(told) <= MOST * len(names):
            told = {place: {**row, "label": None} for place, row in rows.items()} if several else {}
        if told:
            return _named(paths, {key: told}, key if several else None)
    return None


def _of_several(name: str) -> bool:
    """Whether a name speaks of two expressions, as of a morph or a blend, or of one that is not shown.

    >>> _of_several("not_happy_1"), _of_several("happily_surprised"), _of_several("KA_happy_12")
    (True, True, False)
    """
    words = [word for word in re.split(r"[\W\d_]+", name.casefold()) if len(word) > 2]
    meant = {meaning for word in words if (meaning := expression(word)) in CLASSES}
    other = re.compile("not|non|(happi|sad|fearful|angri|disgusted|appalled)ly")
    return len(meant) > 1 or any(map(other.fullmatch, words))


def rows_of(naming: Naming, names: Sequence[str], labels: bool = False) -> dict[int, Row]:
    """What those names say that are of a naming, by their place."""
    pattern = re.compile(naming.pattern, re.IGNORECASE)
    rows: dict[int, Row] = {}
    for place, name in enumerate(names):
        if match := pattern.fullmatch(name):
            row: Row = {key: text or None for key, text in match.groupdict().items()}
            code = row.get("label") or ""
            label = naming.codes.get(code.upper()) or (None if _of_several(name) else expression(code))
            if naming.sure and code and label not in CLASSES:
                continue
            row["label"] = label if labels and label in CLASSES else None
            for key in {"subject", "sex"} & row.keys() if naming.sure else ():  # copies may differ in case
                row[key] = SEXES.get(str(row[key]).lower(), str(row[key]).upper())
            rows[place] = row
    return rows


def _named(paths: Sequence[str], found: Mapping[str, Mapping[int, Row]], offered: str | None) -> Named:
    """The rows of one naming or several as one table."""
    cells: list[Row] = [{} for _ in paths]
    said = []
    for key, rows in found.items():
        for place, row in rows.items():
            cells[place] = row
        told = {column: {row[column] for row in rows.values()} - {None} for column in next(iter(rows.values()))}
        words = [
            f"subject ({len(values):,} persons)" if column == "subject" else column
            for column, values in told.items()
            if values
        ]
        naming = NAMINGS[key]
        said.append(f"{len(rows):,} of {len(paths):,} file names are {naming.title}: {', '.join(words)}")
        said[-1] += f" ({naming.note})" if naming.note else ""
    if odd := [path for path, row in zip(paths, cells, strict=True) if not row]:
        said[-1] += f"; {len(odd):,} are not, first {odd[0]}"
    table = pd.DataFrame(cells, index=range(len(paths)), dtype=object)
    for column in ("label", "subject"):
        if column not in table:
            table[column] = None
    return Named(list(found), table.where(table.notna(), None), said, offered)
