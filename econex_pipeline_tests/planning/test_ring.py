"""The controller's basis on a ring of hours."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts.arrays import NS_PER_H
from econex_pipeline.planning import Basis, end_values_from_plan, expected_end_state, solve_horizon
from econex_pipeline.planning.block import Shape
from econex_pipeline.planning.compiling import template
from econex_pipeline.planning.ring import from_slots, to_slots
from econex_pipeline_tests.planning.days import days

HOURS = 12


@pytest.fixture(scope="module")
def compiled(network):
    return template(network, Shape(24, 24, tuple(8 for _ in network.storages)))


@pytest.fixture
def basis(compiled):
    rng = np.random.default_rng(0)
    return Basis(*("".join(rng.choice(list("0123"), len(n))) for n in (compiled.column_names, compiled.row_names)))


def test_an_hour_later_each_step_has_moved_one_place(compiled, basis):
    now = pd.Timestamp("2025-07-15 05:00", tz="UTC").as_unit("ns")
    later = from_slots(to_slots(basis, compiled, now.value), compiled, now.value + NS_PER_H)
    column = {name: i for i, name in enumerate(compiled.column_names)}
    row = {name: i for i, name in enumerate(compiled.row_names)}
    for t in range(24):
        new, old = f"flow[phs_pump,{t}]", f"flow[phs_pump,{(t + 1) % 24}]"
        assert later.columns[column[new]] == basis.columns[column[old]]
        new, old = f"mass_balance[hub.E,{t}]", f"mass_balance[hub.E,{(t + 1) % 24}]"
        assert later.rows[row[new]] == basis.rows[row[old]]
    for still in ("stored[battery_1,0]", "tranche[cistern,3]"):
        assert later.columns[column[still]] == basis.columns[column[still]]
    assert sorted(later.columns) == sorted(basis.columns)


def test_the_ring_closes(compiled, basis):
    now = pd.Timestamp("2025-07-15 05:00", tz="UTC").as_unit("ns")
    slots = to_slots(basis, compiled, now.value)
    assert from_slots(slots, compiled, now.value) == basis
    assert from_slots(slots, compiled, now.value + 24 * NS_PER_H) == basis
    assert from_slots(Basis("0", "1"), compiled, now.value) is None


def rolled(network, plan, coming, warm):
    """Objectives and iterations of hour after hour."""
    state, basis, found = dict(coming.start), None, []
    for hour in range(HOURS):
        times = coming.times[hour : hour + 24]
        tables = [
            frame[frame["time_utc"].isin(times)] for frame in (coming.profiles, coming.coefficients, coming.prices)
        ]
        ends = end_values_from_plan(network, plan, coming.times[hour + 24])
        answer = solve_horizon(network, *tables, state, plan, ends, basis=basis if warm else None)
        basis, state = answer.basis, expected_end_state(answer.plan, coming.times[hour + 1])
        found.append((answer.objective, answer.iterations))
    return np.array(found)


def test_warm_equals_cold_with_a_fraction_of_the_iterations(network, sunny_plan):
    coming = days(network, hours=72)
    warm, cold = (rolled(network, sunny_plan.plan, coming, warm) for warm in (True, False))
    np.testing.assert_allclose(warm[0, 0], cold[0, 0], rtol=1e-9)
    # the states may part where plans of equal value differ; what is spent from each on does not
    np.testing.assert_allclose(warm[:, 0].sum(), cold[:, 0].sum(), rtol=1e-4)
    assert warm[1:, 1].mean() < 0.35 * cold[1:, 1].mean()
