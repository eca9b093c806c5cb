"""What is said of a decision holds in numbers: against prices, against the horizon, against the optimum itself."""

import re

import pytest

from econex_pipeline.contracts.arrays import Prices
from econex_pipeline.control import Controller, operate_hour
from econex_pipeline.control.first_step import LEAST_RATE
from econex_pipeline.control.reasons import ROUNDING_USD, Explainer
from econex_pipeline.district import Event
from econex_pipeline.planning import PlanOptions, Solved, build_network, solve_step
from econex_pipeline.planning.instance import make_instance
from econex_pipeline.planning.monolith import assemble, solve_monolith
from econex_pipeline.planning.tables import read_tables
from econex_pipeline.twin import Twin
from econex_pipeline_tests.control.conftest import DAY, operate_day, operated_with
from econex_pipeline_tests.planning.days import days
from econex_pipeline_tests.planning.equipped import equipped
from econex_pipeline_tests.twin.synthetic import START

STORED = re.compile(r"stored energy valued (-?\d+\.\d+|as much)")
GRID = re.compile(r"grid (at|pays) (-?\d+\.\d+)")


class Asking:
    """A solver that remembers what it was asked and what it found."""

    def __init__(self):
        self.asked = []

    def __call__(self, *question, **options):
        found = solve_step(*question, **options)
        self.asked.append((question, options, found))
        return found


@pytest.fixture(scope="module")
def told(district, profiles, prices, plan):
    """Each hour of a day: question, options, what was found, and the reasons."""
    asking = Asking()
    controller = Controller(district, solve=asking)
    records = operate_day(controller, controller.start(START), profiles, prices, plan)
    return [(*asked, record.choices[0].reasons, record) for asked, record in zip(asking.asked, records, strict=True)]


def of(reasons, element):
    return next((reason for reason in reasons if reason.element == element), None)


def test_a_reason_is_of_what_is_asked(told):
    """Where two ways are worth the same, a battery follows the meter rather than the optimum: that is what is told."""
    for *_, reasons, record in told:
        reason, asked = of(reasons, "battery_1"), record.choices[0].decision.powers_kw
        verb = {"charges": "charge", "discharges": "discharge"}.get(reason.text.split()[0]) if reason else None
        for way in ("charge", "discharge"):
            power = asked.get(f"battery_1.{way}", 0.0)
            assert (power >= LEAST_RATE) == (verb == way)
            if verb == way:
                assert float(reason.text.split()[1]) == pytest.approx(power, abs=0.051)


def test_every_comparison_holds(told):
    compared = [reason for *_, reasons, _ in told for reason in reasons if reason.more is not None]
    assert len(compared) > 5 * DAY
    for reason in compared:
        assert reason.more >= reason.less - ROUNDING_USD, reason


def test_a_battery_acts_on_the_price_of_the_grid_and_the_worth_of_what_it_holds(told, controller, prices):
    tariff = Prices.from_table(prices)
    spoken = 0
    for hour, (_, _, found, reasons, _) in enumerate(told):
        reason = of(reasons, "battery_1")
        if reason is None or not (grid := GRID.search(reason.text)):
            continue
        column = "buy_price_usd_kwh" if grid[1] == "at" else "sell_price_usd_kwh"
        assert float(grid[2]) == pytest.approx(tariff.of(column)[hour], abs=5e-4)
        arc = controller.network.arc["battery_1.discharge"]
        nodes = [node.name for node in controller.network.nodes]
        per_kwh = found.solved.worth[nodes.index("battery_1"), 0] * (
            arc.draw if "discharges" in reason.text else 1.0 / arc.draw
        )
        assert float(STORED.search(reason.text)[1]) == pytest.approx(per_kwh, abs=5.1e-3)
        spoken += 1
    assert spoken >= 4
    dear = [of(reasons, "battery_1").text for *_, reasons, _ in told if "grid at 0.61" in str(of(reasons, "battery_1"))]
    assert len(dear) >= 3
    assert all(text.startswith("discharges ") for text in dear)


def test_what_is_stored_is_worth_what_one_more_unit_saves(told, controller):
    """The value in the sentence against the optimum with a little more, and with a little less, in the battery."""
    arc = controller.network.arc["battery_1.discharge"]
    little_kwh, checked, capacity_kwh = 0.01, 0, controller.network.storage["battery_1"].capacity
    for question, options, found, reasons, _ in told[::3]:
        reason = of(reasons, "battery_1")
        acts = reason is not None and reason.more is not None and reason.text.startswith(("discharges", "keeps"))
        if not acts or not little_kwh < question[4]["battery_1"] < capacity_kwh - little_kwh:
            continue
        stated = (reason.less if "discharges" in reason.text else reason.more) / arc.draw
        saved = []
        for change in (little_kwh, -little_kwh):
            start = {**question[4], "battery_1": question[4]["battery_1"] + change}
            other = solve_step(*question[:4], start, *question[5:], **options)
            saved.append((found.objective - other.objective) / change)
        assert saved[0] - 1e-6 <= stated <= saved[1] + 1e-6
        checked += 1
    assert checked >= 2


