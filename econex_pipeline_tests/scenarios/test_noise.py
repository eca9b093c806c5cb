"""Seeded noise: the same for whoever asks, with the spread and the correlations it claims."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.scenarios.noise import (
    INDEX_TEMPERATURE_CORRELATION,
    ISSUE_PHI_H,
    Key,
    actual_demand_scores,
    autoregressive,
    forecast_errors,
    per_step,
)

START = pd.Timestamp("2025-07-15 05:00", tz="UTC")


def hours(start, count, freq="h"):
    return pd.date_range(start, periods=count, freq=freq, unit="ns")


def test_an_hour_has_the_same_noise_in_every_window():
    key = Key(1, "econex", 60)
    whole = actual_demand_scores(key, hours(START - pd.Timedelta(days=3), 200), 0.75)
    for shift in (0, 7, 40, 90):
        part = actual_demand_scores(key, hours(START - pd.Timedelta(days=3) + pd.Timedelta(hours=shift), 30), 0.75)
        assert (part == whole[shift : shift + 30]).all()


@pytest.mark.parametrize("other", [Key(2, "econex", 60), Key(1, "elsewhere", 60)])
def test_another_seed_or_district_is_another_world(other):
    ours, theirs = (actual_demand_scores(key, hours(START, 2000), 0.75)[:, 0] for key in (Key(1, "econex", 60), other))
    assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.1


@pytest.mark.parametrize("minutes", [60, 15])
def test_demand_noise_is_standard_and_correlated_by_the_hour(minutes):
    scores = actual_demand_scores(Key(1, "econex", minutes), hours(START, 365 * 1440 // minutes, f"{minutes}min"), 0.75)
    lag = 60 // minutes
    assert scores.mean(axis=0) == pytest.approx(0.0, abs=0.1)
    assert scores.std(axis=0) == pytest.approx(1.0, abs=0.04)
    for column in scores.T:
        assert np.corrcoef(column[lag:], column[:-lag])[0, 1] == pytest.approx(0.75, abs=0.02)
    assert abs(np.corrcoef(scores.T)[0, 1]) < 0.06


@pytest.fixture(scope="module")
def errors():
    """e of 400 issues six hours apart, each for 48 hours from its issue, shape (400, 48, 5)."""
    key, phi = Key(3, "econex", 60), per_step(0.75, 0.75, 1.0)
    before, noise = forecast_errors(key, hours(START, 400, "6h"), 47, phi)
    return noise[:, before:]


def test_forecast_noise_is_standard_at_every_lead(errors):
    assert errors.std(axis=0)[[0, 24, 47]] == pytest.approx(1.0, abs=0.12)
    assert errors.std(axis=(0, 1)) == pytest.approx(1.0, abs=0.05)


def test_forecast_noise_is_correlated_over_leads_and_between_sky_and_temperature(errors):
    index, temperature = errors[..., 0], errors[..., 1]
    for noise, phi in ((index, 0.75), (temperature, 0.90)):
        assert np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1] == pytest.approx(phi, abs=0.03)
    filtered = INDEX_TEMPERATURE_CORRELATION * np.sqrt((1 - 0.75**2) * (1 - 0.9**2)) / (1 - 0.75 * 0.9)
    assert np.corrcoef(index.ravel(), temperature.ravel())[0, 1] == pytest.approx(filtered, abs=0.06)


def test_successive_issues_share_most_of_their_noise(errors):
    same_valid_time = (errors[1:, :42, 0] * errors[:-1, 6:, 0]).mean()
    assert same_valid_time == pytest.approx(ISSUE_PHI_H**6, abs=0.08)
    far_issues = (errors[8:, :1, 0] * errors[:-8, 47:, 0]).mean()
    assert abs(far_issues) < 0.2


def test_forecast_noise_does_not_depend_on_how_far_it_is_asked():
    key, phi = Key(3, "econex", 60), per_step(0.75, 0.75, 1.0)
    issues = pd.DatetimeIndex([START])
    _, short = forecast_errors(key, issues, 5, phi)
    _, long = forecast_errors(key, issues, 60, phi)
    assert (long[:, : short.shape[1]] == short).all()


def test_forecast_noise_of_an_issue_does_not_depend_on_the_others():
    key, phi = Key(3, "econex", 60), per_step(0.75, 0.75, 1.0)
    issues = hours(START, 24, "1h").append(hours(START + pd.Timedelta(days=9), 2, "5h"))
    _, together = forecast_errors(key, issues, 30, phi)
    alone = [forecast_errors(key, issues[i : i + 1], 30, phi)[1][0] for i in range(len(issues))]
    assert (together == np.stack(alone)).all()


def test_noise_has_unit_variance_from_its_first_step():
    white = np.random.default_rng(0).standard_normal((20000, 30, 2))
    coloured = autoregressive(white, np.array([0.75, 0.9]))
    assert coloured.std(axis=0) == pytest.approx(1.0, abs=0.03)
