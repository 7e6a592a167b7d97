"""The faces of a study: found, balanced, with known answers, and made for a screen without what their files say."""

import io

import numpy as np
import pytest
from PIL import Image

from fer_exp.collecting.faces import SIDE, enough_gold, for_screen, prepared, read_faces
from fer_exp.errors import RequestError
from tests.collecting.studies import study_of


def picture(path, size=(30, 20), mode="RGB", **saved):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 255, (*size[::-1], 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path, **saved)


def shown(file):
    content, suffix = for_screen(file)
    return Image.open(io.BytesIO(content)), suffix


def test_a_telephones_photograph_stands_upright_and_says_nothing_of_its_place(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # lies on its side
    exif[0x010F] = "MakerOfPhones"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    picture(tmp_path / "a.jpg", (1600, 1200), exif=exif)
    image, suffix = shown(tmp_path / "a.jpg")
    assert (image.size, suffix) == ((600, SIDE), ".jpg")
    assert not image.getexif()
    content, _ = for_screen(tmp_path / "a.jpg")
    assert b"MakerOfPhones" not in content
    assert b"Exif" not in content


def test_small_faces_keep_every_pixel(tmp_path):
    picture(tmp_path / "a.png", (48, 48), "L", pnginfo=None)
    image, suffix = shown(tmp_path / "a.png")
    assert (suffix, image.mode) == (".png", "L")
    assert (np.asarray(image) == np.asarray(Image.open(tmp_path / "a.png"))).all()


def test_pictures_of_16_bits_are_seen(tmp_path):
    values = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    image, _ = shown(tmp_path / "a.png")
    assert np.ptp(np.asarray(image)) > 200


def test_what_cannot_be_read_is_left_out_and_named(tmp_path, capsys):
    picture(tmp_path / "p" / "a.png")
    picture(tmp_path / "p" / "b.png")
    (tmp_path / "p" / "c.png").write_bytes(b"\x89PNG no")
    study = study_of(tmp_path)
    faces, files = prepared(read_faces([str(tmp_path / "p")], study), tmp_path / "out")
    assert faces.tasks == ("a.png", "b.png")
    assert "left out: 1 (c.png: " in capsys.readouterr().err
    before = [file.stat().st_mtime_ns for file in files]
    faces, files = prepared(read_faces([str(tmp_path / "p")], study), tmp_path / "out")
    assert before == [file.stat().st_mtime_ns for file in files]  # made once
    (tmp_path / "p" / "a.png").write_bytes(b"")
    (tmp_path / "p" / "b.png").unlink()
    with pytest.raises(RequestError, match=r"none of the \d pictures can be read: a.png: the file is empty"):
        prepared(read_faces([str(tmp_path / "p")], study), tmp_path / "out")


def test_an_empty_folder_is_a_sentence_and_one_picture_is_a_study(tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(RequestError, match="is empty; give a folder of pictures"):
        read_faces([str(tmp_path / "none")], study_of(tmp_path))
    picture(tmp_path / "one.png")
    assert len(read_faces([str(tmp_path / "one.png")], study_of(tmp_path))) == 1


def table(tmp_path, rows, header="path,gold,sex"):
    for n in range(6):
        picture(tmp_path / "p" / f"{n}.png")
    (tmp_path / "t.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    return [str(tmp_path / "t.csv")]


def test_known_answers_and_groups_come_from_the_table(tmp_path):
    rows = [f"p/{n}.png,{'Freude' if n < 2 else ''},{'fm'[n % 2]}" for n in range(6)]
    study = study_of(tmp_path, balance="[sex]", practice=1, gold_faces=1)
    faces = read_faces(table(tmp_path, rows), study)
    assert faces.gold == ("happiness", "happiness", None, None, None, None)
    assert faces.strata.tolist() == [0, 1, 0, 1, 0, 1]
    assert enough_gold(study, faces) == (1, 1)
    with pytest.raises(RequestError, match="take 9 faces with a known answer, and 2 have one"):
        enough_gold(study_of(tmp_path, gold_faces=9), faces)


def test_known_answers_come_from_a_file_and_strangers_are_counted(tmp_path, capsys):
    (tmp_path / "gold.csv").write_text("task,label\n1.png,sad\nnobody.png,fear\n", encoding="utf-8")
    faces = read_faces(table(tmp_path, [f"p/{n}.png,,f" for n in range(6)]), study_of(tmp_path, gold="gold.csv"))
    assert faces.gold == (None, "sadness", None, None, None, None)
    assert "1 of its 2 faces are not among the pictures, e.g. nobody.png" in capsys.readouterr().err


def test_a_known_answer_that_is_no_class_and_a_column_that_is_not_there_are_sentences(tmp_path):
    places = table(tmp_path, [f"p/{n}.png,joyful anger,f" for n in range(6)])
    with pytest.raises(RequestError, match="gold is 'joyful anger', which is no class"):
        read_faces(places, study_of(tmp_path))
    places = table(tmp_path, [f"p/{n}.png,fear,f" for n in range(6)])
    with pytest.raises(RequestError, match=r"balance names sexx, which the pictures do not have; did you mean sex\?"):
        read_faces(places, study_of(tmp_path, balance="[sexx]"))


def test_a_preset_without_known_answers_goes_on_and_says_so(tmp_path, capsys):
    study = study_of(tmp_path, practice=2, gold_faces=5)
    faces = read_faces(table(tmp_path, [f"p/{n}.png,,f" for n in range(6)]), study)
    assert enough_gold(study, faces, preset=True) == (0, 0)
    assert "no face has a known answer" in capsys.readouterr().err
    with pytest.raises(RequestError, match="take 7 faces with a known answer, and 0 have one"):
        enough_gold(study, faces)
