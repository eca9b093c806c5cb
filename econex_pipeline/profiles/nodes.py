"""Supply and demand of every node from weather and demand factors: where the parts of this room are put together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts.time import HOURS_PER_DAY, civil
from econex_pipeline.district import District, Garden
from econex_pipeline.profiles.demand import electricity_shape, potable_shape
from econex_pipeline.profiles.evapotranspiration import reference_evapotranspiration_mm_h
from econex_pipeline.profiles.garden import Soil, irrigation_m3_h
from econex_pipeline.profiles.memory import Memory
from econex_pipeline.profiles.raw_water import turbidity_ntu, water_temperature_c
from econex_pipeline.profiles.roof import RoofState, rain_harvest_m3_h
from econex_pipeline.profiles.solar import Sun, pv_power_kw
from econex_pipeline.profiles.table import Drivers, profile_table

Floats = NDArray[np.float64]


def profiles(district: District, drivers: pd.DataFrame, memory: Memory | None = None) -> pd.DataFrame:
    """Turn weather and demand factors into supply and demand of every node.

    All members are computed at once, each from the same remembered state.

    Parameters
    ----------
    district : District
        What stands where.
    drivers : pandas.DataFrame
        TRACE, FORECAST or MEMBERS.
    memory : Memory, optional
        What `remember` made of the weather before; without one the soil starts at field capacity, the roof unwashed
        and the water at the mean air temperature.

    Returns
    -------
    pandas.DataFrame
        MEMBER_PROFILES where `drivers` has scenarios, else PROFILES.

    Raises
    ------
    InputError
        If a demand shape cannot be read.
    ContractViolation
        If scenarios differ in their steps, or the memory is of another instant.
    """
    now = Drivers.of(drivers)
    start = Memory.blank(district) if memory is None else memory
    start.reaches(now.times[0])
    return profile_table(now, list(district.nodes), node_values(district, now, start.for_members(now.members)))


def node_values(district: District, now: Drivers, start: Memory) -> dict[str, dict[str, Floats]]:
    """Give supply and demand by profile column and node, each shape (S, T); what a node has not is left out."""
    values: dict[str, dict[str, Floats]] = {}
    for column, node, array in (
        *_sun(district, now),
        *_households(district, now),
        *_after_rain(district, now, start)[0],
    ):
        values.setdefault(column, {})[node] = array
    return values


def remember(district: District, drivers: pd.DataFrame, memory: Memory | None = None) -> Memory:
    """Follow soil, roofs and raw water through some weather.

    Parameters
    ----------
    district : District
        What stands where.
    drivers : pandas.DataFrame
        TRACE or FORECAST; a month is enough to forget any start. May be empty.
    memory : Memory, optional
        State at the first of its steps.

    Returns
    -------
    Memory
        State at the end of its last step.

    Raises
    ------
    ContractViolation
        If the memory is of another instant.
    """
    if drivers.empty:
        return Memory.blank(district) if memory is None else memory
    return course(district, drivers, memory)(len(drivers))


def course(district: District, drivers: pd.DataFrame, memory: Memory | None = None) -> Callable[[int], Memory]:
    """Follow soil, roofs and raw water through some weather, to be asked for the state at any step.

    Parameters
    ----------
    district, drivers, memory
        As for `remember`; the drivers have T rows, at least one.

    Returns
    -------
    callable
        int -> Memory: the state at the start of a step, 0 to T - 1, or with T that at the end of the last.

    Raises
    ------
    ContractViolation
        If the memory is of another instant.
    """
    past = Drivers.of(drivers)
    start = Memory.blank(district) if memory is None else memory
    start.reaches(past.times[0])
    return _after_rain(district, past, start)[1]


Part = list[tuple[str, str, Floats]]


def _sun(district: District, now: Drivers) -> Part:
    arrays = {name: node.pv for name, node in district.nodes.items() if node.pv is not None}
    if not arrays:
        return []
    sun = Sun.over(district.site, now.times + pd.Timedelta(minutes=district.step_minutes) / 2)
    if now.places is not None:
        sun = sun.seen(now.places.ravel())
    each = now.in_a_row()
    return [
        (
            "pv_kw",
            name,
            pv_power_kw(
                pv,
                sun,
                ghi_w_m2=each["ghi_w_m2"],
                dni_w_m2=each["dni_w_m2"],
                dhi_w_m2=each["dhi_w_m2"],
                temperature_air_c=each["temperature_air_c"],
                wind_speed_m_s=each["wind_speed_m_s"],
                pressure_pa=each["pressure_pa"],
            ).reshape(now["ghi_w_m2"].shape),
        )
        for name, pv in arrays.items()
    ]


def _households(district: District, now: Drivers) -> Part:
    part: Part = []
    nodes = district.nodes.items()
    loads = {node.electricity.profile for _, node in nodes if node.electricity is not None}
    electricity = {name: now.seen(electricity_shape(district, now.times, name)) for name in loads}
    waters = {node.potable.profile for _, node in nodes if node.potable is not None}
    potable = {name: now.seen(potable_shape(district, now.times, name)) for name in waters}
    for name, node in nodes:
        if node.electricity is not None:
            mean_kw = node.electricity.energy_kwh_day / HOURS_PER_DAY
            part.append(("load_kw", name, mean_kw * electricity[node.electricity.profile] * now["electricity_factor"]))
        if node.potable is not None:
            mean_m3_h = node.potable.volume_m3_day / HOURS_PER_DAY
            drawn = mean_m3_h * potable[node.potable.profile] * now["water_factor"]
            part.append(("potable_m3_h", name, drawn))
            part.append(("greywater_m3_h", name, node.potable.greywater_frac * drawn))
    return part


def _after_rain(district: District, now: Drivers, memory: Memory) -> tuple[Part, Callable[[int], Memory]]:
    """Give all that depends on the weather before, and what is remembered of it at the start of each step."""
    part: Part = []
    roofs: dict[str, list[RoofState]] = {}
    soils: dict[str, list[Soil]] = {}
    for name, node in district.nodes.items():
        if node.roof is not None:
            harvest, roofs[name] = rain_harvest_m3_h(node.roof, district.step_h, now["rain_mm_h"], memory.roofs[name])
            part.append(("rain_harvest_m3_h", name, harvest))
        if node.garden is not None:
            demand, soils[name] = _watered(district, node.garden, now, memory.soils[name])
            part.append(("irrigation_m3_h", name, demand))
    quality, water_c = _raw_water(district, now, memory.water_c)

    def at(step: int) -> Memory:
        return Memory(
            soils={name: states[step] for name, states in soils.items()},
            roofs={name: states[step] for name, states in roofs.items()},
            water_c=water_c[:, step],
            until_utc=now.times[0] + step * pd.Timedelta(minutes=district.step_minutes),
        )

    return part + quality, at


def _watered(district: District, garden: Garden, weather: Drivers, soil: Soil) -> tuple[Floats, list[Soil]]:
    each = weather.in_a_row()
    evapotranspiration = reference_evapotranspiration_mm_h(
        district.site,
        each.times,
        district.step_h,
        ghi_w_m2=each["ghi_w_m2"],
        temperature_air_c=each["temperature_air_c"],
        relative_humidity_frac=each["relative_humidity_frac"],
        wind_speed_m_s=each["wind_speed_m_s"],
        pressure_pa=each["pressure_pa"],
    ).reshape(weather["ghi_w_m2"].shape)
    # A garden timer runs by the clock on the wall.
    wall = civil(weather.times, district.site.civil_time_zone)
    starts = weather.seen(np.asarray((wall.hour == garden.start_hour) & (wall.minute < district.step_minutes)))
    return irrigation_m3_h(garden, starts, district.step_h, weather["rain_mm_h"], evapotranspiration, soil)


def _raw_water(district: District, now: Drivers, before_c: Floats | None) -> tuple[Part, Floats]:
    """Give the raw water's quality, the same at every node, and the course of its temperature [degC]."""
    treatment = next(iter(district.treatments.values()), None)
    warmth, course_c = water_temperature_c(district.step_h, now["temperature_air_c"], before_c)
    murk = turbidity_ntu(treatment, now["rain_mm_h"])
    part = [
        entry
        for name in district.nodes
        for entry in (("turbidity_ntu", name, murk), ("water_temperature_c", name, warmth))
    ]
    return part, course_c
