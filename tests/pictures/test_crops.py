"""Faces cut out of photographs: where, how large, level; what becomes of pictures without one; the contact sheet."""

import shutil
import threading
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer_exp.cli import main
from fer_exp.datasets.pictures import Picture, PictureCorpus
from fer_exp.pictures import crops, detector
from fer_exp.pictures.crops import Crop, level
from fer_exp.pictures.decoding import decode
from fer_exp.pictures.depth import RejectedError
from fer_exp.pictures.detector import Face
from fer_exp.pictures.photographs import look_like_photographs
from fer_exp.store import sheet
from tests.datasets.fake_photographs import FACE, LEFT_EYE, REAL, RIGHT_EYE, find_drawn, photograph, spot

installed = pytest.mark.skipif(find_spec("facenet_pytorch") is None, reason="fer-exp[crop] is not installed")


@pytest.fixture
def drawn(monkeypatch):
    """Drawn faces are found, whether the detector is installed or not."""
    monkeypatch.setattr(crops, "find_faces", find_drawn)
    monkeypatch.setattr(sheet, "find_faces", find_drawn)
    monkeypatch.setattr(detector, "version", lambda package: "0")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_EXP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def save_photographs(root, without=0, **drawing):
    for kind in ("happy", "sad"):
        (root / kind).mkdir(parents=True)
        for number in range(4):
            photograph(turned=10 * number, **drawing).save(root / kind / f"{number}.png")
    for number in range(without):
        Image.new("RGB", (400, 300), (90, 90, 90)).save(root / "happy" / f"empty{number}.png")


@pytest.mark.parametrize("margin", [0, 0.1, 0.5])
@pytest.mark.parametrize("turned", [-30, 0, 12.5, 30])
@pytest.mark.parametrize("centre", [(250, 120), (45, 45), (372, 272)])
def test_in_every_crop_the_eyes_are_level_and_in_the_same_place(drawn, margin, turned, centre):
    side = 80
    pixels, remark = Crop(margin).cut(np.asarray(photograph(centre=centre, side=side, turned=turned)))
    assert pixels.shape[0] == pixels.shape[1] == pytest.approx(side * (1 + 2 * margin), abs=3)
    whole = pixels.shape[0]
    for colour, sign in ((LEFT_EYE, -1), (RIGHT_EYE, 1)):
        expected = np.array([0.5 + sign * 0.2 / (1 + 2 * margin), 0.5 - 0.1 / (1 + 2 * margin)])
        np.testing.assert_allclose(spot(pixels, colour) / whole, expected, atol=0.03)
    assert remark == ""


def test_a_level_crop_is_the_pixels_themselves_and_beyond_the_edge_the_last_ones_go_on():
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    corners = np.array([[10, 5], [30, 5], [30, 25], [10, 25]], float)
    np.testing.assert_array_equal(level(pixels, corners), pixels[5:25, 10:30])
    over = level(pixels, corners - [20, 0])
    np.testing.assert_array_equal(over[:, 10:], pixels[5:25, :10])
    np.testing.assert_array_equal(over[:, :10], np.repeat(pixels[5:25, :1], 10, axis=1))
    grey = level(pixels[:, :, :1], corners)
    np.testing.assert_array_equal(grey, pixels[5:25, 10:30, :1])


def test_in_profile_nothing_is_turned():
    box = np.array([0.0, 0.0, 100.0, 100.0])
    corners = Crop(0, "none").corners(Face(box, np.array([[60.0, 40.0], [68.0, 60.0]])))
    np.testing.assert_allclose(corners, [[0, 0], [100, 0], [100, 100], [0, 100]])


def test_the_largest_face_is_taken_and_several_are_said(monkeypatch):
    boxes = np.array([[100, 0, 200, 100], [0, 0, 60, 60]], float)
    faces = [Face(box, box[[0, 1]] + np.array([[20, 30], [50, 30]])) for box in boxes]
    monkeypatch.setattr(crops, "find_faces", lambda pixels: faces)
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:, 100:] = 200
    cut, remark = Crop(0, "none").cut(pixels)
    assert cut.min() == 200
    assert remark == "pictures with several faces, of which the largest is taken"


