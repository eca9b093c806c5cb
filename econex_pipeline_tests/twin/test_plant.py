import copy

import numpy as np
import pytest

from econex_pipeline.contracts import InputError, validate
from econex_pipeline.contracts.arrays import Profiles
from econex_pipeline.hydraulics import WaterNetwork
from econex_pipeline.twin import Decision, Exogenous, NodeInputs, Twin, TwinState, balances
from econex_pipeline.twin.records import decision_rows, measurement_rows, operations_table, state_table
from econex_pipeline_tests.twin.synthetic import START, hours, sunny_profiles

EXACT_M3 = 1e-6
EXACT_KWH = 1e-6
BUSY = Decision(
    flows_m3_h={
        "mains_import": 0.4,
        "potable_hub_1": 0.05,
        "potable_hub_2": 0.05,
        "raw_2_hub": 0.1,
        "phs_pump": 4.0,
        "phs_turbine": 1.0,
        "treatment": 0.15,
        "grey_1_hub": 1.0,
        "potable_to_garden": 0.05,
    },
    powers_kw={"battery_1.charge": 1.5, "line_1_2": 0.3},
)


def run_day(twin, profiles, decision, state=None):
    state = state or twin.initial_state(profiles["time_utc"].iloc[0])
    measurements = []
    for time in profiles["time_utc"].unique():
        state, measurement = twin.step(state, decision, Exogenous.from_profiles(Profiles.from_table(profiles), time))
        measurements.append(measurement)
    return state, measurements


def still(node_inputs=None, **kwargs):
    return Exogenous(START, node_inputs or {}, turbidity_ntu=15.0, water_temperature_c=18.0, **kwargs)


def test_water_is_not_lost_and_energy_is_not_made(twin, district):
    profiles = sunny_profiles(district, hours(24), rain_m3_h=0.3)
    start = twin.initial_state(START)
    end, measurements = run_day(twin, profiles, BUSY, start)
    for measurement in measurements:
        residuals = balances(measurement, district)
        assert residuals.worst_water_m3 < EXACT_M3
        assert residuals.worst_energy_kwh < EXACT_KWH

    def total(name):
        return sum(measurement.flows_m3_h.get(name, 0.0) for measurement in measurements)

    came = sum(
        inputs.rain_harvest_m3_h + inputs.greywater_m3_h for m in measurements for inputs in m.inputs.values()
    ) + total("mains_import")
    used = sum(inputs.potable_m3_h + inputs.irrigation_m3_h for m in measurements for inputs in m.inputs.values())
    left = sum(v for m in measurements for n, v in m.flows_m3_h.items() if n.startswith(("sewer.", "overflow.")))
    unserved = sum(v for m in measurements for n, v in m.flows_m3_h.items() if n.startswith("unserved."))
    rejected = sum(m.reject_m3_h["treatment"] for m in measurements)
    stored = sum(end.volumes_m3.values()) - sum(start.volumes_m3.values())
    engine = sum(bound for m in measurements for bound in m.water_step_error_bound_m3.values())
    assert came - (used - unserved) - left - rejected == pytest.approx(stored, abs=engine + 1e-5)
    assert engine < 0.05


def test_treatment_makes_no_water_that_an_all_but_empty_raw_tank_did_not_give(twin, district):
    state = twin.initial_state(START, {"raw_tank": 0.0009568548692904245})  # at EPANET's own limit of empty
    greywater = {"hub": NodeInputs(greywater_m3_h=0.055), "home_1": NodeInputs(greywater_m3_h=0.0155)}
    asked = Decision({"treatment": 0.08, "grey_1_hub": 0.0165})
    _, measurement = twin.step(state, asked, still(greywater))
    assert 0.06 < measurement.flows_m3_h["treatment"] < 0.0715
    assert measurement.clips[-1].element == "treatment"
    assert balances(measurement, district).worst_water_m3 < EXACT_M3


