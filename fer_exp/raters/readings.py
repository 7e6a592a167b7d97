"""Words of guidelines for a value, and for its whole interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fer_exp.stats.shares import percent

SCALES: dict[str, tuple[str, tuple[tuple[float, str], ...]]] = {
    "kappa": (
        "Landis and Koch 1977",
        (
            (0.0, "poor"),
            (0.2, "slight"),
            (0.4, "fair"),
            (0.6, "moderate"),
            (0.8, "substantial"),
            (1.0, "almost perfect"),
        ),
    ),
    "alpha": (
        "Krippendorff 2019",
        ((0.667, "not reliable"), (0.8, "tentative conclusions only"), (1.0, "reliable")),
    ),
    "icc": (
        "Koo and Li 2016",
        ((0.5, "poor"), (0.75, "moderate"), (0.9, "good"), (1.0, "excellent")),
    ),
}
"""Family -> source, and the upper end of each word's range. To Landis and Koch the upper end belongs to the range (0.60
is moderate); to the others it belongs to the next (0.667 allows tentative conclusions, 0.75 is good).

Sources:
    Landis and Koch 1977, The measurement of observer agreement for categorical data. Biometrics 33, 159-174.
    Krippendorff 2019, Content Analysis, 4th edition, chapter 12.
    Koo and Li 2016, A guideline of selecting and reporting intraclass correlation coefficients. Journal of
    Chiropractic Medicine 15, 155-163; they ask that the interval be read, not the value.
"""

PARTED = 0.2
"""A difference of AC1 to kappa that is worth a word."""


def family(measure: str) -> str | None:
    """The key of ``SCALES`` for the name of a measure; None where no guideline speaks of it.

    Gwet's coefficients have the words of kappa (Gwet 2014, chapter 6).

    >>> family("fleiss_kappa"), family("icc_2_1"), family("vote_entropy"), family("gwet_ac1")
    ('kappa', 'icc', None, 'kappa')
    """
    return next((name for name in SCALES if name in measure.replace("gwet_ac", "kappa")), None)


def word(value: float, kind: str) -> str:
    """A guideline's word for a value; ``kind`` is a key of ``SCALES``.

    >>> word(0.6, "kappa"), word(0.667, "alpha"), word(0.75, "icc")
    ('moderate', 'tentative conclusions only', 'good')
    """
    ends = SCALES[kind][1]
    for end, name in ends[:-1]:
        if value < end or (kind == "kappa" and value <= end and (end > 0 or value < 0)):
            return name
    return ends[-1][1]


def reading(low: float, high: float, kind: str) -> str:
    """The words for an interval: one if both ends share it, else ``WORD to WORD``; ``kind`` is a key of ``SCALES``.

    >>> reading(0.55, 0.8, "icc"), reading(0.45, 0.55, "kappa")
    ('moderate to good', 'moderate')
    """
    ends = word(low, kind), word(high, kind)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def headline(result: Mapping[str, Any]) -> tuple[Any, Any]:
    """The interval that is read: over faces and raters where raters are known, else over faces."""
    kind = "_raters" if result.get("low_raters") is not None else ""
    return result.get(f"low{kind}"), result.get(f"high{kind}")


def paradox(results: Mapping[str, Mapping[str, Any]], shares: Mapping[str, float]) -> list[str]:
    """A sentence where Gwet's AC1 and Fleiss' kappa part, by their intervals and by ``PARTED``; none elsewhere.

    ``shares`` are those of the classes in all answers.

    Source: Feinstein and Cicchetti 1990, Journal of Clinical Epidemiology 43, 543-549.
    """
    kappa, ac1 = results["fleiss_kappa"], results["gwet_ac1"]
    if kappa["low"] is None or ac1["low"] <= kappa["high"] or ac1["value"] - kappa["value"] < PARTED:
        return []
    most = max(shares, key=lambda name: shares[name])
    agreed = results["percent_agreement"]["value"]
    return [
        f"{percent(agreed)} of the pairs of answers are the same, but kappa is {kappa['value']:.2f} and AC1 "
        f"{ac1['value']:.2f}: {percent(shares[most])} of the answers are {most}, so most agreement could be chance; "
        "kappa subtracts that, AC1 only little of it (the kappa paradox, Feinstein and Cicchetti 1990); report both, "
        "and the agreement per class"
    ]
