"""Every key of every command, given what it does not take: one sentence that names the key, what it got and takes."""

import re

import pytest

from fer_exp.cli import main
from fer_exp.cli.compose import hydra_anew, to_config
from fer_exp.config import SCHEMAS
from fer_exp.config.folder import conf_folder
from fer_exp.config.keys import chosen_keys, groups
from fer_exp.config.kinds import kinds_of
from fer_exp.errors import RequestError

LIBRARIES = re.compile(r"(?i)hydra|omegaconf|AnyNode|ListConfig|DictConfig|convert|Config\b|incompatible|interpolation")
GIVEN = {
    "a list of lists": [["a"]],
    "a mapping": {"a": {"b": 1}},
    "nothing": None,
    "a text": "a text",
    "a truth": True,
    "a number": 0.5,
    "what is missing": "???",
    "a key that is a group": "${dataset}",
    "no key": "${no_key}",
    "a number by its key": "${seed}",
    "a list by its key": "${scale}",
    "itself": "${%s}",
    "half": "${seed",
}
"""What a key is given; ``%s`` is the key."""


def outcome(command, composed, key, value):
    """The sentence that a value is refused with, '' where it is taken; any other error is one."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    changed = composed.copy()
    try:
        OmegaConf.update(changed, key, value.replace("%s", key) if isinstance(value, str) else value, merge=False)
    except OmegaConfBaseException:  # what the grammar of Hydra says first
        return f"{key} cannot be read."
    try:
        to_config(command, changed)
    except RequestError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("command", SCHEMAS)
def test_no_type_of_a_value_ends_otherwise_than_in_our_words(command):
    from hydra import compose, initialize_config_dir

    with hydra_anew(), initialize_config_dir(str(conf_folder()), version_base="1.3"):
        composed = compose(command)
    for key in chosen_keys(command, {}):
        if command not in ("train", "crowd") and key.partition(".")[0] in groups(command):
            continue  # of one command, as they are of all
        for name, value in GIVEN.items():
            said = outcome(command, composed, key, value)
            assert not LIBRARIES.search(said), f"{command} {key} {name}: {said}"
            assert not said or said.endswith("."), said


@pytest.mark.parametrize("command", SCHEMAS)
def test_a_key_of_names_or_numbers_takes_no_mapping_and_a_list_no_single_value(command):
    from hydra import compose, initialize_config_dir

    with hydra_anew(), initialize_config_dir(str(conf_folder()), version_base="1.3"):
        composed = compose(command)
    for key, kinds in kinds_of(SCHEMAS[command]).items():
        if key not in chosen_keys(command, {}):
            continue
        if not any(str(kind).startswith(("dict", "<class 'dict'>")) for kind in kinds):
            said = outcome(command, composed, key, {"a": 1})
            assert re.match(rf"{key} is {{a:1}}; it must be .*\.$", said), said
        if [kind for kind in kinds if kind is not type(None)] in ([list[str]], [list[float]]):
            assert re.match(rf"{key} is 0; it must be a list", outcome(command, composed, key, 0))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["agreement", "numbers=${seed}"], "numbers is 0; it must be text, a list, a mapping or null"),
        (["agreement", "scales=${seed}"], "scales is 0; it must be text, a list, a mapping or null"),
        (["agreement", "ignore=${seed}"], "ignore is 0; it must be a list"),
        (["train", "dataset.drop=${seed}"], "dataset.drop is 0; it must be a list, as in 'dataset.drop=[a,b]'."),
        (["train", "dataset.scale=${seed}"], "dataset.scale is 0; it must be a list of numbers"),
        (["train", "trainer.milestones=${output}"], "trainer.milestones is runs; it must be a list of numbers or null"),
        (["train", "trainer.milestones=[[1]]"], "trainer.milestones is [[1]]; it must be a list of numbers or null"),
        (["pretrain", "splits=${seed}"], "splits is 0; it must be a list"),
        (["train", "method=gce", "method.q=[1]"], "method.q is [1]; it must be a number."),
        (["train", "dataset.duplicates=[]"], "dataset.duplicates is []; it must be text."),
        (["report", "split=[1,2]"], "split is [1,2]; it must be text."),
        (["table", "study={a:1}"], "study is {a:1}; it must be text or null."),
        (["train", "seed=${seed}"], "seed: its ${...} leads back to itself; write the value."),
        (["train", "trainer.augment='${seed'"], "trainer.augment: its ${...} cannot be read; write ${KEY} with a key"),
        (["train", "trainer.augment=???"], "trainer.augment=??? stands for a value that is missing; give one"),
        (["evaluate", "-m", "run=a", "bootstrap=10,abc"], "bootstrap=abc: it must be a whole number"),
        (["train", f"seed={'9' * 5000}"], "it must be a whole number, as in seed=0."),
        (["report", "~/no run here"], "~/no run here: there is no such file or folder"),
        (["evaluate", "~/no/such.csv"], "~/no/such.csv: there is no such file or folder"),
    ],
)
def test_what_a_key_got_and_what_it_takes_is_said(capsys, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_a_value_by_another_key_is_made_what_its_own_key_takes(tmp_path):
    from fer_exp.cli.compose import compose_one

    config = compose_one("agreement", ["ratings=x.csv", "ignore=${scale}", "min_shared=${bootstrap}"])
    assert config.ignore == ["-1", "1"]
    assert config.min_shared == 1000
