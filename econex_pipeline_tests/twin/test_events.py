"""Each event happens to the plant while it is under way, the books close over it, and the record names it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import validate
from econex_pipeline.district import Event, cases, load_case
from econex_pipeline.hydraulics import HydraulicsError, WaterNetwork, check_network
from econex_pipeline.twin import Decision, Exogenous, NodeInputs, Twin, balances
from econex_pipeline.twin.records import decision_rows, measurement_rows, measurements_of, operations_table, state_table
from econex_pipeline_tests.twin.synthetic import DATA, START

EXACT = 1e-6
HOUR = pd.Timedelta(hours=1)
TODAY = {"start": "2025-07-15 00:00 standard", "end": "2025-07-15 04:00 standard", "source": "made up"}


def during(kind, **values):
    """An event of the first four hours of the operating day."""
    return Event(kind=kind, **TODAY, **values)


@pytest.fixture
def plant(district):
    """A plant without hidden mismatch under some events."""

    def under(*events):
        named = {f"event_{i}": event for i, event in enumerate(events)}
        return Twin(district.model_copy(update={"events": named}), mismatch=False)

    return under


def at(time=START, **nodes):
    return Exogenous(time, nodes, turbidity_ntu=15.0, water_temperature_c=18.0)


def run(twin, hours, decision=None, amounts=None, **nodes):
    """Operate some hours; the balances of every one must close."""
    states, measurements = [twin.initial_state(START, amounts)], []
    for _ in range(hours):
        state, measurement = twin.step(states[-1], decision or Decision(), at(states[-1].time_utc, **nodes))
        residuals = balances(measurement, twin.district)
        assert residuals.worst_water_m3 < EXACT
        assert residuals.worst_energy_kwh < EXACT
        states.append(state)
        measurements.append(measurement)
    return states, measurements


def test_a_leak_takes_its_water_until_it_is_mended(plant):
    twin = plant(during("leak", element="cistern", flow_m3_h=0.3))
    states, measurements = run(twin, 5)
    assert [m.flows_m3_h.get("leak.cistern", 0.0) for m in measurements] == pytest.approx([0.3] * 4 + [0.0])
    assert states[-1].volumes_m3["cistern"] == pytest.approx(5.0 - 4 * 0.3, abs=1e-3)
    assert [m.events for m in measurements] == [("leak.cistern",)] * 4 + [()]


def test_a_leak_empties_a_tank_and_no_more(plant):
    twin = plant(during("leak", element="home_tank_1", flow_m3_h=0.4))
    states, measurements = run(twin, 2, home_1=NodeInputs(potable_m3_h=0.05))
    assert 0.0 <= states[-1].volumes_m3["home_tank_1"] < 2e-3
    assert sum(m.flows_m3_h["leak.home_tank_1"] for m in measurements) < 0.5
    assert measurements[1].flows_m3_h["unserved.home_1.P"] > 0.0


def test_a_worn_pump_uses_more_for_the_same_water(plant):
    decision = Decision({"phs_pump": 5.0})
    _, (worn, *_, mended) = run(plant(during("pump_wear", element="phs_pump", efficiency_factor=0.8)), 5, decision)
    _, (sound, *_) = run(plant(), 1, decision)
    assert worn.consumed_kw["phs_pump"] == pytest.approx(sound.consumed_kw["phs_pump"] / 0.8, rel=1e-3)
    assert worn.flows_m3_h["phs_pump"] == pytest.approx(sound.flows_m3_h["phs_pump"], rel=1e-3)
    per_m3 = [m.consumed_kw["phs_pump"] / m.flows_m3_h["phs_pump"] for m in (sound, mended)]
    assert per_m3[1] == pytest.approx(per_m3[0], rel=0.05)  # its basin is fuller
    assert worn.events == ("pump_wear.phs_pump",)


def test_a_worn_impeller_lifts_less_in_the_same_time(plant):
    decision = Decision({"phs_pump": 5.0}, rated_flows_m3_h={"phs_pump": 10.0})
    _, (worn,) = run(plant(during("pump_wear", element="phs_pump", speed_factor=0.95)), 1, decision)
    _, (sound,) = run(plant(), 1, decision)
    assert worn.run_s == sound.run_s
    assert 0.3 * sound.flows_m3_h["phs_pump"] < worn.flows_m3_h["phs_pump"] < 0.95 * sound.flows_m3_h["phs_pump"]


def test_without_the_grid_the_battery_serves_then_nobody_does(plant):
    """The battery holds 2.7 kWh: at 2 kW and 1 % line loss it lasts a good hour."""
    twin = plant(during("grid_outage"))
    _, measurements = run(twin, 5, Decision(), hub=NodeInputs(load_kw=2.0))
    first, second, third, _, after = measurements
    assert [m.powers_kw["grid_import"] for m in measurements[:4]] == [0.0] * 4
    assert first.powers_kw["battery_1.discharge"] == pytest.approx(2.0 / 0.99, rel=1e-6)
    assert first.powers_kw["unserved.hub.E"] == 0.0
    assert 0.0 < second.powers_kw["unserved.hub.E"] < 2.0
    assert third.powers_kw["unserved.hub.E"] == pytest.approx(2.0)
    assert after.powers_kw["grid_import"] == pytest.approx(2.0)
    assert [m.events for m in measurements] == [("grid_outage",)] * 4 + [()]


def test_without_the_grid_surplus_fills_the_battery_then_is_curtailed(plant):
    twin = plant(during("grid_outage"))
    _, measurements = run(twin, 4, Decision(), {"battery_1": 10.0}, home_1=NodeInputs(pv_kw=4.0))
    stored = [m.end_amounts["battery_1"] for m in measurements]
    assert measurements[0].powers_kw["battery_1.charge"] > 3.0
    assert stored[-1] == pytest.approx(13.5, abs=1e-6)
    assert measurements[0].powers_kw["curtail.home_1"] < 1.0
    assert measurements[-1].powers_kw["curtail.home_1"] == pytest.approx(4.0, abs=1e-6)
    assert all(m.powers_kw["grid_export"] == 0.0 for m in measurements)


def test_pumps_without_power_stand_still_before_a_home_goes_dark(plant):
    twin = plant(during("grid_outage"))
    asked = Decision({"phs_pump": 8.0, "treatment": 0.2})
    _, (measurement,) = run(twin, 1, asked, {"battery_1": 0.5}, hub=NodeInputs(load_kw=0.1))
    assert measurement.flows_m3_h["phs_pump"] == pytest.approx(0.0, abs=1e-3)
    assert measurement.flows_m3_h["treatment"] == 0.0
    assert measurement.powers_kw["unserved.hub.E"] == 0.0
    clips = {clip.element: clip for clip in measurement.clips}
    assert clips["phs_pump"].reason == clips["treatment"].reason == "there is no power for it"
    assert (clips["phs_pump"].asked, clips["treatment"].asked) == (8.0, 0.2)


def test_without_the_mains_tanks_serve_then_nobody_does(plant):
    twin = plant(during("mains_outage"))
    asked = Decision({"mains_import": 1.0})
    _, measurements = run(twin, 5, asked, {"potable_tank": 1.0}, hub=NodeInputs(potable_m3_h=0.6))
    assert [m.flows_m3_h["mains_import"] for m in measurements[:4]] == pytest.approx([0.0] * 4, abs=1e-3)
    assert measurements[0].flows_m3_h["unserved.hub.P"] == 0.0
    assert 0.0 < measurements[1].flows_m3_h["unserved.hub.P"] < 0.6
    assert measurements[2].flows_m3_h["unserved.hub.P"] == pytest.approx(0.6, abs=2e-3)
    assert measurements[4].flows_m3_h["mains_import"] > 0.9
    (clip,) = measurements[0].clips
    assert (clip.element, clip.asked, clip.reason) == ("mains_import", 1.0, "the mains are out")


def test_a_burst_of_demand_comes_on_top(plant):
    twin = plant(during("demand_burst", element="hub", potable_m3_h=0.5, load_kw=3.0))
    _, (measurement, *_) = run(twin, 1, hub=NodeInputs(potable_m3_h=0.1, load_kw=1.0, greywater_m3_h=0.035))
    assert measurement.inputs["hub"] == NodeInputs(potable_m3_h=0.6, load_kw=4.0, greywater_m3_h=0.035)
    assert measurement.events == ("demand_burst.hub",)


def test_a_silent_sensor_shows_nothing_and_says_since_when(plant):
    twin = plant(during("sensor_dropout", element="cistern"), during("sensor_dropout", element="treatment"))
    states, _ = run(twin, 5)
    third, mended = twin.observe(states[2]), twin.observe(states[4])
    assert "cistern" not in third.amounts
    assert "treatment" not in third.membranes
    assert third.ages_h["cistern"] == third.ages_h["treatment"] == 3.0
    assert third.ages_h["raw_tank"] == 0.0
    assert mended.amounts["cistern"] == states[4].volumes_m3["cistern"]
    assert set(mended.ages_h.values()) == {0.0}


def test_a_drifting_sensor_is_off_by_more_each_hour_and_stays_within_its_tank(plant):
    twin = plant(during("sensor_drift", element="cistern", drift_frac_h=0.02))
    falling = plant(during("sensor_drift", element="cistern", drift_frac_h=-0.5))
    states, measurements = run(twin, 4)
    off = [twin.observe(state).amounts["cistern"] - state.volumes_m3["cistern"] for state in states]
    assert off == pytest.approx([0.0, 0.4, 0.8, 1.2, 0.0])
    assert falling.observe(states[1]).amounts["cistern"] == 0.0
    assert measurements[0].events == ("sensor_drift.cistern",)


def test_an_outage_is_seen_once_it_has_begun(plant):
    twin = plant(during("grid_outage"), during("mains_outage"))
    seen = [twin.observe(state).utilities_out for state in run(twin, 5)[0]]
    assert seen == [frozenset()] + [frozenset({"grid", "mains"})] * 4 + [frozenset()]


def test_where_the_engine_finds_no_answer_everything_stands_still_and_the_record_says_so(plant, monkeypatch):
    twin = plant()
    answer = twin.water.network.run_step

    def stubborn(levels_m3, run_s, *rest):
        if any(run_s.values()):
            raise HydraulicsError("does not converge")
        return answer(levels_m3, run_s, *rest)

    monkeypatch.setattr(twin.water.network, "run_step", stubborn)
    states, (measurement,) = run(twin, 1, Decision({"phs_pump": 5.0}))
    assert measurement.events == ("hydraulic_failure",)
    (clip,) = measurement.clips
    assert (clip.element, clip.asked) == ("phs_pump", 5.0)
    assert "found no answer" in clip.reason
    assert states[1].time_utc == START + HOUR


def test_where_it_never_finds_one_people_draw_from_their_tanks_and_no_water_is_lost(plant, monkeypatch):
    twin = plant(during("leak", element="cistern", flow_m3_h=0.3))

    def broken(*_):
        raise HydraulicsError("does not converge")

    monkeypatch.setattr(twin.water.network, "run_step", broken)
    asked = Decision({"phs_pump": 5.0, "mains_import": 1.0, "treatment": 0.1})
    states, measurements = run(twin, 8, asked, home_1=NodeInputs(potable_m3_h=0.1, greywater_m3_h=0.02))
    for measurement in measurements:
        assert "hydraulic_failure" in measurement.events
        assert any("as buckets" in warning for warning in measurement.warnings)
        assert balances(measurement, twin.district).worst_water_m3 < 1e-9
        assert measurement.flows_m3_h["phs_pump"] == measurement.flows_m3_h["mains_import"] == 0.0
    served = [0.1 - one.flows_m3_h["unserved.home_1.P"] for one in measurements]
    assert sum(served) == pytest.approx(states[0].volumes_m3["home_tank_1"])
    assert served == pytest.approx([0.1] * 5 + [0.0] * 3)
    assert states[-1].volumes_m3["cistern"] == pytest.approx(5.0 - 4 * 0.3)


def test_events_stand_in_the_record_and_are_read_back(plant):
    twin = plant(during("leak", element="cistern", flow_m3_h=0.3), during("grid_outage"))
    states, measurements = run(twin, 5)
    rows = [row for m in measurements for row in decision_rows(Decision({"phs_pump": 1.0}), m.time_utc)]
    rows += [row for m in measurements for row in measurement_rows(m)]
    operations = validate(operations_table(rows), "OPERATIONS")
    active = operations[operations["quantity"] == "event_active"]
    assert set(active["element"]) == {"leak.cistern", "grid_outage"}
    assert (active["basis"] == "actual").all()
    assert len(active) == 2 * 4
    read = measurements_of(operations, state_table(states), 1.0)
    assert [set(m.events) for m in read] == [set(m.events) for m in measurements]
    assert max(balances(m, twin.district).worst_water_m3 for m in read) < EXACT


def test_the_same_step_under_events_gives_the_same_answer_in_any_order(plant):
    """The network forgets the worn pump of a step before."""
    twin = plant(during("pump_wear", element="phs_pump", efficiency_factor=0.8))
    state, decision = twin.initial_state(START), Decision({"phs_pump": 5.0})
    worn = twin.step(state, decision, at())
    later = twin.initial_state(START + 6 * HOUR)
    sound = twin.step(later, decision, at(later.time_utc))
    assert twin.step(state, decision, at()) == worn
    assert plant().step(later, decision, at(later.time_utc)) == sound


@pytest.mark.parametrize("case", cases(DATA))
def test_each_shipped_case_has_a_network_that_fits_it_and_a_plant_that_runs(case):
    district = load_case(DATA, case)
    check_network(district, WaterNetwork(district.network_path))
    twin = Twin(district)
    asked = Decision({name: 0.05 for name, arc in district.arcs.items() if arc.kind != "line"})
    inputs = {name: NodeInputs(load_kw=0.5) for name, node in district.nodes.items() if node.electricity is not None}
    run(twin, 2, asked, **inputs)


@pytest.mark.parametrize("seed", range(12))
def test_the_books_close_whatever_goes_wrong_at_once(plant, district, seed):
    rng = np.random.default_rng(seed)
    tanks, homes = list(district.tanks), ["home_1", "home_2", "hub"]
    pumps = [name for name, arc in district.arcs.items() if arc.kind == "pumped"]
    possible = [
        during("leak", element=rng.choice(tanks), flow_m3_h=float(rng.uniform(0.01, 3.0))),
        during("leak", element=rng.choice(tanks), flow_m3_h=float(rng.uniform(0.01, 3.0))),
        during("pump_wear", element=rng.choice(pumps), efficiency_factor=0.6, speed_factor=0.9),
        during("demand_burst", element=rng.choice(homes), potable_m3_h=float(rng.uniform(0.1, 3.0)), load_kw=4.0),
        during("grid_outage"),
        during("mains_outage"),
    ]
    events = [event for event in possible if rng.random() < 0.6]
    asked = Decision(
        {name: float(rng.uniform(0.0, 2.0)) for name, arc in district.arcs.items() if arc.kind != "line"}
        | {"mains_import": float(rng.uniform(0.0, 2.0)), "treatment": 0.2},
        {"battery_1.charge": float(rng.uniform(-5.0, 5.0))},
    )
    inputs = {home: NodeInputs(*rng.uniform(0.0, (5.0, 3.0, 0.3, 0.1)).tolist()) for home in homes}
    inputs["home_2"] = replace(inputs["home_2"], rain_harvest_m3_h=rng.uniform(0.0, 9.0), irrigation_m3_h=0.3)
    amounts = {name: float(rng.uniform(0.0, storage.capacity)) for name, storage in district.storages.items()}
    _, measurements = run(plant(*events), 3, asked, amounts, **inputs)
    assert all(set(m.events) >= {event.label for event in events} for m in measurements)
