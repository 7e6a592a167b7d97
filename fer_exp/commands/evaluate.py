"""`fer-exp evaluate`: judge predictions that lie on disk, of a run of ours or of any model."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from fer_exp.commands.following import group_words, line
from fer_exp.config import CompareConfig, EvaluateConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.files import file_names
from fer_exp.judging.applicable import arrays
from fer_exp.judging.epochs import accuracies_of
from fer_exp.judging.gaps import of_tables
from fer_exp.judging.judge import Metrics, judge
from fer_exp.judging.people import restricted, with_people
from fer_exp.judging.seeds import as_seeds, judge_seeds
from fer_exp.judging.sources import Source
from fer_exp.metrics.registry import METRICS, SHARED, UNCOUNTED
from fer_exp.progress import say
from fer_exp.report import groups as shown
from fer_exp.report.outcome import Outcome, finish
from fer_exp.report.recognition import model_table
from fer_exp.report.tables import baselines_table, metrics_rows, metrics_table
from fer_exp.runs import FILES, Run, as_written, is_network
from fer_exp.runs.claim import undisturbed
from fer_exp.runs.groups import beside, in_groups
from fer_exp.runs.sources import common_name, read_file, say_unchecked, without_copies
from fer_exp.tables import NO_FRAMES, Frames


def evaluate(config: EvaluateConfig) -> Path | None:
    """Judge predictions, write the metrics, print them; the last line of stdout is where they lie.

    Args:
        config: ``run``, a run folder: ``predictions.parquet`` is judged, with the class prior of ``targets.parquet``,
            and ``metrics.json`` written anew; or ``predictions``, the table of any model: ``<stem>.metrics.json`` is
            written beside it; or ``seeds``, several such tables of runs of one model, as is one table with a column
            ``run``: values are then means over runs, with intervals over runs and faces. What is ``by`` groups stands
            in ``metrics.by-<column>.json`` instead. ``output`` is another place for either. With ``json`` the metrics
            are alone on stdout, and the path is on stderr; ``all`` shows every metric rather than the headline.

    Raises:
        RequestError: none of run, predictions and seeds, or run beside another, a missing file, a table against its
            contract.
        RunError: the metrics cannot be written to ``output``. Beside a file that may not be touched that is said, and
            no error.
    """
    outcome = measured(config, read(config))
    path = Path(config.run or config.predictions or config.seeds[0])
    stem = common_name([Path(name).stem for name in files_of(config)]) or path.stem
    place, name = (path, "metrics") if config.run is not None else (path.parent, f"{stem}.metrics")
    if config.output is not None:
        given = Path(config.output)
        place, name = (given, name) if given.is_dir() else (given.parent, given.name.removesuffix(".json"))
    name += f".by-{file_names([config.by])[0]}" if config.by and config.output is None else ""
    elsewhere = "output=FILE keeps them elsewhere" if config.output is None else None
    outcome = replace(outcome, name=name)
    if _is_metrics_of_run(place / f"{name}.json"):
        return _keep_in_run(outcome, place, config)
    whole_run = config.run is not None and config.output is None
    return finish(outcome, place, file=not whole_run, elsewhere=elsewhere)


def _is_metrics_of_run(file: Path) -> bool:
    """Whether a file is, or would be, the metrics.json of a run folder."""
    return file.name == FILES["metrics"] and is_network(file.parent)


def _keep_in_run(outcome: Outcome, folder: Path, config: EvaluateConfig) -> Path | None:
    """Show an outcome, and keep it as what a run's predictions come to, unless a training is at work on them.

    Raises:
        RequestError: it is of other predictions than the run's own, or of groups.
    """
    run, own = Run(folder), config.run is not None and config.by is None
    if not own or run.folder.resolve() != Path(str(config.run)).resolve():
        raise RequestError(
            f"{run.path('metrics')} is what a training found of its own faces; give output=FILE elsewhere."
        )
    with undisturbed(folder) as alone:
        if not alone:
            note = f"{folder}: another process is at work on this run, so nothing is written there"
            return finish(replace(outcome, notes=[*outcome.notes, f"{note}; output=FILE keeps these numbers."]))
        with suppress(RunError):  # it is said below that nothing can be written
            if run.expect(outcome.content):
                digest = ", with its digest in run.json" if run.finished else ""
                say(f"{run.path('metrics')} had other numbers; it is written again{digest}.")
        elsewhere = "output=FILE keeps them elsewhere" if config.output is None else None
        return finish(outcome, folder, file=config.output is not None, elsewhere=elsewhere)


def next_step(config: EvaluateConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    votes = [f"votes={config.votes}"] if config.votes else []
    if config.seeds:
        files = [config.run or config.predictions, *config.seeds]
        seeds = f"seeds=[{','.join(str(name) for name in files if name)}]"
        return f"{line('compare', seeds, *votes)} OTHER (beside another's)"
    source, groups = str(config.run or config.predictions), group_words(config)
    # The page reads the human side in the table itself, compare also beside it.
    page = "" if votes else f"{line('report', f'run={source}', *groups)} (a page), "
    return f"{page}{line('compare', source, *votes, *groups)} OTHER (beside another's)"


ROUGH = ", and of two runs rough"


class Seeds(NamedTuple):
    """Predictions of several runs of one model on the same faces, their names, and what was done to make them so."""

    tables: list[pd.DataFrame]
    names: list[str]
    notes: list[str]


def files_of(config: EvaluateConfig) -> list[str]:
    """The tables of predictions that a config names."""
    return [*([] if config.predictions is None else [config.predictions]), *config.seeds]


def read(config: EvaluateConfig, frames: Frames = NO_FRAMES) -> Run | pd.DataFrame | Seeds:
    """The run that a config names, or its predictions beside what people said; of several runs of one model all.

    Args:
        config: as of ``evaluate``.
        frames: tables in the place of the files ``predictions`` and ``votes``.

    Raises:
        RequestError: as ``evaluate``.
    """
    files = files_of(config)
    if (config.run is None) == (not files):
        raise RequestError("evaluate needs run=FOLDER or predictions=FILE, one of the two.")
    aside = beside(config.by, config.groups, config.votes, frames)
    if config.run is not None:
        run = Run(Path(config.run))
        if key := "votes" if config.votes else "classes" if config.classes else "":
            raise RequestError(f"{key} goes with predictions=FILE, e.g. predictions={run.path('predictions')}.")
        say_unchecked(run)
        if config.by is not None:
            run.predictions = in_groups(run.predictions, config.by, run.folder, aside)
        return run
    sources = []
    for name in files:
        for one in _of_one_model(config, name, frames):
            table = sides(one.table, str(Path(name)), config, frames)
            table = table if config.by is None else in_groups(table, config.by, Path(name), aside)
            sources.append(replace(one, table=table))
    sources = without_copies(sources, one_model=True)
    if len(sources) == 1:
        return sources[0].table
    tables, notes = as_seeds(sources)
    return Seeds(tables, [source.name for source in sources], notes)


def _of_one_model(config: EvaluateConfig, name: str, frames: Frames) -> list[Source]:
    """The runs in a file of predictions; RequestError where they are of several models."""
    key, path = "predictions" if name == config.predictions else "seeds", Path(name)
    given = frames.get(key, as_written(path))
    sources = read_file(path, given, key if key in frames else "", config.raters, config.by)
    if len(models := list(dict.fromkeys(source.model for source in sources))) > 1:
        raise RequestError(
            f"{path} has the answers of {len(models)} models ({', '.join(models[:6])}), and evaluate judges one: "
            f"fer-exp compare {path} holds them against each other."
        )
    return sources


def measured(config: EvaluateConfig, predictions: Run | pd.DataFrame | Seeds) -> Outcome:
    """Judge what ``read`` has read."""
    if isinstance(predictions, Run):
        outcome = summary(run_metrics(predictions, samples=config.bootstrap, seed=config.seed), config.all)
        return outcome if config.by is None else grouped(outcome, [predictions.predictions], config)
    if isinstance(predictions, Seeds):
        tables = predictions.tables
        metrics = {
            split: judge_seeds(tables, split, samples=config.bootstrap, seed=config.seed).rows
            for split in dict.fromkeys(tables[0]["split"])
        }
        names = f"{', '.join(predictions.names[:6])}{', …' if len(predictions.names) > 6 else ''}"
        rough = ROUGH if len(tables) == 2 else ""
        notes = [f"means over {len(tables)} runs of one model ({names}); intervals are over runs and faces{rough}"]
        notes += predictions.notes
    else:
        tables, notes = [predictions], []
        metrics = judge(predictions, samples=config.bootstrap, seed=config.seed)
    outcome = summary(metrics, config.all)
    notes += uncounted(tables[0])
    outcome = replace(outcome, notes=[*outcome.notes, *(f"{note}." for note in notes)])
    return outcome if config.by is None else grouped(outcome, tables, config)


def grouped(outcome: Outcome, tables: list[pd.DataFrame], config: EvaluateConfig) -> Outcome:
    """What was found of all faces, with the same by groups of the test faces, or of the first split that there is.

    Args:
        outcome: of all faces.
        tables: predictions with ``GROUP``, of each run, the same faces in the same order.
        config: ``by`` is read, and what intervals need.
    """
    split = "test" if (tables[0]["split"] == "test").any() else tables[0]["split"].iloc[0]
    parts = [table[table["split"] == split] for table in tables]
    found = of_tables(parts, str(config.by), samples=config.bootstrap, seed=config.seed)
    said = shown.verdict(found)
    on_screen = [shown.groups_table(found, f"{split} by {config.by}"), shown.gaps_table(found)]
    return replace(
        outcome,
        content={"metrics": outcome.content, "by_group": {"split": split, **found, "verdict": said}},
        screen=[*outcome.screen, *(one for one in on_screen if one is not None), *(f"{each}." for each in said)],
        notes=[*outcome.notes, *shown.notes(found)],
        tables=[*outcome.tables, shown.groups_frame(found), shown.gaps_frame(found)],
    )


def sides(
    table: pd.DataFrame, where: str, config: EvaluateConfig | CompareConfig, frames: Frames = NO_FRAMES
) -> pd.DataFrame:
    """Predictions with the human side and on the classes that a config names."""
    if config.classes:
        table = restricted(table, config.classes, where)
    if config.votes:
        votes = frames.get("votes", config.votes)
        table = with_people(table, votes, config.scale, config.raters, config.numbers, bool(config.classes))
    return table


def uncounted(table: pd.DataFrame) -> list[str]:
    """What is left out where nobody knows how many people are behind a face's distribution, in a sentence."""
    if arrays(table).counted:
        return []
    rows = [row for row in METRICS if row.needs == SHARED and row.name not in UNCOUNTED]
    own = [row.name for row in rows if row.statistic is not None or "headline" in row.lists]
    words = ", ".join(["ceilings", *own])
    return [
        f"people's answers are shares or mean ratings, and how many people gave them is not known: metrics that need "
        f"counts are left out ({words}); of shares of votes, raters=N or a column raters says how many people"
    ]


def summary(metrics: Metrics, everything: bool = False) -> Outcome:
    """The metrics of each split and its baselines, the test split first."""
    splits = sorted(metrics, key=lambda name: name != "test")  # the others in their order
    tables = [
        (
            metrics_table(metrics, split, everything),
            model_table(metrics[split], split),
            baselines_table(metrics, split),
        )
        for split in splits
    ]
    return Outcome(
        "metrics",
        metrics,
        screen=[table for shown in tables for table in shown if table is not None],
        tables=[metrics_rows(metrics, splits)],
    )


def run_metrics(run: Run, *, samples: int = 1000, seed: int = 0) -> Metrics:
    """Judge the predictions of a run: what its ``metrics.json`` says.

    Args:
        run: its targets give the class prior (without them each split's own mean does); where its history has test
            accuracies, ``accuracies`` of it stand beside the metrics.
        samples: bootstrap replicates.
        seed: of replicates and halvings.

    Raises:
        RequestError: there are no predictions, or as ``judge`` and ``target_prior`` say.
    """
    metrics = judge(run.predictions, samples=samples, seed=seed, prior=run.prior)
    if "test" in metrics:
        metrics["test"] |= accuracies_of(run.history, run.predictions)
    return metrics
