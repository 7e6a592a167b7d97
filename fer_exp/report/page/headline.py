"""What was measured of one config, in sentences. Every word follows from a number, every verdict from an interval."""

from __future__ import annotations

from collections.abc import Mapping

from fer_exp.metrics.words import spoken
from fer_exp.names import SIDES
from fer_exp.report.cells import TO, of_row
from fer_exp.report.model_verdicts import TOPICS, Entries, against, listed, tally, topics_of
from fer_exp.report.tables import Rows, panel_sizes
from fer_exp.stats.shares import percent

CLOSE, RIGHT = TOPICS[:2]


def headline(rows: Rows, prior: Entries) -> str:
    """The first sentence of a page: how many people the model is worth, or how far from them it is.

    Args:
        rows: metric -> value, low, high.
        prior: metric -> difference, low, high of the model less the class prior; empty where there is none.

    >>> headline({"rater_equivalents": {"value": 2.13, "low": 1.9, "high": 2.4}}, {})
    'As close to people as 2.1 raters'
    """
    passed = ""
    for topic, names in topics_of(list(prior)):
        if topic is CLOSE or (topic is RIGHT and "l1" not in rows):
            shown = tally(prior, names)
            said = against("the class prior", prior, topic, names)
            if shown.behind or shown.level:
                return said
            passed = f"{said}: " if shown.ahead else ""
    if worth := _worth(rows.get("rater_equivalents", {}), bool(passed)):
        return worth
    if (row := rows.get("l1", {})).get("value") is not None:
        return f"{passed}L1 {of_row(row, 2, ends=TO)} from people's votes"
    if (row := rows.get("accuracy", {})).get("value") is not None:
        return f"{passed}{'r' if passed else 'R'}ight on {_right(row)} of the labels"
    return "Predictions beside human ratings"


def _worth(people: Mapping[str, float | int | None], passed: bool) -> str:
    """Rater equivalents in words, where there are any; 1 is a single rater, ``passed`` whether it is past the prior."""
    value, low, high = (people.get(key) for key in ("value", "low", "high"))
    if value is None:
        return "" if low is None else f"As close to people as {low:.1f} raters or more"
    if low is None or high is None:
        return f"Rater equivalents {value:.1f}, without an interval"
    if low >= 1:
        return f"As close to people as {value:.1f} raters"
    said = "Not as close to people as a single rater"
    if high >= 1:
        said = "Not told apart from a single rater by closeness to people"
    return f"Closer to people than the class prior, {said[0].lower()}{said[1:]}" if passed else said


def sentences(rows: Rows, less: Mapping[str, Entries]) -> list[str]:
    """What follows the headline, most important first; of what there is.

    ``less`` is reference or repair -> metric -> difference, low, high of the model less that.
    """
    said = [_distance(rows), _answers(rows), _confidence(rows), _ambiguity(rows)]
    said += [_temperature(rows, less.get("temperature", {})), *_affect(rows)]
    return [text for text in said if text]


def _distance(rows: Rows) -> str:
    model, one = rows.get("held_out_l1"), _value(rows, "ceiling_panel1_l1")
    largest = max(panel_sizes(rows), default=0)
    if model is None or model["value"] is None or one is None:
        return ""
    text = f"Its expected L1 to held-out raters is {of_row(model, ends=TO)}: a single person has {one:.3f}"
    if largest > 1:
        text += f", a panel of {largest} has {_value(rows, f'ceiling_panel{largest}_l1'):.3f}"
    text += f", and the class prior {_value(rows, 'prior_held_out_l1'):.3f}."
    worth = of_row(rows.get("rater_equivalents"), 2, ends=TO, missing="")
    return text + (f" Rater equivalents: {worth}." if worth else "")


