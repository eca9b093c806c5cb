"""What an operated stretch cost, by the lines of the brain's own objective: one yardstick for every strategy.

Z_econ on what was really exchanged, less the value of what was added to the storages; beside it Z_res and what was not
served. Each line is the optimizer's own, priced by `district.bill` as in the indicators. On the linear plant it is
therefore the objective itself. What departing from a schedule costs is not in it: nobody else promised one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.tables import PRICE_VALUES
from econex_pipeline.control.coefficients import Coefficients
from econex_pipeline.district import District
from econex_pipeline.district.bill import Array, bill
from econex_pipeline.planning import EndValues, Network
from econex_pipeline.planning.end_values import district_end_values
from econex_pipeline.planning.tables import certain_tables
from econex_pipeline.twin import Measurement


@dataclass(frozen=True)
class Money:
    """Cost of a stretch [USD].

    Attributes
    ----------
    lines : dict of str to float
        By line of the objective, unweighted, as in the parts of a plan.
    z_econ_usd, z_res_usd, operation_usd, unserved_usd : float
        Sums of the lines of each part.
    stored_usd : float
        What the storages gained, at the common values.
    alpha, beta : float
        Weights of the objective.
    """

    lines: Mapping[str, float] = field(repr=False)
    z_econ_usd: float
    z_res_usd: float
    operation_usd: float
    unserved_usd: float
    stored_usd: float
    alpha: float = 1.0
    beta: float = 1.0

    @property
    def cost_usd(self) -> float:
        """Z_econ less what was stored: the number strategies are compared by."""
        return self.z_econ_usd - self.stored_usd

    @property
    def weighted_usd(self) -> float:
        """What the optimizer is asked to minimize, penalties apart: alpha Z_econ + beta Z_res + operation - stored."""
        return self.alpha * self.z_econ_usd + self.beta * self.z_res_usd + self.operation_usd - self.stored_usd


def money(district: District, measurements: Sequence[Measurement], prices: Prices, values: EndValues) -> Money:
    """Price an operated stretch.

    Parameters
    ----------
    district : District
        What stands there.
    measurements : sequence of Measurement
        The steps, in order.
    prices : Prices
        Covering them.
    values : EndValues
        Common values of what is stored, the same for all strategies that are compared.
    """
    measured = [
        {
            "flow_m3_h": step.flows_m3_h,
            "power_kw": step.powers_kw,
            "reject_m3_h": step.reject_m3_h,
            "rain_harvest_m3_h": {node: inputs.rain_harvest_m3_h for node, inputs in step.inputs.items()},
        }
        for step in measurements
    ]

    def rate(element: str, quantity: str) -> Array:
        return np.array([step[quantity].get(element, 0.0) for step in measured])

    now = np.stack([prices.ahead(step.time_utc, step.step_h).values[0] for step in measurements], axis=1)
    priced = bill(district, rate, dict(zip(PRICE_VALUES, now, strict=True)), measurements[0].step_h)
    gained = worth(values, measurements[-1].end_amounts) - worth(values, measurements[0].start_amounts)
    return Money(
        {line: priced.of(line) for line in priced.lines},
        priced.part("econ"),
        priced.part("res"),
        priced.part("operation"),
        priced.part("penalty"),
        gained,
        district.objective.alpha,
        district.objective.beta,
    )


def worth(values: EndValues, amounts: Mapping[str, float]) -> float:
    """Value what is stored: each tranche from empty to full as far as it is filled [USD]."""
    total = 0.0
    for name, tranches in values.items():
        left = amounts[name]
        for tranche in tranches:
            total += tranche.value_usd * min(max(left, 0.0), tranche.width)
            left -= tranche.width
    return total


def common_values(network: Network, future: Profiles, coefficients: Coefficients, prices: Prices) -> EndValues:
    """Give the district's own values, with what a turbine makes of an upper basin over a stretch."""
    return district_end_values(network, certain_tables(network, future, coefficients, prices))
