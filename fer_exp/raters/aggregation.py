"""From a crowd's answers to a belief about one true label a task: majority, Dawid-Skene, one-coin, GLAD and MACE.

Posteriors are beliefs about a single truth and sharply peaked. How people answer is in the vote fractions instead.
Every step is a sparse product or a count over all answers, so a million answers take seconds.

``steps`` is the most iterations of EM; it ends before where the log likelihood per answer changes by less than
``tolerance``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import digamma, expit, log_expit

from fer_exp.answers import Answers, Codes
from fer_exp.metrics.classification import shared_top
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import shares_of_logs
from fer_exp.stats.sums import cross, mean_by, over, sum_by

FLOOR = 1e-10
"""Probabilities are at least this before a logarithm: a class that a worker never used is unlikely, not impossible."""
BETA, DIRICHLET = 0.5, 10.0
"""Parameters of MACE's priors."""
RESTARTS, FIRST = 10, 50
"""Random starts of MACE, and iterations of each before the best is chosen."""
RIGHT, WRONG = 4.0, 1.0
"""Answers that a worker of Dawid and Skene's models starts with, to each class: so many right, so many wrong ones,
spread over the others. Without them who gave two answers is taken to be always right, or always wrong in one way."""


class Aggregate(NamedTuple):
    """What a method believes of T tasks, W workers and K classes.

    Attributes:
        posterior: shape (T, K), rows sum to 1; the prior of classes for a task without answers.
        skill: one number a worker, shape (W,): the chance of the true label (majority: agreement with it; GLAD:
            ability, unbounded; MACE: the chance that the worker looks).
        prior: of the classes, shape (K,).
        confusion: Dawid-Skene's chance of each answer (axis 2) given the true class (axis 1), shape (W, K, K); None of
            the others.
        steps: iterations done.
        converged: whether the last step changed the log likelihood by less than the tolerance.
    """

    posterior: FloatArray
    skill: FloatArray
    prior: FloatArray
    confusion: FloatArray | None
    steps: int
    converged: bool


class Answered(NamedTuple):
    """Answers as arrays: ``task``, ``worker``, ``label`` (n,), and the numbers of tasks, workers and classes."""

    task: Codes
    worker: Codes
    label: Codes
    tasks: int
    workers: int
    classes: int

    @classmethod
    def of(cls, data: Answers) -> Answered:
        """The classes that people named; ``data`` has a class in every row."""
        return cls(data.task, data.worker, data.label, len(data.tasks), len(data.workers), len(data.classes))

    def votes(self) -> FloatArray:
        """Counts, shape (T, K)."""
        return self.per_label(np.ones(len(self.task)))

    def per_label(self, values: FloatArray) -> FloatArray:
        """Sums of ``values``, one an answer, by task and label, shape (T, K)."""
        return cross(self.task, self.label, (self.tasks, self.classes), values)

    def worker_labels(self) -> NDArray[np.int64]:
        """Worker and label of each answer as one code, worker * K + label, shape (n,)."""
        return self.worker.astype(np.int64) * self.classes + self.label

    def by_worker_label(self) -> sparse.csr_array:
        """How often each worker gave each label to each task, shape (W * K, T)."""
        codes, shape = self.worker_labels(), (self.workers * self.classes, self.tasks)
        return sparse.csr_array((np.ones(len(codes)), (codes, self.task)), shape=shape)


def majority(answers: Answered) -> Aggregate:
    """Vote fractions: the belief if every worker is trusted alike. Tied classes share it."""
    votes = answers.votes()
    total, prior = votes.sum(axis=1, keepdims=True), votes.sum(axis=0) / votes.sum()
    top = shared_top(votes) * (total > 0)
    posterior = np.where(total > 0, votes / np.maximum(total, 1), prior)
    skill = mean_by(answers.worker, top[answers.task, answers.label], answers.workers)
    return Aggregate(posterior, skill, prior, None, 0, True)


