"""Each corpus through the command line: prepare and one epoch of training on fakes, and what is refused."""

import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from tests.datasets import fake_affectnet, fake_cafe, fake_folders, fake_rafdb
from tests.datasets.test_pictures import bomb

pytestmark = pytest.mark.usefixtures("light")


@pytest.fixture(scope="module")
def fakes(tmp_path_factory) -> Path:
    """One folder with a fake of every layout."""
    top = tmp_path_factory.mktemp("fakes")
    fake_rafdb.write_rafdb(top / "rafdb")
    names = fake_cafe.write_cafe(top / "cafe")
    fake_cafe.write_answers(top / "answers.csv", names)
    fake_cafe.write_answers(top / "shares.csv", names, proportions=True)
    fake_affectnet.write_2017(top / "2017")
    fake_affectnet.write_2021(top / "2021")
    fake_folders.write_classes(top / "classes")
    fake_folders.write_faces_table(top / "table")
    fake_folders.write_ferplus_folders(top / "ferplus")
    random = np.random.default_rng(0)
    rows = [
        {"task": f"a/b/train_{face:05d}.jpg", "worker": f"w{rater}", "label": ("happy", "sad", "NF")[rater % 3]}
        for face in range(1, 57)
        for rater in random.permutation(7)[:5]
    ]
    rows = [row | {"valence": round(random.uniform(-1, 1), 2), "arousal": 0.5} for row in rows]
    pd.DataFrame([*rows, rows[0], {**rows[1], "task": "train_99999"}]).to_csv(top / "ratings.csv", index=False)
    return top


def typed(fakes: Path, corpus: str, *more: str) -> list[str]:
    words = {
        "rafdb": ["dataset=rafdb", f"dataset.root={fakes / 'rafdb'}"],
        "cafe": ["dataset=cafe", f"dataset.root={fakes / 'cafe'}", f"dataset.votes={fakes / 'answers.csv'}"],
        "2017": ["dataset=affectnet", f"dataset.root={fakes / '2017'}"],
        "2021": ["dataset=affectnet", f"dataset.root={fakes / '2021'}", "dataset.classes=7"],
        "classes": ["dataset=folder", f"dataset.root={fakes / 'classes'}"],
        "table": ["dataset=folder", f"dataset.table={fakes / 'table' / 'faces.csv'}"],
        "ferplus": ["dataset=ferplus", f"dataset.root={fakes / 'ferplus'}"],
    }[corpus]
    return [*words, "dataset.size=24", "dataset.max_rejected=0.1", f"dataset.cache={fakes / 'cache'}", *more]


