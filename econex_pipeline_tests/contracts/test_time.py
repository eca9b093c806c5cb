"""Operating days have 24 hours wherever the site stands and whatever its clocks do."""

from datetime import date

import pandas as pd
import pytest

from econex_pipeline.contracts import time


@pytest.mark.parametrize("offset_h", [-12, -5, 0, 1, 10, 14])
@pytest.mark.parametrize("day", [date(2025, 3, 9), date(2025, 7, 15), date(2024, 2, 29), date(2025, 12, 31)])
def test_an_operating_day_starts_at_local_standard_midnight_and_has_24_hours(day, offset_h):
    window = time.operating_window(day, offset_h, 60)
    local = time.standard(window, offset_h)
    assert len(window) == 24
    assert list(local.hour) == list(range(24))
    assert {stamp.date() for stamp in local} == {day}
    assert {time.operating_day(stamp, offset_h) for stamp in window} == {day}


def test_quarter_hours_and_look_ahead_lengthen_the_window():
    assert len(time.operating_window(date(2025, 7, 15), -5, 15, days=2)) == 192


def test_levels_carry_the_end_of_the_last_step():
    window = time.operating_window(date(2025, 7, 15), -5, 60)
    assert time.with_end(window)[-1] == pd.Timestamp("2025-07-16T05:00Z")
    assert len(time.with_end(window)) == 25


def test_civil_time_is_an_hour_ahead_of_standard_time_in_summer_only():
    summer = time.operating_window(date(2025, 7, 15), -5, 60)
    winter = time.operating_window(date(2025, 1, 15), -5, 60)
    assert time.civil(summer, "America/New_York").hour[0] == 1
    assert time.civil(winter, "America/New_York").hour[0] == 0
