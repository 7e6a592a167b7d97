"""`fer-exp crowd plan`: from a pilot's answers, how many raters a face needs, and more faces or more raters."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from fer_exp.answers import Answers
from fer_exp.commands.following import line
from fer_exp.commands.people import People, folder, load
from fer_exp.config import PlanConfig
from fer_exp.errors import RequestError
from fer_exp.progress import progress
from fer_exp.raters import dependability, planning
from fer_exp.raters.band import levels
from fer_exp.raters.dependability import TARGETS
from fer_exp.raters.survey import survey
from fer_exp.report import crowd_figures as figures
from fer_exp.report.cells import BELOW, frame_table, interval
from fer_exp.report.outcome import Outcome, OutcomeTable, finish, records
from fer_exp.report.verdicts import of_plan
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.tables import NO_FRAMES, Frames

SHOWN = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200)
"""Panel sizes that the terminal shows; the file has all."""

ENDS = ("", "_low", "_high")

BUDGET = 10_000
"""Answers that are spent where neither budget= nor faces= is given."""

EXPLORATORY = "entropy r and majority right depend on the fitted mixture (exploratory)"

MAY = ("plan", "budget", "dependability", "d_study", "verdict.txt")
"""What a plan has files of where the pilot has votes, or enough ratings."""


def plan(config: PlanConfig) -> Path | None:
    """Plan a crowd: print and write the curves, what the budget buys, and the answer in sentences.

    Args:
        config: see conf/plan.yaml.

    Raises:
        RequestError: no face of the pilot has two raters, or what reading finds.
        RunError: a file cannot be written.
    """
    asked = read(config)
    place = folder(config, "plan", asked.name)
    return finish(measured(config, asked), place)


def next_step(config: PlanConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    return f"collect the answers, then {line('crowd', 'ratings=ANSWERS')} (whom to trust)"


def read(config: PlanConfig, frames: Frames = NO_FRAMES) -> People:
    """The pilot's answers; ``frames`` stand for its file ``ratings``."""
    people = load(config, frames)
    if not (_counts(people).sum(axis=1) >= 2).any() and not _rated_twice(people):
        raise RequestError(
            f"{people.name}: no face has two answers, so nothing shows how much raters differ; let two or more "
            "people label some faces of the pilot."
        )
    return people


def measured(config: PlanConfig, people: People) -> Outcome:
    """The curves, what the budget buys, the dependability of means, and the answer in sentences."""
    counts = _counts(people)
    surveyed = survey(people.data, seed=config.seed)
    outcome = _of_votes(config, counts, list(people.data.notes)) if len(counts) else Outcome("plan", {}, may=MAY)
    _add_dependability(outcome, dependability.coefficients(surveyed), config)
    return outcome


def _of_votes(config: PlanConfig, counts: FloatArray, notes: list[str]) -> Outcome:
    """What panels give of the distribution of answers, and what the budget buys."""
    if len(counts) > config.pilot:
        drawn = np.random.default_rng(config.seed).choice(len(counts), config.pilot, replace=False)
        notes.append(
            f"{config.pilot:,} of {len(counts):,} faces, drawn at random, are used as the pilot (pilot={config.pilot})"
        )
        counts = counts[np.sort(drawn)]
    budget = BUDGET if config.budget is None and config.faces is None else config.budget
    table = planning.plan(counts, config.raters, samples=config.bootstrap, seed=config.seed, log=progress)
    checked = planning.check(counts, config.seed)
    bought = planning.spend(table, planning.fit(counts), budget, config.faces, config.seed)
    if len(bought) == 0:
        raise RequestError(f"budget={budget} buys less than one answer a face of faces={config.faces}; give more.")
    pilot = float(np.median(counts.sum(axis=1)))
    if outside := int(table["outside"].sum()):
        notes.append(
            f"at {outside:,} panel sizes the fitted mixture lies outside the band; L1 and KL are then its nearest end"
        )
    advice = [
        f"the pilot has {len(counts):,} faces of {pilot:g} raters; values come from a fitted mixture, and intervals of "
        f"L1 and KL hold every value that {_votes(counts)} allow, whatever the distribution of faces",
        f"check of the mixture: L1 of half a panel against the other half is {checked['seen']:.3f} in the pilot and "
        f"{checked['simulated']:.3f} simulated",
        *planning.advice(table, bought, config.l1, config.faces),
    ]
    verdict = of_plan(table, config.l1)
    words = f"what {budget:,} answers buy" if config.faces is None else f"what {config.faces:,} faces take"
    content = {"verdict": verdict, "plan": records(table), "budget": records(bought), "check": checked,
               "saturation": planning.saturation(table), "advice": advice, "notes": notes}  # fmt: skip
    return Outcome(
        "plan",
        content,
        verdict=verdict,
        screen=[
            frame_table(_curves(table), f"expected of a panel; beyond: more raters than the pilot has; {EXPLORATORY}"),
            frame_table(_purchases(bought), words),
            *(f"- {sentence}." for sentence in advice),
        ],
        notes=[f"{note}." for note in notes],
        tables=[
            OutcomeTable("plan", f"Expected quality of a panel, 95 % intervals; {EXPLORATORY}.", table),
            OutcomeTable("budget", f"{words.capitalize()}.", bought),
        ],
        figures={
            "plan": partial(figures.plan_figure, table, pilot),
            "budget": partial(figures.budget_figure, bought, words),
        },
        may=MAY,
    )


