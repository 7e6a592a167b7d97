"""fer-exp alone on a terminal: each command it writes is right, wrong answers are asked again, it ends politely."""

import contextlib
import os
import re
import select
import shlex
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from fer_exp.cli import guide, main
from fer_exp.cli.guide import estimates, questions
from fer_exp.cli.guide.wants import HAVE, WANTS, Known, fitting, written
from fer_exp.datasets import CORPORA
from fer_exp.stats.crossed import Runs, spread
from fer_exp.stats.power import Sizes, detectable
from tests.datasets.fake_folders import write_classes
from tests.datasets.fake_pictures import save
from tests.datasets.fakes import write_fer2013, write_votes
from tests.judging.tables import predictions_table

ENOUGH = ("labels", "votes", "workers", "people", "run")
PLACES = {  # what the questions find: words by the name of their gap
    "faces": ("dataset=folder", "dataset.root=my faces"),
    "pictures": ("my faces",),
    "place": ("pictures=my faces",),
    "people": ("ratings=a, b.csv",),
    "answers": ("dataset.ratings=a, b.csv",),
    "votes": ("votes=a, b.csv",),
    "lab": ("lab=a, b.csv",),
    "predictions": ("predictions=a, b.csv",),
    "one": ("a, b.csv",),
    "other": ("my faces",),
    "run": ("run",),
    "against": ("against=original",),
    "gold": ("gold=a, b.csv",),
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my faces").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("")
    (tmp_path / "a, b.csv").write_text("face,label\na,anger\n")
    return tmp_path


@pytest.fixture
def typed(monkeypatch):
    """A terminal on which these answers are typed, then Ctrl-D."""

    def at(*answers):
        left = list(answers)

        def answer(prompt=""):
            print(prompt, end="")
            if not left:
                raise EOFError
            print(left[0])
            return left.pop(0)

        monkeypatch.setattr("builtins.input", answer)
        monkeypatch.setattr(guide, "on_terminal", lambda: True)
        return left

    return at


LEAVES = [(have, number) for have, _ in HAVE for number in range(len(WANTS[have]))]


@pytest.mark.parametrize(("have", "number"), LEAVES)
def test_every_command_that_it_writes_passes_the_checks_of_the_command_line(here, have, number):
    want = WANTS[have][number]
    known = Known(dict(PLACES), set(ENOUGH), 800, 200, 1000)
    if have == "corpus":
        known.words["faces"] = ("dataset=ferplus", "dataset.root=my faces")
    words = written(want, known)
    assert not [word for word in words if "{" in word]
    jobs, first = guide._composed(words, want.axes)
    assert jobs == np.prod([len(values.split(",")) for values in want.axes.values()] or [1])
    said = guide._estimates(words, want.shows, jobs, first, known)
    assert said[0].startswith("People: " if words[0] == "rate" else "Time: ")
    if words[0] == "rate":
        assert "334, if each of 1,000 faces gets 20 answers" in said[0] or "affectnet" in words[-1]
    assert len(said) == 1 + want.shows


def test_whatever_is_known_of_two_questions_of_one_name_one_fits():
    for have, _ in HAVE:
        for several in range(len(ENOUGH) + 1):
            for has in combinations(ENOUGH, several):
                names = [want.name for want in fitting(have, Known(has=set(has)))]
                assert len(names) == len(set(names))
                assert names or have == "nothing" or "labels" not in has


def test_pictures_are_counted_and_the_command_runs(here, typed, capsys, monkeypatch):
    write_classes(here / "my faces", each=5)
    typed("1", "'my faces'", "look", "maybe", "y")
    monkeypatch.setenv("FER_EXP_CACHE", str(here / "cache"))
    assert main([]) == 0
    said = capsys.readouterr()
    assert "20 pictures: neutral 5, happiness 5, sadness 5, anger 5." in said.out
    assert "fer-exp prepare dataset=folder 'dataset.root=my faces'" in said.out
    assert "Type y for yes or n for no." in said.out
    assert "20 faces at 112 x 112 ready" in said.out
    assert max(map(len, said.out.partition("Run it now?")[0].splitlines())) <= 80


def test_pictures_without_labels_are_for_a_network_and_for_people(here, typed, capsys):
    for number in range(3):
        save(here / "my faces" / f"{number}.png", "anger", number)
    typed("pictures", "my faces", "look", "train", "see", "nowhere", "run", "n")
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "3 pictures. Nothing says what they show" in said
    assert "There is no train here." in said
    assert "nowhere is no run folder" in said
    assert "fer-exp predict run 'my faces' page=true" in said


def test_answers_are_read_as_the_command_reads_them_and_wrong_ones_asked_again(here, typed, capsys):
    (here / "answers.csv").write_text("task,worker,label\na,1,happy\na,2,Freude\nb,1,sad\nb,2,angry\n")
    left = typed("answer", "answer.csv", "answers.csv", "trus", "", "q")
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "answer.csv: there is no such file; did you mean answers.csv?" in said
    assert "ratings=answer.csv" not in said  # the key was not typed
    assert "2 faces, 4 answers of 2 people. Classes: happiness, sadness, anger." in said
    assert said.rstrip().splitlines()[-1].startswith("Run it now?")
    assert "  fer-exp crowd ratings=answers.csv\n" in said
    assert not left


def test_predictions_without_answers_ask_for_them(here, typed, capsys):
    table = predictions_table(splits=("test",))
    table.drop(columns=[name for name in table if name.startswith("votes_")]).to_csv("mine.csv", index=False)
    votes = table[["face", *(name for name in table if name.startswith("votes_"))]]
    votes.rename(columns=lambda name: name.removeprefix("votes_")).to_csv("votes.csv", index=False)
    typed("predictions", "mine.csv", "judge", "votes.csv", "n")
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "without people's answers" in said
    assert "fer-exp evaluate predictions=mine.csv votes=votes.csv" in said


def test_a_corpus_is_named_and_looked_for(here, typed, capsys):
    write_fer2013(here / "my faces")
    write_votes(here / "my faces")
    typed("corpus", "celeba", "FER+", "no folder", "my faces", "soft")
    assert main([]) == 0
    said = capsys.readouterr().out
    assert re.search(r"There is no celeba here\. Type a number from 1 to \d+\.", said)
    assert said.count("Path (q leaves):") == 2
    words = shlex.split(next(line for line in said.splitlines() if line.startswith("  fer-exp train")))
    assert "labels=onehot,soft" in words
    assert "6 trainings, one after the other:" in said
    assert "detect an L1 difference of 0.0" in " ".join(said.split())


def test_every_corpus_that_has_files_of_its_own_is_offered(typed, capsys):
    typed("corpus")
    assert main([]) == 0
    said = capsys.readouterr().out
    assert [name for name in CORPORA if f"  {name} " in said.partition("Which corpus?")[2]] == [
        name for name in CORPORA if name not in ("synthetic", "folder")
    ]


def test_help_and_programs_get_what_they_got(typed, capsys, monkeypatch):
    typed("1")
    assert main(["--help"]) == 0
    assert main(["--json"]) == 0
    assert "What do you have?" not in capsys.readouterr().out
    monkeypatch.setattr(guide, "on_terminal", lambda: False)
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("fer-exp: does a face classifier")


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX")
@pytest.mark.parametrize(("key", "code"), [(b"\x03", 130), (b"\x04", 0)], ids=["Ctrl-C", "Ctrl-D"])
def test_on_a_terminal_it_asks_at_once_and_leaves_politely(key, code):
    import pty

    ours, theirs = pty.openpty()
    heavy = "[name for name in ('torch', 'pandas', 'numpy', 'hydra') if name in sys.modules]"
    takes_the_terminal = "import fcntl, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
    # Where the tests run in a shell's background, Ctrl-C is ignored and a child inherits that: it listens again.
    takes_the_terminal += "; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"from fer_exp.cli import main; code = main([]); print('heavy', {heavy}); sys.exit(code)"
    child = subprocess.Popen(
        [sys.executable, "-c", f"{takes_the_terminal}; {program}"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    while b"(q leaves): " not in said:
        said += os.read(ours, 4096)
    for _ in range(30):  # as people do: a key that came before the question listens is pressed again
        with contextlib.suppress(OSError):  # Linux says so at the end
            os.write(ours, key)
            while select.select([ours], [], [], 1)[0] and (piece := os.read(ours, 4096)):
                said += piece
        if child.poll() is not None:
            break
    child.kill()
    os.close(ours)
    assert child.wait(20) == code
    assert b"heavy []" in said
    assert b"Traceback" not in said
    assert (b"fer-exp: interrupted." in said) == (code == 130)


def test_the_constants_are_what_the_committed_results_give():
    from scripts.guide_numbers import measured

    assert measured() == estimates.measured()


@pytest.mark.parametrize(("faces", "runs"), [(50, 1), (40, 3)])
def test_a_detectable_difference_is_found_in_eight_of_ten_simulated_studies(faces, runs):
    sizes, generator = Sizes(0.1, 0.2, 0.02), np.random.default_rng(0)
    true = detectable(sizes._replace(runs=0.0) if runs == 1 else sizes, faces, runs)
    hits = 0
    for _ in range(300):
        both = true / 2 * np.array([1, -1])[:, None, None] + sizes.answers * generator.normal(size=(2, runs, faces))
        both[0] += sizes.faces * generator.normal(size=faces)
        if runs > 1:
            both += sizes.runs * generator.normal(size=(2, runs, 1))
        weights = generator.multinomial(faces, np.full(faces, 1 / faces), size=100) / faces
        sides = [(sign, Runs(one.mean(axis=1), one @ weights.T)) for sign, one in zip((1.0, -1.0), both, strict=True)]
        low, high = spread(sides, faces).interval()
        hits += not low <= 0 <= high
    assert 0.72 < hits / 300 < 0.88  # three standard errors of 300 studies


def test_more_faces_and_more_runs_show_smaller_differences():
    sizes = Sizes(0.1, 0.2, 0.01)
    of_faces = [detectable(sizes, faces, 3) for faces in (20, 100, 1000)]
    assert of_faces == sorted(of_faces, reverse=True)
    assert detectable(sizes, 300, 10) < detectable(sizes, 300, 3) < detectable(sizes, 300, 2)


def test_a_path_is_taken_as_it_is_dropped_on_a_terminal(here):
    assert questions._as_path("'my faces'") == questions._as_path("my\\ faces") == "my faces"
    assert questions._as_path("a, b.csv") == "a, b.csv"
