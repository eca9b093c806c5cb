"""What stored water and energy are worth: the common values, from the district, at which strategies are compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from econex_pipeline.contracts import InputError
from econex_pipeline.district import District


class CommonValues:
    """One value of what is stored, for the plan, the controlled day and the day without control alike.

    Parameters
    ----------
    district : District
        Its ``end_values`` hold the tranches.
    coefficients : pandas.DataFrame or None
        COEFFICIENTS with ``yield_kwh_m3`` of the turbined arcs; without it a basin counts as water only.
    sell_price_usd_kwh : float
        Price at which the electricity of a basin counts [USD/kWh].
    """

    def __init__(self, district: District, coefficients: pd.DataFrame | None, sell_price_usd_kwh: float) -> None:
        self.district = district
        self.yields_kwh_m3 = turbine_yields(district, coefficients)
        self.sell_price_usd_kwh = sell_price_usd_kwh

    def value_usd(self, amounts: Mapping[str, float]) -> float:
        """Value what is stored.

        ``V = sum_s sum_k value_sk min(max(amount_s - from_sk, 0), width_sk) + sum_s yield_s price amount_s``  [USD]

        Parameters
        ----------
        amounts : mapping of str to float
            Stored amount by storage [m3 or kWh].

        Returns
        -------
        float
            Value [USD]; a storage without tranches counts zero.
        """
        value = 0.0
        for name, tranches in self.district.end_values.items():
            amount, below = amounts.get(name, 0.0), 0.0
            for tranche in tranches:
                value += tranche.value * float(np.clip(amount - below, 0.0, tranche.up_to - below))
                below = tranche.up_to
        for name, yield_kwh_m3 in self.yields_kwh_m3.items():
            value += yield_kwh_m3 * self.sell_price_usd_kwh * amounts.get(name, 0.0)
        return value

    def change_usd(self, levels: pd.DataFrame) -> float:
        """Value what a day added to the storages.

        Parameters
        ----------
        levels : pandas.DataFrame
            Stored amounts, one row an instant in order, one column a storage [m3 or kWh].

        Raises
        ------
        InputError
            If there are no levels.
        """
        if levels.empty:
            raise InputError("STATE", "quantity", "no level_m3 or stored_kwh", "the stored amounts of the day")
        names = [str(name) for name in levels.columns]
        start, end = (dict(zip(names, row, strict=True)) for row in levels.iloc[[0, -1]].to_numpy(dtype=float).tolist())
        return self.value_usd(end) - self.value_usd(start)


def turbine_yields(district: District, coefficients: pd.DataFrame | None) -> dict[str, float]:
    """Give the electricity in a cubic metre of each storage that a turbine can empty [kWh/m3].

    Parameters
    ----------
    district : District
        What stands there.
    coefficients : pandas.DataFrame or None
        COEFFICIENTS with ``yield_kwh_m3`` of the turbined arcs; their mean over time and scenario is taken.

    Returns
    -------
    dict of str to float
        By storage name; empty where nothing is known.
    """
    if coefficients is None:
        return {}
    yields = {}
    rows = coefficients[coefficients["quantity"] == "yield_kwh_m3"]
    for name, arc in district.arcs.items():
        of_arc = rows[rows["element"] == name]["value"]
        storage = district.tank_at(arc.tail, arc.layer)
        if arc.kind == "turbined" and storage is not None and not of_arc.empty:
            yields[storage] = float(of_arc.mean())
    return yields
