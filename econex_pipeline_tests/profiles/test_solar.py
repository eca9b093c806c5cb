from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
import pytest

from econex_pipeline.district import Site
from econex_pipeline.profiles import Sun, profiles, pv_power_kw
from econex_pipeline_tests.profiles.modelchain import PVLIB_NAMES, inputs, model_chain, model_chain_kw

MIDDLE = pd.Timedelta("30min")


def ours(pv, site, frame, members: int = 1, step_h: float = 1.0) -> np.ndarray:
    times = pd.DatetimeIndex(frame["time_utc"])[: len(frame) // members]
    arrays = {name: frame[name].to_numpy(dtype=float).reshape(members, -1) for name in PVLIB_NAMES}
    return pv_power_kw(pv, Sun.over(site, times + pd.Timedelta(hours=step_h) / 2), **arrays)


def assert_same(found: np.ndarray, wanted: np.ndarray) -> None:
    """Equal to 1e-9 relative, and exactly nothing where there is nothing."""
    assert (found[wanted == 0] == 0).all()
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


@pytest.fixture(scope="module")
def pv(district):
    return district.nodes["home_1"].pv


def test_a_year_equals_model_chain(district, pv, trace_of):
    trace = trace_of(date(2025, 1, 1), 365)
    wanted = model_chain_kw(model_chain(pv, district.site), inputs(trace))
    assert_same(ours(pv, district.site, trace)[0], wanted)


def test_every_member_equals_its_own_model_chain(district, pv, trace_of, members_of):
    members = members_of(trace_of(date(2025, 3, 20), 2), 12)
    chain = model_chain(pv, district.site)
    wanted = [model_chain_kw(chain, inputs(member)) for _, member in members.groupby("scenario")]
    assert_same(ours(pv, district.site, members, 12), np.array(wanted))


def test_quarter_hours_equal_model_chain(district, pv, trace_of):
    trace = trace_of(date(2025, 12, 21), 1, minutes=15)
    wanted = model_chain_kw(model_chain(pv, district.site), inputs(trace, 0.25))
    assert_same(ours(pv, district.site, trace, step_h=0.25)[0], wanted)


@pytest.mark.parametrize(("tilt", "azimuth", "latitude"), [(0.0, 0.0, 36.1), (90.0, 90.0, 36.1), (35.0, 0.0, -33.9)])
def test_other_roofs_and_the_south_equal_model_chain(district, pv, trace_of, tilt, azimuth, latitude):
    roof = pv.model_copy(update={"tilt_deg": tilt, "azimuth_deg": azimuth})
    site = district.site.model_copy(update={"latitude_deg": latitude})
    trace = trace_of(date(2025, 6, 20), 2)
    assert_same(ours(roof, site, trace)[0], model_chain_kw(model_chain(roof, site), inputs(trace)))


@pytest.mark.parametrize(("tilt", "yield_kwh_kwp"), [(20.0, 1359.0), (36.0, 1373.0)])
def test_greensboro_yields_what_it_is_known_for(district, pv, trace_of, tilt, yield_kwh_kwp):
    roof = pv.model_copy(update={"tilt_deg": tilt})
    power_kw = ours(roof, district.site, trace_of(date(2025, 1, 1), 365))
    assert power_kw.sum() / pv.capacity_kw == pytest.approx(yield_kwh_kwp, rel=0.01)


@pytest.mark.parametrize(("tilt", "yield_kwh_kwp"), [(20.0, 797.0), (55.3, 832.0)])
def test_sand_point_yields_what_it_is_known_for(pv, tilt, yield_kwh_kwp):
    """Its rain is unusable, its sun is not: read by pvlib, past our own reader."""
    path = Path(pvlib.__file__).parent / "data" / "703165TY.csv"
    file, meta = pvlib.iotools.read_tmy3(path, coerce_year=1990, map_variables=True)
    frame = file.rename(columns={theirs: our for our, theirs in PVLIB_NAMES.items()})
    frame = frame.assign(pressure_pa=file["pressure"] * 100.0, time_utc=file.index.tz_convert("UTC") - 2 * MIDDLE)
    site = Site(
        name="Sand Point",
        latitude_deg=meta["latitude"],
        longitude_deg=meta["longitude"],
        altitude_m=meta["altitude"],
        utc_offset_h=-9,
        civil_time_zone="America/Anchorage",
        source="header of the file",
    )
    power_kw = ours(pv.model_copy(update={"tilt_deg": tilt}), site, frame)
    assert power_kw.sum() / pv.capacity_kw == pytest.approx(yield_kwh_kwp, rel=0.01)


def test_the_inverter_limits_and_nights_are_dark(district, pv, trace_of):
    power_kw = ours(pv, district.site, trace_of(date(2025, 1, 1), 365))[0]
    assert power_kw.max() == pytest.approx(pv.capacity_kw / pv.dc_ac_ratio)
    assert power_kw.reshape(365, 24)[:, [0, 1, 2, 3, 22, 23]].sum() == 0


def test_missing_weather_is_no_quiet_zero(district, pv, trace_of):
    trace = trace_of(date(2025, 7, 15))
    trace.loc[12, "ghi_w_m2"] = np.nan
    assert np.isnan(ours(pv, district.site, trace)[0, 12])


def test_heat_costs_power(district, pv, trace_of):
    cool = trace_of(date(2025, 7, 15))
    hot = cool.assign(temperature_air_c=cool["temperature_air_c"] + 10)
    ratio = ours(pv, district.site, hot).sum() / ours(pv, district.site, cool).sum()
    assert ratio == pytest.approx(1 - 10 * 0.004, abs=0.01)


def test_profiles_look_for_the_sun_in_the_middle_of_each_step(district, pv, trace_of):
    trace = trace_of(date(2025, 3, 20), 2)
    table = profiles(district, trace)
    power_kw = table.loc[table["node"] == "home_1", "pv_kw"].to_numpy()
    assert_same(power_kw, model_chain_kw(model_chain(pv, district.site), inputs(trace)))
