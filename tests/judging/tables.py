"""Small predictions tables for tests, with known shapes and awkward corners."""

import numpy as np
import pandas as pd

CLASSES = ("neutral", "happiness", "sadness", "surprise")


def predictions_table(faces: int = 60, seed: int = 0, splits: tuple[str, ...] = ("val", "test")) -> pd.DataFrame:
    """Random predictions with votes (zeros among them), labels, subjects and ratings."""
    generator = np.random.default_rng(seed)
    parts = []
    for split in splits:
        truth = generator.dirichlet(np.full(len(CLASSES), 0.4), faces)
        p = 0.5 * truth + 0.5 * generator.dirichlet(np.full(len(CLASSES), 0.5), faces)
        votes = np.array([generator.multinomial(10, row) for row in truth])
        part = pd.DataFrame({"face": [f"face-{i:03d}" for i in range(faces)], "split": split})
        part["subject"] = [f"s{i // 3}" for i in range(faces)]
        for k, name in enumerate(CLASSES):
            part[f"p_{name}"], part[f"votes_{name}"] = p[:, k], votes[:, k]
        part["label"] = [CLASSES[k] for k in votes.argmax(axis=1)]
        for side in ("valence", "arousal"):
            part[f"human_{side}"] = generator.uniform(-1, 1, faces)
            part[side] = 0.5 * part[f"human_{side}"] + generator.normal(0, 0.2, faces)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
