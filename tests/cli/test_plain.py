"""Plain words make the config that Hydra makes of them; all others are left to Hydra."""

import pytest

from fer_exp.cli.compose import compose_all, compose_one
from fer_exp.cli.plain import plain
from fer_exp.config import SCHEMAS

WORDS = {
    "agreement": [
        [],
        ["ratings=answers.xlsx", "bootstrap=0", "ordered=true", "output=./runs/x-1.2"],
        ["ratings='my (1) answers.csv'", "scale=[1,9]", "classes=[neutral,happy]", "seed=+3", "ties=first"],
        [
            "scale=[-1.5,2]",
            "numbers=[a,b,3]",
            "ignore=[]",
            "against=original",
            "label='x: y'",
            "worker=NULL",
            "seed=07",
        ],
    ],
    "crowd": [
        ["ratings=a.csv", "gold=null", "min_skill=-0.5", "methods=[majority]", "merge=[fear_sad]", "min_answers=5"]
    ],
    "plan": [["l1=0.30", "raters=9", "ratings=C:/data/a.csv", "budget=1000"]],
    "evaluate": [["predictions=p.csv", "all=True", "votes='v, w.csv'"]],
    "compare": [
        ["runs=[runs/a,runs/b,'c d']", "metrics=null", "repairs=False"],
        ["runs=[runs/a,runs/b]", "bootstrap=10"],
    ],
    "report": [["run=runs/a", "split=val"]],
}


@pytest.mark.parametrize("command", WORDS)
def test_plain_words_mean_what_hydra_makes_of_them(command):
    by_hydra = compose_all(command, [(words, {}) for words in WORDS[command]])
    assert [compose_one(command, words) for words in WORDS[command]] == by_hydra


def test_most_of_these_are_plain():
    asked = [(command, words) for command, all_words in WORDS.items() for words in all_words]
    assert sum(plain(command, words) is not None for command, words in asked) >= len(asked) - 2


HYDRAS = """dataset=ferplus +seed=1 ~seed l2=1 dataset.root=x seed=1,2 seed=1e3 l1=.5 l1=inf l1=NaN ratings=${seed}
ratings='it\\'s' ratings="a" classes=[[a]] classes=[a,] classes={a:1} classes=[${seed}] ratings=??? ratings='???'
ratings= seed=1_0 seed=choice(1,2) hydra.run.dir=x seed"""


@pytest.mark.parametrize("word", HYDRAS.split())
def test_the_rest_is_left_to_hydra(word):
    assert plain("plan", [word]) is None


@pytest.mark.parametrize("command", SCHEMAS)
def test_a_command_that_chooses_options_is_left_to_hydra(command):
    found = plain(command, [])
    assert (found is None) == (command in ("train", "pretrain", "prepare", "bench")), command
    assert plain(command, ["seed=1", "seed=2"]) is None
