"""`fer-exp crowd`: which workers to trust, what remains of their answers, and how it compares with gold and a lab."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console

from fer_exp.answers import Answers, Votes, known_tasks
from fer_exp.commands.people import folder, load
from fer_exp.config import CrowdConfig, check_choice
from fer_exp.errors import RequestError
from fer_exp.files import whole, write_json
from fer_exp.judging.ceiling import halves
from fer_exp.labels import TIES
from fer_exp.metrics.distribution import l1
from fer_exp.progress import progress
from fer_exp.raters.aggregation import METHODS, Aggregate, Answered
from fer_exp.raters.lab import against_lab
from fer_exp.raters.workers import FILTERS, credits, describe_workers, filter_workers, learn_gold
from fer_exp.read_answers import read_answers, read_labels
from fer_exp.report import people_figures as figures
from fer_exp.report import people_tables as tables
from fer_exp.report.figures import save_figure, style
from fer_exp.report.files import save_table
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import wilson

HALVINGS = 20
MANY = 200_000  # answers beyond which gold tasks are drawn 20 times instead of 100


@dataclass
class Gold:
    """True classes of the tasks, (T,), -1 where unknown; those shown to the filter and those left to judge on."""

    truth: NDArray[np.int32]
    shown: NDArray[np.int32]
    judged: NDArray[np.int32]
    missing: int


def crowd(config: CrowdConfig) -> None:
    """Describe and filter workers, aggregate, compare; write votes, soft labels and posteriors; last line, the folder.

    Args:
        config: see conf/crowd.yaml.

    Raises:
        RequestError: votes without workers, unknown methods, a filter that removes everyone, or what reading finds.
        RunError: a file cannot be written.
    """
    check_choice("ties", config.ties, TIES)
    for method in config.methods:
        check_choice("methods", method, tuple(METHODS))
    people = load(config)
    if isinstance(people.data, Votes):
        raise RequestError(
            f"{people.name} has counts of votes, but not who gave them; crowd needs task, worker, label "
            "(fer-exp agreement takes counts)."
        )
    data = people.data.select(people.data.label >= 0)
    if len(data.task) == 0:
        raise RequestError("crowd needs labels; this table has ratings only (fer-exp agreement measures them).")
    gold = _gold(config, data)
    before = _answered(data)
    workers = describe_workers(before, data.workers, gold=None if gold is None else gold.shown, seconds=data.seconds,
                               repeats=_repeats(data))  # fmt: skip
    kept, removed = filter_workers(workers, {key: getattr(config, key) for key in FILTERS})
    workers.insert(1, "kept", kept)
    data_after = data.select(kept[data.worker])
    after = _answered(data_after)
    found: dict[str, Any] = {
        "workers": workers, "removed": removed, "notes": list(data.notes), "classes": data.classes,
        "soft": _soft(data.counts(), data_after.counts(), config.seed),
    }  # fmt: skip
    beliefs = _aggregate(config, before, after, bool(kept.all()))
    if gold is not None:
        found["gold"] = gold
        found["accuracy"] = _accuracy(beliefs, before, after, gold)
        found["thresholds"] = _thresholds(config, before, gold)
        if config.gold_tasks is None and not kept.all():
            found["notes"].append(
                "workers were filtered on the gold tasks that accuracy is judged on, which flatters it; gold_tasks=50 "
                "judges on others"
            )
        if gold.missing:
            found["notes"].append(f"{gold.missing:,} gold tasks were answered by nobody")
    if config.lab is not None:
        found["lab"] = _lab(config, data, data.counts(), data_after.counts(), found["notes"])
    place = folder(config, "crowd", people.name)
    _write(place, found, beliefs["filtered"], data, data_after.counts())
    if config.json:
        print(json.dumps(_plain(found), indent=1, allow_nan=False))
        print(place, file=sys.stderr)
        return
    _show(found)
    print(place)


def _gold(config: CrowdConfig, data: Answers) -> Gold | None:
    if config.gold is None:
        if config.gold_tasks is not None:
            raise RequestError("gold_tasks needs gold=FILE, a table task, label.")
        return None
    path = Path(config.gold).expanduser()
    tasks, codes, _ = read_labels(path, config.classes or data.classes, "gold")
    truth, missing = known_tasks(data, tasks, codes)
    answered = np.bincount(data.task, minlength=len(data.tasks)) > 0
    truth = np.where(answered, truth, -1).astype(np.int32)
    if (truth < 0).all():
        raise RequestError(
            f"gold={path}: nobody answered any of its {len(tasks):,} tasks; are these the same task ids?"
        )
    if config.gold_tasks is None:
        return Gold(truth, truth, truth, missing)
    known = np.flatnonzero(truth >= 0)
    if config.gold_tasks >= len(known):
        raise RequestError(
            f"gold_tasks={config.gold_tasks} leaves nothing to judge on: {len(known):,} gold tasks were answered."
        )
    drawn = np.random.default_rng(config.seed).choice(known, config.gold_tasks, replace=False)
    inside = np.isin(np.arange(len(truth)), drawn)
    shown, judged = (np.where(part, truth, -1).astype(np.int32) for part in (inside, ~inside))
    return Gold(truth, shown, judged, missing)


def _answered(data: Answers) -> Answered:
    return Answered(data.task, data.worker, data.label, len(data.tasks), len(data.workers), len(data.classes))


def _repeats(data: Answers) -> tuple[NDArray[np.int32], NDArray[np.bool_]] | None:
    if data.repeats is None:
        return None
    known = (data.repeats.label >= 0).all(axis=1)
    label = data.repeats.label[known]
    return data.repeats.worker[known], label[:, 0] == label[:, 1]


def _aggregate(config: CrowdConfig, before: Answered, after: Answered, same: bool) -> dict[str, dict[str, Aggregate]]:
    """Every method on all answers and on those that remain, once where these are the same."""
    beliefs: dict[str, dict[str, Aggregate]] = {"all": {}, "filtered": {}}
    for method in dict.fromkeys(["majority", *config.methods]):
        progress(f"aggregating by {method}")
        beliefs["all"][method] = METHODS[method](before)
        beliefs["filtered"][method] = beliefs["all"][method] if same else METHODS[method](after)
    return beliefs


def _accuracy(beliefs: dict[str, dict[str, Aggregate]], before: Answered, after: Answered, gold: Gold) -> pd.DataFrame:
    """Accuracy of each method on the gold tasks left to judge on that still have an answer."""
    rows = []
    for answers, methods in (("all", beliefs["all"]), ("filtered", beliefs["filtered"])):
        own = before if answers == "all" else after
        judged = (gold.judged >= 0) & (np.bincount(own.task, minlength=own.tasks) > 0)
        for method, belief in methods.items():
            right = credits(belief.posterior[judged], gold.judged[judged])
            low, high = wilson(np.array([right.sum()]), np.array([len(right)]))
            rows.append({"answers": answers, "method": method, "accuracy": right.mean() if len(right) else np.nan,
                         "low": low[0], "high": high[0], "n": len(right), "steps": belief.steps,
                         "converged": belief.converged})  # fmt: skip
    return pd.DataFrame(rows)


def _thresholds(config: CrowdConfig, answers: Answered, gold: Gold) -> pd.DataFrame | None:
    known = int((gold.truth >= 0).sum())
    tasks = config.gold_tasks or min(50, known // 2)
    if tasks < 1:
        return None
    draws = 20 if len(answers.task) > MANY else 100
    table = learn_gold(answers, gold.truth, tasks, draws=draws, seed=config.seed)
    table.attrs = {"tasks": tasks, "draws": draws}
    return table


def _soft(before: FloatArray, after: FloatArray, seed: int) -> pd.DataFrame:
    """How spread out the soft labels are, and the human floor: half of a face's raters against the other half."""
    rows = []
    for name, counts in (("all", before), ("filtered", after)):
        total = counts.sum(axis=1)
        shared = counts[total >= 2].astype(np.int64)
        floor = np.nan
        if len(shared):
            panels = halves(shared, HALVINGS, seed)
            floor = float(np.mean([
                l1(*(half / half.sum(axis=1, keepdims=True) for half in pair)).mean() for pair in panels
            ]))  # fmt: skip
        own = {"faces": int((total > 0).sum()), "without": int((total == 0).sum())}
        rows.append({"answers": name, **own, "raters": float(np.mean(total[total > 0])), "human_floor_l1": floor})
    return pd.DataFrame(rows)


