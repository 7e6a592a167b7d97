"""The command line itself: help, exit codes, one sentence for each mistake, completion."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from fer_exp.cli import SCHEMAS, help, main
from fer_exp.training import networks


def fails(capsys, *words: str) -> str:
    """What a wrong request prints, which is one line, beside exit code 2 and an empty stdout."""
    assert main(list(words)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1, printed.err
    return printed.err


@pytest.mark.parametrize("words", [[], ["--help"], ["help"]])
def test_help_names_commands_groups_and_five_examples(capsys, words):
    assert main(words) == 0
    page = capsys.readouterr().out
    assert all(command in page for command in SCHEMAS)
    assert all(group in page for group in ("*synthetic", "ferplus", "noisy", "resnet152", "ddp"))
    assert len(help.EXAMPLES) == 5
    assert all(example in page for example, _ in help.EXAMPLES)


@pytest.mark.parametrize("command", SCHEMAS)
def test_help_of_a_command_lists_its_keys(capsys, command):
    assert main([command, "--help"]) == 0
    page = capsys.readouterr().out
    assert f"fer-exp {command}" in page
    assert ("labels.rule" in page) == (command == "train")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trian"], "write fer-exp train."),
        (["train", "labels=sof"], "labels=sof is not there; did you mean labels=soft?"),
        (["train", "trainer.epoch=3"], "write trainer.epochs=3."),
        (["train", "epochs=3"], "write trainer.epochs=3."),
        (["train", "datset=ferplus"], "did you mean dataset=ferplus?"),
        (["train", "+trainer.foo=1"], "trainer.foo is no key"),
        (["train", "trainer.epochs=abc"], "trainer.epochs=abc: it must be a whole number"),
        (["train", "cafe"], "write dataset=cafe."),
        (["train", "--multrun"], "did you mean --multirun?"),
        (["train", "labels.rate=0.2"], "write labels=noisy labels.rate=0.2."),
        (["train", "trainer.milestones=[0.7,0.5]"], "rising shares of the run"),
        (["train", "trainer.decay=0"], "trainer.decay is 0"),
        (["train", "trainer.optimizer=adm"], "did you mean adam?"),
        (["train", "dataset=ferplus"], "dataset.root is not set"),
        (["train", "dataset=ferplus", "dataset.root=/nowhere"], "/nowhere does not exist"),
        (["train", "dataset.raters=1000001"], "dataset.raters is 1000001; it must be at most 1,000,000"),
        (["train", "dataset.limit=0"], "dataset.limit is 0; it must be at least 1"),
        (["train", "trainer.learning_rate=inf"], "trainer.learning_rate is inf; it must be a finite number"),
        (["train", "trainer.devices=3"], "trainer.batch_size is 32 and trainer.devices 3"),
        (["train", "trainer.devices=2"], "write trainer=ddp trainer.devices=2"),
        (["train", "labels=noisy", "labels.rate=2"], "labels.rate=2 is no share"),
        (["evaluate"], "run=FOLDER or predictions=FILE"),
        (["evaluate", "run=/nowhere"], "/nowhere has no predictions.parquet"),
        (["prepare", "dataset.faces=3"], "dataset.faces is 3; give at least 48"),
    ],
)
def test_a_mistake_is_one_sentence_with_a_way_out(capsys, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    assert said in fails(capsys, *words)


def test_cfg_job_prints_the_config_and_runs_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--cfg", "job", "labels=soft", "seed=7"]) == 0
    printed = capsys.readouterr().out
    assert "kind: soft" in printed
    assert "seed: 7" in printed
    assert list(tmp_path.iterdir()) == []


def test_every_key_of_conf_is_in_the_schema_and_every_group_option_composes():
    from hydra import compose, initialize_config_dir

    from fer_exp.cli.compose import to_config

    needs = {"labels=aggregated": ["labels.posteriors=x.csv"], "trainer=ddp": ["trainer.batch_size=32"]}
    with initialize_config_dir(str(help.conf_folder()), version_base="1.3"):
        for command in SCHEMAS:
            to_config(command, compose(command))
        for group in ("dataset", "labels", "backbone", "method", "trainer"):
            for option in help.options(group):
                word = f"{group}={option}"
                to_config("train", compose("train", [word, *needs.get(word, [])]))
        for option in help.options("method/published"):
            assert option in help.options("method")
            to_config("train", compose("train", [f"method=published/{option}"]))


def test_a_published_method_brings_its_trainer_and_what_is_typed_wins(tmp_path, capsys):
    words = ["method=published/scn", "trainer=cpu", "trainer.epochs=3", "method.margin=0.3"]
    assert main(["train", "--cfg", "job", *words]) == 0
    printed = capsys.readouterr().out
    for line in (
        "name: scn",
        "optimizer: adam",
        "schedule: exponential",
        "decay: 0.9",
        "accelerator: cpu",
        "epochs: 3",
    ):
        assert f"  {line}\n" in printed
    assert "relabel_group: all" in printed  # the release's
    assert "margin: 0.3" in printed


@pytest.mark.parametrize(("words", "jobs"), [(["seed=1"], 1), (["-m", "seed=1,2"], 2)])
def test_a_config_is_checked_once_a_job(tmp_path, monkeypatch, words, jobs):
    checked, trained = [], []
    for room, function, calls in (("cli.compose", "validate", checked), ("commands.train", "train", trained)):
        monkeypatch.setattr(import_module(f"fer_exp.{room}"), function, calls.append)
    small = ["dataset.faces=48", "dataset.size=16", f"dataset.cache={tmp_path}", f"output={tmp_path}"]
    assert main(["train", *small, *words]) == 0
    assert len(checked) == len(trained) == jobs


def test_options_of_conf_are_what_the_code_offers():
    from omegaconf import OmegaConf

    from fer_exp.datasets import CORPORA
    from fer_exp.labels.kinds import KINDS
    from fer_exp.methods import METHODS
    from fer_exp.studies import STUDIES

    folder = help.conf_folder()
    assert {OmegaConf.load(path).name for path in (folder / "method").glob("*.yaml")} == set(METHODS)
    for group, rows in {
        "dataset": CORPORA,
        "labels": KINDS,
        "backbone": networks.BACKBONES,
        "experiment": STUDIES,
    }.items():
        assert set(help.options(group)) == set(rows)


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["train", "--cfg", "job"]])
def test_help_and_config_import_nothing_heavy(words):
    watch = "import sys; from fer_exp.cli import main; code = main(sys.argv[1:]); "
    watch += "assert not {'torch', 'pandas', 'scipy'} & set(sys.modules), sorted(sys.modules); sys.exit(code)"
    subprocess.run([sys.executable, "-c", watch, *words], capture_output=True, check=True)


def test_a_sheet_of_answers_needs_neither_torch_nor_numpys_compiler_which_comes_when_it_is_used(tmp_path):
    pd.DataFrame({"task": [0, 0, 1, 1], "worker": [0, 1] * 2, "label": ["fear", "fear", "anger", "fear"]}).to_excel(
        tmp_path / "answers.xlsx", index=False
    )
    watch = (
        "import sys; from fer_exp.cli import main; code = main(['agreement', *sys.argv[1:]]); assert code == 0\n"
        "assert {'scipy.special', 'numpy.f2py'} <= {*sys.modules}\n"
        "unused = {'torch', 'numpy.f2py.f2py2e', 'numpy.testing._private', 'scipy.signal._signaltools'}\n"
        "assert not unused & {*sys.modules}, sorted(sys.modules)\n"
        "import gc, numpy\n"
        "assert gc.isenabled()\n"
        "assert not gc.get_freeze_count()\n"
        "assert callable(numpy.f2py.main) and callable(numpy.testing.assert_allclose)\n"
        "import scipy, scipy.signal.windows\n"
        "from scipy.signal import find_peaks\n"
        "assert callable(find_peaks) and callable(scipy.signal.windows.hann)\n"
        "from matplotlib.lines import Line2D\n"
        "assert len(Line2D.set.__doc__) < 1000 and callable(Line2D([], []).set)\n"
    )
    words = [sys.executable, "-c", watch, str(tmp_path / "answers.xlsx"), f"output={tmp_path}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_debug_shows_where_an_error_comes_from():
    from fer_exp.errors import RequestError

    with pytest.raises(RequestError):
        main(["trian", "--debug"])


def test_bench_prints_rates_and_their_ratio(capsys, tmp_path, monkeypatch, light):
    monkeypatch.chdir(tmp_path)
    small = ["dataset.faces=64", "dataset.size=24", f"dataset.cache={tmp_path}", "trainer=cpu", "trainer.batch_size=8"]
    assert main(["bench", *small, "steps=2", "repeats=2"]) == 0
    printed = capsys.readouterr().out
    for name in ("batches alone", "network alone, channels_last", "whole path / network alone", "2 readings"):
        assert name in printed


def test_prepare_ends_with_the_folder_of_the_store(capsys, tmp_path):
    assert main(["prepare", "dataset.faces=60", "dataset.size=24", f"dataset.cache={tmp_path}"]) == 0
    folder = capsys.readouterr().out.splitlines()[-1]
    assert folder.startswith(str(tmp_path / "synthetic-24-"))


def test_a_path_of_the_home_folder_reaches_the_reader_as_typed(capsys):
    assert main(["agreement", "ratings=~/no such (1).csv"]) == 2
    assert f"ratings={Path.home()}/no such (1).csv: there is no such file" in capsys.readouterr().err
