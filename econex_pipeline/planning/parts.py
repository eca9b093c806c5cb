"""The objective taken apart: every line as an expectation over the scenarios, and the sums it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from econex_pipeline.planning.elements import Cost
from econex_pipeline.planning.instance import Instance, unit_price
from econex_pipeline.planning.monolith import Result

Array = np.ndarray[Any, np.dtype[Any]]


def spending(instance: Instance, result: Result) -> Iterator[tuple[Cost, Array]]:
    """Yield each line of each arc with what it costs in every scenario and step, shape (S, T) [USD]."""
    network, tables, t = instance.network, instance.tables, instance.template
    # a vertex may undershoot a bound by the feasibility tolerance
    flows = np.maximum(result.columns[:, t.column_slice["flow"]], 0.0)
    flows = flows.reshape(len(tables.probability), len(network.arcs), -1)
    for i, arc in enumerate(network.arcs):
        for cost in arc.costs:
            yield cost, network.step_h * unit_price(network, tables, arc, cost).T * flows[:, i]


def parts_of(instance: Instance, result: Result) -> dict[str, float]:
    """Give the lines of the objective [USD].

    Parameters
    ----------
    instance : Instance
        Template and data.
    result : Result
        Its optimum.

    Returns
    -------
    dict of str to float
        Cost lines and sums without the weights alpha and beta, ``deviation_usd``, ``reserve_usd``, ``end_value_usd``.
    """
    network, tables, t = instance.network, instance.tables, instance.template
    step_h, probability = network.step_h, tables.probability
    lines: dict[str, float] = {}
    sums = dict.fromkeys(("z_econ_usd", "z_res_usd", "operation_usd", "penalty_usd"), 0.0)
    of_part = {"econ": "z_econ_usd", "res": "z_res_usd", "operation": "operation_usd", "penalty": "penalty_usd"}
    for cost, spent in spending(instance, result):
        amount = float(probability @ spent.sum(axis=1))
        lines[cost.line] = lines.get(cost.line, 0.0) + amount
        sums[of_part[cost.part]] += amount

    def weighed(prices: str, *columns: str) -> float:
        price = instance.theta[t.data_slice[prices]].T
        amount = sum(result.columns[:, t.column_slice[column]] for column in columns)
        return float(probability @ (price * amount).sum(axis=1))

    deviation = step_h * weighed("deviation_cost", "up", "down")
    missing = step_h * weighed("reserve_cost", "missing")
    end_value = weighed("tranche_value", "tranche")
    said = {"deviation_usd": deviation, "reserve_usd": missing, "end_value_usd": end_value}
    if t.shape.targets:
        said["shortfall_usd"] = weighed("shortfall_cost", "shortfall")
    return {**lines, **sums, **said}