def dawid_skene(
    answers: Answered, steps: int = 100, tolerance: float = 1e-6, right: float = RIGHT, wrong: float = WRONG
) -> Aggregate:
    r"""Dawid and Skene's model: EM finds the truth and each worker's matrix of confusions.

    .. math:: q_{tk} \propto \pi_k \prod_{(w, l) \in t} \theta^w_{kl}, \quad
        \theta^w_{kl} \propto a_{kl} + \sum_{t: w\ \text{answered}\ l} q_{tk}, \quad \pi_k = \frac{1}{T} \sum_t q_{tk}

    with :math:`a_{kk}` = ``right`` and ``wrong`` / (K - 1) elsewhere: the most probable confusions under a Dirichlet
    prior on each row. Both 0 is the paper's maximum likelihood, which fails where workers gave few answers
    (`scripts/few_answers.py`). Starts from the vote fractions. ``skill`` is the chance of the true label, classes
    weighted by the prior.

    Source: Dawid, Skene 1979, Applied Statistics 28, 20-28; priors as Paun, Carpenter, Chamberlain, Hovy, Kruschwitz,
    Poesio 2018, Comparing Bayesian models of annotation. Transactions of the ACL 6, 571-585.

    >>> task, worker = np.repeat(np.arange(6), 3).astype(np.int32), np.tile([0, 1, 2], 6).astype(np.int32)
    >>> label = np.array([0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0], np.int32)
    >>> dawid_skene(Answered(task, worker, label, 6, 3, 2)).posterior.argmax(axis=1).tolist()
    [0, 0, 1, 1, 0, 1]
    """
    by_answer = answers.by_worker_label()
    by_task = sparse.csr_array(by_answer.T)
    others = max(answers.classes - 1, 1)
    start = np.full((answers.classes, answers.classes), wrong / others)
    np.fill_diagonal(start, right)

    def update(posterior: FloatArray) -> tuple[FloatArray, float]:
        chances = np.log(np.maximum(_confusions(by_answer, posterior, answers, start), FLOOR))
        log = by_task @ chances.reshape(-1, answers.classes)
        posterior, constants = shares_of_logs(log + np.log(np.maximum(posterior.mean(axis=0), FLOOR)))
        return posterior, float(constants.sum()) + float((start * chances).sum())

    posterior, taken, converged = _maximise(update, answers, steps, tolerance)
    prior = posterior.mean(axis=0)
    confusion = _confusions(by_answer, posterior, answers, start).transpose(0, 2, 1)
    skill = np.einsum("wkk,k->w", confusion, prior)
    return Aggregate(posterior, skill, prior, confusion, taken, converged)


def one_coin(
    answers: Answered, steps: int = 100, tolerance: float = 1e-6, right: float = RIGHT, wrong: float = WRONG
) -> Aggregate:
    r"""Dawid and Skene with one number a worker: the true label with probability p, any other equally often.

    ``right`` and ``wrong`` answers are added to each worker's, as by ``dawid_skene``; the shares of the classes are
    estimated, too.

    Source: Zhang, Chen, Zhou, Jordan 2016, Journal of Machine Learning Research 17, 1-44, section 2 (one-coin model).
    """
    others = max(answers.classes - 1, 1)
    count = np.bincount(answers.worker, minlength=answers.workers)

    def skills(posterior: FloatArray) -> FloatArray:
        sums = sum_by(answers.worker, posterior[answers.task, answers.label], answers.workers)
        return over(sums + right, count + right + wrong)

    def update(posterior: FloatArray) -> tuple[FloatArray, float]:
        skill = np.clip(skills(posterior), FLOOR, 1 - FLOOR)
        said, other = np.log(skill), np.log((1 - skill) / others)
        shares = np.log(np.maximum(posterior.mean(axis=0), FLOOR))
        posterior, constants = shares_of_logs(answers.per_label((said - other)[answers.worker]) + shares)
        of_start = np.nansum(right * said + wrong * np.log(1 - skill))
        return posterior, float(constants.sum()) + float(other[answers.worker].sum() + of_start)

    posterior, taken, converged = _maximise(update, answers, steps, tolerance)
    return Aggregate(posterior, skills(posterior), posterior.mean(axis=0), None, taken, converged)


