import numpy as np
import pytest
from scipy.spatial import distance

from fer_exp.human import distribution

HUMAN, MODEL = np.random.default_rng(0).dirichlet(np.ones(7) * 0.5, (2, 50))


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("l1", distance.cityblock),
        ("chebyshev", distance.chebyshev),
        ("cosine", lambda u, v: 1 - distance.cosine(u, v)),
        ("total_variation", lambda u, v: distance.cityblock(u, v) / 2),
        ("intersection", lambda u, v: np.minimum(u, v).sum()),
        ("jensen_shannon_divergence", lambda u, v: distance.jensenshannon(u, v, base=2) ** 2),
    ],
)
def test_a_distance_equals_scipys_face_by_face(name, reference):
    given = getattr(distribution, name)(HUMAN, MODEL)
    np.testing.assert_allclose(given, [reference(u, v) for u, v in zip(HUMAN, MODEL, strict=True)], atol=1e-9)
