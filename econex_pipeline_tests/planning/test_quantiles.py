"""Quantiles of a plan's recourse."""

import numpy as np
import pytest

from econex_pipeline.planning import recourse_quantiles


@pytest.fixture(scope="module")
def quantiles(planned):
    return recourse_quantiles(planned.plan, (0.0, 0.1, 0.5, 0.9, 1.0))


def test_quantiles_lie_in_order_within_the_scenarios(quantiles, planned):
    levels = quantiles[["q00", "q10", "q50", "q90", "q100"]].to_numpy()
    assert (np.diff(levels, axis=1) >= 0.0).all()
    recourse = planned.plan[planned.plan["scenario"] >= 0]
    keys = ["time_utc", "element", "quantity"]
    extremes = recourse.groupby(keys)["value"].agg(["min", "max"]).reset_index()
    both = quantiles.merge(extremes, on=keys)
    assert len(both) == len(quantiles)
    assert (both["q00"] == both["min"]).all()
    assert (both["q100"] == both["max"]).all()


def test_half_of_the_probability_lies_below_the_median(quantiles, planned, uncertain):
    probability = uncertain.scenarios.groupby("scenario")["probability"].first()
    time = uncertain.times[17]
    at = (planned.plan["time_utc"] == time) & (planned.plan["element"] == "grid_import")
    values = planned.plan[at & (planned.plan["scenario"] >= 0)].set_index("scenario")["value"]
    row = quantiles[(quantiles["time_utc"] == time) & (quantiles["element"] == "grid_import")]
    median = row["q50"].item()
    assert probability[values <= median].sum() >= 0.5
    assert probability[values < median].sum() < 0.5


def test_every_quantity_with_recourse_has_quantiles(quantiles, planned):
    recourse = planned.plan[(planned.plan["scenario"] == 0) & (planned.plan["quantity"] != "probability")]
    assert len(quantiles) == len(recourse)
    assert {"marginal_value_usd_kwh", "marginal_value_usd_m3", "level_m3", "power_kw"} <= set(quantiles["quantity"])
