"""Methods and results as a paper has them, in APA style, made of the figures that a command holds.

Every number stands in that command's tables. Italics are set as Markdown sets them, with asterisks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scipy.special import stdtrit

from fer_exp import __version__
from fer_exp.judging.judge import Result
from fer_exp.judging.sources import Source
from fer_exp.metrics.registry import HEADLINE
from fer_exp.metrics.words import named, spoken
from fer_exp.report.cells import p_value
from fer_exp.report.model_verdicts import capital, letters
from fer_exp.report.references import cited
from fer_exp.stats.tests import SHOWN

MEASURES = {
    "accuracy": ("the share of faces answered with the corpus' label", ""),
    "majority_accuracy": ("the share of faces answered with the majority of the raters' votes", ""),
    "l1": ("the distance between the predicted probabilities and the shares of the raters' votes, from 0 to 2", ""),
    "jensen_shannon_divergence": ("the Jensen–Shannon divergence between the two in bits", "Lin, 1991"),
    "soft_cross_entropy": ("the cross-entropy of the predictions under the votes in nats", "Peterson et al., 2019"),
    "earth_movers_distance": (
        "the earth mover's distance between the two in the valence–arousal plane, whose largest distance is 1",
        "Rubner et al., 2000",
    ),
    "entropy_correlation": ("the correlation over faces of the entropies of both", "Uma et al., 2021"),
    "ece": ("the expected calibration error in 15 bins", "Guo et al., 2017"),
    "people_ece": ("the expected calibration error against the shares of votes", "Guo et al., 2017"),
    "rater_equivalents": (
        "the number of raters whose shares of votes come as close to those of all, in squared error, as the model does",
        "Resnick et al., 2021",
    ),
    "valence_ccc": ("the concordance correlation with the raters' mean valence", "Lin, 1989"),
    "arousal_ccc": ("the concordance correlation with the raters' mean arousal", "Lin, 1989"),
}
"""What a metric measures, and whom to cite for it; others stand with their names alone."""
TOOL = f"Analyses were done with fer-exp (Version {__version__})."
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
MOST_PAIRS = 6
"""Told in a paragraph; of more, a table says more."""


class Paragraph(NamedTuple):
    """What can be pasted into a paper: two paragraphs, and the works they cite."""

    methods: str
    results: str

    @property
    def references(self) -> list[str]:
        """Entries of the list of references, in its order."""
        return cited(self.methods + self.results)

    @property
    def content(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {"methods": self.methods, "results": self.results, "references": self.references}

    @property
    def markdown(self) -> str:
        """All of it as a Markdown text."""
        entries = "\n\n".join(self.references)
        return f"## Methods\n{self.methods}\n\n## Results\n{self.results}\n\n## References\n{entries}\n"


def number(value: float, largest: float) -> str:
    """A number as APA 7 sets it: without a leading zero where it cannot be larger than 1.

    >>> number(0.5, 1), number(-0.25, 1), number(0.5, 2), number(12.5, 20)
    ('.500', '-.250', '0.500', '12.500')
    """
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if largest <= 1 and text.lstrip("-").startswith("0.") else text


def p_equals(p: float) -> str:
    """A p value with its sign.

    >>> p_equals(0.0123), p_equals(2e-9)
    ('*p* = .012', '*p* < .001')
    """
    text = p_value(p, narrow=True)
    return f"*p* {text.replace('<', '< ')}" if "<" in text else f"*p* = {text}"


def of_comparison(result: Mapping[str, Any], sources: Sequence[Source], samples: int) -> Paragraph:
    """Of configs held against each other.

    Args:
        result: as ``compare_sources`` gives it, with ``split``.
        sources: the runs or files, in their order.
        samples: replicates behind each interval.
    """
    groups = [group for group in result["groups"] if group["repair"] is None]
    pairs = [pair for pair in result["pairs"] if max(pair["a"], pair["b"]) < len(groups)]
    primary = result["primary"]
    first = primary or result["metrics"][0]
    metrics = result["metrics"] if len(groups) == 2 else [first]
    runs = [len(group["runs"]) for group in groups]
    each = f" ({_counted(runs[0], 'run')} each)" if len(set(runs)) == 1 else ""
    listed = "; ".join(
        f"{letters(g)}: {group['name']}" + ("" if each else f", {_counted(runs[g], 'run')}")
        for g, group in enumerate(groups)
    )
    several = max(runs) > 1
    methods = [
        f"{_trained(sources)}{_word(len(groups)).capitalize()} configurations{each} were compared on the same "
        f"{_faces(result['faces'], result['subjects'], result['split'])} ({listed}).",
        _measured(metrics),
        "A configuration's value is the mean over its runs, which differ in the random seed." if several else "",
        _inference(samples, result["subjects"] is not None, several),
        f"The primary measure, {spoken(primary)}, was named beforehand; *p* values of its comparisons were corrected "
        "(Holm, 1979), and all other comparisons are exploratory."
        if primary
        else "No primary measure was named beforehand: all comparisons are exploratory, and their *p* values were "
        "corrected together (Holm, 1979).",
        TOOL,
    ]
    sentences = [_compared(groups, pair, name) for pair in pairs[:MOST_PAIRS] for name in metrics]
    if len(pairs) > MOST_PAIRS:
        sentences.append(f"The other {len(pairs) - MOST_PAIRS} comparisons are in the table.")
    people = (result.get("people") or {}).get(first, {})
    if people.get("value") is not None:
        sentences.append(f"Half of the raters, held against the other half, had {_value(people, first)}.")
    return Paragraph(" ".join(filter(None, methods)), " ".join(filter(None, sentences)))


def of_config(
    rows: Mapping[str, Result], sources: Sequence[Source], split: str, faces: int, persons: int | None, samples: int
) -> Paragraph:
    """Of one config, held against people.

    Args:
        rows: metric -> value, low, high, n, with ``ceiling_`` and ``prior_``.
        sources: its runs, which differ in the seed alone, or a file.
        split: which faces.
        faces: how many.
        persons: who are pictured, where that is known.
        samples: replicates behind each interval.
    """
    told = [name for name in HEADLINE if name in MEASURES and rows.get(name, {}).get("value") is not None]
    several = len(sources) > 1
    methods = [
        f"{_trained(sources)}The model's answers to the {_faces(faces, persons, split)} were held against those of "
        "people.",
        _measured(told),
        f"Values are means over {_word(len(sources))} runs, which differ in the random seed." if several else "",
        _inference(samples, persons is not None, several, test=False),
        TOOL,
    ]
    sentences = []
    for name in told:
        beside = [
            f"{who}: {number(value, _largest(name))}"
            for who, before in (("people", "ceiling_"), ("class prior", "prior_"))
            if (value := rows.get(before + name, {}).get("value")) is not None
        ]
        ending = f" ({', '.join(beside)})" if beside else ""
        sentences.append(f"The model's {spoken(name)} {_be(name)} {_value(rows[name], name)}{ending}.")
    if any(f"ceiling_{name}" in rows for name in told):
        sentences.append("People are one half of a face's raters, drawn at random, held against the other half.")
    return Paragraph(" ".join(filter(None, methods)), " ".join(sentences))


def _trained(sources: Sequence[Source]) -> str:
    """What was trained and how, where the runs say so; keys in which they differ are left to the configurations."""
    configs = [source.config for source in sources]
    if not all(configs):
        return ""
    shared = {key: value for key, value in configs[0].items() if all(config.get(key) == value for config in configs)}
    layers = re.fullmatch(r"resnet(\d+)", str(shared.get("backbone.name")))
    what = f"A ResNet-{layers[1]} (He et al., 2016) was" if layers else "Networks (He et al., 2016) were"
    words = {
        "dataset.name": "on {}", "dataset.size": "at {} x {} pixels", "labels.kind": "with {} labels",
        "method.name": "by the method {}", "trainer.epochs": "for {} epochs", "trainer.batch_size": "in batches of {}",
    }  # fmt: skip
    parts = [text.format(shared[key], shared[key]) for key, text in words.items() if key in shared]
    return f"{what} trained {' '.join(parts)}. "


def _faces(faces: int, persons: int | None, split: str) -> str:
    pictured = "" if persons is None else f" of {persons:,} persons"
    return f"{faces:,} faces{pictured} of the {split} split"


def _measured(metrics: Sequence[str]) -> str:
    said = []
    for name in metrics:
        phrase, work = MEASURES.get(name, (spoken(name), ""))
        behind = "; ".join(filter(None, [spoken(name) if spoken(name) not in phrase else "", work]))
        said.append(f"{phrase} ({behind})" if behind else phrase)
    return f"Measures were {'; '.join(said)}."


def _inference(samples: int, persons: bool, several: bool, *, test: bool = True) -> str:
    if not samples:
        return "No intervals were computed."
    drawn = "persons" if persons else "faces"
    both = f"runs and {drawn}" if several else drawn
    boot = f"from {samples:,} bootstrap samples of {drawn} (Efron & Tibshirani, 1993)"
    if several:
        what = "Confidence intervals and *p* values" if test else "Confidence intervals"
        return f"{what} are Student's over {both}, {boot}, with the degrees of freedom of Satterthwaite (1946)."
    if test:
        return f"Confidence intervals and *p* values are over {both}, {boot}."
    return f"Confidence intervals are over {both}, {boot}, widened for few {drawn} (Hesterberg, 2015)."


def _compared(groups: Sequence[Mapping[str, Any]], pair: Mapping[str, Any], name: str) -> str:
    """One metric of two configs: who has more, both values, the difference, its test and its effect size."""
    entry = pair["metrics"].get(name, {})
    values = [groups[g]["metrics"].get(name) for g in (pair["a"], pair["b"])]
    if entry.get("difference") is None or not all(values):
        return ""
    one, other = (f"{letters(g)} ({_mean(row, name)})" for g, row in zip((pair["a"], pair["b"]), values, strict=True))
    numbers = f"difference = {number(entry['difference'], _largest(name))}"
    if entry["low"] is None:
        return f"{capital(spoken(name))} of {one} and {other}: {numbers}."
    numbers += _test(entry, _largest(name))
    p = entry["p"] if entry["holm"] is None else entry["holm"]
    if p is not None and p < SHOWN and (entry["low"] > 0 or entry["high"] < 0):
        be, more = _be(name), "higher" if entry["difference"] > 0 else "lower"
        return f"{capital(spoken(name))} {be} {more} for {one} than for {other}, {numbers}."
    return f"{one} and {other} did not differ significantly in {spoken(name)}, {numbers}."


def _test(entry: Mapping[str, Any], largest: float) -> str:
    """The interval of a difference, its test and its effect size."""
    low, high = entry["low"], entry["high"]
    text = f", 95% CI [{number(low, largest)}, {number(high, largest)}]"
    if (df := entry["df_p"]) is not None and high > low:
        t = entry["difference"] / ((high - low) / 2) * float(stdtrit(df, 0.975))
        text += f", *t*({df:.{int(df % 1 > 0)}f}) = {t:.2f}, {p_equals(entry['p'])}"
    if entry["holm"] is not None:
        text += f", Holm-corrected {p_equals(entry['holm'])}"
    return text + (f", *d*z = {entry['dz']:.2f}" if entry.get("dz") is not None else "")


def _be(name: str) -> str:
    return "were" if name.endswith("equivalents") else "was"


def _mean(row: Mapping[str, Any], name: str) -> str:
    spread = f", *SD* = {number(row['sd'], _largest(name))}" if row.get("sd") is not None else ""
    return f"*M* = {number(row['value'], _largest(name))}{spread}"


def _value(row: Mapping[str, Any], name: str) -> str:
    largest = _largest(name)
    if row.get("low") is None:
        return number(row["value"], largest)
    return f"{number(row['value'], largest)}, 95% CI [{number(row['low'], largest)}, {number(row['high'], largest)}]"


def _largest(name: str) -> float:
    """The largest size that a value of a metric can have."""
    known = named(name)
    return max(map(abs, known.row.range)) if known else float("inf")


def _word(count: int) -> str:
    """A number as APA 7 has it: below ten in letters.

    >>> _word(2), _word(12)
    ('two', '12')
    """
    return WORDS[count] if count < len(WORDS) else f"{count:,}"


def _counted(count: int, what: str) -> str:
    return f"{_word(count)} {what}{'s' * (count != 1)}"
