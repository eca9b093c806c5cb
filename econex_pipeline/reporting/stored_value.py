"""What stored water and energy are worth: the common values, from the district, at which strategies are compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from econex_pipeline.district import District


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
        By storage name; empty where nothing is known, so that basins count as water only.
    """
    if coefficients is None:
        return {}
    yields = {}
    rows = coefficients[coefficients["quantity"] == "yield_kwh_m3"]
    for name, arc in district.arcs.items():
        of_arc = rows[rows["element"] == name]["value"]
        if arc.kind != "turbined" or of_arc.empty:
            continue
        for storage_name, storage in district.storages.items():
            if (storage.node, storage.layer) == (arc.tail, arc.layer):
                yields[storage_name] = float(of_arc.mean())
    return yields


def stored_value_usd(
    amounts: pd.Series,
    district: District,
    yields_kwh_m3: Mapping[str, float] | None = None,
    sell_price_usd_kwh: float = 0.0,
) -> float:
    """Value what is stored.

    ``V = sum_s sum_k value_sk min(max(amount_s - from_sk, 0), width_sk) + sum_s yield_s price amount_s``  [USD]

    Parameters
    ----------
    amounts : pandas.Series
        Stored amount, index the storages [m3 or kWh].
    district : District
        Its ``end_values`` hold the tranches.
    yields_kwh_m3 : mapping of str to float, optional
        Electricity a turbine makes of a cubic metre, by storage [kWh/m3].
    sell_price_usd_kwh : float
        Price at which that electricity counts [USD/kWh].

    Returns
    -------
    float
        Value [USD]; a storage without tranches counts zero.
    """
    value = 0.0
    for name, tranches in district.end_values.items():
        amount = float(amounts.get(name, 0.0))
        below = 0.0
        for tranche in tranches:
            value += tranche.value * float(np.clip(amount - below, 0.0, tranche.up_to - below))
            below = tranche.up_to
    for name, yield_kwh_m3 in (yields_kwh_m3 or {}).items():
        value += yield_kwh_m3 * sell_price_usd_kwh * float(amounts.get(name, 0.0))
    return value