def test_pumped_hydro_gives_back_less_than_it_took(twin):
    start = twin.initial_state(START)
    up, lifted = twin.step(start, Decision({"phs_pump": 8.0}), still())
    there = Exogenous(up.time_utc, {})
    _, dropped = twin.step(up, Decision({"phs_turbine": 8.0}), there)
    assert dropped.flows_m3_h["phs_turbine"] == pytest.approx(lifted.flows_m3_h["phs_pump"], rel=0.03)
    assert 0.5 < dropped.generated_kw["phs_turbine"] / lifted.consumed_kw["phs_pump"] < 0.7


def test_inlet_turbine_gives_no_more_than_its_head_holds(twin, district):
    _, measurement = twin.step(twin.initial_state(START), Decision({"mains_import": 2.0}), still())
    hydraulic_kw = 1000 * 9.80665 * 2.0 * 55.0 / 3.6e6  # all of the head above the pressure it lets through
    assert 0.0 < measurement.generated_kw["mains"] < 0.65 * hydraulic_kw


def test_same_input_gives_same_output_and_leaves_its_arguments_alone(twin, district):
    profiles = sunny_profiles(district, hours(1))
    state, exogenous = twin.initial_state(START), Exogenous.from_profiles(Profiles.from_table(profiles), START)
    before = copy.deepcopy((state, BUSY, exogenous))
    first = twin.step(state, BUSY, exogenous)
    twin.step(first[0], BUSY, Exogenous(first[0].time_utc, {}))
    assert twin.step(state, BUSY, exogenous) == first
    assert Twin(district).step(state, BUSY, exogenous) == first
    assert (state, BUSY, exogenous) == before


def test_a_saved_state_continues_identically(twin, district):
    profiles = sunny_profiles(district, hours(6))
    half, _ = run_day(twin, profiles[profiles["time_utc"] < hours(6)[3]], BUSY)
    rest = profiles[profiles["time_utc"] >= hours(6)[3]].reset_index(drop=True)
    read = TwinState.from_json(half.to_json())
    assert read == half
    assert run_day(twin, rest, BUSY, read) == run_day(twin, rest, BUSY, half)


def test_an_empty_tank_leaves_demand_unserved_and_never_goes_negative(twin):
    state = twin.initial_state(START, {"home_tank_1": 0.05})
    end, measurement = twin.step(state, Decision(), still({"home_1": NodeInputs(potable_m3_h=0.2)}))
    actual = measurement.inputs["home_1"].potable_m3_h
    assert measurement.flows_m3_h["unserved.home_1.P"] == pytest.approx(actual - 0.05, abs=2e-3)
    assert 0.0 <= end.volumes_m3["home_tank_1"] < 2e-3
    assert balances(measurement, twin.district).worst_water_m3 < EXACT_M3


def test_a_garden_without_water_stays_dry_by_what_is_missing(twin):
    state = twin.initial_state(START, {"cistern": 0.1})
    end, measurement = twin.step(state, Decision(), still({"home_2": NodeInputs(irrigation_m3_h=0.5)}))
    assert measurement.flows_m3_h["unserved.home_2.W"] == pytest.approx(0.4, abs=5e-3)
    assert end.volumes_m3["cistern"] >= 0.0
    assert balances(measurement, twin.district).worst_water_m3 < EXACT_M3


def test_a_full_cistern_spills_the_rain(twin):
    state = twin.initial_state(START, {"cistern": 20.0})
    end, measurement = twin.step(state, Decision(), still({"home_2": NodeInputs(rain_harvest_m3_h=3.0)}))
    assert measurement.flows_m3_h["overflow.cistern"] == pytest.approx(3.0, abs=1e-3)
    assert end.volumes_m3["cistern"] == pytest.approx(20.0, abs=1e-9)
    assert balances(measurement, twin.district).worst_water_m3 < EXACT_M3


