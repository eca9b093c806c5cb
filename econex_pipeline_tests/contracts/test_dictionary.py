"""The page and the JSON Schemas say what the contracts enforce."""

from pathlib import Path

import pytest

from econex_pipeline.contracts import COLUMNS, TABLES
from econex_pipeline.contracts.dictionary import json_schema, page


def test_the_committed_page_is_the_dictionary():
    committed = Path(__file__).parents[2] / "docs" / "data_dictionary.md"
    assert committed.read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("name", TABLES)
def test_a_json_schema_names_each_column_with_its_unit_and_bounds(name):
    described = json_schema(name)
    assert list(described["properties"]) == list(TABLES[name].columns)
    for column, entry in described["properties"].items():
        assert f"[{COLUMNS[column].unit}]" in entry["description"]
        if COLUMNS[column].dtype == "float":
            assert entry.get("maximum") == COLUMNS[column].le


def test_each_entry_of_the_dictionary_is_used_by_a_table():
    used = {name for table in TABLES.values() for name in (*table.columns, *table.quantities)}
    assert set(COLUMNS) == used


def test_each_name_ends_in_its_unit():
    spelt = {"W/m2": "w_m2", "kWh/m3": "kwh_m3", "m3/h": "m3_h", "USD/kWh": "usd_kwh", "USD/m3": "usd_m3", "degC": "_c"}
    for column in COLUMNS.values():
        assert column.name.endswith(spelt.get(column.unit, "")), column.name
