"""What a page sends, checked: strangers can send anything; kept is what the study asks for, or nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from fer_exp.collecting.platforms import LONGEST
from fer_exp.collecting.study import OTHER, SCALE, Study

LONGEST_ABOUT = 1000
"""Letters of an answer about the person."""
A_DAY = 86_400.0


class Refused(Exception):  # noqa: N818 - the answer to a request, not a fault
    """A request that is not taken, with the status of HTTP and a sentence; ``reason`` is a word for programs."""

    def __init__(self, status: int, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.status, self.reason = status, reason


class Answer(NamedTuple):
    """One answer, as people saw its scales."""

    label: str | None
    intensity: float | None
    valence: float | None
    arousal: float | None
    seconds: float | None
    shown_at: float | None


def parsed(body: bytes) -> dict[str, Any]:
    """A body as a JSON object; raises Refused where it is none."""
    try:
        content = json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused(400, "The request is no JSON.") from None
    if not isinstance(content, dict):
        raise Refused(400, "The request is no JSON object.")
    return content


def _no_number(text: str) -> float:
    raise ValueError(text)


def text_of(content: Mapping[str, Any], key: str) -> str | None:
    """A text of a request, None where it is not given, or empty; control characters are taken out."""
    value = content.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused(400, f"{key} is no text.")
    return plain_text(value, key, LONGEST) or None


def plain_text(value: str, key: str, longest: int) -> str:
    """A text that can be kept and shown: no control characters, no half of a character."""
    if len(value) > longest:
        raise Refused(400, f"{key} has more than {longest:,} letters.")
    text = "".join(sign for sign in value if sign.isprintable() or sign in "\n\t").strip()
    return text.encode("utf-8", "replace").decode("utf-8")


def query_of(content: Mapping[str, Any], names: Collection[str]) -> dict[str, str]:
    """Of the parameters of the page's address those that mean something; others, and senseless ones, are left out."""
    value = content.get("query")
    given = value if isinstance(value, dict) else {}
    return {
        name: plain_text(text, name, LONGEST)
        for name in names
        if isinstance(text := given.get(name), str) and len(text) <= LONGEST
    }


def answer_of(content: Mapping[str, Any], study: Study, kind: str) -> Answer:
    """The answer in a request.

    Args:
        content: the request.
        study: what is asked.
        kind: of the trial; checks and practice ask for the class alone.

    Raises:
        Refused: an answer that the study does not allow.
    """
    label = text_of(content, "label")
    label = OTHER if label == "other" and study.other else label
    if study.classes and label not in study.labels:
        raise Refused(400, f"label is none of {', '.join(study.labels)}.")
    if not study.classes and label is not None:
        raise Refused(400, "The study asks for no label.")
    full = kind == "face"
    low, high = (study.intensity.low, study.intensity.high) if study.intensity else SCALE
    wanted = full and study.intensity is not None and label != OTHER
    intensity = _number(content, "intensity", low, high, asked=study.intensity is not None, wanted=wanted)
    affect = study.affect is not None
    valence = _number(content, "valence", *SCALE, asked=affect, wanted=affect and full)
    arousal = _number(content, "arousal", *SCALE, asked=affect, wanted=affect and full)
    seconds = _number(content, "seconds", 0, A_DAY, asked=True)
    return Answer(label, intensity, valence, arousal, seconds, _number(content, "shown_at", 0, 1e16, asked=True))


def _number(
    content: Mapping[str, Any], key: str, low: float, high: float, *, asked: bool, wanted: bool = False
) -> float | None:
    value = content.get(key)
    if value is None:
        if wanted:
            raise Refused(400, f"{key} is missing.")
        return None
    if not asked:
        raise Refused(400, f"The study does not ask for {key}.")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # so nan and inf go, too
        raise Refused(400, f"{key} is no number from {low:g} to {high:g}.")
    return float(value)


def about_of(content: Mapping[str, Any], study: Study) -> dict[str, str]:
    """What a person says about themself, of the questions that the study asks."""
    given = content.get("answers")
    if not isinstance(given, dict):
        raise Refused(400, "answers is no list of names and values.")
    asked = {question.name: question for question in study.demographics}
    found: dict[str, str] = {}
    for name, value in given.items():
        if name not in asked:
            raise Refused(400, "The study does not ask that.")
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Refused(400, f"The answer to {name} is no text.")
        found[name] = plain_text(str(value), name, LONGEST_ABOUT)
    return found


def raw_of(content: Mapping[str, Any]) -> str | None:
    """The data of jsPsych as JSON, None where there are none."""
    raw = content.get("raw")
    if raw is None:
        return None
    if not isinstance(raw, list):
        raise Refused(400, "raw is no list.")
    try:
        return json.dumps(raw)
    except RecursionError:
        raise Refused(400, "raw is nested too deeply.") from None
