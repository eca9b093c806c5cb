from pathlib import Path

import pytest

from econex_pipeline.district import load_case
from econex_pipeline.hydraulics import WaterNetwork

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def district():
    return load_case(DATA, "base")


@pytest.fixture
def network(district):
    network = WaterNetwork(district.network_path)
    yield network
    network.close()


@pytest.fixture(scope="session")
def levels(district):
    """The district's start levels, by tank [m3]."""
    return {str(storage.tank): storage.start for storage in district.tanks.values()}


@pytest.fixture
def edited(district, tmp_path):
    """Write the pilot's network file with one text replaced, and give its path."""

    def edit(old, new, count=1):
        text = district.network_path.read_text()
        assert old in text
        path = tmp_path / "network.inp"
        path.write_text(text.replace(old, new, count))
        return path

    return edit
