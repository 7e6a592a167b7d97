"""The study file: what people are asked, as YAML; presets lie in conf/rate/.

A key that there is not, or a value of another kind, is refused with its line and the nearest key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from fer_exp.collecting.platforms import PLATFORMS, Platform
from fer_exp.collecting.study_file import Marked, refuse, structure
from fer_exp.config.folder import conf_folder
from fer_exp.digests import of_text
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.files import or_near, there
from fer_exp.names import CLASSES, class_name
from fer_exp.regular import MOST_BYTES, no_file, read_whole, reading

Text = dict[str, str]
"""Words by language; under "" those of every language."""

LANGUAGES = ("en", "de", "es", "zh")
OTHER = "unknown"
"""The label of "other / cannot tell", which the readers of tables know as no class."""
SCALE = (1, 9)
"""Lowest and highest valence and arousal, as people see them."""
MOST_FACES = 1000
"""That one person can be asked about: hours of work."""


@dataclass(frozen=True)
class Question:
    """Something asked about the person: ``kind`` is text, number or choice."""

    name: str = ""
    question: Text = field(default_factory=dict)
    kind: str = "text"
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Intensity:
    """A scale for how strong the expression is."""

    low: int = 1
    high: int = 9


@dataclass(frozen=True)
class Study:
    """What people are asked; each key is explained in conf/rate/cafe.yaml.

    Attributes:
        title, contact, consent, instructions: what the page says; texts by language.
        languages: that people may choose, the first unless their browser asks for another.
        classes: name -> word by language; none where the language file has the word.
        other: whether "other / cannot tell" may be answered.
        intensity, affect: scales beside the class: None, or as the page shows them.
        order: of the classes on the page: shuffled once a person, or fixed.
        per_face, per_person: answers that each face gets, and faces that each person sees, gold faces not counted.
        balance: columns of the pictures' table whose values each person meets in their proportions.
        practice, feedback: how many faces with known answers come first, and whether the answer is then told.
        gold: a file ``task, label``; without it the column gold of the pictures' table.
        gold_faces, min_gold_accuracy, enough_gold_answers: how many a person meets, the share that must be right,
            and after how many that is looked at.
        repeats, attention: faces shown a second time; checks that say what to answer.
        max_missed_attention: who misses more checks is sent away; None sends nobody away.
        break_every: faces between two breaks, 0 for none.
        demographics: questions about the person.
        platform: where people come from.
        hash_ids: whether ids are kept as salted hashes alone.
        minutes: that a deal is kept for a person who does not answer.
        seed: of what is drawn.
    """

    title: Text = field(default_factory=dict)
    contact: str | None = None
    languages: tuple[str, ...] = ("en",)
    consent: Text = field(default_factory=dict)
    instructions: Text = field(default_factory=dict)
    classes: dict[str, Text] = field(default_factory=dict)
    other: bool = True
    intensity: Intensity | None = None
    affect: str | None = None
    order: str = "shuffled"
    per_face: int = 10
    per_person: int = 40
    balance: tuple[str, ...] = ()
    practice: int = 0
    feedback: bool = True
    gold: str | None = None
    gold_faces: int = 0
    min_gold_accuracy: float | None = None
    enough_gold_answers: int = 5
    repeats: int = 0
    attention: int = 0
    max_missed_attention: int | None = None
    break_every: int = 20
    demographics: tuple[Question, ...] = ()
    platform: Platform = field(default_factory=Platform)
    hash_ids: bool = False
    minutes: int = 30
    seed: int = 0

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that may be answered."""
        return (*self.classes, *((OTHER,) if self.other else ()))

    @property
    def content(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @property
    def digest(self) -> str:
        """Of the content."""
        return of_text(json.dumps(self.content, sort_keys=True))


CHOICES = {"order": ("shuffled", "fixed"), "affect": ("manikins", "grid")}
KINDS = ("text", "number", "choice")
BOUNDS: dict[str, tuple[float, float]] = {
    "per_face": (1, 100_000),
    "per_person": (1, MOST_FACES),
    "practice": (0, 100),
    "gold_faces": (0, MOST_FACES),
    "min_gold_accuracy": (0, 1),
    "enough_gold_answers": (1, MOST_FACES),
    "repeats": (0, MOST_FACES),
    "attention": (0, 100),
    "max_missed_attention": (0, 100),
    "break_every": (0, MOST_FACES),
    "minutes": (1, 10_080),
    "seed": (0, 2**62),
}
TEXTS = ("title", "consent", "instructions")
LONGEST = 20_000
"""Letters of a text; a consent form has a few thousand."""
ASKED = ("classes", "other", "intensity", "affect", "hash_ids")
"""Keys that say what an answer is: under another value, answers are those of another study."""


def presets() -> list[str]:
    """The names of the studies in conf/rate/."""
    return sorted(path.stem for path in (conf_folder() / "rate").glob("*.yaml"))


def read_study(source: str, changes: Mapping[str, Any] | None = None) -> Study:
    """A study by the name of its preset, or by its file.

    Args:
        source: a name of ``presets()``, or a YAML file.
        changes: keys given elsewhere, which count before those of the file.

    Raises:
        RequestError: no such study, no YAML, a key that there is not, a value that cannot be; with the line.
    """
    path = Path(source)
    if source in presets() and not path.is_file():
        path = conf_folder() / "rate" / f"{source}.yaml"
    if not path.is_file():
        if there(path):
            raise RequestError(f"study={source}: {no_file(path)}")
        hint = did_you_mean(source, presets()) or ("" if "/" not in source else or_near(path).lstrip(";. "))
        raise RequestError(
            f"study={source}: there is no such file or preset; {hint}Presets are: {', '.join(presets())}."
        )
    where = f"study={source}"
    with reading(path, where, "mend it, or start from a preset (study=cafe)"):
        written = structure(read_whole(path, MOST_BYTES >> 8).decode("utf-8-sig"), where)
    study = study_of(written, where, changes)
    beside = path.parent / str(study.gold)
    return replace(study, gold=str(beside)) if study.gold and beside.is_file() else study


def study_of(written: Marked, where: str, changes: Mapping[str, Any] | None = None) -> Study:
    """A study of what a file says; arguments and errors as ``read_study``."""
    known = {each.name: each for each in fields(Study)}
    values: dict[str, Any] = {}
    for name, value in written.items(known):
        if name in TEXTS:
            values[name] = _text(value)
        elif name == "classes":
            values[name] = _classes(value)
        elif name == "languages":
            values[name] = tuple(each.choice(LANGUAGES) for each in value.as_list())
        elif name == "balance":
            values[name] = () if value.is_null else tuple(each.text() for each in value.as_list())
        elif name == "demographics":
            values[name] = _questions(value)
        elif name == "intensity":
            values[name] = _intensity(value)
        elif name == "platform":
            values[name] = _platform(value)
        elif name in CHOICES:
            none = name == "affect" and (value.is_null or value.value in (False, "none"))
            values[name] = None if none else value.choice(CHOICES[name])
        else:
            values[name] = value.like(known[name].type, BOUNDS.get(name))
    values |= {key: value for key, value in (changes or {}).items() if value is not None}
    study = Study(**values)
    _check(study, written, where)
    return study


def _text(value: Marked) -> Text:
    if value.is_null:
        return {}
    if not value.is_mapping:
        return {"": value.text(LONGEST)}
    return {key: each.text(LONGEST) for key, each in value.items(LANGUAGES)}


def _classes(value: Marked) -> dict[str, Text]:
    """Name -> words of a list of names, or of names with their words."""
    if value.is_null:
        return {}
    named = value.pairs() if value.is_mapping else [(each, None) for each in value.as_list()]
    found: dict[str, Text] = {}
    for key, words in named:
        name = class_name(key.text(80), key.where)
        if name in found:
            refuse(key, f"names {name} twice")
        if words is not None and not words.is_null:
            found[name] = _text(words)
        else:
            found[name] = {} if name in CLASSES else {"": key.text()}
    return found


def _questions(value: Marked) -> tuple[Question, ...]:
    found = []
    for each in [] if value.is_null else value.as_list():
        if not each.is_mapping:
            found.append(Question(name=each.text(80)))
            continue
        given: dict[str, Any] = {}
        for key, part in each.items({part.name: part for part in fields(Question)}):
            if key == "question":
                given[key] = _text(part)
            elif key == "choices":
                given[key] = tuple(choice.text(200) for choice in part.as_list())
            elif key == "kind":
                given[key] = part.choice(KINDS)
            else:
                given[key] = part.like("bool" if key == "required" else "str", None)
        if not given.get("name"):
            refuse(each, "is a question without a name; give it one, e.g. name: age")
        if given.get("choices"):
            given.setdefault("kind", "choice")
        elif given.get("kind") == "choice":
            refuse(each, f"asks {given['name']} as a choice, and gives no choices")
        found.append(Question(**given))
    names = [question.name for question in found]
    if twice := {name for name in names if names.count(name) > 1}:
        refuse(value, f"asks {min(twice)} twice")
    return tuple(found)


def _intensity(value: Marked) -> Intensity | None:
    if value.is_null or value.value is False:
        return None
    if value.value is True:
        return Intensity()
    ends = {key: part.like("int", (0, 100)) for key, part in value.items(("low", "high"))}
    scale = Intensity(**ends)
    if scale.low >= scale.high:
        refuse(value, f"goes from {scale.low} to {scale.high}; the low end comes first")
    return scale


def _platform(value: Marked) -> Platform:
    if not value.is_mapping:
        return Platform() if value.is_null else Platform(name=value.choice(PLATFORMS))
    given: dict[str, Any] = {}
    for key, part in value.items({part.name: part for part in fields(Platform)}):
        given[key] = part.choice(PLATFORMS) if key == "name" else part.like("str | None", None)
        if key.endswith("redirect") and given[key] and not given[key].startswith(("https://", "http://")):
            refuse(part, "is no address; write it whole, with https://")
    return Platform(**given)


def _check(study: Study, written: Marked, where: str) -> None:
    """What one key says of another."""

    def line(key: str) -> str:
        return written.line_of(key) or where

    if len(study.classes) < 2 and study.affect is None:
        raise RequestError(
            f"{line('classes')}: a study asks for two classes or more, e.g. classes: [neutral, happiness], or for "
            "affect: manikins."
        )
    if study.platform.name == "sona" and not study.platform.redirect:
        raise RequestError(
            f"{line('platform')}: platform sona needs redirect: the client-side completion URL that the study's page "
            "at Sona shows, with XXXX at its end."
        )
    if study.platform.name == "microworkers" and not study.platform.secret:
        raise RequestError(
            f"{line('platform')}: platform microworkers needs secret: the VCODE secret key of the employer's account."
        )
    if study.min_gold_accuracy is not None and not study.gold_faces:
        raise RequestError(
            f"{line('min_gold_accuracy')}: min_gold_accuracy judges by gold faces, of which a person meets none; set "
            "gold_faces: 10, say."
        )
    if study.min_gold_accuracy is not None and study.enough_gold_answers > study.gold_faces:
        raise RequestError(
            f"{line('enough_gold_answers')}: a person meets {study.gold_faces} gold faces (gold_faces) and is judged "
            f"from {study.enough_gold_answers} on (enough_gold_answers), which nobody reaches; set one to the other."
        )
    if (study.gold_faces or study.practice) and len(study.classes) < 2:
        raise RequestError(f"{line('classes')}: gold faces and practice go by classes, and the study asks for none.")
    if study.repeats > study.per_person:
        raise RequestError(
            f"{line('repeats')}: {study.repeats} of a person's {study.per_person} faces cannot be repeated."
        )
    if study.max_missed_attention is not None and not study.attention:
        raise RequestError(f"{line('max_missed_attention')}: it counts missed checks, and attention is 0.")
