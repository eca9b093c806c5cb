"""A table that breaks its contract is refused in words: table, column, rows, and what was expected."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import COLUMNS, TABLES, ContractViolation, schema, tidy, validate


@pytest.fixture
def prices() -> pd.DataFrame:
    times = pd.date_range("2025-07-15T05:00", periods=24, freq="h", tz="UTC", unit="ns")
    return pd.DataFrame(
        {
            "time_utc": times,
            "buy_price_usd_kwh": 0.4,
            "sell_price_usd_kwh": 0.05,
            "water_buy_usd_m3": 2.63,
            "water_sell_usd_m3": 0.0,
            "sewer_usd_m3": 0.62,
            "carbon_kg_kwh": np.linspace(0.1, 0.3, 24),
        }
    )


def refusal(frame: pd.DataFrame, table: str) -> str:
    with pytest.raises(ContractViolation) as caught:
        validate(frame, table, "prices.parquet")
    return str(caught.value)


def test_a_sound_table_passes_unchanged(prices):
    pd.testing.assert_frame_equal(validate(prices, "PRICES"), prices)


def test_every_table_is_made_of_dictionary_columns_and_has_a_schema():
    for name, table in TABLES.items():
        assert set(table.columns) | set(table.quantities) <= set(COLUMNS)
        assert list(schema(name).columns) == list(table.columns)


def test_a_silent_nan_is_refused_with_its_time(prices):
    prices.loc[3, "carbon_kg_kwh"] = np.nan
    said = refusal(prices, "PRICES")
    assert "table PRICES (from prices.parquet), column carbon_kg_kwh, 1 row" in said
    assert "2025-07-15 08:00" in said
    assert "kg/kWh" in said


def test_a_value_out_of_range_is_refused_with_unit_and_bound(prices):
    prices.loc[[5, 6], "water_buy_usd_m3"] = -1.0
    said = refusal(prices, "PRICES")
    assert "2 rows" in said
    assert ">= 0" in said
    assert "USD/m3" in said


def test_naive_time_stamps_are_refused(prices):
    prices["time_utc"] = prices["time_utc"].dt.tz_localize(None)
    assert "with a time zone" in refusal(prices, "PRICES")


def test_a_repeated_hour_is_refused(prices):
    twice = pd.concat([prices, prices.iloc[[4]]], ignore_index=True).sort_values("time_utc", ignore_index=True)
    assert "each key once" in refusal(twice, "PRICES")


def test_a_missing_hour_is_refused_and_named(prices):
    said = refusal(prices.drop(index=7).reset_index(drop=True), "PRICES")
    assert "without a gap" in said
    assert "11:00" in said


def test_rows_out_of_order_are_refused(prices):
    assert "sorted" in refusal(prices.iloc[::-1].reset_index(drop=True), "PRICES")


def test_a_misspelt_column_names_the_one_meant(prices):
    said = refusal(prices.rename(columns={"sewer_usd_m3": "sewer_usd_m"}), "PRICES")
    assert "did you mean 'sewer_usd_m'" in said


def test_an_empty_table_is_refused(prices):
    assert "at least one row" in refusal(prices.iloc[:0], "PRICES")


def test_a_long_row_is_bounded_by_the_quantity_it_names():
    kpis = pd.DataFrame({"strategy": "plan", "kpi": ["cost_usd", "grid_import_kwh"], "value": [-3.0, -2.0]})
    said = refusal(kpis, "KPIS")
    assert "column value" in said
    assert "kpi=grid_import_kwh" in said
    assert "[kWh]" in said


def test_a_quantity_the_table_may_not_hold_is_refused():
    kpis = pd.DataFrame({"strategy": ["plan"], "kpi": ["cost_euro"], "value": [1.0]})
    assert "cost_usd" in refusal(kpis, "KPIS")


def test_scenario_probabilities_must_sum_to_one():
    time = pd.Timestamp("2025-07-15T05:00Z").as_unit("ns")
    values = dict.fromkeys(TABLES["PROFILES"].values, 1.0)
    rows = [{"scenario": s, "time_utc": time, "node": "hub", "probability": 0.4, **values} for s in (0, 1)]
    assert "sum to 1" in refusal(tidy(pd.DataFrame(rows), "SCENARIOS"), "SCENARIOS")


def test_only_a_district_without_devices_has_no_coefficients(prices):
    nothing = {column: [] for column in TABLES["COEFFICIENTS"].columns}
    empty = tidy(pd.DataFrame(nothing).astype({"time_utc": "datetime64[ns, UTC]"}), "COEFFICIENTS")
    assert validate(empty, "COEFFICIENTS").empty
    assert "expected at least one row" in refusal(prices.iloc[:0], "PRICES")
