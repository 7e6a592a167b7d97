"""Make fer_exp/cli/guide/measured.json of results/: what the guide's estimates of time and of faces are computed from.

Then studies are simulated: faces of the committed runs are drawn anew, with a difference of known size between the two
configs, and tested as ``fer-exp compare`` does. Printed is how often a difference is found that ``stats.power`` says
is found in 8 of 10 studies, and how often one is found where there is none.

    python scripts/guide_numbers.py [--simulations 1000]
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from fer_exp.cli.guide.estimates import MEASURED
from fer_exp.judging.applicable import arrays
from fer_exp.judging.predictions import class_names
from fer_exp.metrics.distribution import l1
from fer_exp.runs import Run, runs_in
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.crossed import Runs, spread
from fer_exp.stats.power import Sizes, detectable

RESULTS = Path(__file__).parents[1] / "results"
STUDY = "cafe-soft-ferplus-small"
ONE_HOT, SOFT = ("onehot", 0.0), ("soft", 0.0)
SPEEDS = {"cpu": ("examples", "*/*/run.json"), "gpu": ("pretraining-gain", "runs/*/run.json")}
"""Device -> folder of results and its runs, which had the machine to themselves."""


def distances() -> dict[tuple[str, float], FloatArray]:
    """L1 to the votes of each config's runs, (S, N), the same test faces in the same order."""
    found: dict[tuple[str, float], list[FloatArray]] = {}
    for run in runs_in(RESULTS / STUDY / "runs"):
        labels = run.facts["config"]["labels"]
        found.setdefault((labels["kind"], labels["smoothing"]), []).append(_distance(run))
    return {config: np.array(runs) for config, runs in found.items()}


def _distance(run: Run) -> FloatArray:
    table = run.predictions
    judged = arrays(table[table["split"] == "test"].sort_values("face"), class_names(table))
    return l1(judged.people(judged.voted), judged.model[judged.voted])


def sizes(configs: dict[tuple[str, float], FloatArray]) -> Sizes:
    """Components of variance of one-hot less soft, by the method of moments; runs and answers pooled over configs.

    Means of runs vary less than the faces alone let expect, so nothing shows that runs differ. They are taken to vary
    as their means do, faces and all, which is more than is seen: no estimate of a few runs proves a 0.
    """
    answers = runs = 0.0
    of_answers = of_runs = 0
    for values in configs.values():
        count, faces = values.shape
        means = values.mean(axis=1)
        rest = values - values.mean(axis=0) - means[:, None] + values.mean()
        answers, of_answers = answers + float((rest**2).sum()), of_answers + (count - 1) * (faces - 1)
        runs, of_runs = runs + float(((means - means.mean()) ** 2).sum()), of_runs + count - 1
    answers, runs = answers / of_answers, runs / of_runs
    one, other = configs[ONE_HOT], configs[SOFT]
    seen = float((one.mean(axis=0) - other.mean(axis=0)).var(ddof=1))
    return Sizes(float(np.sqrt(seen - answers * (1 / len(one) + 1 / len(other)))), answers**0.5, runs**0.5)


def speeds() -> dict[str, Any]:
    """Of each device: images that a training takes in a second, validation included, and what comes besides."""
    found = {}
    for device, (folder, runs) in SPEEDS.items():
        facts = [json.loads(path.read_bytes()) for path in sorted((RESULTS / folder).glob(runs))]
        trained = [one["faces"]["train"] * one["config"]["trainer"]["epochs"] / one["epochs_seconds"] for one in facts]
        besides = [one["seconds"] - one["epochs_seconds"] for one in facts]
        found[device] = {
            "device": facts[0]["device"],
            "images_per_second": round(float(np.median(trained)), 1),
            "seconds_besides": round(float(np.median(besides)), 1),
            "pixels": facts[0]["config"]["dataset"]["size"],
            "runs": len(facts),
            "source": f"results/{folder}",
        }
    found["cpu"]["cores"] = int(re.findall(r"(\d+) threads", str(found["cpu"]["device"]))[0])
    return found


def measured() -> dict[str, Any]:
    """What measured.json holds."""
    configs = distances()
    rounded = {name: round(value, 5) for name, value in sizes(configs)._asdict().items()}
    seen = configs[ONE_HOT].mean() - configs[SOFT].mean()
    told = {
        "of": "L1 to the votes, one-hot less soft",
        "seen": round(float(seen), 4),
        "test_faces": configs[SOFT].shape[1],
    }
    return {"l1": {**told, **rounded, "source": f"results/{STUDY}"}, "speed": speeds()}


def found(
    configs: dict[tuple[str, float], FloatArray],
    shares: Sizes,
    faces: int,
    runs: int,
    true: float,
    draws: int,
    seed: int,
) -> float:
    """Share of simulated studies that find a difference.

    Faces are drawn with what each config's runs did on them, so that their long tails stay. What single runs did
    around their mean is drawn apart, from all runs.
    """
    generator = np.random.default_rng(seed)
    one, other = configs[ONE_HOT], configs[SOFT]
    of_face = one.mean(axis=0) - other.mean(axis=0)
    of_face = (of_face - of_face.mean()) * shares.faces / of_face.std(ddof=1)
    rest = np.concatenate([values - values.mean(axis=0) for values in (one, other)])
    rest = (rest - rest.mean(axis=1, keepdims=True)) * shares.answers / rest.std()
    hits = 0
    for _ in range(draws):
        chosen = generator.integers(len(of_face), size=faces)
        values = rest[generator.integers(len(rest), size=(2, runs, faces)), chosen]
        values += shares.runs * generator.standard_normal((2, runs, 1))
        values[0] += of_face[chosen] + true
        weights = generator.multinomial(faces, np.full(faces, 1 / faces), size=200) / faces
        sides = [
            (sign, Runs(side.mean(axis=1), side @ weights.T)) for sign, side in zip((1.0, -1.0), values, strict=True)
        ]
        low, high = spread(sides, faces).interval()
        hits += low is not None and high is not None and not low <= 0 <= high
    return hits / draws


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file, print the simulations."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=1000, help="of each row; 0 for none")
    asked = parser.parse_args(arguments)
    content = measured()
    MEASURED.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(MEASURED)
    if not asked.simulations:
        return
    configs = distances()
    shares = sizes(configs)
    print("faces  runs  difference  found  found where there is none")
    for faces, runs in product((60, 300, 1000), (1, 2, 3, 5)):
        true = detectable(shares, faces, runs)
        hits = [
            found(configs, shares, faces, runs, value, asked.simulations, seed=faces + runs) for value in (true, 0.0)
        ]
        print(f"{faces:5}  {runs:4}  {true:10.3f}  {hits[0]:5.3f}  {hits[1]:.3f}")


if __name__ == "__main__":
    main()
