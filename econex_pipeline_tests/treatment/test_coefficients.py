"""The treatment's rows in COEFFICIENTS."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import InputError, validate
from econex_pipeline.treatment import Membrane, MembraneState, coefficients


def raw_water(times, scenarios, rng):
    frame = pd.MultiIndex.from_product([scenarios, times, ["home_1", "hub"]], names=["scenario", "time_utc", "node"])
    table = frame.to_frame(index=False)
    return table.assign(
        turbidity_ntu=rng.uniform(5, 100, len(table)), water_temperature_c=rng.uniform(5, 28, len(table))
    )


@pytest.fixture
def times():
    return pd.date_range("2025-07-15 05:00", periods=24, freq="h", tz="UTC", unit="ns")


def test_each_scenario_and_step_has_its_own_coefficients(district, times):
    profiles = raw_water(times, [0, 1, 2], np.random.default_rng(3))
    state = MembraneState(irreversible_1_m=2e11)
    table = validate(coefficients(district, profiles, {"treatment": state}), "COEFFICIENTS")
    assert len(table) == 3 * 24 * 3
    rows = profiles[profiles["node"] == "hub"]
    row = rows.iloc[30]
    new, fouled = (
        Membrane(district.treatments["treatment"]).performance(
            fouling, row["turbidity_ntu"], row["water_temperature_c"]
        )
        for fouling in (0.0, 2e11)
    )
    found = table[(table["scenario"] == row["scenario"]) & (table["time_utc"] == row["time_utc"])]
    found = found.set_index("quantity")["value"]
    for quantity, of in (("recovery_frac", new), ("energy_kwh_m3", new), ("capacity_m3_h", fouled)):
        assert found[quantity] == float(getattr(of, quantity))


def test_profiles_without_scenarios_are_scenario_zero(district, times):
    profiles = raw_water(times, [0], np.random.default_rng(3)).drop(columns="scenario")
    table = validate(coefficients(district, profiles), "COEFFICIENTS")
    assert set(table["scenario"]) == {0}


def test_plan_knows_of_a_cleaning_under_way(district, times):
    profiles = raw_water(times, [0], np.random.default_rng(3))
    table = coefficients(district, profiles, {"treatment": MembraneState(cleaning_left_h=1.5)})
    capacity = table[table["quantity"] == "capacity_m3_h"]["value"].to_numpy()
    free = coefficients(district, profiles)
    usual = free[free["quantity"] == "capacity_m3_h"]["value"].to_numpy()
    assert capacity[:3] == pytest.approx(usual[:3] * [0.0, 0.5, 1.0])


def test_raw_water_missing_at_the_treatment_is_refused(district, times):
    profiles = raw_water(times, [0], np.random.default_rng(3))
    with pytest.raises(InputError, match="hub"):
        coefficients(district, profiles[profiles["node"] != "hub"])
