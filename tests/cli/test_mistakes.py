"""Natural mistakes: what was typed, what must be said; exit code 2, a sentence or two, the words that were meant."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer_exp.cli import main
from fer_exp.cli.checks import check_typed
from fer_exp.config import SCHEMAS
from fer_exp.config.folder import options
from fer_exp.config.keys import command_keys

MEANT = [
    # keys as other programs call them
    ("train lr=0.1", "trainer.learning_rate=0.1"),
    ("train trainer.lr=0.1", "trainer.learning_rate=0.1"),
    ("train epochs=3", "trainer.epochs=3"),
    ("train --epochs 3", "trainer.epochs=3"),
    ("train --epochs=3", "trainer.epochs=3"),
    ("train -e 3", "trainer.epochs=3"),
    ("train —epochs 3", "trainer.epochs=3"),
    ("train batch_size=64", "trainer.batch_size=64"),
    ("train --batch-size 64", "trainer.batch_size=64"),
    ("train optimizer=adamw", "trainer.optimizer=adamw"),
    ("train model=resnet50", "backbone=resnet50"),
    ("train loss=gce", "method=gce"),
    ("train device=cuda", "trainer=gpu"),
    ("train --gpus 2", "trainer=ddp trainer.devices=2"),
    ("train trainer.devices=2", "trainer=ddp trainer.devices=2"),
    ("train pretrained=true", "backbone.weights=imagenet"),
    ("train --amp", "trainer.precision=16-mixed"),
    ("train num_classes=8", "dataset.classes=8"),
    ("train img_size=224", "dataset.size=224"),
    ("train data_dir=/data/fer dataset=ferplus", "dataset.root=/data/fer"),
    ("train root=/data/fer", "dataset=folder dataset.root=/data/fer"),
    ("train csv=faces.csv", "dataset=folder dataset.table=faces.csv"),
    ("train noise_rate=0.2", "labels=noisy labels.rate=0.2"),
    ("train --label-smoothing 0.1", "labels.smoothing=0.1"),
    ("train save_model=false", "trainer.keep=none"),
    ("train save_dir=out", "output=out"),
    ("train --weight-decay 1e-4", "trainer.weight_decay=1e-4"),
    ("train scheduler=cosine", "trainer.schedule=cosine"),
    ("train wandb=true", "trainer.logger=wandb"),
    ("train trainer.epoch=3", "trainer.epochs=3"),
    ("train lerning_rate=0.1", "trainer.learning_rate=0.1"),
    ("agreement answers=answers.csv", "ratings=answers.csv"),
    ("agreement answers.csv raters=participant", "worker=participant"),
    ("agreement answers.csv scale=1-9", "'scale=[1,9]'"),
    ("crowd answers.csv gold=gold.csv min_accuracy=60", "min_gold_accuracy=0.6"),
    ("plan answers.csv budget=1,000", "budget=1000"),
    ("rate raters=3", "per_face=3"),
    ("rate trials=40", "per_person=40"),
    ("rate bind=0.0.0.0", "host=0.0.0.0"),
    ("rate anonymize=true", "hash_ids=true"),
    ("annotate faces study=cafe", "fer-exp rate faces study=cafe"),
    ("pretrain method=simclr", "task=contrast"),
    ("pretrain simclr", "task=contrast"),
    ("bench gpu", "trainer=gpu"),
    ("prepare dataset=folder dataset.root=faces dataset.test=20", "dataset.test=0.2"),
    ("prepare faces dataset.classes=happy,sad", "'dataset.classes=[happy,sad]'"),
    ("table study=cafe-soft dry_run=true", "run=false"),
    ("crowd ratings=answers.csv min_kappa=0.3", "min_skill=0.3"),
    ("crowd ratings=answers.csv ground_truth=gold.csv", "gold=gold.csv"),
    ("evaluate preds=predictions.csv", "predictions=predictions.csv"),
    ("report --out page.html", "output=page.html"),
    ("report path=predictions.csv", "run=predictions.csv"),
    ("predict runs/ferplus-soft --input faces", "pictures=faces"),
    ("predict runs/ferplus-soft faces trainer=gpu", "device=gpu"),
    ("export runs/ferplus-soft fmt=onnx", "format=onnx"),
    ("convert runs/ferplus-soft format=onnx", "fer-exp export runs/ferplus-soft format=onnx"),
    ("inference runs/ferplus-soft faces", "fer-exp predict runs/ferplus-soft faces"),
    # options as others spell them, or of another group
    ("train dataset=fer+", "dataset=ferplus"),
    ("train dataset=FER2013", "dataset=fer2013"),
    ("train dataset=raf-db", "dataset=rafdb"),
    ("prepare dataset=jaffe", "dataset=folder dataset.root=DIR"),
    ("train dataset=/data/faces", "dataset=folder dataset.root=/data/faces"),
    ("train labels=one-hot", "labels=onehot"),
    ("train labels=hard", "labels=onehot"),
    ("train backbone=ResNet-18", "backbone=resnet18"),
    ("train backbone=weights/resnet18.pth", "backbone.weights=weights/resnet18.pth"),
    ("train method=soft", "labels=soft"),
    ("train method=co-teaching", "method=co_teaching"),
    ("train method=adam", "trainer.optimizer=adam"),
    ("train labels=sof", "labels=soft"),
    ("train dataset.name=ferplus", "dataset=ferplus"),
    ("table noisy-labels", "study=noisy-labels"),
    ("verify readme=README.md", "places=README.md"),
    # keys of an option that is not chosen
    ("train labels.rate=0.2", "labels=noisy labels.rate=0.2"),
    ("train labels=soft labels.rate=0.2", "labels=noisy labels.rate=0.2"),
    ("train method.q=0.5", "method=gce method.q=0.5"),
    # how a word is written
    ("train ferplus", "dataset=ferplus"),
    ("train trainer.epochs = 3", "trainer.epochs=3"),
    ("train trainer.epochs= 3", "trainer.epochs=3"),
    ("train trainer.epochs:3", "trainer.epochs=3"),
    ("train trainer.epochs 3", "trainer.epochs=3"),
    ("train “labels=soft”", "labels=soft"),
    ("train seed=", "seed=0"),
    ("train dataset.drop=duplicate", "'dataset.drop=[duplicate]'"),
    ("train dataset.drop=[duplicate", "'dataset.drop=[duplicate]'"),
    ("train 'dataset.drop=[duplicate,' constant]", "'dataset.drop=[duplicate,constant]'"),
    ("compare predictions.csv runs metrics=l1,accuracy", "'metrics=[l1,accuracy]'"),
    ("train labels=noisy labels.rate=0,2", "labels.rate=0.2"),
    ("train labels=noisy labels.rate=40", "labels.rate=0.4"),
    ("train dataset.validation=10", "dataset.validation=0.1"),
    ("train trainer.epochs=90 trainer.milestones=[30,60]", "trainer.milestones=[0.333,0.667]"),
    ("train --cfg", "--cfg job"),
    # sweeps
    ("train seed=0,1,2", "fer-exp train -m seed=0,1,2"),
    ("train labels=soft,onehot seed=1", "fer-exp train -m labels=soft,onehot seed=1"),
    ("train seed=0, 1, 2", "fer-exp train -m seed=0,1,2"),
    ("train seed=0 1 2", "fer-exp train -m seed=0,1,2"),
    ("train seed=[0,1,2]", "fer-exp train -m seed=0,1,2"),
    # commands
    ("training labels=soft", "fer-exp train labels=soft"),
    ("eval run=runs", "fer-exp evaluate run=runs"),
    ("test run=runs", "fer-exp evaluate run=runs"),
    ("dataset=ferplus", "fer-exp train dataset=ferplus"),
    ("-m train seed=0,1", "fer-exp train -m seed=0,1"),
    ("train table study=noisy-labels", "fer-exp table study=noisy-labels"),
    # files
    ("evaluate run=runs", "run=runs/ferplus-soft"),
    ("evaluate run=predictions.csv", "predictions=predictions.csv"),
    ("evaluate predictions=runs/ferplus-soft", "run=runs/ferplus-soft"),
    ("prepare dataset=folder dataset.root=faces.csv", "dataset.table=faces.csv"),
]
"""What was typed, what is to be written in its place; the latter is followed."""

NEAR = [
    ("trian", "write fer-exp train."),
    ("train --multrun", "did you mean --multirun?"),
    ("train trainer.optimizer=AdamW2", "did you mean adamw?"),
    ("train trainer.precision=bf16", "did you mean bf16-mixed?"),
    ("train trainer.schedule=CosineAnnealingLR", "did you mean cosine?"),
    ("train labels=noisy labels.noise=sym", "did you mean symmetric?"),
    ("train labels=noisy labels.rate=40%", "as in labels.rate=0.4"),
    ("train seed=1.5", "it must be a whole number, as in seed=2"),
    ("train gold=gold.csv", "of fer-exp crowd, where it is written gold=gold.csv"),
    ("evaluate epochs=3", "of fer-exp train, where it is written trainer.epochs=3"),
    ("crowd ratings=answers.csv methods=[dawid-skene]", "did you mean dawid_skene?"),
    ("crowd ratings=answers.csv gold=glod.csv", "did you mean gold.csv?"),
    ("crowd ratings=answers.csv min_gold_accuracy=60", "write min_gold_accuracy=0.6"),
    ("agreement ratings=answer.csv", "did you mean answers.csv?"),
    ("agreement ratings=answers.csv against=orginal", "did you mean against=original?"),
    ("train backbone.weights=weights/resnet18_ferpuls.pth", "did you mean weights/resnet18_ferplus.pth?"),
    ("train backbone.weights=imagnet", "did you mean backbone.weights=imagenet?"),
    ("train labels=noisy labels.noise=file labels.file=nois.txt", "did you mean noise.txt?"),
    ("prepare dataset=folder dataset.root=face", "did you mean faces?"),
    ("prepare dataset=folder dataset.root=faces/happy", "set dataset.root=faces"),
    ("prepare dataset=folder dataset.root=kaggle", "set dataset.root=kaggle/archive"),
    ("table study=noisylabels", "did you mean noisy-labels?"),
]
"""What was typed, and how what is most like it is named."""

SAID = [
    ("train trainer.epochs=null", "null is no value of it; leave the word out, or give one"),
    ("train output=null", "null is no value of it; leave the word out, or give one"),
    ("crowd ratings=x.csv methods=null", "null is no value of it; leave the word out, or give one"),
    ("train dataset@foo=cafe", "an option of dataset has one place, that of its keys; write dataset=cafe."),
    ("train seed=choice()", "nothing stands in its brackets; write seed=VALUE,VALUE with -m, a run of each."),
    ("train -m method=choice()", "nothing stands in its brackets; write method=VALUE,VALUE with -m, a run of each."),
    ("train -m seed=0,", "nothing stands beside one of its commas; write seed=0."),
    ("train -m labels=onehot,,soft", "write labels=onehot,soft."),
    ("train ~trainer.epochs", "a key cannot be taken away; leave the word out, or write trainer.epochs=VALUE"),
    ("train -m seed=0,1 --cfg job", "leave out -m and give each key one value"),
    ("train -m seed=glob(*)", "glob picks options of a group"),
    ("table study=noisy-labels seed=glob(*) run=false", "glob picks options of a group"),
    ("train -m labels=glob(zzz*)", "picks nothing; there are: "),
    ("train seeds=0,1,2", "write seed=0,1,2 with -m, for a run of each"),
    ("train experiment=cafe-soft", "fer-exp table study=NAME makes it"),
    (
        "train labels=null",
        "labels=null: one has to be chosen; write labels=onehot, which is taken where nothing is said.",
    ),
    ("train -m labels=soft,null", "one has to be chosen"),
    ("agreement ratings=x.csv dataset=null", "dataset=null: none is chosen where nothing is said; leave the word out."),
    ("train trainer=true", "There are: trainer=cpu, trainer=ddp, trainer=gpu, trainer=auto."),
    ("train backbone=resnet34", f"There are: {', '.join(f'backbone={name}' for name in options('backbone'))}."),
    ("train model=vgg16", "model is called backbone here"),
    ("train --config-name mine", "the command chooses the config; give what differs as KEY=VALUE"),
    ("train num_workers=4", "there are no worker processes to set"),
    ("evaluate format=json", "write --json."),
    ("train --json=runs.json", "write --json > runs.json."),
    ("compare runs json=yes", "write --json."),
    ("train --resume", "the same command goes on where it was interrupted"),
    ("train foo=3", "fer-exp train --help lists them"),
    ("train dataset=ferplus dataset=rafdb", "write one of them"),
    ("train dataset=fer2013 dataset.folds=5", "which has no use for it; leave it out"),
    ("train trainer.batch_size=33 trainer=ddp", "make one a multiple of the other"),
    ("train labels=aggregated", "labels=aggregated needs labels.posteriors=FILE"),
    ("train labels=soft labels.rule=majority", "set labels.rule=crossentropy"),
    ("train hydra/launcher=joblob", "without it a sweep's jobs run one after the other"),
    ("train dataset=folder dataset.root=faces labels=soft", "dataset.votes=FILE attaches some"),
    ("evaluate", "needs run=FOLDER or predictions=FILE"),
    ("evaluate predictions=faces/happy/0.png", "it is a picture, which is no table"),
    ("agreement ratings=faces", "it is a folder without a table"),
    ("agreement ratings=notes.docx", "save what is in it as .csv or .xlsx"),
    ("agreement", "name a table with ratings=FILE"),
    ("crowd ratings=votes.csv", "fer-exp agreement takes counts"),
    ("compare predictions.csv", "needs two runs or more"),
    ("predict runs/ferplus-soft", "needs pictures: fer-exp predict runs/ferplus-soft photos/"),
    ("train images", "images: there is no such file or folder"),
    ("train dataset=foldr --help", "did you mean dataset=folder?"),
]
"""What was typed that has nothing near, and the way out."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """A folder as people have it: pictures, answers, predictions, a run."""
    folder = tmp_path_factory.mktemp("desk")
    pixels = np.random.default_rng(0).integers(0, 255, (40, 24, 24), np.uint8)
    places = [f"faces/{name}/{k}.png" for name in ("happy", "sad") for k in range(10)]
    places += [f"kaggle/archive/{split}/{name}/0.png" for split in ("train", "test") for name in ("happy", "sad")]
    for place, picture in zip(places, pixels, strict=False):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / place)
    texts = {
        "answers.csv": "task,worker,label\na,x,happy\na,y,sad\nb,x,sad\nb,y,sad\n",
        "faces.csv": "path,label\nhappy/0.png,happy\n",
        "gold.csv": "task,label\na,happy\n",
        "votes.csv": "face,happiness,sadness\na,3,1\nb,0,4\n",
        "predictions.csv": "face,split,p_happiness,p_sadness,label\na,test,.9,.1,happiness\nb,test,.2,.8,sadness\n",
        "weights/resnet18_ferplus.pth": "",
        "noise.txt": "a happiness\n",
        "notes.docx": "PK",
        "runs/ferplus-soft/run.json": "{}",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    pd.read_csv(folder / "predictions.csv").to_parquet(folder / "runs/ferplus-soft/predictions.parquet")
    return folder


@pytest.fixture
def mistaken(desk, capsys, monkeypatch):
    """Runs a command that must be refused, and returns what is said."""
    monkeypatch.chdir(desk)
    monkeypatch.setenv("FER_EXP_CACHE", str(desk / "cache"))

    def run(typed: str) -> str:
        assert main(shlex.split(typed)) == 2, typed
        last = capsys.readouterr().err.splitlines()[-1]
        assert last.startswith("fer-exp: "), last
        return last.removeprefix("fer-exp: ")

    return run


@pytest.mark.parametrize(
    "typed",
    ["prepare faces dataset.test=0.3", "train faces dataset.folds=2 --cfg job", "train -m method=glob(n*)"],
)
def test_what_is_right_is_not_taken_for_a_mistake(desk, monkeypatch, typed):
    monkeypatch.chdir(desk)
    command, *words = shlex.split(typed)
    check_typed(command, words)


def sentences(said: str) -> int:
    return len(re.split(r"[.?!] (?=[A-Z])", said))


@pytest.mark.parametrize(("typed", "hint"), MEANT)
def test_what_was_meant_is_given_in_full_and_can_be_copied(mistaken, typed, hint):
    said = mistaken(typed)
    assert sentences(said) <= 2
    assert re.search(rf"(write|did you mean) {re.escape(hint)}([.?, ]|$)", said), said
    command, *words = shlex.split(
        hint.removeprefix("fer-exp ") if hint.startswith("fer-exp ") else f"{typed.split()[0]} {hint}"
    )
    kept = [
        word
        for word in typed.split()
        if word in ("dataset=ferplus", "dataset=folder", "labels=noisy") and word not in words
    ]
    check_typed(command, [*kept, *words])


@pytest.mark.parametrize(("typed", "hint"), NEAR)
def test_what_is_most_alike_is_named(mistaken, typed, hint):
    said = mistaken(typed)
    assert hint in said


@pytest.mark.parametrize(("typed", "way_out"), SAID)
def test_where_nothing_is_near_the_way_out_is_said(mistaken, typed, way_out):
    said = mistaken(typed)
    assert way_out in said
    assert sentences(said) <= 2


def test_the_table_holds_what_was_promised():
    assert len(MEANT) + len(NEAR) >= 45
    assert len({typed for typed, _ in MEANT + NEAR + SAID}) == len(MEANT + NEAR + SAID) >= 50


@pytest.mark.parametrize("command", SCHEMAS)
def test_every_command_names_the_key_that_a_slip_means(mistaken, command):
    key = max((key for key in command_keys(command) if "." not in key), key=len)
    said = mistaken(f"{command} {key[:-1]}=1")
    assert f"{key}=1" in said
    assert sentences(said) <= 2


@pytest.mark.parametrize("words", [["hydra/launcher=3"], ["--cfg", "job", "-r"]])
def test_what_hydras_own_command_line_cannot_take_is_a_sentence(capsys, words):
    assert main(["train", *words]) == 2
    said = capsys.readouterr().err
    assert said.startswith("fer-exp: ")
    assert f"{words[-1]}: Hydra cannot take this (" in said
