"""Supply and use, and node-to-node flows: what goes in comes out."""

import dataclasses

import numpy as np
import pytest

from econex_pipeline.reporting import flows
from econex_pipeline.reporting.balances import balance, pumped_hydro
from econex_pipeline.reporting.flows import Link, energy_links, water_links
from econex_pipeline.reporting.ledger import ledger


@pytest.mark.parametrize("layer", ["E", "P", "W"])
def test_supply_equals_use_in_every_step(district, made, layer):
    for operations, states in ((made.operations, made.states), (made.operations_without, made.states_without)):
        parts = balance(ledger(operations, states), district, layer)
        supply, use = sum(parts.supply.values()), sum(parts.use.values())
        np.testing.assert_allclose(supply, use, atol=1e-9)
        assert supply.max() > 0


def test_basins_that_feed_each_other_do_not_look_like_demand(district, made):
    parts = balance(ledger(made.operations, made.states), district, "W")
    assert made.day.rates["phs_pump", "flow_m3_h"].max() > 5.0
    assert parts.use["tanks"].max() < 1.0


def test_pumped_hydro_is_recognised_by_its_turbine(district):
    assert pumped_hydro(district) == (["phs_pump"], ["phs_turbine"])
    without = district.model_copy(update={"arcs": {k: a for k, a in district.arcs.items() if a.kind != "turbined"}})
    assert pumped_hydro(without) == ([], [])


@pytest.mark.parametrize("links_of", [energy_links, water_links])
def test_what_enters_a_place_leaves_it(district, made, links_of):
    links = links_of(ledger(made.operations, made.states), district)
    entered, left = {}, {}
    for link in links:
        left[link.source] = left.get(link.source, 0.0) + link.amount
        entered[link.target] = entered.get(link.target, 0.0) + link.amount
    inner = set(entered) & set(left)
    assert len(inner) >= 3
    total = sum(left[name] for name in set(left) - inner)
    for name in inner:
        assert entered[name] == pytest.approx(left[name], abs=0.01 * total), name  # links too small to see are left out


def test_small_places_of_a_large_district_are_drawn_as_one():
    links = [Link("grid", "hub", 200.0, "grid", "E")]
    for i in range(100):
        links += [
            Link("hub", f"home {i}", 1.0 + 0.01 * i, "grid", "E"),
            Link(f"home {i}", f"use {i}", 1.0, "load", "E"),
        ]
    merged = flows._merged(links)
    names = {link.source for link in merged} | {link.target for link in merged}
    assert len(names) <= flows.MOST_PLACES
    into_homes = sum(link.amount for link in merged if link.source == "hub")
    assert into_homes == pytest.approx(sum(link.amount for link in links if link.source == "hub"))


def test_a_closed_loop_of_basins_is_left_out_and_an_open_one_is_drawn(district, made):
    day = ledger(made.operations, made.states)
    assert not any("upper" in link.source for link in water_links(day, district))
    series = {**day.series, ("overflow.upper_basin", "flow_m3_h"): np.full(24, 0.1)}
    leaking = dataclasses.replace(day, series=series)
    assert any("upper" in link.source and link.target == "spilled" for link in water_links(leaking, district))
