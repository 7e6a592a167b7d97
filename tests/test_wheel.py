"""The wheel that is built of the sdist, installed alone in a fresh environment, works as the checkout does."""

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from fer_exp import __version__
from fer_exp.commit import asked_of_git

ROOT = Path(__file__).resolve().parents[1]
TINY = [
    "dataset.faces=64",
    "dataset.size=32",
    "trainer.epochs=1",
    "trainer.batch_size=8",
    "bootstrap=20",
    "trainer=cpu",
]

pytestmark = pytest.mark.slow


@dataclass
class Installed:
    """An environment that holds the wheel, and an empty folder to work in, away from the checkout."""

    wheel: Path
    bin: Path
    cwd: Path

    def run(self, program: str, *arguments: str) -> str:
        """Standard output of a program of that environment, which has to end with exit code 0."""
        hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
        clean = {name: value for name, value in os.environ.items() if name not in hidden}
        command = [str(self.bin / program), *arguments]
        done = subprocess.run(command, cwd=self.cwd, env=clean, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "leaked" not in done.stderr  # what triton says of a process that ends in haste
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Builds the wheel and installs it without fetching anything: the dependencies are borrowed from this environment.

    They are borrowed by a .pth file that adds this environment's site-packages after the new one's own. Python does not
    read the .pth files of a folder added that way, so the editable install of the checkout stays out of sight.
    """
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("fer_exp-*.whl")

    home = folder / "venv"
    venv.create(home, symlinks=os.name != "nt")
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))
    borrowed = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    install = [sys.executable, "-m", "pip", "--python", str(home), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)

    cwd = folder / "elsewhere"
    cwd.mkdir()
    return Installed(wheel, scripts, cwd)


def test_the_wheel_holds_every_yaml_file_of_conf(installed: Installed) -> None:
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    expected = {f"fer_exp/conf/{file.relative_to(ROOT / 'conf').as_posix()}" for file in ROOT.glob("conf/**/*.yaml")}
    assert expected
    assert expected <= names


def test_the_wheel_holds_the_rating_page_with_the_jspsych_that_versions_names(installed: Installed) -> None:
    vendor = "fer_exp/collecting/page/vendor"
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = set(wheel.namelist())
        header, *rows = (line.split() for line in wheel.read(f"{vendor}/VERSIONS").decode().splitlines())
        digests = {row[0]: hashlib.sha256(wheel.read(f"{vendor}/{row[0]}")).hexdigest() for row in rows}
        licence = wheel.read(f"{vendor}/LICENSE").decode()
    assert {row[0]: row[-1] for row in rows} == digests
    assert header[:3] == ["file", "package", "version"]
    assert "MIT" in licence
    assert "Permission is hereby granted" in licence
    page = ROOT / "fer_exp" / "collecting"
    expected = {
        file.relative_to(ROOT).as_posix()
        for file in page.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert expected <= names


def test_the_wheel_holds_the_package_and_its_plugin_alone(installed: Installed) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(installed.wheel).namelist()}
    assert tops == {"fer_exp", "hydra_plugins", installed.wheel.name.split("-py3")[0] + ".dist-info"}


def test_twine_takes_the_wheel_and_the_sdist(installed: Installed) -> None:
    built = [str(path) for path in installed.wheel.parent.iterdir() if path.is_file()]
    assert len(built) == 2
    checked = [sys.executable, "-m", "twine", "check", "--strict", *built]
    assert subprocess.run(checked, capture_output=True, text=True, check=True).stdout.count("PASSED") == 2


@pytest.mark.skipif(asked_of_git(ROOT) is None, reason="this is no checkout, so there is no commit to carry")
def test_the_installed_package_names_the_commit_that_it_was_built_of(installed: Installed) -> None:
    commit = asked_of_git(ROOT)
    assert commit
    assert installed.run("fer-exp", "--version") == f"fer-exp {__version__} ({commit[:12]}{commit[40:]})\n"


def test_the_installed_package_is_the_wheels_and_not_the_checkouts(installed: Installed) -> None:
    found = installed.run("python", "-c", "import fer_exp; print(fer_exp.__file__)")
    assert Path(found.strip()).is_relative_to(installed.bin.parent)


@pytest.mark.parametrize("program", [["fer-exp"], ["python", "-m", "fer_exp"]], ids=" ".join)
def test_help_names_the_commands(installed: Installed, program: list[str]) -> None:
    assert "train" in installed.run(*program, "--help")


@pytest.mark.parametrize("program", [["fer-exp"], ["python", "-m", "fer_exp"]], ids=" ".join)
def test_cfg_job_prints_the_yaml_that_would_be_run(installed: Installed, program: list[str]) -> None:
    printed = OmegaConf.create(installed.run(*program, "train", "--cfg", "job", "trainer.epochs=3"))
    assert OmegaConf.select(printed, "trainer.epochs") == 3


def test_a_tiny_training_leaves_a_run_folder(installed: Installed, tmp_path: Path) -> None:
    printed = installed.run("fer-exp", "train", *TINY, f"output={tmp_path}")
    run = installed.cwd / printed.splitlines()[-1]
    assert run.is_relative_to(tmp_path)
    assert "accuracy" in json.loads((run / "metrics.json").read_text())["test"]
    assert (run / "predictions.parquet").is_file()
