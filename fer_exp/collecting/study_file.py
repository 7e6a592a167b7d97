"""YAML whose values know their lines, so that a mistake is said with where it stands and what was meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from fer_exp.errors import RequestError, did_you_mean

DEEPEST = 20
"""Of nested lists and mappings; a study has four."""
MOST_NODES = 100_000
"""Keys and values, aliases counted each time: a few lines of these can stand for billions."""


@dataclass(frozen=True)
class Marked:
    """A value of a YAML file.

    Attributes:
        value: a plain value; a list of these; of a mapping pairs of these.
        where: file, line and key, for messages.
        is_mapping, is_list: which of these it is.
    """

    value: Any
    where: str
    is_mapping: bool = False
    is_list: bool = False

    @property
    def is_null(self) -> bool:
        """Whether nothing stands there."""
        return self.value is None

    def pairs(self) -> list[tuple[Marked, Marked]]:
        """Keys and values of a mapping, whatever the keys are."""
        if not self.is_mapping:
            refuse(self, "is no list of keys with values; write it as KEY: VALUE, a line each")
        return list(self.value)

    def items(self, known: Iterable[str]) -> Iterator[tuple[str, Marked]]:
        """Keys and values of a mapping; RequestError of a key that is unknown, with the nearest, or is twice."""
        known = list(known)
        seen: set[str] = set()
        for key, value in self.pairs():
            name = str(key.value)
            if name not in known:
                near = did_you_mean(SPELT.get(name.lower().replace("-", "_"), name), known)
                refuse(key, f"is no key; {near}There are: {', '.join(known)}", quoted=True)
            if name in seen:
                refuse(key, "stands there twice; which one is meant cannot be known", quoted=True)
            seen.add(name)
            yield name, value

    def line_of(self, key: str) -> str:
        """File and line of a key, '' where it is not written."""
        return next((name.where for name, _ in self.pairs() if name.value == key), "") if self.is_mapping else ""

    def as_list(self) -> list[Marked]:
        """The values of a list; one value that is none counts as a list of one."""
        return list(self.value) if self.is_list else [self]

    def text(self, longest: int = 200) -> str:
        """A text; of a number, the number. YAML reads a bare yes, no, on and off as something else, which is said."""
        if isinstance(self.value, bool) or self.value is None or self.is_list or self.is_mapping:
            way_out = "; put it in quotes if it is a word" if isinstance(self.value, bool) else ""
            refuse(self, f"is {self.said}, where a text is asked for{way_out}")
        text = str(self.value).strip()
        if len(text) > longest:
            refuse(self, f"has {len(text):,} letters, and {longest:,} are the most")
        if not text:
            refuse(self, "is an empty text")
        return text

    def choice(self, choices: Collection[str]) -> str:
        """One of some words."""
        if self.is_list or self.is_mapping or self.value not in choices:  # a list can be no key of a dict
            near = did_you_mean(str(self.value), choices) if isinstance(self.value, str) else ""
            refuse(self, f"is {self.said}; {near}There are: {', '.join(choices)}")
        return str(self.value)

    def like(self, kind: Any, bounds: tuple[float, float] | None) -> Any:
        """A value of the kind that a field's annotation says, within its bounds, ends included."""
        words = str(kind).split(" | ")
        if self.is_null and "None" in words:
            return None
        value = self.value
        if "bool" in words and isinstance(value, bool):
            return value
        if "int" in words and isinstance(value, int) and not isinstance(value, bool):
            return self._within(value, bounds)
        if "float" in words and isinstance(value, int | float) and not isinstance(value, bool):
            return float(self._within(value, bounds))
        if "str" in words:
            return self.text()
        asked = {"bool": "true or false", "int": "a whole number", "float": "a number"}[words[0]]
        return refuse(self, f"is {self.said}; it must be {asked}")

    def _within(self, value: float, bounds: tuple[float, float] | None) -> float:
        if bounds is not None and not bounds[0] <= value <= bounds[1]:
            percent = f": write {value / 100:g}" if bounds[1] <= 1 < value <= 100 else ""
            refuse(self, f"is {value}; it must be from {bounds[0]:g} to {bounds[1]:g}{percent}")
        return value

    @property
    def said(self) -> str:
        """The value in words."""
        if self.is_mapping or self.is_list:
            return "a mapping" if self.is_mapping else "a list"
        if self.value is None or isinstance(self.value, bool):
            return "empty" if self.value is None else str(self.value).lower()
        return repr(self.value)


SPELT = {
    "raters": "per_face", "raters_per_face": "per_face", "answers_per_face": "per_face", "k": "per_face",
    "trials": "per_person", "faces_per_person": "per_person", "n_trials": "per_person",
    "trials_per_person": "per_person", "n": "per_person", "labels": "classes", "emotions": "classes",
    "expressions": "classes", "options": "classes",
    "language": "languages", "lang": "languages", "email": "contact", "gold_questions": "gold_faces",
    "threshold": "min_gold_accuracy", "min_accuracy": "min_gold_accuracy", "training": "practice",
    "attention_checks": "attention", "catch_trials": "attention", "breaks": "break_every", "shuffle": "order",
    "randomize": "order", "va": "affect", "sam": "affect", "valence": "affect", "arousal": "affect",
    "anonymize": "hash_ids", "anonymise": "hash_ids", "questions": "demographics", "name": "title",
    "completion_code": "code", "completion_url": "redirect", "url": "redirect", "type": "kind",
}  # fmt: skip
"""How others call a key -> ours."""


def refuse(at: Marked, problem: str, *, quoted: bool = False) -> NoReturn:
    """Raise RequestError of a value, with its line; ``quoted`` where the problem is the word itself."""
    word = at.said if at.is_list or at.is_mapping else repr(at.value)
    raise RequestError(f"{at.where}: {word if quoted else 'it'} {problem}.")


def structure(text: str, where: str) -> Marked:
    """A YAML text as values with their lines; nothing in it is run.

    Raises:
        RequestError: it is no mapping, or nested too deeply.
        yaml.YAMLError: it is no YAML.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise RequestError(f"{where} is no study: it has no keys, such as classes: [neutral, happiness].")
    _check_size(node, where)
    return _marked(node, where, "", yaml.SafeLoader(""))


def _check_size(node: Any, where: str) -> None:
    """Raise RequestError where a text is nested too deeply, or too long once its aliases are written out."""
    waiting, seen = [(node, 0)], 0
    while waiting:
        each, depth = waiting.pop()
        seen += 1
        if depth > DEEPEST or seen > MOST_NODES:
            what = "nested too deeply" if depth > DEEPEST else "too long, with what its aliases (*name) stand for,"
            raise RequestError(f"{where}, line {each.start_mark.line + 1}: it is {what} for a study.")
        if isinstance(each, yaml.MappingNode):
            waiting += [(part, depth + 1) for pair in each.value for part in pair]
        elif isinstance(each, yaml.SequenceNode):
            waiting += [(part, depth + 1) for part in each.value]


def _marked(node: Any, where: str, key: str, loader: Any) -> Marked:
    at = f"{where}, line {node.start_mark.line + 1}{key and f', {key}'}"
    if isinstance(node, yaml.MappingNode):
        pairs = []
        for name, value in node.value:
            said = str(name.value)[:80]
            named = _marked(name, where, "", loader)
            pairs.append((named, _marked(value, where, said, loader)))
        return Marked(pairs, at, is_mapping=True)
    if isinstance(node, yaml.SequenceNode):
        return Marked([_marked(each, where, key, loader) for each in node.value], at, is_list=True)
    return Marked(loader.construct_object(node), at)
