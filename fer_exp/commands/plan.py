"""`fer-exp crowd plan`: from a pilot's answers, how many raters a face needs, and more faces or more raters."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from fer_exp.answers import Answers
from fer_exp.commands.people import folder, load
from fer_exp.config import PlanConfig
from fer_exp.errors import RequestError
from fer_exp.files import write_json
from fer_exp.progress import progress
from fer_exp.raters import planning
from fer_exp.report import people_figures as figures
from fer_exp.report import people_tables as tables
from fer_exp.report.figures import save_figure, style
from fer_exp.report.files import save_table

SHOWN = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200)
WORDS = {"l1": "L1", "kl": "KL", "entropy_correlation": "entropy r", "majority_right": "majority right"}


def plan(config: PlanConfig) -> None:
    """Plan a crowd: print and write the curves, what the budget buys, and the answer in sentences.

    Args:
        config: see conf/plan.yaml.

    Raises:
        RequestError: no face of the pilot has two raters, or what reading finds.
        RunError: a file cannot be written.
    """
    if not 0 < config.l1 < 2:
        raise RequestError(f"l1={config.l1} is no target; an L1 distance lies between 0 and 2, and 0 needs everyone.")
    people = load(config)
    counts = (people.data.votes() if isinstance(people.data, Answers) else people.data).counts
    counts = counts[counts.sum(axis=1) > 0]
    if not (counts.sum(axis=1) >= 2).any():
        raise RequestError(
            f"{people.name}: no face has two answers, so nothing shows how much raters differ; have some faces of the "
            "pilot labelled twice or more."
        )
    notes = list(people.data.notes)
    if len(counts) > config.faces:
        drawn = np.random.default_rng(config.seed).choice(len(counts), config.faces, replace=False)
        notes.append(f"{config.faces:,} of {len(counts):,} faces stand for the pilot (faces={config.faces})")
        counts = counts[np.sort(drawn)]
    table = planning.plan(counts, config.raters, samples=config.bootstrap, seed=config.seed, log=progress)
    checked = planning.check(counts, config.seed)
    bought = planning.spend(table, planning.fit(counts), config.budget, config.seed)
    if len(bought) == 0:
        raise RequestError(f"budget={config.budget} buys no answer.")
    pilot = float(np.median(counts.sum(axis=1)))
    sentences = advice(table, bought, checked, config, pilot, len(counts))
    place = folder(config, "plan", people.name)
    save_table(table, place / "plan", "Expected quality of a panel, 95 % intervals over the pilot's faces.")
    save_table(bought, place / "budget", f"What {config.budget:,} answers buy.")
    with style():
        save_figure(figures.plan_figure(table, pilot), place / "plan")
        save_figure(figures.budget_figure(bought, config.budget), place / "budget")
    found = {"plan": tables.records(table), "budget": tables.records(bought), "check": checked,
             "saturation": planning.saturation(table), "advice": sentences, "notes": notes}  # fmt: skip
    write_json(place / "plan.json", found)
    if config.json:
        print(json.dumps(found, indent=1, allow_nan=False))
        print(place, file=sys.stderr)
        return
    _show(table, bought, sentences, notes, config.budget)
    print(place)


def advice(
    table: pd.DataFrame, bought: pd.DataFrame, checked: dict[str, float], config: PlanConfig, pilot: float, faces: int
) -> list[str]:
    """The plan in sentences, with what it rests on."""
    found = [
        f"the pilot has {faces:,} faces of {pilot:g} raters; beyond {pilot:g} the curves rest on a fitted mixture",
        f"check of the mixture: L1 of half a panel against the other half is {checked['seen']:.3f} in the pilot and "
        f"{checked['simulated']:.3f} simulated",
    ]
    reached = planning.saturation(table)
    said = ", ".join(f"{WORDS[metric]} {size}" for metric, size in reached.items())
    found.append(f"raters for 90 % of what {config.raters} raters gain over one: {said}")
    enough = table[table["l1"] <= config.l1]
    if len(enough):
        size = int(enough["raters"].iloc[0])
        rows = bought[bought["raters"] == size]
        buys = f", {int(rows['faces'].iloc[0]):,} faces for {config.budget:,} answers" if len(rows) else ""
        found.append(f"soft labels within L1 {config.l1:g} of the population: {size} raters a face{buys}")
    else:
        found.append(f"soft labels within L1 {config.l1:g}: more than {config.raters} raters a face")
    most = bought.iloc[int(bought["right_labels"].to_numpy().argmax())]
    found.append(
        f"most faces with a right majority for {config.budget:,} answers: {int(most['raters'])} raters on "
        f"{int(most['faces']):,} faces, {most['right_labels']:,.0f} right and {most['wrong_labels']:,.0f} wrong"
    )
    first = bought.iloc[0]
    found.append(
        f"shares of classes and other means over faces: one rater on {int(first['faces']):,} faces (standard error "
        f"{100 * first['share_error']:.2f} points); more raters a face only widen it"
    )
    return found


def _show(table: pd.DataFrame, bought: pd.DataFrame, sentences: list[str], notes: list[str], budget: int) -> None:
    console = Console(highlight=False)
    part = table[table["raters"].isin(SHOWN)]
    shown: dict[str, Any] = {"raters": part["raters"]}
    for metric, words in WORDS.items():
        if f"{metric}_low" in part:
            ends = zip(part[metric], part[f"{metric}_low"], part[f"{metric}_high"], strict=True)
            shown[words] = ["" if np.isnan(v) else f"{v:.2f}\n{low:.2f}–{high:.2f}" for v, low, high in ends]
        else:
            shown[words] = ["" if np.isnan(value) else f"{value:.2f}" for value in part[metric]]
    shown["beyond"] = np.where(part["extrapolated"], "yes", "no")
    console.print(
        tables.frame_table(pd.DataFrame(shown), "expected of a panel, 95 % intervals; beyond: larger than the pilot's")
    )
    columns = ["raters", "faces", "l1", "majority_right", "right_labels", "wrong_labels"]
    rows = bought[bought["raters"].isin(SHOWN)][columns].round({"right_labels": 0, "wrong_labels": 0})
    console.print(tables.frame_table(rows, f"what {budget:,} answers buy"))
    for line in sentences:
        console.print(f"- {line}.", soft_wrap=True, markup=False)
    for line in tables.notes_lines(notes):
        console.print(line, soft_wrap=True, markup=False)
