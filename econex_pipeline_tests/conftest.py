"""What all tests share: the shipped data folder, and a copy of it that a test may spoil."""

import shutil
from pathlib import Path

import pytest

from econex_pipeline.district import District, load_case

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    return DATA


@pytest.fixture(scope="session")
def district() -> District:
    return load_case(DATA, "base")


@pytest.fixture
def own_data(tmp_path) -> Path:
    """A private copy of the data folder."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def pytest_collection_modifyitems(items):
    """Fast tests first."""
    items.sort(key=lambda item: "slow" in item.keywords)
