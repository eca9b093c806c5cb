"""The page an operator reads: one HTML file that needs nothing else, the same for the same day."""

from __future__ import annotations

import jinja2
from markupsafe import Markup

from econex_pipeline.contracts import COLUMNS, digest_frame
from econex_pipeline.contracts.time import operating_day
from econex_pipeline.reporting import words
from econex_pipeline.reporting.alarms import alarms
from econex_pipeline.reporting.day_report import DRAWN, DayReport, uncollected
from econex_pipeline.reporting.devices import what_devices_did
from econex_pipeline.reporting.figures import theme
from econex_pipeline.reporting.figures.axes import zone_label
from econex_pipeline.reporting.figures.money import PART_NAMES
from econex_pipeline.reporting.figures.render import svg
from econex_pipeline.reporting.indicators import COST_PARTS, compare
from econex_pipeline.reporting.trust import trust_in_words, why

TILES = (
    "cost_usd",
    "peak_import_kwh",
    "grid_import_kwh",
    "water_import_m3",
    "carbon_kg",
    "energy_self_sufficiency_frac",
)
QUALITY_MEANING = {
    "measured": ", as observed",
    "modelled": ", as the file gives them (its radiation is computed, not observed) and the case changes them",
    "interpolated": ", at least one gap filled from its neighbours",
    "borrowed": ", taken from another day of the file, named below",
}
MORE_IS_BETTER = ("energy_self_sufficiency_frac",)


