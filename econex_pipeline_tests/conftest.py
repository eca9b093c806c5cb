"""What all tests share: the shipped data folder, a copy of it that a test may spoil, and how chance is thrown.

Random examples are the same in every run, so that a green commit stays green. HYPOTHESIS_PROFILE=searching looks for
new ones.
"""

import os
import shutil
from pathlib import Path

import hypothesis
import pytest

from econex_pipeline.district import District, load_case

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("searching", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

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
