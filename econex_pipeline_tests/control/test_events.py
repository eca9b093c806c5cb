"""Whatever goes wrong, the loop goes on: each hour is operated, its books close, and its record says what happened."""

import json

import pytest

from econex_pipeline.contracts import validate
from econex_pipeline.control import Controller
from econex_pipeline.district import Event
from econex_pipeline.hydraulics import HydraulicsError
from econex_pipeline.twin import TwinState, balances
from econex_pipeline_tests.control.conftest import operate_day
from econex_pipeline_tests.twin.synthetic import START

HOURS = 4
WHEN = {"start": "2025-07-15 01:00 standard", "end": "2025-07-15 03:00 standard", "source": "made up"}
EVENTS = [
    Event(kind="leak", element="potable_tank", flow_m3_h=0.5, **WHEN),
    Event(kind="pump_wear", element="potable_hub_2", efficiency_factor=0.7, speed_factor=0.97, **WHEN),
    Event(kind="sensor_drift", element="potable_tank", drift_frac_h=0.05, **WHEN),
    Event(kind="sensor_dropout", element="potable_tank", **WHEN),
    Event(kind="sensor_dropout", element="treatment", **WHEN),
    Event(kind="grid_outage", **WHEN),
    Event(kind="mains_outage", **WHEN),
    Event(kind="demand_burst", element="hub", potable_m3_h=0.8, load_kw=2.0, **WHEN),
]


@pytest.fixture
def operated_under(district, profiles, prices, plan):
    """Some hours in closed loop with an event in the second and third."""

    def operate(*events):
        named = {f"event_{i}": event for i, event in enumerate(events)}
        controller = Controller(district.model_copy(update={"events": named}))
        return operate_day(controller, controller.start(START), profiles, prices, plan, HOURS)

    return operate


def in_record(record):
    rows = record.operations
    return set(rows.loc[rows["quantity"] == "event_active", "element"])


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.label)
def test_an_event_does_not_stop_the_loop_and_stands_in_its_hours(operated_under, district, event):
    records = operated_under(event)
    assert [in_record(record) for record in records] == [set(), {event.label}, {event.label}, set()]
    for record in records:
        validate(record.operations, "OPERATIONS")
        validate(record.states, "STATE")
        assert record.notes["events"] == sorted(in_record(record))
        for measurement in record.measurements:
            residuals = balances(measurement, district)
            assert residuals.worst_water_m3 < 1e-6
            assert residuals.worst_energy_kwh < 1e-6


def test_what_could_not_be_followed_stands_in_the_notes_with_its_reason(operated_under):
    records = operated_under(Event(kind="grid_outage", **WHEN))
    clips = [clip for record in records[1:3] for clip in record.notes["clips"]]
    assert clips
    assert set(clips[0]) == {"time_utc", "element", "asked", "delivered", "reason"}
    assert all(clip["reason"] for clip in clips)
    assert json.loads(json.dumps(records[1].notes)) == records[1].notes


def asked(records, element, quantity):
    key = {"element": element, "quantity": quantity, "basis": "asked"}
    rows = [record.operations.set_index([*key]) for record in records]
    return [float(row.loc[tuple(key.values()), "value"]) for row in rows]


def test_an_outage_surprises_for_an_hour_and_is_then_counted_on(operated_under):
    """Out from 1 to 3 h: at 1 h nobody knows, at 2 h it is seen, at 3 h it was seen a moment ago."""
    imported = asked(operated_under(Event(kind="grid_outage", **WHEN)), "grid_import", "power_kw")
    assert min(imported[:2]) > 0.5
    assert imported[2:] == pytest.approx([0.0, 0.0], abs=1e-6)


def test_a_known_outage_surprises_nobody_and_ends_when_it_was_said_to(operated_under):
    records = operated_under(Event(kind="grid_outage", known=True, **WHEN))
    imported = asked(records, "grid_import", "power_kw")
    assert min(imported[0], imported[3]) > 0.5
    assert imported[1:3] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert sum(record.fallbacks for record in records) == 0


def test_water_is_not_asked_of_mains_that_are_known_to_be_out(operated_under):
    known = Event(kind="mains_outage", known=True, **WHEN)
    emptied = Event(kind="leak", element="potable_tank", flow_m3_h=2.0, **WHEN | {"start": "2025-07-15 00:00 standard"})
    imported = asked(operated_under(known, emptied), "mains_import", "flow_m3_h")
    assert imported[1:3] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert imported[3] > 0.5


def test_an_engine_without_an_answer_does_not_stop_the_loop(district, profiles, prices, plan, monkeypatch):
    controller = Controller(district)
    answer = controller.twin.water.network.run_step

    def stubborn(levels_m3, run_s, *rest):
        if any(run_s.values()):
            raise HydraulicsError("does not converge")
        return answer(levels_m3, run_s, *rest)

    monkeypatch.setattr(controller.twin.water.network, "run_step", stubborn)
    records = operate_day(controller, controller.start(START), profiles, prices, plan, 13)
    assert {"hydraulic_failure"} in [in_record(record) for record in records]
    reasons = {clip["reason"] for record in records for clip in record.notes["clips"]}
    assert "the hydraulic engine found no answer with it; it stood still" in reasons


def test_the_stored_state_is_the_whole_state_of_the_plant(day):
    """Nothing that the twin remembers is missing from STATE."""
    for record in day:
        table = record.states[record.states["time_utc"] == record.state.time_utc]
        stored = {(e, q): v for e, q, v in zip(table["element"], table["quantity"], table["value"], strict=True)}
        content = record.state.twin.to_dict()
        remembered = {(name, "level_m3"): value for name, value in content["volumes_m3"].items()}
        remembered |= {(name, "stored_kwh"): value for name, value in content["batteries_kwh"].items()}
        for name, membrane in content["membranes"].items():
            remembered |= {(name, quantity): value for quantity, value in membrane.items()}
        assert stored == remembered
        assert TwinState.from_dict(content) == record.state.twin
