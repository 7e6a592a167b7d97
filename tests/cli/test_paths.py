"""Paths reach a command as they were typed, behind each key that names files, alone, in sweeps and in tables."""

import json
import os
import sys
import unicodedata
from pathlib import Path

import pytest

from fer_exp import agreement
from fer_exp.cli import main, start
from fer_exp.cli.compose import compose_all
from fer_exp.cli.words import with_paths
from fer_exp.config import SCHEMAS
from fer_exp.config.keys import chosen_keys, option_keys
from fer_exp.config.paths import path_keys, quoted, word
from fer_exp.config.settings import READ
from fer_exp.runs import Run
from fer_exp.studies.presets import read_preset

ODD = [
    *("人脸", "ratings_Müller.csv", "canon (1).csv", "a,b", "x=1", "it's", 'say "cheese"', "a'b'", "'", '"'),
    *("C:\\Users\\me", "C:\\Users\\me\\", "C:/faces", "C:\\new (1)\\it's", "\\\\server\\share", "\\", "\\'"),
    *("$HOME/x", "%USERPROFILE%", "${x}", "a${oc.env", "\\${x}", "\\\\${x}", "${x:y}", "${}", "}", "{x}", "[x]", "[x"),
    *(
        "#1",
        "a & b",
        "100%",
        " lead",
        "trail ",
        "tab\there",
        "a:1",
        "a:",
        "=",
        "==",
        "@",
        "!",
        "a|b",
        "<a>",
        "*",
        "`a`",
    ),
    *(
        "2017",
        "007",
        "1e3",
        "1_000",
        ".5",
        "-1",
        "true",
        "False",
        "nan",
        "inf",
        "NULL",
        "none",
        "(",
        "a\\",
        "a;b",
        "-x",
    ),
    *(".hidden", "./a", "..", "/", "~$answers.xlsx", "a~", "choice(a)", "range(3)", "int(3)", "a b/c d", "Zoë'", "é"),
]


@pytest.fixture
def configs(monkeypatch, tmp_path) -> list:
    """The configs that commands would be called with, in a folder with nothing in it."""
    called: list = []
    monkeypatch.setattr(start, "run_job", lambda command, config: called.append(config))
    monkeypatch.setattr("fer_exp.cli.sweep.find_runs", lambda configs: [Run(tmp_path)])
    monkeypatch.chdir(tmp_path)
    return called


@pytest.fixture
def unchecked(monkeypatch) -> None:
    """All keys may be given together."""
    monkeypatch.setattr("fer_exp.cli.compose.check", lambda config: None)


def value(config, key: str):
    for name in key.split("."):
        config = getattr(config, name)
    return config


def dealt(command: str) -> list[tuple[str, dict[str, str]]]:
    """Each odd name behind a key of a command, as many keys at once as it has."""
    keys = [key for key, several in path_keys(SCHEMAS[command]).items() if not several]
    names = [ODD[first : first + len(keys)] for first in range(0, len(ODD), len(keys))]
    return [(command, dict(zip(keys, some, strict=False))) for some in names]


@pytest.mark.parametrize(("command", "given"), [*dealt("pretrain"), *dealt("crowd")[:2]])
def test_what_is_typed_behind_a_key_reaches_the_command(configs, unchecked, command, given):
    assert main([command, "dataset=folder", *(f"{key}={text}" for key, text in given.items())]) == 0
    assert {key: value(configs[0], key) for key in given} == given


@pytest.mark.parametrize("command", SCHEMAS)
def test_every_key_that_names_files_takes_what_is_typed(configs, unchecked, command):
    keys = path_keys(SCHEMAS[command])
    groups = [f"{group}={option}" for group, option in (("dataset", "folder"), ("labels", "noisy"))
              if any(key.startswith(f"{group}.") for key in keys)]  # fmt: skip
    here = {key for key in keys if key != "labels.posteriors"}  # of labels=aggregated
    more = ["study=cafe-soft"] if command == "table" else []
    assert main([command, *groups, *more, *(f"{key}=人, it's (${{x}})" for key in here)]) == 0
    for key in here:
        assert value(configs[0], key) == (["人, it's (${x})"] if keys[key] else "人, it's (${x})"), key


