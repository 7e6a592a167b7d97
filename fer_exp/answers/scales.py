"""Numeric scales on which people rate faces: by what names they are known, and from what to what they run."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fer_exp.answers import Scale
from fer_exp.bounds import no_ratings
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.names import expression, expressions, normal
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.tables import Table

Ends = tuple[float, float] | None

UNIT = {"valence": (-1.0, 1.0), "arousal": (-1.0, 1.0)}
"""What scales that a model answers on, too, are mapped to; others stay in their own units."""
KNOWN = {
    "valence": r"valen[cz](?:e|ia|a)?|(?<![a-z])val(?![a-z])",
    "arousal": r"arousal|(?<![a-z])aro(?![a-z])|erregung",
    "dominance": r"dominan(?:ce|t|z)|(?<![a-z])dom(?![a-z])",
    "intensity": r"intens(?:ity|idad|ité|ità|ität|itaet|idade|iteit|e)",
    "genuineness": r"genuine(?:ness)?|authentic(?:ity)?|authentizität|echtheit|sincerity",
    "naturalness": r"natural(?:ness)?",
    "believability": r"believab(?:le|ility)",
    "clarity": r"clarity",
    "confidence": r"confiden(?:ce|t)|certainty",
    "attractiveness": r"attractive(?:ness)?|attraktivität",
    "trustworthiness": r"trustworth(?:y|iness)|vertrauenswürdigkeit",
    "competence": r"competen(?:ce|t)",
    "threat": r"threat(?:ening)?",
    "familiarity": r"familiar(?:ity)?",
    "likeability": r"like?ab(?:le|ility)",
    "pleasantness": r"pleasant(?:ness)?",
}
"""Scales by the words for them, within names of columns and within questions."""
AROUND = r"rating|rated|score|level|slider|perceived|judge?ment|scale|response|value|percent"
"""Words of a column's name that say no more than that it holds ratings."""
PLAIN = ("rating", "score", "slider", "sliderresponse", "value")
"""Columns that hold the ratings of the one scale there is, by ``normal``."""
IN_NAME = re.compile(r"[\s_.]*[(\[]\s*(-?\d+)\s*(?:-|–|to|\.\.)\s*(-?\d+)\s*[)\]]\s*")
"""A range that stands in a column's name: intensity (1-7)."""
USUAL = ((0, 1), (-1, 1), (1, 5), (1, 7), (0, 4), (0, 6), (-2, 2), (-3, 3), (1, 9), (0, 10), (-4, 4), (-5, 5), (0, 100),
         (-10, 10), (-50, 50), (-100, 100))  # fmt: skip
"""Ranges that scales usually have, the narrowest first."""
MARKS = (-9, -77, -88, -99, -999, -9999, 77, 88, 98, 99, 999, 9999)
"""What tools and people write for a missing answer; no rating where it lies outside the range of the others."""


