"""Verdicts in words, each read off an interval: the one place where a sentence says who is closer to people.

Metrics that answer one question are a ``Topic``. Of a topic a verdict names the metrics that show a difference, those
that show the opposite, and those that show none; of what has no interval it says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fer_exp.errors import enumerated
from fer_exp.metrics.registry import LESS, PEOPLE, RIGHT, VOTES
from fer_exp.metrics.words import better, named, spoken
from fer_exp.report.cells import TO, difference
from fer_exp.stats.tests import SHOWN

Entries = Mapping[str, Mapping[str, Any]]
"""Metric -> ``difference``, ``low``, ``high`` and, of many tests, ``holm``."""


class Topic(NamedTuple):
    """A question that metrics answer: ``metrics``, and the words; no metrics means the distances to people's votes."""

    metrics: tuple[str, ...]
    more: str
    less: str
    most: str
    by: str


TOPICS = (
    Topic((), "closer to people", "farther from people", "closest to people", "their distance to people"),
    Topic(
        RIGHT,
        "right more often", "right less often", "right most often", "how often they are right",
    ),
    Topic(
        ("entropy_correlation",),
        "better at telling which faces divide people", "worse at telling which faces divide people",
        "best at telling which faces divide people", "how well they tell which faces divide people",
    ),
    Topic(
        ("brier_reliability", "people_brier_reliability"),  # an ECE is too large where bins have few faces
        "better calibrated", "worse calibrated", "best calibrated", "their calibration",
    ),
    Topic(
        ("valence_ccc", "arousal_ccc"),
        "closer to people's ratings", "farther from people's ratings", "closest to people's ratings",
        "their distance to people's ratings",
    ),
)  # fmt: skip
"""In the order in which they are told; the first that there are metrics of makes the headline."""


class Tally(NamedTuple):
    """Metrics by what they show of one against another: better, worse, neither, and those without an interval."""

    ahead: list[str]
    behind: list[str]
    level: list[str]
    unknown: list[str]


def topics_of(metrics: Sequence[str]) -> list[tuple[Topic, list[str]]]:
    """The questions that some metrics answer, with those that answer each."""
    found = [(topic, [name for name in metrics if _belongs(name, topic)]) for topic in TOPICS]
    return [(topic, names) for topic, names in found if names]


def tally(entries: Entries, names: Sequence[str]) -> Tally:
    """What each metric's difference shows.

    >>> shown = {"difference": -0.1, "low": -0.2, "high": -0.05}
    >>> tally({"l1": shown, "accuracy": shown, "ece": {**shown, "high": 0.1}}, ["l1", "accuracy", "ece", "nll"])
    Tally(ahead=['l1'], behind=['accuracy'], level=['ece'], unknown=['nll'])
    """
    found = Tally([], [], [], [])
    for name in names:
        side = _side(entries.get(name, {}), name)
        (found.unknown if side is None else (found.level, found.ahead, found.behind)[side]).append(name)
    return found


def of_pair(one: str, other: str, entries: Entries, topic: Topic, names: Sequence[str]) -> str:
    """A sentence of two by one topic; ``entries`` are of the first less the second.

    >>> closer = {"l1": {"difference": 0.1, "low": 0.05, "high": 0.15}}
    >>> of_pair("A", "B", closer, TOPICS[0], ["l1"])
    'B is closer to people than A'
    """
    ahead, behind, level, unknown = tally(entries, names)
    if not ahead + behind + level:
        return f"No interval says which of {one} and {other} is {topic.more}"
    if ahead and behind:
        text = f"Which is {topic.more} depends on the metric: {one} by {listed(ahead)}, {other} by {listed(behind)}"
        return text + (f"; {listed(level)} {_show(level)} no difference" if level else "") + _undefined(unknown)
    if level and not ahead + behind:
        return f"{one} and {other} cannot be told apart by {topic.by}" + _undefined(unknown)
    first, second = (one, other) if ahead else (other, one)
    return f"{first} is {topic.more} than {second}{_which(ahead + behind, level)}{_undefined(unknown)}"


