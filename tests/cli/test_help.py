"""Help pages: every key of every option, in 80 columns."""

import pytest

from fer_exp.cli import SCHEMAS, help, main
from fer_exp.config.folder import options, written
from fer_exp.config.keys import groups, option_keys

GROUPS = ("dataset", "labels", "backbone", "trainer", "method")
OPTIONS = [(group, option) for group in GROUPS for option in options(group)]


def page(capsys, *words: str) -> str:
    assert main(list(words)) == 0
    return capsys.readouterr().out


def test_every_page_with_every_option_fits_80_columns_and_has_the_keys_of_the_option():
    pages = [help.overview(), *(help.command("table", {"study": study}) for study in options("experiment"))]
    for command in SCHEMAS:
        pages.append(help.command(command))
        for group in groups(command):
            for option in options(group) + [f"published/{name}" for name in options(f"{group}/published")]:
                pages.append(help.command(command, {group: option}))
                shown = [key for key in option_keys(group, option) if not key.endswith((".name", ".kind"))]
                assert all(f"  {key}=" in pages[-1] for key in shown)
    assert [line for text in pages for line in text.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_keys_read_as_text_are_what_the_file_and_those_it_starts_from_say(group, option):
    from omegaconf import OmegaConf

    own = written(group, option)
    inherited = own.pop("defaults", ["_self_"])[0]
    meant = own if inherited == "_self_" else written(group, inherited) | own
    read = {
        key.partition(".")[2]: OmegaConf.create(f"x: {row.value}")["x"]
        for key, row in option_keys(group, option).items()
    }
    assert read == meant


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("train dataset=folder --help", "dataset.table=null"),
        ("train method=ncctfer labels=noisy --help", "method.negative_learner=strong"),
        ("train method=ncctfer labels=noisy --help", "labels.rate="),
        ("train trainer=gpu -h", "trainer.accelerator=gpu"),
        ("train method=published/scn --help", "trainer.epochs=70"),
        ("agreement dataset=ferplus --help", "dataset.root=null"),
        ("pretrain --help", "trainer.batch_size=256"),
        ("table dataset=cafe --help", "dataset.folds=null"),
        ("table study=cafe-soft --help", "smoke      cafe-soft in minutes"),
        ("help crowd", "min_gold_accuracy=null"),
        ("crowd plan --help", "usage: fer-exp crowd plan"),
    ],
)
def test_an_option_beside_help_shows_its_keys(capsys, words, shown):
    assert shown in page(capsys, *words.split())
