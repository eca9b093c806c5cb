"""The forecast: closes physically, knows what the law lets it know, and no more."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import InputError, validate
from econex_pipeline.contracts.time import operating_window
from econex_pipeline.contracts.windows import Windows
from econex_pipeline.scenarios import forecast, forecasts
from econex_pipeline.scenarios.sky import sky_over
from econex_pipeline_tests.scenarios.conftest import trace_of


def closure_error(frame, district, times):
    cosine = np.cos(np.radians(sky_over(district.site, times, district.step_minutes).zenith_deg))
    ghi, dni, dhi = (frame[name].to_numpy().reshape(-1, len(times)) for name in ("ghi_w_m2", "dni_w_m2", "dhi_w_m2"))
    return np.abs(ghi - dni * np.maximum(cosine, 0.0) - dhi).max()


def test_forecast_keeps_its_contract_and_closes(district, expected, times):
    validate(expected, "FORECAST")
    assert closure_error(expected, district, times) < 1e-9
    assert expected["lead_h"].tolist() == list(range(12, 60))


def test_forecast_is_made_of_seed_and_issue(district, climatology, trace, expected, times):
    issue = times[0] - pd.Timedelta(hours=12)
    pd.testing.assert_frame_equal(forecast(district, climatology, trace, issue, times), expected)
    other_seed = district.model_copy(update={"forecast": district.forecast.model_copy(update={"seed": 1})})
    assert not forecast(other_seed, climatology, trace, issue, times).equals(expected)
    what_if = district.model_copy(update={"case": "another"})
    pd.testing.assert_frame_equal(forecast(what_if, climatology, trace, issue, times), expected)
    newer = forecast(district, climatology, trace, issue + pd.Timedelta(hours=1), times)
    change = np.abs(newer["temperature_air_c"] - expected["temperature_air_c"]).mean()
    assert 0.0 < change < 1.0


def test_newer_forecast_of_the_same_hours_is_no_other_world(district, climatology, trace, times):
    """The hours that two windows share have the same forecast at the same issue, rain's day pools apart."""
    long = forecast(district, climatology, trace, times[0], times)
    short = forecast(district, climatology, trace, times[0], times[:24])
    for column in ("temperature_air_c", "electricity_factor", "water_factor"):
        assert short[column].to_numpy() == pytest.approx(long[column].to_numpy()[:24], rel=1e-12)


def test_what_comes_after_the_window_does_not_matter(district, climatology, trace, times):
    altered = trace.copy()
    altered.loc[24:, "ghi_w_m2"] = 0.0
    altered.loc[24:, "rain_mm_h"] = 50.0
    before = forecast(district, climatology, trace, times[0], times[:24])
    pd.testing.assert_frame_equal(forecast(district, climatology, altered, times[0], times[:24]), before)


def test_trace_that_ends_too_early_is_refused(district, climatology, trace, times):
    with pytest.raises(InputError, match="TRACE"):
        forecast(district, climatology, trace.iloc[:40], times[0], times)


def test_forecast_of_the_past_is_refused(district, climatology, trace, times):
    with pytest.raises(InputError, match="issued_at_utc"):
        forecast(district, climatology, trace, times[3], times)


def test_quarter_hours_close_too(quarter_hourly):
    district, climatology = quarter_hourly
    times = operating_window(pd.Timestamp("2025-07-15").date(), district.site.utc_offset_h, 15, days=2)
    frame = forecast(district, climatology, trace_of(district, times), times[0], times)
    validate(frame, "FORECAST")
    assert len(frame) == 192
    assert closure_error(frame, district, times) < 1e-9
    assert frame["ghi_w_m2"].max() > 300.0


def test_perfect_skill_forecasts_the_actual(district, climatology, trace, times):
    from econex_pipeline.district import Skill

    sure = Skill(rho_0=1.0, tau_h=1e12)
    law = district.forecast.model_copy(update={"clear_sky_index": sure, "temperature": sure, "demand": sure})
    frame = forecast(district.model_copy(update={"forecast": law}), climatology, trace, times[0], times)
    for column, tolerance in (("temperature_air_c", 1e-4), ("electricity_factor", 5e-3), ("water_factor", 1e-4)):
        assert frame[column].to_numpy() == pytest.approx(trace[column].to_numpy(), rel=tolerance)
    lit = sky_over(district.site, times, 60).daylight
    assert frame["ghi_w_m2"].to_numpy()[lit] == pytest.approx(trace["ghi_w_m2"].to_numpy()[lit], rel=1e-4)


