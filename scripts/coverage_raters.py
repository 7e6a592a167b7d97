"""How often the two intervals of `fer-exp agreement` hold the truth, of faces and raters drawn from populations.

    python scripts/coverage.py raters few_faces repeats=300

A rater answers as the face's own distribution says, or, by a share of his own, as his habits do; of valence he gives
the face's value, moved by his offset, with noise of his own size.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.answers import Answers, Scale
from fer_exp.raters.survey import survey
from fer_exp.stats.bootstrap import FloatArray

CLASSES = ("neutral", "happiness", "sadness", "anger", "disgust")
SHARES = np.array([0.35, 0.3, 0.2, 0.13, 0.02])
OFFSET = 0.4
Key = tuple[str, str]


class Design(NamedTuple):
    """Faces and raters; each rater answers each face with a chance of ``seen``, or ``each`` faces, ``panel`` a face."""

    faces: int
    raters: int
    seen: float = 1.0
    panel: int = 0

    def __str__(self) -> str:
        if self.panel:
            each = self.faces * self.panel // self.raters
            return f"{self.faces} faces, {self.panel} of {self.raters} raters, {each} answers each"
        return f"{self.faces} faces, {self.raters} raters" + ("" if self.seen == 1 else f", {self.seen:.0%} of answers")


DESIGNS = (
    Design(100, 5), Design(1000, 5), Design(100, 13), Design(1000, 13), Design(100, 20), Design(1000, 20),
    Design(100, 40), Design(300, 20, 0.4), Design(1000, 40, 0.15), Design(400, 400, panel=4), Design(400, 160, panel=4),
)  # fmt: skip


class Raters(NamedTuple):
    """W raters: how much each looks at the face, his habits (W, K), offset and noise of his ratings."""

    skill: FloatArray
    habit: FloatArray
    offset: FloatArray
    noise: FloatArray


def raters(generator: np.random.Generator, number: int) -> Raters:
    """Raters from the population."""
    habit = generator.dirichlet(np.full(len(CLASSES), 3.0), number)
    noise = 0.7 * generator.lognormal(-0.08, 0.4, number)
    return Raters(generator.beta(4, 1.5, number), habit, OFFSET * generator.normal(size=number), noise)


def faces(generator: np.random.Generator, number: int) -> tuple[FloatArray, FloatArray]:
    """Faces from the population: distributions over classes, (N, K), and values, (N,)."""
    clear = generator.choice(len(CLASSES), number, p=SHARES)
    spread = np.full((number, len(CLASSES)), 0.12)
    spread[np.arange(number), clear] += 2.0
    gamma = generator.standard_gamma(spread)
    return gamma / gamma.sum(axis=1, keepdims=True), generator.normal(size=number)


def drawn(generator: np.random.Generator, design: Design, alike: float | None = None) -> tuple[Answers, Raters]:
    """Answers of drawn raters to drawn faces, and the raters; ``alike`` is the skill of raters without habits."""
    people = raters(generator, design.raters)
    if alike is not None:
        people = people._replace(skill=np.full(design.raters, alike), habit=np.full((design.raters, len(CLASSES)), 0.2))
    shares, values = faces(generator, design.faces)
    if design.panel:
        task, worker = dealt(generator, design)
    else:
        task, worker = np.nonzero(generator.random((design.faces, design.raters)) < design.seen)
    looks = people.skill[worker][:, None]
    chance = looks * shares[task] + (1 - looks) * people.habit[worker]
    label = (generator.random((len(task), 1)) > chance.cumsum(axis=1)).sum(axis=1).clip(max=len(CLASSES) - 1)
    rating = values[task] + people.offset[worker] + people.noise[worker] * generator.normal(size=len(task))
    names, who = (np.arange(number).astype(object) for number in (design.faces, design.raters))
    task_, worker_, label_ = (code.astype(np.int32) for code in (task, worker, label))
    scale = {"valence": Scale(-1, 1, "given")}
    return Answers(names, who, CLASSES, task_, worker_, label_, {"valence": rating}, scale), people


def dealt(generator: np.random.Generator, design: Design) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each face to a panel, each rater as many faces, none twice the same face."""
    each = design.faces * design.panel // design.raters
    by_place = np.arange(design.faces * design.panel).reshape(design.panel, -1) // each
    worker = np.stack([row[generator.permutation(design.faces)] for row in by_place], axis=1)
    return np.repeat(np.arange(design.faces), design.panel), worker.ravel()


