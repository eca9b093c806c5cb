"""The pilot's two-stage day as the peers build it, up to the point where HiGHS holds the model."""

from __future__ import annotations

from typing import Any

from linopy.io import to_highspy
from pyomo.contrib.solver.solvers.highs import Highs as PyomoHighs

from benchmarks.planning.pilot import HOURS, Pilot
from econex_pipeline.planning.oracle import extensive_form
from econex_pipeline_tests.planning.independent import Pilot as LinopyPilot
from econex_pipeline_tests.planning.pypsa_pilot import PypsaPlan


def linopy(p: Pilot) -> Any:
    """Build in linopy, from arrays that are already in xarray."""
    model = LinopyPilot(p.district, p.day.scenarios, p.day.coefficients, p.day.prices, p.day.start, HOURS)
    return lambda: to_highspy(model.build())


def pypsa(p: Pilot) -> Any:
    """Build as a stochastic PyPSA network and hand over its linopy model."""
    plan = PypsaPlan(p.network, p.tables, p.day.start, p.end_values, HOURS)

    def build() -> Any:
        plan.build()
        return to_highspy(plan.m)

    return build


def pyomo_highs(p: Pilot) -> Any:
    """Build a block per scenario and hand over through Pyomo's own HiGHS interface."""
    instance = p.instance()

    def build() -> Any:
        solver = PyomoHighs()
        solver.set_instance(extensive_form(instance))
        return solver

    return build
