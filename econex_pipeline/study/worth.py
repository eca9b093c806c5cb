"""What a device costs a year, where a source says what it costs at its size, beside what it earned.

A device earns what the district pays more in a year without it, on the same trace and under the same controller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from econex_pipeline.district import District
from econex_pipeline.study.measures import WEIGHTED
from econex_pipeline.study.results import Figures
from econex_pipeline.study.tasks import BASE

RATE_FRAC = 0.05
"""Interest a year [A]."""
BATTERY_LIFE_Y = 15
"""NREL Annual Technology Baseline 2024, residential battery storage."""
BATTERY_USD_KW, BATTERY_USD_KWH = 695.0, 580.0
"""Installed, 2025 USD: NREL Annual Technology Baseline 2025 as in REopt's defaults of the residential size class
(REopt.jl, data/energy_storage/electric_storage/electric_storage_defaults.json)."""


@dataclass(frozen=True)
class Device:
    """A device that a case takes away.

    Attributes
    ----------
    title : str
        Name for a reader.
    without : str
        The case without it.
    cost_usd : callable
        What it costs to install [USD]; None where no source gives a cost at this size.
    life_y : int
        Years it lasts.
    said : str
        Where the cost comes from, or why there is none.
    """

    title: str
    without: str
    cost_usd: Callable[[District], float | None]
    life_y: int
    said: str


@dataclass(frozen=True)
class Worth:
    """What a device earned over a range, and what it costs over the same days.

    Attributes
    ----------
    device : Device
        Which.
    earned_usd, earned_weighted_usd : float
        Difference of money, and of what the controller minimizes [USD].
    cost_usd : float or None
        Its annuity over the days of the range [USD].
    """

    device: Device
    earned_usd: float
    earned_weighted_usd: float
    cost_usd: float | None

    @property
    def word(self) -> str:
        """Say whether it pays."""
        if self.earned_usd <= 0.0:
            return "does not pay: it earns nothing"
        if self.cost_usd is None:
            return "earns; no sourced cost at this size"
        return "pays" if self.earned_usd > self.cost_usd else "does not pay"


def annuity_usd(cost_usd: float, life_y: int, rate_frac: float = RATE_FRAC) -> float:
    """Give the equal payments a year that return a cost with interest: ``C r / (1 - (1 + r)^-n)``  [USD/year]"""
    return cost_usd * rate_frac / (1.0 - (1.0 + rate_frac) ** -life_y)


def _batteries_usd(district: District) -> float:
    return sum(
        BATTERY_USD_KW * float(battery.power_kw or 0.0) + BATTERY_USD_KWH * battery.capacity
        for battery in district.batteries.values()
    )


def _unknown(district: District) -> None:
    return None


DEVICES = (
    Device("battery", "no_battery", _batteries_usd, BATTERY_LIFE_Y, "NREL ATB 2025, residential"),
    Device("pumped hydro (PHS)", "no_phs", _unknown, 0, "no source for basins and a turbine of under 1 kW"),
    Device("inlet turbine (PRS)", "no_prs", _unknown, 0, "no source for a turbine of under 300 W"),
    Device("treatment", "no_treatment", _unknown, 0, "no source at a quarter of a cubic metre an hour"),
)


def worths(figures: Figures, label: str, district: District, days_of_year: int = 365) -> list[Worth]:
    """Give what each device earned over a range, where the case without it was run."""
    found = []
    for device in DEVICES:
        if not figures.has(device.without, label, "controlled"):
            continue
        earned, weighted = (
            figures.get(device.without, label, "controlled", name) - figures.get(BASE, label, "controlled", name)
            for name in ("cost_usd", WEIGHTED)
        )
        cost = device.cost_usd(district)
        share = figures.days[label] / days_of_year
        yearly = None if cost is None else annuity_usd(cost, device.life_y) * share
        found.append(Worth(device, earned, weighted, yearly))
    return found