def against(reference: str, entries: Entries, topic: Topic, names: Sequence[str]) -> str:
    """A sentence without a subject of a model against something that it should pass, as the class prior.

    >>> level = {"l1": {"difference": -0.1, "low": -0.3, "high": 0.15}}
    >>> against("the class prior", level, TOPICS[0], ["l1"])
    'Not shown to be closer to people than the class prior'
    """
    ahead, behind, level, unknown = tally(entries, names)
    more, less = f"{topic.more} than {reference}", f"{topic.less} than {reference}"
    if not ahead + behind + level:
        return f"No interval says whether it is {more}"
    if ahead and behind:
        text = f"{more} by {listed(ahead)}, {topic.less} by {listed(behind)}"
        text += f"; {listed(level)} {_show(level)} no difference" if level else ""
    elif ahead or behind:
        text = (more if ahead else less) + _which(ahead + behind, level)
    else:
        text = f"not shown to be {more}"
    return capital(text) + _undefined(unknown)


def of_comparison(comparison: Mapping[str, Any]) -> list[str]:
    """What a comparison shows, a sentence a topic, the most important first; then what keeps from believing it.

    Args:
        comparison: as ``compare_sources`` gives it; repaired groups and such that look at no face have no part in it.

    Returns:
        No sentence where fewer than two configs were trained.
    """
    groups = [group for group in comparison["groups"] if group["repair"] is None]
    if len(groups) < 2:
        return []
    pairs = {(pair["a"], pair["b"]): pair["metrics"] for pair in comparison["pairs"]}
    told, called = _told(comparison), [names_of(groups)]
    called += [[letters(g) for g in range(len(groups))]] * len(told)  # the first sentence says what letters stand for
    if len(groups) == 2:
        entries = pairs.get((0, 1), {})
        said = [
            of_pair(one, other, entries, topic, names)
            for (one, other), (topic, names) in zip(called, told, strict=False)
        ]
        tested = [entries]
    else:
        said = [_of_many(groups, of, pairs, topic, names) for of, (topic, names) in zip(called, told, strict=False)]
        tested = [metrics for (a, b), metrics in pairs.items() if a < len(groups) and b < len(groups)]
    primary = comparison.get("primary")
    if primary:  # named beforehand; what else is found was not asked
        said = [
            sentence if names == [primary] else f"Exploratory: {sentence}"
            for sentence, (_, names) in zip(said, told, strict=True)
        ]
    if len(groups) == 2 and told:
        said[1:1] = _numbers(groups, tested[0], told[0][1][0])
    return [*said, *_doubts(groups, tested)]


def _told(comparison: Mapping[str, Any]) -> list[tuple[Topic, list[str]]]:
    """The questions with their metrics; a primary metric, where one was named, comes first and alone."""
    primary = comparison.get("primary")
    told = topics_of(comparison["metrics"] if primary is None else [primary])
    rest = topics_of([name for name in comparison["metrics"] if name != primary]) if primary else []
    return [*told, *rest]


