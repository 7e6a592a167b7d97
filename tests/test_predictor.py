"""``fer_exp.load``: files, pictures of Pillow and arrays get the answers of ``fer-exp predict``, each accounted for."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import fer_exp
from fer_exp.cli import main
from fer_exp.runs import Run
from tests.datasets.fake_folders import write_faces_table
from tests.datasets.fake_pictures import save

pytestmark = pytest.mark.usefixtures("light")


@pytest.fixture(scope="module")
def own(tmp_path_factory, light) -> tuple[Run, list[str]]:
    """A run on a folder of rated faces, and five pictures that it has not seen."""
    root = tmp_path_factory.mktemp("own")
    write_faces_table(root)
    words = ["dataset=folder", f"dataset.table={root / 'faces.csv'}", "dataset.size=24", "dataset.classes=7"]
    short = ["trainer=cpu", "trainer.epochs=1", "trainer.batch_size=16", "bootstrap=0", "labels.rule=all"]
    assert main(["train", *words, *short, f"dataset.cache={root / 'cache'}", f"output={root / 'runs'}"]) == 0
    for number in range(5):
        save(root / "new" / f"n{number}.png", "anger", number)
    return Run(next((root / "runs").glob("*/run.json")).parent), sorted(map(str, (root / "new").iterdir()))


def test_a_list_of_files_gives_the_table_that_predict_writes(own, tmp_path, monkeypatch, capsys):
    run, files = own
    monkeypatch.chdir(tmp_path)
    model = fer_exp.load(run.folder)
    capsys.readouterr()
    table = model(files)
    assert tuple(capsys.readouterr()) == ("", "")
    assert main(["predict", str(run.folder), *files, "output=p.parquet"]) == 0
    written = pd.read_parquet("p.parquet").drop(columns="subject", errors="ignore")
    assert list(table) == list(written)
    pd.testing.assert_frame_equal(table.drop(columns="face"), written.drop(columns="face"), rtol=1e-6)
    assert table["face"].tolist() == files
    by_file = fer_exp.load(run.path("network"))
    for same in (pd.Series(files), tuple(files), (Path(file) for file in files)):
        pd.testing.assert_frame_equal(by_file(same), table)
    people = pd.DataFrame({"face": [f"n{n}" for n in range(5)], "anger": 6, "fear": 4})
    assert fer_exp.evaluate(table, votes=people, bootstrap=0).content["test"]["l1"]["n"] == 5


def test_pictures_in_memory_get_the_answers_of_their_files(own):
    run, files = own
    model = fer_exp.load(str(run.folder), device="cpu")
    picture = Image.open(files[0])
    pixels = np.asarray(picture.convert("RGB"))
    wanted = model(files[0])
    for same in (Path(files[0]), picture, pixels, np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])):
        assert model(same).probabilities == pytest.approx(wanted.probabilities, abs=1e-6)
    grey = np.asarray(picture.convert("L"))
    assert model(grey).probabilities == model(grey[:, :, None]).probabilities
    table = model([files[0], picture, pixels])
    assert table["face"].tolist() == [files[0], files[0], "picture 3"]
    assert table["p_anger"].to_numpy() == pytest.approx(wanted.probabilities["anger"], abs=1e-6)
    assert sum(wanted.of_ten.values()) == 10
    assert wanted.probabilities[wanted.prediction] == max(wanted.probabilities.values())
    shares = np.array(list(wanted.probabilities.values()))
    assert wanted.entropy == pytest.approx(-(shares * np.log(shares)).sum())
    assert -1 <= wanted.valence <= 1
    assert "of ten people" in repr(wanted)
    assert "<table>" in wanted._repr_html_()
    assert "24 x 24 colour faces of folder" in repr(model)


def test_what_cannot_be_used_is_counted_and_named_and_keeps_its_row(own, tmp_path):
    run, files = own
    model = fer_exp.load(run.folder)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    given = [files[0], str(tmp_path / "broken.png"), np.zeros((4, 4)), files[1], tmp_path / "gone.png"]
    with pytest.warns(
        UserWarning, match=r"3 of 5 pictures cannot be used, first .*broken\.png: .*column rejected says"
    ):
        table = model(given)
    assert table["p_anger"].notna().tolist() == [True, False, False, True, False]
    assert table["rejected"].iloc[2] == "its pixels are float64, not uint8 from 0 to 255"
    people = pd.DataFrame({"face": ["n0", "n1", "broken"], "anger": 6, "fear": 4})
    judged = fer_exp.evaluate(table, votes=people, bootstrap=0)
    assert judged.content["test"]["l1"]["n"] == 2
    assert any("3 rows without a face or an answer are left out" in note for note in judged.notes)
    for one, said in (
        (given[1], r"broken\.png cannot be used: "),
        (given[4], r"gone\.png cannot be used: the file is missing"),
        (np.zeros((2, 8, 8, 3), np.uint8), r"picture 1 cannot be used: it is of shape \(2, 8, 8, 3\).*list\(stack\)"),
        (np.zeros((0, 8), np.uint8), "picture 1 cannot be used: it has no pixels"),
        (given[1:3], r"none of 2 pictures can be used, first .*broken\.png"),
        ([], "the list of pictures is empty"),
        (tmp_path, "is a folder; give a list of its pictures, or ask fer-exp predict RUN"),
        (3, "a picture is a path, a picture of Pillow or an array, or a list of these, not a int"),
        (["x", 3], "none of 2 pictures"),
    ):
        with pytest.raises(fer_exp.RequestError, match=said):
            model(one)


def test_faces_that_the_network_was_taught_are_told_from_new_ones(own, tmp_path):
    run, files = own
    shutil.copy(files[0], tmp_path / "new.png")
    taught = run.targets.loc[run.targets["split"] == "train", "face"].iloc[0]
    (tmp_path / taught).parent.mkdir(parents=True)
    shutil.copy(files[0], tmp_path / taught)
    with pytest.warns(UserWarning, match="1 of 2 pictures have the names of faces that"):
        table = fer_exp.load(run.folder)(sorted(tmp_path.rglob("*.png")))
    assert sorted(table["split"]) == ["test", "train"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"run": "nowhere"}, "nowhere"),
        ({"crop": "eyes"}, "crop=eyes is unknown"),
        ({"margin": 0.2}, r"margin=0\.2 does nothing without crop=face"),
        ({"device": "gpus"}, "device=gpus is unknown; did you mean gpu?"),
    ],
)
def test_what_cannot_be_loaded_is_the_sentence_of_predict(own, asked, said):
    with pytest.raises(fer_exp.RequestError, match=said.replace("?", r"\?")):
        fer_exp.load(**{"run": own[0].folder, **asked})
