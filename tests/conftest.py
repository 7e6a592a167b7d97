import copy
import gc
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fer_exp import progress

# Before torch is imported: another number of threads adds in another order, and runs are compared to the bit. It is
# also faster, for processes share the cores.
os.environ["OMP_NUM_THREADS"] = "1"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked gpu skip, with the reason, where there is no CUDA device."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device here")


def pytest_collection_finish() -> None:
    """What is imported by now stays: no look for garbage need go through it."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Back in its sight at the end, or libraries say that they leak."""
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests come first, so that no process is left with one while the others have nothing to do."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def a_process_of_its_own(monkeypatch) -> None:
    """What a table was taken for is said once a process; here, once a test, whichever ran before."""
    monkeypatch.setattr(progress, "_said", set())


@pytest.fixture(scope="session", autouse=True)
def composed_once() -> Iterator[None]:
    """Hydra composes a command's config twice, first to see hydra.mode, which no test sets, and reads all files anew.

    That was a third of a second a command, hundreds of times.
    """
    from hydra._internal.config_repository import ConfigRepository
    from hydra._internal.hydra import Hydra

    def load_once(repository, config_path, real=ConfigRepository.load_config):
        key = (config_path, *(source.path for source in repository.sources))
        if key not in read:
            read[key] = real(repository, config_path)
        return copy.deepcopy(read[key])

    read: dict = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Hydra, "get_mode", lambda *given, **named: None)
        patch.setattr(ConfigRepository, "load_config", load_once)
        yield


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """Where prepared faces are kept, those of one test for the next."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def light() -> Iterator[None]:
    """``backbone=resnet18`` is one convolution; for tests of what stands around a network."""
    from fer_exp.training.networks import BACKBONES
    from tests.light import light_row

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "resnet18", light_row())
        yield


@pytest.fixture(autouse=True)
def sketched(request, monkeypatch) -> None:
    """Figures are made, but not drawn into their files, which takes longest; tests marked drawn do draw."""
    if request.node.get_closest_marker("drawn"):
        return

    def sketch(canvas, place, **named):
        drawn = "<svg></svg>" if isinstance(place, io.TextIOBase) else b"<svg></svg>"
        place.write(drawn) if hasattr(place, "write") else Path(place).touch()

    monkeypatch.setattr("fer_exp.report.figures.legible", lambda figure: figure)
    monkeypatch.setattr("matplotlib.backends.backend_svg.FigureCanvasSVG.print_svg", sketch)
    monkeypatch.setattr("matplotlib.backends.backend_agg.FigureCanvasAgg.print_png", sketch)