class Scales(NamedTuple):
    """Which numbers of a table are ratings: scales that are ``named``, perhaps with their ends, and the ``known``.

    With ``emotions`` also numbers below names of expressions.
    """

    named: Mapping[str, Ends]
    known: Collection[str]
    emotions: bool

    def within(self, text: str) -> str | None:
        """The scale that a column's name or a question speaks of.

        >>> every({}).within("How genuine is this smile?"), AFFECT.within("face01_valence_1"), AFFECT.within("warmth")
        ('genuineness', 'valence', None)
        """
        names = dict.fromkeys([*self.named, *self.known])
        return next((name for name in names if re.search(self.pattern(name), text, re.IGNORECASE)), None)

    def pattern(self, name: str) -> str:
        """How a scale is told within a text: a named one as its words, in any case and with any signs between."""
        if normal(name) in KNOWN:
            return KNOWN[normal(name)]
        words = r"[\s_.-]*".join(re.escape(word) for word in re.split(r"[\s_.-]+", name) if word)
        return rf"(?<![^\W\d_]){words}(?![^\W\d_])"

    def emotion(self, column: str) -> str | None:
        """The expression whose intensity a column may hold, by the last word of its name.

        >>> every({}).emotion("response.happy"), every({}).emotion("anger_intensity"), AFFECT.emotion("happy")
        ('happiness', 'anger', None)
        """
        words = [word for word in re.split(r"[\s_.:-]+", column) if word and not re.fullmatch(r"\d+", word)]
        while len(words) > 1 and re.fullmatch(rf"{AROUND}|{KNOWN['intensity']}", words[-1], re.IGNORECASE):
            words.pop()
        return expression(words[-1]) if self.emotions and words and len(words[-1]) > 2 else None

    def called(self, column: str) -> str | None:
        """The scale that a column is called by, with or without words such as rating before or behind it.

        >>> every({}).called("Perceived_Intensity (1-7)"), every({}).called("original_valence"), AFFECT.called("val")
        ('intensity', None, 'valence')
        """
        name = IN_NAME.sub("", column).strip()
        if exact := next((own for own in self.named if normal(own) == normal(name)), None):
            return exact
        for scale in self.known:
            around = rf"(?:(?:{AROUND})[\s_.-]*)*(?:{KNOWN[scale]})(?:[\s_.-]*(?:{AROUND}))*"
            if re.fullmatch(around, name, re.IGNORECASE):
                return scale
        return None


AFFECT = Scales({}, tuple(UNIT), False)
"""Valence and arousal, which models answer too; what is attached to faces holds no others."""


def every(named: Mapping[str, Ends]) -> Scales:
    """All scales that are known or named, and intensities of expressions."""
    return Scales(named, tuple(KNOWN), True)


def columns_of(table: Table, scales: Scales, taken: Collection[int] = ()) -> dict[str, int]:
    """Scale -> its column in a table with an answer a row; the first that is called so, an exact name before others.

    Args:
        table: which was read.
        scales: that count.
        taken: numbers of columns that are something else.

    Raises:
        RequestError: a named scale has no column; says what there is.
    """
    found: dict[str, int] = {}
    free = [n for n in range(len(table.names)) if n not in taken and table.names[n]]
    for n in sorted(free, key=lambda n: scales.called(table.names[n]) != table.names[n].lower()):
        name = scales.called(table.names[n])
        if name in {*scales.named, *UNIT} or (name is not None and table.different_numbers(n)):
            found.setdefault(str(name), n)
    if scales.emotions:
        rest = [n for n in free if n not in found.values()]
        numeric = {n: name for n in rest if (name := scales.emotion(table.names[n])) and table.different_numbers(n)}
        if max(map(table.different_numbers, numeric), default=0) < 3:  # boxes that were ticked
            numeric = {}
        if len(set(numeric.values())) > 1 or expressions([table.names[n] for n in rest]):
            for n, name in numeric.items():
                found.setdefault(name, n)
    missing = [name for name in scales.named if name not in found]
    plain = [n for n in free if normal(table.names[n]) in PLAIN and n not in found.values()]
    if len(missing) == 1 and (only := table.find("label", beside=found.values())) is not None:
        plain += [only] if table.different_numbers(only) else []
    if plain and (len(missing) == 1 or (scales.emotions and not found and not missing)):
        found[missing.pop() if missing else normal(table.names[plain[0]])] = plain[0]
    if missing:
        hint = did_you_mean(missing[0], table.names, 0.5)
        there = ", ".join(table.names[:12])
        raise RequestError(
            f"{table.where} has no column {missing[0]}, which scales asks for; {hint}There are: {there}."
        )
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def read_scale(table: Table, name: str, column: int, ends: Ends, counted: dict[str, int]) -> tuple[FloatArray, Scale]:
    """The ratings of a column, nan where missing, and from what to what the scale runs.

    Args:
        table: which was read; what was guessed is added to what it says.
        name: of the scale.
        column: of the table.
        ends: lowest and highest rating; None reads them off the column's name or guesses them by its numbers.
        counted: receives how many cells were mapped, or are AffectNet's mark for missing.

    Raises:
        RequestError: a rating outside the range, with its row.
    """
    values, unit, called = table.numbers(column), UNIT.get(name), table.names[column]
    way_out = f"name the scale that was used, e.g. {f'{table.group}scale=[1,9]' if unit else f'scales=[{name}:1..9]'}"
    inside = IN_NAME.search(called)
    if inside and int(inside[1]) > int(inside[2]):
        high, low = int(inside[1]), int(inside[2])
        raise RequestError(
            f"{table.where}: {called} runs downwards, so nobody knows which end is the low one; write {low + high} "
            f"less each rating where {high} is the low end, and call it {name} ({low}-{high})."
        )
    if inside and ends in (None, unit):
        scale = Scale(float(inside[1]), float(inside[2]), "header")
    elif ends is None:
        scale = _guessed(table, name, column, values)
    else:
        scale = Scale(*ends, "given")
    if unit and scale.low > -2 and (marked := values == -2).any():
        values[marked] = np.nan
        counted[f"cells of {called} are -2, AffectNet's mark for missing"] = int(marked.sum())
    outside = no_ratings(values, scale.low, scale.high)
    if ends not in (None, unit) and np.isin(values[outside], MARKS).all():
        way_out = "this looks like a mark for a missing one, so leave such cells empty"
    words = f"ratings run from {scale.low:g} to {scale.high:g} and a missing one is an empty cell; {way_out}"
    table.refuse(outside, column, words)
    if unit and (scale.low, scale.high) != unit:
        cells = f"cells of {called} are mapped from {scale.low:g}..{scale.high:g} to -1..1"
        counted[cells] = int((~np.isnan(values)).sum())
        values = (values - scale.low) / (scale.high - scale.low) * 2 - 1
    if not unit:
        source = {"given": "as scales= says", "header": "as its name says",
                  "guessed": f"guessed, scales=[{name}:{scale.low:g}..{scale.high:g}] says it"}[scale.how]  # fmt: skip
        of = name if called == name else f"{name} is {called}, and"
        table.guessed.append(f"{of} runs from {scale.low:g} to {scale.high:g} ({source})")
    return values, scale


