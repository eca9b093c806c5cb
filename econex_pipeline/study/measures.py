"""What a strategy's range came to, as named numbers: money, limits, and what each device did at which hours.

Everything is read from the kept tables of the range, so that a new measure does not operate a day anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from econex_pipeline.contracts.arrays import Prices
from econex_pipeline.contracts.time import standard
from econex_pipeline.control.yardstick import money
from econex_pipeline.district import District, load_case
from econex_pipeline.district.bill import missing_reserve_m3, reserve_usd
from econex_pipeline.planning import EndValues
from econex_pipeline.profiles import prices
from econex_pipeline.reporting import kpis
from econex_pipeline.reporting.balances import Balance, balance, pumped_hydro
from econex_pipeline.reporting.ledger import Array, Ledger, ledger
from econex_pipeline.study.operating import EVENT, Kept
from econex_pipeline.twin import measurements_of

REFERENCE_CASE = "base"
WEIGHTED = "weighted_cost_usd"
LEVEL_TOLERANCE = 1e-6  # m3 or kWh by which rounding may leave a storage beyond its limits

Measures = dict[str, float]


@dataclass(frozen=True)
class Range:
    """An operated range as series.

    Attributes
    ----------
    district : District
        What stands there.
    operations, states : pandas.DataFrame
        OPERATIONS and STATE of all its days.
    values : dict
        Common values of what is stored, the same for all strategies that are compared.
    """

    district: District
    operations: pd.DataFrame
    states: pd.DataFrame
    values: EndValues

    @cached_property
    def book(self) -> Ledger:
        """Flows, powers and levels by step."""
        return ledger(self.operations, self.states)

    @cached_property
    def energy(self) -> Balance:
        """Who supplied and who used electricity, by step."""
        return balance(self.book, self.district, "E")

    @cached_property
    def prices(self) -> pd.DataFrame:
        """PRICES over the range."""
        return prices(self.district, self.book.times)

    @cached_property
    def worth_usd_kwh(self) -> Array:
        """Price of one more kWh in each step: the buying price while electricity is bought, else the selling price."""
        buys = self.energy.supply["grid"] > self.energy.use["grid"]
        return np.where(buys, self.prices["buy_price_usd_kwh"], self.prices["sell_price_usd_kwh"])

    @cached_property
    def dear(self) -> Array:
        """Whether a step is among the dearest of its day, by the tariff of the base case: one peak for all cases."""
        reference = _reference(self.district.data_dir)
        if reference.directory != self.district.directory:
            reference = self.district
        buy = prices(reference, self.book.times)["buy_price_usd_kwh"]
        days = standard(self.book.times, reference.site.utc_offset_h).date
        dearest = buy.groupby(days).transform("max")
        return np.asarray(buy >= dearest - 1e-12, dtype=float)


@cache
def _reference(data_dir: Path) -> District:
    return load_case(data_dir, REFERENCE_CASE)


def measure(run: Kept) -> Measures:
    """Measure all days that a strategy operated.

    Returns
    -------
    dict of str to float
        What `measure_range` gives, and what only the measurements tell.
    """
    setting = run.days.setting
    span = Range(setting.district, run.operations(), run.states(), run.days.common_values)
    return measure_range(span) | _facts(run)


def measure_range(span: Range) -> Measures:
    """Measure an operated range.

    Returns
    -------
    dict of str to float
        The pipeline's indicators over the whole range and what is added here; names carry the unit.
    """
    table = kpis(span.operations, span.states, span.prices, span.district, "controlled")
    found = dict(zip(table["kpi"], table["value"].astype(float), strict=True))
    found |= _money(span) | _limits(span)
    return found | _load_shifting(span) | _rain(span) | _inlet(span) | _pumped_hydro(span)


def _money(span: Range) -> Measures:
    """Price the range by the brain's own lines, and what it minimizes: with unserved demand and missing reserves."""
    book = span.book
    steps = measurements_of(span.operations, span.states, span.district.step_h)
    priced = money(span.district, steps, Prices.from_table(span.prices), span.values)
    ends_m3 = {name: book.levels[name].to_numpy(dtype=float)[1:] for name in span.district.tanks}
    missing_m3 = missing_reserve_m3(span.district, ends_m3)
    penalty = priced.unserved_usd + reserve_usd(span.district, missing_m3, book.step_h)
    return {
        "cost_usd": priced.cost_usd,
        "exchange_cost_usd": priced.z_econ_usd,
        "resource_impact_usd": priced.z_res_usd,
        "stored_change_usd": priced.stored_usd,
        "penalty_usd": penalty,
        "below_reserve_m3_h": book.total(missing_m3),
        WEIGHTED: priced.weighted_usd + penalty,
    }