def glad(answers: Answered, steps: int = 50, tolerance: float = 1e-5) -> Aggregate:
    r"""GLAD: a worker's ability times a task's ease decides how likely a right answer is.

    .. math:: P(l_{wt} = z_t) = \sigma(\alpha_w \beta_t), \quad \beta_t = e^{b_t}

    Every wrong class is equally likely; the shares of the classes are estimated, too. Priors on :math:`\alpha` and b
    are those of the paper, normal with mean 1 and variance 1. Each maximisation takes a few quasi-Newton steps on all
    of them at once. ``skill`` is :math:`\alpha`: 0 answers by chance, below 0 against the truth.

    Source: Whitehill, Ruvolo, Wu, Bergsma, Movellan 2009, Advances in Neural Information Processing Systems 22.
    """
    from scipy.optimize import minimize  # a third of a second to import: here, not before

    workers, others = answers.workers, np.log(max(answers.classes - 1, 1))
    x = np.ones(workers + answers.tasks)

    def ease_and_logit(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        ease = np.exp(np.clip(x[workers:], -20, 20))[answers.task]
        return ease, x[:workers][answers.worker] * ease

    def loss(x: FloatArray, right: FloatArray) -> tuple[float, FloatArray]:
        ease, z = ease_and_logit(x)
        value = (right * log_expit(z) + (1 - right) * (log_expit(-z) - others)).sum()
        value -= ((x - 1) ** 2).sum() / 2
        slope = right - expit(z)
        by_worker = np.bincount(answers.worker, slope * ease, workers)
        by_task = np.bincount(answers.task, slope * z, answers.tasks)
        return -float(value), -(np.concatenate([by_worker, by_task]) - (x - 1))

    def update(posterior: FloatArray) -> tuple[FloatArray, float]:
        nonlocal x
        right = posterior[answers.task, answers.label]
        x = minimize(loss, x, (right,), jac=True, method="L-BFGS-B", options={"maxiter": 15}).x
        _, z = ease_and_logit(x)
        wrong = log_expit(-z) - others
        shares = np.log(np.maximum(posterior.mean(axis=0), FLOOR))
        posterior, constants = shares_of_logs(answers.per_label(log_expit(z) - wrong) + shares)
        return posterior, float(constants.sum()) + (float(wrong.sum()) - float(((x - 1) ** 2).sum()) / 2)

    posterior, taken, converged = _maximise(update, answers, steps, tolerance)
    return Aggregate(posterior, x[:workers], posterior.mean(axis=0), None, taken, converged)


def mace(answers: Answered, most: int = 1000, tolerance: float = 1e-5) -> Aggregate:
    r"""MACE: workers either look and give the true label, or spam from a distribution of their own.

    .. math:: P(l_{wt} = l \mid z_t) = \theta_w [l = z_t] + (1 - \theta_w)\, \xi_w(l)

    Variational Bayes, as the paper recommends, with a Beta(0.5, 0.5) prior on :math:`\theta` and a symmetric
    Dirichlet(10) prior on :math:`\xi`; the shares of the classes are estimated, too. Of ``RESTARTS`` random starts,
    ``FIRST`` iterations each, the one with the best expected likelihood goes on until no skill moves by ``tolerance``,
    or to ``most`` iterations.

    ``skill`` is :math:`\theta`, the chance that a worker looks.

    Source: Hovy, Berg-Kirkpatrick, Vaswani, Hovy 2013, Learning whom to trust with MACE. NAACL-HLT, 1120-1130.
    """
    generator = np.random.default_rng(0)
    best: _Mace | None = None
    for _ in range(RESTARTS):
        state = _mace_start(answers, generator)
        for _ in range(FIRST):
            state = _mace_step(answers, state)
        best = state if best is None or state.likelihood > best.likelihood else best
    state, taken, moved = cast("_Mace", best), FIRST, np.inf
    while taken < most and moved >= tolerance:
        after = _mace_step(answers, state)
        state, moved, taken = after, float(np.abs(after.skill - state.skill).max()), taken + 1
    return Aggregate(state.posterior, state.skill, state.shares, None, taken, moved < tolerance)


METHODS: dict[str, Callable[[Answered], Aggregate]] = {
    "majority": majority,
    "dawid_skene": dawid_skene,
    "one_coin": one_coin,
    "glad": glad,
    "mace": mace,
}
"""The methods by their names in keys and files."""


def _maximise(
    update: Callable[[FloatArray], tuple[FloatArray, float]], answers: Answered, steps: int, tolerance: float
) -> tuple[FloatArray, int, bool]:
    """Steps of EM from the vote fractions: the posterior, steps done, and whether the likelihood has settled.

    ``update`` takes a posterior and gives the next one with its log likelihood.
    """
    posterior, before, converged, done = majority(answers).posterior, -np.inf, False, 0
    while done < steps and not converged:
        done += 1
        posterior, likelihood = update(posterior)
        converged = abs(likelihood - before) < tolerance * max(len(answers.task), 1)
        before = likelihood
    return posterior, done, converged


def _confusions(by_answer: sparse.csr_array, posterior: FloatArray, answers: Answered, start: FloatArray) -> FloatArray:
    """Chance of each answer (axis 1) given the true class (axis 2), shape (W, K, K); even where nothing is known.

    ``start`` is added to every worker's counts.
    """
    counts = np.asarray(by_answer @ posterior).reshape(answers.workers, answers.classes, answers.classes) + start
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, total, out=np.full(counts.shape, 1 / answers.classes), where=total > 0))


