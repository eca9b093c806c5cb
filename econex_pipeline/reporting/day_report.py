"""All that the page of a day is made of, and its figures: each drawn once, for the page and for the catalogue alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from econex_pipeline.contracts import Provenance
from econex_pipeline.district import District
from econex_pipeline.reporting.figures import theme
from econex_pipeline.reporting.figures.dispatch import dispatch, exchange
from econex_pipeline.reporting.figures.fan import pump_energy, scenario_fan
from econex_pipeline.reporting.figures.money import cost_bridge, prices_and_carbon
from econex_pipeline.reporting.figures.render import png
from econex_pipeline.reporting.figures.sankey import energy_sankey, water_sankey
from econex_pipeline.reporting.figures.storage import storage_levels
from econex_pipeline.reporting.ledger import Ledger, ledger, planned

CATALOGUE = ("dispatch_E", "storage")
"""Figures that the asset catalogue shows too."""


@dataclass(frozen=True)
class DayReport:
    """All that the page is made of; tables fulfil the contracts of their names.

    Attributes
    ----------
    district : District
        What stands there.
    operations, states, prices, kpis : pandas.DataFrame
        OPERATIONS, STATE, PRICES of the operated day and the KPIS of all strategies.
    provenance : Provenance
        Origin of the report.
    plan, scenarios : pandas.DataFrame, optional
        PLAN and the SCENARIOS it was made for.
    states_without_control : pandas.DataFrame, optional
        STATE of the same day without control.
    weather : pandas.DataFrame, optional
        WEATHER of the day, for the quality of its values.
    repairs : tuple of str
        What was repaired in the weather file, one sentence each.
    messages : tuple of str
        What the controller said when it fell back.
    seam : str
        Why the day does not start where the one before ended; empty where it does, or where there was none.
    reasons : tuple of mapping
        Why each device did what it did: ``time_utc``, ``element`` and ``text``, in the order of time.
    facts : mapping of str to str
        Further lines for the provenance: solver status, gap, versions.
    """

    district: District
    operations: pd.DataFrame
    states: pd.DataFrame
    prices: pd.DataFrame
    kpis: pd.DataFrame
    provenance: Provenance
    plan: pd.DataFrame | None = None
    scenarios: pd.DataFrame | None = None
    states_without_control: pd.DataFrame | None = None
    weather: pd.DataFrame | None = None
    repairs: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    seam: str = ""
    reasons: tuple[Mapping[str, Any], ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def book(self) -> Ledger:
        """What was delivered and what came, as series."""
        return ledger(self.operations, self.states)

    @cached_property
    def values(self) -> dict[tuple[str, str], float]:
        """Indicators by strategy and name."""
        keys = zip(self.kpis["strategy"], self.kpis["kpi"], strict=True)
        return dict(zip(keys, self.kpis["value"].astype(float), strict=True))

    @property
    def times(self) -> pd.DatetimeIndex:
        """Steps of the operated day, UTC."""
        return pd.DatetimeIndex(sorted(self.operations["time_utc"].unique()))

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Figures drawn so far, by place on the page."""
        return {}

    def figure(self, place: str) -> Figure:
        """Give a figure of the page, drawn once."""
        if place not in self.figures:
            with uncollected():
                self.figures[place] = DRAWN[place].draw(self)
        return self.figures[place]

    def pictures(self) -> dict[str, bytes]:
        """Give the figures of the catalogue as PNG, by place on the page."""
        with uncollected():
            return {place: png(self.figure(place)) for place in CATALOGUE}


@dataclass(frozen=True)
class Drawn:
    """A figure of the page: its id there, what it shows, how it is drawn, and whether a day has it."""

    name: str
    shows: str
    draw: Callable[[DayReport], Figure]
    there: Callable[[DayReport], bool] = lambda day: True


def _dispatch(day: DayReport, layer: str) -> Figure:
    return dispatch(day.book, day.district, layer, day.prices if layer == "E" else None)


def _storage(day: DayReport) -> Figure:
    return storage_levels(day.states, day.district, day.plan, day.scenarios, day.states_without_control)


def _fan(day: DayReport) -> Figure:
    assert day.scenarios is not None
    return scenario_fan(day.scenarios, day.district, day.book)


DRAWN: dict[str, Drawn] = {
    "storage": Drawn("storage", "Stored amounts over the day, as operated, as planned and without control.", _storage),
    "prices": Drawn(
        "prices", "Prices and carbon by hour.", lambda day: prices_and_carbon(day.prices, day.district, day.times)
    ),
    "exchange": Drawn(
        "exchange",
        "Exchange with the grid against its schedule.",
        lambda day: exchange(day.book, planned(day.operations), day.district),
    ),
    "energy_sankey": Drawn(
        "esankey", "Where electricity came from and went.", lambda day: energy_sankey(day.book, day.district)
    ),
    "water_sankey": Drawn(
        "wsankey", "Where water came from and went.", lambda day: water_sankey(day.book, day.district)
    ),
    **{
        f"dispatch_{layer}": Drawn(
            f"dispatch{layer}", f"Supply and use of {name} by hour.", partial(_dispatch, layer=layer)
        )
        for layer, name in theme.LAYER_NAMES.items()
    },
    "costs": Drawn(
        "costs",
        "From the cost without control to that of the day.",
        lambda day: cost_bridge(day.kpis, day.district),
        lambda day: {"controlled", "no_control"} <= set(day.kpis["strategy"]),
    ),
    "fan": Drawn("fan", "Scenarios of the plan and the day as it came.", _fan, lambda day: day.scenarios is not None),
    "pumps": Drawn(
        "pumps",
        "Pump energy, predicted and measured, by hour.",
        lambda day: pump_energy(day.operations, day.district),
        lambda day: bool((day.operations["element"] == "controller").any()),
    ),
}
"""Figures of the page by place."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Put off the search for unused objects: a drawing makes many that all are in use, a sixth of its time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