def trained(capsys, fakes: Path, output: Path, corpus: str, *more: str) -> Path:
    small = ["trainer=cpu", "trainer.epochs=1", "trainer.batch_size=8", "bootstrap=0", f"output={output}"]
    assert main(["train", *typed(fakes, corpus, *small, *more)]) == 0
    return Path(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize("corpus", ["rafdb", "cafe", "2017", "2021", "classes", "table", "ferplus"])
def test_prepare_and_train_on_every_layout(fakes, tmp_path, capsys, corpus):
    assert main(["prepare", *typed(fakes, corpus)]) == 0
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    faces = pd.read_parquet(folder / "faces.parquet")
    run = trained(capsys, fakes, tmp_path, corpus)
    predictions = pd.read_parquet(run / "predictions.parquet")
    assert set(predictions["face"]) <= set(faces["face"])
    assert set(predictions["split"]) == {"val", "test"}
    metrics = json.loads((run / "metrics.json").read_text())["test"]
    assert ("l1" in metrics) == (corpus in ("cafe", "table", "ferplus"))
    assert ("valence_ccc" in metrics) == (corpus in ("2017", "2021", "table"))
    if corpus in ("cafe", "table"):  # no person on both sides
        subject_of = faces.set_index("face")["subject"]
        train = pd.read_parquet(run / "targets.parquet").query("split == 'train'")["face"]
        assert not set(subject_of[train]) & set(predictions["subject"])


def test_folds_and_subset_of_cafe_by_the_shell(fakes, tmp_path, capsys):
    folds = ["dataset.folds=5", "dataset.fold=2"]
    run = trained(capsys, fakes, tmp_path, "cafe", *folds, "dataset.subset=A", "labels=soft")
    answers = pd.read_csv(fakes / "answers.csv").set_index("face")
    columns = dict(zip(fake_cafe.SEVEN, answers.columns, strict=True))
    table = pd.read_parquet(run / "targets.parquet")
    posed = [fake_cafe.POSES[face.split("-")[1].split("_")[0]] for face in table["face"]]
    agreed = [answers.loc[f"{face}.jpg", columns[pose]] for face, pose in zip(table["face"], posed, strict=True)]
    assert min(agreed) >= 60
    assert table.query("split == 'test'")["face"].str.split("_").str[1].nunique() == 2


def test_ratings_become_votes_and_mean_valence_of_any_corpus(fakes, tmp_path, capsys):
    run = trained(
        capsys,
        fakes,
        tmp_path,
        "rafdb",
        f"dataset.ratings={fakes / 'ratings.csv'}",
        "labels.rule=all",
        "labels.source=label",
        "labels.ties=first",
    )
    predictions = pd.read_parquet(run / "predictions.parquet").set_index("face")
    long = pd.read_csv(fakes / "ratings.csv")
    long = long.drop_duplicates(["task", "worker"])
    long["face"] = long["task"].str.extract(r"(train_\d+)")
    own = long[long["face"].isin(predictions.index)]
    expected = own.groupby("face")["valence"].mean()
    assert predictions.loc[expected.index, "human_valence"].to_numpy() == pytest.approx(expected.to_numpy())
    happy = own[own["label"] == "happy"].groupby("face").size().reindex(expected.index, fill_value=0)
    assert predictions.loc[expected.index, "votes_happiness"].tolist() == happy.tolist()


@pytest.mark.parametrize("labels", ["sampled", "multipass", "multi_target"])
def test_labels_by_votes_through_the_shell(fakes, tmp_path, capsys, labels):
    run = trained(capsys, fakes, tmp_path, "ferplus", f"labels={labels}", "labels.raters=8", "trainer.balance=weights")
    table = pd.read_parquet(run / "targets.parquet")
    targets = table.filter(like="target_").to_numpy()
    assert targets.sum(axis=1) == pytest.approx(np.ones(len(table)))
    if labels == "multi_target":
        assert all(len(set(row[row > 0])) == 1 for row in targets)
    assert json.loads((run / "run.json").read_text())["config"]["labels"]["raters"] == 8


def test_aggregated_posteriors_are_the_targets(fakes, tmp_path, capsys):
    names = [path.stem for path in sorted((fakes / "rafdb" / "Image" / "aligned").glob("*.jpg"))]
    values = np.random.default_rng(1).dirichlet(np.ones(7), len(names)).round(4)
    values[:, 0] += 1 - values.sum(axis=1)
    order = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
    table = pd.DataFrame(values, columns=order)
    table.insert(0, "face", names)
    table.iloc[3:].to_csv(tmp_path / "posteriors.csv", index=False)
    run = trained(
        capsys,
        fakes,
        tmp_path,
        "rafdb",
        "labels=aggregated",
        f"labels.posteriors={tmp_path / 'posteriors.csv'}",
        "trainer.balance=sampler",
    )
    made = pd.read_parquet(run / "targets.parquet").set_index("face")
    table["face"] = table["face"].str.removesuffix("_aligned")
    own = table.set_index("face").loc[made.index, order].to_numpy()
    assert made[[f"target_{name}" for name in order]].to_numpy() == pytest.approx(own)
    assert json.loads((run / "run.json").read_text())["dropped"]["no posterior"] == 3


@pytest.mark.slow
def test_a_published_file_that_a_run_wrote_gives_the_same_targets(fakes, tmp_path, capsys):
    noisy = trained(capsys, fakes, tmp_path, "rafdb", "labels=noisy", "labels.rate=0.3", "labels.export=scn")
    published = (noisy / "noise_scn.txt").read_text().splitlines()
    assert all(line.split()[1] in "0123456" and line.split()[0].endswith(".jpg") for line in published)
    (tmp_path / "theirs.txt").write_text(
        "".join(f"/home/someone/{line.replace('.jpg', '_aligned.jpg')} 1\n" for line in published)
    )
    for file, more in ((noisy / "noise.txt", []), (tmp_path / "theirs.txt", ["labels.file_classes=scn"])):
        again = trained(
            capsys, fakes, tmp_path, "rafdb", "labels=noisy", "labels.noise=file", f"labels.file={file}", *more
        )
        assert (again / "targets.parquet").read_bytes() == (noisy / "targets.parquet").read_bytes()


def test_prepare_says_how_to_get_what_is_not_there(capsys):
    for corpus in ("rafdb", "cafe", "affectnet", "ferplus", "fer2013", "folder"):
        assert main(["prepare", f"dataset={corpus}"]) == 2
        printed = capsys.readouterr()
        assert all(word in printed.out for word in ("how to get it", "layout", "licence", "citation"))
        assert len(printed.err.splitlines()) == 1


def refused(capsys, *words: str) -> str:
    assert main(list(words)) == 2
    err = capsys.readouterr().err.splitlines()
    said = [line for line in err if line.startswith("fer-exp: ")]
    assert len(said) == 1
    assert err[-1] == said[0]
    return said[0]


def table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


SEVEN = "neutral,happy,sad,surprise,fear,disgust,angry"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("label,subject\nhappy,a\n", "has no column path (nor file, filename, "),
        ("path,label\npictures/p00/0.png,hapy\n", "row 1: 'hapy' is no expression; did you mean happiness?"),
        ("path,valence\npictures/p00/0.png,0.5\nb.png,3\n", "row 2: valence is '3'; ratings run from -1"),
        ("path,arousal\npictures/p00/0.png,x\n", "row 1: arousal is 'x'; a number belongs there"),
        (
            "path\npictures/p00/0.png\n./pictures/p00/0.png\n",
            "row 2: path is './pictures/p00/0.png'; it has a row already",
        ),
        ("path\n../secret.png\n", "row 1: the path '../secret.png' leaves the dataset's folder"),
        ("path\n/etc/secret.png\n", "row 1: the path '/etc/secret.png' leaves the dataset's folder"),
        ("path\n..\\secret.png\n", "leaves the dataset's folder"),
        ("path,split\npictures/p00/0.png,later\n", "split is 'later'; the split must be train, val or test"),
        (f"path,{SEVEN}\npictures/p00/0.png,.1,.2,.1,0,0,0,0\n", "row 1: the proportions sum to 0.4, not to 1"),
        (f"path,{SEVEN}\npictures/p00/0.png,.5,.5,0,0,0,0,0\n", "say of how many raters each row is: dataset.raters"),
        ("path,neutral\npictures/p00/0.png,1\n", "has neither a column label nor two columns of counts"),
        (
            f"path,{SEVEN}\npictures/p00/0.png,-1,2,0,0,0,0,0\n",
            "row 1: neutral is '-1'; votes, or shares of them, run from 0",
        ),
        ("", "is empty"),
        ("path\n", "has no rows"),
        ("path,path\na,b\n", "column path occurs twice"),
    ],
)
def test_a_bad_table_is_refused_in_one_sentence(fakes, capsys, text, said):
    file = table(fakes / "table" / "bad.csv", text)
    assert said in refused(capsys, "prepare", "dataset=folder", f"dataset.table={file}", f"dataset.cache={fakes / 'c'}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("face,percent_correct\n9971-neutral_F-AA-01.jpg,80\n", "how many raters were right does not say"),
        (f"name,{SEVEN}\n9971-neutral_F-AA-01,1,0,0,0,0,0,0\n", "has no column task (nor face, "),
        (f"face,{SEVEN}\nnobody,1,0,0,0,0,0,0\n", "none of its 1 faces is in this dataset, first 'nobody'"),
        (
            f"face,{SEVEN}\n9971-neutral_F-AA-01,1,0,0,0,0,0,0\n9971-neutral_F-AA-01.jpg,1,0,0,0,0,0,0\n",
            "two rows mean",
        ),
        (f"face,{SEVEN}\n9971-neutral_F-AA-01,.3,.3,0,0,0,0,0\n", "row 1: the proportions sum to 0.6, not to 1"),
    ],
)
def test_bad_votes_are_refused_in_one_sentence(fakes, capsys, text, said):
    file = table(fakes / "bad_votes.csv", text)
    words = [word for word in typed(fakes, "cafe") if not word.startswith("dataset.votes")]
    assert said in refused(capsys, "prepare", *words, f"dataset.votes={file}")