def test_a_pump_beyond_its_rating_is_clipped_and_recorded(twin):
    _, measurement = twin.step(twin.initial_state(START), Decision({"potable_hub_1": 5.0}), still())
    assert measurement.run_s["potable_hub_1"] <= 3600
    (clip,) = measurement.clips
    assert clip.element == "potable_hub_1"
    assert clip.asked == 5.0
    assert clip.delivered == measurement.flows_m3_h["potable_hub_1"] < 2.0


def test_a_level_switch_stops_the_pump_of_a_full_tank(twin):
    state = twin.initial_state(START, {"home_tank_1": 0.9})
    end, measurement = twin.step(state, Decision({"potable_hub_1": 0.5}), still())
    assert end.volumes_m3["home_tank_1"] == pytest.approx(1.0, abs=2e-3)
    assert measurement.flows_m3_h["overflow.home_tank_1"] < 1e-3
    assert [clip.element for clip in measurement.clips] == ["potable_hub_1"]


def test_treatment_stops_when_the_raw_tank_is_empty(twin):
    state = twin.initial_state(START, {"raw_tank": 0.1})
    end, measurement = twin.step(state, Decision({"treatment": 0.25}), still())
    assert measurement.flows_m3_h["treatment"] == pytest.approx(0.1, abs=5e-3)
    assert measurement.product_m3_h["treatment"] < measurement.flows_m3_h["treatment"]
    assert end.volumes_m3["raw_tank"] >= 0.0
    assert balances(measurement, twin.district).worst_water_m3 < EXACT_M3


def test_greywater_that_no_drain_takes_goes_to_the_sewer(twin):
    inputs = {"home_1": NodeInputs(greywater_m3_h=0.2)}
    _, measurement = twin.step(twin.initial_state(START), Decision({"grey_1_hub": 0.05}), still(inputs))
    actual = measurement.inputs["home_1"].greywater_m3_h
    assert measurement.flows_m3_h["grey_1_hub"] == 0.05
    assert measurement.flows_m3_h["sewer.home_1"] == pytest.approx(actual - 0.05, rel=1e-12)


def test_without_the_mains_nothing_comes_in(twin):
    _, measurement = twin.step(twin.initial_state(START), Decision({"mains_import": 1.0}), still(mains_available=False))
    assert measurement.flows_m3_h["mains_import"] == pytest.approx(0.0, abs=1e-3)
    assert measurement.clips[0].reason == "the mains are out"


def test_real_plant_differs_from_its_drawing_and_keeps_its_secret(twin, drawing, district):
    state = twin.initial_state(START)
    _, real = twin.step(state, BUSY, still())
    _, drawn = drawing.step(state, BUSY, still())
    ratio = real.consumed_kw["phs_pump"] / drawn.consumed_kw["phs_pump"]
    assert 0.0 < abs(ratio - 1.0) < 0.1
    assert real.battery_loss_kw["battery_1"] != drawn.battery_loss_kw["battery_1"]


def test_without_mismatch_pumps_run_as_the_drawing_says(drawing, district):
    network = WaterNetwork(district.network_path, district.twin.substep_s)
    levels = {str(tank.tank): tank.start for tank in district.tanks.values()}
    point = network.probe(levels, ["PUMP_PHS"])
    rated = point.flow_m3_h["PENSTOCK_UP"]
    decision = Decision({"phs_pump": 5.0}, rated_flows_m3_h={"phs_pump": rated})
    _, measurement = drawing.step(drawing.initial_state(START), decision, still())
    k = point.power_kw["PUMP_PHS"] / rated
    assert measurement.consumed_kw["phs_pump"] == pytest.approx(k * measurement.flows_m3_h["phs_pump"], rel=2e-3)
    assert measurement.flows_m3_h["phs_pump"] == pytest.approx(5.0, rel=5e-3)


def test_sensors_are_noisy_repeatable_and_stay_within_limits(twin, drawing):
    state = twin.initial_state(START)
    shown = twin.observe(state)
    assert shown == twin.observe(state)
    assert shown.amounts != state.amounts()
    assert shown.amounts["cistern"] == pytest.approx(5.0, abs=6 * 0.002 * 20.0)
    assert drawing.observe(state).amounts == state.amounts()