def render_report(day: DayReport) -> str:
    """Write the page.

    Parameters
    ----------
    day : DayReport
        The operated day.

    Returns
    -------
    str
        One HTML document: style and figures inside, no script, nothing loaded from anywhere.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("econex_pipeline.reporting", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    district, times = day.district, day.times
    date = operating_day(times[0], district.site.utc_offset_h)
    return environment.get_template("report.html.j2").render(
        district=district,
        date=f"{date:%A} {date.day} {date:%B %Y}",
        date_iso=date.isoformat(),
        zone=zone_label(times, district.site.civil_time_zone),
        headline=words.headline(day.kpis, day.operations, day.states, day.prices, district),
        alarms=alarms(day.operations, day.states, day.kpis, district, day.messages, day.seam),
        tiles=_tiles(day),
        costs=_costs(day),
        indicators=_indicators(day),
        devices=what_devices_did(day.operations, day.states, day.prices, district),
        figures=_figures(day),
        heads=_heads(day),
        why=why(day.reasons, district),
        trust=trust_in_words(day.kpis),
        expectations=words.plan_against_day(day.kpis, district.currency),
        expected=words.expected_and_came(day.kpis, district.currency),
        quality=_quality(day),
        repairs=day.repairs,
        notes=_notes(day),
        provenance=_provenance(day),
    )


def _heads(day: DayReport) -> list[str]:
    names = _strategies(day)
    heads = [theme.STRATEGY_NAMES[name] for name in names]
    return [*heads, "difference by control"] if "no_control" in names else heads


def _strategies(day: DayReport) -> list[str]:
    return [name for name in theme.STRATEGY_NAMES if name in set(day.kpis["strategy"])]


def _tiles(day: DayReport) -> list[dict[str, str]]:
    """Give the few numbers above everything else, each beside the same day without control."""
    tiles = []
    titles = {
        "cost_usd": "Cost of the day",
        "peak_import_kwh": "Bought in dearest hours",
        "grid_import_kwh": "Bought from the grid",
        "water_import_m3": "Bought from the mains",
        "carbon_kg": "CO₂ of bought electricity",
        "energy_self_sufficiency_frac": "Own share of electricity",
    }
    for name in TILES:
        now, then = _value(day, name, "controlled"), _value(day, name, "no_control")
        tile = {"title": titles[name], "value": words.indicator(now, name, day.district.currency)}
        tile |= {"grade": "", "beside": ""}
        if "no_control" in _strategies(day):
            tile["beside"] = words.indicator(then, name, day.district.currency)
            gain = then - now
            gain = -gain if name in MORE_IS_BETTER else gain
            tile["grade"] = "good" if gain > 1e-6 else "worse" if gain < -1e-6 else ""
        tiles.append(tile)
    return tiles


def _value(day: DayReport, name: str, strategy: str) -> float:
    return day.values.get((strategy, name), float("nan"))


def _row(day: DayReport, name: str, sign: float = 1.0) -> dict[str, object]:
    values = {strategy: sign * _value(day, name, strategy) for strategy in _strategies(day)}
    change = values["controlled"] - values.get("no_control", float("nan"))
    cells = [*values.values(), change] if "no_control" in values else list(values.values())
    written = [words.indicator(value, name, day.district.currency) for value in cells]
    return {"name": _title(name), "meaning": COLUMNS[name].meaning, "cells": written}


def _title(name: str) -> str:
    unit = COLUMNS[name].unit
    words_of_name = name.rsplit("_", 1)[0] if unit != "-" or name.endswith("_frac") else name
    shown = words_of_name.replace("_", " ")
    for short, long in (("pv ", "PV "), ("prs", "inlet turbine (PRS)"), ("phs ", "pumped hydro (PHS) ")):
        shown = shown.replace(short, long)
    return shown[0].upper() + shown[1:]


def _costs(day: DayReport) -> list[dict[str, object]]:
    """Give the parts of the cost with the sign they enter with, their sum, then what stands apart."""
    rows = []
    for name, sign in COST_PARTS.items():
        row = _row(day, name, sign)
        if any(abs(_value(day, name, strategy)) >= 0.005 for strategy in _strategies(day)):
            label = PART_NAMES[name].replace("\n", " ")
            rows.append(row | {"grade": "part", "name": label[0].upper() + label[1:]})
    rows.append(_row(day, "cost_usd") | {"grade": "sum", "name": "Cost of the day"})
    apart = {"deviation_cost_usd": "Departing from the schedule", "resource_impact_usd": "Weight on carbon and water"}
    return rows + [_row(day, name) | {"grade": "apart", "name": label} for name, label in apart.items()]


def _indicators(day: DayReport) -> list[dict[str, object]]:
    return [_row(day, str(name)) for name in compare(day.kpis).index]


def _figures(day: DayReport) -> dict[str, Markup]:
    there = {place: drawn for place, drawn in DRAWN.items() if drawn.there(day)}
    with uncollected():
        return {place: Markup(svg(day.figure(place), drawn.name, drawn.shows)) for place, drawn in there.items()}


def _quality(day: DayReport) -> list[str]:
    if day.weather is None:
        return []
    rows = day.weather[day.weather["time_utc"].isin(day.times)]
    counts = rows["quality"].value_counts().sort_index()
    return [
        f"{count} of {len(rows)} steps of the day: {quality}{QUALITY_MEANING.get(str(quality), '')}"
        for quality, count in counts.items()
    ]


def _notes(day: DayReport) -> list[str]:
    """Say what a reader might take for more than it is."""
    district = day.district
    notes = [*district.notes]
    notes.append(
        "Savings are illustrative: the skill of the forecast is an assumption of the district file, not a record."
    )
    if district.weather.kind == "typical":
        window = 2 * district.scenarios.analog_window_days + 1
        notes.append(
            f"The weather is a typical year laid on the calendar, not the weather of {day.times[0]:%Y}. Scenarios are "
            f"drawn from days around the date: one typical year holds at most {window} distinct days a pool."
        )
    notes.append(
        "Operated means operated on a simulated plant (EPANET for water, models of battery and membrane) that differs "
        "on purpose from the model the controller plans with; pump energy, predicted and measured, shows by how much."
    )
    notes.append(
        "Cost is what was exchanged with grid, mains and sewer, less the change in what is stored, valued for all "
        "strategies alike at the district's end values. The price of departing from the schedule stands apart."
    )
    return notes


def _provenance(day: DayReport) -> dict[str, str]:
    origin = day.provenance
    lines = {
        "District": f"{day.district.title} ({day.district.name})",
        "Case": f"{origin.case}: {day.district.case_description}",
        "Operating day": f"{day.times[0].isoformat()} to {(day.times[-1] + (day.times[1] - day.times[0])).isoformat()}",
        "Logical issue time": origin.issued_at_utc,
        "Code version": origin.code_version,
        "Digest of inputs": origin.inputs_digest,
        "Digest of operations": digest_frame(day.operations),
        "Digest of states": digest_frame(day.states),
    }
    if day.plan is not None:
        lines["Digest of plan"] = digest_frame(day.plan)
    return lines | dict(day.facts)
