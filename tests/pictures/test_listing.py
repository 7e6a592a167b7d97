"""Which files are pictures, which are not read, and how a table's paths are found on disk."""

import unicodedata

import pytest

from fer_exp.errors import RequestError
from fer_exp.face_names import finder
from fer_exp.pictures import listing
from fer_exp.pictures.listing import listed, on_disk

NFD = unicodedata.normalize("NFD", "Müller")
NFC = unicodedata.normalize("NFC", "Müller")


def touch(root, *names, content=b""):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def test_listing_is_sorted_by_path_and_takes_pictures_alone(tmp_path, capsys):
    names = ("b/2.PNG", "b/1.jpeg", "a b/1.webp", "B/1.TIF", "b/3.GIF", "b/4.jfif", "b/5.jpe", "b/6.pgm")
    touch(
        tmp_path, *names, ".hidden/1.jpg", "b/.1.jpg", "b/._1.cr2", "b/notes.txt", "Thumbs.db", ".DS_Store", "b/x.json"
    )
    left = "files that are not read, left out: {} hidden (their names begin with a dot)"
    assert listed(tmp_path) == sorted(names)
    assert listed(tmp_path, "b") == sorted(name for name in names if name.startswith("b/"))
    of_all, of_b = capsys.readouterr().err.splitlines()
    assert of_all.startswith(f"{tmp_path}: {left.format(2)}; 2 files of other kinds, no pictures: 1 .")
    assert of_b.startswith(f"{tmp_path / 'b'}: {left.format(1)}; 2 files of other kinds")


def test_pictures_that_are_not_read_are_counted_by_suffix_with_the_way_out(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(listing, "unreadable", lambda: {".heic": "pip install 'fer-exp[heic]'"})
    touch(tmp_path, "1.heic", "a/2.HEIC", "a/3.NEF", "film.mp4", "a.mat", "1.jpg")
    touch(tmp_path, "4", "5.jpg_large", "6.jpg_large", content=b"\xff\xd8\xff\xe0")
    touch(tmp_path, "LICENSE", content=b"MIT License")
    assert listed(tmp_path) == ["1.jpg"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{tmp_path}: files that are not read, left out: 2 .heic (pip install 'fer-exp[heic]')")
    for words in (
        "1 .nef (save raw",
        "1 .mp4 (save the frames",
        "1 .mat",
        "2 .jpg_large (give",
        "1 (without a suffix)",
    ):
        assert words in line


def test_links_are_followed_and_loops_are_not(tmp_path, capsys):
    touch(tmp_path, "disk/1.jpg", "disk/deep/2.jpg", "faces/sad/3.jpg")
    link(tmp_path / "faces" / "happy", tmp_path / "disk")
    link(tmp_path / "faces" / "sad" / "4.jpg", tmp_path / "disk" / "1.jpg")
    link(tmp_path / "disk" / "deep" / "back", tmp_path / "disk")
    link(tmp_path / "faces" / "sad" / "up", tmp_path / "faces")
    link(tmp_path / "faces" / "itself.jpg", tmp_path / "faces" / "itself.jpg")
    assert listed(tmp_path / "faces") == ["happy/1.jpg", "happy/deep/2.jpg", "sad/3.jpg", "sad/4.jpg"]
    said = capsys.readouterr().err
    assert "left out: 2 folders (links that lead back, or through too many others), 1 .jpg (a link to nothing)" in said


@pytest.mark.timeout(20)
def test_links_that_double_with_every_folder_end(tmp_path, capsys):
    for level in range(30):
        touch(tmp_path, f"{level}/1.jpg")
        for name in "ab":
            link(tmp_path / str(level) / name, tmp_path / str(level + 1))
    assert len(listed(tmp_path, "0")) == 2**9 - 1
    assert "folders (links that lead back, or through too many others)" in capsys.readouterr().err


def link(place, to):
    try:
        place.symlink_to(to)
    except OSError:
        pytest.skip("no links here")


@pytest.mark.parametrize(
    ("there", "asked"),
    [(f"{NFD}/1.jpg", f"{NFC}/1.jpg"), (f"{NFC}1.png", f"{NFD}1.png"), ("a/1.jpg", "a/1.JPG"), ("a/1.JPG", "a/1")],
)
def test_a_file_is_found_however_its_name_is_spelt(tmp_path, capsys, there, asked):
    touch(tmp_path, there, "a/2.jpg", "3.jpg")
    assert on_disk(tmp_path, [asked, "a/2.jpg", "3.jpg", "b/9.jpg"], "t.csv") == [there, "a/2.jpg", "3.jpg", "b/9.jpg"]
    assert capsys.readouterr().err == f"t.csv: files written otherwise on disk: 1, e.g. {asked} is {there}\n"


def test_a_file_in_another_folder_is_no_picture_of_a_table(tmp_path):
    touch(tmp_path, "a/1.jpg", "pictures/b/2.jpg")
    assert on_disk(tmp_path, ["c/1.jpg", "b/2.jpg"], "t.csv") == ["c/1.jpg", "pictures/b/2.jpg"]


def test_what_may_mean_two_files_is_refused_by_name(tmp_path):
    touch(tmp_path, "a/1.jpg", "b/1.jpg", "c/2.jpg")
    with pytest.raises(RequestError, match=r"t.csv: '1.jpg' may mean a/1.jpg or b/1.jpg; write more of its path"):
        on_disk(tmp_path, ["1.jpg"], "t.csv")
    with pytest.raises(RequestError, match=r"t.csv: 'c/2.JPG' and '2' are one file, c/2.jpg"):
        on_disk(tmp_path, ["c/2.JPG", "2"], "t.csv")


def test_of_names_alike_but_for_the_suffix_the_one_that_is_spelt_is_meant():
    find = finder([f"{NFD}.jpg", f"{NFD}.png", "b.jpg"])
    assert find(f"{NFC}.JPG") == f"{NFD}.jpg"
    assert find(f"{NFC}.png") == f"{NFD}.png"
    with pytest.raises(RequestError, match="may mean"):
        find(NFC)
