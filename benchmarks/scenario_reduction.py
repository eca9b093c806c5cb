"""Reduce 1000 members of a day to 20: ours beside tsam's hierarchical clustering with medoids.

Both get the same members of the pilot (24 hours, six variables, in money) and both give twenty members with weights.
The quality line holds the Kantorovich distance between the members and what each of them kept: smaller is better.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import tsam

from benchmarks.comparison import Comparison, best_time_s
from econex_pipeline.contracts.tables import PROFILE_VALUES
from econex_pipeline.contracts.time import operating_window, steps
from econex_pipeline.district import load_case
from econex_pipeline.profiles import prices, profiles
from econex_pipeline.scenarios import Climatology, actual_trace, draw_members, forecast
from econex_pipeline.scenarios.reduction import money_features
from econex_pipeline.scenarios.selection import distances, fast_forward_selection
from econex_pipeline.weather import read_weather, weather_for

MEMBERS, KEPT, HOURS, VARIABLES = 1000, 20, 24, 6
TARGET = 1.0
DAY = dt.date(2025, 7, 3)
DATA = Path(__file__).parents[1] / "data"


def members_in_money() -> np.ndarray:
    """Draw members of a summer day of the pilot and express them in money, shape (1000, 24 * 6)."""
    district = load_case(DATA, "base")
    year = read_weather(district)
    stamps = pd.DatetimeIndex(year.table["time_utc"])
    whole_year = weather_for(year, district, steps(stamps[0], len(stamps), district.step_minutes))
    climatology = Climatology.fit(whole_year, district)
    times = operating_window(DAY, district.site.utc_offset_h, district.step_minutes)
    trace = actual_trace(district, weather_for(year, district, times))
    expected = forecast(district, climatology, trace, times[0] - pd.Timedelta(hours=12), times)
    members = draw_members(district, climatology, expected, MEMBERS, np.random.default_rng(1))
    table = profiles(district, members)
    values = table[list(PROFILE_VALUES)].to_numpy().reshape(MEMBERS, HOURS, -1, len(PROFILE_VALUES))
    return money_features(values, prices(district, times), district.step_h)


def ours(money: np.ndarray) -> np.ndarray:
    """Choose by fast forward selection; rows of the chosen members."""
    return fast_forward_selection(distances(money), np.full(MEMBERS, 1.0 / MEMBERS), KEPT).chosen


def theirs(frame: pd.DataFrame, weights: dict[str, float]) -> np.ndarray:
    """Choose by hierarchical clustering and medoids; rows of the chosen members."""
    result = tsam.aggregate(
        frame,
        n_clusters=KEPT,
        cluster=tsam.ClusterConfig(method="hierarchical", representation="medoid"),
        weights=weights,
        preserve_column_means=False,
    )
    return np.array(result.clustering.cluster_centers)


def kantorovich(money: np.ndarray, chosen: np.ndarray) -> float:
    """Give the distance between equally likely members and the chosen ones under optimal redistribution [USD]."""
    return float(distances(money)[:, chosen].min(axis=1).mean())


def run() -> Comparison:
    """Time both on the same members."""
    money = members_in_money()
    by_hour = money.reshape(MEMBERS, VARIABLES, HOURS).transpose(0, 2, 1).reshape(-1, VARIABLES)
    # tsam scales each column to 0..1, so that its weight is what the column's range is worth
    spans = np.ptp(by_hour, axis=0)
    used = [column for column in range(VARIABLES) if spans[column] > 0.0]
    hours = pd.date_range("2001-01-01", periods=len(by_hour), freq="h")
    frame = pd.DataFrame({f"v{column}": by_hour[:, column] for column in used}, index=hours)
    weights = {f"v{column}": float(spans[column]) for column in used}

    ours_s, chosen = best_time_s(lambda: ours(money))
    tsam_s, medoids = best_time_s(lambda: theirs(frame, weights), repeats=3)
    near, far = kantorovich(money, chosen), kantorovich(money, medoids)
    return Comparison(
        "scenario_reduction",
        ours_s,
        "tsam_hierarchical_medoids",
        tsam_s,
        TARGET,
        note=f"quality: Kantorovich distance ours {near:.4f} USD | tsam {far:.4f} USD | {len(medoids)} medoids",
    )