def test_strange_faces_and_faces_without_votes_are_both_counted(fakes, capsys, tmp_path):
    lines = (fakes / "answers.csv").read_text().splitlines()
    file = table(tmp_path / "v.csv", "\n".join([*lines[:100], "nobody,1,0,0,0,0,0,0"]) + "\n")
    words = [word for word in typed(fakes, "cafe") if not word.startswith("dataset.votes")]
    assert main(["prepare", *words, f"dataset.votes={file}"]) == 0
    said = capsys.readouterr().err
    assert "cafe: 2 faces in dataset.votes that are not in this dataset" in said  # one of them has a broken picture
    assert "; 31 faces without votes" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task,worker\na,b\n", "has no column label (nor answer, "),
        ("task,worker,label\ntrain_00001,w,hapy\n", "row 1: label is 'hapy'; that is no class; did you mean happ"),
        ("task,worker,label,valence\ntrain_00001,w,happy,-3\n", "row 1: valence is '-3'; ratings run from -1 to 1"),
        ("task,worker,label\nnobody,w,happy\n", "none of its 1 faces is in this dataset"),
    ],
)
def test_bad_ratings_are_refused_in_one_sentence(fakes, capsys, text, said):
    file = table(fakes / "bad_ratings.csv", text)
    assert said in refused(capsys, "prepare", *typed(fakes, "rafdb"), f"dataset.ratings={file}")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("rafdb/EmoLabel", "rafdb"),
        (".", "rafdb"),
        ("2017/Manually_Annotated_file_lists", "2017"),
        ("cafe/sessions", "cafe"),
    ],
)
def test_a_folder_one_level_off_names_the_one_that_is_meant(fakes, tmp_path, capsys, wrong, meant):
    shutil.copytree(fakes / meant, tmp_path / meant)
    corpus = {"2017": "affectnet"}.get(meant, meant)
    said = refused(capsys, "prepare", f"dataset={corpus}", f"dataset.root={tmp_path / wrong}")
    assert f"set dataset.root={tmp_path / meant}." in said