def sides_of(table: Table, scale: Sequence[float], counted: dict[str, int]) -> dict[str, FloatArray]:
    """Valence and arousal of a table with a row a face, where there are such columns, mapped to -1..1, nan if missing.

    Args:
        table: which was read.
        scale: lowest and highest rating, where a column's name does not say it.
        counted: as of ``read_scale``.

    Raises:
        RequestError: as ``read_scale``.
    """
    ends, columns = (float(scale[0]), float(scale[1])), columns_of(table, AFFECT)
    return {side: read_scale(table, side, column, ends, counted)[0] for side, column in columns.items()}


def _guessed(table: Table, name: str, column: int, values: FloatArray) -> Scale:
    """The narrowest usual range that holds all ratings, else the one they have; marks for missing are refused."""
    there = values[~np.isnan(values)]
    real = there[~np.isin(there, MARKS)]
    low, high = _narrowest(real if len(real) else there)
    odd = np.isin(values, MARKS) & no_ratings(values, low, high)
    words = (
        f"the other ratings run from {low:g} to {high:g}, so it looks like a mark for a missing one: leave its cells "
        f"empty, or name the scale with scales=[{name}:LOWEST..HIGHEST]"
    )
    table.refuse(odd, column, words)
    return Scale(*_narrowest(there), "guessed")


def _narrowest(values: FloatArray) -> tuple[float, float]:
    """The narrowest usual range that holds some ratings, else from their lowest to their highest.

    >>> _narrowest(np.array([2.0, 7.0])), _narrowest(np.array([2.0, 250.0]))
    ((1.0, 7.0), (2.0, 250.0))
    """
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    fitting = [ends for ends in USUAL if ends[0] <= low and high <= ends[1]]
    whole = bool((values == np.floor(values)).all())
    fitting = [ends for ends in fitting if ends not in ((0, 1), (-1, 1)) or not whole or high - low <= 1] or fitting
    best = min(fitting, key=lambda ends: ends[1] - ends[0], default=(low, high))
    return (float(best[0]), float(best[1])) if best[0] < best[1] else (low, low + 1)
