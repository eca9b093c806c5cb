from datetime import date

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import ContractViolation, validate
from econex_pipeline.profiles import profiles, remember


@pytest.fixture(scope="module")
def history(district, trace_of):
    return remember(district, trace_of(date(2025, 6, 3), 30))


def test_every_node_has_a_row_at_every_step(district, trace_of, history):
    table = validate(profiles(district, trace_of(date(2025, 7, 3), 2), history), "PROFILES")
    assert len(table) == 48 * len(district.nodes)
    basin = table[table["node"] == "basin"]
    assert basin[["pv_kw", "load_kw", "potable_m3_h", "rain_harvest_m3_h", "irrigation_m3_h"]].to_numpy().sum() == 0
    assert (basin["turbidity_ntu"] > 0).all()
    assert set(table.loc[table["pv_kw"] > 0, "node"]) == {"home_1"}


def test_a_member_is_what_it_would_be_alone(district, trace_of, members_of, history):
    members = members_of(trace_of(date(2025, 7, 3), 2), 5)
    together = validate(profiles(district, members, history), "MEMBER_PROFILES")
    for number in range(5):
        alone = profiles(district, members[members["scenario"] == number].drop(columns="scenario"), history)
        mine = together[together["scenario"] == number].drop(columns="scenario").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, alone, rtol=1e-12)


def test_scenario_numbers_are_kept(district, trace_of, members_of):
    members = members_of(trace_of(date(2025, 7, 3)), 3)
    members["scenario"] = members["scenario"] * 10 + 4
    assert profiles(district, members)["scenario"].unique().tolist() == [4, 14, 24]


def test_quarter_hours_add_up_to_the_day(district, trace_of):
    fine = district.model_copy(update={"step_minutes": 15})
    days = date(2025, 7, 14), 2
    month = date(2025, 6, 14), 30
    hours = profiles(district, trace_of(*days), remember(district, trace_of(*month)))
    quarters = profiles(fine, trace_of(*days, minutes=15), remember(fine, trace_of(*month, minutes=15)))
    validate(quarters, "PROFILES")
    for column, tolerance in {"pv_kw": 0.02, "load_kw": 1e-9, "potable_m3_h": 1e-9, "rain_harvest_m3_h": 1e-9}.items():
        assert quarters[column].sum() / 4 == pytest.approx(hours[column].sum(), rel=tolerance)


def test_scenarios_with_different_steps_are_refused(district, trace_of, members_of):
    members = members_of(trace_of(date(2025, 7, 3)), 3)
    with pytest.raises(ContractViolation, match="the same steps in every scenario"):
        profiles(district, members.drop(index=30).reset_index(drop=True))


def test_a_district_without_treatment_has_clear_water(district, trace_of):
    bare = district.model_copy(update={"treatments": {}})
    assert (profiles(bare, trace_of(date(2025, 7, 3)))["turbidity_ntu"] == 0).all()


def test_a_thousand_members_are_computed_at_once(district, trace_of, members_of, history):
    table = profiles(district, members_of(trace_of(date(2025, 7, 3), 2), 1000), history)
    assert len(table) == 1000 * 48 * len(district.nodes)
    assert np.isfinite(table["pv_kw"]).all()
