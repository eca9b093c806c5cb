"""Recipes of hydraulics and treatment: the linear coefficients the optimizer works with."""

from __future__ import annotations

import pandas as pd

from econex_pipeline.contracts import tidy
from econex_pipeline.district import District, grid_limits, mains_available
from econex_pipeline.orchestration.assets.surroundings import SCENARIOS
from econex_pipeline.orchestration.recipe import Day, Made, Recipe


def _hydraulics(day: Day) -> Made:
    from econex_pipeline.hydraulics import linearize

    setting = day.setting
    levels = {str(tank.tank): tank.start for tank in setting.district.tanks.values()}
    probed = linearize(setting.district, setting.water_network, levels, day.horizon)
    return Made(with_outages(probed, setting.district, day.horizon))


def with_outages(coefficients: pd.DataFrame, district: District, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Give COEFFICIENTS with the connections to grid and mains closed in the outages that are known."""
    there = mains_available(district, times)
    if there is not None:
        inlet = (coefficients["element"] == "mains") & (coefficients["quantity"] == "rated_flow_m3_h")
        open_frac = coefficients["time_utc"].map(dict(zip(times, there, strict=True)))
        coefficients = coefficients.assign(value=coefficients["value"].where(~inlet, coefficients["value"] * open_frac))
    tables = [coefficients]
    for name, limit_kw in grid_limits(district, times).items():
        rows = pd.DataFrame({"time_utc": times, "element": name, "quantity": "capacity_kw", "value": limit_kw})
        of_water = dict.fromkeys(("fit_error_frac", "valid_from_m3_h", "valid_to_m3_h"), 0.0)
        age_h = (times - times[0]) / pd.Timedelta(hours=1)
        tables.append(rows.assign(scenario=0, age_h=age_h, **of_water))
    return tidy(pd.concat(tables, ignore_index=True), "COEFFICIENTS")


HYDRAULICS = Recipe(
    name="hydraulics",
    contract="COEFFICIENTS",
    group="hydraulics",
    needs=(),
    make=_hydraulics,
    kinds=("epanet", "pandas", "parquet"),
    description="Energy and rated flow of pumps, turbines and the inlet, probed in EPANET at the start levels.",
)


def _treatment(day: Day, scenarios: pd.DataFrame) -> Made:
    from econex_pipeline.treatment import coefficients

    return Made(coefficients(day.setting.district, scenarios))


TREATMENT = Recipe(
    name="treatment",
    contract="COEFFICIENTS",
    group="treatment",
    needs=(SCENARIOS,),
    make=_treatment,
    description="Recovery, energy and capacity of the membrane for each scenario's turbidity and temperature.",
)
