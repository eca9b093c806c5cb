"""The pilot's optimum from PyPSA's components."""

import pytest

from econex_pipeline.planning import PlanOptions, plan_day
from econex_pipeline.planning.end_values import district_end_values
from econex_pipeline.planning.tables import read_tables
from econex_pipeline_tests.planning.days import days
from econex_pipeline_tests.planning.pypsa_pilot import PypsaPlan


@pytest.mark.slow
@pytest.mark.parametrize("scenarios", [1, 20])
def test_the_pilot_agrees_with_pypsa(network, scenarios):
    day = days(network, hours=24, scenarios=scenarios, rainy=scenarios > 1, seed=2)
    tables = (day.scenarios, day.coefficients, day.prices)
    ours = plan_day(network, *tables, day.start, PlanOptions(quality=False)).objective
    read = read_tables(network, *tables)
    theirs = PypsaPlan(network, read, day.start, district_end_values(network, read), 24).optimum()
    assert ours == pytest.approx(theirs, rel=1e-6)