def test_a_device_that_waits_is_used_again_at_the_hour_that_is_named(told, district):
    waits = 0
    for _, _, found, reasons, record in told:
        horizon = found.solved
        for reason in reasons:
            until = re.search(r"until (\d\d:\d\d)", reason.text)
            if until is None or reason.element == "battery_1":
                continue
            flow = horizon.flow[[arc.name for arc in horizon.network.arcs].index(reason.element)]
            times = horizon.instance.tables.times.tz_convert(district.site.civil_time_zone)
            used = next(step for step in range(1, horizon.steps) if flow[step] >= 5e-3)
            assert flow[0] < 5e-3
            assert times[used].strftime("%H:%M") == until[1]
            assert record.measurements[0].flows_m3_h[reason.element] < 0.05
            waits += 1
    assert waits > 10


def test_limits_are_named_where_they_hold(told):
    limited = {"(its limit)": 0, "is full": 0, "is empty": 0}
    for _, _, found, reasons, _ in told:
        storages = {storage.name.replace("_", " "): storage for storage in found.solved.network.storages}
        for reason in reasons:
            if "(its limit)" in reason.text:
                way = {"discharges": ".discharge", "charges": ".charge"}.get(reason.text.split()[0], "")
                quantity = "power_kw" if way else "flow_m3_h"
                name = reason.element + way
                place = [arc.name for arc in found.solved.network.arcs].index(name)
                assert found.rates[name, quantity] == pytest.approx(found.solved.capacity[place, 0])
                limited["(its limit)"] += 1
            if named := re.search(r"(?:until|still:) ([a-z_ 0-9]+) is (full|empty)", reason.text):
                storage = storages[named[1] if named[1] != "it" else reason.element.replace("_", " ")]
                amount = found.amounts[storage.name]
                assert amount == pytest.approx(storage.capacity if named[2] == "full" else 0.0, abs=1e-5)
                limited[f"is {named[2]}"] += 1
    assert all(count > 0 for count in limited.values()), limited


def test_a_full_basin_and_an_empty_tank_hold_their_devices(district, profiles, prices):
    """At noon with the upper basin full and the raw tank empty: the pump has no room, the treatment no water."""
    controller = Controller(district, Twin(district, mismatch=False))
    noon, dry = START.replace(hour=17), profiles.assign(greywater_m3_h=0.0)
    state = controller.start(noon, {"upper_basin": 50.0, "raw_tank": 0.0, "cistern": 0.0})
    reasons = operate_hour(controller, state, *operated_with(controller, dry, dry, prices)).choices[0].reasons
    assert of(reasons, "phs_pump").text == "stands still: upper basin is full"
    assert of(reasons, "treatment").text == "stands still: raw tank is empty"


def test_an_outage_is_named(district, profiles, prices, plan):
    when = {"start": "2025-07-15 01:00 standard", "end": "2025-07-15 03:00 standard", "source": "made up"}
    events = {kind: Event(kind=kind, **when) for kind in ("grid_outage", "mains_outage")}
    controller = Controller(district.model_copy(update={"events": events}))
    records = operate_day(controller, controller.start(START), profiles, prices, plan, 5)
    for element, text in (
        ("grid_import", "stands still: the grid is out"),
        ("mains_import", "closed: the mains are out"),
    ):
        said = [of(record.choices[0].reasons, element) for record in records]
        assert text not in (said[0].text, said[4].text)  # the hour after an outage still counts on it
        assert said[2].text == text
    told = " ".join(reason.text for record in records[2:4] for reason in record.choices[0].reasons)
    assert not GRID.search(told)


def test_curves_ramps_and_switches_are_not_told_what_they_are_not(district):
    """The pilot with every limit a device may have: what is compared holds, and no curve has one price per m3."""
    network = build_network(equipped(district))
    day = days(network)
    shown = (frame[frame["time_utc"].isin(day.times[:DAY])] for frame in (day.profiles, day.coefficients, day.prices))
    instance = make_instance(network, read_tables(network, *shown), day.start, dict(network.end_values), DAY)
    solved = Solved(instance, solve_monolith(assemble(instance, PlanOptions()), PlanOptions()))
    reasons = Explainer(network, district.site.civil_time_zone)(solved, {})
    assert len(reasons) > 4
    curves = {coupling.arc for coupling in network.chorded}
    for reason in reasons:
        assert reason.more is None or reason.more >= reason.less - ROUNDING_USD
        assert reason.element not in curves or "lift" not in reason.text.split(":")[-1]


def test_reasons_stand_in_the_notes_of_the_hour(told):
    *_, reasons, record = told[18]
    notes = record.notes["reasons"]
    assert [note["text"] for note in notes] == [reason.text for reason in reasons]
    assert {note["time_utc"] for note in notes} == {record.measurements[0].time_utc.isoformat()}
    assert all(note["more"] >= note["less"] - 1e-6 for note in notes if "more" in note)
