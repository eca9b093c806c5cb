"""The objective taken apart: every line as an expectation over the scenarios, and the sums it belongs to."""

from __future__ import annotations

from econex_pipeline.planning.instance import Instance, unit_price
from econex_pipeline.planning.monolith import Result


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
    flows = result.columns[:, t.column_slice["flow"]].reshape(len(probability), len(network.arcs), -1)
    lines: dict[str, float] = {}
    sums = dict.fromkeys(("z_econ_usd", "z_res_usd", "operation_usd", "penalty_usd"), 0.0)
    of_part = {"econ": "z_econ_usd", "res": "z_res_usd", "operation": "operation_usd", "penalty": "penalty_usd"}
    for i, arc in enumerate(network.arcs):
        for cost in arc.costs:
            spent = unit_price(network, tables, arc, cost).T * flows[:, i]
            amount = step_h * float(probability @ spent.sum(axis=1))
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
