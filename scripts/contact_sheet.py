"""Draw the built-in faces on one sheet: a row per emotion at full intensity, without light, blur or cover.

python scripts/contact_sheet.py sheet.png --size 96 --raw   (--raw: faces as the corpus holds them, faint ones too)
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from fer_exp.datasets.synthetic.corpus import Synthetic
from fer_exp.datasets.synthetic.drawing import draw_face
from fer_exp.datasets.synthetic.expressions import PROTOTYPES, combine
from fer_exp.datasets.synthetic.people import View, draw_person
from fer_exp.names import CLASSES


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--raw", action="store_true")
    given = parser.parse_args()
    rows = []
    corpus = Synthetic(3000, CLASSES, given.seed)
    table = corpus.read().table
    for name in CLASSES:
        if given.raw:
            posed = np.flatnonzero(table["label"] == name)[: given.columns].tolist()
            rows.append(np.hstack([corpus.picture(i, given.size) for i in posed]))
            continue
        faces = []
        for column in range(given.columns):
            person = draw_person(np.random.default_rng([given.seed, column]))
            variant = PROTOTYPES[name][column % len(PROTOTYPES[name])]
            actions = combine({name: 1.0}, {name: variant})
            faces.append(draw_face(person, View(), actions, 1, given.size, (0,)))
        rows.append(np.hstack(faces))
    Image.fromarray(np.vstack(rows)).save(given.path)


if __name__ == "__main__":
    main()
