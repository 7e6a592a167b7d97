from collections.abc import Iterator

import pytest

from fer_exp import tables


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked gpu skip, with the reason, where there is no CUDA device."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device here")


@pytest.fixture(autouse=True)
def a_process_of_its_own(monkeypatch) -> None:
    """What a table was taken for is said once a process; here, once a test, whichever ran before."""
    monkeypatch.setattr(tables, "_said", set())


@pytest.fixture(scope="module")
def light() -> Iterator[None]:
    """``backbone=resnet18`` is one convolution; for tests of what stands around a network."""
    from fer_exp.training.networks import BACKBONES
    from tests.light import light_row

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "resnet18", light_row())
        yield
