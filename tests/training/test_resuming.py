"""A checkpoint that is not what its run wrote is refused at resume, whatever was done to it."""

import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from fer_exp.errors import RequestError
from fer_exp.training.resuming import PARTS, check_checkpoint, note_digest
from fer_exp.training.saving import WholeCheckpoints
from tests.methods.learnable import fit, tiny_module


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """The checkpoint of a short training."""
    folder = tmp_path_factory.mktemp("run")
    saver = ModelCheckpoint(folder, "last", save_on_train_epoch_end=True, enable_version_counter=False)
    settings = {"limit_train_batches": 2, "enable_checkpointing": True, "plugins": [WholeCheckpoints()]}
    fit(tiny_module("ce"), folder, 2, saver, **settings)
    return folder / "last.ckpt"


def without(part: str, path: Path) -> None:
    content = torch.load(path, weights_only=True)
    del content[part]
    torch.save(content, path)


def test_it_is_known_by_its_digest_with_the_one_before_until_it_has_taken_its_place(written, tmp_path):
    path = Path(shutil.copytree(written.parent, tmp_path / "run")) / "last.ckpt"
    assert len(path.with_suffix(".digests").read_text().split()) == 2  # the last, and the one before
    check_checkpoint(path, tiny_module("ce"))
    for number in range(2):  # killed twice between the note and the file
        torch.save({"epoch": number}, tmp_path / "aside")
        note_digest(path, tmp_path / "aside")
        check_checkpoint(path, tiny_module("ce"))


def test_a_changed_byte_another_runs_weights_and_missing_parts_are_refused(written, tmp_path):
    path = Path(shutil.copytree(written.parent, tmp_path / "run")) / "last.ckpt"
    content = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        parts = [file.read(part) for part in file.infolist() if part.file_size > 16]
    for part in parts:
        place = content.index(part) + len(part) // 2
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(RequestError, match=r"(is damaged|cannot be read .*)\)?; remove the run folder"):
            check_checkpoint(path, tiny_module("ce"))
    other = torch.load(written, weights_only=True)
    other["state_dict"] = tiny_module("ce", learning_rate=0.5).state_dict()
    torch.save(other, path)
    with pytest.raises(RequestError, match=r"is not what its run wrote \(its digest is not in last\.digests\)"):
        check_checkpoint(path, tiny_module("ce"))
    path.with_suffix(".digests").unlink()  # as of a run that was interrupted before digests were noted
    for part in PARTS:
        shutil.copy(written, path)
        check_checkpoint(path, tiny_module("ce"))
        without(part, path)
        with pytest.raises(RequestError, match=f"is no whole checkpoint, without {part};"):
            check_checkpoint(path, tiny_module("ce"))
