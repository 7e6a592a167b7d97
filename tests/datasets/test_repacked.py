"""FER2013, RAF-DB and AffectNet as Kaggle and others repack them: what is read, and the line that says how."""

from pathlib import Path

import pytest

from fer_exp.cli import main
from fer_exp.config import DatasetConfig
from fer_exp.errors import RequestError
from fer_exp.store import Store, open_dataset
from tests.datasets import fake_affectnet, fake_rafdb, fake_repacked as fakes
from tests.datasets.fake_folders import write_ferplus_folders
from tests.datasets.fake_pictures import save
from tests.datasets.test_corpora import check


def opened(tmp_path: Path, name: str, root: Path, **more) -> tuple[Store, str]:
    """The store of a corpus, and what was said of its layout."""
    config = {"size": 40, "classes": 8 if name == "affectnet" else 7, **more}
    said: list[str] = []
    dataset = DatasetConfig(name=name, root=str(root), cache=str(tmp_path / "cache"), **config)
    store = open_dataset(dataset, log=said.append)[1]
    return store, "\n".join(line for line in said if "written" not in line and "reading" not in line)


def splits(store: Store) -> dict[str, int]:
    return store.faces["split"].value_counts().to_dict()


def test_fer2013_in_kaggles_folders_has_its_official_splits_and_its_copies(tmp_path, capsys):
    fakes.write_fer2013(tmp_path / "k")
    assert main(["prepare", "dataset=fer2013", f"dataset.root={tmp_path}/k", f"dataset.cache={tmp_path}/cache"]) == 0
    shown = capsys.readouterr()
    assert "fer2013: read by folders of classes: 42 train, 21 val, 21 test" in shown.err
    assert "train has 42 faces where 28,709 are expected" in shown.out
    store, _ = opened(tmp_path, "fer2013", tmp_path / "k", size=48)
    assert splits(store) == {"train": 42, "val": 21, "test": 21}
    assert store.pixels.shape == (84, 48, 48, 1)
    assert len(store.flags["duplicate"]) == 2
    assert all(face.partition("/")[0] == "test" for face in store.flags["duplicate"])
    assert len(store.flags["conflict"]) == 2
    assert store.notes["test faces pixel-identical to a train face"] == 2
    said = "2 duplicate (stands elsewhere, too), 2 conflict (a copy has another label)"
    assert f"fer2013: odd pictures: {said}; dataset.drop=[duplicate,conflict] leaves them out" in shown.err


def test_fer2013_in_kaggles_folders_is_a_folder_of_classes_too(tmp_path):
    fakes.write_fer2013(tmp_path / "k")
    store, said = opened(tmp_path, "folder", tmp_path / "k", classes="found")
    assert splits(store) == {"train": 42, "test": 42}
    assert "odd pictures: 2 duplicate" in said
    assert "persons" not in said


def test_fer2013_with_a_validation_folder_alone_is_tested_on_it(tmp_path):
    fakes.write_fer2013(tmp_path / "k", held_out="validation")
    store, said = opened(tmp_path, "fer2013", tmp_path / "k")
    assert splits(store) == {"train": 42, "test": 42}
    assert "42 train, 42 test" in said
    assert len(store.flags["duplicate"]) == 2


@pytest.mark.parametrize("root", [".", "DATASET"])
@pytest.mark.parametrize("tables", [True, False])
def test_rafdb_in_kaggles_folders_has_the_ids_and_labels_of_the_official_list(tmp_path, root, tables):
    fakes.write_rafdb(tmp_path / "raf", tables=tables)
    store, said = opened(tmp_path, "rafdb", tmp_path / "raf" / root)
    check(store)
    assert splits(store) == {"train": 56, "test": 21}
    assert {"train_00001", "test_0001"} <= set(store.faces["face"])
    assert "1 is surprise, 2 is fear, 3 is disgust, 4 is happiness, 5 is sadness, 6 is anger, 7 is neutral" in said
    assert ("labels of test_labels.csv, train_labels.csv" in said) == (tables and root == ".")


