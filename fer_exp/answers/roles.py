"""Which columns say who answered, and what: by the names of persons, in any reader, and by what columns hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from fer_exp.column_names import SYNONYMS
from fer_exp.table_cells import Coded

OF_EXPERIMENTS = (
    r"prolific[ _.]?(pid|id)?", r"(url\.)?PROLIFIC_PID", r"participant[ _]?(private[ _])?(id|code|number)?",
    r"subject[ _]?(id|number|nr)?", r"sub(j)?[ _]?(id)?", r"worker[ _]?id", r"user[ _]?(id|name)?", r"vp(n|_?nr)?",
    r"sona[ _]?id", r"e-?mail( address)?", r"run[ _]?id", r"session([ _]?(id|name))?",
)  # fmt: skip
"""What experiments call it, where a subject is never who is pictured; the likeliest first."""

ASKED = (
    r".*(prolific|participant|worker|subject|versuchsperson|proband|teilnehmer|partecipante|deelnemer).*"
    r"(\b|-)(id|code|number|nummer|numéro|número|código|codice)\b.*"
)
"""A question for it, as forms ask one."""

SOMEBODY = (
    r"(person|rater|annotator|respondent|judge|coder|observer|student|name|code|id|nr|no)([ _]?(id|name|nr|code))?"
)
"""What else it is called where a row is a person, whatever stands in it."""

_PERSON = "|".join((
    *(f"{word}s?" if word.isascii() else word for word in SYNONYMS["worker"].split()),
    "subject|subj?|person|user|student|prolific|sona|session|player|observer|pp|ppn|vpn|label+er|evaluator|turk(er)?",
    "sujet|sujeto|soggetto|sujeito|proefpersoon|испытуемый",
))  # fmt: skip
_NUMBER = "id|nr|no|num|number|code|key|pid|name|kennung|nummer|kürzel|kuerzel|numéro|numero|número|nº|codice|código|"
_NUMBER += "codigo|matricola|матрикул|номер|код|编号|編號|番号|번호"
_PERSONS = re.compile(
    rf"(.*[ _.-])?({_PERSON})([ _.-]?(private|public))?([ _.-]?({_NUMBER}))?\.?|({_NUMBER})[ _.-]({_PERSON})",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    rf"({_NUMBER}|who|nickname|alias|pseudonym|initials|initialen|login|username|e-?mail|matrikelnummer|nom|nombre|"
    r"nome|имя|姓名|名前|이름)\.?",
    re.IGNORECASE,
)


def who(
    names: Sequence[str], of: Callable[[int], Coded], tasks: Coded, beside: Sequence[int | None] = ()
) -> int | None:
    """The column that says who answered, in a table that calls none as such columns are called; None if there is none.

    Its name may be a person's, and it tells answers apart: no two of a task have the same in it.

    Args:
        names: of the columns.
        of: reads a column, (N,).
        tasks: of the answers, (N,).
        beside: numbers of columns that are something else.

    >>> columns = [Coded(np.array(codes), np.arange(3)) for codes in ([0, 0, 1, 1], [1, 2, 2, 1], [0, 0, 0, 1])]
    >>> who(["image", "Kennung", "id"], columns.__getitem__, columns[0], [0])
    1
    """
    free = [n for n in range(len(names)) if n not in beside]
    persons = [n for n in free if _PERSONS.fullmatch(names[n])]
    persons.sort(key=lambda n: "session" in names[n].lower())  # a person may have several
    persons += [n for n in free if n not in persons and _NUMBERS.fullmatch(names[n])]
    return next((n for n in persons if tells_apart(tasks, of(n))), None)


def tells_apart(tasks: Coded, persons: Coded) -> bool:
    """Whether every answer has a person, persons have several, and none two about a task."""
    pairs = pd.DataFrame({"task": tasks.codes, "person": persons.codes})
    several = len(tasks.names) < len(pairs) and pairs["person"].duplicated().any()  # else it numbers the rows
    return bool(several and (persons.codes >= 0).all() and not pairs.duplicated().any())


def vary_as_answers(columns: Iterable[int], of: Callable[[int], Coded], tasks: Coded, workers: Coded) -> list[int]:
    """Those of some columns that differ within a task and within a person, as answers do.

    What a picture shows is the same in all rows of a task, how a person feels in all rows of theirs.

    >>> columns = [Coded(np.array(codes), np.arange(3)) for codes in ([0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 1])]
    >>> vary_as_answers([0, 1, 2], columns.__getitem__, columns[0], columns[1])
    [2]
    """
    found = []
    for n in columns:
        codes = of(n).codes
        pairs = (np.unique(np.stack([side.codes, codes])[:, codes >= 0], axis=1)[0] for side in (tasks, workers))
        found += [n] if all(len(np.unique(pair)) < len(pair) for pair in pairs) else []
    return found