def truth(people: Raters, faces: tuple[FloatArray, FloatArray], panel: float, these: bool) -> dict[Key, float]:
    """Figures over all faces: of these raters alone, or of a population that these many raters stand for."""
    shares, _ = faces
    looks, habit, number = people.skill[:, None], people.habit, len(people.skill)
    own = (1 - looks) * habit
    mean, square = shares.mean(axis=0), shares.T @ shares / len(shares)
    m, diagonal = mean, np.diag(square)
    # per class: two different raters both say it
    first, second = looks.mean(), own.mean(axis=0)
    both = first**2 * diagonal + 2 * first * second * m + second**2
    if these:  # no rater is his own fellow
        alone = (looks**2 * diagonal + 2 * looks * own * m + own**2).mean(axis=0)
        both = (number * both - alone) / (number - 1)
    p = first * m + second
    agreement, chance = float(both.sum()), float((p**2).sum())
    kappa = (agreement - chance) / (1 - chance)
    uncertain = float((p * (1 - p)).sum()) / (len(p) - 1)
    found: dict[Key, float] = {
        ("labels", "percent_agreement"): agreement,
        ("labels", "fleiss_kappa"): kappa,
        ("labels", "krippendorff_alpha"): kappa,
        ("labels", "gwet_ac1"): (agreement - uncertain) / (1 - uncertain),
        ("labels", "split_half"): (agreement - chance) / (agreement + (1 - agreement) / panel - chance),
    }
    for k in (0, len(p) - 1):
        q, p2 = both[k], p[k]
        found[CLASSES[k], "kappa"] = float((q + (1 - 2 * p2 + q) - p2**2 - (1 - p2) ** 2) / (2 * p2 * (1 - p2)))
    a, b = pairs_of(number)
    said = looks * m + own  # by rater
    same = looks[a] * looks[b] * diagonal + looks[a] * own[b] * m + looks[b] * own[a] * m + own[a] * own[b]
    expected = (said[a] * said[b]).sum(axis=1)
    found["labels", "mean_cohen_kappa"] = float(((same.sum(axis=1) - expected) / (1 - expected)).mean())
    noise = float((people.noise**2).mean())
    apart = float(people.offset.var(ddof=1)) if these else OFFSET**2
    found["valence", "icc_2_1"] = 1 / (1 + apart + noise)
    found["valence", "alpha_interval"] = 1 - (apart + noise) / (1 + apart * (1 - these / number) + noise)
    found["valence", "icc_3_1"] = 1 / (1 + noise)
    found["valence", "icc_2_k"] = 1 / (1 + (apart + noise) / panel)
    wide = 1 + people.noise**2
    found["valence", "mean_pearson"] = float((1 / np.sqrt(wide[a] * wide[b])).mean())
    moved = (people.offset[a] - people.offset[b]) ** 2
    found["valence", "mean_ccc"] = float((2 / (wide[a] + wide[b] + moved)).mean())
    return found