def test_rafdb_without_class_folders_goes_by_its_tables(tmp_path):
    fakes.write_rafdb(tmp_path / "raf")
    for file in list((tmp_path / "raf").glob("DATASET/*/*/*.jpg")):
        file.rename(file.parents[1] / file.name)
    store, _ = opened(tmp_path, "rafdb", tmp_path / "raf")
    check(store)
    assert splits(store) == {"train": 56, "test": 21}


def test_the_official_rafdb_is_read_as_before_and_a_folder_beside_it_is_still_pointed_out(tmp_path):
    fake_rafdb.write_rafdb(tmp_path / "all" / "basic")
    fakes.write_rafdb(tmp_path / "all" / "kaggle")
    with pytest.raises(RequestError, match=f"set dataset.root={tmp_path}/all/basic"):
        opened(tmp_path, "rafdb", tmp_path / "all")
    assert "read by" not in opened(tmp_path, "rafdb", tmp_path / "all" / "basic", max_rejected=0.1)[1]


@pytest.mark.parametrize("form", ["class001", "0", "Anger", "table", "sets"])
def test_affectnet_by_folders_or_tables_keeps_the_order_of_the_release(tmp_path, form):
    fakes.write_affectnet(tmp_path / "a", form)
    store, said = opened(tmp_path, "affectnet", tmp_path / "a")
    check(store)
    assert splits(store) == {"train": 32, "test": 32}
    assert {"class001": "class001 is neutral, class002 is happiness", "0": "0 is neutral, 1 is happiness"}.get(
        form, "32 train, 32 test"
    ) in said
    if form == "table":
        assert "labels of train.csv, val.csv" in said
        assert store.faces["valence"].eq(0.5).all()
        assert store.faces["arousal"].isna().sum() == 22


def test_affectnets_table_counts_where_it_and_the_folders_disagree(tmp_path):
    fakes.write_labelled(tmp_path / "a")
    store, said = opened(tmp_path, "affectnet", tmp_path / "a")
    check(store)
    assert store.faces["split"].isna().all()
    assert "2 pictures whose table says another class than their folder; the table is taken" in said
    assert "1 rows of tables whose picture is not there, or may be one of several" in said


def test_affectnet_for_yolo_goes_by_its_own_list_of_names(tmp_path):
    fakes.write_yolo(tmp_path / "a")
    store, said = opened(tmp_path, "affectnet", tmp_path / "a")
    check(store)
    assert splits(store) == {"train": 31, "val": 31, "test": 31}
    assert "data.yaml says 0 is anger, 1 is contempt, 2 is disgust" in said
    assert "3 pictures without a label file, or with an empty one, left out" in said
    (tmp_path / "a" / "YOLO_format" / "data.yaml").unlink()
    with pytest.raises(RequestError, match=r"without data.yaml; what their numbers mean is not known"):
        opened(tmp_path, "affectnet", tmp_path / "a")


@pytest.mark.parametrize("alone", ["train_set", "val_set"])
def test_affectnet_2021_with_one_set_draws_all_splits_from_it(tmp_path, alone):
    fake_affectnet.write_2021(tmp_path / "a")
    other = {"train_set": "val_set", "val_set": "train_set"}[alone]
    (tmp_path / "a" / other / "annotations").rename(tmp_path / "a" / other / "kept_elsewhere")
    store, said = opened(tmp_path, "affectnet", tmp_path / "a", max_rejected=0.1)
    check(store)
    assert splits(store) == {"train": len(store.faces)}
    assert f"affectnet: {other} is not there, or not whole; all splits are drawn from the rest" in said


def test_affectnet_2021_half_unpacked_and_with_other_pictures_is_used_as_far_as_it_goes(tmp_path):
    fake_affectnet.write_2021(tmp_path / "a")
    images = tmp_path / "a" / "train_set" / "images"
    for number in range(20, 64):
        (images / f"{number}.jpg").unlink()
    (images / "7.jpg").rename(images / "7.jpeg")
    store, said = opened(tmp_path, "affectnet", tmp_path / "a", max_rejected=0.03)
    assert splits(store) == {"train": 17, "test": 24}
    assert "45 annotated pictures that are not there, left out" in said
    assert "train_set/7" in set(store.faces["face"])