def test_an_archive_is_to_be_unpacked(tmp_path, capsys):
    with tarfile.open(tmp_path / "raf.tar", "w") as archive:
        archive.add(__file__, "../../evil.py")
    said = refused(capsys, "prepare", "dataset=rafdb", f"dataset.root={tmp_path / 'raf.tar'}")
    assert "is a file; unpack it and give the folder" in said
    assert list(tmp_path.iterdir()) == [tmp_path / "raf.tar"]


def test_more_broken_pictures_than_allowed_stop_the_command(fakes, tmp_path, capsys):
    shutil.copytree(fakes / "classes", tmp_path / "classes")
    bomb(tmp_path / "classes" / "sad" / "0.jpg")
    words = ["prepare", "dataset=folder", f"dataset.root={tmp_path / 'classes'}", f"dataset.cache={tmp_path / 'c'}"]
    said = refused(capsys, *words)
    assert "1 of 80 pictures cannot be used so far, first sad/0.jpg: it has more than 100,000,000 pixels" in said
    assert "dataset.max_rejected=0.01" in said
    assert main([*words, "dataset.max_rejected=0.02"]) == 0
    printed = capsys.readouterr()
    assert "rejected: 1 pictures: it has more than" in printed.out
    listed = pd.read_csv(Path(printed.out.splitlines()[-1]) / "rejected.csv")
    assert listed["face"].tolist() == ["sad/0.jpg"]


