"""Bad requests of every command: what is typed, and the exit code that it should end with."""

# ruff: noqa: E501  a request is a line

import gzip
import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.faults.desk import SMALL

SMALL_RUN = " ".join(["train", *SMALL, "output=new"])
NOISE = f"{SMALL_RUN} labels=noisy labels.noise=file labels.file="
LONG = "x" * 5000
CACHE = "dataset.cache=cache"
PICTURES = "{PICTURES}"
DRAWS = "{DRAWS}"


def spoil(desk: Path) -> None:
    """Write files that no reader should stumble over."""
    bad = desk / "bad"
    bad.mkdir()
    good = (desk / "ratings.csv").read_text(encoding="utf-8")
    head, *rows = good.splitlines(keepends=True)

    def write(name: str, content: bytes | str) -> None:
        (bad / name).parent.mkdir(parents=True, exist_ok=True)
        (bad / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    write("empty.csv", "")
    write("blank.csv", "\n\n\n")
    write("header.csv", head)
    write("lone_cr.csv", f'{head}"f00.png"\r"x",w0,fear,0,0,1\n')
    write("huge_field.csv", f"{head}f00.png,{'w' * 200_000},fear,0,0,1\n")
    write("huge_name.csv", f"{'t' * 200_000},{head}{''.join(f'0,{row}' for row in rows)}")
    write("open_quote.csv", f'{head}"f00.png,w0,fear,0,0,1\n{"".join(rows)}')
    write("short_row.csv", f"{head}{rows[0]}f01.png,w1\n{''.join(rows[1:])}")
    write("nul.csv", good.replace("f05.png", "f\0.png"))
    write("superscript.csv", good.replace(",happiness,", ",²,"))
    write("no_label.csv", good.replace("label", "colour"))
    write("twice.csv", good.replace("seconds", "label"))
    write("second_answers.csv", good + rows[0].replace("neutral", "fear"))
    write("mistyped.csv", good.replace("fear", "faer", 1))
    write("far_valence.csv", good.replace(rows[3], "f00.png,w3,fear,1e300,0,1\n"))
    write("zip_of_two.zip", _zip({"a.csv": good, "b.csv": good}))
    write("zip_of_none.zip", _zip({"a.bin": "x"}))
    write("cut.zip", _zip({"a.csv": good})[:200])
    write("cut.csv.gz", gzip.compress(good.encode())[:-20])
    write("flipped.csv.gz", _flipped(gzip.compress(good.encode() * 9)))
    write("no_gzip.csv.gz", b"\x1f\x8b" + b"nothing" * 9)
    write("cut.xlsx", (desk / "ratings.xlsx").read_bytes()[:900])
    write("cut.parquet", (desk / "ratings.parquet").read_bytes()[:-9])
    write("text.parquet", good)
    write("deep.json", "[" * 100_000 + "]" * 100_000)
    write("deep_object.json", '[{"a":' * 3000 + "1" + "}]" * 3000)
    write("half.json", (desk / "ratings.json").read_text(encoding="utf-8")[:-40])
    write("number.json", "[" + "9" * 5000 + "]")
    write("large.json", '[{"task": 1' + "0" * 400 + ', "worker": 1, "label": "fear"}]')
    write("infinity.json", '[{"task": 1, "worker": 1, "label": Infinity}]')
    write("text.json", '["fear", "anger"]')
    write("latin.txt", b"f1 \xff\xfe\xfa")
    write("utf32.csv", good.encode("utf-32"))
    write("zeros.csv", bytes(10_000))
    write("votes_text.csv", "face,happiness,anger\nf00.png,3,some\nf01.png,2,2\n")
    write("votes_minus.csv", "face,happiness,anger\nf00.png,3,-1\nf01.png,2,2\n")
    write("votes_many.csv", "face,happiness,anger\nf00.png,3,999999999\nf01.png,2,2\n")
    write("votes_1e300.csv", "face,happiness,anger\nf00.png,3,1e300\nf01.png,2,2\n")
    write("predictions_nan.csv", "face,split,p_anger,p_fear,label\na,test,nan,0.5,fear\nb,test,0.5,0.5,fear\n")
    write("predictions_sum.csv", "face,split,p_anger,p_fear,label\na,test,0.9,0.5,fear\nb,test,0.5,0.5,fear\n")
    write("predictions_text.csv", "face,split,p_anger,p_fear,label\na,test,much,0.5,fear\nb,test,0.5,0.5,fear\n")
    write("other_faces.csv", (desk / "predictions.csv").read_text(encoding="utf-8").replace("face-", "other-"))
    write("noise_unknown.txt", "nobody anger\n")
    write("noise_label.txt", "face-00000 furious\n")
    write("config.yaml", "a: [1, 2\nb: }")
    write("script.pt", b"\x80\x02cos\nsystem\nq\x00.")
    write("page.pt", b"<!DOCTYPE html><html>404</html>")
    write("weights.safetensors", b"\xff" * 100)
    write(
        "header.safetensors",
        (90).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9999]}}' + b" " * 40,
    )
    (bad / "folder.csv").mkdir()
    (bad / "loop.csv").symlink_to("loop.csv")
    (bad / "gone.csv").symlink_to("nowhere.csv")
    (bad / os.fsdecode(b"caf\xe9.csv")).write_text(good, encoding="utf-8")
    _of_parquet(bad)
    _of_weights(bad)
    _of_corpora(desk, bad)
    _of_runs(desk, bad)