def test_affectnet_2017_with_one_list_and_half_of_the_folders_is_used_as_far_as_it_goes(tmp_path):
    fake_affectnet.write_2017(tmp_path / "a")
    (tmp_path / "a" / "Manually_Annotated_file_lists" / "validation.csv").unlink()
    folder = tmp_path / "a" / "Manually_Annotated_Images"
    (folder / "2").rename(folder / "elsewhere")
    store, said = opened(tmp_path, "affectnet", tmp_path / "a", max_rejected=0.1)
    assert splits(store) == {"train": len(store.faces)}
    assert not store.faces["face"].str.startswith("2/").any()
    assert "validation.csv is not there, or not whole" in said
    assert "annotated pictures that are not there, left out" in said


def test_affectnet_by_a_table_over_one_folder_of_pictures(tmp_path):
    fakes.write_affectnet(tmp_path / "a", "0")
    lines = ["filename,emotion"]
    (tmp_path / "b" / "images").mkdir(parents=True)
    for number, file in enumerate(sorted((tmp_path / "a" / "train").rglob("*.jpg"))):
        file.rename(tmp_path / "b" / "images" / f"{number}.jpg")
        lines.append(f"{number}.jpg,{file.parent.name}.0")
    (tmp_path / "b" / "annotations.csv").write_text("\n".join([*lines, "7777.jpg,3"]) + "\n")
    store, said = opened(tmp_path, "affectnet", tmp_path / "b")
    check(store)
    assert "labels of annotations.csv; 1 rows of tables whose picture is not there" in said
    store, _ = opened(
        tmp_path, "folder", tmp_path / "b" / "images", table=str(tmp_path / "b" / "annotations.csv"),
        numbers="affectnet", classes="found", max_rejected=0.1,
    )  # fmt: skip
    check(store)
    assert len(store.faces) == 32


def test_a_list_of_affectnet_without_its_header_is_read_as_the_other(tmp_path, capsys):
    fake_affectnet.write_2017(tmp_path / "a")
    whole = opened(tmp_path, "affectnet", tmp_path / "a", max_rejected=0.5)[0].faces
    file = tmp_path / "a" / "Manually_Annotated_file_lists" / "validation.csv"
    file.write_text(file.read_text().partition("\n")[2])
    assert opened(tmp_path, "affectnet", tmp_path / "a", max_rejected=0.5)[0].faces.equals(whole)
    assert "validation.csv has no header" in capsys.readouterr().err


def test_the_folders_of_ferplus_are_pointed_out_further_down(tmp_path):
    write_ferplus_folders(tmp_path / "repo" / "data")
    with pytest.raises(RequestError, match=rf"lies further down; set dataset.root={tmp_path}/repo/data"):
        opened(tmp_path, "ferplus", tmp_path / "repo")


@pytest.mark.parametrize("called", ["{} faces", "{}_images", "class_{}", "{} (3)", "3. {}", "😀 {}", "{}s"])
def test_folders_of_classes_may_say_more_than_the_class(tmp_path, called):
    for number, (name, label) in enumerate([("Happy", "happiness"), ("Suprise", "surprise"), ("Angry", "anger")]):
        save(tmp_path / "Train_Aligned_Faces" / called.format(name) / "1.png", label, number)
        save(tmp_path / "Val_Aligned_Faces_new" / called.format(name) / "1.png", label, number + 9)
        save(tmp_path / "__MACOSX" / called.format(name) / "1.png", label, number + 9)
    store, said = opened(tmp_path, "folder", tmp_path, classes="found")
    assert "classes: happiness, surprise, anger" in said
    assert set(store.faces["split"]) == {"train", "val"}
    assert store.faces["face"].str.startswith("Val").eq(store.faces["split"] == "val").all()
    assert len(store.faces) == 6