def pairs_of(number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs of few raters, random ones of many."""
    if number <= 200:
        a, b = np.triu_indices(number, 1)
        return a, b
    generator = np.random.default_rng(0)
    return generator.integers(0, number // 2, 100_000), generator.integers(number // 2, number, 100_000)


def ordinal(people: Raters, generator: np.random.Generator) -> float:
    """Ordinal alpha of the population: of the ranks of all ratings."""
    value = generator.normal(size=len(people.skill) // 2)
    rating = np.stack([value, value]) + people.offset.reshape(2, -1)
    rating += people.noise.reshape(2, -1) * generator.normal(size=rating.shape)
    rank = rating.ravel().argsort().argsort().reshape(2, -1) / rating.size
    return float(1 - ((rank[0] - rank[1]) ** 2).mean() / (2 * rank.var()))


def raters_and_faces(repeats: int) -> None:
    """Agreement of faces and raters that are drawn: how often each interval holds what it speaks of."""
    generator = np.random.default_rng(0)
    everyone, pool = raters(generator, 400_000), faces(generator, 100_000)
    ranks = ordinal(everyone, generator)
    keys = [*truth(everyone, pool, 5, these=False), ("valence", "alpha_ordinal")]
    heads = [f"{of} {name}" if of in CLASSES else name for of, name in keys]
    print(f"| | of | {' | '.join(heads)} |\n| --- |{' --- |' * (len(keys) + 1)}")
    for design in DESIGNS:
        panel = design.panel or design.raters * design.seen
        of_all = truth(everyone, pool, panel, these=False) | {("valence", "alpha_ordinal"): ranks}
        held, seen = np.zeros((2, len(keys))), np.zeros((2, len(keys)))
        for seed in range(repeats):
            data, people = drawn(np.random.default_rng([design.faces, design.raters, seed]), design)
            found = survey(data, least=min(10, design.faces))
            of_these = truth(people, pool, panel, these=True)
            for place, (of, name) in enumerate(keys):
                row = found[of].get(name) if of in found else found["classes"][of][name]
                if not row or row["value"] is None or row.get("rough"):
                    continue
                for number, (kind, true) in enumerate((("", of_these), ("_raters", of_all))):
                    skip = (of, name) not in true or (number == 0 and (design.panel or design.seen < 1))
                    skip = skip or (design.seen < 1 and name in ("split_half", "icc_2_k"))  # of panels of unequal size
                    if skip or row[f"low{kind}"] is None:
                        continue
                    seen[number, place] += 1
                    held[number, place] += row[f"low{kind}"] <= true[of, name] <= row[f"high{kind}"]
        for number, words in enumerate(("faces", "faces and raters")):
            cells = [
                f"{h / s:.2f}" if s >= repeats / 4 else "" for h, s in zip(held[number], seen[number], strict=True)
            ]
            if any(cells):
                print(f"| {design} | {words} | {' | '.join(cells)} |", flush=True)


def few_faces(repeats: int) -> None:
    """Few faces and raters who are alike: how often the interval over faces holds, and how often it is called rough."""
    generator = np.random.default_rng(0)
    keys: list[Key] = [("labels", "percent_agreement"), ("labels", "fleiss_kappa"), ("labels", "gwet_ac1")]
    keys += [("neutral", "kappa"), ("disgust", "kappa")]
    heads = ["raters look", "faces", "raters", *(name for _, name in keys[:3])]
    heads += ["neutral kappa", "rough", "disgust kappa", "rough"]
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for looks in (0.75, 0.97):
        alike = raters(generator, 2)._replace(skill=np.full(2, looks), habit=np.full((2, 5), 0.2))
        pool = faces(generator, 400_000)
        true = truth(alike, pool, 2, these=False)
        for design in (Design(7, 3), Design(20, 3), Design(20, 10), Design(50, 5), Design(100, 5), Design(300, 5)):
            held, seen, rough = np.zeros(len(keys)), np.zeros(len(keys)), np.zeros(len(keys))
            for seed in range(repeats):
                at = np.random.default_rng([design.faces, design.raters, seed])
                found = survey(drawn(at, design, looks)[0], least=design.faces)
                for place, (of, name) in enumerate(keys):
                    row = found["labels"][name] if of == "labels" else found["classes"][of][name]
                    rough[place] += row["low"] is None or bool(row.get("rough"))
                    if row["low"] is not None and not row.get("rough"):
                        seen[place] += 1
                        held[place] += row["low"] <= true[of, name] <= row["high"]
            cells = [f"{h / s:.2f}" if s >= 30 else "" for h, s in zip(held, seen, strict=True)]
            cells = [*cells[:4], f"{rough[3] / repeats:.2f}", cells[4], f"{rough[4] / repeats:.2f}"]
            print(f"| {looks:g} | {design.faces} | {design.raters} | {' | '.join(cells)} |", flush=True)


def raters_alike(repeats: int) -> None:
    """Raters who are all alike, and answers missing: kappa over faces, over both, and how much wider the second is."""
    print("| faces | raters | answered | over faces | over both | both / faces, width |\n|" + " --- |" * 6)
    generator = np.random.default_rng(0)
    alike = raters(generator, 2)._replace(skill=np.full(2, 0.75), habit=np.full((2, 5), 0.2))
    true = truth(alike, faces(generator, 400_000), 2, these=False)["labels", "fleiss_kappa"]
    for design in (
        Design(30, 6, 0.6), Design(100, 6, 0.6), Design(100, 6), Design(200, 4, 0.75), Design(200, 10, 0.4),
        Design(300, 10, 0.3),
    ):  # fmt: skip
        held, wider = np.zeros(2), []
        for seed in range(repeats):
            at = np.random.default_rng([design.faces, design.raters, seed])
            row = survey(drawn(at, design, 0.75)[0], least=design.faces)["labels"]["fleiss_kappa"]
            ends = [(row[f"low{kind}"], row[f"high{kind}"]) for kind in ("", "_raters")]
            held += [low <= true <= high for low, high in ends]
            wider.append((ends[1][1] - ends[1][0]) / (ends[0][1] - ends[0][0]))
        cells = [*(f"{share:.2f}" for share in held / repeats), f"{np.median(wider):.2f}"]
        print(f"| {design.faces} | {design.raters} | {design.seen:.0%} | {' | '.join(cells)} |", flush=True)
