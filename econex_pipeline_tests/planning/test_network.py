"""The district becomes a network by rule: nothing is written for the pilot's four places."""

import pytest

from econex_pipeline.planning import build_network, plan_day
from econex_pipeline_tests.planning.days import days


def without(district, **groups):
    """The district less some of its parts, with the end values of what is left."""
    changes = {
        group: {name: part for name, part in getattr(district, group).items() if name not in gone}
        for group, gone in groups.items()
    }
    storages = changes.get("storages", district.storages)
    changes["end_values"] = {name: value for name, value in district.end_values.items() if name in storages}
    return district.model_copy(update=changes)


def plan_of(district, **rest):
    network = build_network(district)
    day = days(network, **rest)
    return network, plan_day(network, day.scenarios, day.coefficients, day.prices, day.start)


def test_every_element_has_the_name_the_other_rooms_know(network):
    names = {arc.name for arc in network.arcs}
    assert {"potable_hub_1", "phs_pump", "line_1_hub", "line_1_hub.reverse", "treatment", "mains_import"} <= names
    assert {"grid_import", "grid_export", "pv.home_1", "battery_1.charge", "battery_1.discharge"} <= names
    assert {"unserved.hub.E", "unserved.home_2.W", "overflow.cistern", "overflow.home_1.W", "sewer.hub"} <= names
    assert "mains_export" not in names
    assert [commitment.element for commitment in network.commitments] == ["grid", "treatment"]


def test_only_raw_water_goes_to_the_sewer_and_only_rain_to_the_storm_drain(network):
    assert {arc.name for arc in network.arcs if arc.kind == "sewer"} == {"sewer.home_1", "sewer.home_2", "sewer.hub"}
    for arc in network.arcs:
        if arc.kind == "overflow":
            pays = any(cost.line == "sewer_fee_usd" for cost in arc.costs)
            assert pays == (arc.name != "overflow.cistern")


def test_a_node_holds_at_most_one_storage_and_a_battery_is_its_own(network):
    nodes = [storage.node for storage in network.storages]
    assert len(set(nodes)) == len(nodes)
    assert network.storage_at["battery_1"].name == "battery_1"
    charge, discharge = network.arc["battery_1.charge"], network.arc["battery_1.discharge"]
    assert (charge.tail, charge.head) == (discharge.head, discharge.tail) == ("home_1.E", "battery_1")
    assert charge.gain / discharge.draw == pytest.approx(0.89)


def test_an_exporting_inlet_appears_when_it_has_a_capacity(district):
    mains = district.utilities.mains.model_copy(update={"export_m3_h": 1.0})
    utilities = district.utilities.model_copy(update={"mains": mains})
    network = build_network(district.model_copy(update={"utilities": utilities}))
    assert network.arc["mains_export"].capacity == 1.0


def test_an_explicit_dump_has_a_cap_and_a_cost(district):
    from econex_pipeline.district.plant import Dump

    dump = Dump(capacity_kw=2.0, cost_usd_kwh=0.01, source="assumption")
    hub = district.nodes["hub"].model_copy(update={"dump": dump})
    network = build_network(district.model_copy(update={"nodes": {**district.nodes, "hub": hub}}))
    assert network.arc["dump.hub"].capacity == 2.0


@pytest.mark.parametrize(
    "gone",
    [
        {"storages": ["battery_1"]},
        {"treatments": ["treatment"]},
        {"arcs": ["phs_pump", "phs_turbine"], "storages": ["upper_basin", "lower_basin"], "nodes": ["basin", "upper"]},
        {"arcs": ["potable_1_hub", "potable_2_hub", "raw_hub_2", "line_1_2", "potable_to_garden"]},
    ],
    ids=["no battery", "no treatment", "no pumped hydro", "fewer arcs"],
)
def test_any_subset_of_devices_can_be_planned(district, gone):
    _, answer = plan_of(without(district, **gone), hours=24)
    assert answer.status == "optimal"
    assert answer.parts["penalty_usd"] == pytest.approx(0.0, abs=1e-6)


def test_one_home_on_the_grid_is_a_district(district):
    places = ["home_1", "home_2", "basin", "upper"]
    alone = without(
        district,
        nodes=places,
        arcs=list(district.arcs),
        treatments=["treatment"],
        storages=[name for name in district.storages if name != "potable_tank"],
    )
    network, answer = plan_of(alone, hours=24)
    assert {node.name for node in network.nodes} == {"hub.E", "hub.P", "hub.W"}
    assert answer.status == "optimal"


def test_a_street_of_homes_is_a_district(district):
    """Twelve copies of home 1 with their lines and batteries: only data grows."""
    nodes, storages, arcs = dict(district.nodes), dict(district.storages), dict(district.arcs)
    for i in range(3, 15):
        nodes[f"home_{i}"] = nodes["home_1"]
        for name in ("battery_1", "home_tank_1"):
            storages[f"{name[:-1]}{i}"] = storages[name].model_copy(update={"node": f"home_{i}"})
        for name in ("line_1_hub", "potable_hub_1", "grey_1_hub"):
            tail, head = ("hub", f"home_{i}") if name == "potable_hub_1" else (f"home_{i}", "hub")
            arcs[f"{name}_{i}"] = arcs[name].model_copy(update={"tail": tail, "head": head})
    street = district.model_copy(update={"nodes": nodes, "storages": storages, "arcs": arcs})
    network, answer = plan_of(street, hours=24)
    assert len(network.nodes) == 12 + 12 * 4
    assert answer.status == "optimal"


@pytest.mark.parametrize("step_minutes", [15, 30])
def test_shorter_steps_cost_about_the_same(district, sunny_plan, step_minutes):
    _, answer = plan_of(district.model_copy(update={"step_minutes": step_minutes}))
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(sunny_plan.objective, rel=0.02)
