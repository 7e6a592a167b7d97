"""AffectNet as it states itself: what all its layouts share."""

from __future__ import annotations

from typing import ClassVar

from fer_exp.orders import ORDERS

CODES = ORDERS["affectnet"].classes
"""What 0..7 mean."""
OTHERS = {8: "None", 9: "Uncertain", 10: "No-Face"}
"""Codes for pictures without an expression; these are left out and counted."""
LISTS = "Manually_Annotated_file_lists"


class AffectNetFacts:
    """Citation, licence, how to get it, and what is expected. Its official test set is not public."""

    name = "affectnet"
    title = "AffectNet"
    citation = (
        "Mollahosseini, Hasani, Mahoor. AffectNet: a database for facial expression, valence, and arousal computing "
        "in the wild. IEEE Transactions on Affective Computing 2019 (lists of 2017)."
    )
    licence = "research only by signed agreement, no redistribution; the pictures come from the web"
    withheld = "research alone, for those who signed the licence agreement (mohammadmahoor.com/affectnet)"
    pictured = "faces that web searches found, cut out by the corpus' own boxes; who they are is not recorded"
    access = (
        "Ask for it at mohammadmahoor.com (a signed agreement of a principal investigator), unpack it and give its "
        "folder as dataset.root: the one that holds Manually_Annotated_file_lists/ (2017) or train_set/ (2021)."
    )
    expected: ClassVar[dict[str, int]] = {"train": 287_651, "test": 4_000}
    layout = (
        f"2017: {LISTS}/training.csv, validation.csv and Manually_Annotated_Images/<folder>/<name>.jpg; "
        "2021: train_set/ and val_set/, each with images/<id>.jpg and annotations/<id>_exp.npy, _val.npy, _aro.npy; "
        "or as others repack it: train/0/ to 7/, train_class/class001/ ..., Train/Anger/ ..., tables of labels, YOLO's"
    )
