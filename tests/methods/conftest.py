import pytest
import torch


@pytest.fixture(autouse=True)
def _seeded():
    """The same numbers in every run and in any order of the tests."""
    torch.manual_seed(0)
