from datetime import date

import pandas as pd
import pytest

from econex_pipeline.contracts import InputError, validate
from econex_pipeline.contracts.time import operating_window
from econex_pipeline.profiles import prices


def at(district, stamp: str) -> pd.Series:
    return prices(district, pd.DatetimeIndex([stamp])).iloc[0]


@pytest.mark.parametrize(
    ("stamp", "buy", "sell"),
    [
        ("2025-07-15T19:00Z", 0.45, 0.10),  # 15 h daylight saving time
        ("2025-07-15T20:00Z", 0.61, 0.30),  # 16 h: the peak begins
        ("2025-07-16T00:00Z", 0.61, 0.30),  # 20 h
        ("2025-07-16T01:00Z", 0.45, 0.05),  # 21 h: over
        ("2025-07-16T04:00Z", 0.40, 0.05),  # midnight
        ("2025-01-15T20:00Z", 0.36, 0.05),  # 15 h standard time
        ("2025-01-15T21:00Z", 0.38, 0.08),  # 16 h
        ("2025-10-01T03:00Z", 0.45, 0.05),  # 23 h on 30 September: still summer
        ("2025-10-01T04:00Z", 0.35, 0.05),  # 1 October: winter
    ],
)
def test_tariffs_go_by_the_clock_on_the_wall(district, stamp, buy, sell):
    row = at(district, stamp)
    assert (row["buy_price_usd_kwh"], row["sell_price_usd_kwh"]) == (buy, sell)


def test_a_day_in_standard_time_starts_an_hour_into_the_summer_day(district):
    peak = prices(district, operating_window(date(2025, 7, 15), -5, 60))["buy_price_usd_kwh"] == 0.61
    assert list(peak[peak].index) == [15, 16, 17, 18, 19]


def test_the_days_of_clock_changes_have_24_prices(district):
    for when in (date(2025, 3, 9), date(2025, 11, 2)):
        assert len(validate(prices(district, operating_window(when, -5, 60)), "PRICES")) == 24


def test_quarter_hours_agree_with_hours(district):
    quarter = district.model_copy(update={"step_minutes": 15})
    hours = prices(district, operating_window(date(2025, 7, 15), -5, 60))
    parts = prices(quarter, operating_window(date(2025, 7, 15), -5, 15))
    assert (hours["buy_price_usd_kwh"].to_numpy() == parts["buy_price_usd_kwh"].to_numpy().reshape(24, 4).T).all()


def test_a_step_that_a_windows_edge_cuts_gets_the_mean(district):
    india = district.site.model_copy(update={"civil_time_zone": "Asia/Kolkata"})  # half an hour off the UTC hours
    row = at(district.model_copy(update={"site": india}), "2025-07-15T10:00Z")  # 15:30 to 16:30
    assert row["buy_price_usd_kwh"] == pytest.approx((0.45 + 0.61) / 2)


def test_carbon_goes_by_the_clock_and_water_does_not_change(district):
    row = at(district, "2025-07-15T23:00Z")  # 19 h
    assert row["carbon_kg_kwh"] == 0.36
    assert (row["water_buy_usd_m3"], row["water_sell_usd_m3"], row["sewer_usd_m3"]) == (2.63, 0.0, 0.62)


def test_a_sell_price_above_the_buy_price_is_refused(district):
    summer = district.tariffs.electricity[0].model_copy(update={"sell_usd_kwh": {"00-16": 0.05, "16-24": 0.70}})
    tariffs = district.tariffs.model_copy(update={"electricity": [summer, district.tariffs.electricity[1]]})
    greedy = district.model_copy(update={"tariffs": tariffs})
    with pytest.raises(InputError, match=r"electricity.summer.sell_usd_kwh at 16 h is 0.7; expected at most .* 0.61"):
        prices(greedy, operating_window(date(2025, 7, 15), -5, 60))
    prices(greedy, operating_window(date(2025, 1, 15), -5, 60))


def test_carbon_in_grams_is_refused(district, own_data):
    path = own_data / "demand" / "carbon_caiso_shape.csv"
    path.write_text(path.read_text().replace("8,0.19", "8,190"))
    with pytest.raises(InputError, match=r"carbon_kg_kwh at hour 8 is 190.0; expected at most 3 kg/kWh"):
        at(district.model_copy(update={"data_dir": own_data}), "2025-07-15T23:00Z")