@pytest.mark.parametrize("start", ["C:\\Users\\me\\", "/content/drive/My Drive/", "https://x.org/", "faces\\..\\"])
def test_paths_of_another_machine_mean_the_pictures_that_end_alike(tmp_path, start):
    for number, label in enumerate(("happiness", "anger")):
        save(tmp_path / "pictures" / label / "1.png", label, number)
    end = "?dl=1" if start.startswith("http") else ""
    rows = [f"{start}{label}/1.png{end},{label}" for label in ("happiness", "anger")]
    (tmp_path / "t.csv").write_text("path,label\n" + "\n".join(rows))
    more = {"classes": "found", "table": str(tmp_path / "t.csv")}
    if ".." in start:
        with pytest.raises(RequestError, match="leaves the dataset's folder"):
            opened(tmp_path, "folder", tmp_path / "pictures", **more)
    else:
        faces = opened(tmp_path, "folder", tmp_path / "pictures", **more)[0].faces
        assert faces["face"].tolist() == ["anger/1.png", "happiness/1.png"]


KINDS = ("anger", "happiness", "sadness")


def lay(folder: Path, table: Path, paths: str = "{}.png") -> None:
    """Twelve pictures in a folder, and a table that says what they show."""
    for number in range(12):
        save(folder / f"{number}.png", KINDS[number % 3], number)
    rows = [f"{paths.format(number)},{KINDS[number % 3]}" for number in range(12)]
    table.write_text("\n".join(["filename,emotion", *rows]), encoding="utf-8")


def labels_of(store: Store) -> dict[str, int]:
    return store.faces["label"].value_counts().to_dict()


@pytest.mark.parametrize("paths", ["{}.png", "faces/{}.png", r"C:\Users\me\faces\{}.png", "{}"])
def test_a_table_beside_pictures_says_what_they_show(tmp_path, paths):
    lay(tmp_path / "data" / "faces", tmp_path / "data" / "labels.csv", paths)
    (tmp_path / "data" / "persons.csv").write_text("person,age\n1,30\n", encoding="utf-8")
    store, said = opened(tmp_path, "folder", tmp_path / "data", classes="found")
    assert labels_of(store) == {"anger": 4, "happiness": 4, "sadness": 4}
    assert "folder: what they show is in labels.csv" in said


def test_a_table_in_each_folder_of_a_split_says_what_its_pictures_show(tmp_path):
    for split in ("train", "valid", "test"):
        (tmp_path / "data" / split).mkdir(parents=True)
        lay(tmp_path / "data" / split / "images", tmp_path / "data" / split / "labels.csv")
    store, said = opened(tmp_path, "folder", tmp_path / "data", classes="found")
    assert splits(store) == {"train": 12, "val": 12, "test": 12}
    assert labels_of(store) == {"anger": 12, "happiness": 12, "sadness": 12}
    assert "what they show is in test/labels.csv, train/labels.csv, valid/labels.csv" in said
    before = store.folder
    lay(tmp_path / "data" / "train" / "images", tmp_path / "data" / "train" / "labels.csv", "images/{}.png")
    assert opened(tmp_path, "folder", tmp_path / "data", classes="found")[0].folder != before  # tables count


def test_two_tables_of_one_folder_are_asked_about_and_class_folders_need_none(tmp_path):
    for name in ("first.csv", "second.csv"):
        lay(tmp_path / "data" / "faces", tmp_path / "data" / name)
    with pytest.raises(
        RequestError, match=r"2 tables below .*first.csv, second.csv\); give one of them as dataset.table="
    ):
        opened(tmp_path, "folder", tmp_path / "data", classes="found")
    answers = "image,rater,emotion\n" + "".join(f"{n}.png,{who},sad\n" for n in range(12) for who in "ab")
    for name in ("first.csv", "second.csv"):
        (tmp_path / "data" / name).write_text(answers, encoding="utf-8")  # people's answers are asked for as such
    with pytest.raises(RequestError, match=r"dataset\.ratings=FILE"):
        opened(tmp_path, "folder", tmp_path / "data", classes="found")
    for number in range(12):
        save(tmp_path / "data" / "faces" / "fear" / f"{number}.png", "fear", number)
    (tmp_path / "classes").mkdir()
    (tmp_path / "data" / "faces" / "fear").rename(tmp_path / "classes" / "fear")
    (tmp_path / "data" / "first.csv").rename(tmp_path / "classes" / "first.csv")
    assert labels_of(opened(tmp_path, "folder", tmp_path / "classes", classes="found")[0]) == {"fear": 12}
