"""The scenarios the plan was made for, each as likely as its line is strong, and what really came."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from econex_pipeline.district import District
from econex_pipeline.reporting.figures import theme
from econex_pipeline.reporting.figures.axes import civil_hours, hours, step_h
from econex_pipeline.reporting.figures.storage import BAND, weighted_quantile
from econex_pipeline.reporting.ledger import Ledger, probabilities

PANELS = (
    ("pv_kw", "sun on the roofs [kW]", theme.LAYER_COLOURS["E"]),
    ("load_kw", "household load [kW]", theme.SERIES["E"]["load"].colour),
    ("potable_m3_h", "potable demand [m³/h]", theme.LAYER_COLOURS["P"]),
    ("rain_harvest_m3_h", "rain harvested [m³/h]", theme.LAYER_COLOURS["W"]),
)


@theme.themed
def scenario_fan(scenarios: pd.DataFrame, district: District, day: Ledger | None = None) -> Figure:
    """Draw the scenarios of the operating day, summed over the nodes, and the actual day over them.

    Parameters
    ----------
    scenarios : pandas.DataFrame
        SCENARIOS; where they reach beyond the operated day, only the operated day is drawn.
    district : District
        What stands there.
    day : Ledger, optional
        The day: its actual supply and demand.
    """
    stamps = day.times if day is not None else pd.DatetimeIndex(sorted(scenarios["time_utc"].unique()))
    weights = probabilities(scenarios)
    figure = theme.new_figure(4.3)
    panels = figure.subplots(2, 2, sharex=True)
    x = hours(stamps) + 0.5 * step_h(stamps)
    columns = [quantity for quantity, _, _ in PANELS]
    summed = scenarios.groupby(["time_utc", "scenario"])[columns].sum().unstack("scenario").reindex(stamps)  # noqa: PD010
    share = weights.to_numpy(dtype=float) / weights.max()
    for axes, (quantity, label, colour) in zip(panels.ravel(), PANELS, strict=True):
        table = summed[quantity][weights.index].to_numpy(dtype=float)
        low, high = (weighted_quantile(table, weights.to_numpy(dtype=float), q) for q in BAND)
        axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
        lines = [np.column_stack([x, member]) for member in table.T]
        colours = [to_rgba(colour, strength) for strength in 0.25 + 0.6 * share]
        axes.add_collection(LineCollection(lines, colors=colours, linewidths=0.5 + 1.2 * share))
        top = float(np.nanmax(table, initial=0.0))
        if day is not None:
            came = day.sum(district.nodes, quantity)
            axes.plot(x, came, color=theme.INK, linewidth=1.9)
            top = max(top, float(came.max()))
        axes.set_ylabel(label)
        axes.set_ylim(0.0, max(1.05 * top, 1e-3))
        civil_hours(axes, stamps, district.site.civil_time_zone)
    for axes in panels[0]:
        axes.set_xlabel("")
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=theme.MUTED, linewidth=1.0, label=f"{len(weights)} scenarios, stronger = likelier"),
        Patch(facecolor=theme.MUTED, alpha=0.2, label="5 to 95 % of their probability"),
    ]
    if day is not None:
        handles.append(Line2D([], [], color=theme.INK, linewidth=1.9, label="as it came"))
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


@theme.themed
def pump_energy(operations: pd.DataFrame, district: District) -> Figure:
    """Draw what the controller predicted its pumps would use against what the twin measured, hour by hour.

    Parameters
    ----------
    operations : pandas.DataFrame
        OPERATIONS with the controller's rows.
    district : District
        What stands there.
    """
    noted = operations[operations["element"] == "controller"].drop_duplicates(["time_utc", "quantity"])
    wide = noted.pivot_table(index="time_utc", columns="quantity", values="value", aggfunc="sum")
    stamps = pd.DatetimeIndex(sorted(operations["time_utc"].unique()))
    wide = wide.reindex(stamps).fillna(0.0)
    figure = theme.new_figure(2.4)
    axes = figure.subplots()
    step = step_h(stamps)
    looks = {
        "predicted_pump_kwh": ("predicted by the controller", theme.STRATEGY_COLOURS["no_control"]),
        "simulated_pump_kwh": ("measured on the twin", theme.SERIES["E"]["pumps"].colour),
    }
    for place, (quantity, (label, colour)) in enumerate(looks.items()):
        values = wide[quantity].to_numpy(dtype=float) if quantity in wide else np.zeros(len(stamps))
        axes.bar(hours(stamps) + (0.3 + 0.4 * place) * step, values, width=0.4 * step, color=colour, label=label)
    axes.set_ylabel("energy [kWh per step]")
    civil_hours(axes, stamps, district.site.civil_time_zone)
    figure.legend(loc="outside upper left", ncols=2)
    return figure
