"""What a network was taught, on what terms, and how it came about: rows and lines of its card.

Nothing here names a file or folder of whoever trained it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fer_exp.config.settings import WEIGHTS, names_file
from fer_exp.datasets import CORPORA, facts as corpus_facts
from fer_exp.datasets.corpus import Corpus
from fer_exp.labels.kinds import KINDS
from fer_exp.methods import METHODS
from fer_exp.runs import Run
from fer_exp.runs.places import without_places
from fer_exp.training.network_file import Told

Rows = list[tuple[str, str]]
UNKNOWN = "said by its run, which was not given"


def taught(told: Told, run: Run, corpus: type[Corpus]) -> Rows:
    """Faces, labels, noise, method and training."""
    facts, chosen = run.facts, {**told.settings}
    counts = ", ".join(f"{count:,} {split}" for split, count in facts.get("faces", {}).items())
    dropped = ", ".join(f"{why}: {count:,}" for why, count in facts.get("dropped", {}).items())
    kind = str(chosen.get("labels.kind", "onehot"))
    rows = [
        ("faces", f"{corpus.title}: {counts or UNKNOWN}{f'; left out by {dropped}' if dropped else ''}"),
        ("pictured", corpus.pictured),
        ("a face's label", f"{KINDS[kind].said} ({_some(chosen, 'labels', 'source', 'rule', 'ties', 'smoothing')})"),
        ("wrong labels", noise(facts) if facts else UNKNOWN),
        ("method", f"{told.method}: {(METHODS[told.method].__doc__ or '').partition(chr(10))[0]}"),
        ("first weights", first_weights(facts) if facts else UNKNOWN),
        (
            "training",
            _some(chosen, "trainer", "epochs", "batch_size", "optimizer", "learning_rate", "schedule", "augment"),
        ),
    ]
    return [(name, text.replace("|", "\\|")) for name, text in rows]


def noise(facts: Mapping[str, Any]) -> str:
    """How many training labels were made wrong on purpose, by a run's account."""
    account = facts.get("noise")
    if not account or not account.get("flipped"):
        return "none on purpose"
    parts = account.get("splits") or {"all": account}
    told = "; ".join(f"{row['flipped']:,} of {row['faces']:,} of {split}" for split, row in parts.items())
    return f"on purpose, labels.noise={account['kind']}: {told}"


def first_weights(facts: Mapping[str, Any]) -> str:
    """What the backbone began with."""
    weights = facts.get("weights")
    if not weights:
        return "random"
    if weights["source"] in WEIGHTS:
        return "ImageNet, as torchvision gives them"
    if not (before := weights.get("pretrained")):
        return f"a file of weights, SHA-256 {weights['sha256'][:16]}…"
    counts = ", ".join(f"{count:,} {split}" for split, count in before.get("faces", {}).items())
    seen = weights.get("test_faces_seen")
    tested = "" if seen is None else f"; it was trained on {seen:,} of the test faces"
    return f"fer-exp pretrain task={before.get('task')}, without labels ({counts} faces){tested}"


def licences(told: Told, run: Run, corpus: type[Corpus]) -> list[str]:
    """On what terms its data are, and whom to cite."""
    config, weights = run.config, run.facts.get("weights") or {}
    dataset = config.get("dataset", {})
    named = [other for other in map(corpus_facts, CORPORA) if other.title in corpus.licence]  # FER+ names FER2013
    lines = [f"{each.title}: {each.licence}. {each.citation}" for each in (corpus, *named)]
    if corpus.withheld:
        lines.append(f"Pictures of {corpus.title} may not be passed on: {corpus.withheld}.")
    if dataset.get("votes") or dataset.get("ratings") or config.get("labels", {}).get("posteriors"):
        lines.append("People's answers came from a table of the person who trained it; its terms are not known here.")
    if weights.get("source") == "imagenet":
        lines.append(
            "First weights: torchvision (BSD-3-Clause), learnt on ImageNet, whose pictures are for non-commercial "
            "research and education. Russakovsky et al. ImageNet large scale visual recognition challenge. IJCV 2015."
        )
    before = (weights.get("pretrained") or {}).get("settings", {}).get("dataset.name")
    if before in CORPORA and before != told.corpus:
        other = corpus_facts(before)
        lines.append(f"First weights: pretrained on {other.title}: {other.licence}. {other.citation}")
    lines.append(
        "fer-exp itself is MIT and adds no licence to the network. Where faces may not be passed on, ask their "
        "publishers whether a network that was trained on them may be."
    )
    return lines


def origin(told: Told, run: Run) -> Rows:
    """Run, command, versions, commit, device."""
    facts = run.facts
    rows = [("run", told.run)]
    if facts:
        software = ", ".join(f"{name} {value}" for name, value in facts.get("versions", {}).items())
        seeds = ", ".join(f"{name} {value}" for name, value in facts.get("seeds", {}).items())
        rows += [
            ("command", f"`{command(facts.get('command', []))}`"),
            ("seeds", seeds),
            ("software", software),
            ("commit", facts.get("git_commit") or "not known: a package that was not built from a checkout"),
            ("trained", f"on {facts.get('device', '?')}, finished {facts.get('finished', '?')}"),
            ("data", f"{facts.get('data_hash', '?')}; targets {str(facts.get('targets_hash', '?'))[:32]}"),
        ]
    else:
        rows.append(("software", f"fer-exp {told.version}"))
    return [(name, text.replace("|", "\\|")) for name, text in rows]


def command(words: list[str]) -> str:
    """A command without the names of its user's files and folders, which stand as PATH.

    >>> command(["fer-exp", "train", "dataset=ferplus", "dataset.root=/home/me/fer", "backbone.weights=imagenet"])
    'fer-exp train dataset=ferplus dataset.root=PATH backbone.weights=imagenet'
    """
    shown = []
    for each in words:
        key, equals, value = each.partition("=")
        hidden = names_file(key.lstrip("+"), value) or without_places(each) != each
        shown.append(f"{key}=PATH" if hidden and equals else "PATH" if hidden else each)
    return " ".join(shown)


def _some(chosen: Mapping[str, Any], group: str, *names: str) -> str:
    """``name=value`` of these keys of a group, those that are there."""
    there = [(name, chosen[f"{group}.{name}"]) for name in names if f"{group}.{name}" in chosen]
    return ", ".join(f"{name}={value}" for name, value in there)
