"""What the experimenter sees while people answer: persons, agreement so far, whom to trust, and whether it is enough.

Every figure is that of ``agreement``, ``crowd`` and ``crowd plan``, with their intervals.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_exp.answers import Answers
from fer_exp.answers.read import read_answers
from fer_exp.collecting import FILES
from fer_exp.collecting.collected import COPY, TIME, collected, read_only
from fer_exp.collecting.out import FIRST, Collected, every_answer, left_out, persons, texts
from fer_exp.errors import RequestError, RunError
from fer_exp.raters import planning
from fer_exp.raters.aggregation import Answered
from fer_exp.raters.survey import survey
from fer_exp.raters.workers import describe_workers
from fer_exp.regular import reading
from fer_exp.report.agreement_figures import pretty
from fer_exp.report.cells import interval
from fer_exp.report.figures import colour_of
from fer_exp.report.page import page_template
from fer_exp.report.verdicts import of_agreement, of_plan

SHOWN = {
    "labels": ("percent_agreement", "fleiss_kappa", "krippendorff_alpha"),
    "": ("icc_2_1", "icc_1_1", "alpha_interval"),
    "repeats": ("same_label", "difference_valence", "difference_arousal"),
}
"""Measures of agreement on the page: of classes, of each scale of ratings, of persons with themselves."""

PILOT, REPLICATES = 200, 20
"""Faces that the live stop rule looks at, at most, and replicates behind its intervals; `crowd plan` takes more."""

AWAY = 600.0
"""Seconds without a word after which a person is away, who may come back."""

STATES = {"on": "at it", "away": "away for 10 minutes or more", "done": "done", "screened_out": "screened out"}
"""Of persons, in words."""

SENT_AWAY = {"gold": "sent away by gold", "attention": "sent away by checks"}

LARGEST = 60
"""Raters a face that the stop rule looks at, at most."""

MOST = 300
"""Faces, and workers, that the page lists; the downloads have all."""


@dataclass(frozen=True)
class Aim:
    """What a study wants.

    Attributes:
        title: of the study.
        classes: their names, in order; none where only ratings are asked for.
        faces: names of the faces that are dealt.
        answers: that a face is to get.
        l1: the distance of soft labels to everybody's answers that is aimed at.
        min_gold: share of gold that must be right, None without such a rule.
    """

    title: str
    classes: tuple[str, ...]
    faces: tuple[str, ...]
    answers: int
    l1: float = 0.25
    min_gold: float | None = None


def aim_of(file: Path, l1: float = 0.25) -> Aim:
    """What the study of a ledger wants, with ``l1`` as of ``Aim``; errors as ``collected``."""
    with read_only(file) as ledger:
        found = ledger.execute("SELECT value FROM about WHERE key = 'study'").fetchone()
        rows = ledger.execute("SELECT task, gold FROM faces WHERE used = 1 ORDER BY face").fetchall()
    with reading(file, way_out=COPY):
        return _aim(json.loads(found[0]) if found else {}, rows, l1)


def _aim(study: dict[str, Any], rows: list[sqlite3.Row], l1: float) -> Aim:
    """``aim_of`` of a study as the ledger has it, and its faces."""
    judged = study.get("gold_faces", 0) + study.get("practice", 0) > 0
    dealt = [row["task"] for row in rows if not (judged and row["gold"] is not None)]
    return Aim(
        title=next(iter(study.get("title", {}).values()), "A study"),
        classes=tuple(study.get("classes", ())),
        faces=tuple(dealt or [row["task"] for row in rows]),
        answers=study.get("per_face", 1),
        l1=l1,
        min_gold=study.get("min_gold_accuracy"),
    )


def watched(answered: Collected, aim: Aim) -> dict[str, Any]:
    """All that the page says, ready for JSON.

    Returns:
        ``persons`` (state -> number), ``answers`` (that count), ``left_out`` (words -> number), ``complete`` (faces
        that have as many answers as they are to get), ``stop`` (sentences), ``agreement`` (a sentence), ``measures``,
        ``notes``, ``workers`` and ``faces``: rows.
    """
    every = every_answer(answered)
    panel = every[every["left_out"] == ""]
    number = panel["task"].value_counts().reindex(list(aim.faces), fill_value=0)
    seen: dict[str, Any] = {
        "persons": dict(Counter(_states(answered.persons))),
        "answers": len(panel),
        "left_out": left_out(every),
        "aim": aim.answers,
        "complete": int((number >= aim.answers).sum()),
        "per_face": float(number.mean()) if len(number) else 0.0,
        "fewest": int(number.min()) if len(number) else 0,
        "total": len(aim.faces),
        "agreement": "nobody has answered yet",
        "stop": ["nothing can be said of how many raters are enough before people have answered"],
        "measures": [],
        "notes": [],
        "workers": [],
    }
    data = _read(every, aim)
    if data is not None:
        surveyed = survey(data)
        seen["agreement"] = of_agreement(surveyed)
        seen["measures"] = _measures(surveyed)
        seen["notes"] = surveyed["notes"]
        seen["stop"] = stop(data, number, aim)
    seen["workers"] = _workers(answered, every, data, aim)
    seen["faces"] = _faces(panel, number, aim)
    return seen


def _states(table: pd.DataFrame) -> list[str]:
    """Of each person, away for one who is at it and was not seen for some time."""
    if "seen" not in table:
        return list(table["state"])
    long = f"{datetime.now(UTC) - timedelta(seconds=AWAY):{TIME}}"  # times as texts: as good to compare
    pairs = zip(table["state"], table["seen"], strict=True)
    return ["away" if state == "on" and seen < long else state for state, seen in pairs]


def stop(data: Answers, number: pd.Series[int], aim: Aim) -> list[str]:
    """Whether the answers are enough, in sentences, read off the band of ``crowd plan``.

    Args:
        data: the panel's answers.
        number: of answers of each face that is dealt.
        aim: what is wanted.
    """
    counts = data.counts()
    counts = counts[counts.sum(axis=1) > 0] if len(data.classes) else np.empty((0, 0))
    if not (counts.sum(axis=1) >= 2).any():
        return ["no face has two answers yet, so nothing shows how much raters differ and how many are enough"]
    if len(counts) > PILOT:
        counts = counts[np.sort(np.random.default_rng(0).choice(len(counts), PILOT, replace=False))]
    table = planning.plan(counts, LARGEST, samples=REPLICATES, faces=500)
    enough = table["raters"][table["l1_high"] <= aim.l1]
    sentences = [of_plan(table, aim.l1)]
    if len(enough):
        fewest = int(enough.iloc[0])
        reached = int((number >= fewest).sum())
        words = f"{reached:,} of {len(number):,} faces have so many"
        more = f"; the study asks for {aim.answers} (per_face), which are not shown to be enough"
        go_on = f"{words}, so go on{more if fewest > aim.answers else ''}"
        sentences.append(f"{words}: you may stop" if reached == len(number) else go_on)
    return sentences


def _read(every: pd.DataFrame, aim: Aim) -> Answers | None:
    """The panel's answers, and who said the same twice, as every command reads them; None before the first."""
    rows = every[every["left_out"].isin(["", "repeat"])]
    rows = rows[[name for name in FIRST if name in rows and rows[name].notna().any()]]
    answer = {"label", "valence", "arousal"} & set(rows)
    if not len(rows) or not answer or ("label" in rows and set(rows["label"].dropna()) <= {"unknown", "not_a_face"}):
        return None
    read = read_answers(rows, classes=aim.classes if "label" in rows else (), duplicates="first")
    return read if isinstance(read, Answers) else None


