from datetime import date

import numpy as np
import pandas as pd
import pyet
import pytest

from econex_pipeline.profiles.evapotranspiration import (
    WIND_10M_TO_2M,
    extraterrestrial_mj_m2_h,
    reference_evapotranspiration_mm_h,
)


def rate_mm_h(site, frame: pd.DataFrame, step_h: float = 1.0) -> np.ndarray:
    columns = ("ghi_w_m2", "temperature_air_c", "relative_humidity_frac", "wind_speed_m_s", "pressure_pa")
    arrays = {name: frame[name].to_numpy(dtype=float)[None, :] for name in columns}
    return reference_evapotranspiration_mm_h(site, pd.DatetimeIndex(frame["time_utc"]), step_h, **arrays)[0]


@pytest.fixture
def n_diaye(district):
    """The station of FAO-56, example 19: Senegal, 1 October; its clock is an hour behind UTC."""
    changes = {"latitude_deg": 16.0 + 13.0 / 60, "longitude_deg": -(16.0 + 15.0 / 60), "altitude_m": 8.0}
    return district.site.model_copy(update=changes)


@pytest.mark.parametrize(
    ("hour_utc", "temperature_c", "humidity_frac", "wind_2m_m_s", "solar_mj", "wanted_mm_h"),
    [(15, 38.0, 0.52, 3.3, 2.450, 0.63), (3, 28.0, 0.90, 1.9, 0.0, 0.0)],
)
def test_the_manuals_worked_example(
    n_diaye, hour_utc, temperature_c, humidity_frac, wind_2m_m_s, solar_mj, wanted_mm_h
):
    frame = pd.DataFrame(
        {
            "time_utc": pd.DatetimeIndex([f"2021-10-01T{hour_utc:02d}:00Z"]),
            "ghi_w_m2": solar_mj / 0.0036,
            "temperature_air_c": temperature_c,
            "relative_humidity_frac": humidity_frac,
            "wind_speed_m_s": wind_2m_m_s / WIND_10M_TO_2M,
            "pressure_pa": 101_200.0,
        }
    )
    # At night the manual takes a dry climate's sky (Rs/Rso 0.8), we a humid one's (0.5): 0.01 mm/h.
    assert rate_mm_h(n_diaye, frame)[0] == pytest.approx(wanted_mm_h, abs=0.015)


def test_the_manuals_extraterrestrial_radiation(n_diaye):
    hour = pd.DatetimeIndex(["2021-10-01T15:00Z"])
    assert extraterrestrial_mj_m2_h(n_diaye, hour, 1.0)[0] == pytest.approx(3.543, abs=0.02)


def test_a_day_of_extraterrestrial_hours_is_pyets_day(district):
    for when in ("2025-01-15", "2025-07-15"):
        hours = pd.date_range(f"{when}T05:00Z", periods=24, freq="1h")
        theirs = pyet.extraterrestrial_r(pd.DatetimeIndex([when]), np.radians(district.site.latitude_deg))
        assert extraterrestrial_mj_m2_h(district.site, hours, 1.0).sum() == pytest.approx(
            float(theirs.iloc[0]), rel=0.01
        )


def test_greensboros_year_evaporates_1122_mm(district, trace_of):
    assert rate_mm_h(district.site, trace_of(date(2025, 1, 1), 365)).sum() == pytest.approx(1122, rel=0.01)


def test_the_months_agree_with_pyets_daily_formula(district, trace_of):
    frame = trace_of(date(2025, 1, 1), 365)
    local = frame.set_axis(pd.DatetimeIndex(frame["time_utc"]).tz_convert("Etc/GMT+5").tz_localize(None))
    days = local.drop(columns="time_utc").resample("D")
    theirs = pyet.pm_fao56(
        days["temperature_air_c"].mean(),
        days["wind_speed_m_s"].mean() * WIND_10M_TO_2M,
        rs=days["ghi_w_m2"].mean() * 0.0864,
        tmax=days["temperature_air_c"].max(),
        tmin=days["temperature_air_c"].min(),
        rhmax=days["relative_humidity_frac"].max() * 100,
        rhmin=days["relative_humidity_frac"].min() * 100,
        elevation=district.site.altitude_m,
        lat=np.radians(district.site.latitude_deg),
    )
    ours = pd.Series(rate_mm_h(district.site, frame), local.index)
    summer, winter = [4, 5, 6, 7, 8, 9], [1, 2, 11, 12]
    for months, tolerance in ((summer, 0.07), (winter, 0.15)):
        for month in months:
            mine, other = ours[ours.index.month == month].sum(), theirs[theirs.index.month == month].sum()
            assert mine == pytest.approx(other, rel=tolerance), month


def test_quarter_hours_evaporate_as_much_as_hours(district, trace_of):
    hours = rate_mm_h(district.site, trace_of(date(2025, 7, 15), 5)).sum()
    quarters = rate_mm_h(district.site, trace_of(date(2025, 7, 15), 5, minutes=15), 0.25).sum() / 4
    assert quarters == pytest.approx(hours, rel=0.01)
