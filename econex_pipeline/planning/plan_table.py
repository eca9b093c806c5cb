"""The PLAN table from a solution: schedules, recourse by scenario and as expectation, energy with water, duals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts.tables import TABLES
from econex_pipeline.contracts.time import with_end
from econex_pipeline.planning.elements import AMOUNT_QUANTITY, MARGINAL_QUANTITY, RATE_QUANTITY, Coupling
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.monolith import Result
from econex_pipeline.planning.parts import spending
from econex_pipeline.planning.schedule import deviation_quantity, schedule_quantity

Array = np.ndarray[Any, np.dtype[Any]]
Row = tuple[str, str, Array]
WEIGHT = "probability"
"""Quantity that gives the weight of each scenario, of the element ``scenarios`` at the first stamp."""
OBJECTIVE = "objective"
"""Element that holds both parts of the objective in each step, before their weights."""


def plan_table(instance: Instance, result: Result) -> pd.DataFrame:
    """Write a solution as PLAN.

    Parameters
    ----------
    instance : Instance
        Template and data.
    result : Result
        Its optimum.

    Returns
    -------
    pandas.DataFrame
        PLAN: scenario -1 has the first stage and expectations, the others their recourse. Flows have T stamps,
        amounts and their marginal values T + 1.
    """
    tables = instance.tables
    rows = sorted(_rows(instance, result), key=lambda row: row[:2])
    stamps = with_end(tables.times)
    cube = np.full((len(tables.scenarios) + 1, len(stamps), len(rows)), np.nan)
    for i, (_, _, values) in enumerate(rows):
        if values.ndim == 1:  # first stage only
            cube[0, : len(values), i] = values
        else:
            cube[1:, : values.shape[1], i] = values
            if rows[i][1] != WEIGHT:
                cube[0, : values.shape[1], i] = tables.probability @ values
    there = ~np.isnan(cube)
    scenario, time, row = np.nonzero(there)
    frame = pd.DataFrame(
        {
            "scenario": np.concatenate([[-1], tables.scenarios]).astype(np.int64)[scenario],
            "time_utc": stamps[time],
            "element": np.array([name for name, _, _ in rows], dtype=object)[row],
            "quantity": np.array([quantity for _, quantity, _ in rows], dtype=object)[row],
            "value": cube[there] + 0.0,
        }
    )
    return frame[list(TABLES["PLAN"].columns)]


def _rows(instance: Instance, result: Result) -> Iterator[Row]:
    """Yield element, quantity and values of shape (scenario, step), or (step,) for the first stage."""
    network, t = instance.network, instance.template
    count = len(instance.tables.scenarios)
    yield "scenarios", WEIGHT, np.asarray(instance.tables.probability)[:, None]
    # a simplex vertex may undershoot a bound by the feasibility tolerance; a table of flows must not
    flows = np.maximum(result.columns[:, t.column_slice["flow"]], 0.0).reshape(count, len(network.arcs), -1)
    flow = {arc.name: flows[:, i] for i, arc in enumerate(network.arcs)}
    recovered = {recovery.power for recovery in network.recoveries}
    for arc in network.arcs:
        if arc.name not in recovered:
            yield arc.name, RATE_QUANTITY[arc.layer], flow[arc.name]
        if arc.kind == "pv":
            unused = instance.tables.value(arc.capacity).T - flow[arc.name]  # type: ignore[arg-type]
            yield arc.name.replace("pv.", "curtail.", 1), "power_kw", np.maximum(unused, 0.0)
        if arc.kind == "treatment":
            product = flow[arc.name] * instance.tables.value(arc.gain).T  # type: ignore[arg-type]
            yield arc.name, "product_m3_h", product
            yield arc.name, "reject_m3_h", flow[arc.name] - product
    for coupling in network.couplings:
        quantity = "generated_kw" if coupling.sign > 0 else "consumed_kw"
        intensity = instance.tables.value(coupling.source).T
        if coupling.chords:
            yield coupling.arc, quantity, intensity * _weighed_pieces(instance, result, coupling)
        else:
            yield coupling.arc, quantity, flow[coupling.arc] * intensity
    for recovery in network.recoveries:
        yield recovery.element, "generated_kw", flow[recovery.power]
    yield from _stored(instance, result)
    yield from _first_stage(instance, result)
    for quantity, part in (("z_econ_usd", "econ"), ("z_res_usd", "res")):
        spent = [line for cost, line in spending(instance, result) if cost.part == part]
        yield OBJECTIVE, quantity, np.sum(spent, axis=0) if spent else np.zeros((count, t.shape.steps))


def _weighed_pieces(instance: Instance, result: Result, coupling: Coupling) -> Array:
    """Sum the pieces of a flow, each times its factor, shape (scenario, step)."""
    t = instance.template
    every = result.columns[:, t.column_slice["piece"]].reshape(len(result.columns), -1, t.shape.steps)
    curves = instance.network.chorded
    first = sum(len(other.chords) for other in curves[: curves.index(coupling)])
    factors = np.array([chord.factor for chord in coupling.chords])
    pieces: Array = np.maximum(every[:, first : first + len(factors)], 0.0)
    return np.einsum("j,sjt->st", factors, pieces)


def _stored(instance: Instance, result: Result) -> Iterator[Row]:
    """Amounts, and what one more unit is worth at each node and in each storage."""
    network, t = instance.network, instance.template
    probability = instance.tables.probability
    count, steps, step_h = len(probability), t.shape.steps, network.step_h
    amounts = result.columns[:, t.column_slice["stored"]].reshape(count, len(network.storages), steps + 1)
    weight = np.where(probability > 0.0, probability, np.inf)[:, None, None]
    duals = result.duals[:, t.row_index["mass_balance"]].reshape(count, len(network.nodes), steps) / (weight * step_h)
    at = {node.name: i for i, node in enumerate(network.nodes)}
    own = {storage.node for storage in network.storages if storage.name == storage.node}
    for node in network.nodes:
        if node.name not in own:
            yield node.name, MARGINAL_QUANTITY[node.layer], duals[:, at[node.name]]
    ends = result.duals[:, t.row_index.get("end_of_storage", np.empty(0, dtype=np.int64))] / weight[:, :, 0]
    ended = [s.name for s, tranches in zip(network.storages, t.shape.tranches, strict=True) if tranches]
    for i, storage in enumerate(network.storages):
        yield storage.name, AMOUNT_QUANTITY[storage.layer], np.clip(amounts[:, i], 0.0, storage.capacity)
        kept = 1.0 - storage.standing_loss_frac_h * step_h
        last = -ends[:, ended.index(storage.name)] if storage.name in ended else np.zeros(count)
        marginal = np.column_stack([kept * duals[:, at[storage.node]], last])
        yield storage.name, MARGINAL_QUANTITY[storage.layer], marginal


def _first_stage(instance: Instance, result: Result) -> Iterator[Row]:
    """Schedules, and the deviations from them."""
    t = instance.template
    steps, count = t.shape.commit_steps, len(instance.tables.scenarios)
    for i, commitment in enumerate(instance.network.commitments):
        part = slice(i * steps, (i + 1) * steps)
        schedule = result.columns[0, t.column_slice["schedule"]][part]
        upper = commitment.upper if isinstance(commitment.upper, int | float) else np.inf
        yield commitment.element, schedule_quantity(commitment), np.clip(schedule, commitment.lower, upper)
        for direction in ("up", "down"):
            deviation = result.columns[:, t.column_slice[direction]][:, part].reshape(count, steps)
            yield commitment.element, deviation_quantity(commitment, direction), np.maximum(deviation, 0.0)
