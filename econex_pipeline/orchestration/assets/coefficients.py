"""Recipes of hydraulics and treatment: the linear coefficients the optimizer works with."""

from __future__ import annotations

import pandas as pd

from econex_pipeline.orchestration.assets.surroundings import SCENARIOS
from econex_pipeline.orchestration.recipe import Day, Made, Recipe


def _hydraulics(day: Day) -> Made:
    from econex_pipeline.hydraulics import linearize

    setting = day.setting
    levels = {str(tank.tank): tank.start for tank in setting.district.tanks.values()}
    return Made(linearize(setting.district, setting.water_network, levels, day.horizon))


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
