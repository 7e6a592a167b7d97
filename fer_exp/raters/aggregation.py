"""From a crowd's answers to a belief about one true label a task: Dawid-Skene, one-coin, GLAD, MACE, and the majority.

Posteriors are beliefs about a single truth and sharply peaked. They are no soft labels of how people answer; those are
the vote fractions. Every step is a sparse product or a count over all answers, so a million answers take seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import digamma, expit, log_expit

from fer_exp.answers import Answers
from fer_exp.errors import RequestError

FloatArray = NDArray[np.float64]
Codes = NDArray[np.int32]
FLOOR = 1e-10
"""Probabilities are at least this before a logarithm: a class that a worker never used is unlikely, not impossible."""


class Aggregate(NamedTuple):
    """What a method believes.

    Attributes:
        posterior: shape (T, K), rows sum to 1; the prior of classes for a task without answers.
        skill: one number a worker, shape (W,): the chance of the true label (majority: agreement with it; GLAD:
            ability, unbounded; MACE: the chance that he looks).
        prior: of the classes, shape (K,).
        confusion: Dawid-Skene's chance of each answer (axis 2) given the true class (axis 1), shape (W, K, K); None of
            the others.
        steps: iterations done.
        converged: whether the last step changed the likelihood by less than the tolerance.
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
        """The sum of a value of each answer, for its task and label, shape (T, K)."""
        cells = self.task.astype(np.int64) * self.classes + self.label
        sums: FloatArray = np.bincount(cells, values, self.tasks * self.classes).astype(np.float64)
        return sums.reshape(self.tasks, self.classes)


def majority(answers: Answered) -> Aggregate:
    """Vote fractions, the belief of who trusts everyone alike; ties share it.

    >>> one, worker, label = (np.array(codes, np.int32) for codes in ([0, 0, 0], [0, 1, 2], [0, 0, 1]))
    >>> majority(Answered(one, worker, label, tasks=1, workers=3, classes=2)).posterior.round(2)
    array([[0.67, 0.33]])
    """
    votes = answers.votes()
    total = votes.sum(axis=1, keepdims=True)
    prior = votes.sum(axis=0) / votes.sum()
    top = (votes == votes.max(axis=1, keepdims=True)) & (total > 0)
    top = top / np.maximum(top.sum(axis=1, keepdims=True), 1)
    posterior = np.where(total > 0, votes / np.maximum(total, 1), prior)
    return Aggregate(posterior, _mean_by_worker(answers, top[answers.task, answers.label]), prior, None, 0, True)


def dawid_skene(answers: Answered, steps: int = 100, tolerance: float = 1e-6, smoothing: float = 0.0) -> Aggregate:
    r"""Dawid and Skene's maximum likelihood: each worker has a matrix of confusions, found along with the truth by EM.

    .. math:: q_{tk} \propto \pi_k \prod_{(w, l) \in t} \theta^w_{kl}, \quad
        \theta^w_{kl} \propto \sum_{t: w\ \text{said}\ l} q_{tk}, \quad \pi_k = \frac{1}{T} \sum_t q_{tk}

    With answers as a sparse matrix of tasks by (worker, label), both steps are one product each. Starts from the vote
    fractions.

    Args:
        answers: the answers.
        steps: at most so many.
        tolerance: stops when the log likelihood per answer changes by less.
        smoothing: added to every count of a confusion matrix; 0 is the paper's.

    Returns:
        The belief. ``skill`` is the chance of the true label, classes weighted by the prior.

    Source:
        Dawid, Skene 1979, Applied Statistics 28, 20-28.

    >>> task, worker = np.repeat(np.arange(6), 3).astype(np.int32), np.tile([0, 1, 2], 6).astype(np.int32)
    >>> label = np.array([0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0], np.int32)
    >>> dawid_skene(Answered(task, worker, label, 6, 3, 2)).posterior.argmax(axis=1).tolist()
    [0, 0, 1, 1, 0, 1]
    """
    k = answers.classes
    said = answers.worker.astype(np.int64) * k + answers.label
    shape = (answers.tasks, answers.workers * k)
    by_task = sparse.csr_array((np.ones(len(said)), (answers.task, said)), shape=shape)
    by_answer = sparse.csr_array(by_task.T)
    posterior = majority(answers).posterior
    before, converged, done = -np.inf, False, 0
    while done < steps and not converged:
        done += 1
        prior = np.maximum(posterior.mean(axis=0), FLOOR)
        chances = _confusions(by_answer, posterior, answers, smoothing)
        log = by_task @ np.log(np.maximum(chances, FLOOR)).reshape(answers.workers * k, k)
        log += np.log(prior)
        posterior, likelihood = _normalised(log)
        converged = abs(likelihood - before) < tolerance * max(len(said), 1)
        before = likelihood
    chances = _confusions(by_answer, posterior, answers, smoothing)
    prior = posterior.mean(axis=0)
    confusion = chances.transpose(0, 2, 1)
    skill = np.einsum("wkk,k->w", confusion, prior)
    return Aggregate(posterior, skill, prior, confusion, done, converged)


