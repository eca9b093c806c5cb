"""Members: physically whole, drawn from days that could have been, and calibrated against what came."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from econex_pipeline.contracts import validate
from econex_pipeline.contracts.time import operating_window
from econex_pipeline.scenarios import draw_members, forecast
from econex_pipeline_tests.scenarios.conftest import MEMBERS, trace_of
from econex_pipeline_tests.scenarios.test_forecasting import closure_error

LEAST_P = 0.001


def by_member(members, column):
    return members[column].to_numpy().reshape(members["scenario"].nunique(), -1)


def test_members_keep_their_contract_and_close(district, members, times):
    validate(members, "MEMBERS")
    assert closure_error(members, district, times) < 1e-9


def test_members_are_made_of_the_generator(district, climatology, expected, members):
    again = draw_members(district, climatology, expected, 200, np.random.default_rng(1))
    pd.testing.assert_frame_equal(again, members)
    assert not draw_members(district, climatology, expected, 200, np.random.default_rng(2)).equals(members)


def test_rain_of_a_member_fell_on_two_days_of_the_season(climatology, members):
    """Zeros stay zero and no storm is invented: each member's rain is that of two days in a row, none the window's."""
    rain = by_member(members, "rain_mm_h")
    following = np.roll(climatology.rain_mm_h, -1, axis=0)
    pairs = np.hstack([climatology.rain_mm_h, following])
    for member in rain:
        rows = np.flatnonzero((pairs == member).all(axis=1))
        assert len(rows)
        apart = np.abs(climatology.season[rows] - 183)  # 3 July
        assert apart.max() <= 15 or not member.any()
        assert (apart > 2).any()
    assert (rain == 0.0).mean() > 0.5


def test_dark_members_are_the_wet_ones(members):
    wet = by_member(members, "rain_mm_h").sum(axis=1)
    sun = by_member(members, "ghi_w_m2").sum(axis=1)
    assert sun[wet > np.quantile(wet, 0.8)].mean() < 0.95 * sun[wet == 0.0].mean()


def test_members_lie_around_the_forecast(members, expected):
    for column, tolerance in (("temperature_air_c", 0.8), ("electricity_factor", 0.03), ("water_factor", 0.05)):
        mean = by_member(members, column).mean(axis=0)
        assert np.abs(mean - expected[column].to_numpy()).max() < tolerance
    lit = expected["ghi_w_m2"].to_numpy() > 100.0
    ratio = by_member(members, "ghi_w_m2").mean(axis=0)[lit] / expected["ghi_w_m2"].to_numpy()[lit]
    assert ratio == pytest.approx(1.0, abs=0.12)


def test_no_member_is_brighter_than_the_season_ever_was(district, climatology, members, times):
    slots = climatology.slots(times, district.site.utc_offset_h)
    from econex_pipeline.scenarios.sky import sky_over

    clear = sky_over(district.site, times, 60).clear_w_m2
    for part, season in enumerate(slots.season):
        brightest = climatology.clear_sky_index[climatology.pool(int(season))].max(axis=0)
        of_day = slots.part == part
        limit = brightest * clear[of_day]
        assert (by_member(members, "ghi_w_m2")[:, of_day] <= limit + 1e-9).all()


@pytest.mark.parametrize("day", ["2025-01-01", "2024-02-29", "2025-12-31", "2025-02-12"])
def test_members_can_be_drawn_on_every_day(district, climatology, day):
    times = operating_window(pd.Timestamp(day).date(), district.site.utc_offset_h, 60, days=2)
    frame = forecast(district, climatology, trace_of(district, times), times[0], times)
    validate(draw_members(district, climatology, frame, 20, np.random.default_rng(0)), "MEMBERS")


def test_window_may_start_in_the_middle_of_a_day(district, climatology, times):
    later = times[7:31]
    frame = forecast(district, climatology, trace_of(district, later), later[0], later)
    members = validate(draw_members(district, climatology, frame, 20, np.random.default_rng(0)), "MEMBERS")
    assert closure_error(members, district, later) < 1e-9


def test_members_in_quarter_hours(quarter_hourly):
    district, climatology = quarter_hourly
    times = operating_window(pd.Timestamp("2025-07-15").date(), district.site.utc_offset_h, 15)
    frame = forecast(district, climatology, trace_of(district, times), times[0], times)
    members = validate(draw_members(district, climatology, frame, 30, np.random.default_rng(0)), "MEMBERS")
    assert closure_error(members, district, times) < 1e-9


def ranks(season, column, hours, rng):
    """Rank of the actual among its members, ties broken by chance; 0 to 19."""
    actual = season.actual[column][:, hours].sum(axis=1)[:, None]
    members = season.members[column][:, :, hours].sum(axis=2)
    return (members < actual).sum(axis=1) + rng.integers(0, (members == actual).sum(axis=1) + 1)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["ghi_w_m2", "temperature_air_c", "rain_mm_h", "electricity_factor", "water_factor"])
@pytest.mark.parametrize("hours", [slice(12, 13), slice(36, 37), slice(0, 24), slice(24, 48)])
def test_actual_is_any_one_of_its_members(season, column, hours):
    """The rank histogram over a year is flat: by the chi-square test on ten bins."""
    found = ranks(season, column, hours, np.random.default_rng(0))
    counts = np.bincount(found, minlength=MEMBERS + 1).reshape(10, -1).sum(axis=1)
    flat = len(found) / 10
    assert chi2.sf(((counts - flat) ** 2 / flat).sum(), 9) > LEAST_P


@pytest.mark.slow
@pytest.mark.parametrize("column", ["ghi_w_m2", "temperature_air_c", "electricity_factor", "water_factor"])
def test_spread_of_the_members_is_the_error_of_the_forecast(season, column):
    error = np.sqrt(((season.actual[column] - season.forecast[column]) ** 2).mean())
    spread = np.sqrt(season.members[column].var(axis=1, ddof=1).mean())
    assert spread == pytest.approx(error, rel=0.1)


@pytest.mark.slow
def test_members_know_how_likely_rain_is(season):
    """Days on which half the members or more are wet are wet more often than the others, and the mean is right."""
    wet = season.actual["rain_mm_h"][:, :24].sum(axis=1) > 0.2
    likely = (season.members["rain_mm_h"][:, :, :24].sum(axis=2) > 0.2).mean(axis=1)
    assert likely.mean() == pytest.approx(wet.mean(), abs=0.1)
    assert wet[likely >= 0.5].mean() > 0.5 > 0.25 > wet[likely < 0.3].mean()
