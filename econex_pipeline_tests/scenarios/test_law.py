"""The law's promises, by simulation: E[a | f] = f, residual variance 1 - rho^2, members alike the actual."""

import numpy as np
import pytest

from econex_pipeline.district import Skill
from econex_pipeline.scenarios.law import conditional_mean, correlation, redrawn, residual_sd

COUNT = 200_000


@pytest.mark.parametrize("rho", [0.2, 0.6, 0.9])
def test_forecast_is_the_conditional_mean(rho):
    rng = np.random.default_rng(1)
    actual = rng.standard_normal(COUNT)
    forecast = conditional_mean(actual, rng.standard_normal(COUNT), rho)
    assert np.polyfit(forecast, actual, 1) == pytest.approx([1.0, 0.0], abs=0.02)
    assert (actual - forecast).var() == pytest.approx(1 - rho**2, abs=0.01)
    for low, high in ((-2, -1), (-1, 0), (0, 1), (1, 2)):
        near = (forecast > low * rho) & (forecast < high * rho)
        assert actual[near].mean() == pytest.approx(forecast[near].mean(), abs=0.03)


@pytest.mark.parametrize("rho", [0.2, 0.6, 0.9])
def test_member_and_actual_are_alike_given_the_forecast(rho):
    rng = np.random.default_rng(2)
    actual, error, other, fresh = rng.standard_normal((4, COUNT))
    forecast = conditional_mean(actual, error, rho)
    member = redrawn(forecast, other, fresh, rho)
    assert np.cov(member, forecast) == pytest.approx(np.cov(actual, forecast), abs=0.02)
    assert np.polyfit(forecast, member, 1)[0] == pytest.approx(1.0, abs=0.02)


def test_skill_fades_with_lead_until_nothing_is_known():
    rho = correlation(Skill(rho_0=0.9, tau_h=60.0), np.array([0.0, 60.0, 6000.0]))
    assert rho == pytest.approx([0.9, 0.9 / np.e, 0.0], abs=1e-12)
    assert residual_sd(rho)[-1] == pytest.approx(1.0)
    assert conditional_mean(2.0, 1.0, rho)[-1] == pytest.approx(0.0)
