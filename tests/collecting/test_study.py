"""The study file: every mistake in it is one sentence with its line, and the presets are what they say."""

import pytest

from fer_exp.collecting.study import LANGUAGES, presets, read_study
from fer_exp.collecting.words import class_words, described
from fer_exp.config.keys import command_keys, option_keys
from fer_exp.errors import RequestError

WRONG = [
    ("clases: [a, b]", r"line 1: 'clases' is no key; did you mean classes\?"),
    ("classes: [happy, sad]\nraters: 3", r"line 2: 'raters' is no key; did you mean per_face\?"),
    ("classes: [happy, sad]\ntrials_per_person: 3", r"did you mean per_person\?"),
    ("classes: [happy, sad]\nper_face: many", "line 2, per_face: it is 'many'; it must be a whole number"),
    ("classes: [happy, sad]\nper_face: 2.5", "it must be a whole number"),
    ("classes: [happy, sad]\nper_face: true", "it is true; it must be a whole number"),
    ("classes: [happy, sad]\nper_face: 0", "it must be from 1 to"),
    ("classes: [happy, sad]\nper_face: 3\nper_face: 4", "line 3: 'per_face' stands there twice"),
    ("classes: [happy]", "line 1: a study asks for two classes or more"),
    ("title: x", "a study asks for two classes or more"),
    ("classes: [happy, joy]", "names happiness twice"),
    ("classes: [happy, no]", "it is false, where a text is asked for; put it in quotes"),
    ("classes: [happy, valence]", "cannot be a class"),
    ("classes: [happy, sad]\naffect: manikin", r"did you mean manikins\?"),
    ("classes: [happy, sad]\nlanguages: [en, fr]", "line 2, languages: it is 'fr'"),
    ("classes: [happy, sad]\ntitle: {fr: x}", "line 2: 'fr' is no key"),
    ("classes: [happy, sad]\nmin_gold_accuracy: 70\ngold_faces: 5", "must be from 0 to 1: write 0.7"),
    ("classes: [happy, sad]\nmin_gold_accuracy: 0.7", "line 2: min_gold_accuracy judges by gold faces"),
    ("classes: [happy, sad]\nmin_gold_accuracy: 0.7\ngold_faces: 3\nenough_gold_answers: 4", "which nobody reaches"),
    ("classes: [happy, sad]\nplatform: prolifik", r"did you mean prolific\?"),
    ("classes: [happy, sad]\nplatform: [prolific]", "line 2, platform: it is a list; There are: "),
    ("classes: [happy, sad]\nplatform: {name: [prolific]}", "line 2, name: it is a list; There are: "),
    ("classes: [happy, sad]\nplatform: {name: {a: b}}", "line 2, name: it is a mapping; There are: "),
    ("classes: [happy, sad]\nlanguages: [[en]]", "line 2, languages: it is a list; There are: "),
    ("classes: [happy, sad]\norder: {a: b}", "line 2, order: it is a mapping; There are: "),
    ("classes: [happy, sad]\naffect: [grid]", "line 2, affect: it is a list; There are: "),
    ("classes: [happy, sad]\nper_face: [3]", "line 2, per_face: it is a list; it must be a whole number"),
    ("classes: [happy, sad]\ndemographics: [{name: a, kind: [text]}]", "line 2, kind: it is a list; There are: "),
    ("classes: [happy, sad]\n? [per_face]\n: 3", r"line 2: a list is no key; There are: "),
    ("classes: [happy, sad]\n? {a: b}\n: 3", r"line 2: a mapping is no key; There are: "),
    ("classes: [happy, sad]\nplatform: {name: sona}", "line 2: platform sona needs redirect"),
    ("classes: [happy, sad]\nplatform: {name: none, redirect: 'javascript:alert(1)'}", "is no address"),
    ("classes: [happy, sad]\nplatform: microworkers", "needs secret"),
    ("classes: [happy, sad]\ndemographics: [{question: How}]", "is a question without a name"),
    ("classes: [happy, sad]\ndemographics: [age, age]", "asks age twice"),
    ("classes: [happy, sad]\ndemographics: [{name: a, kind: choice}]", "gives no choices"),
    ("classes: [happy, sad]\nintensity: {low: 5, high: 1}", "the low end comes first"),
    ("classes: [happy, sad]\nrepeats: 50\nper_person: 3", "50 of a person's 3 faces"),
    ("classes: [happy, sad]\nmax_missed_attention: 1", "attention is 0"),
    ("- a\n- b", "it has no keys"),
    ("", "it has no keys"),
    ("a: [", "is no YAML from line 1 on"),
    ("a: !!python/object/apply:os.system [ls]", "is no key"),
    ("classes: [happy, !!python/name:os.system x]", "cannot be read"),
    ("x: &a [*a]", "is no YAML|nested too deeply|no key"),
    ("classes: " + "[" * 60 + "]" * 60, "nested too deeply"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_mistake_is_a_sentence_with_its_line(tmp_path, text, said):
    file = tmp_path / "s.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RequestError, match=said) as caught:
        read_study(str(file))
    assert str(caught.value).startswith(f"study={file}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", presets())
def test_a_preset_says_every_key_and_its_reason(name):
    study = read_study(name)
    keys = option_keys("rate", name)
    wanted = {f"rate.{key}" for key in study.content if key != "title"}
    assert wanted <= keys.keys()
    assert all(keys[key].comment for key in wanted)
    for language in LANGUAGES:
        told = described(study, language, list(study.classes))
        assert told["title"]
        assert len({each["word"] for each in told["classes"]}) == len(study.classes)


def test_the_presets_are_the_studies():
    cafe, affectnet = read_study("cafe"), read_study("affectnet")
    assert (len(cafe.classes), cafe.other, cafe.affect) == (7, False, None)
    assert (len(affectnet.classes), affectnet.affect, affectnet.per_face) == (8, "manikins", 13)
    assert set(command_keys("rate")) >= {"pictures", "study", "host", "port"}


def test_classes_are_called_as_everywhere_and_shown_as_written(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(
        "classes: {Freude: {de: froh, en: glad}, pain: , 'facial palsy': Palsy}\nlanguages: [de, en]\n", "utf-8"
    )
    study = read_study(str(file))
    assert list(study.classes) == ["happiness", "pain", "facial_palsy"]
    assert class_words(study, "de") == {"happiness": "froh", "pain": "pain", "facial_palsy": "Palsy"}
    assert class_words(study, "es")["happiness"] == "froh"


def test_gold_lies_beside_the_study_file(tmp_path):
    (tmp_path / "gold.csv").write_text("task,label\na,happy\n", "utf-8")
    (tmp_path / "s.yaml").write_text("classes: [happy, sad]\ngold: gold.csv\n", "utf-8")
    assert read_study(str(tmp_path / "s.yaml")).gold == str(tmp_path / "gold.csv")


def test_a_study_that_is_not_there_says_the_nearest(tmp_path):
    with pytest.raises(RequestError, match=r"did you mean cafe\? Presets are: affectnet, cafe"):
        read_study("caffe")
    with pytest.raises(RequestError, match="it is a folder"):
        read_study(str(tmp_path))