def _zip(members: dict[str, str]) -> bytes:
    import io

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in members.items():
            file.writestr(name, text)
    return packed.getvalue()


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def _of_parquet(bad: Path) -> None:
    two = {"task": ["a", "b"], "worker": ["w", "v"]}
    cells = {
        "nested": pa.array([{"x": [1]}, {"x": [2]}]),
        "lists": pa.array([["fear", "anger"], ["fear"]]),
        "maps": pa.array([[("fear", 1)], [("anger", 2)]], pa.map_(pa.string(), pa.int64())),
        "binary": pa.array([b"\xff\xfe", b"\x00"]),
        "decimals": pa.array([1, 2]).cast(pa.decimal128(30, 2)),
        "durations": pa.array([1, 2], pa.duration("s")),
        "nulls": pa.nulls(2),
    }
    for name, column in cells.items():
        pq.write_table(pa.table({**two, "label": column}), bad / f"{name}.parquet")


def _of_weights(bad: Path) -> None:
    import torch

    torch.save({"fc.weight": torch.zeros(3, 4)}, bad / "other.pt")
    torch.save([1, 2, 3], bad / "list.pt")
    torch.save("text", bad / "text.pt")
    content = (bad / "other.pt").read_bytes()
    (bad / "cut.pt").write_bytes(content[: len(content) // 2])


def _of_corpora(desk: Path, bad: Path) -> None:
    def copied(name: str, made: str) -> Path:
        shutil.copytree(desk / name, bad / made)
        return bad / made

    def replaced(file: Path, old: str, new: str) -> None:
        file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    votes = copied("ferplus", "ferplus_superscript") / "fer2013new.csv"
    lines = votes.read_text(encoding="utf-8").splitlines()
    votes.write_text("\n".join([*lines[:3], lines[3][:-1] + "²", *lines[4:]]), encoding="utf-8")
    votes = copied("ferplus", "ferplus_cr") / "fer2013new.csv"
    replaced(votes, ",", ',"a\rb"\r,')
    votes = copied("ferplus", "ferplus_field") / "fer2013new.csv"
    replaced(votes, "fer0000001", "f" * 200_000)
    for name, content in {
        "text": b"no array",
        "cut": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'",
        "objects": _npy("|O"),
        "huge": _npy("<f8", "(1000000000000,)"),
        "negative": _npy("<f8", "(-1,)"),
        "overflow": _npy("<f8", "(99999999999999999999,)"),
        "strange": _npy("nonsense"),
        "code": _npy("<f8", "__import__('os')"),
        "record": _npy("[('a', '<f8'), ('b', '<f8')]"),
        "complex": _npy("<c16"),
    }.items():
        file = min((copied("affectnet_2021", f"npy_{name}")).rglob("*_exp.npy"))
        file.write_bytes(content)
    array = next((copied("affectnet_2021", "npy_two")).rglob("*_exp.npy"))
    np.save(array, np.zeros(2))
    with (min((copied("affectnet_2021", "npy_zip")).rglob("*_exp.npy"))).open("wb") as stream:
        np.savez(stream, a=np.zeros(1))
    label = min((copied("ck_plus", "ck_superscript")).rglob("*_emotion.txt"))
    label.write_text("²", encoding="utf-8")
    label = min((copied("ck_plus", "ck_bytes")).rglob("*_emotion.txt"))
    label.write_bytes(b"\xff\xfe\xfa")
    listing = next((copied("expw", "expw_superscript")).rglob("label.lst"))
    replaced(listing, " 0 ", " ² ")
    listing = next((copied("expw", "expw_bytes")).rglob("label.lst"))
    listing.write_bytes(b"\xff\xfe\xfa\x00")
    listing = next((copied("yolo", "yolo_yaml")).rglob("data.yaml"))
    listing.write_text("names: [a, b\nnc: }", encoding="utf-8")
    listing = next((copied("yolo", "yolo_number")).rglob("data.yaml"))
    listing.write_text("names: 7", encoding="utf-8")
    listing = next((copied("yolo", "yolo_bytes")).rglob("data.yaml"))
    listing.write_bytes(b"\xff\xfe\xfa\x00")
    csv_file = next((copied("affectnet_2017", "affectnet_bytes")).rglob("training.csv"))
    csv_file.write_bytes(b"\xff\xfe\xfa\x00\n1,2")
    label = next((copied("ferplus_folders", "ferplus_list")).rglob("label.csv"))
    label.write_bytes(b"\xff\xfe\xfa\x00")
    label = next((copied("rafdb", "rafdb_list")).rglob("list_patition_label.txt"))
    label.write_bytes(b"\xff\xfe\xfa\x00")
    table = pd.read_csv(next((desk / "table").glob("*.csv")))
    table.iloc[0, table.columns.get_loc("path")] = "../../../etc/passwd"
    shutil.copytree(desk / "table", bad / "table")
    table.to_csv(bad / "table" / "escapes.csv", index=False)
    table.iloc[0, table.columns.get_loc("path")] = "a\0b.png"
    table.to_csv(bad / "table" / "nul.csv", index=False)


def _npy(descr: str, shape: str = "()") -> bytes:
    descr = descr if descr.startswith("[") else f"'{descr}'"
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(16)


def _of_runs(desk: Path, bad: Path) -> None:
    def copied(name: str) -> Path:
        return Path(shutil.copytree(desk / "run", bad / f"run_{name}"))

    for what in ("run.json", "metrics.json", "config.yaml"):
        stem = what.split(".")[0]
        for name, content in {
            "empty": b"",
            "list": b"[1, 2]",
            "text": b"{",
            "bytes": b"\xff\xfe\xfa",
            "null": b"null",
        }.items():
            (copied(f"{stem}_{name}") / what).write_bytes(content)
    for what in ("predictions", "targets", "history"):
        file = copied(f"{what}_cut") / f"{what}.parquet"
        file.write_bytes(file.read_bytes()[:-30])
        copied(f"{what}_empty").joinpath(f"{what}.parquet").write_bytes(b"")
        pd.DataFrame({"a": [1]}).to_parquet(copied(f"{what}_other") / f"{what}.parquet")
    facts = json.loads((desk / "run" / "run.json").read_text(encoding="utf-8"))
    odd = {
        "config_text": {"config": "train"},
        "config_list": {"config": [1]},
        "dataset_text": {"config": {**facts["config"], "dataset": "synthetic"}},
        "dataset_size": {"config": {**facts["config"], "dataset": {**facts["config"]["dataset"], "size": "big"}}},
        "contents_list": {"contents": [1]},
        "seeds_text": {"seeds": "0"},
        "faces_text": {"faces": "many"},
        "store_number": {"store": 7},
        "weights_list": {"weights": [1, 2]},
        "noise_list": {"noise": [1]},
        "taught_text": {"taught": "much"},
        "versions_list": {"versions": [1]},
        "hash_number": {"data_hash": 7},
        "seconds_text": {"seconds": "long"},
        "dropped_list": {"dropped": [1]},
        "store_escape": {"store": "../../../etc"},
    }
    for name, change in odd.items():
        (copied(f"facts_{name}") / "run.json").write_text(json.dumps({**facts, **change}), encoding="utf-8")
    network = copied("network_cut") / "network.safetensors"
    network.write_bytes(network.read_bytes()[:2000])
    copied("network_empty").joinpath("network.safetensors").write_bytes(b"")
    (bad / "crowd_text").mkdir()
    (bad / "crowd_text" / "crowd.json").write_text('{"lab": 7}', encoding="utf-8")


TABLES = [
    "empty",
    "blank",
    "header",
    "twice",
    "short_row",
    "second_answers",
    "mistyped",
    "far_valence",
    "zeros",
    "utf32",
    "nul",
    "huge_field",
    "huge_name",
    "open_quote",
]
PACKED = [
    "zip_of_two.zip",
    "zip_of_none.zip",
    "cut.zip",
    "cut.csv.gz",
    "flipped.csv.gz",
    "no_gzip.csv.gz",
    "cut.xlsx",
    "cut.parquet",
]
JSONS = ["deep", "deep_object", "half", "number", "text"]
ODD_PARQUETS = ["nested", "decimals", "durations", "maps", "lists"]
NPYS = ["text", "cut", "objects", "huge", "negative", "overflow", "strange", "code", "record", "complex", "two", "zip"]
RUNS = [
    *(f"{what}_{how}" for what in ("run", "metrics", "config") for how in ("empty", "list", "text", "bytes", "null")),
    *(f"{what}_{how}" for what in ("predictions", "targets", "history") for how in ("cut", "empty", "other")),
]
FACTS = [
    "config_text",
    "config_list",
    "dataset_text",
    "dataset_size",
    "contents_list",
    "seeds_text",
    "faces_text",
    "store_number",
    "weights_list",
    "noise_list",
    "taught_text",
    "versions_list",
    "hash_number",
    "seconds_text",
    "dropped_list",
    "store_escape",
]

REQUESTS: dict[str, tuple[str, tuple[int, ...]]] = {
    **{f"agreement of {name}": (f"agreement bootstrap=5 ratings=bad/{name}.csv", (2,)) for name in TABLES},
    **{f"agreement of {name}": (f"agreement bootstrap=5 ratings=bad/{name}", (2,)) for name in PACKED},
    **{f"agreement of {name}.json": (f"agreement bootstrap=5 ratings=bad/{name}.json", (2,)) for name in JSONS},
    **{f"agreement of {name}.parquet": (f"agreement ratings=bad/{name}.parquet bootstrap=5", (0, 2)) for name in ODD_PARQUETS},
    **{f"agreement of {name}.parquet": (f"agreement ratings=bad/{name}.parquet", (2,)) for name in ("text", "binary", "nulls")},
    "agreement of valence alone": ("agreement ratings=bad/no_label.csv bootstrap=5", (0, 2)),
    "agreement of infinity": ("agreement ratings=bad/infinity.json bootstrap=5", (0, 2)),
    "agreement of a large number": ("agreement ratings=bad/large.json bootstrap=5", (0, 2)),
    "agreement of superscripts": ("agreement ratings=bad/superscript.csv bootstrap=5", (0, 2)),
    "agreement of a folder": ("agreement ratings=bad/folder.csv", (2,)),
    "agreement of a loop of links": ("agreement ratings=bad/loop.csv", (2,)),
    "agreement of a link to nothing": ("agreement ratings=bad/gone.csv", (2,)),
    "agreement of a long name": (f"agreement ratings={LONG}.csv", (2,)),
    "agreement of nobody's home": ("agreement ratings=~nobody_at_all/a.csv", (2,)),
    "agreement of a name with a NUL": ("agreement ratings=a\0b.csv", (2,)),
    "agreement of a name that is no UTF-8": (f"agreement bootstrap=5 ratings=bad/{os.fsdecode(b'caf')}\udce9.csv", (0, 2)),
    "agreement into a long name": (f"agreement ratings=ratings.csv bootstrap=5 output={LONG}", (1, 2)),
    "agreement into a file": ("agreement ratings=ratings.csv bootstrap=5 output=ratings.csv", (1, 2)),
    "agreement into a NUL": ("agreement ratings=ratings.csv bootstrap=5 output=a\0b", (2,)),
    "agreement into nobody's home": ("agreement ratings=ratings.csv bootstrap=5 output=~nobody_at_all/a", (2,)),
    "agreement against a broken table": ("agreement ratings=ratings.csv bootstrap=5 against=bad/deep.json", (2,)),
    "agreement by a sheet that is not there": ("agreement ratings=ratings.xlsx#no", (2,)),
    "agreement with too many replicates": ("agreement ratings=ratings.csv bootstrap=-1", (2,)),
    "agreement with an endless scale": ("agreement ratings=ratings.csv bootstrap=5 scale=[0,inf]", (2,)),
    "agreement with a scale of text": ("agreement ratings=ratings.csv scale=[a,b]", (2,)),
    "agreement with unknown classes": ("agreement ratings=ratings.csv classes=[a,b]", (2,)),
    "agreement with a large seed": ("agreement ratings=ratings.csv bootstrap=5 seed=18446744073709551616", (2,)),
    "agreement with a negative seed": ("agreement ratings=ratings.csv bootstrap=5 seed=-1", (2,)),
    "crowd with broken gold": ("crowd ratings=ratings.csv bootstrap=5 gold=bad/deep.json", (2,)),
    "crowd with gold of other faces": ("crowd ratings=ratings.csv bootstrap=5 gold=bad/noise_unknown.txt", (2,)),
    "crowd with a broken lab": ("crowd ratings=ratings.csv bootstrap=5 lab=bad/votes_text.csv", (2,)),
    "crowd with a negative lab": ("crowd ratings=ratings.csv bootstrap=5 lab=bad/votes_minus.csv", (2,)),
    "crowd with a lab of too many": ("crowd ratings=ratings.csv bootstrap=5 lab=bad/votes_1e300.csv", (2,)),
    "crowd that removes everybody": ("crowd ratings=ratings.csv bootstrap=5 min_answers=999", (0, 2)),
    "crowd with an endless bound": ("crowd ratings=ratings.csv bootstrap=5 min_seconds=nan", (2,)),
    "crowd of a broken table": ("crowd ratings=bad/open_quote.csv bootstrap=5", (2,)),
    "crowd of deep JSON": ("crowd ratings=bad/deep.json", (2,)),
    "crowd with a large seed": ("crowd ratings=ratings.csv bootstrap=5 seed=18446744073709551616", (2,)),
    "plan of a broken table": ("plan ratings=bad/short_row.csv", (2,)),
    "plan of endless money": ("plan ratings=ratings.csv budget=1e400", (2,)),
    "plan with no raters": ("plan ratings=ratings.csv raters=0", (2,)),
    "plan with raters without end": ("plan ratings=ratings.csv raters=99999999999999999999", (2,)),
    **{f"evaluate {name}": (f"evaluate predictions=bad/{name}.csv bootstrap=5", (2,)) for name in
       ("predictions_nan", "predictions_sum", "predictions_text", "empty", "zeros", "loop", "folder", "votes_text")},
    "evaluate a table and a run": ("evaluate predictions=predictions.csv run=run", (2,)),
    "evaluate nothing": ("evaluate", (2,)),
    "evaluate with broken votes": ("evaluate predictions=predictions.csv votes=bad/votes_text.csv bootstrap=5", (2,)),
    "evaluate with endless votes": ("evaluate predictions=predictions.csv votes=bad/votes_1e300.csv bootstrap=5", (2,)),
    "evaluate with a large seed": ("evaluate predictions=predictions.csv bootstrap=5 seed=18446744073709551616", (2,)),
    "evaluate into a folder": ("evaluate predictions=predictions.csv bootstrap=5 output=run", (0, 1, 2)),
    **{f"evaluate run_{name}": (f"evaluate run=bad/run_{name} bootstrap=5", (0, 2)) for name in RUNS},
    **{f"report of run_{name}": (f"report run=bad/run_{name} bootstrap=5 output=page.html", (0, 2)) for name in RUNS},
    **{f"report of facts_{name}": (f"report run=bad/run_facts_{name} bootstrap=5 output=page.html", (0, 2)) for name in FACTS},
    **{f"predict of facts_{name}": (f"predict run=bad/run_facts_{name} {PICTURES}", (0, 2)) for name in FACTS},
    **{f"compare of facts_{name}": (f"compare runs=[run,bad/run_facts_{name}] {DRAWS}", (0, 2)) for name in FACTS},
    "report of nothing": ("report", (2,)),
    "report of a file": ("report run=ratings.csv", (2,)),
    "report of a folder of runs": ("report run=runs", (0, 2)),
    "report into a long name": (f"report run=run bootstrap=5 output={LONG}", (1, 2)),
    "compare one": ("compare runs=[run]", (2,)),
    "compare other faces": (f"compare runs=[predictions.csv,bad/other_faces.csv] {DRAWS}", (2,)),
    "compare a broken table": ("compare runs=[predictions.csv,bad/deep.json]", (2,)),
    "compare a loop": ("compare runs=[predictions.csv,bad/loop.csv]", (2,)),
    "compare by no metric": ("compare runs=[run,predictions.csv] metrics=[nonsense]", (2,)),
    **{f"predict with {name}": (f"predict run=bad/{name} pictures=[classes] output=p.csv", (2,)) for name in
       ("run_network_cut", "run_network_empty", "weights.safetensors", "header.safetensors", "other.pt", "script.pt",
        "page.pt", "run_run_empty", "run_run_list", "loop.csv", "folder.csv")},
    "predict of no picture": ("predict run=run pictures=[bad/empty.csv] output=p.csv", (2,)),
    "predict of nothing there": ("predict run=run pictures=[nowhere] output=p.csv", (2,)),
    "predict of a loop": ("predict run=run pictures=[bad/loop.csv] output=p.csv", (2,)),
    "predict of a NUL": ("predict run=run pictures=[a\0b.png] output=p.csv", (2,)),
    "predict of a broken table": ("predict run=run pictures=[bad/deep.json] output=p.csv", (2,)),
    "predict into a folder": ("predict run=run pictures=[classes] output=classes overwrite=true", (0, 1, 2)),
    "export a cut network": ("export run=bad/run_network_cut output=net.safetensors", (2,)),
    "export run.json of a list": ("export run=bad/run_run_list output=net.safetensors", (2,)),
    "export of nothing": ("export run=nowhere", (2,)),
    "export into a folder": ("export run=run output=classes overwrite=true", (1, 2)),
    "export by no format": ("export run=run format=keras", (2,)),
    **{f"prepare {name}": (f"prepare dataset=affectnet dataset.root=bad/npy_{name} {CACHE}", (0, 2)) for name in NPYS},
    **{f"prepare {name}": (f"prepare dataset=ferplus dataset.root=bad/{name} {CACHE}", (2,)) for name in
       ("ferplus_superscript", "ferplus_cr", "ferplus_field", "ferplus_list")},
    **{f"prepare {name}": (f"prepare dataset=folder dataset.root=bad/{name} {CACHE}", (2,)) for name in
       ("ck_superscript", "ck_bytes", "expw_superscript", "expw_bytes", "yolo_yaml", "yolo_number", "yolo_bytes")},
    "prepare a broken list": (f"prepare dataset=affectnet dataset.root=bad/affectnet_bytes {CACHE}", (2,)),
    "prepare RAF-DB's broken list": (f"prepare dataset=rafdb dataset.root=bad/rafdb_list {CACHE}", (2,)),
    "prepare a table that escapes": (f"prepare dataset=folder dataset.table=bad/table/escapes.csv dataset.root=bad/table {CACHE}", (2,)),
    "prepare a table with a NUL": (f"prepare dataset=folder dataset.table=bad/table/nul.csv dataset.root=bad/table {CACHE}", (0, 2)),
    "prepare nobody's home": (f"prepare dataset=folder dataset.root=~nobody_at_all {CACHE}", (2,)),
    "prepare a loop": (f"prepare dataset=folder dataset.root=bad/loop.csv {CACHE}", (2,)),
    "prepare into a file": ("prepare dataset=folder dataset.root=classes dataset.cache=ratings.csv", (1, 2)),
    "prepare into a long name": (f"prepare dataset=folder dataset.root=classes dataset.cache={LONG}", (1, 2)),
    "prepare votes of too many": (f"prepare dataset=folder dataset.root=classes dataset.votes=bad/votes_many.csv {CACHE}", (2,)),
    "prepare votes of text": (f"prepare dataset=folder dataset.root=classes dataset.votes=bad/votes_text.csv {CACHE}", (2,)),
    "prepare no pixels": (f"prepare dataset=folder dataset.root=classes dataset.size=0 {CACHE}", (2,)),
    "prepare pixels without end": (f"prepare dataset=folder dataset.root=classes dataset.size=99999999999 {CACHE}", (1, 2)),
    "train on labels=0.4": (f"{SMALL_RUN} labels=0.4", (2,)),
    "train with method=7": (f"{SMALL_RUN} method=7", (2,)),
    "train with backbone=[]": (f"{SMALL_RUN} backbone=[]", (2,)),
    "train with dataset=null": (f"{SMALL_RUN} dataset=null", (2,)),
    "train with trainer={}": (f"{SMALL_RUN} trainer={{}}", (2,)),
    "train with a large seed": (f"{SMALL_RUN} seed=18446744073709551616", (2,)),
    "train with a negative seed": (f"{SMALL_RUN} seed=-3", (2,)),
    "train with a large label seed": (f"{SMALL_RUN} labels=noisy labels.seed=18446744073709551616", (2,)),
    "train with a large dataset seed": (f"{SMALL_RUN} dataset.seed=18446744073709551616", (2,)),
    "train with epochs without end": (f"{SMALL_RUN} trainer.epochs=99999999999999999999", (2,)),
    "train with a batch without end": (f"{SMALL_RUN} trainer.batch_size=99999999999999999999", (2,)),
    "train at an infinite rate": (f"{SMALL_RUN} trainer.learning_rate=inf", (2,)),
    "train at no number": (f"{SMALL_RUN} trainer.learning_rate=nan", (2,)),
    "train with faces without end": ("train dataset.faces=99999999999999999999 output=new", (2,)),
    "train into a NUL": (f"{SMALL_RUN} output=a\0b", (2,)),
    "train into a long name": (f"{SMALL_RUN} output={LONG}", (1, 2)),
    "train into a file": (f"{SMALL_RUN} output=ratings.csv", (1, 2)),
    "train into a loop": (f"{SMALL_RUN} output=bad/loop.csv", (1, 2)),
    "train with a split file of deep JSON": (f"{SMALL_RUN} dataset.split_file=bad/deep.json", (2,)),
    **{f"train by noise of {name}": (f"{NOISE}bad/{name}", (2,)) for name in
       ("latin.txt", "noise_unknown.txt", "noise_label.txt", "empty.csv", "loop.csv", "folder.csv", "zeros.csv")},
    **{f"train from {name}": (f"{SMALL_RUN} backbone.weights=bad/{name}", (2,)) for name in
       ("script.pt", "page.pt", "weights.safetensors", "header.safetensors", "other.pt", "list.pt", "text.pt", "cut.pt",
        "empty.csv", "loop.csv", "folder.csv")},
    "train by broken posteriors": (f"{SMALL_RUN} labels=aggregated labels.posteriors=bad/deep.json", (2,)),
    "pretrain by broken points": ("pretrain task=points points=bad/deep.json output=new", (2,)),
    "pretrain no task": ("pretrain task=nonsense output=new", (2,)),
    "table of no study": ("table study=nonsense", (2,)),
    "table of a broken crowd": ("table study=cafe-soft run=false crowd=bad/crowd_text results=new", (2,)),
    "table into a file": ("table study=cafe-soft run=false results=ratings.csv", (1, 2)),
    "verify nothing": ("verify results=nowhere", (2,)),
    "verify a broken place": ("verify results=bad", (1, 2)),
    "bench of no steps": ("bench steps=0", (2,)),
    "a config of others": ("train --config-dir bad --config-name config", (2,)),
    "a key with braces": ("train seed={a", (2,)),
    "a key of an interpolation": ("train seed=${nothing}", (2,)),
    "a key of an environment": ("train output=${oc.env:NOT_THERE_AT_ALL}", (0, 2)),
    "a key alone": ("train =", (2,)),
    "a NUL alone": ("\0", (2,)),
    "json with a value": ("train --json=1", (2,)),
}  # fmt: skip
"""Name -> the words as typed, and the exit codes that are right."""
