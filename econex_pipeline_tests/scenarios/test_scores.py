"""Normal scores against the normal distribution itself."""

import numpy as np
import pytest
from scipy.stats import norm

from econex_pipeline.scenarios.scores import NormalScores, plotting_scores


@pytest.fixture
def lognormal():
    """A skewed variable whose quantiles are known exactly, three steps with spreads of their own."""
    z = plotting_scores(201)
    return NormalScores(np.exp(np.array([0.1, 0.3, 0.5])[:, None] * z[None, :]), low=0.0)


def test_score_and_value_undo_each_other(lognormal):
    scores = np.linspace(-3, 3, 13)[:, None] * np.ones(3)
    values = lognormal.value(scores)
    again = np.stack([lognormal.score(row) for row in values])
    inside = values > 0.0
    assert again[inside] == pytest.approx(scores[inside], abs=1e-9)
    assert inside.mean() > 0.9


def test_scores_of_a_lognormal_are_its_standardized_logarithm(lognormal):
    values = np.exp(np.array([0.1, 0.3, 0.5]) * 1.3)
    assert lognormal.score(values) == pytest.approx(1.3, abs=1e-3)


def test_median_value_has_score_zero(lognormal):
    assert lognormal.score(np.ones(3)) == pytest.approx(0.0, abs=1e-12)


def test_equal_sample_values_share_the_middle_score():
    scores = NormalScores(np.array([[0.0, 5.0, 5.0, 5.0, 9.0]]), low=0.0)
    assert scores.score(np.array([5.0])) == pytest.approx(0.0)


def test_expected_value_is_that_of_the_distribution(lognormal):
    """For exp(s Z) with Z normal around m with deviation r the mean is exp(s m + s^2 r^2 / 2)."""
    s, m, r = np.array([0.1, 0.3, 0.5]), 0.4, np.full(3, 0.6)
    exact = np.exp(s * m + (s * r) ** 2 / 2)
    assert lognormal.expected(np.full(3, m), r) == pytest.approx(exact, rel=5e-3)


def test_expected_value_is_the_mean_of_many_draws():
    """The sample is rough, bounded on both sides, and the closed form still agrees with chance."""
    rng = np.random.default_rng(3)
    table = np.sort(rng.choice([0.05, 0.2, 0.5, 0.9, 1.0], (2, 31)), axis=1)
    scores, spread = NormalScores(table, low=0.0, bounded_above=True), np.array([0.4, 1.0])
    draws = scores.value(-0.8 + spread * rng.standard_normal((400_000, 2)))
    assert scores.expected(np.full(2, -0.8), spread) == pytest.approx(draws.mean(axis=0), abs=2e-3)


def test_forecast_can_be_read_back_from_its_physical_value(lognormal):
    spread = np.full(3, 0.6)
    for score in (-1.5, 0.0, 0.7, 2.0):
        physical = lognormal.expected(np.full(3, score), spread)
        assert lognormal.conditional_mean_score(physical, spread) == pytest.approx(score, abs=0.02)


def test_values_stay_within_their_bounds():
    table = np.sort(np.random.default_rng(0).uniform(0.1, 1.0, (4, 31)), axis=1)
    scores = NormalScores(table, low=0.0, bounded_above=True)
    values = scores.value(np.array([[-9.0], [9.0]]) * np.ones(4))
    assert (values[0] >= 0.0).all()
    assert values[1] == pytest.approx(table[:, -1])


def test_beyond_the_sample_lies_a_normal_tail():
    table = np.sort(np.random.default_rng(0).normal(20.0, 3.0, (1, 31)), axis=1)
    scores = NormalScores(table, low=-60.0)
    top = norm.ppf(30.5 / 31)
    assert float(scores.value(np.array([top + 1.0]))[0] - table[0, -1]) == pytest.approx(table.std())
    assert float(scores.score(np.array([table[0, -1] + table.std()]))[0]) == pytest.approx(top + 1.0)