def _lab(
    config: CrowdConfig, data: Answers, before: FloatArray, after: FloatArray, notes: list[str]
) -> dict[str, pd.DataFrame]:
    """Crowd against lab: majorities per class and for sums of classes, and distances between distributions."""
    lab = read_answers(Path(str(config.lab)).expanduser(), classes=config.classes or data.classes, ignore=config.ignore)
    votes = lab.votes() if isinstance(lab, Answers) else lab
    row, missing = known_tasks(data, votes.tasks, np.arange(len(votes.tasks), dtype=np.int32))
    inside = row >= 0
    if not inside.any():
        raise RequestError(
            f"lab={config.lab}: nobody answered any of its {len(votes.tasks):,} faces; are the ids alike?"
        )
    if missing:
        notes.append(f"{missing:,} faces of the lab were answered by nobody in the crowd")
    theirs = votes.counts[row[inside]]
    return against_lab(
        before[inside], after[inside], theirs, data.classes, config.merge,
        ties=config.ties, samples=config.bootstrap, seed=config.seed,
    )  # fmt: skip


def _write(
    place: Path, found: dict[str, Any], beliefs: dict[str, Aggregate], data: Answers, counts: FloatArray
) -> None:
    save_table(found["workers"], place / "workers", "What is known of each worker.")
    save_table(found["removed"], place / "removed", "Workers that a filter removed, and why.")
    save_table(found["soft"], place / "soft", "Soft labels and their human floor, half of the raters against half.")
    answered = counts.sum(axis=1) > 0
    faces = pd.DataFrame({"face": data.tasks[answered]})
    columns = list(data.classes)
    votes = counts[answered]
    _csv(place / "votes.csv", faces.join(pd.DataFrame(votes.astype(np.int64), columns=columns)))
    shares = pd.DataFrame(votes / votes.sum(axis=1, keepdims=True), columns=columns)
    _csv(place / "soft_labels.csv", faces.join(shares).assign(raters=votes.sum(axis=1).astype(np.int64)))
    for method, belief in beliefs.items():
        if method == "majority":
            continue
        table = faces.join(pd.DataFrame(belief.posterior[answered], columns=columns))
        _csv(place / f"posteriors_{method}.csv", table)
        with whole(place / f"posteriors_{method}.parquet") as aside:
            table.to_parquet(aside, index=False)
        skills = pd.DataFrame({"worker": data.workers, "skill": belief.skill})
        _csv(place / f"skill_{method}.csv", skills)
    with style():
        save_figure(figures.workers_figure(found["workers"]), place / "workers")
    if "accuracy" in found:
        save_table(found["accuracy"], place / "accuracy", "Accuracy of each method on gold tasks, 95 % intervals.")
    if found.get("thresholds") is not None:
        save_table(found["thresholds"], place / "thresholds", "What a filter on gold accuracy is worth.")
        with style():
            save_figure(figures.thresholds_figure(found["thresholds"]), place / "thresholds")
    if "lab" in found:
        save_table(found["lab"]["agreement"], place / "lab_agreement", "Crowd majority against lab majority.")
        save_table(found["lab"]["l1"], place / "lab_l1", "L1 between crowd and lab, beside what sampling alone gives.")
        save_table(found["lab"]["gain"], place / "lab_gain", "What filtering changes against the lab, face by face.")
        with style():
            save_figure(figures.lab_figure(found["lab"]["agreement"], found["lab"]["l1"]), place / "lab")
    write_json(place / "crowd.json", _plain(found))


