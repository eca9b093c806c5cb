"""Families of constraints: machines that are on or off, flows that exclude each other, curves made of chords."""

from __future__ import annotations

from typing import Any

from econex_pipeline.planning.statement import Statement


def on_off(s: Statement, a: str, t: int) -> Any:
    """x[a,t] - U[a,t] z[a,t] <= 0: no flow while it is off."""
    return s.block.flow[a, t] - s.data["capacity"][a, t] * s.block.on[a, t] <= 0.0


def minimum_output(s: Statement, a: str, t: int) -> Any:
    """L_a z[a,t] - x[a,t] <= 0: the least flow while it is on."""
    return s.network.arc[a].minimum * s.block.on[a, t] - s.block.flow[a, t] <= 0.0


def exclusive(s: Statement, i: int, t: int) -> Any:
    """sum_a z[a,t] <= 1: of the arcs of group i one runs at a time."""
    return sum(s.block.on[a, t] for a in s.network.exclusive[i]) <= 1.0


def chords(s: Statement, a: str, t: int) -> Any:
    """sum_j q[a,j,t] - x[a,t] = 0: a flow is the sum of its pieces."""
    return sum(s.block.piece[a, j, t] for j in s.pieces[a]) - s.block.flow[a, t] == 0.0


def chord_width(s: Statement, a: str, j: int, t: int) -> Any:
    """q[a,j,t] <= Q[a,j,t]."""
    return s.block.piece[a, j, t] <= s.data["chord_width"][a, j, t]


def chord_full(s: Statement, a: str, j: int, t: int) -> Any:
    """Q[a,j,t] y[a,j,t] - q[a,j,t] <= 0: y says that piece j is full."""
    return s.data["chord_width"][a, j, t] * s.block.full[a, j, t] - s.block.piece[a, j, t] <= 0.0


def chord_order(s: Statement, a: str, j: int, t: int) -> Any:
    """q[a,j+1,t] - Q[a,j+1,t] y[a,j,t] <= 0: the next piece begins when piece j is full."""
    return s.block.piece[a, j + 1, t] - s.data["chord_width"][a, j + 1, t] * s.block.full[a, j, t] <= 0.0
