"""Time `fer-exp prepare` of FER2013 into an empty cache against torchvision.datasets.FER2013 over both its splits.

usage: prepare_vs_torchvision.py FOLDER_WITH_FER2013_CSV

Both read the same file, check its MD5 and end with every face in memory or in a store; torchvision's reader is built
once for train and once for test (it has no other splits and reads the whole file each time).
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from torchvision.datasets import FER2013

from fer_exp.datasets.fer2013 import Fer2013
from fer_exp.names import CLASSES
from fer_exp.store import open_store


def main(root: Path) -> None:
    """Print both times and their ratio."""
    file = (root / "fer2013.csv").absolute()
    file.read_bytes()  # both find the file in the page cache
    with tempfile.TemporaryDirectory() as scratch:
        start = time.perf_counter()
        store = open_store(Fer2013(root, CLASSES[:7]), 48, Path(scratch) / "cache", log=lambda line: None)
        ours = time.perf_counter() - start

        (Path(scratch) / "fer2013").mkdir()
        (Path(scratch) / "fer2013" / "fer2013.csv").symlink_to(file)
        start = time.perf_counter()
        faces = sum(len(FER2013(scratch, split)) for split in ("train", "test"))
        theirs = time.perf_counter() - start
    print(f"fer-exp prepare       {ours:6.2f} s  {len(store.faces):,} faces, hashed, checked, stored")
    print(f"torchvision FER2013   {theirs:6.2f} s  {faces:,} faces, both splits")
    print(f"ratio                 {theirs / ours:6.1f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
