"""The law over a year: what comes is any one of its members, and the error grows with lead up to climatology.

Each histogram takes one hour a day. Hours of one day share their weather and their forecast's noise; the same hour of
successive days hardly does, since it is the error, not the weather, that is ranked (their ranks correlate by 0.2 at
most). What is left makes the chi-squared test stricter, so that no day needs to be left out. The clear-sky index is
ranked in hours in which the sun is up all year; by night there is none.
"""

import numpy as np
import pytest
from scipy.stats import norm

from econex_pipeline.scenarios.verification import crps, flatness, histogram, ranks, root_mean_square
from econex_pipeline.weather import read_weather
from econex_pipeline_tests.scenarios.record import (
    MEMBERS,
    RANKED_LEADS_H,
    VARIABLES,
    draw_year,
    errors_of_year,
    trace_of_year,
)

LEAST_P = 0.01
STANDARD_ERRORS = 3.0
LEADS_H = (0, 12, 48, 120, 480)


@pytest.fixture(scope="module")
def trace(district):
    return trace_of_year(district, read_weather(district))


@pytest.fixture(scope="module")
def drawn(district, climatology, trace):
    return draw_year(district, climatology, trace)


@pytest.fixture(scope="module")
def errors(district, climatology, trace):
    return errors_of_year(district, climatology, trace, LEADS_H)


def no_less_than_zero(differences):
    """Whether the mean over the days, first axis, is zero or more within its sampling error."""
    error = differences.std(axis=0, ddof=1) / np.sqrt(len(differences))
    return (differences.mean(axis=0) >= -STANDARD_ERRORS * error).all()


@pytest.mark.slow
@pytest.mark.parametrize("variable", VARIABLES)
def test_rank_histograms_of_a_year_are_flat_at_every_lead(drawn, variable):
    rng = np.random.default_rng(0)
    for lead in RANKED_LEADS_H[variable]:
        found = ranks(drawn.actual[variable][:, lead], drawn.members[variable][:, :, lead], rng)
        assert flatness(histogram(found, MEMBERS)) > LEAST_P, f"{variable} at a lead of {lead} h"


@pytest.mark.slow
@pytest.mark.parametrize("variable", VARIABLES)
def test_ranks_of_successive_days_hardly_belong_together(drawn, variable):
    rng = np.random.default_rng(0)
    for lead in RANKED_LEADS_H[variable]:
        found = ranks(drawn.actual[variable][:, lead], drawn.members[variable][:, :, lead], rng)
        assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 0.3


@pytest.mark.slow
@pytest.mark.parametrize("variable", VARIABLES)
def test_error_grows_with_lead_up_to_climatology_and_never_beyond(errors, variable):
    squares = errors.by_lead[variable] ** 2
    assert no_less_than_zero(np.diff(squares, axis=1))
    assert no_less_than_zero(errors.climatology[variable][:, None] ** 2 - squares)
    growth = root_mean_square(errors.by_lead[variable]) / root_mean_square(errors.climatology[variable])
    assert growth[0] < 0.7
    assert growth[-1] == pytest.approx(1.0, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("variable", VARIABLES)
def test_members_score_better_the_shorter_the_lead(drawn, variable):
    """In the score of the whole distribution, a day ahead and at the end of the plan's sight."""
    first, last = (lead for lead in RANKED_LEADS_H[variable] if lead in (0, 48))
    now, later = (crps(drawn.actual[variable][:, lead], drawn.members[variable][:, :, lead]) for lead in (first, last))
    assert now.mean() < later.mean()
    stale = np.roll(drawn.members[variable][:, :, last], 7, axis=0)  # last week's members know the season only
    assert later.mean() < crps(drawn.actual[variable][:, last], stale).mean()


def test_ranks_of_one_law_are_flat_and_of_another_are_not():
    rng = np.random.default_rng(1)
    actual, members = rng.standard_normal(2000), rng.standard_normal((2000, MEMBERS))
    assert flatness(histogram(ranks(actual, members, rng), MEMBERS)) > LEAST_P
    for other in (0.8 * members, 1.25 * members, members + 0.2):
        assert flatness(histogram(ranks(actual, other, rng), MEMBERS)) < LEAST_P


def test_ties_are_broken_evenly():
    rng = np.random.default_rng(1)
    counts = histogram(ranks(np.zeros(4000), np.zeros((4000, MEMBERS)), rng), MEMBERS)
    assert flatness(counts) > LEAST_P


def test_score_of_a_normal_law_is_the_known_one():
    """CRPS of N(0, 1) against y: y (2 Phi(y) - 1) + 2 phi(y) - 1 / sqrt(pi), whatever the number of members."""
    rng = np.random.default_rng(2)
    for y in (0.0, 1.5):
        known = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / np.sqrt(np.pi)
        found = crps(np.full(40_000, y), rng.standard_normal((40_000, 5)))
        assert found.mean() == pytest.approx(known, abs=0.01)