def _add_dependability(outcome: Outcome, found: pd.DataFrame, config: PlanConfig) -> None:
    """The D-study: what means of k raters are worth, and how many reach a target."""
    if len(found) == 0:
        return
    shown = pd.DataFrame({"of": found["of"], "coefficient": found["coefficient"]})
    shown["one rater"] = [interval(row["value"], row["low"], row["high"], 2) for row in found.to_dict("records")]
    sentences = []
    for target in TARGETS:
        shown[f"raters for {target}"] = [
            _needed(row[f"for_{target}"], row[f"for_{target}_low"], row[f"for_{target}_high"])
            for row in found.to_dict("records")
        ]
    for row in found[found["coefficient"] == "phi"].to_dict("records"):
        told = (f"to {target} with {_needed(*(row[f'for_{target}{end}'] for end in ENDS))}" for target in TARGETS)
        sentences.append(f"means of {row['of']} are dependable {', '.join(told)} raters a face")
    table = dependability.study(found, config.raters)
    finite = found.replace(np.inf, np.nan)
    outcome.verdict = outcome.verdict or sentences[0]
    outcome.content = {
        **outcome.content,
        "verdict": outcome.verdict,
        "dependability": records(finite),
        "d_study": records(table),
    }
    over = "faces and raters" if (found["over"] == "faces and raters").all() else "faces, of these raters"
    words = f"raters whose mean is dependable (phi), or ranks faces dependably (E rho2); intervals over {over}"
    outcome.screen.append(frame_table(shown, words))
    outcome.tables += [
        OutcomeTable("dependability", f"{words.capitalize()}.", found),
        OutcomeTable("d_study", "Phi and E rho2 of means of k raters.", table),
    ]


def _needed(value: float, low: float, high: float) -> str:
    """So many raters, and between which ends."""
    number, least, most = ("none" if np.isinf(end) else f"{end:.0f}" for end in (value, low, high))
    return number if np.isnan(low) else f"{number} ({least}–{most})"


def _rated_twice(people: People) -> bool:
    """Whether some face has two ratings on a scale."""
    if not isinstance(people.data, Answers):
        return False
    rated = people.data.rated.values()
    return any(np.bincount(people.data.task[~np.isnan(values)]).max(initial=0) >= 2 for values in rated)


def _counts(people: People) -> FloatArray:
    """Votes of the faces that anybody answered, (N, K)."""
    counts = (people.data.votes() if isinstance(people.data, Answers) else people.data).counts
    return np.asarray(counts[counts.sum(axis=1) > 0])


def _votes(counts: FloatArray) -> str:
    """The votes that the band is made of."""
    few, many = levels(counts)
    total = counts.sum(axis=1)
    said = f"{few} votes of {(total >= few).sum():,} faces"
    return said if many == few else f"{said} and {many} votes of {(total >= many).sum():,} of them"


def _curves(table: pd.DataFrame) -> pd.DataFrame:
    """Some panel sizes, each metric with its interval below."""
    rows = table[table["raters"].isin(SHOWN)]
    shown = rows[["raters"]].copy()
    for metric, words in planning.METRICS.items():
        shown[words] = [
            interval(row[metric], row.get(f"{metric}_low"), row.get(f"{metric}_high"), 2, ends=BELOW, missing="")
            for row in rows.to_dict("records")
        ]
    return shown.assign(beyond=np.where(rows["extrapolated"], "yes", "no"))


def _purchases(bought: pd.DataFrame) -> pd.DataFrame:
    columns = ["raters", "faces", "answers", "l1", "majority_right", "right_labels", "wrong_labels"]
    return bought[bought["raters"].isin(SHOWN)][columns].round({"right_labels": 0, "wrong_labels": 0})
