"""docs/hydraulics.md says what the code does."""

import re
from pathlib import Path

from econex_pipeline.hydraulics.dataset import TYPES, read_inp
from econex_pipeline.hydraulics.dataset.attributes import attributes_of
from econex_pipeline.hydraulics.describing import page
from econex_pipeline.hydraulics.model import Model

PAGE = Path(__file__).parents[2] / "docs" / "hydraulics.md"


def test_the_page_is_the_one_the_code_makes():
    assert PAGE.read_text("utf-8") == page()


def test_all_that_a_model_publishes_is_described_and_nothing_else(district):
    dataset = read_inp(district.network_path).dataset
    published = Model.initialize(dataset).update(0).published
    for group, columns in published.items():
        assert set(columns) == {"id", *TYPES[group].PUBLISHED}
        for column in (*columns, *(item.name for item in attributes_of(TYPES[group]).values())):
            assert f"`{column}`" in page()


def test_its_example_runs(district, monkeypatch, tmp_path):
    (tmp_path / "network.inp").write_text(district.network_path.read_text())
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(re.search(r"```python\n(.*?)```", page(), re.S).group(1), names)
    assert names["update"].time_s == 24 * 3600
    assert len(names["levels"]) == 7
