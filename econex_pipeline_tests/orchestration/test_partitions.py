from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pandas as pd
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.time import day_start_utc
from econex_pipeline.orchestration import partitions

EVERYWHERE = range(-12, 15)
FIRST_DAY = date(2025, 1, 1)


@pytest.mark.parametrize("utc_offset_h", EVERYWHERE)
@pytest.mark.parametrize("day", [date(2025, 1, 1), date(2025, 7, 15), date(2026, 2, 28)])
def test_key_of_an_operating_day_leads_back_to_it(utc_offset_h: int, day: date) -> None:
    key = partitions.key_of_day(day, utc_offset_h)
    assert partitions.day_of_key(key, utc_offset_h) == day
    window = partitions.daily(utc_offset_h, FIRST_DAY).time_window_for_partition_key(key)
    assert pd.Timestamp(window.start) == day_start_utc(day, utc_offset_h)
    assert window.end - window.start == timedelta(hours=24)


def test_east_of_greenwich_the_key_is_the_day_before() -> None:
    assert partitions.key_of_day(date(2025, 7, 15), 8) == "2025-07-14"
    assert partitions.key_of_day(date(2025, 7, 15), -5) == "2025-07-15"


@pytest.mark.parametrize("utc_offset_h", EVERYWHERE)
def test_hours_of_a_day_are_what_dagster_maps_to_it(utc_offset_h: int) -> None:
    day = date(2025, 7, 15)
    daily, hourly = partitions.daily(utc_offset_h, FIRST_DAY), partitions.hourly(utc_offset_h, FIRST_DAY)
    keys = partitions.keys_of_hours(day, utc_offset_h)
    mapped = dg.TimeWindowPartitionMapping().get_upstream_mapped_partitions_result_for_partitions(
        daily.subset_with_partition_keys([partitions.key_of_day(day, utc_offset_h)]), daily, hourly
    )
    assert sorted(mapped.partitions_subset.get_partition_keys()) == keys


@pytest.mark.parametrize("utc_offset_h", EVERYWHERE)
@pytest.mark.parametrize("hour", [0, 4, 5, 13, 23])
def test_all_hours_of_today_exist_and_none_is_without_its_day(utc_offset_h: int, hour: int) -> None:
    now = datetime(2025, 7, 15, hour, 30, tzinfo=UTC)
    daily, hourly = partitions.daily(utc_offset_h, FIRST_DAY), partitions.hourly(utc_offset_h, FIRST_DAY)
    days = daily.get_partition_keys(current_time=now)
    hours = hourly.get_partition_keys(current_time=now)
    today = (now + timedelta(hours=utc_offset_h)).date()
    assert partitions.key_of_day(today + timedelta(days=1), utc_offset_h) == days[-1]
    assert set(partitions.keys_of_hours(today, utc_offset_h)) <= set(hours)
    end = daily.time_window_for_partition_key(days[-1]).end
    assert hourly.time_window_for_partition_key(hours[-1]).end <= end
    assert partitions.hour_of_key(hours[0]) == daily.time_window_for_partition_key(days[0]).start


def test_hour_keys_are_read_and_written_alike() -> None:
    hour = pd.Timestamp("2025-07-15T05:00", tz="UTC")
    assert partitions.key_of_hour(hour) == "2025-07-15-05:00"
    assert partitions.hour_of_key("2025-07-15-05:00") == hour


@pytest.mark.parametrize("text", ["15.7.2025", "2024-12-31", "2999-01-01", "yesterday"])
def test_a_day_without_partitions_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match=f"command line: day is '{text}'; expected a date"):
        partitions.parse_day(text, -5, FIRST_DAY)


def test_dated_weather_of_earlier_years_has_its_days() -> None:
    first_day = date(2012, 3, 1)
    assert partitions.parse_day("2012-03-01", 9, first_day) == first_day
    assert partitions.key_of_day(first_day, 9) in partitions.daily(9, first_day).get_partition_keys()
    with pytest.raises(InputError, match=r"a date from 2012-03-01 \(weather\.first_day of the case\)"):
        partitions.parse_day("2012-02-29", 9, first_day)
