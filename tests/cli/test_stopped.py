"""What a system or disk says while a command runs: one sentence with the key to set, by one owner for all commands."""

import errno
import os
import pathlib
import re
import subprocess
import sys

import pytest

from fer_exp.cli import main
from fer_exp.cli.compose import compose_one
from fer_exp.cli.stopped import places_named
from fer_exp.errors import RequestError, RunError
from fer_exp.files import whole_folder, write_text

OF_INPUTS = {errno.EACCES: "chmod", errno.EPERM: "chmod", errno.ENOENT: "give another", errno.ELOOP: "give another"}
OF_OUTPUTS = {errno.EACCES: "chmod", errno.EISDIR: "folder of this name", errno.ENOTDIR: "a file is where a folder"}
OF_OUTPUTS |= {errno.EEXIST: "leads nowhere", errno.EFBIG: "ulimit -f"}


def raised(command, words, number, place):
    """What ``places_named`` makes of an error of the system at a place."""
    with pytest.raises((RequestError, RunError)) as caught, places_named(compose_one(command, words)):
        raise OSError(number, os.strerror(number), str(place))
    return caught.value


@pytest.mark.parametrize("number", OF_INPUTS)
@pytest.mark.parametrize(
    ("command", "key"), [("evaluate", "run"), ("predict", "pictures"), ("rate", "pictures"), ("crowd", "lab")]
)
def test_what_cannot_be_read_is_called_by_its_key(tmp_path, command, key, number):
    listed = f"[{tmp_path / 'a'}]" if key == "pictures" else tmp_path / "a"
    error = raised(command, [f"{key}={listed}", f"output={tmp_path}"], number, tmp_path / "a" / "run.json")
    assert isinstance(error, RequestError)
    assert str(error).startswith(f"{key}={tmp_path / 'a'}: {tmp_path / 'a' / 'run.json'} cannot be read: ")
    assert OF_INPUTS[number] in str(error)


@pytest.mark.parametrize("number", OF_OUTPUTS)
@pytest.mark.parametrize(("command", "key"), [("predict", "output"), ("rate", "output"), ("table", "results")])
def test_what_cannot_be_written_is_a_run_that_failed_with_the_key_to_set(tmp_path, command, key, number):
    error = raised(command, [f"{key}={tmp_path / 'out'}"], number, tmp_path / "out" / "below.csv")
    assert isinstance(error, RunError)
    assert re.fullmatch(
        rf"\S+below.csv cannot be used: .*{OF_OUTPUTS[number]}.*; {key}=PLACE has it elsewhere\.", str(error)
    )


def test_what_no_key_names_is_left_to_who_asks_next(tmp_path):
    with pytest.raises(PermissionError), places_named(compose_one("evaluate", [f"run={tmp_path / 'a'}"])):
        raise PermissionError(errno.EACCES, "Permission denied", "/elsewhere/of/nobody")


def test_an_output_that_is_a_link_to_nothing_is_a_sentence_with_its_key(tmp_path, capsys):
    (tmp_path / "link").symlink_to("nowhere")
    small = ["dataset.faces=48", "dataset.size=16", f"dataset.cache={tmp_path}"]
    assert main(["train", *small, f"output={tmp_path / 'link'}"]) == 1
    said = capsys.readouterr().err
    assert "output=PLACE has it elsewhere" in said
    assert "--debug" not in said


def test_in_a_sweep_a_file_in_the_place_of_a_run_is_said_as_of_one_training(tmp_path, capsys, light):
    small = ["dataset.faces=48", "dataset.size=16", f"dataset.cache={tmp_path}", f"output={tmp_path / 'runs'}"]
    small += ["trainer.batch_size=8", "trainer.epochs=1"]
    assert main(["train", *small, "seed=1"]) == 0
    (run,) = (tmp_path / "runs").glob("synthetic*")
    (tmp_path / "runs" / run.name.replace("seed1", "seed2")).touch()
    capsys.readouterr()
    assert main(["train", "-m", *small, "seed=1,2"]) == 1
    said = capsys.readouterr().err
    assert "is a file, where a folder of the run belongs; remove it, or set output to another folder." in said
    assert "failed.log: " not in said


def test_a_file_of_a_folder_aside_is_named_as_it_is_to_be_called(tmp_path):
    def card():
        with whole_folder(tmp_path / "new") as aside:
            (aside / "card.md").mkdir()
            (aside / "card.md" / "in").touch()
            write_text(aside / "card.md", "text")

    with pytest.raises(RunError, match=rf"{tmp_path}/new/card\.md cannot be written"):
        card()


@pytest.mark.parametrize("words", [["prepare"], ["agreement", sys.executable], ["predict", "/no/run", "/no/faces"]])
def test_a_working_folder_that_is_gone_is_a_sentence_before_any_library_is_loaded(tmp_path, words):
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r}); from fer_exp.cli import main; "
    program += f"raise SystemExit(main({words!r}))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("fer-exp: the folder that this is typed in cannot be used: it was removed or moved")


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="Linux has it")
def test_a_full_disk_behind_an_error_keeps_its_code_and_behind_an_object_says_why(tmp_path):
    program = [sys.executable, "-m", "fer_exp"]
    with pathlib.Path("/dev/full").open("w", encoding="utf-8") as full:
        assert subprocess.run([*program, "train", "nokey=1"], stderr=full, check=False).returncode == 2
        ended = subprocess.run([*program, "--json", "--version"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == 1
    assert b"the disk is full; make room there." in ended.stderr


def test_a_network_in_a_folder_whose_name_is_no_text_is_not_called_damaged(tmp_path):
    from fer_exp.training.network_file import read_network

    with pytest.raises(RequestError, match="its path is no UTF-8, and safetensors opens no such file; rename it"):
        read_network(tmp_path / "run\udcff" / "network.safetensors")
