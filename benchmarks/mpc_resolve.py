"""The controller's hourly solve over three days of hours, against Pyomo rebuilt each hour and Pyomo kept and changed.

All sides start from the same numbers in arrays and must find the same values; each is the median over the hours.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.contrib.appsi.solvers.highs import Highs as PersistentHighs
from pyomo.contrib.solver.solvers.highs import Highs as PyomoHighs

from benchmarks.comparison import Comparison
from benchmarks.planning.pilot import HOURS, Pilot, pilot
from econex_pipeline.planning import Basis, PlanOptions
from econex_pipeline.planning.block import data_index, state
from econex_pipeline.planning.instance import Instance, make_instance
from econex_pipeline.planning.monolith import assemble, solve_monolith
from econex_pipeline.planning.oracle import concrete_model
from econex_pipeline.planning.ring import from_slots, to_slots
from econex_pipeline.planning.tables import Tables, read_tables

HOURLY = 72
CHECK_EVERY = 8
OPTIONS = PlanOptions()


def horizons() -> tuple[Pilot, list[Tables], list[dict[str, float]]]:
    """Make the tables and the start of each hour's horizon."""
    p = pilot(1, hours=HOURLY + HOURS)
    times = p.day.times
    rng = np.random.default_rng(0)
    found, starts = [], []
    for hour in range(HOURLY):
        now = times[hour : hour + HOURS]
        frames = [frame[frame["time_utc"].isin(now)] for frame in (p.day.profiles, p.day.coefficients, p.day.prices)]
        found.append(read_tables(p.network, *frames))
        starts.append({s.name: float(p.day.start[s.name] * rng.uniform(0.9, 1.1)) for s in p.network.storages})
    return p, found, starts


def run() -> list[Comparison]:
    """Resolve hour after hour on each side."""
    p, tables, starts = horizons()
    work = list(zip(tables, starts, strict=True))

    def instance(at: tuple[Tables, dict[str, float]]) -> Instance:
        return make_instance(p.network, at[0], at[1], p.end_values, HOURS)

    instances = [instance(at) for at in work]
    ours_s, values, note = _ours(work, instance)
    rebuilt_s, rebuilt = _rebuilt(instances)
    kept_s, kept = _kept(instances)
    np.testing.assert_allclose(rebuilt, values[::CHECK_EVERY], rtol=1e-7)
    np.testing.assert_allclose(kept, values, rtol=1e-7)
    return [
        Comparison("mpc_resolve", ours_s, "pyomo_rebuilt", rebuilt_s, 24.0),
        Comparison("mpc_resolve", ours_s, "pyomo_persistent", kept_s, 4.0, note=note),
    ]


def _ours(
    work: list[Any], instance: Callable[[tuple[Tables, dict[str, float]]], Instance]
) -> tuple[float, list[float], str]:
    results = {}
    for way in ("ring", "unturned", "cold"):
        basis: Basis | None = None
        seconds, iterations, values = [], [], []
        for at in work:
            begun = time.perf_counter()
            made = instance(at)
            start = int(at[0].stamps[0])
            if way == "ring" and basis is not None:
                basis = from_slots(basis, made.template, start)
            found = solve_monolith(assemble(made, OPTIONS), OPTIONS, None if way == "cold" else basis)
            basis = found.solution.basis
            if way == "ring" and basis is not None:
                basis = to_slots(basis, made.template, start)
            seconds.append(time.perf_counter() - begun)
            iterations.append(found.solution.iterations)
            values.append(found.objective)
        results[way] = (float(np.median(seconds)), float(np.mean(iterations[1:])), values)
    said = (f"{way} {1e3 * s:.2f} ms, {count:.0f} iterations" for way, (s, count, _) in results.items())
    return results["ring"][0], results["ring"][2], "basis: " + "; ".join(said)


def _rebuilt(instances: list[Instance]) -> tuple[float, list[float]]:
    seconds, values = [], []
    for one in instances[::CHECK_EVERY]:
        begun = time.perf_counter()
        model = concrete_model(one, 0)
        PyomoHighs().solve(model)
        seconds.append(time.perf_counter() - begun)
        values.append(pyo.value(model.total))
    return float(np.median(seconds)), values


def _kept(instances: list[Instance]) -> tuple[float, list[float]]:
    """Change the data of one model; every number is a mutable parameter."""
    template, model = instances[0].template, pyo.ConcreteModel()
    model.data, model.problem = pyo.Block(), pyo.Block()
    numbers = instances[0].data_of(0)
    for name, index in data_index(template.network, template.shape).items():
        model.data.add_component(name, pyo.Param(index, initialize=numbers[name], mutable=True, within=pyo.Any))
    data = {name: getattr(model.data, name) for name in numbers}
    state(model.problem, template.network, template.shape, data)
    solver = PersistentHighs()
    for check in ("new_or_removed_constraints", "new_or_removed_vars", "new_or_removed_params"):
        setattr(solver.update_config, f"check_for_{check}", False)
    solver.update_config.update_constraints = solver.update_config.update_vars = False
    solver.update_config.update_named_expressions = solver.update_config.treat_fixed_vars_as_params = False
    seconds, values = [], []
    for one in instances:
        begun = time.perf_counter()
        _write(data, one.data_of(0))
        found = solver.solve(model)
        seconds.append(time.perf_counter() - begun)
        values.append(found.best_feasible_objective)
    return float(np.median(seconds[1:])), values


def _write(data: dict[str, Any], numbers: dict[str, dict[Any, float]]) -> None:
    for name, series in numbers.items():
        data[name].store_values(series)
