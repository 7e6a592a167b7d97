"""Coverage of the band of `crowd plan`, and of shares of variance: tables of scripts/coverage.py."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import linprog

from fer_exp.answers import Answers
from fer_exp.raters import band as bands, planning
from fer_exp.raters.dependability import PARTS, of_answers
from fer_exp.stats.bootstrap import FloatArray

CLASSES = 7
OVER = ("", "_raters")
SIZES = np.array([1, 5, 20, 50])
Generator = np.random.Generator
World = Callable[[Generator, int], FloatArray]


def smooth(generator: Generator, faces: int) -> FloatArray:
    """Half of the faces are clear, half ambiguous."""
    clear = 0.15 + 6 * np.eye(CLASSES)[generator.integers(0, CLASSES, faces)]
    drawn = generator.standard_gamma(np.where(generator.random((faces, 1)) < 0.5, clear, 0.35)) + 1e-300
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def kinds(generator: Generator, faces: int) -> FloatArray:
    """Four kinds of faces and nothing between: what a mixture of Dirichlet distributions cannot be."""
    shares = np.zeros((4, CLASSES))
    shares[0, 0], shares[1, 1:3], shares[2, :2], shares[3, :3] = 1, 0.5, (0.9, 0.1), (0.6, 0.3, 0.1)
    return shares[generator.integers(0, 4, faces)]


def extreme(votes: int, sign: float) -> World:
    """Of two classes: as far from the population at 50 raters as the moments of a smooth world allow."""
    grid = (1 - np.cos(np.pi * np.arange(201) / 200)) / 2
    moments = bands._binomial(votes, grid)
    smooth_shares = np.random.default_rng(0).beta(0.5, 0.5, 100_000)
    moment = bands._binomial(votes, smooth_shares).mean(axis=0)
    moment = (moment + moment[::-1]) / 2  # both classes alike
    ends = np.concatenate([moment + 1e-6, 1e-6 - moment])
    values = bands.l1_of_class(50, grid)
    found = linprog(-sign * values, np.vstack([moments.T, -moments.T]), ends, method="highs-ds")
    solved = np.asarray(found.x, np.float64)
    chance = solved / solved.sum()
    chance = (chance + chance[::-1]) / 2

    def world(generator: Generator, faces: int) -> FloatArray:
        first = generator.choice(grid, faces, p=chance)
        return np.stack([first, 1 - first], axis=1)

    return world


def curves(classes: int) -> dict[str, bands.Curve]:
    """The curves that a plan has bands of."""
    return {"l1": bands.l1_of_class, "kl": lambda k, share: bands.kl_of_class(k, share, classes)}


def truth(world: World) -> dict[str, FloatArray]:
    """What panels give on average over all faces of a world."""
    faces, times = np.unique(world(np.random.default_rng(99), 20_000).round(6), axis=0, return_counts=True)
    found = {}
    for name, curve in curves(faces.shape[1]).items():
        found[name] = np.array(
            [times @ sum(curve(int(k), faces[:, c]) for c in range(faces.shape[1])) / times.sum() for k in SIZES]
        )
    return found


def band(repeats: int) -> None:
    """How often the band holds the truth, the mean over panel sizes and the worst of them, and its width."""
    repeats = min(repeats, 60)
    print("| faces are | pilot | L1 held | worst | L1 width at 50 | KL held | worst | KL width at 50 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    worlds = {"smooth": smooth, "of four kinds": kinds, "extreme, high": None, "extreme, low": None}
    for name, world in worlds.items():
        for pilot in ([(1000, 10)], [(200, 10)], [(1000, 5)], [(600, 5), (40, 50)]):
            drawn = world or extreme(pilot[0][1], 1.0 if name.endswith("high") else -1.0)
            true = truth(drawn)
            held = {metric: np.zeros(len(SIZES)) for metric in true}
            width = dict.fromkeys(true, 0.0)
            generator = np.random.default_rng([len(name), pilot[0][0], pilot[0][1]])
            for seed in range(repeats):
                votes = [generator.multinomial(raters, drawn(generator, faces)) for faces, raters in pilot]
                counts = np.vstack(votes).astype(np.float64)
                for metric, (low, high) in bands.band(counts, curves(counts.shape[1]), SIZES, seed).items():
                    held[metric] += (low <= true[metric]) & (true[metric] <= high)
                    width[metric] += (high - low)[3] / true[metric][3] / repeats
            said = " + ".join(f"{faces} x {raters}" for faces, raters in pilot)
            cells = [
                f"{held[m].mean() / repeats:.3f} | {held[m].min() / repeats:.2f} | {100 * width[m]:.0f} %" for m in true
            ]
            print(f"| {name} | {said} | {' | '.join(cells)} |", flush=True)


def bootstrap(repeats: int) -> None:
    """The same for intervals from refitting the mixture to resampled faces of a pilot of 400 faces and 10 raters."""
    repeats = min(repeats, 30)
    print("| faces are | metric | " + " | ".join(f"{k} raters" for k in SIZES) + " |")
    print("| --- | --- |" + " --- |" * len(SIZES))
    bands_of = planning.bands_of
    planning.bands_of = lambda counts, sizes, seed=0: {}
    for name, world in {"smooth": smooth, "of four kinds": kinds}.items():
        generator = np.random.default_rng(5)
        panels = np.arange(1, 101)
        true = planning.curves(world(generator, 50_000), panels, generator)[SIZES - 1]
        held = np.zeros((len(SIZES), 4))
        for seed in range(repeats):
            counts = generator.multinomial(10, world(generator, 400)).astype(np.float64)
            table = planning.plan(counts, 100, samples=30, faces=600, seed=seed).iloc[SIZES - 1]
            for place, metric in enumerate(planning.METRICS):
                low, high = table[f"{metric}_low"].to_numpy(), table[f"{metric}_high"].to_numpy()
                held[:, place] += (low <= true[:, place]) & (true[:, place] <= high)
        for place, metric in enumerate(planning.METRICS):
            cells = " | ".join(f"{share:.2f}" for share in held[:, place] / repeats)
            print(f"| {name} | {metric} | {cells} |", flush=True)
    planning.bands_of = bands_of


def rated(generator: Generator, faces: int, raters: int, a_face: int, kind: str) -> Answers:
    """Ratings, or labels of two classes, of some of the raters for each face."""
    value = generator.normal(0, 0.3, (faces, 1)) + generator.normal(0, 0.15, raters)
    value = value + generator.normal(0, 0.2, (faces, raters))
    if kind == "class":
        value = np.where(value > 0.25, 1.0, 0.0)
    order = np.argsort(generator.random((faces, raters)), axis=1)[:, :a_face]
    task, worker = np.repeat(np.arange(faces), a_face).astype(np.int32), order.ravel().astype(np.int32)
    names = np.arange(faces).astype(object), np.arange(raters).astype(object)
    given = value[task, worker]
    if kind == "class":
        return Answers(*names, ("no", "yes"), task, worker, given.astype(np.int32))
    return Answers(*names, (), task, worker, np.full(len(task), -1, np.int32), rated={"valence": given})


def components(repeats: int) -> None:
    """Shares of the face, the rater, the rest, and E rho^2, over faces and raters."""
    repeats = min(repeats, 400)
    print("| of | faces | raters | of them a face | " + " | ".join(PARTS) + " |")
    print("| --- | --- | --- | --- |" + " --- |" * len(PARTS))
    for kind, of in (("rating", "valence"), ("class", "yes")):
        true = {name: part["value"] for name, part in of_answers(whole(kind), [])[of].items()}
        for faces, raters, a_face in (
            (60, 10, 10),
            (200, 20, 20),
            (200, 40, 40),
            (600, 30, 9),
            (1000, 20, 5),
            (60, 5, 5),
        ):
            generator = np.random.default_rng([faces, raters, a_face])
            held = np.zeros(len(PARTS))
            for _ in range(repeats):
                found = of_answers(rated(generator, faces, raters, a_face, kind), [])[of]
                held += [
                    (found[name]["low_raters"] or -9) <= true[name] <= (found[name]["high_raters"] or 9)
                    for name in PARTS
                ]
            cells = " | ".join(f"{share:.3f}" for share in held / repeats)
            print(f"| {kind} | {faces} | {raters} | {a_face} | {cells} |", flush=True)


def guessed(repeats: int) -> None:
    """Answers by chance: the shares of face and rater, which are 0, over faces, and over faces and raters."""
    print("| faces | raters | face, over faces | face, over both | rater, over faces | rater, over both |")
    print("|" + " --- |" * 6)
    for faces, raters in ((60, 6), (100, 5), (300, 10)):
        held = np.zeros(4)
        for seed in range(repeats):
            said = np.random.default_rng([faces, raters, seed]).random((faces, raters)) < 1 / 3
            task, worker = (grid.ravel().astype(np.int32) for grid in np.indices(said.shape))
            names = np.arange(faces).astype(object), np.arange(raters).astype(object)
            data = Answers(*names, ("no", "yes"), task, worker, said.ravel().astype(np.int32))
            found = of_answers(data, [])["yes"]
            held += [found[part][f"low{of}"] <= 0 <= found[part][f"high{of}"] for part in PARTS[:2] for of in OVER]
        cells = " | ".join(f"{share:.2f}" for share in held / repeats)
        print(f"| {faces} | {raters} | {cells} |", flush=True)


def whole(kind: str) -> Answers:
    """A sample so large that its shares are those of the population."""
    return rated(np.random.default_rng(77), 1500, 1500, 1500, kind)
