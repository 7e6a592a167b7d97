"""An exported network where there is no fer-exp: does it answer as its run did?

usage: python scripts/export_elsewhere.py RUN

Exports RUN as ONNX, makes an environment with onnxruntime, numpy and pillow alone, and has a program there read the
run's first ten test faces as PNG files and ask the file, with nothing of this package. Printed: what that environment
holds, each face's answer and its probability beside the run's (predictions.parquet), and the largest difference over
all classes. Ends with 1 where that is above 1e-5. Everything lies in a temporary folder, which goes again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import pandas as pd
from PIL import Image

from fer_exp.commands.export import export
from fer_exp.config import ExportConfig
from fer_exp.export import FORMATS
from fer_exp.runs import Run

FACES = 10
CLOSE = 1e-5
PACKAGES = ("onnxruntime", "numpy", "pillow")
THERE = """
import json, sys
from importlib.metadata import distributions
from importlib.util import find_spec

import numpy as np
import onnxruntime
from PIL import Image

print("there:", ", ".join(sorted(f"{each.name} {each.version}" for each in distributions())))
print("fer_exp:", find_spec("fer_exp"), " torch:", find_spec("torch"))
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
told = session.get_modelmeta().custom_metadata_map
size, channels, classes = (json.loads(told[name]) for name in ("size", "channels", "classes"))
pictures = [Image.open(name).convert("L" if channels == 1 else "RGB") for name in sys.argv[1:]]
faces = np.stack([np.asarray(picture).reshape(size, size, channels) for picture in pictures])
print(json.dumps([dict(zip(classes, row)) for row in session.run(["probabilities"], {"faces": faces})[0].tolist()]))
"""


def answered(folder: Path, files: list[str]) -> pd.DataFrame:
    """What the file in a folder answers in an environment of its own, a row a face; prints what is there."""
    venv.create(folder / "venv", with_pip=True)
    python = str(next(folder.glob("venv/[bS]*/python*")))
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    (folder / "there.py").write_text(THERE, encoding="utf-8")
    # -I: neither this folder nor PYTHONPATH leads anywhere
    ask = [python, "-I", str(folder / "there.py"), *files]
    said = subprocess.run(ask, cwd=folder / "out", capture_output=True, text=True, check=True).stdout.splitlines()
    print(*said[:-1], sep="\n")
    return pd.DataFrame(json.loads(said[-1]))


def main(run: Run) -> int:
    """Export, ask elsewhere, compare; returns the exit code."""
    if run.store is None:
        print(f"{run.folder} has not finished, or its prepared faces are gone", file=sys.stderr)
        return 2
    asked = run.predictions[run.predictions["split"] == "test"].head(FACES)
    rows = pd.Index(run.store.faces["face"]).get_indexer(pd.Index(asked["face"]))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        export(ExportConfig(run=str(run.folder), format="onnx", output=str(folder / "out")))
        for number, row in enumerate(rows):
            Image.fromarray(run.store.pixels[row].squeeze()).save(folder / "out" / f"{number}.png")
        there = answered(folder, [f"{number}.png" for number in range(len(rows))])
    here = asked[[f"p_{name}" for name in there]].reset_index(drop=True).set_axis(list(there), axis=1)
    print("\nface          run                  elsewhere")
    for face, ours, theirs in zip(asked["face"], here.to_numpy(), there.to_numpy(), strict=True):
        answers = "  ".join(f"{there.columns[int(row.argmax())]:10} {row.max():.6f} " for row in (ours, theirs))
        print(f"{face:12}  {answers}")
    far = float((here - there).abs().to_numpy().max())
    print(f"largest difference over {here.size} probabilities: {far:.1g} ({FORMATS['onnx'].file})")
    return int(far > CLOSE)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Run(Path(sys.argv[1]))))