def test_lists_that_are_wrong_are_named_by_line(fakes, tmp_path, capsys):
    for change, said in (
        (lambda text: text.replace("test_00021.jpg 1", "test_00021.jpg 9"), "line 1 ends in '9' where a label 1 to 7"),
        (lambda text: text + "train_00001.jpg 2\n", "line 78: 'train_00001.jpg' has a line already"),
        (lambda text: text.replace("test_00021.jpg", "../x/test_00021.jpg"), "leaves the dataset's folder"),
    ):
        shutil.rmtree(tmp_path / "r", ignore_errors=True)
        shutil.copytree(fakes / "rafdb", tmp_path / "r")
        file = tmp_path / "r" / "EmoLabel" / "list_patition_label.txt"
        file.write_text(change(file.read_text()))
        assert said in refused(capsys, "prepare", "dataset=rafdb", f"dataset.root={tmp_path / 'r'}")
    shutil.copytree(fakes / "2017", tmp_path / "a")
    file = tmp_path / "a" / "Manually_Annotated_file_lists" / "training.csv"
    text = file.read_text()
    for old, new, said in (
        (",0.25\n", ",7\n", "arousal is 7.0 where -1 to 1, or -2 for none, belongs"),
        ("2;3,1,", "2;3,12,", "expression"),
        ("face_x", "x_face", "has no column face_x; it has subDirectory_filePath, x_face"),
        ("0/t0000.jpg", "../../t0000.jpg", "leaves the dataset's folder"),
    ):
        file.write_text(text.replace("2.5", "2").replace("0\\t", "0/t").replace(old, new, 1))
        assert said in refused(capsys, "prepare", "dataset=affectnet", f"dataset.root={tmp_path / 'a'}"), said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dataset=cafe", "dataset.subset=A", "dataset.votes=null"], "goes by the raters' agreement"),
        (["dataset=cafe", "dataset.subset=C"], "dataset.subset=C is unknown"),
        (["dataset=cafe", "dataset.folds=5", "dataset.fold=5"], "dataset.folds=5 are counted from 0"),
        (["dataset=cafe", "dataset.fold=1"], "does nothing without dataset.folds"),
        (["dataset=cafe", "dataset.classes=8"], "cafe has no contempt"),
        (["dataset=rafdb", "dataset.folds=5"], "dataset.folds is a key of dataset=cafe or folder"),
        (["dataset=folder", "dataset.max_rejected=3"], "it is a share of the pictures"),
        (["dataset=folder", "dataset.votes=a", "dataset.ratings=b"], "give one of them"),
        (["dataset=affectnet", "dataset.release=2019"], "dataset.release=2019 is unknown"),
        (["labels=aggregated"], "labels.posteriors=FILE"),
        (["labels=sampled", "labels.rule=majority"], "labels.kind=sampled would be one-hot"),
        (["labels.raters=1"], "set labels.outliers=0 or labels.rule=all"),
        (["labels=noisy", "labels.noise=file", "labels.file=x", "labels.file_classes=scm"], "did you mean scn?"),
        (
            ["labels=noisy", "labels.noise=file", "labels.file=x", "labels.file_classes=[fear,anger]"],
            "say with labels.file_first=0 or 1",
        ),
        (["labels=noisy", "labels.file_classes=scn"], "set labels.file, too"),
        (["trainer.balance=weight"], "did you mean weights?"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(capsys, words, said):
    assert said in refused(capsys, "train", *words)
