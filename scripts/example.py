"""python scripts/example.py: make example/, what README's commands are tried on, and README's picture of it.

60 of the built-in test faces, one a person, as PNG files; what ten of the simulated raters answered to each; and the
probabilities of a network that learnt from other persons: the run in results/examples that ``RUN`` names.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from fer_exp.datasets.synthetic.corpus import PER_SUBJECT, Synthetic
from fer_exp.metrics.distribution import entropy, l1
from fer_exp.names import CLASSES
from fer_exp.report.figures import blank, style, two_sides, two_sides_legend, write_png
from fer_exp.runs import runs_in
from fer_exp.stats.shares import shares

TOP = Path(__file__).parents[1]
RUN = TOP / "results" / "examples" / "demo"
PLACE, PICTURE = TOP / "example", TOP / "docs" / "figures" / "faces.png"
FACES, SIZE, COLUMNS = 60, 96, 2
CLASS = list(CLASSES[:7])

Picture = NDArray[np.uint8]


def chosen(table: pd.DataFrame) -> pd.DataFrame:
    """One test face of each person, its first, its second and so on in turn, with a short name for its file."""
    persons = [rows for _, rows in table[table["split"] == "test"].groupby("subject", sort=True)]
    rows = [person.iloc[number % min(PER_SUBJECT, len(person))] for number, person in enumerate(persons)]
    faces = pd.DataFrame(rows[:FACES]).reset_index(drop=True)
    return faces.assign(file=[f"face{number + 1:02d}.png" for number in range(len(faces))])


def write_faces(faces: pd.DataFrame, corpus: Synthetic) -> list[Picture]:
    """Draw each face into example/faces; what was drawn."""
    folder = PLACE / "faces"
    folder.mkdir(parents=True, exist_ok=True)
    places = {name: number for number, name in enumerate(corpus.read().table["face"])}
    drawn = [corpus.picture(places[face], SIZE) for face in faces["face"]]
    for file, picture in zip(faces["file"], drawn, strict=True):
        small(Image.fromarray(picture), 64).save(folder / file, optimize=True)
    return drawn


def small(picture: Image.Image, colours: int) -> Image.Image:
    """A picture of few colours, which takes a third of the bytes."""
    return picture.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE, colors=colours)


def write_tables(faces: pd.DataFrame, corpus: Synthetic) -> None:
    """Write what the raters answered, an answer a row, and what the network answers, a face a row."""
    names = dict(zip(faces["face"], faces["file"], strict=True))
    answers = corpus.ratings()
    answers = answers[answers["task"].isin(names)]
    answers = answers.assign(task=answers["task"].map(names)).sort_values(["task", "worker"])
    answers.to_csv(PLACE / "answers.csv", index=False)
    given = faces[["file", *(f"p_{name}" for name in CLASS), "valence", "arousal"]].rename(columns={"file": "face"})
    given.round(3).to_csv(PLACE / "network.csv", index=False)


def picture(faces: pd.DataFrame, drawn: list[Picture]) -> Figure:
    """Some faces, from the one that people agree on most to one that divides them, each with another top answer."""
    votes = shares(faces[[f"votes_{name}" for name in CLASS]].to_numpy(np.int64))
    model = faces[[f"p_{name}" for name in CLASS]].to_numpy(np.float64)
    order = np.argsort(entropy(votes), kind="stable")
    figure = blank(4.6, 3.3)  # a phone shows it four inches wide
    panels = figure.subplots(2, 2 * COLUMNS, width_ratios=(1.3, 1) * COLUMNS).reshape(-1, 2)
    shown: dict[int, int] = {}  # the top answer -> the face
    for place in np.linspace(0, len(order) - 1, 2 * COLUMNS).astype(int):
        near = order[np.argsort(np.abs(np.arange(len(order)) - place), kind="stable")]
        at = next(face for face in near if votes[face].argmax() not in shown)
        shown[int(votes[at].argmax())] = int(at)
    for (face, bars), at in zip(panels, shown.values(), strict=True):
        face.imshow(drawn[at])
        face.set_axis_off()
        two_sides(bars, votes[at].tolist(), model[at].tolist(), CLASS)
        bars.set(xlim=(0, 1.02), xticks=(0, 0.5, 1))
        bars.set_title(f"L1 {l1(votes[[at]], model[[at]])[0]:.2f}")
    words = ["votes of ten simulated raters", "a network's probabilities"]
    figure.legend(two_sides_legend(), words, loc="outside lower center", ncols=2)
    return figure


def main() -> None:
    """Write all."""
    faces, corpus = chosen(runs_in(RUN)[0].predictions), Synthetic(3000, tuple(CLASS), 0)
    drawn = write_faces(faces, corpus)
    write_tables(faces, corpus)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    with style():
        write_png(picture(faces, drawn), stream, dpi=160)
    Image.open(stream).convert("RGB").save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
