"""The model card of an exported network, as Hugging Face has it: README.md with metadata at its top.

``card.md.j2`` has the words that every card says; here is what differs. Of a file without its run, what the run alone
knows is said to be unknown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from fer_exp import __version__
from fer_exp.datasets import facts as corpus_facts
from fer_exp.datasets.corpus import Corpus
from fer_exp.errors import enumerated
from fer_exp.export import FORMATS
from fer_exp.export.described import steps
from fer_exp.export.origin import licences, origin, taught
from fer_exp.labels.kinds import KINDS
from fer_exp.metrics.registry import HEADLINE
from fer_exp.metrics.words import direction, spoken
from fer_exp.report.cells import of_row, rough_note
from fer_exp.report.files import as_markdown
from fer_exp.report.page.headline import headline
from fer_exp.report.tables import A_RATER
from fer_exp.runs import Run
from fer_exp.training.network_file import Told

SPLIT = "test"
LICENCES = {"MIT": {"license": "mit"}}
"""A corpus' licence -> what Hugging Face calls that of what is made of it; any other is for its user to settle."""
OTHER = {"license": "other", "license_name": "see-licences", "license_link": "README.md#licences-and-citations"}
TAGS = ("facial-expression-recognition", "affective-computing", "fer-exp")


def card(told: Told, run: Run, name: str) -> str:
    """The text of README.md.

    Args:
        told: what the network's file says.
        run: where it was trained; of a file alone, nothing is there.
        name: of the format, a row of ``FORMATS``.
    """
    row, corpus = FORMATS[name], corpus_facts(told.corpus)
    measured = run.metrics.get(SPLIT, {})
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), trim_blocks=True, keep_trailing_newline=True
    )
    outputs = "probabilities, valence, arousal" if told.affect else "(probabilities,)"
    mode = "L" if told.channels == 1 else "RGB"
    names = [as_markdown(name) for name in told.classes]
    use = environment.from_string(row.code.USE)
    return environment.get_template("card.md.j2").render(
        front=front_matter(told, corpus, measured, name),
        told=told,
        corpus=corpus,
        file=row.file,
        classes=enumerated(names),
        taught=taught(told, run, corpus),
        counts=class_counts(run, told.classes),
        noisy=bool(run.facts.get("noise")),
        results=results_table(measured),
        verdict=headline(measured, {}),
        results_of=f"{run.facts.get('faces', {}).get(SPLIT, 0):,} faces of {corpus.title}",
        meaning=meaning(told),
        limits=limits(told, run, corpus),
        steps=steps(told, inside=row.inside),
        install=row.code.INSTALL,
        use=use.render(size=told.size, channels=told.channels, mode=mode, outputs=outputs),
        licences=licences(told, run, corpus),
        origin=[*origin(told, run), ("exported by", f"fer-exp {__version__}, format={name}")],
    )


def front_matter(told: Told, corpus: type[Corpus], measured: dict[str, Any], name: str) -> str:
    """The card's metadata as YAML, with the model index that Hugging Face's pages read."""
    from omegaconf import OmegaConf

    shown = [metric for metric in HEADLINE if measured.get(metric, {}).get("value") is not None]
    content: dict[str, Any] = {
        **LICENCES.get(corpus.licence, OTHER),
        "library_name": FORMATS[name].library,
        "pipeline_tag": "image-classification",
        "tags": [*TAGS, *dict.fromkeys((told.backbone, told.labels, told.method))],
    }
    if not corpus.open_classes:  # pictures of one's own are no published data set
        content["datasets"] = [told.corpus]
    if shown:
        results = {
            "task": {"type": "image-classification", "name": "facial expression recognition"},
            "dataset": {"type": told.corpus, "name": corpus.title, "split": SPLIT},
            "metrics": [
                {"type": metric, "value": round(row["value"], 6), "name": spoken(metric), "args": _interval(row)}
                for metric in shown
                if (row := measured[metric])
            ],
        }
        content |= {"metrics": shown, "model-index": [{"name": told.run, "results": [results]}]}
    return OmegaConf.to_yaml(OmegaConf.create(content))


def _interval(row: dict[str, Any]) -> dict[str, Any]:
    ends = {f"{end}_95": row.get(end) for end in ("low", "high")}
    return {**{name: None if end is None else round(end, 6) for name, end in ends.items()}, "faces": row.get("n")}


def results_table(measured: dict[str, Any]) -> str:
    """The headline's metrics of a split with intervals, beside people and the prior; empty where there are none."""
    lines = ["| metric | model | people | prior | faces |", "| --- | --- | --- | --- | --- |"]
    for name in HEADLINE:
        if name not in measured:
            continue
        references = [of_row(measured.get(f"{kind}_{name}")) for kind in ("ceiling", "prior")]
        if name == "rater_equivalents":
            references[0] = A_RATER
        row = measured[name]
        words = f"{spoken(name)} {direction(name)}".rstrip()
        lines.append(f"| {words} | {of_row(row)} | {references[0]} | {references[1]} | {row['n']:,} |")
    note = rough_note(measured[name] for name in HEADLINE if name in measured)
    return "\n".join(lines) + (f"\n{note}" if note else "") if len(lines) > 2 else ""


def class_counts(run: Run, classes: tuple[str, ...]) -> str:
    """How many faces of each class are in each split; empty where the run's targets are not here."""
    if run.targets is None:
        return ""
    counts = run.targets.groupby(["clean_label", "split"]).size().unstack(fill_value=0)
    splits = [split for split in ("train", "val", SPLIT) if split in counts]
    rows = counts.reindex(list(classes), fill_value=0)[splits]
    header = [f"| class | {' | '.join(splits)} |", f"| --- |{' --- |' * len(splits)}"]
    lines = [
        f"| {as_markdown(name)} | {' | '.join(f'{int(count):,}' for count in row)} |"
        for name, *row in rows.itertuples()
    ]
    return "\n".join([*header, *lines])


def meaning(told: Told) -> str:
    """What the shares that a network answers stand for."""
    if KINDS[str(told.settings.get("labels.kind", "onehot"))].of_votes:
        return "how often people would name each expression"
    return "how sure a network is of a label, not how people are divided"


def limits(told: Told, run: Run, corpus: type[Corpus]) -> list[str]:
    """What was not in, and not tested."""
    lines = [
        f"It was trained on {corpus.pictured}. Other cameras, crops, poses, ages and places were not tested.",
        "Nothing was measured by sex, age or origin, so whether it is wrong more often for some people is not known.",
        f"It answers with one of {len(told.classes)} classes to every picture, also to one without a face.",
    ]
    if run.has("predictions") and run.predictions["subject"].isna().all():
        lines.append("Who is pictured is not known, so the same person may be in training and in test.")
    if run.metrics and "l1" not in run.metrics.get(SPLIT, {}):
        lines.append("There were no votes of people on these faces, so how far people agree on them is not known.")
    if not told.affect:
        lines.append("It does not predict valence and arousal.")
    return lines