def test_no_skill_forecasts_the_season(district, climatology, trace, times):
    from econex_pipeline.district import Skill

    none = Skill(rho_0=0.0, tau_h=60.0)
    law = district.forecast.model_copy(
        update={"clear_sky_index": none, "temperature": none, "demand": none, "rain": none}
    )
    frame = forecast(district.model_copy(update={"forecast": law}), climatology, trace, times[0], times)
    season = climatology.temperature_c[climatology.pool(183)].mean(axis=0)
    assert frame["temperature_air_c"].to_numpy()[:24] == pytest.approx(season, abs=0.1)
    assert frame["water_factor"].to_numpy() == pytest.approx(1.0)


@pytest.mark.slow
def test_forecast_has_no_bias(season):
    assert season.forecast["ghi_w_m2"].mean() == pytest.approx(season.actual["ghi_w_m2"].mean(), rel=0.03)
    assert season.forecast["temperature_air_c"].mean() == pytest.approx(
        season.actual["temperature_air_c"].mean(), abs=0.3
    )
    assert season.forecast["rain_mm_h"].mean() == pytest.approx(season.actual["rain_mm_h"].mean(), rel=0.25)
    for column in ("electricity_factor", "water_factor"):
        assert season.forecast[column].mean() == pytest.approx(season.actual[column].mean(), abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["ghi_w_m2", "temperature_air_c", "electricity_factor", "water_factor"])
def test_actual_lies_around_its_forecast_whatever_was_forecast(season, column):
    """E[a | f] = f in physical units: the slope of the actual's anomaly on the forecast's is one."""
    hours = slice(10, 15) if column == "ghi_w_m2" else slice(0, 24)
    actual, predicted = season.actual[column][:, hours], season.forecast[column][:, hours]
    usual = predicted.mean(axis=0)
    assert np.polyfit((predicted - usual).ravel(), (actual - usual).ravel(), 1)[0] == pytest.approx(1.0, abs=0.12)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["ghi_w_m2", "temperature_air_c", "electricity_factor"])
def test_error_grows_with_lead_but_not_beyond_the_season(season, column):
    error = (season.actual[column] - season.forecast[column]) ** 2
    first, second = (np.sqrt(error[:, day].mean()) for day in (slice(0, 24), slice(24, 48)))
    assert first < second
    # the season by itself: what a typical deviation of the same hour within a month is
    usual = np.stack([np.roll(season.actual[column], shift, axis=0) for shift in (-4, -3, -2, 2, 3, 4)]).mean(axis=0)
    assert second < np.sqrt(((season.actual[column] - usual) ** 2).mean())


@pytest.mark.parametrize("day", ["2025-07-03", "2024-02-29", "2025-12-31"])
def test_issues_of_a_day_at_once_are_each_alone_bit_for_bit(district, climatology, day):
    times = operating_window(pd.Timestamp(day).date(), district.site.utc_offset_h, 60, days=3)
    trace = trace_of(district, times)
    windows = Windows.starting(times[:24], 30, 60)
    together = forecasts(district, climatology, trace, times[:24], windows)
    for issue in range(0, 24, 4):
        alone = forecast(district, climatology, trace, times[issue], windows.of(issue))
        pd.testing.assert_frame_equal(together.table(issue), alone, check_exact=True)


def test_issues_may_be_far_from_each_other_and_from_their_windows(district, climatology, times):
    trace = trace_of(district, times)
    windows = Windows.starting(times[[0, 0, 13]], 20, 60)
    issues = times[[0, 0, 13]] - pd.to_timedelta([40, 2, 12], unit="h")
    together = forecasts(district, climatology, trace, issues, windows)
    for issue in range(3):
        alone = forecast(district, climatology, trace, issues[issue], windows.of(issue))
        pd.testing.assert_frame_equal(together.table(issue), alone, check_exact=True)


def test_quarter_hourly_issues_at_once_are_each_alone(quarter_hourly):
    district, climatology = quarter_hourly
    times = operating_window(pd.Timestamp("2025-07-15").date(), district.site.utc_offset_h, 15, days=2)
    trace = trace_of(district, times)
    issues = times[40:44]
    windows = Windows.starting(issues, 96, 15)
    together = forecasts(district, climatology, trace, issues, windows)
    alone = forecast(district, climatology, trace, issues[2], windows.of(2))
    pd.testing.assert_frame_equal(together.table(2), alone, check_exact=True)


def test_one_issue_of_the_past_among_others_is_refused(district, climatology, trace, times):
    windows = Windows.starting(times[:3], 24, 60)
    with pytest.raises(InputError, match="issued_at_utc"):
        forecasts(district, climatology, trace, times[[0, 1, 3]], windows)
