"""Recipes of weather and scenarios: what really happens, what is expected of it, and what else could come."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd

from econex_pipeline.contracts import InputError, validate
from econex_pipeline.orchestration.choices import ChosenRecipe, made_with
from econex_pipeline.orchestration.forecasts import forecast_at
from econex_pipeline.orchestration.recipe import Day, Made, Recipe


def _weather(day: Day) -> Made:
    year = day.setting.year
    repairs = [{key: str(value) for key, value in asdict(repair).items()} for repair in year.repairs]
    return Made(day.setting.weather(day.horizon), extra={"kind": year.kind, "repairs": repairs})


def _show_weather(day: Day, weather: pd.DataFrame) -> dict[str, Any]:
    extra = day.extra(WEATHER)
    return {
        "kind of year": extra["kind"],
        "repairs of the file": dg.MetadataValue.json(extra["repairs"]),
        "rain_mm": float(weather["rain_mm_h"].head(len(day.times)).sum() * day.setting.district.step_h),
        "flagged_rows": int((weather["quality"] != "measured").sum()),
    }


WEATHER = Recipe(
    name="weather",
    contract="WEATHER",
    group="weather",
    needs=(),
    make=_weather,
    show=_show_weather,
    description="Weather of the operating day and its look-ahead, from the case's file: repaired, flagged, mapped.",
)


def _trace(day: Day, weather: pd.DataFrame) -> Made:
    from econex_pipeline.scenarios import actual_trace

    return Made(actual_trace(day.setting.district, weather))


TRACE = Recipe(
    name="trace",
    contract="TRACE",
    group="scenarios",
    needs=(WEATHER,),
    make=_trace,
    description="What really happens: the weather and the demand factors. Planning and control never read it.",
)


def _forecast(day: Day, trace: pd.DataFrame) -> Made:
    return Made(forecast_at(day.setting, trace, day.issued_at_utc, day.horizon))


FORECAST = Recipe(
    name="forecast",
    contract="FORECAST",
    group="scenarios",
    needs=(TRACE,),
    make=_forecast,
    rooms=("weather",),
    feed=True,
    description="What is expected at the issue of the plan, noon of the day before (standard time).",
)


def _members(day: Day, forecast: pd.DataFrame) -> Made:
    from econex_pipeline.scenarios import draw_members

    setting, settings = day.setting, day.setting.district.scenarios
    seed = settings.seed if day.options.seed is None else day.options.seed
    rng = np.random.default_rng(np.random.SeedSequence([seed, day.date.toordinal()]))
    members = draw_members(setting.district, setting.climatology, forecast, settings.drawn, rng)
    return Made(members, made_with(day.options, ("seed",)))


MEMBERS = ChosenRecipe(
    name="members",
    contract="MEMBERS",
    group="scenarios",
    needs=(FORECAST,),
    make=_members,
    choices=("seed",),
    rooms=("weather",),
    description="Equally likely draws of weather and demand around the forecast, before they are reduced.",
)


def _actual(day: Day, trace: pd.DataFrame) -> Made:
    from econex_pipeline.profiles import profiles

    return Made(profiles(day.setting.district, trace, day.setting.memory(day.times[0])))


PROFILES = Recipe(
    name="profiles",
    contract="PROFILES",
    group="profiles",
    needs=(TRACE,),
    make=_actual,
    rooms=("weather", "scenarios"),
    description="Supply and demand of each node as they really come: what the twin meets.",
)


def _prices(day: Day) -> Made:
    from econex_pipeline.profiles import prices

    return Made(prices(day.setting.district, day.horizon))


PRICES = Recipe(
    name="prices",
    contract="PRICES",
    group="profiles",
    needs=(),
    make=_prices,
    description="Tariffs and carbon intensity by step, looked up in civil time.",
)


def _scenarios(day: Day, members: pd.DataFrame, prices: pd.DataFrame) -> Made:
    from econex_pipeline.profiles import profiles
    from econex_pipeline.scenarios import reduce_members

    district = day.setting.district
    drawn = profiles(district, members, day.setting.expected_memory(day.issued_at_utc, day.times[0]))
    validate(drawn, "MEMBER_PROFILES", source="profiles of the members")
    return Made(reduce_members(district, drawn, prices, _kept(day)), made_with(day.options, ("scenarios",)))


def _kept(day: Day) -> int:
    """How many members are kept: as many as were chosen for this run, else the district's."""
    chosen, drawn = day.options.scenarios, day.setting.district.scenarios.drawn
    if chosen is not None and chosen > drawn:
        raise InputError("launchpad", "options.scenarios", chosen, f"at most the {drawn} that are drawn")
    return day.setting.district.scenarios.kept if chosen is None else chosen


def _show_scenarios(day: Day, scenarios: pd.DataFrame) -> dict[str, Any]:
    weights = scenarios.groupby("scenario")["probability"].first()
    return {"kept": len(weights), "largest_probability": float(weights.max())}


SCENARIOS = ChosenRecipe(
    name="scenarios",
    contract="SCENARIOS",
    group="scenarios",
    needs=(MEMBERS, PRICES),
    make=_scenarios,
    choices=("scenarios",),
    show=_show_scenarios,
    rooms=("profiles", "weather"),
    feed=True,
    description="The members as supply and demand, reduced to a few with probabilities; darkest and wettest kept.",
)
