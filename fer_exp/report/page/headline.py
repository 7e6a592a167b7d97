"""What was measured, in sentences. Every word follows from a number; nothing is said of what was not measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fer_exp.report.cells import of_row
from fer_exp.report.tables import largest_panel

Rows = Mapping[str, Mapping[str, float | int | None]]
TO = " ({} to {})"


def headline(rows: Rows) -> str:
    """The first sentence of a page: how many people the model is worth, or how far from them it is.

    >>> rows = {"rater_equivalents": {"value": 2.13, "low": 1.9, "high": 2.4}, "ceiling_panel5_l1": {"value": 0.4}}
    >>> headline(rows)
    'As close to people as 2.1 raters'
    """
    people = _value(rows, "rater_equivalents")
    largest = largest_panel(rows)
    if people is None:
        distance = _value(rows, "l1")
        if distance is not None:
            return f"L1 {distance:.2f} from people's votes"
        right = _value(rows, "accuracy")
        return "Predictions beside human ratings" if right is None else f"Right on {right:.0%} of the labels"
    if people >= largest:
        return f"As close to people as {f'{largest} raters' if largest > 1 else 'a rater'} or more"
    if people <= 0:
        return "No closer to people than an answer that ignores the face"
    if people < 1:
        return "Closer to people than the class prior, not as close as a single rater"
    return f"As close to people as {people:.1f} raters"


def verdict(comparison: Mapping[str, Any]) -> str:
    """Which of two configs is closer to people by L1, or that they cannot be told apart; empty for more than two.

    Told apart means that Holm's p over all metrics and pairs is below 0.05.

    >>> pair = {"a": 0, "b": 1, "metrics": {"l1": {"difference": 0.1, "low": 0.05, "high": 0.15, "holm": 0.001}}}
    >>> groups = [{"name": "labels=onehot", "repair": None}, {"name": "labels=soft", "repair": None}]
    >>> verdict({"groups": groups, "pairs": [pair]})
    'B (labels=soft) is closer to people than A (labels=onehot)'
    """
    trained = [group for group in comparison["groups"] if group["repair"] is None]
    if len(trained) != 2 or not comparison["pairs"] or "l1" not in comparison["pairs"][0]["metrics"]:
        return ""
    entry = comparison["pairs"][0]["metrics"]["l1"]
    one, other = (f"{letter} ({group['name'].split(' ')[0]})" for letter, group in zip("AB", trained, strict=True))
    if entry["holm"] is None or entry["holm"] >= 0.05:
        return f"{one} and {other} cannot be told apart by their distance to people"
    near, far = (other, one) if entry["difference"] > 0 else (one, other)
    return f"{near} is closer to people than {far}"


def sentences(rows: Rows) -> list[str]:
    """What follows the headline, most important first; of what there is."""
    topics = (_distance, _answers, _confidence, _ambiguity, _temperature, _affect)
    return [text for sentence in topics if (text := sentence(rows))]


def _distance(rows: Rows) -> str:
    model, one = rows.get("held_out_l1"), _value(rows, "ceiling_panel1_l1")
    largest = largest_panel(rows)
    people = rows.get("rater_equivalents", {})
    if model is None or model["value"] is None or one is None:
        return ""
    text = f"Its expected L1 to held-out raters is {of_row(model, ends=TO)}: a single person has {one:.3f}"
    if largest > 1:
        text += f", a panel of {largest} has {_value(rows, f'ceiling_panel{largest}_l1'):.3f}"
    text += f", and the class prior {_value(rows, 'prior_held_out_l1'):.3f}."
    if people.get("low") is not None:
        text += f" Rater equivalents: {of_row(people, 2, ends=TO)}"
        text += f"; more than {largest} cannot be told from these votes." if largest else "."
    return text


def _answers(rows: Rows) -> str:
    right, one = rows.get("majority_accuracy"), _value(rows, "ceiling_leave_one_out_accuracy")
    if right is None or right["value"] is None:
        return ""
    text = f"Its top answer is the one most people gave for {right['value']:.1%} of faces"
    if right["low"] is not None and right["high"] is not None:
        text += f" ({right['low']:.1%} to {right['high']:.1%})"
    if one is not None:
        text += f"; a single rater gives the answer of most others for {one:.1%}"
    ties = _value(rows, "majority_ties")
    return text + (f". Top classes are tied on {ties:.1%} of faces, and share the credit." if ties else ".")


def _confidence(rows: Rows) -> str:
    gap = rows.get("confidence_gap")
    if gap is None or gap["value"] is None:
        return ""
    low, high = gap["low"], gap["high"]
    if low is not None and high is not None and low <= 0 <= high:
        return "Its confidence is on average neither above nor below the share of people who agree with it."
    more = gap["value"] > 0
    return (
        f"It is {'more' if more else 'less'} sure than people are agreed: its confidence lies {abs(gap['value']):.2f} "
        f"{'above' if more else 'below'} the share of votes for its answer."
    )


def _ambiguity(rows: Rows) -> str:
    model = rows.get("entropy_correlation")
    if model is None or model["value"] is None:
        return ""
    value, low = float(model["value"]), model["low"]
    people = _value(rows, "ceiling_entropy_correlation")
    if value <= 0 or (low is not None and low <= 0):
        text = "It cannot be shown to be less sure where people are divided"
    else:
        text = "It is less sure where people are divided"
    text += f": the correlation of entropies is {of_row(model, 2, ends=TO)}"
    return text + (f", between two halves of the raters {people:.2f}." if people is not None else ".")


def _temperature(rows: Rows) -> str:
    before, after, fitted = (_value(rows, name) for name in ("l1", "temperature_l1", "temperature"))
    if before is None or after is None or fitted is None:
        return ""
    moves = "lower" if after < before else "raise"
    return (
        f"A temperature of {fitted:.2f}, fitted to validation labels, would {moves} its "
        f"L1 to the votes from {before:.3f} to {after:.3f}: that much of the distance is a matter of how sure it is."
    )


def _affect(rows: Rows) -> str:
    values = {side: _value(rows, f"{side}_ccc") for side in ("valence", "arousal")}
    sides = [f"{side} {value:.2f}" for side, value in values.items() if value is not None]
    return f"Its ratings follow people's with a concordance (CCC) of {' and '.join(sides)}." if sides else ""


def _value(rows: Rows, name: str) -> float | None:
    value = rows.get(name, {}).get("value")
    return None if value is None else float(value)