def test_what_conf_calls_a_file_or_folder_is_known_as_one():
    for command, schema in SCHEMAS.items():
        options = {"dataset": "folder", "labels": "noisy"}
        written = chosen_keys(command, {key: name for key, name in options.items() if hasattr(schema(), key)})
        written |= option_keys("labels", "aggregated") if command == "train" else {}
        words = (
            "folder",
            "a folder",
            "the folder",
            "run folder",
            "a run folder",
            "a table",
            "a file",
            "a csv",
            "votes of",
        )
        names = {key for key, row in written.items() if row.value[0] in "nr[" and row.comment.startswith(words)}
        assert names <= set(path_keys(schema)), command
        assert names
    contents = READ - {"points", "dataset.numbers"}
    assert set(path_keys(SCHEMAS["train"])) == contents | {"output", "dataset.cache", "backbone.weights"}


def test_null_numbers_empty_text_and_words_of_a_key(configs, capsys):
    assert (
        main(["train", "dataset=folder", "dataset.table=null", "dataset.root=2017", "backbone.weights=imagenet"]) == 0
    )
    dataset = configs[0].dataset
    assert (dataset.table, dataset.root, configs[0].backbone.weights) == (None, "2017", "imagenet")
    assert main(["train", "output="]) == 2
    assert "output= has no value" in capsys.readouterr().err


def reach(configs, typed: dict[str, str]) -> None:
    """Each text, behind one of the keys of a command, is taken for what it should be."""
    keys = [key for key in path_keys(SCHEMAS["pretrain"]) if key != "output"]
    assert main(["pretrain", "dataset=folder", *(f"{key}={text}" for key, text in zip(keys, typed, strict=False))]) == 0
    config = configs.pop()
    assert {text: value(config, key) for key, text in zip(keys, typed, strict=False)} == typed