class _Mace(NamedTuple):
    """Expected weights of looking, of not looking (W,) and of spamming with each label (W * K,); what they come to."""

    look: FloatArray
    not_look: FloatArray
    spams: FloatArray
    shares: FloatArray
    posterior: FloatArray
    skill: FloatArray
    likelihood: float


def _mace_start(answers: Answered, generator: np.random.Generator) -> _Mace:
    workers, k = answers.workers, answers.classes
    look = generator.uniform(0.3, 0.9, workers)
    spams = generator.dirichlet(np.full(k, 5.0), workers).ravel()
    even = np.full(k, 1 / k)
    return _Mace(look, 1 - look, spams, even, np.tile(even, (answers.tasks, 1)), look, -np.inf)


def _mace_step(answers: Answered, state: _Mace) -> _Mace:
    """One iteration of variational Bayes."""
    workers, k, codes = answers.workers, answers.classes, answers.worker_labels()
    count = np.bincount(answers.worker, minlength=workers)
    chance = (state.not_look[answers.worker] * state.spams[codes]).clip(FLOOR)
    trusted = state.look[answers.worker]
    shares = np.log(np.maximum(state.shares, FLOOR))
    posterior, constants = shares_of_logs(answers.per_label(np.log1p(trusted / chance)) + shares)
    looked = posterior[answers.task, answers.label] * trusted / (trusted + chance)
    looked_by = np.bincount(answers.worker, looked, workers)
    spammed = np.bincount(codes, 1 - looked, workers * k)
    total_spam = np.repeat(spammed.reshape(workers, k).sum(axis=1) + k * DIRICHLET, k)
    return _Mace(
        look=np.exp(digamma(looked_by + BETA) - digamma(count + 2 * BETA)),
        not_look=np.exp(digamma(count - looked_by + BETA) - digamma(count + 2 * BETA)),
        spams=np.exp(digamma(spammed + DIRICHLET) - digamma(total_spam)),
        shares=posterior.mean(axis=0),
        posterior=posterior,
        skill=(looked_by + BETA) / (count + 2 * BETA),
        likelihood=float(constants.sum()) + float(np.log(chance).sum()),
    )
