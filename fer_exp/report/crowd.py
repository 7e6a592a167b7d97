"""What `fer-exp crowd` says: workers, who was removed, what remains, and how it compares with gold and a lab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from fer_exp.answers import Answers
from fer_exp.raters.aggregation import Aggregate
from fer_exp.raters.gold import Gold
from fer_exp.report import crowd_figures as figures
from fer_exp.report.cells import frame_table
from fer_exp.report.outcome import Outcome, OutcomeTable, Screen, records
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import shares

SHOWN = 30
"""Workers that the terminal shows; the file has all."""
MEASURES = ["gold_answers", "gold_accuracy", "accuracy", "95 %", "agreement", "skill", "spam", "consistency", "seconds"]
COLUMNS = ["worker", "kept", "answers", *MEASURES]
"""What the terminal shows of them, where it is known."""
THRESHOLDS = ["threshold", "workers", "judged", "answers", "covered", "accuracy", "gain", "gain_low", "gain_high"]


@dataclass
class Crowd:
    """A crowd, described, filtered and aggregated.

    Attributes:
        verdict: whether filtering gains anything, in one sentence.
        data: all answers that name a class.
        counts: votes of the workers who remain, shape (T, K).
        beliefs: method -> what it believes of their answers.
        workers: as ``describe_workers`` gives them, with ``kept``.
        removed: as ``filter_workers`` gives them.
        soft: as ``soft_labels`` gives them.
        gold: true classes, with ``accuracy`` of each method; ``gain`` is what filtering changes there, ``thresholds``
            what a filter on gold is worth.
        lab: as ``against_lab`` gives it.
        notes: what was left out, in sentences.
    """

    verdict: str
    data: Answers
    counts: FloatArray
    beliefs: Mapping[str, Aggregate]
    workers: pd.DataFrame
    removed: pd.DataFrame
    soft: pd.DataFrame
    gold: Gold | None
    accuracy: pd.DataFrame | None
    gain: Mapping[str, float] | None
    thresholds: pd.DataFrame | None
    lab: Mapping[str, pd.DataFrame] | None
    notes: list[str]


MAY = ("accuracy", "gain", "thresholds", "lab", "lab_*", "posteriors_*.csv", "posteriors_*.parquet", "skill_*.csv",
       "verdict.txt")  # fmt: skip
"""What a crowd has files of where its command is told so."""


def summary(crowd: Crowd) -> Outcome:
    """Tables and figures of a crowd; votes, soft labels, posteriors and skills as data."""
    notes = [f"{note}." for note in crowd.notes]
    outcome = Outcome("crowd", _content(crowd), notes=notes, data=_data(crowd), verdict=crowd.verdict, may=MAY)
    outcome.screen += _workers(crowd.workers)
    outcome.tables += [
        OutcomeTable("workers", "What is known of each worker.", crowd.workers),
        OutcomeTable("removed", "Workers that a filter removed, and why.", crowd.removed),
        OutcomeTable("soft", "Soft labels and their human floor, half of the raters against half.", crowd.soft),
    ]
    outcome.figures["workers"] = partial(figures.workers_figure, crowd.workers)
    if len(crowd.removed):
        outcome.screen.append(frame_table(crowd.removed[["worker", "answers", "why"]].head(SHOWN), "removed"))
    outcome.screen.append(frame_table(crowd.soft, "soft labels; floor: half the raters against half"))
    if crowd.gold is not None and crowd.accuracy is not None:
        title = f"accuracy on {int((crowd.gold.judged >= 0).sum()):,} gold tasks"
        if (crowd.gold.shown != crowd.gold.judged).any():
            title += f", workers judged on {int((crowd.gold.shown >= 0).sum()):,} others"
        caption = "Accuracy of each method on gold tasks, 95 % intervals."
        outcome.tables.append(OutcomeTable("accuracy", caption, crowd.accuracy))
        outcome.screen.append(frame_table(_yes(crowd.accuracy, "converged"), title))
        if len(crowd.removed) and crowd.gain is not None:
            gain = pd.DataFrame([crowd.gain])
            outcome.tables.append(
                OutcomeTable("gain", "What filtering changes in accuracy on gold, task by task.", gain)
            )
    if crowd.thresholds is not None:
        drawn = crowd.thresholds.attrs
        title = f"gold filter learned on {drawn['tasks']} tasks, judged on the rest, mean of {drawn['draws']} draws"
        outcome.tables.append(OutcomeTable("thresholds", "What a filter on gold accuracy is worth.", crowd.thresholds))
        outcome.screen.append(frame_table(crowd.thresholds[THRESHOLDS], title))
        outcome.figures["thresholds"] = partial(figures.thresholds_figure, crowd.thresholds)
    if crowd.lab is not None:
        _add_lab(outcome, crowd.lab, filtered=len(crowd.removed) > 0)
    return outcome


def _workers(workers: pd.DataFrame) -> list[Screen]:
    """The workers who are kept first, those with most answers ahead."""
    shown = workers.sort_values(["kept", "answers"], ascending=False)
    ends = (shown[f"accuracy_{end}"].map("{:.2f}".format) for end in ("low", "high"))
    shown["95 %"] = next(ends) + "–" + next(ends)
    shown = _yes(shown[[name for name in COLUMNS if name in shown]], "kept").rename(
        columns={"gold_answers": "of gold", "gold_accuracy": "right"}
    )
    title = f"workers: {int(workers['kept'].sum()):,} of {len(workers):,} kept"
    screen: list[Screen] = [frame_table(shown.head(SHOWN), title, 2)]
    if len(shown) > SHOWN:
        screen.append(f"… and {len(shown) - SHOWN:,} more in workers.csv")
    return screen


def _add_lab(outcome: Outcome, lab: Mapping[str, pd.DataFrame], *, filtered: bool) -> None:
    outcome.tables += [
        OutcomeTable("lab_agreement", "Crowd majority against lab majority.", lab["agreement"]),
        OutcomeTable("lab_l1", "L1 between crowd and lab, beside what sampling alone gives.", lab["l1"]),
        OutcomeTable("lab_gain", "What filtering changes against the lab, face by face.", lab["gain"]),
    ]
    outcome.screen += [
        frame_table(_yes(lab["agreement"], "merged"), "crowd majority against the lab's"),
        frame_table(_yes(lab["l1"], "merged"), "L1 between crowd and lab; floor: sampling alone"),
    ]
    if filtered:
        outcome.screen.append(frame_table(_yes(lab["gain"], "merged"), "what filtering changes, face by face"))
    outcome.figures["lab"] = partial(figures.lab_figure, lab["agreement"], lab["l1"])


def _data(crowd: Crowd) -> dict[str, pd.DataFrame]:
    """Votes and soft labels of the workers who remain, and what each method believes."""
    answered = crowd.counts.sum(axis=1) > 0
    votes = crowd.counts[answered]
    faces, columns = pd.DataFrame({"face": crowd.data.tasks[answered]}), list(crowd.data.classes)
    data = {
        "votes.csv": faces.join(pd.DataFrame(votes.astype(np.int64), columns=columns)),
        "soft_labels.csv": faces.join(pd.DataFrame(shares(votes), columns=columns)).assign(
            raters=votes.sum(axis=1).astype(np.int64)
        ),
    }
    for method, belief in crowd.beliefs.items():
        if method != "majority":
            table = faces.join(pd.DataFrame(belief.posterior[answered], columns=columns))
            data |= {f"posteriors_{method}.{suffix}": table for suffix in ("csv", "parquet")}
            data[f"skill_{method}.csv"] = pd.DataFrame({"worker": crowd.data.workers, "skill": belief.skill})
    return data


def _content(crowd: Crowd) -> dict[str, Any]:
    frames = {name: getattr(crowd, name) for name in ("workers", "removed", "soft", "accuracy", "thresholds")}
    content: dict[str, Any] = {"verdict": crowd.verdict, "notes": crowd.notes, "classes": list(crowd.data.classes)}
    content |= {name: records(frame) for name, frame in frames.items() if frame is not None}
    if crowd.gain is not None:
        content["gain"] = records(pd.DataFrame([crowd.gain]))[0]
    if crowd.lab is not None:
        content["lab"] = {name: records(table) for name, table in crowd.lab.items()}
    return content


def _yes(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """A column of truths in words."""
    return table.assign(**{column: np.where(table[column], "yes", "no")})
