"""How every figure looks.

Functions import matplotlib where they need it: who reads numbers does not wait for what draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from fer_exp.names import spelt
from fer_exp.stats.seeds import OverSeeds
from fer_exp.system import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

COLOURS = {
    "neutral": "#7f7f7f",
    "happiness": "#E69F00",
    "sadness": "#0072B2",
    "surprise": "#56B4E9",
    "fear": "#332288",
    "disgust": "#009E73",
    "anger": "#D55E00",
    "contempt": "#CC79A7",
}
"""A colour a class: Okabe and Ito's palette, told apart by colour-blind readers, with Tol's indigo for its black."""

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288", "#7f7f7f")
"""Colours of methods, runs and metrics, in the order in which they are drawn."""

MARKS = ("o", "s", "^", "D", "v", "P", "X", "d")
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1, 1.5)))
"""Marks and dashes of the same series: they tell them apart where a figure is printed in grey."""

COLUMN = 3.5
"""Inches of a journal's column, in which figures of results/ are drawn: their letters are printed as large as set."""
REFERENCES: dict[str, dict[str, Any]] = {
    "people": {"color": "black", "linestyle": (0, (6, 2)), "linewidth": 1.1},
    "constant": {"color": "#666666", "linestyle": (0, (1, 1.5)), "linewidth": 1.3},
}
"""How lines look that a network is held against: people, and one answer for every face."""

STYLE: dict[Any, Any] = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "axes.titlesize": "medium",
    "font.size": 8,
    "legend.frameon": False,
    "savefig.dpi": 200,
    "text.parse_math": False,  # dollars in a name are no formula
    "svg.fonttype": "none",  # letters stay letters: they can be searched, and edited for a paper
    "svg.hashsalt": "fer-exp",  # with no date in the metadata, the same figure is the same bytes
}


def colour_of(name: str, number: int) -> str:
    """The colour of a class, however it is spelt; of one that is none of ours, the next of the series.

    >>> colour_of("Happy", 0) == colour_of("happiness", 5) == COLOURS["happiness"], colour_of("pain", 1) == SERIES[1]
    (True, True)
    """
    return COLOURS.get(spelt(name), SERIES[number % len(SERIES)])


@contextmanager
def style() -> Iterator[None]:
    """The project's look, inside the ``with`` alone."""
    import matplotlib as mpl
    from cycler import cycler

    with mpl.rc_context({**STYLE, "axes.prop_cycle": cycler(color=list(SERIES))}):
        yield


def blank(width: float, height: float) -> Figure:
    """An empty figure of so many inches, which opens no window."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def legible(figure: Figure) -> Figure:
    """A figure before it is saved, with the control characters of its texts spelt out: in an SVG they are no XML."""
    from matplotlib.text import Text
    from matplotlib.ticker import FuncFormatter

    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(axis.get_major_formatter(), FuncFormatter):  # names for ticks; it would write them anew
            names = [label.get_text() for label in axis.get_ticklabels()]
            if (shown := [visible(name) for name in names]) != names:
                axis.set_ticklabels(shown)
    for text in figure.findobj(lambda part: isinstance(part, Text)):
        text.set(text=visible(text.get_text()))  # type: ignore[attr-defined]
    return figure


def write_svg(figure: Figure, to: Path | IO[Any]) -> None:
    """Write a figure as SVG. Like ``savefig``, which draws every figure twice."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    legible(figure).set_dpi(mpl.rcParams["savefig.dpi"])  # of its pictures; lines have none
    FigureCanvasSVG(figure).print_svg(to, metadata={"Date": None})  # type: ignore[no-untyped-call]


def write_png(figure: Figure, to: Path | IO[Any], dpi: float | None = None) -> None:
    """Write a figure as PNG, likewise; dots per inch are those of ``STYLE`` unless told."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    legible(figure).set_dpi(dpi or mpl.rcParams["savefig.dpi"])
    FigureCanvasAgg(figure).print_png(to)  # type: ignore[no-untyped-call]


def counts(axis: Axis) -> None:
    """Ticks of a logarithmic axis as plain numbers; matplotlib's powers of ten are formulas, which we do not write."""
    from matplotlib.ticker import LogFormatter

    axis.set_major_formatter("{x:.10g}")
    axis.set_minor_formatter(LogFormatter())


def look(number: int) -> dict[str, Any]:
    """Colour, mark and dashes of the series of a number, for ``plot``.

    >>> look(1)["color"] == SERIES[1], look(0)["linestyle"], look(1)["marker"]
    (True, '-', 's')
    """
    return {
        "color": SERIES[number % len(SERIES)],
        "marker": MARKS[number % len(MARKS)],
        "linestyle": DASHES[number % len(DASHES)],
    }


def curve(axes: Axes, points: Mapping[float, OverSeeds], number: int, words: str) -> None:
    """Draw means over seeds as a line, and their intervals as a band where there is more than one seed.

    Args:
        axes: where to.
        points: place on the x axis -> mean over seeds.
        number: of the series, which says how it looks.
        words: for the legend.
    """
    means = [point.mean for point in points.values()]
    every = max(1, len(points) // 10)  # more marks than that hide the line
    axes.plot(list(points), means, **look(number), markersize=3, markevery=every, linewidth=1.1, label=words)
    known = [(at, one.low, one.high) for at, one in points.items() if one.low is not None and one.high is not None]
    at, low, high = ([row[side] for row in known] for side in range(3))
    axes.fill_between(at, low, high, color=SERIES[number % len(SERIES)], alpha=0.15, linewidth=0)


def two_sides(axes: Axes, people: Sequence[float], model: Sequence[float], classes: Sequence[str]) -> None:
    """Draw a pair of bars a class: filled what people say, hatched what a model says; told apart without colour, too.

    Args:
        axes: where to.
        people: a share a class.
        model: likewise.
        classes: their names.
    """
    for k, (name, votes, probability) in enumerate(zip(classes, people, model, strict=True)):
        shade = colour_of(name, k)
        axes.barh(k - 0.2, votes, 0.38, color=shade)
        axes.barh(k + 0.2, probability, 0.38, color="white", edgecolor=shade, hatch="////", linewidth=1)
    axes.set_yticks(range(len(classes)), classes)
    axes.invert_yaxis()


def two_sides_legend() -> list[Patch]:
    """The marks of ``two_sides`` for a legend, people's first."""
    from matplotlib.patches import Patch

    return [Patch(facecolor="#555555"), Patch(facecolor="white", edgecolor="#555555", hatch="////")]
