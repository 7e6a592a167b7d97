"""What the page says, by language: the files of languages/, and the study's own texts in their place."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from fer_exp.collecting.study import OTHER, SCALE, Question, Study, Text

FOLDER = Path(__file__).parent / "languages"


@cache
def words(language: str) -> dict[str, Any]:
    """All words of a language, as its file has them."""
    import yaml

    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    return content


def said(text: Text, language: str, languages: tuple[str, ...]) -> str | None:
    """A text of the study in a language, else in the nearest that it has: none, the first of the study's, any."""
    return next((text[key] for key in (language, "", *languages) if key in text), next(iter(text.values()), None))


def chosen_language(study: Study, asked: str | None) -> str:
    """One of the study's languages: the one that is asked for, as ``de`` or ``de-AT``, else the first."""
    short = (asked or "").lower().replace("_", "-").partition("-")[0]
    return short if short in study.languages else study.languages[0]


def class_words(study: Study, language: str) -> dict[str, str]:
    """Class -> the word for it on the page."""
    known: dict[str, str] = words(language).get("classes", {})
    return {
        name: said(own, language, study.languages) or known.get(name) or name.replace("_", " ")
        for name, own in study.classes.items()
    }


def described(study: Study, language: str, order: list[str]) -> dict[str, Any]:
    """What the page needs to know of a study, in one language; ``order`` is that of the classes for one person."""
    own = class_words(study, language)

    def text(of: Text) -> str | None:
        return said(of, language, study.languages)

    return {
        "title": text(study.title),
        "contact": study.contact,
        "consent": text(study.consent),
        "instructions": text(study.instructions),
        "languages": list(study.languages),
        "classes": [{"name": name, "word": own[name]} for name in study.classes],
        "order": order,
        "other": study.other,
        "other_label": OTHER,
        "intensity": None if study.intensity is None else {"low": study.intensity.low, "high": study.intensity.high},
        "affect": study.affect,
        "scale": {"low": SCALE[0], "high": SCALE[1]},
        "feedback": study.feedback,
        "break_every": study.break_every,
        "demographics": [_asked(question, text) for question in study.demographics],
    }


def _asked(question: Question, text: Any) -> dict[str, Any]:
    return {
        "name": question.name,
        "question": text(question.question),
        "kind": question.kind,
        "choices": list(question.choices),
        "required": question.required,
    }