def one_coin(answers: Answered, steps: int = 100, tolerance: float = 1e-6) -> Aggregate:
    r"""Dawid and Skene with one number a worker: the true label with probability p, any other equally often.

    Args:
        answers: the answers.
        steps: at most so many.
        tolerance: stops when the log likelihood per answer changes by less.

    Returns:
        The belief; classes have equal prior.

    Source:
        Zhang, Chen, Zhou, Jordan 2016, Journal of Machine Learning Research 17, 1-44, section 2 (one-coin model).

    >>> task, worker = np.repeat(np.arange(4), 3).astype(np.int32), np.tile([0, 1, 2], 4).astype(np.int32)
    >>> label = np.array([0, 0, 1, 1, 1, 0, 2, 2, 0, 0, 0, 2], np.int32)
    >>> one_coin(Answered(task, worker, label, 4, 3, 3)).posterior.argmax(axis=1).tolist()
    [0, 1, 2, 0]
    """
    posterior = majority(answers).posterior
    others = max(answers.classes - 1, 1)
    before, converged, done = -np.inf, False, 0
    while done < steps and not converged:
        done += 1
        skill = _mean_by_worker(answers, posterior[answers.task, answers.label])
        right = np.clip(skill, FLOOR, 1 - FLOOR)
        wrong = np.log((1 - right) / others)
        log = answers.per_label((np.log(right) - wrong)[answers.worker])
        posterior, likelihood = _normalised(log)
        likelihood += float(wrong[answers.worker].sum())
        converged = abs(likelihood - before) < tolerance * max(len(answers.task), 1)
        before = likelihood
    skill = _mean_by_worker(answers, posterior[answers.task, answers.label])
    return Aggregate(posterior, skill, np.full(answers.classes, 1 / answers.classes), None, done, converged)


def glad(answers: Answered, steps: int = 50, tolerance: float = 1e-5) -> Aggregate:
    r"""GLAD: a worker's ability times a task's ease decides how likely he is right.

    .. math:: P(l_{wt} = z_t) = \sigma(\alpha_w \beta_t), \quad \beta_t = e^{b_t}

    Every wrong class is equally likely. Priors are those of the paper, normal with mean 1 and variance 1 on
    :math:`\alpha` and b; the maximisation step takes a few quasi-Newton steps on all of them at once.

    Args:
        answers: the answers.
        steps: at most so many.
        tolerance: stops when the objective per answer changes by less.

    Returns:
        The belief; ``skill`` is :math:`\alpha`: 0 answers by chance, below 0 against the truth.

    Source:
        Whitehill, Ruvolo, Wu, Bergsma, Movellan 2009, Advances in Neural Information Processing Systems 22.

    >>> task, worker = np.repeat(np.arange(4), 3).astype(np.int32), np.tile([0, 1, 2], 4).astype(np.int32)
    >>> label = np.array([0, 0, 1, 1, 1, 0, 2, 2, 0, 0, 0, 2], np.int32)
    >>> glad(Answered(task, worker, label, 4, 3, 3)).posterior.argmax(axis=1).tolist()
    [0, 1, 2, 0]
    """
    workers, others = answers.workers, np.log(max(answers.classes - 1, 1))
    posterior = majority(answers).posterior
    x = np.ones(workers + answers.tasks)
    before, converged, done = -np.inf, False, 0
    while done < steps and not converged:
        done += 1
        right = posterior[answers.task, answers.label]

        def loss(x: FloatArray, right: FloatArray = right) -> tuple[float, FloatArray]:
            alpha, ease = x[:workers], np.exp(np.clip(x[workers:], -20, 20))
            own, easy = alpha[answers.worker], ease[answers.task]
            z = own * easy
            value = (right * log_expit(z) + (1 - right) * (log_expit(-z) - others)).sum()
            value -= ((x - 1) ** 2).sum() / 2
            slope = right - expit(z)
            by_worker = np.bincount(answers.worker, slope * easy, workers)
            by_task = np.bincount(answers.task, slope * z, answers.tasks)
            return -float(value), -(np.concatenate([by_worker, by_task]) - (x - 1))

        x = minimize(loss, x, jac=True, method="L-BFGS-B", options={"maxiter": 15}).x
        z = x[:workers][answers.worker] * np.exp(np.clip(x[workers:], -20, 20))[answers.task]
        wrong = log_expit(-z) - others
        posterior, likelihood = _normalised(answers.per_label(log_expit(z) - wrong))
        likelihood += float(wrong.sum()) - float(((x - 1) ** 2).sum()) / 2
        converged = abs(likelihood - before) < tolerance * max(len(answers.task), 1)
        before = likelihood
    prior = np.full(answers.classes, 1 / answers.classes)
    return Aggregate(posterior, x[:workers], prior, None, done, converged)


