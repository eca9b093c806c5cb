import shutil

import pytest

from econex_pipeline_tests.conftest import DATA


@pytest.fixture(scope="session")
def small_data(tmp_path_factory):
    """The data folder with few scenarios, so that a day is planned in a moment."""
    data = shutil.copytree(DATA, tmp_path_factory.mktemp("study") / "data")
    district = data / "districts" / "econex" / "district.yaml"
    text = district.read_text(encoding="utf-8")
    for line, fewer in (("  drawn: 1000\n", "  drawn: 40\n"), ("  kept: 20\n", "  kept: 3\n")):
        assert text.count(line) == 1
        text = text.replace(line, fewer)
    district.write_text(text, encoding="utf-8")
    return data
