"""The reduced set: few, weighted, with the extremes in it and the sun's mean kept."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import InputError, validate
from econex_pipeline.contracts.tables import PROFILE_VALUES
from econex_pipeline.scenarios import reduce_members
from econex_pipeline.scenarios.reduction import money_features, with_mean

SIZE, NODES = 120, ("home_1", "home_2", "hub")
PV, RAIN = (PROFILE_VALUES.index(name) for name in ("pv_kw", "rain_harvest_m3_h"))


@pytest.fixture(scope="module")
def hours():
    return pd.date_range("2025-07-03 05:00", periods=24, freq="h", tz="UTC", unit="ns", name="time_utc")


@pytest.fixture(scope="module")
def values():
    """Members with a bell of sun on home_1 and a few storms on home_2, shape (S, T, nodes, variables)."""
    rng = np.random.default_rng(7)
    values = np.zeros((SIZE, 24, len(NODES), len(PROFILE_VALUES)))
    bell = np.maximum(np.sin((np.arange(24) - 6) / 12 * np.pi), 0.0)
    clearness = rng.beta(4, 2, SIZE)
    values[:, :, 0, PV] = 8.0 * bell * clearness[:, None] * rng.uniform(0.8, 1.0, (SIZE, 24))
    values[:, :, :, PROFILE_VALUES.index("load_kw")] = rng.lognormal(0.0, 0.1, (SIZE, 24, 3))
    values[:, :, :, PROFILE_VALUES.index("potable_m3_h")] = 0.05 * rng.lognormal(0.0, 0.15, (SIZE, 24, 3))
    storms = rng.choice(SIZE, 12, replace=False)
    values[storms, 15, 1, RAIN] = rng.exponential(2.0, 12)
    values[..., PROFILE_VALUES.index("water_temperature_c")] = 20.0
    return values


@pytest.fixture(scope="module")
def profiles(values, hours):
    index = pd.MultiIndex.from_product([range(SIZE), hours, NODES], names=["scenario", "time_utc", "node"])
    frame = pd.DataFrame(values.reshape(-1, len(PROFILE_VALUES)), columns=list(PROFILE_VALUES))
    return validate(pd.concat([index.to_frame(index=False), frame], axis=1), "MEMBER_PROFILES")


@pytest.fixture(scope="module")
def prices(hours):
    flat = {"sell_price_usd_kwh": 0.05, "water_buy_usd_m3": 2.63, "water_sell_usd_m3": 0.0, "sewer_usd_m3": 0.62}
    frame = pd.DataFrame({"time_utc": hours, **flat, "carbon_kg_kwh": 0.2, "buy_price_usd_kwh": 0.4})
    return frame


@pytest.fixture(scope="module")
def reduced(district, profiles, prices):
    return reduce_members(district, profiles, prices, 12)


def of(frame, column):
    return frame[column].to_numpy().reshape(frame["scenario"].nunique(), 24, len(NODES))


def test_reduced_set_keeps_its_contract(reduced):
    validate(reduced, "SCENARIOS")
    assert sorted(reduced["scenario"].unique()) == list(range(12))


def test_mean_of_the_sun_is_kept(reduced, values):
    weights = reduced.groupby("scenario")["probability"].first().to_numpy()
    mean = np.tensordot(weights, of(reduced, "pv_kw"), axes=1)
    assert mean == pytest.approx(values[..., PV].mean(axis=0), abs=1e-12)


def test_no_scenario_is_brighter_than_the_sky_allows(reduced, values):
    assert (of(reduced, "pv_kw") <= values[..., PV].max(axis=0) + 1e-12).all()
    assert (of(reduced, "pv_kw")[:, :6] == 0.0).all()


def test_darkest_and_wettest_member_are_kept(reduced, values):
    wettest = values[..., RAIN].sum(axis=(1, 2)).max()
    assert of(reduced, "rain_harvest_m3_h").sum(axis=(1, 2)).max() == pytest.approx(wettest)
    darkest = values[values[..., PV].sum(axis=(1, 2)).argmin()]
    loads = of(reduced, "load_kw")
    kept = [np.array_equal(load, darkest[..., PROFILE_VALUES.index("load_kw")]) for load in loads]
    assert any(kept)


def test_everything_but_the_sun_is_that_of_a_member(reduced, values):
    for name in PROFILE_VALUES:
        if name != "pv_kw":
            members = values[..., PROFILE_VALUES.index(name)].reshape(SIZE, -1)
            for scenario in of(reduced, name).reshape(12, -1):
                assert (members == scenario).all(axis=1).any()


def test_all_are_kept_where_there_are_no_more(district, profiles, prices, values):
    few = profiles[profiles["scenario"] < 6].reset_index(drop=True)
    everything = reduce_members(district, few, prices, 20)
    validate(everything, "SCENARIOS")
    assert everything["probability"].to_numpy() == pytest.approx(1 / 6)
    assert of(everything, "pv_kw") == pytest.approx(values[:6, :, :, PV], abs=1e-12)


def test_one_scenario_is_a_usual_day_and_not_an_extreme(district, profiles, prices, values):
    single = reduce_members(district, profiles, prices, 1)
    assert single["probability"].unique().tolist() == [1.0]
    assert of(single, "rain_harvest_m3_h").sum() < values[..., RAIN].sum(axis=(1, 2)).max()


def test_what_costs_nothing_does_not_count(values, prices):
    """Where energy is free only water tells members apart, and a dearer hour counts for more."""
    free = prices.assign(buy_price_usd_kwh=0.0, sell_price_usd_kwh=0.0)
    features = money_features(values, free, 1.0)
    assert np.abs(features[:, : 2 * 24]).max() == 0.0
    dear = prices.assign(buy_price_usd_kwh=np.where(np.arange(24) == 18, 4.0, 0.4))
    ratio = money_features(values, dear, 1.0)[:, 24 + 18] / money_features(values, prices, 1.0)[:, 24 + 18]
    assert ratio == pytest.approx(10.0)


def test_scaling_stops_at_the_cap_and_still_reaches_the_mean():
    full = np.array([4.0, 5.0, 9.0, 10.0])[:, None, None]
    kept, weights = np.array([1.0, 9.5])[:, None, None], np.array([0.5, 0.5])
    scaled = with_mean(kept, weights, full)
    assert scaled.ravel() == pytest.approx([4.0, 10.0])
    assert with_mean(np.zeros((2, 1, 1)), weights, full).ravel() == pytest.approx([0.0, 0.0])


def test_members_of_different_length_are_refused(district, profiles, prices):
    with pytest.raises(InputError, match="MEMBER_PROFILES"):
        reduce_members(district, profiles.iloc[:-1], prices, 5)


def test_prices_that_lack_an_hour_are_refused(district, profiles, prices):
    with pytest.raises(InputError, match="PRICES"):
        reduce_members(district, profiles, prices.iloc[:-1], 5)
