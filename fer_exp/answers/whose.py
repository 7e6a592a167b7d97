"""Whose answers a column, a file or a sheet holds, by its name: a rater's, the second ones of a rater, or nobody's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fer_exp.answers.words import A_MODEL, AGAIN, NO_PERSON, NO_RATER, NOBODY, OF_FILES
from fer_exp.tables import Table


def of_no_rater(name: str) -> bool:
    """Whether a column of labels is of no rater: it is called a consensus, a model, an average.

    >>> of_no_rater("EmotionPosed"), of_no_rater("GPT-4o"), of_no_rater("Anna")
    (True, True, False)
    """
    return any(word in NO_RATER or A_MODEL.fullmatch(word) for word in _words(name))


def beside_a_scale(name: str) -> bool:
    """Whether what stands beside the name of a scale in that of a column says that it is of no rater.

    >>> beside_a_scale("consensus"), beside_a_scale("SD"), beside_a_scale("R1"), beside_a_scale("r1_max")
    (True, True, False, False)
    """
    words = _words(name)
    return bool(words) and all(word in NOBODY or A_MODEL.fullmatch(word) for word in words)


def is_nobody(name: str) -> bool:
    """Whether a file, a sheet or somebody who answered is no person: nothing in the name is a person's.

    >>> [is_nobody(name) for name in ("consensus", "gold_labels_v2", "GPT-4o", "P01_final", "Max", "answers")]
    [True, True, True, False, False, False]
    """
    words = [word for word in _words(name) if word not in OF_FILES and not re.fullmatch(r"v?\d+\w?", word)]
    return bool(words) and all(word in NO_PERSON or A_MODEL.fullmatch(word) for word in words)


def at_once(table: Table, names: Sequence[str]) -> list[str]:
    """Who the raters of columns, files or sheets are; those called alike but for the time are one, which is said."""
    first = [_first_time(name) for name in names]
    twice = {name for name in first if first.count(name) > 1}
    if again := [name for n, name in enumerate(names) if first[n] in twice and first[n] in first[:n]]:
        table.guessed.append(f"{', '.join(again[:6])} are second answers")
    return [alike if alike in twice else name for name, alike in zip(names, first, strict=True)]


def _first_time(name: str) -> str:
    """A rater's name without what says that they answered a second time.

    >>> _first_time("R1_retest"), _first_time("R1 (round 2)"), _first_time("primary_R1"), _first_time("Rater 2")
    ('R1', 'R1', 'R1', 'Rater 2')
    """
    return AGAIN.sub("", name).strip(" _-.()") or name


def _words(name: str) -> list[str]:
    """The words of a name, in small letters.

    >>> _words("EmotionPosed"), _words("GPT-4o")
    (['emotion', 'posed'], ['gpt', '4o'])
    """
    return [word for word in re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold()) if word]
