"""From many members to the weighted few that planning can carry: SCENARIOS."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import TABLES, InputError
from econex_pipeline.contracts.tables import PROFILE_VALUES
from econex_pipeline.district import District
from econex_pipeline.scenarios.selection import Selection, distances, fast_forward_selection

Array = NDArray[np.float64]

FEWEST_WITH_EXTREMES = 3  # with fewer scenarios the extremes would leave no room for the usual day
_BISECTIONS = 60


def reduce_members(district: District, member_profiles: pd.DataFrame, prices: pd.DataFrame, n: int) -> pd.DataFrame:
    """Keep the members that stand best for all, in money.

    Parameters
    ----------
    district : District
        Its step.
    member_profiles : pandas.DataFrame
        MEMBER_PROFILES of S equally likely members: each scenario holds the same steps and nodes.
    prices : pandas.DataFrame
        PRICES of the same steps.
    n : int
        How many to keep; all where there are no more.

    Returns
    -------
    pandas.DataFrame
        SCENARIOS: ids 0 to n - 1 in the members' order, with probabilities.

    Raises
    ------
    InputError
        If members differ in steps or nodes, or the prices lack a step.

    Notes
    -----
    The darkest and the wettest member are always kept (from three scenarios on): selection by distance tends to pass
    over them, and they are what a plan must stand. Selection also shifts the mean of photovoltaic power by a few per
    cent; it is scaled back, step by step and node by node, to the mean over all members. No scenario is raised above
    the brightest member of its step and node, which stands for what the sky allows there; what that takes away is
    spread over the others.
    """
    values, times, nodes = _grid(member_profiles)
    money = money_features(values, _prices(prices, times), district.step_h)
    selection = select(money, values, n)
    kept = values[selection.chosen]
    pv = PROFILE_VALUES.index("pv_kw")
    kept[..., pv] = with_mean(kept[..., pv], selection.probability, values[..., pv])
    shape = (len(selection.chosen), len(times), len(nodes))
    scenario, step, node = (index.ravel() for index in np.indices(shape))
    columns = {
        "scenario": scenario.astype(np.int64),
        "time_utc": times[step],
        "node": np.asarray(nodes, dtype=object)[node],
        "probability": selection.probability[scenario],
        **{name: kept[..., column].ravel() for column, name in enumerate(PROFILE_VALUES)},
    }
    return pd.DataFrame(columns, columns=TABLES["SCENARIOS"].columns)


def select(money: Array, values: Array, n: int) -> Selection:
    """Choose among members by their distance in money, keeping the darkest and the wettest.

    Parameters
    ----------
    money : numpy.ndarray
        From `money_features`, shape (S, D).
    values : numpy.ndarray
        Profiles, shape (S, T, nodes, len(PROFILE_VALUES)).
    n : int
        How many to choose at most.
    """
    size = len(money)
    keep: list[int] = []
    if FEWEST_WITH_EXTREMES <= n < size:
        sun = values[..., PROFILE_VALUES.index("pv_kw")].sum(axis=(1, 2))
        rain = values[..., PROFILE_VALUES.index("rain_harvest_m3_h")].sum(axis=(1, 2))
        keep = [int(sun.argmin())] * bool(sun.max() > sun.min()) + [int(rain.argmax())] * bool(rain.max() > rain.min())
    return fast_forward_selection(distances(money), np.full(size, 1.0 / size), min(n, size), keep)


def money_features(values: Array, prices: pd.DataFrame, step_h: float) -> Array:
    """Express what members differ in as money: z-scores of each variable and step times their spread in money.

    A z-score times the spread of its variable in money is the deviation from the mean times the price, so that is
    what is computed: load at the buying price, sun midway between selling and buying, every kind of water at the price
    of the mains. Turbidity and temperature have no price and no weight.

    Parameters
    ----------
    values : numpy.ndarray
        Profiles, shape (S, T, nodes, len(PROFILE_VALUES)).
    prices : pandas.DataFrame
        PRICES, T rows.
    step_h : float
        Length of a step [h].

    Returns
    -------
    numpy.ndarray
        Deviations from the mean over members, in money, shape (S, T * 6).
    """
    buy, sell, water = (
        prices[name].to_numpy() for name in ("buy_price_usd_kwh", "sell_price_usd_kwh", "water_buy_usd_m3")
    )
    worth = {
        "pv_kw": (buy + sell) / 2.0,
        "load_kw": buy,
        "potable_m3_h": water,
        "greywater_m3_h": water,
        "rain_harvest_m3_h": water,
        "irrigation_m3_h": water,
    }
    district_wide = values.sum(axis=2)
    money = np.concatenate(
        [district_wide[..., PROFILE_VALUES.index(name)] * price * step_h for name, price in worth.items()], axis=1
    )
    return np.asarray(money - money.mean(axis=0))


def with_mean(kept: Array, probability: Array, full: Array) -> Array:
    """Scale a reduced set so that its mean is that of the full one, never above the full one's largest.

    ``min(f x, cap)`` with the factor f of each step and node found by bisection.

    Parameters
    ----------
    kept : numpy.ndarray
        Shape (K, T, nodes).
    probability : numpy.ndarray
        Shape (K,).
    full : numpy.ndarray
        Shape (S, T, nodes).

    Returns
    -------
    numpy.ndarray
        Shape (K, T, nodes); zeros stay zeros.
    """
    cap, mean = full.max(axis=0), full.mean(axis=0)
    smallest = np.where(kept > 0.0, kept, np.inf).min(axis=0)
    reachable = np.isfinite(smallest)
    low = np.zeros(mean.shape)
    high = np.where(reachable, cap / np.where(reachable, smallest, 1.0), 0.0)  # at which every scenario is at the cap
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        above = np.tensordot(probability, np.minimum(middle * kept, cap), axes=1) > mean
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray(np.minimum(high * kept, cap))


def _grid(profiles: pd.DataFrame) -> tuple[Array, pd.DatetimeIndex, list[str]]:
    """Give the members' values as an array, shape (S, T, nodes, len(PROFILE_VALUES)), with their labels."""
    times = pd.DatetimeIndex(profiles["time_utc"].unique())
    nodes = [str(node) for node in profiles["node"].unique()]
    shape = (profiles["scenario"].nunique(), len(times), len(nodes))
    if len(profiles) != np.prod(shape):
        expected = f"{shape[0]} scenarios x {shape[1]} steps x {shape[2]} nodes"
        raise InputError("MEMBER_PROFILES", "rows", len(profiles), f"all of {expected}")
    values = profiles[list(PROFILE_VALUES)].to_numpy(dtype=float).reshape(*shape, len(PROFILE_VALUES))
    return values, times, nodes


def _prices(prices: pd.DataFrame, times: pd.DatetimeIndex) -> pd.DataFrame:
    found = prices.set_index("time_utc").reindex(times)
    missing = found["buy_price_usd_kwh"].isna()
    if missing.any():
        raise InputError("PRICES", "time_utc", f"without {times[int(missing.argmax())]}", "all steps of the members")
    return found
