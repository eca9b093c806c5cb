"""Families of constraints: what comes in, what goes out, and what stays."""

from __future__ import annotations

from typing import Any

from econex_pipeline.planning.statement import Statement


def energy_with_water(s: Statement, n: str, t: int) -> Any:
    """sum_k sign_k k[a,t] x[a,t]: power that water arcs generate (+) and consume (-) at node n  [kW]."""
    power = 0.0
    for coupling in s.coupled[n]:
        if coupling.chords:
            power = power + coupling.sign * energy_of_pieces(s, coupling.arc, t)
        else:
            power = power + coupling.sign * s.data["intensity"][coupling.arc, t] * s.block.flow[coupling.arc, t]
    return power


def energy_of_pieces(s: Statement, a: str, t: int) -> Any:
    """sum_j k[a,j,t] q[a,j,t]: in the place of k[a,t] x[a,t] where energy per m3 changes with flow  [kW]."""
    return sum(s.data["chord_intensity"][a, j, t] * s.block.piece[a, j, t] for j in s.pieces[a])


def change_of_storage(s: Statement, n: str, t: int) -> Any:
    """(V[s,t+1] - (1 - loss_s D) V[s,t]) / D: what the holdover arc of node n takes up  [kW or m3/h]."""
    storage = s.network.storage_at.get(n)
    if storage is None:
        return 0.0
    step_h, stored = s.network.step_h, s.block.stored
    kept = 1.0 - storage.standing_loss_frac_h * step_h
    return (1.0 / step_h) * stored[storage.name, t + 1] - (kept / step_h) * stored[storage.name, t]


def mass_balance(s: Statement, n: str, t: int) -> Any:
    """sum_in gain x - sum_out draw x + energy with water - change of storage + supply[n,t] - demand[n,t] = 0."""
    flow, node = s.block.flow, s.network.node[n]
    inflow = sum(s.gain(arc, t) * flow[arc.name, t] for arc in s.into[n])
    outflow = sum(arc.draw * flow[arc.name, t] for arc in s.out_of[n])
    demand = s.data["demand"][n, t] if node.demand else 0.0
    supply = s.data["supply"][n, t] if node.supply else 0.0
    return inflow - outflow + energy_with_water(s, n, t) - change_of_storage(s, n, t) + supply - demand == 0.0


def start_of_storage(s: Statement, name: str) -> Any:
    """V[s,0] = start_s."""
    return s.block.stored[name, 0] == s.data["start"][name]


def reserve(s: Statement, name: str, t: int) -> Any:
    """V[s,t+1] + m[s,t] >= R[s,t]: what is missing from the reserve at the end of the step."""
    return s.block.stored[name, t + 1] + s.block.missing[name, t] >= s.data["reserve"][name, t]


def end_of_storage(s: Statement, name: str) -> Any:
    """sum_j w[s,j] - V[s,T] = 0: what is left fills the tranches."""
    filled = sum(s.block.tranche[name, j] for j in range(s.tranches[name]))
    return filled - s.block.stored[name, s.shape.steps] == 0.0


def tranche_width(s: Statement, name: str, j: int) -> Any:
    """w[s,j] <= W[s,j]."""
    return s.block.tranche[name, j] <= s.data["tranche_width"][name, j]


def end_target(s: Statement, name: str) -> Any:
    """V[s,T] + f[s] >= B[s]: what is short of the target at the end of the horizon."""
    return s.block.stored[name, s.shape.steps] + s.block.shortfall[name] >= s.data["target"][name]


def shortfall_limit(s: Statement, name: str) -> Any:
    """f[s] <= F[s]: nothing for a hard target, all of it for a soft one."""
    return s.block.shortfall[name] <= s.data["shortfall_limit"][name]