def test_a_turned_photograph_is_set_upright_before_its_face_is_looked_for(drawn, tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    photograph(side=120).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.png", exif=exif)
    out = np.empty((64, 64, 3), np.uint8)
    decode(tmp_path / "a.png", out, cut=Crop(0).cut)
    np.testing.assert_allclose(spot(out, LEFT_EYE) / 64, [0.3, 0.4], atol=0.03)


@pytest.mark.parametrize("size", [(1600, 1200), (800, 600)])
def test_a_jpeg_decoded_smaller_has_its_face_in_the_same_place(drawn, tmp_path, size):
    scale = size[0] / 400
    photograph(size, (250 * scale, 120 * scale), 80 * scale, 10).save(tmp_path / "a.jpg", quality=95)
    for side in (24, 112):
        out = np.empty((side, side, 3), np.uint8)
        decode(tmp_path / "a.jpg", out, cut=Crop(0).cut)
        np.testing.assert_allclose(spot(out, RIGHT_EYE) / side, [0.7, 0.4], atol=0.04)


def test_a_face_is_looked_for_in_and_around_the_box_of_its_corpus(drawn, tmp_path):
    picture = photograph()
    picture.paste(photograph(size=(200, 150), centre=(100, 75)), (0, 150))  # another one, outside the box
    picture.save(tmp_path / "a.png")
    corpus = SimpleNamespace(root=tmp_path, crop=Crop(0), _whites=None)
    out = np.empty((64, 64, 3), np.uint8)
    PictureCorpus.decode(corpus, Picture("a.png", (230, 90, 280, 140)), out)
    np.testing.assert_allclose(spot(out, LEFT_EYE) / 64, [0.3, 0.4], atol=0.03)


def test_faces_not_found_are_listed_and_count_apart_from_damaged_pictures(drawn, cache, tmp_path, capsys):
    save_photographs(tmp_path / "faces", without=3)
    asked = ["prepare", "dataset=folder", f"dataset.root={tmp_path / 'faces'}", "dataset.size=32"]
    assert main([*asked, "dataset.crop=face"]) == 0
    said = capsys.readouterr()
    assert "folder: 3 pictures in which no face was found, listed in rejected.csv" in said.err
    assert "rejected: 3 pictures: no face was found, e.g. happy/empty0.png" in said.out
    folder = said.out.split()[-1]
    assert pd.read_csv(f"{folder}/rejected.csv")["face"].tolist() == [f"happy/empty{n}.png" for n in range(3)]
    assert f"contact sheet: {folder}/contact_sheet.jpg" in said.out
    with Image.open(f"{folder}/contact_sheet.jpg") as made:
        assert made.width > 1000
    (tmp_path / "faces" / "sad" / "0.png").write_bytes(b"no picture")
    assert main([*asked, "dataset.crop=face"]) == 2
    assert "1 of 11 pictures cannot be used so far, first sad/0.png" in capsys.readouterr().err


def test_photographs_without_faces_are_refused_with_the_way_out(drawn, cache, tmp_path, capsys):
    save_photographs(tmp_path / "faces", without=9)
    root = f"dataset.root={tmp_path / 'faces'}"
    assert main(["prepare", "dataset=folder", root, "dataset.crop=face"]) == 2
    said = capsys.readouterr().err
    assert "no face was found in 9 of 17 pictures, first happy/empty0.png" in said
    assert "dataset.crop=none takes pictures as they are" in said
    assert main(["prepare", "dataset=folder", root, "dataset.crop=none"]) == 0


def test_another_margin_or_detector_is_another_store(drawn, cache, tmp_path, monkeypatch, capsys):
    save_photographs(tmp_path / "faces")

    def folder(*more):
        assert main(["prepare", "dataset=folder", f"dataset.root={tmp_path / 'faces'}", "dataset.size=32", *more]) == 0
        return capsys.readouterr().out.split()[-1]

    plain, cut, wide = folder(), folder("dataset.crop=face"), folder("dataset.crop=face", "dataset.margin=0.3")
    monkeypatch.setattr(detector, "version", lambda package: "1")
    assert len({plain, cut, wide, folder("dataset.crop=face")}) == 4


def test_without_the_extra_the_key_says_what_to_install(cache, tmp_path, monkeypatch, capsys):
    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(detector, "version", missing)
    save_photographs(tmp_path / "faces")
    assert main(["prepare", "dataset=folder", f"dataset.root={tmp_path / 'faces'}", "dataset.crop=face"]) == 2
    assert "pip install 'fer-exp[crop]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("size", "photographs"),
    [
        ((562, 762), True),  # KDEF
        ((640, 490), True),  # CK+
        ((506, 650), True),  # NimStim
        ((4000, 3000), True),  # a telephone
        ((1080, 1080), True),  # and one set to squares
        ((48, 48), False),  # FER2013, CK+48
        ((100, 100), False),  # RAF-DB, aligned
        ((224, 224), False),  # AffectNet 2021
        ((256, 256), False),  # JAFFE, FERG
        ((178, 218), False),  # CelebA, aligned
    ],
)
def test_photographs_are_told_by_their_sizes(tmp_path, size, photographs):
    files = [str(tmp_path / f"{number}.gif") for number in range(3)]
    Image.new("L", size).save(files[0])
    shutil.copy(files[0], files[1])
    assert look_like_photographs(files) == photographs  # the third is missing