def test_home_is_known_in_each_way_to_write_it(configs, unchecked, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", f"{tmp_path}/it's me")
    texts = {
        "~/faces (1)": f"{tmp_path}/it's me/faces (1)",
        "~": f"{tmp_path}/it's me",
        "~nobody-of-this-name/x": "~nobody-of-this-name/x",
        "a/~/b": "a/~/b",
        "${oc.env:HOME}/faces (1)": f"{tmp_path}/it's me/faces (1)",
        "${oc.env:NO_SUCH_ONE,here}/x": "here/x",
        "runs-${seed}": "runs-0",
        "runs-${sead}": "runs-${sead}",
    }
    reach(configs, texts)


def test_quotes_of_hydra_go_on_meaning_what_they_did(configs, unchecked, tmp_path):
    (tmp_path / "'c d'").mkdir()  # there is a folder of this name
    texts = {"'a b'": "a b", '"a b"': "a b", "'it\\'s'": "it's", "'~/x'": str(Path.home() / "x"), "'c d'": "'c d'"}
    reach(configs, texts)


def test_lists_of_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a,b", "c d", "[x]", "e"):
        (tmp_path / name).mkdir()
    for typed, meant in {
        "[a,b,c d]": "['a,b','c d']",
        "['a,b',it's]": "['a,b','it\\'s']",
        "a,b": "['a,b']",
        "a,b/new": "['a,b/new']",
        "c d,e": "['c d',e]",
        "not here,e": "['not here,e']",
        "[x]": "['[x]']",
        "[[x],e]": "['[x]',e]",
        "[]": "[]",
        "null": "null",
        "~": f"[{Path.home()}]",
    }.items():
        assert with_paths("compare", [f"runs={typed}"]) == [f"runs={meant}"]


def test_names_of_columns_and_classes_are_as_typed(configs, unchecked):
    columns = {"task": "Bild (Nr.)", "worker": "Worker ID, e-mail", "label": "情感"}
    lists = {"classes": "[喜び, don't know,'a,b',7]", "ignore": "[?,n/a,${x}]", "merge": "[fear+surprise]"}
    assert main(["crowd", *(f"{key}={text}" for key, text in (columns | lists).items())]) == 0
    config = configs.pop()
    assert {key: value(config, key) for key in columns} == columns
    assert (config.classes, config.ignore) == (["喜び", "don't know", "a,b", "7"], ["?", "n/a", "${x}"])
    assert config.merge == ["fear+surprise"]
    for typed, meant in {"7": 7, "[喜び,pain (1)]": ["喜び", "pain (1)"], "found": "found"}.items():
        subject = r"^([A-Z]{1,2}\d+)_"
        assert main(["train", "dataset=folder", f"dataset.classes={typed}", f"dataset.subject={subject}"]) == 0
        config = configs.pop()
        assert (config.dataset.classes, config.dataset.subject) == (meant, subject)
    assert with_paths("train", ["-m", "dataset.classes=7,8", "labels.file_classes={1: fear}"])[1:] == [
        "dataset.classes=7,8",
        "labels.file_classes={1: fear}",
    ]


def test_a_sweep_parts_paths_at_commas_that_are_in_no_name(configs, tmp_path):
    (tmp_path / "a,b (1)").mkdir()
    output = f"{tmp_path}/it's ${{x}}"
    for root, table, meant in (
        ("a,b (1),人脸", "'a,b'", [("a,b (1)", "a,b"), ("人脸", "a,b")]),
        ("a,b (1)/new", "null,C:\\me\\", [("a,b (1)/new", None), ("a,b (1)/new", "C:\\me\\")]),
        ("choice('p q',r)", "${x}", [("p q", "${x}"), ("r", "${x}")]),
    ):
        configs.clear()
        given = ["dataset=folder", f"dataset.root={root}", f"dataset.table={table}", f"output={output}"]
        assert main(["train", "-m", *given]) == 0
        assert [(config.dataset.root, config.dataset.table) for config in configs] == meant
        assert {config.output for config in configs} == {output}


def test_several_paths_without_a_sweep_say_so(configs, tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert main(["train", "dataset=folder", "dataset.root=a,b"]) == 2
    assert "dataset.root=a,b: these are 2 paths; several values need -m" in capsys.readouterr().err


def test_words_of_a_tables_trainings_take_both_trips(configs, tmp_path):
    root, weights = "人, it's ${x}\\", "C:\\me (1)\\b.pt"
    words = ["study=noisy-labels", "dataset=rafdb", f"dataset.root={root}", f"start.points={weights}", "output=a (1)"]
    assert main(["table", *words, f"backbone.weights={weights}", "seed=0,1"]) == 0
    table = configs.pop()
    preset = read_preset(table.study, table.scale, [*table.train, word("output", table.output)])
    common, axes = list(preset.common.values()), next(preset.combinations())
    (config,) = compose_all("train", [(common, axes)])
    assert (config.dataset.root, config.backbone.weights, config.output) == (root, weights, "a (1)")
    own = [f"{key}={text}" for key, text in axes.items()]
    assert start.run_jobs("train", [], [[*common, *own]]) == 0
    assert configs == [config]


def test_a_command_that_is_started_again_with_its_own_words_is_the_same(configs, monkeypatch, tmp_path):
    def record(command, config):
        configs.append((config, list(sys.argv)))

    monkeypatch.setattr(start, "run_job", record)  # as run.json and DDP find it
    for text in ODD:
        if text not in ("/", ".."):
            words = with_paths("train", [f"output={text}"])
            assert with_paths("train", words) == words
    assert main(["train", "output=it's ${x}, \\", "labels.file=~/x", "labels=noisy", "labels.noise=file"]) == 0
    config, started = configs.pop()
    assert main(started[1:]) == 0
    assert configs.pop()[0] == config


@pytest.mark.parametrize("text", ["a", "runs/x-1.y_Z", "../a:b/c.", "_", "/a//b", "A-b", "x:1", "a.5", "a:", "./1"])
def test_plain_words_stay_as_they_are(text):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    assert word("output", text) == f"output={text}"
    assert OverridesParser.create().parse_override(f"output={text}").value() == text
    assert quoted(text) == f"'{text}'"


POSITIONAL = [
    ("evaluate", ["canon (1).csv"], {"predictions": "canon (1).csv"}),
    ("evaluate", ["faces"], {"run": "faces"}),
    ("report", ["faces", "a.csv"], {"runs": ["faces", "a.csv"]}),
    ("compare", ["a,b", "x=1", "[x]"], {"runs": ["a,b", "x=1", "[x]"]}),
    ("compare", ["*.csv"], {"runs": ["a.csv", "canon (1).csv"]}),
    ("agreement", ["answers.xlsx#2"], {"ratings": "answers.xlsx#2"}),
    ("agreement", ["faces"], {"ratings": "faces"}),
    ("crowd", ["a,b", "gold=a.csv"], {"ratings": "a,b", "gold": "a.csv"}),
    ("crowd", ["plan", "a.csv"], {"ratings": "a.csv"}),
    ("train", ["faces"], {"dataset.name": "folder", "dataset.root": "faces"}),
    ("train", ["dataset=ferplus", "faces"], {"dataset.name": "ferplus", "dataset.root": "faces"}),
    ("prepare", ["a.csv"], {"dataset.name": "folder", "dataset.table": "a.csv"}),
    ("bench", ["faces"], {"dataset.name": "folder", "dataset.root": "faces"}),
    ("pretrain", ["faces"], {"dataset.name": "folder", "dataset.root": "faces", "task": "contrast"}),
]


@pytest.fixture
def files(tmp_path) -> None:
    (tmp_path / "faces").mkdir()
    for name in ("canon (1).csv", "a.csv", "a,b", "x=1", "[x]", "answers.xlsx"):
        (tmp_path / name).touch()


@pytest.mark.parametrize(("command", "words", "meant"), POSITIONAL)
def test_a_path_needs_no_key(configs, files, command, words, meant):
    assert main([command, *words]) == 0
    assert {key: value(configs[0], key) for key in meant} == meant


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["agreement", "answer.xlsx"], "answer.xlsx: there is no such file or folder; did you mean answers.xlsx?"),
        (["evaluate", "Faces"], "did you mean faces?"),
        (["train", "ferplus"], "write dataset=ferplus"),
        (["train", "nothing like it"], "fer-exp train takes a folder of pictures"),
        (
            ["agreement", "a.csv", "x=1"],
            "takes a table of answers, or a folder of them, one of them; here are 2: a.csv, x=1.",
        ),
        (["evaluate", "a.csv", "faces"], "one of them"),
        (["agreement", "a.csv", "ratings=b.csv"], "a.csv would be ratings, and so is ratings=b.csv; give one of them."),
        (["table", "a.csv"], "a.csv: fer-exp table takes no path without a key"),
    ],
)
def test_a_path_that_a_command_has_no_use_for_is_refused_in_a_sentence(configs, files, capsys, words, said):
    assert main(words) == 2
    assert said in capsys.readouterr().err
    assert configs == []