def _measures(surveyed: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table of agreement: what of, which measure, value and interval over faces and raters, n, in words."""
    rows = []
    for of in ("labels", *surveyed["scales"], "repeats"):
        for name in SHOWN.get(of, SHOWN[""]):
            result = surveyed.get(of, {}).get(name)
            if result is None or (name == "icc_1_1" and "icc_2_1" in surveyed[of]):
                continue
            both = result.get("low_raters") is not None
            low, high = (result.get(f"{end}_raters" if both else end) for end in ("low", "high"))
            rows.append(
                {
                    "of": {"labels": "classes", "repeats": "repeats"}.get(of, of),
                    "measure": pretty(name),
                    "value": interval(result["value"], low, high, 2, missing="undefined"),
                    "n": result["n"],
                    "words": "too few faces" if result.get("rough") else result.get("reading", ""),
                }
            )
    return rows


def _workers(answered: Collected, every: pd.DataFrame, data: Answers | None, aim: Aim) -> list[dict[str, Any]]:
    """Rows of the table of persons, those first of whom there is something to say."""
    table = persons(answered, every).assign(state=_states(answered.persons))
    if data is not None and len(data.classes) and (data.label >= 0).any():
        named = data.select(data.label >= 0)
        table = table.merge(_trust(named), on="worker", how="left")
    rows = [_person(row, aim) for row in table.to_dict("records")]
    return sorted(rows, key=lambda row: (not row["doubt"], -row["answers"]))


def _trust(data: Answers) -> pd.DataFrame:
    """What ``crowd`` knows of each worker, by name."""
    found = describe_workers(Answered.of(data), data.workers, seconds=data.seconds, repeats=data.said_twice)
    return found.drop(columns="answers")


def _person(row: Mapping[Any, Any], aim: Aim) -> dict[str, Any]:
    def shown(name: str, decimals: int = 2) -> str:
        value, low, high = (row.get(f"{name}{end}") for end in ("", "_low", "_high"))
        return interval(value, low, high, decimals)

    doubts = []
    if row["state"] == "screened_out":
        doubts.append(SENT_AWAY.get(str(row.get("why")), "sent away"))
    elif row.get("spam_low", 0.0) > 0.5:
        doubts.append("answers hardly depend on the face")
    elif aim.min_gold is not None and row["gold"] and row["gold_right"] / row["gold"] < aim.min_gold:
        doubts.append("below the share of gold")
    if row.get("seconds_high", np.inf) < 1:
        doubts.append("less than a second a face")
    return {
        "worker": str(row["worker"]),
        "state": row["state"],
        "answers": int(row["answers"]),
        "gold": f"{row['gold_right']} of {row['gold']}" if row["gold"] else "",
        **{name: shown(name) for name in ("accuracy", "agreement", "spam", "consistency")},
        "seconds": shown("seconds", 1),
        "doubt": ", ".join(doubts),
    }


def _faces(panel: pd.DataFrame, number: pd.Series[int], aim: Aim) -> list[dict[str, Any]]:
    """Rows of the table of faces, those that lack most first."""
    votes: dict[str, Counter[str]] = {}
    if "label" in panel:
        for task, label in zip(panel["task"], panel["label"], strict=True):
            if isinstance(label, str):
                votes.setdefault(task, Counter())[label] += 1
    order = {name: place for place, name in enumerate(aim.classes)}
    rows = []
    for face, answers in number.sort_values(kind="stable").items():
        said = sorted(votes.get(str(face), Counter()).items(), key=lambda one: (-one[1], order.get(one[0], len(order))))
        rows.append(
            {
                "face": str(face),
                "answers": int(answers),
                "votes": [
                    {"name": name, "n": n, "colour": colour_of(name, order.get(name, len(order)))} for name, n in said
                ],
            }
        )
    return rows[:MOST]


def page(file: Path, l1: float = 0.25) -> str:
    """The page of a ledger as HTML; whatever strangers sent is text in it."""
    return page_template(Path(__file__).with_name("experimenter.html.j2")).render(
        title=(aim := aim_of(file, l1)).title,
        seen=watched(collected(file), aim),
        when=time.strftime("%H:%M:%S"),
        states=STATES,
        files=FILES,
        most=MOST,
        pilot=PILOT,
        ledger=file,
    )


def main(words: list[str]) -> int:
    """Write the page of a ledger (``LEDGER page L1``), or one of its tables (``LEDGER answers.csv L1``)."""
    file, name, l1 = Path(words[0]), words[1], float(words[2])
    try:
        text = page(file, l1) if name == "page" else texts(collected(file)).get(name, "")
    except (RequestError, RunError) as error:
        print(error, file=sys.stderr)
        return 2
    sys.stdout.buffer.write(text.encode())
    return 0


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)  # the server's answers go first
    sys.exit(main(sys.argv[1:]))
