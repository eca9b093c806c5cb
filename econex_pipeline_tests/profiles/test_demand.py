from datetime import date

import numpy as np
import pandas as pd
import pytest
from demandlib import bdew

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.time import operating_window
from econex_pipeline.profiles import profiles
from econex_pipeline.profiles.demand import electricity_shape, potable_shape


def stepped(district, minutes: int):
    return district.model_copy(update={"step_minutes": minutes})


def of_node(frame: pd.DataFrame, node: str) -> pd.DataFrame:
    return frame[frame["node"] == node].reset_index(drop=True)


def test_the_household_shape_is_demandlibs_at_the_clock_on_the_wall(district):
    theirs = bdew.ElecSlp(2025).get_profiles("h0")["h0"]
    times = pd.DatetimeIndex(["2025-07-15T16:00Z", "2025-01-15T17:00Z", "2025-01-19T12:00Z"])  # noon, noon, 7 h
    found = electricity_shape(stepped(district, 15), times, "h0")
    wanted = theirs[["2025-07-15 12:00", "2025-01-15 12:00", "2025-01-19 07:00"]] / theirs.mean()
    np.testing.assert_allclose(found, wanted)


def test_hours_are_means_of_their_quarters(district):
    window = operating_window(date(2025, 3, 8), -5, 60, 3)  # over the change to daylight saving
    quarters = operating_window(date(2025, 3, 8), -5, 15, 3)
    thirds = operating_window(date(2025, 3, 8), -5, 20, 3)
    hours = electricity_shape(district, window, "h0")
    for step, times in ((15, quarters), (20, thirds)):
        parts = electricity_shape(stepped(district, step), times, "h0").reshape(len(window), -1)
        np.testing.assert_allclose(parts.mean(axis=1), hours)


def test_a_mean_day_has_the_energy_and_the_water_of_the_district_file(district, trace_of):
    year = profiles(district, trace_of(date(2025, 1, 1), 365))
    daily = year.groupby("node")[["load_kw", "potable_m3_h", "greywater_m3_h"]].sum() / 365
    for name, node in district.nodes.items():
        if node.electricity is not None:
            assert daily.loc[name, "load_kw"] == pytest.approx(node.electricity.energy_kwh_day, rel=1e-3)
        if node.potable is not None:
            assert daily.loc[name, "potable_m3_h"] == pytest.approx(node.potable.volume_m3_day, rel=1e-3)
            reused = node.potable.greywater_frac * node.potable.volume_m3_day
            assert daily.loc[name, "greywater_m3_h"] == pytest.approx(reused, rel=1e-3)


def test_sundays_are_not_tuesdays(district):
    sunday = electricity_shape(district, operating_window(date(2025, 7, 13), -5, 60), "h0")
    tuesday = electricity_shape(district, operating_window(date(2025, 7, 15), -5, 60), "h0")
    assert np.abs(sunday - tuesday).max() > 0.2


def test_water_peaks_at_eight_in_the_evening_on_the_wall(district):
    july = operating_window(date(2025, 7, 15), -5, 60)
    january = operating_window(date(2025, 1, 15), -5, 60)
    assert potable_shape(district, july, "ky_1").argmax() == 19  # 19 h standard time
    assert potable_shape(district, january, "ky_1").argmax() == 20
    assert potable_shape(district, january, "ky_1").max() == pytest.approx(1.75, abs=0.001)


def test_demand_factors_multiply(district, trace_of):
    trace = trace_of(date(2025, 7, 15))
    plain = of_node(profiles(district, trace), "hub")
    more = of_node(profiles(district, trace.assign(electricity_factor=1.5, water_factor=0.5)), "hub")
    np.testing.assert_allclose(more["load_kw"], 1.5 * plain["load_kw"])
    np.testing.assert_allclose(more["potable_m3_h"], 0.5 * plain["potable_m3_h"])
    np.testing.assert_allclose(more["greywater_m3_h"], 0.5 * plain["greywater_m3_h"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("3,0.209\n", "", r"hour is .*expected each hour from 0 to 23 once"),
        ("3,0.209\n", "3,lots\n", r"multiplier at hour 3 is 'lots'; expected a finite number >= 0"),
        ("3,0.209\n", "3,-1\n", r"multiplier at hour 3 is '-1'"),
        ("hour,multiplier", "hour,factor", r"column 'multiplier' is 'missing'"),
    ],
)
def test_a_spoilt_demand_shape_is_refused(district, own_data, old, new, message):
    path = own_data / "demand" / "ky_1.csv"
    path.write_text(path.read_text().replace(old, new))
    spoilt = district.model_copy(update={"data_dir": own_data})
    with pytest.raises(InputError, match=rf"ky_1.csv: {message}"):
        potable_shape(spoilt, operating_window(date(2025, 7, 15), -5, 60), "ky_1")


def test_a_missing_demand_shape_is_named(district, tmp_path):
    with pytest.raises(InputError, match=r"demand/ky_1.csv: file is 'missing'"):
        potable_shape(
            district.model_copy(update={"data_dir": tmp_path}), operating_window(date(2025, 7, 15), -5, 60), "ky_1"
        )
