"""From the file a district names to a WeatherYear: read, check, stamp, repair, in this order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from econex_pipeline.contracts import InputError, tidy, validate
from econex_pipeline.contracts.time import day_start_utc
from econex_pipeline.district import District
from econex_pipeline.weather import checks
from econex_pipeline.weather.formats import READERS
from econex_pipeline.weather.repair import borrow_lost_rain
from econex_pipeline.weather.source import SourceFile
from econex_pipeline.weather.year import TYPICAL_YEAR, Repair, WeatherYear


def read_weather(district: District) -> WeatherYear:
    """Read, check and repair the weather file of a district.

    Parameters
    ----------
    district : District
        Its `weather` names the file in ``data/weather/``, the format, the kind and the unit of the rain column.

    Returns
    -------
    WeatherYear
        The WEATHER table in the file's own steps, and the report of repairs.

    Raises
    ------
    InputError
        If the file is missing or unreadable, lacks a column, has a value that is no number or out of bounds, a gap, a
        repeated or naive time stamp, rain in another unit, or comes from another place than the site. The message
        names file, field, row, value and what would be right.
    """
    weather = district.weather
    path = district.data_dir / "weather" / weather.file
    if not path.is_file():
        raise InputError(path, "weather.file", "missing", "a weather file at this path")
    source = READERS[weather.format](path, weather)
    if weather.kind == "typical" and source.starts.tz is not None:
        source = _in_standard_time(source, district.site.utc_offset_h)
    if weather.kind == "typical":
        checks.check_calendar_year(source)
    else:
        checks.check_even_steps(source)
    values = checks.checked_values(source)
    stamps = _stamps(source, district)
    step_h = float((stamps[1] - stamps[0]) / pd.Timedelta("1h"))
    checks.check_yearly_rain(source, values["rain_mm_h"].to_numpy(), step_h)
    checks.check_yearly_sun(source, values["ghi_w_m2"].to_numpy(), step_h)
    checks.check_station(source, district.site)
    checks.check_daylight(source, stamps, values["ghi_w_m2"].to_numpy(), step_h, district.site)
    table = values.assign(time_utc=stamps, quality=np.asarray(source.quality, dtype=object))
    table = tidy(table, "WEATHER")
    repairs = [*source.notes, *_unit_note(source, values["rain_mm_h"], step_h)]
    if weather.kind == "typical" and source.wet is not None:
        table, borrowed = borrow_lost_rain(table, source.wet, district.site.utc_offset_h)
        repairs += borrowed
    return WeatherYear(validate(table, "WEATHER", str(path)), tuple(repairs), weather.kind, path)


def _in_standard_time(source: SourceFile, utc_offset_h: int) -> SourceFile:
    """Put a contract file that is to serve as a typical year into standard time; a leap day is left out, and said."""
    local = pd.DatetimeIndex(source.starts.tz_localize(None) + pd.Timedelta(hours=utc_offset_h))
    keep = ~((local.month == 2) & (local.day == 29))
    notes = source.notes
    if not keep.all():
        message = "29 February is left out: a typical year has 365 days."
        notes = (*notes, Repair("all", "dropped", message, source.starts[~keep][0], int((~keep).sum())))
    quality = source.quality if isinstance(source.quality, str) else source.quality[keep]
    return SourceFile(
        path=source.path,
        frame=source.frame[keep],
        starts=local[keep],
        columns=source.columns,
        first_line=source.first_line,
        quality=quality,
        notes=notes,
    )


def _stamps(source: SourceFile, district: District) -> pd.DatetimeIndex:
    """Give each row its stamp in UTC, at the start of its step."""
    offset_h = district.site.utc_offset_h
    if district.weather.kind == "typical":
        start = day_start_utc(pd.Timestamp(TYPICAL_YEAR, 1, 1).date(), offset_h)
        return pd.date_range(start, periods=len(source.starts), freq="1h", unit="ns")
    if source.starts.tz is not None:
        return source.starts.as_unit("ns")
    return pd.DatetimeIndex(source.starts - pd.Timedelta(hours=offset_h)).tz_localize("UTC").as_unit("ns")


def _unit_note(source: SourceFile, rain_mm_h: pd.Series, step_h: float) -> list[Repair]:
    column = source.columns["rain_mm_h"]
    if column.factor == 1.0:
        return []
    total = float(rain_mm_h.sum()) * step_h
    message = (
        f"The column '{column.name}' counts {column.factor:g} mm, as the district file says: the file holds "
        f"{total:.0f} mm, not {total / column.factor:.0f} mm."
    )
    return [Repair("rain_mm_h", "unit", message)]