def test_a_device_less_leaves_the_others_as_they_are(twin, district):
    storages = {name: storage for name, storage in district.storages.items() if name != "battery_1"}
    end_values = {name: value for name, value in district.end_values.items() if name != "battery_1"}
    other = Twin(district.model_copy(update={"storages": storages, "end_values": end_values}))
    assert other.hidden == twin.hidden


@pytest.mark.parametrize("gone", [("phs_pump", "phs_turbine"), ("potable_hub_1",)])
def test_books_close_where_the_file_holds_a_pump_that_the_district_has_not(district, gone):
    arcs = {name: arc for name, arc in district.arcs.items() if name not in gone}
    other = district.model_copy(update={"arcs": arcs})
    _, measurements = run_day(Twin(other), sunny_profiles(district, hours(4), rain_m3_h=0.3), Decision())
    for measurement in measurements:
        assert balances(measurement, other).worst_water_m3 < EXACT_M3
        assert max(measurement.water_step_error_bound_m3.values()) < 0.005


def test_rows_keep_the_contracts(twin, district):
    profiles = sunny_profiles(district, hours(2))
    states = [twin.initial_state(START)]
    rows = []
    for time in hours(2):
        state, measurement = twin.step(states[-1], BUSY, Exogenous.from_profiles(Profiles.from_table(profiles), time))
        rows += decision_rows(BUSY, time) + measurement_rows(measurement)
        states.append(state)
    operations = validate(operations_table(rows), "OPERATIONS")
    states_table = validate(state_table(states), "STATE")
    assert states_table["time_utc"].nunique() == 3
    delivered = operations[(operations["basis"] == "delivered") & (operations["element"] == "grid_import")]
    assert len(delivered) == 2
    assert np.isfinite(operations["value"]).all()


def test_a_step_of_another_time_is_refused(twin):
    with pytest.raises(InputError, match="time_utc"):
        twin.step(twin.initial_state(START), Decision(), Exogenous(hours(2)[1], {}))


def test_a_start_amount_outside_its_tank_is_refused(twin):
    with pytest.raises(InputError, match="cistern"):
        twin.initial_state(START, {"cistern": 21.0})
    with pytest.raises(InputError, match="did you mean 'cistern'"):
        twin.initial_state(START, {"cistren": 1.0})


def test_real_households_return_greywater_of_what_they_really_drew(twin):
    asked = NodeInputs(potable_m3_h=0.2, greywater_m3_h=0.07)
    _, measurement = twin.step(twin.initial_state(START), Decision(), still({"home_1": asked}))
    real = measurement.inputs["home_1"]
    assert real.potable_m3_h != pytest.approx(0.2, rel=1e-3)
    assert real.greywater_m3_h / real.potable_m3_h == pytest.approx(0.35)


def test_run_times_are_rounded_to_the_nearest_second(twin):
    for asked_s, run_s in ((1800.3, 1800), (1800.7, 1801)):
        decision = Decision({"mains_import": asked_s / 3600 * 2.0}, rated_flows_m3_h={"mains_import": 2.0})
        _, measurement = twin.step(twin.initial_state(START), decision, still())
        assert measurement.run_s["mains_import"] == run_s


def test_the_real_inlet_turbine_differs_from_its_drawing_by_its_hidden_factor(twin, district):
    hidden = twin.hidden.turbine_efficiency["mains"]
    recovered = []
    for plant in (twin, Twin(district, mismatch=False)):
        _, measurement = plant.step(plant.initial_state(START), Decision({"mains_import": 1.0}), still())
        recovered.append(measurement.generated_kw["mains"] / measurement.flows_m3_h["mains_import"])
    assert abs(hidden - 1.0) > 0.005
    assert recovered[0] / recovered[1] == pytest.approx(hidden, rel=0.004)  # rough pipes have a say in the head
