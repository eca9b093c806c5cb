"""The pilot's program written into numpy arrays by hand, nothing modelled: the floor for building it.

It knows where each term of each balance goes and writes it there, for all scenarios at once; the pattern of one
scenario is sorted once and repeated. Which devices stand where it reads from the network, the numbers from the tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.planning.pilot import HOURS as T
from benchmarks.planning.pilot import Pilot
from econex_pipeline.planning.elements import Arc, Source
from econex_pipeline.planning.highs import LinearProgram
from econex_pipeline.planning.instance import unit_price

Array = np.ndarray[Any, np.dtype[Any]]
TRANCHES = 8


class Writer:
    """Collects the entries of one scenario's pattern and their values in all scenarios."""

    def __init__(self) -> None:
        self.rows: list[Array] = []
        self.columns: list[Array] = []
        self.values: list[Any] = []

    def put(self, rows: Array, columns: Array, value: Any) -> None:
        """Write one entry per step; the value is a number or an array over (scenario, step)."""
        self.rows.append(rows)
        self.columns.append(columns)
        self.values.append(value)


def program(p: Pilot) -> LinearProgram:
    """Write the two-stage program, columns and rows in the order of the template."""
    network, tables = p.network, p.tables
    n, step, d = len(tables.probability), np.arange(T), network.step_h
    of = lambda v: tables.value(v).T if isinstance(v, Source) else v  # noqa: E731
    counts = [len(network.commitments) * T, len(network.arcs) * T, len(network.storages) * (T + 1)]
    counts += [counts[0], counts[0], sum(s.reserve > 0 for s in network.storages) * T]
    schedule, flow, stored, up, down, missing, tranche = np.concatenate([[0], np.cumsum(counts)])
    width = tranche + TRANCHES * len(p.end_values)
    node_row = {node.name: i * T + step for i, node in enumerate(network.nodes)}
    arc_column = {arc.name: flow + i * T + step for i, arc in enumerate(network.arcs)}
    low, high, cost = np.zeros((n, width)), np.full((n, width), np.inf), np.zeros((n, width))
    right = np.zeros((n, len(network.nodes) * T))
    w, row = Writer(), len(network.nodes) * T
    for arc in network.arcs:
        x = arc_column[arc.name]
        if arc.tail is not None:
            w.put(node_row[arc.tail], x, -arc.draw)
        if arc.head is not None:
            w.put(node_row[arc.head], x, of(arc.gain))
        high[:, x] = of(arc.capacity)
        cost[:, x] = d * _price(p, arc)
    for k in network.couplings:
        w.put(node_row[k.node], arc_column[k.arc], k.sign * of(k.source))
    for i, s in enumerate(network.storages):
        v = stored + i * (T + 1) + step
        w.put(node_row[s.node], v, (1.0 - s.standing_loss_frac_h * d) / d)
        w.put(node_row[s.node], v + 1, -1.0 / d)
        high[:, stored + i * (T + 1) : stored + (i + 1) * (T + 1)] = s.capacity
        low[:, v[0]] = high[:, v[0]] = p.day.start[s.name]
    for node in network.nodes:
        for sign, names in ((1.0, node.demand), (-1.0, node.supply)):
            for name in names:
                right[:, node_row[node.name]] += sign * tables.profile(node.place, name).T
    upper_rows, lower_rows = [right], [right]
    for r in network.recoveries:
        w.put(row + step, arc_column[r.power], 1.0)
        w.put(row + step, arc_column[r.arc], -of(r.source))
        row += T
        upper_rows.append(np.zeros((n, T)))
        lower_rows.append(np.full((n, T), -np.inf))
    for i, c in enumerate(network.commitments):
        for names, sign in ((c.plus, 1.0), (c.minus, -1.0)):
            for name in names:
                w.put(row + step, arc_column[name], sign)
        own = i * T + step
        w.put(row + step, schedule + own, -1.0)
        w.put(row + step, up + own, -1.0)
        w.put(row + step, down + own, 1.0)
        low[:, own], high[:, own] = c.lower, c.upper
        cost[:, up + own] = cost[:, down + own] = d * c.deviation_usd
        row += T
        upper_rows.append(np.zeros((n, T)))
        lower_rows.append(np.zeros((n, T)))
    reserved = [(i, s) for i, s in enumerate(network.storages) if s.reserve > 0]
    for k, (i, s) in enumerate(reserved):
        w.put(row + step, stored + i * (T + 1) + 1 + step, 1.0)
        w.put(row + step, missing + k * T + step, 1.0)
        cost[:, missing + k * T + step] = d * s.reserve_usd_h
        row += T
        upper_rows.append(np.full((n, T), np.inf))
        lower_rows.append(np.full((n, T), s.reserve))
    valued = [(i, s) for i, s in enumerate(network.storages) if s.name in p.end_values]
    for k, (i, s) in enumerate(valued):
        tranches = p.end_values[s.name]
        own = tranche + k * TRANCHES + np.arange(TRANCHES)
        w.put(np.full(TRANCHES, row), own, 1.0)
        w.put(np.array([row]), np.array([stored + i * (T + 1) + T]), -1.0)
        widths = [t.width for t in tranches]
        rest, last = max(s.capacity - sum(widths), 0.0), min(0.0, tranches[-1].value_usd)
        high[:, own] = [*widths, rest, *[0.0] * (TRANCHES - len(tranches) - 1)]
        cost[:, own] = [*[-t.value_usd for t in tranches], *[-last] * (TRANCHES - len(tranches))]
        row += 1
        upper_rows.append(np.zeros((n, 1)))
        lower_rows.append(np.zeros((n, 1)))
    return _joined(p, w, row, counts[0], (low, high, cost, np.hstack(lower_rows), np.hstack(upper_rows)))


def _price(p: Pilot, arc: Arc) -> Any:
    lines = (p.network.weights.of(c.part) * unit_price(p.network, p.tables, arc, c).T for c in arc.costs)
    return sum(lines)


def _joined(p: Pilot, w: Writer, rows: int, shared: int, parts: tuple[Array, ...]) -> LinearProgram:
    """Repeat the pattern for every scenario; the first stage is shared."""
    low, high, cost, row_low, row_high = parts
    probability = p.tables.probability
    n, own = len(probability), low.shape[1] - shared
    row, column = np.concatenate(w.rows), np.concatenate(w.columns)
    values, at = np.empty((n, len(row))), 0
    for entry, value in zip(w.rows, w.values, strict=True):
        values[:, at : at + len(entry)] = value
        at += len(entry)
    order = np.lexsort((column, row))
    lengths = np.tile(np.bincount(row, minlength=rows), n)
    column = column[order]
    indices = np.where(column < shared, column, column + own * np.arange(n)[:, None])

    def columns(each: Array) -> Array:
        return np.concatenate([each[0, :shared], each[:, shared:].ravel()])

    return LinearProgram(
        columns(probability[:, None] * cost),
        columns(low),
        columns(high),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        indices.ravel().astype(np.int32),
        values[:, order].ravel(),
        row_low.ravel(),
        row_high.ravel(),
    )
