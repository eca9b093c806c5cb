"""Families of constraints: what a flow may be, how fast it changes, what follows it, what was promised of it."""

from __future__ import annotations

from typing import Any

from econex_pipeline.planning.statement import Statement


def capacity(s: Statement, a: str, t: int) -> Any:
    """x[a,t] <= U[a,t]."""
    return s.block.flow[a, t] <= s.data["capacity"][a, t]


def ramp_up(s: Statement, a: str, t: int) -> Any:
    """x[a,t] - x[a,t-1] <= r_a D."""
    return s.block.flow[a, t] - s.block.flow[a, t - 1] <= s.ramp(a)


def ramp_down(s: Statement, a: str, t: int) -> Any:
    """x[a,t-1] - x[a,t] <= r_a D."""
    return s.block.flow[a, t - 1] - s.block.flow[a, t] <= s.ramp(a)


def energy_recovery(s: Statement, element: str, t: int) -> Any:
    """x[power,t] <= gamma[t] x[water,t]: what is not recovered took the bypass."""
    recovery, flow = s.recovery[element], s.block.flow
    return flow[recovery.power, t] - s.data["recovery"][element, t] * flow[recovery.arc, t] <= 0.0


def commitment(s: Statement, element: str, t: int) -> Any:
    """sum_plus x - sum_minus x - g[c,t] - u[c,t] + d[c,t] = 0: recourse may deviate from the schedule, at a price."""
    committed, flow, b = s.commitment[element], s.block.flow, s.block
    actual = sum(flow[a, t] for a in committed.plus) - sum(flow[a, t] for a in committed.minus)
    return actual - b.schedule[element, t] - b.up[element, t] + b.down[element, t] == 0.0


def schedule_limit(s: Statement, element: str, t: int) -> Any:
    """g[c,t] <= G[c,t]: the most the device could do in any scenario."""
    return s.block.schedule[element, t] <= s.data["schedule_limit"][element, t]
