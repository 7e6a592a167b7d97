"""Earth mover's distance between emotions: mistaking joy for surprise costs less than mistaking it for sadness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import permutations

import numpy as np
from scipy.spatial import HalfspaceIntersection

from fer_exp.errors import RequestError
from fer_exp.stats.bootstrap import FloatArray

POSITIONS = {
    "neutral": (0.0, 0.0),
    "happiness": (0.8, 0.5),
    "surprise": (0.4, 0.7),
    "sadness": (-0.6, -0.3),
    "fear": (-0.6, 0.6),
    "anger": (-0.5, 0.6),
    "disgust": (-0.6, 0.35),
    "contempt": (-0.5, 0.2),
}
"""Valence and arousal of each emotion: our own choice, rounded from where the words lie in Russell and Mehrabian 1977
(Journal of Research in Personality 11, 273-294; contempt is a guess). Fear and anger lie close, so that taking one for
the other is cheap; whoever doubts that gives a cost matrix of their own."""

LARGEST = 9  # classes; the number of corners is at most (2 K - 2 choose K - 1), 12,870 for 9


def ground_cost(classes: Sequence[str]) -> FloatArray | None:
    """What moving a vote between two emotions costs: their distance in the valence-arousal plane.

    Returns:
        Shape (K, K), symmetric; divided by the largest distance between any of ``POSITIONS``, so that the same pair
        costs the same among 7 and among 8 classes. None where a name has no position.
    """
    if any(name not in POSITIONS for name in classes):
        return None
    everywhere = np.array(list(POSITIONS.values()))
    largest = np.linalg.norm(everywhere[:, None] - everywhere, axis=-1).max()
    positions = np.array([POSITIONS[name] for name in classes])
    return np.asarray(np.linalg.norm(positions[:, None] - positions, axis=-1) / largest)


def left_out(classes: Iterable[str]) -> str:
    """What is said where classes have no ``POSITIONS``, so that nothing says what moving a vote costs; else empty.

    >>> left_out(["neutral", "boredom", "pain"])
    "earth mover's distance is left out: boredom, pain have no place in the valence-arousal plane"
    """
    odd = [name for name in classes if name not in POSITIONS]
    words = f"{', '.join(odd)} {'have' if len(odd) > 1 else 'has'} no place in the valence-arousal plane"
    return f"earth mover's distance is left out: {words}" if odd else ""


def earth_movers_distance(human: FloatArray, model: FloatArray, cost: FloatArray) -> FloatArray:
    r"""Earth mover's (first Wasserstein) distance: the least cost of moving the model's shares to where people's are.

    .. math:: d(u, v) = \min_{T \ge 0} \sum_{jk} T_{jk} C_{jk}, \; \sum_k T_{jk} = u_j, \; \sum_j T_{jk} = v_k
        = \max_{|f_j - f_k| \le C_{jk}} \sum_k f_k (u_k - v_k)

    The right-hand side (Kantorovich and Rubinstein) is reached at a corner of a polytope that depends on C alone. Its
    corners are found once; each face is then one row of a matrix product. The result is exact, not regularised.

    Args:
        human: vote fractions u, shape (N, K), rows sum to 1.
        model: predicted probabilities v, likewise.
        cost: ground cost C, shape (K, K): symmetric, 0 on the diagonal alone, and no detour cheaper than the way.

    Returns:
        One distance per face, shape (N,), from 0 to the largest cost. Where all costs are 1 it is total variation.

    Raises:
        RequestError: a cost that is no distance, or more than ``LARGEST`` classes.

    Source:
        Rubner, Tomasi, Guibas 2000, IJCV 40, 99-121; Villani 2009, Optimal Transport, theorem 5.10.
        ``scipy.stats.wasserstein_distance`` of two rows of probabilities is another thing: it takes them for samples.

    >>> line = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [2.0, 1.0, 0.0]])
    >>> earth_movers_distance(np.array([[1.0, 0.0, 0.0]]), np.array([[0.5, 0.0, 0.5]]), line).round(9)
    array([1.])
    """
    corners = _corners(np.ascontiguousarray(cost, dtype=np.float64).tobytes(), len(cost))
    differences = human - model
    # Every face meets every corner; 64 faces at a time stay in the cache.
    pieces = [np.abs(differences[i : i + 64] @ corners.T).max(axis=1) for i in range(0, len(differences), 64)]
    return np.concatenate(pieces) if pieces else np.empty(0)


@lru_cache(maxsize=8)
def _corners(cost: bytes, classes: int) -> FloatArray:
    """The corners of {f: f_j - f_k <= C_jk, f_0 = 0}, shape (V, K); of f and -f, which are corners both, one."""
    matrix = np.frombuffer(cost).reshape(classes, classes)
    if classes > LARGEST:
        raise RequestError(f"An earth mover's distance over {classes} classes is too much; {LARGEST} is the most.")
    apart = matrix[~np.eye(classes, dtype=bool)]
    detours = (matrix[:, :, None] + matrix[None, :, :]).min(axis=1)
    if not (np.isfinite(matrix).all() and (apart > 0).all() and (np.diag(matrix) == 0).all()):
        raise RequestError("The ground cost must be 0 on the diagonal and above 0 elsewhere.")
    if not (np.allclose(matrix, matrix.T) and (matrix <= detours + 1e-12).all()):
        raise RequestError("The ground cost must be a distance: symmetric, and no detour cheaper than the way itself.")
    if classes == 2:
        return np.array([[0.0, matrix[0, 1]]])
    planes = []
    for j, k in permutations(range(classes), 2):
        plane = np.zeros(classes + 1)
        plane[j], plane[k], plane[-1] = 1.0, -1.0, -matrix[j, k]
        planes.append(plane[1:])  # f_0 = 0: its column falls out
    intersections = HalfspaceIntersection(np.array(planes), np.zeros(classes - 1)).intersections
    corners = np.unique(intersections.round(12), axis=0)
    leading = np.take_along_axis(corners, (np.abs(corners) > 1e-9).argmax(axis=1)[:, None], axis=1)[:, 0]
    corners = corners[leading > 0]
    return np.hstack([np.zeros((len(corners), 1)), corners])
