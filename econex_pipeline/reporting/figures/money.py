"""Prices and carbon by hour, and where the cost of the day differs from that without control."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from econex_pipeline.district import District
from econex_pipeline.reporting.figures import theme
from econex_pipeline.reporting.figures.axes import civil_hours, hours, step_h
from econex_pipeline.reporting.figures.render import tip
from econex_pipeline.reporting.indicators import COST_PARTS

PART_NAMES = {
    "grid_import_cost_usd": "grid electricity\nbought",
    "grid_export_revenue_usd": "electricity\nsold",
    "water_import_cost_usd": "mains water\nbought",
    "water_export_revenue_usd": "water\nsold",
    "sewer_cost_usd": "sewer",
    "stored_change_usd": "taken from\nstorage",
}


@theme.themed
def prices_and_carbon(prices: pd.DataFrame, district: District, times: pd.DatetimeIndex | None = None) -> Figure:
    """Draw what electricity costs and earns, and how much carbon it carries.

    Parameters
    ----------
    prices : pandas.DataFrame
        PRICES.
    district : District
        What stands there.
    times : pandas.DatetimeIndex, optional
        Steps to draw; all by default.
    """
    shown = prices if times is None else prices[prices["time_utc"].isin(times)]
    stamps = pd.DatetimeIndex(shown["time_utc"])
    edges = np.append(hours(stamps), hours(stamps)[-1] + step_h(stamps))
    figure = theme.new_figure(2.6)
    axes = figure.subplots()
    lines: dict[str, tuple[str, Literal["-", "--"]]] = {
        "bought": ("buy_price_usd_kwh", "-"),
        "sold": ("sell_price_usd_kwh", "--"),
    }
    colour = theme.LAYER_COLOURS["E"]
    for column, style in lines.values():
        axes.stairs(shown[column].to_numpy(), edges, baseline=None, color=colour, linewidth=2.0, linestyle=style)
    carbon_axes = axes.twinx()
    carbon = shown["carbon_kg_kwh"].to_numpy()
    carbon_axes.stairs(carbon, edges, baseline=None, color=theme.MUTED, linewidth=1.4, linestyle=":")
    carbon_axes.set_ylabel("carbon of grid electricity\n[kg CO₂e/kWh]")
    carbon_axes.grid(visible=False)
    carbon_axes.set_ylim(0.0, 1.15 * max(float(carbon.max()), 1e-3))
    low = min(0.0, float(shown["sell_price_usd_kwh"].min()))
    axes.set_ylim(1.1 * low, 1.15 * max(float(shown["buy_price_usd_kwh"].max()), 1e-3))
    axes.set_ylabel(f"price of electricity\n[{district.currency}/kWh]")
    civil_hours(axes, stamps, district.site.civil_time_zone)
    handles = [Line2D([], [], color=colour, linestyle=style, label=label) for label, (_, style) in lines.items()]
    handles.append(Line2D([], [], color=theme.MUTED, linestyle=":", label="carbon (right axis)"))
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


@theme.themed
def cost_bridge(kpis: pd.DataFrame, district: District) -> Figure:
    """Draw how the cost without control turns into the cost of the controlled day, part by part.

    Parameters
    ----------
    kpis : pandas.DataFrame
        KPIS of strategies ``no_control`` and ``controlled``.
    district : District
        What stands there.
    """
    value = kpis.set_index(["strategy", "kpi"])["value"]
    changes = {
        part: sign * (value.get(("controlled", part), 0.0) - value.get(("no_control", part), 0.0))
        for part, sign in COST_PARTS.items()
    }
    shown = {part: change for part, change in changes.items() if abs(change) >= 0.005}
    before, after = float(value["no_control", "cost_usd"]), float(value["controlled", "cost_usd"])
    labels = ["without\ncontrol", *(PART_NAMES[part] for part in shown), "as\noperated"]
    figure = theme.new_figure(3.2)
    axes = figure.subplots()
    level = before
    spans = [(0.0, before, theme.STRATEGY_COLOURS["no_control"])]
    for change in shown.values():
        spans.append((level, level + change, theme.LAYER_COLOURS["W"] if change < 0 else theme.ALARM))
        level += change
    spans.append((0.0, after, theme.STRATEGY_COLOURS["controlled"]))
    for place, (start, end, colour) in enumerate(spans):
        bar = Rectangle((place - 0.36, start), 0.72, end - start, facecolor=colour)
        amount = end - start if 0 < place < len(spans) - 1 else end
        text = f"{amount:+.2f}" if 0 < place < len(spans) - 1 else f"{amount:.2f}"
        text = text.replace("-", "\u2212")
        tip(bar, f"{labels[place]}: {text} {district.currency}".replace("\n", " "))
        axes.add_patch(bar)
        axes.annotate(text, (place, max(start, end)), xytext=(0, 3), textcoords="offset points", ha="center")
        if place < len(spans) - 1:
            axes.plot([place + 0.36, place + 0.64], [end, end], color=theme.MUTED, linewidth=0.8)
    edges = [edge for start, end, _ in spans for edge in (start, end)]
    room = 0.12 * max(max(edges) - min(edges), 0.1)
    axes.set_ylim(min(edges) - (room if min(edges) < 0 else 0.0), max(edges) + room)
    axes.set_xlim(-0.6, len(spans) - 0.4)
    axes.set_xticks(range(len(labels)), labels)
    axes.axhline(0.0, color=theme.INK, linewidth=0.9)
    axes.set_ylabel(f"cost of the day [{district.currency}]")
    return figure