def mace(
    answers: Answered, steps: int = 50, restarts: int = 10, seed: int = 0, looks: float = 0.5, spam: float = 10.0
) -> Aggregate:
    r"""MACE: a worker either looks and says the truth, or spams from a distribution of his own.

    .. math:: P(l_{wt} = l \mid z_t) = \theta_w [l = z_t] + (1 - \theta_w)\, \xi_w(l)

    Variational Bayes, as the paper recommends: a Beta(0.5, 0.5) prior on :math:`\theta`, a symmetric Dirichlet prior
    on :math:`\xi`; the best of several random starts by the expected likelihood.

    Args:
        answers: the answers.
        steps: iterations of each start.
        restarts: random starts.
        seed: of the starts.
        looks: parameter of the Beta prior.
        spam: parameter of the Dirichlet prior.

    Returns:
        The belief; ``skill`` is :math:`\theta`, the chance that a worker looks.

    Source:
        Hovy, Berg-Kirkpatrick, Vaswani, Hovy 2013, Learning whom to trust with MACE. NAACL-HLT, 1120-1130.

    >>> task, worker = np.repeat(np.arange(4), 3).astype(np.int32), np.tile([0, 1, 2], 4).astype(np.int32)
    >>> label = np.array([0, 0, 1, 1, 1, 1, 2, 2, 1, 0, 0, 1], np.int32)
    >>> believed = mace(Answered(task, worker, label, 4, 3, 3))
    >>> believed.posterior.argmax(axis=1).tolist(), bool(believed.skill[2] < believed.skill[0])
    ([0, 1, 2, 0], True)
    """
    generator = np.random.default_rng(seed)
    best: tuple[float, FloatArray, FloatArray] | None = None
    for _ in range(max(restarts, 1)):
        found = _mace_once(answers, steps, generator, looks, spam)
        if best is None or found[0] > best[0]:
            best = found
    if best is None:
        raise RequestError("mace: restarts must be at least 1.")
    prior = np.full(answers.classes, 1 / answers.classes)
    return Aggregate(best[1], best[2], prior, None, steps, True)


METHODS: dict[str, Callable[[Answered], Aggregate]] = {
    "majority": majority,
    "dawid_skene": dawid_skene,
    "one_coin": one_coin,
    "glad": glad,
    "mace": mace,
}
"""The methods by the names that keys and files give them."""


def _confusions(by_answer: sparse.csr_array, posterior: FloatArray, answers: Answered, smoothing: float) -> FloatArray:
    """Chance of each answer (axis 1) given the true class (axis 2), shape (W, K, K); even where nothing is known."""
    counts = np.asarray(by_answer @ posterior).reshape(answers.workers, answers.classes, answers.classes) + smoothing
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, total, out=np.full(counts.shape, 1 / answers.classes), where=total > 0))


def _normalised(log: FloatArray) -> tuple[FloatArray, float]:
    """Posteriors from their logs up to a constant a row, and the sum of these constants."""
    top = log.max(axis=1, keepdims=True)
    raised = np.exp(log - top)
    total = raised.sum(axis=1, keepdims=True)
    return raised / total, float((np.log(total) + top).sum())


def _mean_by_worker(answers: Answered, values: FloatArray) -> FloatArray:
    many = np.bincount(answers.worker, minlength=answers.workers)
    total = np.bincount(answers.worker, values, answers.workers)
    return np.asarray(np.divide(total, many, out=np.full(answers.workers, np.nan), where=many > 0))


def _mace_once(
    answers: Answered, steps: int, generator: np.random.Generator, looks: float, spam: float
) -> tuple[float, FloatArray, FloatArray]:
    workers, k = answers.workers, answers.classes
    said = answers.worker.astype(np.int64) * k + answers.label
    # expected weights of looking and of spamming with each label
    look = generator.uniform(0.3, 0.9, workers)
    not_look = 1 - look
    spams = generator.dirichlet(np.full(k, 5.0), workers).ravel()
    posterior, likelihood = np.empty((0, k)), -np.inf
    skill = look
    for _ in range(steps):
        chance = (not_look[answers.worker] * spams[said]).clip(FLOOR)
        trusted = look[answers.worker]
        log = answers.per_label(np.log1p(trusted / chance))
        posterior, total = _normalised(log)
        likelihood = total + float(np.log(chance).sum())
        looked = posterior[answers.task, answers.label] * trusted / (trusted + chance)
        looked_by = np.bincount(answers.worker, looked, workers)
        spammed = np.bincount(said, 1 - looked, workers * k)
        many = np.bincount(answers.worker, minlength=workers)
        skill = (looked_by + looks) / (many + 2 * looks)
        look = np.exp(digamma(looked_by + looks) - digamma(many + 2 * looks))
        not_look = np.exp(digamma(many - looked_by + looks) - digamma(many + 2 * looks))
        own = np.repeat(spammed.reshape(workers, k).sum(axis=1) + k * spam, k)
        spams = np.exp(digamma(spammed + spam) - digamma(own))
    return likelihood, posterior, skill
