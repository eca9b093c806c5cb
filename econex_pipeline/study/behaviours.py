"""The four behaviours the pilot is there to show, as shares and money over a range, beside what chance would give.

An even spread over the hours puts as much of a flow into the peak as the peak has hours; beside it stands the same
district at a flat tariff, which has no reason to choose an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from econex_pipeline.study.measures import Measures
from econex_pipeline.study.results import Figures
from econex_pipeline.study.tasks import BASE

FLAT = "flat_tariff"
SEEN = 0.1  # less than this of a flow is what seeps through and decides nothing [kWh or m3]
MANY = 100.0  # from here on a flow is told without decimals [kWh or m3]
NOTHING = "-"


@dataclass(frozen=True)
class Behaviour:
    """One figure of a behaviour: by the controller, by the controller at a flat tariff, and without control."""

    title: str
    said: str
    controlled: str
    flat: str
    no_control: str


def _inside(found: Measures, part: str, whole: str, unit: str) -> str:
    return _share(found[part], found[whole], unit)


def _outside(found: Measures, part: str, whole: str, unit: str) -> str:
    return _share(found[whole] - found[part], found[whole], unit)


def _share(part: float, whole: float, unit: str) -> str:
    return f"{part / whole:.0%} of {_amount(whole)} {unit}" if whole > SEEN else NOTHING


def _amount(flow: float) -> str:
    return f"{flow:.0f}" if flow >= MANY else f"{flow:.3g}"


def _worth(found: Measures, energy: str, worth: str) -> str:
    return f"{_amount(found[energy])} kWh, {found[worth]:.2f} USD" if found[energy] > SEEN else NOTHING


def _price_while_treating(found: Measures) -> str:
    if found["treatment_kwh"] <= SEEN:
        return NOTHING
    paid = found["treatment_energy_worth_usd"] / found["treatment_kwh"]
    return f"{paid:.3f} against {found['mean_worth_usd_kwh']:.3f} USD/kWh"


Figure = Callable[[Measures], str]
LINES: tuple[tuple[str, str, Figure], ...] = (
    ("Load shifting", "battery charged outside the peak",
     partial(_outside, part="battery_charged_in_peak_kwh", whole="battery_charged_kwh", unit="kWh")),
    ("Load shifting", "battery discharged in the peak",
     partial(_inside, part="battery_discharged_in_peak_kwh", whole="battery_discharged_kwh", unit="kWh")),
    ("Load shifting", "bought in the peak",
     partial(_inside, part="import_in_peak_kwh", whole="grid_import_kwh", unit="kWh")),
    ("Rainwater arbitrage", "ran over, beside the rain harvested",
     partial(_inside, part="spill_m3", whole="harvested_m3", unit="m3")),
    ("Rainwater arbitrage", "raw water moved outside the peak",
     partial(_outside, part="raw_moved_in_peak_m3", whole="raw_moved_m3", unit="m3")),
    ("Rainwater arbitrage", "treated outside the peak",
     partial(_outside, part="treated_in_peak_m3", whole="treated_m3", unit="m3")),
    ("Rainwater arbitrage", "price of electricity while treating, and its mean", _price_while_treating),
    ("Gravity energy recovery", "let in from the mains in the peak",
     partial(_inside, part="water_import_in_peak_m3", whole="water_import_m3", unit="m3")),
    ("Gravity energy recovery", "recovered by the inlet turbine, and its worth",
     partial(_worth, energy="prs_kwh", worth="prs_worth_usd")),
    ("Hydraulic battery", "lifted on a surplus of sun",
     partial(_inside, part="phs_pumped_on_sun_kwh", whole="phs_pumped_kwh", unit="kWh")),
    ("Hydraulic battery", "given back in the peak",
     partial(_inside, part="phs_generated_in_peak_kwh", whole="phs_generated_kwh", unit="kWh")),
    ("Hydraulic battery", "used for lifting, and its worth at the hour",
     partial(_worth, energy="phs_pumped_kwh", worth="phs_spent_usd")),
    ("Hydraulic battery", "given back, and its worth at the hour",
     partial(_worth, energy="phs_generated_kwh", worth="phs_earned_usd")),
)  # fmt: skip
"""Behaviour, what is said of it, and how."""


def behaviours(figures: Figures, label: str) -> list[Behaviour]:
    """Give the figures of the four behaviours over a range.

    Parameters
    ----------
    figures : Figures
        With the base case by the controller over the range.
    label : str
        The range.
    """
    keys = ((BASE, "controlled"), (FLAT, "controlled"), (BASE, "no_control"))
    found = [figures.measures(case, label, name) if figures.has(case, label, name) else None for case, name in keys]
    return [
        Behaviour(title, said, *(NOTHING if measures is None else figure(measures) for measures in found))
        for title, said, figure in LINES
    ]


def even_frac(figures: Figures, label: str) -> float:
    """Share of the hours that are in the peak."""
    return figures.get(BASE, label, "controlled", "peak_hours") / (24.0 * figures.days[label])