def _limits(span: Range) -> Measures:
    """Count the steps that ended with a storage outside its limits, and those of them without a recorded event."""
    outside = np.zeros(len(span.book.times), dtype=bool)
    for name, storage in span.district.storages.items():
        ends = span.book.levels[name].to_numpy(dtype=float)[1:]
        outside |= (ends < -LEVEL_TOLERANCE) | (ends > storage.capacity + LEVEL_TOLERANCE)
    events = span.operations[span.operations["quantity"] == EVENT]
    eventful = span.book.times.isin(events.loc[events["value"] > 0.0, "time_utc"])
    return {
        "steps_outside": float(outside.sum()),
        "steps_outside_unexplained": float((outside & ~eventful).sum()),
        "steps_with_event": float(eventful.sum()),
    }


def _facts(run: Kept) -> Measures:
    facts = run.facts()
    return {
        "worst_water_m3": max(fact["worst_water_m3"] for fact in facts),
        "worst_energy_kwh": max(fact["worst_energy_kwh"] for fact in facts),
        "steps_with_pressure_warning": float(sum(fact["pressure_warnings"] for fact in facts)),
        "steps_with_pressure_warning_unexplained": float(sum(fact["pressure_warnings_unexplained"] for fact in facts)),
        "clips": float(sum(fact["clips"] for fact in facts)),
    }


def _load_shifting(span: Range) -> Measures:
    charged, given = span.energy.use["battery"], span.energy.supply["battery"]
    bought = span.energy.supply["grid"]
    return {
        "battery_charged_in_peak_kwh": span.book.total(charged * span.dear),
        "battery_discharged_in_peak_kwh": span.book.total(given * span.dear),
        "import_in_peak_kwh": span.book.total(bought * span.dear),
        "peak_hours": span.book.total(span.dear),
    }


def _rain(span: Range) -> Measures:
    """Raw water moved and treated, at which hours, and what its electricity was worth then and on the average."""
    book, district = span.book, span.district
    lifts, _ = pumped_hydro(district)
    moves = [name for name, arc in district.arcs.items() if arc.kind == "pumped" and arc.layer == "W"]
    moved = book.sum([name for name in moves if name not in lifts], "flow_m3_h")
    treated, used = book.sum(district.treatments, "flow_m3_h"), book.sum(district.treatments, "consumed_kw")
    return {
        "raw_moved_m3": book.total(moved),
        "raw_moved_in_peak_m3": book.total(moved * span.dear),
        "treated_in_peak_m3": book.total(treated * span.dear),
        "treatment_energy_worth_usd": book.total(used * span.worth_usd_kwh),
        "mean_worth_usd_kwh": float(span.worth_usd_kwh.mean()),
    }


def _inlet(span: Range) -> Measures:
    let_in, recovered = span.book.get("mains_import", "flow_m3_h"), span.energy.supply["inlet_turbine"]
    return {
        "water_import_in_peak_m3": span.book.total(let_in * span.dear),
        "prs_worth_usd": span.book.total(recovered * span.worth_usd_kwh),
    }


def _pumped_hydro(span: Range) -> Measures:
    """Electricity lifted on a surplus of sun, and given in the peak; what was spent and earned at the hour's worth."""
    book, district = span.book, span.district
    lifted, given = span.energy.use["pumped_hydro"], span.energy.supply["pumped_hydro"]
    sun = book.sum(district.nodes, "pv_kw") > book.sum(district.nodes, "load_kw")
    return {
        "phs_pumped_on_sun_kwh": book.total(lifted * sun),
        "phs_generated_in_peak_kwh": book.total(given * span.dear),
        "phs_spent_usd": book.total(lifted * span.worth_usd_kwh),
        "phs_earned_usd": book.total(given * span.worth_usd_kwh),
    }