def _answers(rows: Rows) -> str:
    right, one = rows.get("majority_accuracy"), _value(rows, "ceiling_leave_one_out_accuracy")
    if right is None or right["value"] is None:
        return ""
    text = f"Its top answer is the one most people gave for {_right(right)} of faces"
    if one is not None:
        text += f"; a single rater gives the answer of most others for {percent(one, '.1f')}"
    ties = _value(rows, "majority_ties")
    tied = f". Top classes are tied on {percent(ties, '.1f')} of faces, and share the credit." if ties else "."
    return text + tied


def _confidence(rows: Rows) -> str:
    gap = rows.get("confidence_gap")
    if gap is None or gap["value"] is None:
        return ""
    low, high = gap["low"], gap["high"]
    side = "above" if gap["value"] > 0 else "below"
    lies = f"its confidence lies {abs(gap['value']):.2f} {side} the share of votes for its answer"
    if low is None or high is None:
        return f"On average {lies}, without an interval."
    if low <= 0 <= high:
        return "Its confidence is not shown to be above or below the share of people who agree with it."
    return f"It is {'more' if low > 0 else 'less'} sure than people agree: on average {lies}."


def _ambiguity(rows: Rows) -> str:
    model = rows.get("entropy_correlation")
    if model is None or model["value"] is None:
        return ""
    low, people = model["low"], _value(rows, "ceiling_entropy_correlation")
    text = "It is less sure" if low is not None and low > 0 else "It is not shown to be less sure"
    text += f" where people are divided: the correlation of entropies is {of_row(model, 2, ends=TO)}"
    return text + (f", between two halves of the raters {people:.2f}." if people is not None else ".")


def _temperature(rows: Rows, less: Entries) -> str:
    """What a temperature does to each distance; only where all of them shrink was it a matter of being too sure."""
    fitted = _value(rows, "temperature")
    names = [names for topic, names in topics_of(list(less)) if topic is CLOSE]
    if fitted is None or not names:
        return ""
    shown = tally(less, names[0])  # of the model as trained less the repaired one: ahead is as trained
    text = f"A temperature of {fitted:.2f}, fitted to validation labels,"
    moved = ", ".join(f"{spoken(name)} from {_moved(rows, name)}" for name in (*shown.behind[:1], *shown.ahead[:1]))
    if shown.ahead and shown.behind:
        sides = f"closer to people by {listed(shown.behind)}, farther by {listed(shown.ahead)}"
        return f"{text} would bring it {sides}: {moved}."
    if shown.ahead:
        return f"{text} would take it farther from people: {moved}."
    if shown.behind and shown.level:
        sides = f"closer to people by {listed(shown.behind)}, not shown by {listed(shown.level)}"
        return f"{text} would bring it {sides}: {moved}."
    if not shown.behind:
        return f"{text} is not shown to bring it closer to people." if shown.level else ""
    return f"{text} would bring it closer to people: {moved}. This part of the distance comes from how sure it is."


def _affect(rows: Rows) -> list[str]:
    known = {side: row for side in SIDES if (row := rows.get(f"{side}_ccc")) and row["value"] is not None}
    said = " and ".join(f"{side} {of_row(row, 2, ends=TO)}" for side, row in known.items())
    if not known:
        return []
    unsure = [side for side, row in known.items() if (low := row.get("low")) is None or low <= 0]
    text = f"Its concordance (CCC) with people's ratings: {said}."
    return [text + (f" It is not shown to follow their {' and '.join(unsure)}." if unsure else "")]


def _moved(rows: Rows, name: str) -> str:
    return f"{_value(rows, name):.3f} to {_value(rows, f'temperature_{name}'):.3f}"


def _right(row: Mapping[str, float | int | None]) -> str:
    """An accuracy with its interval, in percent."""
    numbers = (row.get(key) for key in ("value", "low", "high"))
    value, *ends = (percent(float(number), ".1f") for number in numbers if number is not None)
    return f"{value} ({' to '.join(ends)})" if ends else value


def _value(rows: Rows, name: str) -> float | None:
    value = rows.get(name, {}).get("value")
    return None if value is None else float(value)