def letters(number: int) -> str:
    """A, B, ..., Z, AA, AB, ...

    >>> letters(0), letters(27)
    ('A', 'AB')
    """
    return (letters(number // 26 - 1) if number >= 26 else "") + chr(65 + number % 26)


def names_of(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """Configs as a sentence calls them: the letter, and as much of the name as tells them apart.

    >>> names_of([{"name": "labels=onehot rate=0"}, {"name": "labels=soft rate=0"}])
    ['A (labels=onehot)', 'B (labels=soft)']
    """
    firsts = (group["name"].split(" ")[0] for group in groups)
    short = [first if "=" in first else group["name"] for first, group in zip(firsts, groups, strict=True)]
    if len(set(short)) < len(short):
        short = [group["name"] for group in groups]
    return [f"{letters(number)} ({name})" for number, name in enumerate(short)]


def _of_many(
    groups: Sequence[Mapping[str, Any]],
    called: Sequence[str],
    pairs: Mapping[tuple[int, int], Entries],
    topic: Topic,
    names: Sequence[str],
) -> str:
    """Who comes first of three or more: those that no metric shows to be behind the best by it."""
    leading: dict[str, set[int]] = {}
    for name in names:
        values = {g: group["metrics"].get(name, {}).get("value") for g, group in enumerate(groups)}
        known = {g: better(name) * value for g, value in values.items() if value is not None}
        if len(known) > 1:
            first = max(known, key=known.__getitem__)
            leading[name] = {g for g in known if g == first or not _ahead(pairs, first, g, name)}
    if not leading:
        return f"No metric says which of the {len(groups)} is {topic.most}"
    shared = set.intersection(*leading.values())
    if len(shared) == len(groups):
        return f"None of the {len(groups)} is shown to be {topic.most}"
    if not shared:
        by_set: dict[str, list[str]] = {}
        for name, first_ones in leading.items():
            by_set.setdefault(enumerated([letters(g) for g in sorted(first_ones)]), []).append(name)
        parts = ", ".join(f"{first_ones} by {listed(by)}" for first_ones, by in by_set.items())
        return f"Which of the {len(groups)} is {topic.most} depends on the metric: {parts}"
    text = f"Of the {len(groups)}, {enumerated([called[g] for g in sorted(shared)])} "
    text += f"is {topic.most}" if len(shared) == 1 else f"are {topic.most}, and not told apart"
    more = {name: first_ones - shared for name, first_ones in leading.items() if first_ones != shared}
    return text + "".join(
        f"; by {spoken(name)} not told apart from {enumerated([letters(g) for g in sorted(others)])}"
        for name, others in more.items()
    )


def _ahead(pairs: Mapping[tuple[int, int], Entries], one: int, other: int, name: str) -> list[str]:
    """The metric, where it shows the first to be better than the second."""
    if (one, other) in pairs:
        return tally(pairs[one, other], [name]).ahead
    return tally(pairs.get((other, one), {}), [name]).behind


def _numbers(groups: Sequence[Mapping[str, Any]], entries: Entries, name: str) -> list[str]:
    """The values behind a headline of two."""
    values = [group["metrics"].get(name, {}).get("value") for group in groups]
    entry = entries.get(name, {})
    if None in values or entry.get("difference") is None:
        return []
    both = ", ".join(f"{letters(g)} {value:.3f}" for g, value in enumerate(values))
    return [f"{capital(spoken(name))}: {both}; A less B is {difference(entry, TO)}"]


def _doubts(groups: Sequence[Mapping[str, Any]], tested: Sequence[Entries]) -> list[str]:
    """What a reader should hold against a verdict: tests that fail after correction, configs of one run."""
    weak = [
        name
        for entries in tested
        for name, entry in entries.items()
        if better(name) and _side({**entry, "holm": None}, name) and not _side(entry, name)
    ]
    doubts = []
    if weak:
        words = listed(sorted(set(weak), key=list(tested[0]).index))
        doubts.append(
            f"By {words} an interval leaves out zero, but no difference is left after Holm's correction for many tests"
        )
    alone = [letters(g) for g, group in enumerate(groups) if len(group["runs"]) == 1]
    if alone:
        doubts.append(f"{enumerated(alone)} {'is' if len(alone) == 1 else 'are'} one run each: other seeds may differ")
    return doubts


def _belongs(name: str, topic: Topic) -> bool:
    if topic.metrics:
        return name in topic.metrics
    known = named(name)
    return known is not None and (known.row.needs, known.row.section, known.row.better) == (VOTES, PEOPLE, LESS)


def _side(entry: Mapping[str, Any], name: str) -> int | None:
    """1 where the first is shown to be better, -1 where it is worse, 0 where neither is, None without an interval."""
    low, high, holm = entry.get("low"), entry.get("high"), entry.get("holm")
    if low is None or high is None:
        return None
    if holm is not None and holm >= SHOWN:
        return 0
    return better(name) * (int(low > 0) - int(high < 0))


def _which(shown: list[str], level: list[str]) -> str:
    """By which metrics, where not all of them show it."""
    return f" by {listed(shown)}, not shown by {listed(level)}" if level else ""


def _undefined(names: list[str]) -> str:
    return f" ({listed(names)}: no interval)" if names else ""


def _show(names: list[str]) -> str:
    return "shows" if len(names) == 1 else "show"


def listed(names: Sequence[str]) -> str:
    """Metrics, as a sentence names them.

    >>> listed(["l1", "jensen_shannon_divergence", "ece"])
    'L1, Jensen–Shannon divergence and ECE'
    """
    return enumerated([spoken(name) for name in names])


def capital(text: str) -> str:
    """A text as a sentence begins, names in it as they are."""
    return text[0].upper() + text[1:]
