"""Splits as different files and folders call them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from fer_exp.names import expression, normal

SPLITS = ("train", "val", "test")
UNSPLIT = "not split"
"""What reports say of faces that are in none of them."""
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "entrenamiento", "treino"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "publictest", "validierung", "validacion"), "val"),
    **dict.fromkeys(("test", "testing", "privatetest"), "test"),
}
"""How splits are written, by FER2013 too -> ours; case never matters."""


def are_splits(words: Iterable[str]) -> bool:
    """Whether all of these are splits, as keys of a JSON file or sheets may be.

    >>> are_splits(["train", "Validation"]), are_splits(["test", "notes"]), are_splits([])
    (True, False, False)
    """
    return {word.strip().lower() in SPLIT_WORDS for word in words} == {True}


_SPLIT_FOLDERS = {
    word + end: split for word, split in SPLIT_WORDS.items() for end in ("", "set", "class", "data", "images")
}
_SPLITS_ALONE = ("train", "training", "val", "valid", "validation", "test", "testing")
"""Those that say a split beside the name of a corpus, too; Val may be a person's, beside whom none is short."""
_SHORT = re.compile(r"(?<![^\W_])[A-Z]{2,5}(?![^\W\d_])")
_OF_A_SPLIT = ("aligned", "cropped", "faces", "face", "pictures", "images", "imgs", "data", "dataset", "set", "new")


def split_named(folder: str) -> str | None:
    """The split that the name of a folder or file says, None where it says none.

    >>> split_named("Train"), split_named("valid_class"), split_named("public_test"), split_named("angry")
    ('train', 'val', 'val', None)
    >>> split_named("Val_Aligned_Faces_new"), split_named("train faces"), split_named("train_1")
    ('val', 'train', 'train')
    >>> split_named("2_val"), split_named("Train_AFEW"), split_named("train_happy"), split_named("Val_Kilmer")
    ('val', 'train', None, None)
    """
    words = [word for word in re.split(r"[\W\d_]+", folder.casefold()) if word and word not in _OF_A_SPLIT]
    found = _SPLIT_FOLDERS.get(normal(folder)) or _SPLIT_FOLDERS.get("".join(words))
    if found is None and len(words) == 2 and not any(map(expression, words)):  # of a corpus: Train_AFEW
        found = next((_SPLIT_FOLDERS[word] for word in words if word in _SPLITS_ALONE), None)
        found = None if "val" in words and not _SHORT.search(folder) else found
    return found


def splits_named(words: Iterable[str]) -> dict[str, str]:
    """Words of a column of splits -> what each says; itself where it says none, or two parts say the same.

    >>> splits_named(["Training set", "Test set", "fold 1"])
    {'Training set': 'train', 'Test set': 'test', 'fold 1': 'fold 1'}
    >>> splits_named(["test hard", "test easy", "Train", "train"])
    {'test hard': 'test hard', 'test easy': 'test easy', 'Train': 'train', 'train': 'train'}
    """
    found = {word: split_named(word) for word in words}
    parts = Counter((split, normal(word)) for word, split in found.items())
    several = Counter(split for split, _ in parts)
    exact = {word: SPLIT_WORDS.get(word.strip().lower(), word) for word in found}
    return {word: split if split and several[split] == 1 else exact[word] for word, split in found.items()}
