from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def light() -> Iterator[None]:
    """``backbone=resnet18`` is one convolution; for tests of what stands around a network."""
    from fer_exp.training.networks import BACKBONES
    from tests.light import light_row

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "resnet18", light_row())
        yield