def test_photographs_are_noticed_whenever_they_are_read_and_not_once_they_are_cropped(drawn, cache, tmp_path, capsys):
    save_photographs(tmp_path / "faces")
    for crop in ("none", "none", "face"):
        root = f"dataset.root={tmp_path / 'faces'}"
        assert main(["prepare", "dataset=folder", root, "dataset.size=16", f"dataset.crop={crop}"]) == 0
        assert ("dataset.crop=face finds the face in each" in capsys.readouterr().err) == (crop == "none")


def test_faces_that_are_no_pictures_cannot_be_cropped(capsys):
    assert main(["prepare", "dataset=synthetic", "dataset.crop=face"]) == 2
    assert "dataset.crop" in capsys.readouterr().err


@installed
@pytest.mark.parametrize("turned", [0, 25, -25])
def test_the_face_of_a_real_photograph_is_found_and_levelled(turned):
    with Image.open(REAL) as photo:
        picture = photo.convert("RGB").rotate(turned, Image.Resampling.BILINEAR)
    (face, *_) = detector.find_faces(np.asarray(picture))
    if not turned:
        np.testing.assert_allclose(face.box, FACE, atol=15)
    cut, remark = Crop(0.4).cut(np.asarray(picture))
    (again, *_) = detector.find_faces(cut)
    across, down = again.eyes[1] - again.eyes[0]
    assert abs(np.degrees(np.arctan2(down, across))) < 5
    assert remark == ""


@installed
def test_a_small_face_in_a_large_photograph_is_found_and_a_ground_without_one_is_not():
    ground = Image.new("RGB", (1600, 1200), (90, 120, 90))
    with pytest.raises(RejectedError, match="no face was found"):
        Crop(0.1).cut(np.asarray(ground))
    with Image.open(REAL) as photo:
        ground.paste(photo.resize((171, 200)), (1200, 700))
    (face, *_) = detector.find_faces(np.asarray(ground))
    np.testing.assert_allclose(face.box, np.array(FACE) / 3 + [1200, 700, 1200, 700], atol=25)


@installed
@pytest.mark.parametrize("size", [(5, 5), (1000, 20), (48, 48)])
def test_pictures_too_small_for_a_face_have_none(size):
    assert detector.find_faces(np.zeros((*size, 1), np.uint8)) == []


@installed
def test_photographs_are_cropped_in_the_threads_that_decode_and_torch_keeps_its_cores(cache, tmp_path, capsys):
    import torch

    before = torch.get_num_threads()
    for number in range(12):
        (tmp_path / "faces" / "happy").mkdir(parents=True, exist_ok=True)
        shutil.copy(REAL, tmp_path / "faces" / "happy" / f"{number}.jpg")
    assert main(["prepare", "dataset=folder", f"dataset.root={tmp_path / 'faces'}", "dataset.crop=face"]) == 0
    folder = capsys.readouterr().out.split()[-1]
    pixels = np.fromfile(f"{folder}/pixels.u8", np.uint8).reshape(12, -1)
    assert (pixels == pixels[0]).all()
    assert torch.get_num_threads() == before


def test_torch_has_its_cores_again_after_faces_were_looked_for(monkeypatch):
    torch = pytest.importorskip("torch")
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(3)
    try:
        with detector.a_core_each():
            thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
            thread.start()
            thread.join()
        thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert (seen, torch.get_num_threads()) == ([1, 3], 3)
    finally:
        torch.set_num_threads(before)
