"""What was stored: as it really was, against what the plan expected in its scenarios."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from econex_pipeline.district import District
from econex_pipeline.reporting.figures import theme
from econex_pipeline.reporting.figures.axes import civil_hours, hours
from econex_pipeline.reporting.ledger import EXPECTATION, STORED, Array, probabilities
from econex_pipeline.reporting.words import plain

COLUMNS_OF_PANELS = 2
MOST_PANELS = 12
"""With more storages than this, each layer's are added up into one panel."""
RESERVE_STYLE = (0, (6, 2, 1, 2))
BAND = (0.05, 0.95)
"""Quantiles of the scenarios that the band spans."""


@theme.themed
def storage_levels(
    states: pd.DataFrame,
    district: District,
    plan: pd.DataFrame | None = None,
    scenarios: pd.DataFrame | None = None,
    without_control: pd.DataFrame | None = None,
) -> Figure:
    """Draw each storage of the district over the operated day; in a large district, the sum of each layer's.

    Parameters
    ----------
    states : pandas.DataFrame
        STATE of the operated day, T + 1 stamps.
    district : District
        What stands there; capacities bound the axes.
    plan, scenarios : pandas.DataFrame, optional
        PLAN and the SCENARIOS whose probabilities weigh its band.
    without_control : pandas.DataFrame, optional
        STATE of the same day without control.
    """
    stamps = pd.DatetimeIndex(sorted(states["time_utc"].unique()))
    x, levels, panels_of = hours(stamps), _wide(states, stamps, "element"), _panels(district)
    planned = None if plan is None else _wide(plan, stamps, "element", "scenario")
    members = [] if planned is None else sorted(set(planned.columns.get_level_values("scenario")))
    weights = None if scenarios is None else probabilities(scenarios)
    idle = None if without_control is None else _wide(without_control, stamps, "element")
    rows = -(-len(panels_of) // COLUMNS_OF_PANELS)
    figure = theme.new_figure(0.5 + 1.75 * rows)
    panels = np.atleast_1d(figure.subplots(rows, COLUMNS_OF_PANELS, sharex=True, squeeze=False)).ravel()
    for axes, (title, names) in zip(panels, panels_of.items(), strict=False):
        layer = district.storages[names[0]].layer
        colour = theme.LAYER_COLOURS[layer]
        if planned is not None:
            _plan_band(axes, x, _sum(planned, names), members, weights, colour)
        if idle is not None:
            axes.plot(x, _sum(idle, names), color=theme.STRATEGY_COLOURS["no_control"], linestyle=(0, (1, 1.2)))
        axes.plot(x, _sum(levels, names), color=colour)
        reserve = reserve_m3(district, names)
        if reserve > 0.0:
            axes.axhline(reserve, color=theme.ALARM, linewidth=1.0, linestyle=RESERVE_STYLE)
        axes.set_ylim(0.0, 1.04 * sum(district.storages[name].capacity for name in names))
        axes.set_title(title)
        axes.set_ylabel(f"stored [{theme.LAYER_AMOUNTS[layer]}]")
    for axes in panels[len(panels_of) :]:
        axes.remove()
    for axes in panels[: len(panels_of)]:
        civil_hours(axes, stamps[:-1], district.site.civil_time_zone)
    for axes in panels[: max(len(panels_of) - COLUMNS_OF_PANELS, 0)]:
        axes.set_xlabel("")
    reserves = any(reserve_m3(district, names) > 0.0 for names in panels_of.values())
    handles = _legend(plan is not None, without_control is not None, reserves)
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    return figure


def reserve_m3(district: District, names: Sequence[str]) -> float:
    """Give what tanks should hold back for a broken pump or main, all together [m3]."""
    return sum(district.tanks[name].reserve_m3 for name in names if name in district.tanks)


def _panels(district: District) -> dict[str, list[str]]:
    """Give title and storages of each panel."""
    if len(district.storages) <= MOST_PANELS:
        return {
            f"{plain(name)}, {theme.LAYER_NAMES[storage.layer]}": [name] for name, storage in district.storages.items()
        }
    by_layer: dict[str, list[str]] = {}
    for name, storage in district.storages.items():
        by_layer.setdefault(storage.layer, []).append(name)
    return {f"all storages of {theme.LAYER_NAMES[layer]} ({len(names)})": names for layer, names in by_layer.items()}


def _wide(table: pd.DataFrame, stamps: pd.DatetimeIndex, *columns: str) -> pd.DataFrame:
    """Give stored amounts at the stamps, one column an element, or an element and a scenario."""
    stored = table[table["quantity"].isin(STORED) & table["time_utc"].isin(stamps)]
    wide = stored.pivot_table(index="time_utc", columns=list(columns), values="value", aggfunc="sum")
    return wide.reindex(stamps)


def _sum(wide: pd.DataFrame, names: list[str]) -> Array:
    """Add up storages, shape (T,), or (T, scenario) of a plan."""
    return np.sum([wide[name].to_numpy(dtype=float) for name in names if name in wide], axis=0)


def _plan_band(axes: Axes, x: Array, stored: Array, members: list[int], weights: pd.Series | None, hue: str) -> None:
    """Draw mean and weighted quantiles of the plan's recourse; the expectation alone where there are no scenarios."""
    recourse = np.array(members) > EXPECTATION
    if weights is not None and recourse.any():
        share = weights.reindex([member for member in members if member > EXPECTATION]).to_numpy(dtype=float)
        low, high = (weighted_quantile(stored[:, recourse], share, q) for q in BAND)
        axes.fill_between(x, low, high, color=hue, alpha=0.22, linewidth=0)
        axes.plot(x, stored[:, recourse] @ (share / share.sum()), color=hue, linewidth=1.1, linestyle="--")
    elif EXPECTATION in members:
        axes.plot(x, stored[:, members.index(EXPECTATION)], color=hue, linewidth=1.1, linestyle="--")


def weighted_quantile(values: Array, weights: Array, quantile: float) -> Array:
    """Give the smallest value whose cumulated weight reaches the quantile, row by row.

    Parameters
    ----------
    values : array
        Shape (T, scenario).
    weights : array
        Non-negative, shape (scenario,).
    quantile : float
        Between 0 and 1.

    Returns
    -------
    array
        Shape (T,).
    """
    order = np.argsort(values, axis=1, kind="stable")
    cumulated = np.cumsum(weights[order], axis=1) / weights.sum()
    first = np.argmax(cumulated >= quantile - 1e-12, axis=1)
    return np.take_along_axis(values, np.take_along_axis(order, first[:, None], axis=1), axis=1)[:, 0]


def _legend(with_plan: bool, with_baseline: bool, with_reserve: bool) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [Line2D([], [], color=theme.INK, label="as operated")]
    if with_plan:
        handles.append(Line2D([], [], color=theme.INK, linestyle="--", linewidth=1.1, label="plan, mean"))
        handles.append(Patch(facecolor=theme.INK, alpha=0.22, label="plan, 5 to 95 % of scenarios"))
    if with_baseline:
        grey = theme.STRATEGY_COLOURS["no_control"]
        handles.append(Line2D([], [], color=grey, linestyle=(0, (1, 1.2)), label="without control"))
    if with_reserve:
        handles.append(Line2D([], [], color=theme.ALARM, linewidth=1.0, linestyle=RESERVE_STYLE, label="reserve"))
    return handles