def test_a_file_that_is_not_there_is_named_with_the_nearest(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "My Faces").mkdir()
    (tmp_path / "My Faces" / "answers.csv").touch()
    for words, near in (
        (["agreement", "ratings=my faces/answer.csv"], "My Faces/answers.csv"),
        (["prepare", "dataset=ferplus", "dataset.root=MyFaces"], "My Faces"),
        (["prepare", "dataset=folder", "dataset.root=MyFaces"], "My Faces"),
        (["prepare", "dataset=affectnet", "dataset.root=my faces"], "My Faces"),
        (["compare", "runs=[MyFaces]"], "My Faces"),
        (["evaluate", "run=MyFaces"], "My Faces"),
    ):
        assert main(words) == 2
        assert f"; did you mean {near}?" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_run_under_an_odd_name_says_how_it_was_asked_for(tmp_path, light, capsys):
    output = f"{tmp_path}/it's ${{x}}, (1)"
    small = ["dataset.faces=48", "dataset.size=16", f"dataset.cache={tmp_path}/c=1", "trainer=cpu", "trainer.epochs=1",
             "trainer.batch_size=8", "labels.rule=all"]  # fmt: skip
    assert main(["train", *small, "bootstrap=0", f"output={output}"]) == 0
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    assert folder.parent == Path(output)
    facts = json.loads((folder / "run.json").read_text())
    assert facts["config"]["output"] == output
    assert main(facts["command"][1:]) == 0
    assert "is finished already" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_path_is_found_however_its_accents_are_written(tmp_path, form, monkeypatch, capsys):
    """A Mac that packs files writes them apart; a keyboard does not."""
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    (tmp_path / unicodedata.normalize(form, "Zoë, rated.csv")).write_text("task,worker,label\na,1,happy\na,2,happy\n")
    monkeypatch.chdir(tmp_path)
    typed = unicodedata.normalize(other, "Zoë, rated.csv")
    for words in ([typed], [f"ratings={typed}"]):
        assert main(["agreement", *words, "bootstrap=2", "output=o"]) == 0, capsys.readouterr().err
    assert len(agreement(typed, bootstrap=2).content) > 0