def _csv(path: Path, table: pd.DataFrame) -> None:
    with whole(path) as aside:
        table.to_csv(aside, index=False)


SHOWN = 30  # workers in the table on the terminal; the file has all


def _show(found: dict[str, Any]) -> None:
    console = Console(highlight=False)
    workers = found["workers"].sort_values(["kept", "answers"], ascending=[False, False])
    columns = [
        "worker",
        "kept",
        "answers",
        "gold_accuracy",
        "agreement",
        "skill",
        "spam",
        "entropy",
        "consistency",
        "seconds",
    ]
    shown = workers[[name for name in columns if name in workers]].rename(columns={"gold_accuracy": "gold"})
    shown = shown.assign(kept=np.where(shown["kept"], "yes", "no"))
    title = f"workers: {int(workers['kept'].sum()):,} of {len(workers):,} kept"
    console.print(tables.frame_table(shown.head(SHOWN), title, 2))
    if len(shown) > SHOWN:
        console.print(f"… and {len(shown) - SHOWN:,} more in workers.csv")
    if len(found["removed"]):
        removed = found["removed"][["worker", "answers", "why"]]
        console.print(tables.frame_table(removed.head(SHOWN), "removed"))
    console.print(tables.frame_table(found["soft"], "soft labels; floor: half the raters against half"))
    if "accuracy" in found:
        title = f"accuracy on {int((found['gold'].judged >= 0).sum()):,} gold tasks"
        if (found["gold"].shown != found["gold"].judged).any():
            title += f", workers judged on {int((found['gold'].shown >= 0).sum()):,} others"
        accuracy = found["accuracy"].assign(converged=np.where(found["accuracy"]["converged"], "yes", "no"))
        console.print(tables.frame_table(accuracy, title))
    table = found.get("thresholds")
    if table is not None:
        title = (
            f"gold filter learned on {table.attrs['tasks']} tasks, judged on the rest ({table.attrs['draws']} draws)"
        )
        console.print(tables.frame_table(table[["threshold", "workers", "answers", "covered", "accuracy", "gain",
                                                "gain_low", "gain_high"]], title))  # fmt: skip
    if "lab" in found:
        console.print(tables.frame_table(_yes(found["lab"]["agreement"]), "crowd majority against the lab's"))
        console.print(tables.frame_table(_yes(found["lab"]["l1"]), "L1 between crowd and lab; floor: sampling alone"))
        if len(found["removed"]):
            console.print(tables.frame_table(_yes(found["lab"]["gain"]), "what filtering changes, face by face"))
    for line in tables.notes_lines(found["notes"]):
        console.print(line, soft_wrap=True, markup=False)


def _yes(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(merged=np.where(table["merged"], "yes", "no"))


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {"notes": found["notes"], "classes": list(found["classes"])}
    for name in ("workers", "removed", "soft", "accuracy", "thresholds"):
        if found.get(name) is not None:
            plain[name] = tables.records(found[name])
    if "lab" in found:
        plain["lab"] = {name: tables.records(table) for name, table in found["lab"].items()}
    return plain
