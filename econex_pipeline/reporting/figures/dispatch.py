"""Supply above, use below, hour by hour, one figure per layer; and the grid exchange against its schedule."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from econex_pipeline.district import District
from econex_pipeline.reporting.balances import balance
from econex_pipeline.reporting.figures import theme
from econex_pipeline.reporting.figures.axes import civil_hours, clock, hours
from econex_pipeline.reporting.figures.render import tip
from econex_pipeline.reporting.ledger import Array, Ledger
from econex_pipeline.reporting.words import dearest_steps

SMALLEST_SHARE = 1e-3
"""Bars below this share of the highest stack are left out: they could not be seen."""


@theme.themed
def dispatch(
    day: Ledger,
    district: District,
    layer: str,
    prices: pd.DataFrame | None = None,
) -> Figure:
    """Draw who supplied and who used in one layer of the district.

    Parameters
    ----------
    day : Ledger
        The day.
    district : District
        What stands there.
    layer : str
        ``E``, ``P`` or ``W``.
    prices : pandas.DataFrame, optional
        PRICES: the steps of the highest buying price are shaded.
    """
    parts = balance(day, district, layer)
    figure = theme.new_figure(3.6)
    axes = figure.subplots()
    above = {**parts.supply, **parts.unused}
    top = float(np.max(np.sum([np.abs(rates) for rates in above.values()], axis=0), initial=0.0))
    bottom = float(np.max(np.sum([np.abs(rates) for rates in parts.use.values()], axis=0), initial=0.0))
    drawn = _stack(axes, day, district, layer, above, smallest=SMALLEST_SHARE * max(top, bottom))
    drawn |= _stack(axes, day, district, layer, parts.use, smallest=SMALLEST_SHARE * max(top, bottom), down=True)
    _mirror(axes, 1.08 * max(top, 1e-3), 1.08 * max(bottom, 1e-3))
    axes.axhline(0.0, color=theme.INK, linewidth=0.9)
    unit = theme.LAYER_UNITS[layer]
    axes.set_ylabel(f"use  ←  {'power' if layer == 'E' else 'flow'} [{unit}]  →  supply")
    civil_hours(axes, day.times, district.site.civil_time_zone)
    known = theme.SERIES[layer]
    handles = [_swatch(known[name]) for name in known if name in drawn]
    if prices is not None:
        handles += _shade_dearest(axes, prices, day)
    figure.legend(handles=handles, loc="outside right upper")
    return figure


@theme.themed
def exchange(day: Ledger, schedule: Ledger | None, district: District) -> Figure:
    """Draw the net exchange with the grid against the schedule committed the day before.

    Parameters
    ----------
    day : Ledger
        The day.
    schedule : Ledger or None
        What was planned for it.
    district : District
        What stands there.
    """
    figure = theme.new_figure(2.7)
    axes = figure.subplots()
    net = day.get("grid_import", "power_kw") - day.get("grid_export", "power_kw")
    for start_h, rate, time in zip(hours(day.times), net, day.times, strict=True):
        bar = Rectangle((start_h, 0.0), day.step_h, rate, facecolor=theme.SERIES["E"]["grid"].colour)
        bar.set(edgecolor=theme.SURFACE, linewidth=0.8, in_layout=False)
        tip(bar, f"{clock(time, district.site.civil_time_zone)}  exchanged {rate:.2f} kW")
        axes.add_artist(bar)
    handles: list[Patch] = [Patch(facecolor=theme.SERIES["E"]["grid"].colour, label="as operated")]
    low, high = float(net.min(initial=0.0)), float(net.max(initial=0.0))
    if schedule is not None and schedule.has("grid", "schedule_kw"):
        committed = schedule.get("grid", "schedule_kw")
        edges = np.append(hours(day.times), hours(day.times)[-1] + day.step_h)
        axes.stairs(committed, edges, color=theme.INK, linewidth=1.6, baseline=None)
        handles.append(Patch(facecolor=theme.INK, label="schedule of the day before"))
        low, high = min(low, float(committed.min())), max(high, float(committed.max()))
    axes.set_ylim(1.1 * low - 0.1, 1.1 * high + 0.1)
    axes.axhline(0.0, color=theme.INK, linewidth=0.9)
    axes.set_ylabel("sold  ←  power [kW]  →  bought")
    civil_hours(axes, day.times, district.site.civil_time_zone)
    figure.legend(handles=handles, loc="outside upper left", ncols=2)
    return figure


def _stack(
    axes: Axes,
    day: Ledger,
    district: District,
    layer: str,
    series: dict[str, Array],
    smallest: float,
    down: bool = False,
) -> set[str]:
    """Stack bars in the order of the theme; give the names of those that were drawn."""
    sign, unit = (-1.0 if down else 1.0), theme.LAYER_UNITS[layer]
    base, drawn = np.zeros(len(day.times)), set()
    zone = district.site.civil_time_zone
    for name, look in theme.SERIES[layer].items():
        if name not in series:
            continue
        for step, (start_h, rate) in enumerate(zip(hours(day.times), series[name], strict=True)):
            if rate <= smallest:
                continue
            drawn.add(name)
            bar = Rectangle((start_h, base[step]), day.step_h, sign * rate, clip_on=False)
            bar.set(facecolor=theme.SURFACE if look.hatch else look.colour, hatch=look.hatch or None)
            bar.set(edgecolor=look.colour if look.hatch else theme.SURFACE, linewidth=0.6, in_layout=False)
            direction = "used" if down else "supplied"
            tip(bar, f"{clock(day.times[step], zone)}  {look.label} {direction} {rate:.3g} {unit}")
            axes.add_artist(bar)  # the limits are set by hand
            base[step] += sign * rate
    return drawn


def _shade_dearest(axes: Axes, prices: pd.DataFrame, day: Ledger) -> list[Patch]:
    """Shade the steps of the highest buying price; none where it never changes."""
    dear = dearest_steps(day, prices)
    if not dear.any():
        return []
    for start_h in hours(day.times)[dear]:
        axes.axvspan(start_h, start_h + day.step_h, color=theme.GRID, linewidth=0, zorder=0)
    return [Patch(facecolor=theme.GRID, label="dearest hours")]


def _swatch(look: theme.Series) -> Patch:
    if look.hatch:
        return Patch(facecolor=theme.SURFACE, edgecolor=look.colour, hatch=look.hatch, label=look.label)
    return Patch(facecolor=look.colour, label=look.label)


def _mirror(axes: Axes, top: float, bottom: float) -> None:
    """Scale both halves alike and label both with what they are: amounts, not signs."""
    axes.set_ylim(-bottom, top)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
