"""One reader a file format: TMY3, EPW, and CSV or Parquet in the columns of the WEATHER contract.

A reader knows a format's labels, units and codes; it does not judge values (`checks`) and repairs nothing (`repair`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pvlib

from econex_pipeline.contracts.columns import COLUMNS, QUALITIES
from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.contracts.tables import WEATHER_VALUES
from econex_pipeline.district import WeatherSource
from econex_pipeline.weather.source import SourceColumn, SourceFile
from econex_pipeline.weather.year import TYPICAL_YEAR, Repair

PERCENT = 0.01
PA_PER_MBAR = 100.0
METAR_FALLING = 50
"""First present-weather code that means falling rain or snow (WMO table 4677); below it: haze, fog, rain in sight."""

TMY3_FIRST_LINE = 3
EPW_FIRST_LINE = 9
CSV_FIRST_LINE = 2

_LABEL = Repair("all", "label", "The file labels an hour by its end; the table labels it by its start.")


def _parsed(reader: Callable[..., Any], path: Path, expected: str, **options: Any) -> Any:
    """Call a format's parser; whatever it trips over becomes one sentence that names the file."""
    try:
        return reader(path, **options)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, OSError) as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise InputError(path, "content", f"unreadable ({reason})", expected) from None


def _require(path: Path, frame: pd.DataFrame, names: list[str], what: str) -> None:
    for name in names:
        if name not in frame.columns:
            hint = nearest(name, (str(column) for column in frame.columns))
            raise InputError(path, f"column '{name}'", "missing", f"a column of this name in {what}{hint}")


def _station(meta: dict[str, Any]) -> dict[str, float]:
    return {
        "latitude_deg": float(meta["latitude"]),
        "longitude_deg": float(meta["longitude"]),
        "utc_offset_h": float(meta["TZ"]),
    }


def read_tmy3(path: Path, source: WeatherSource) -> SourceFile:
    """Read a TMY3 file.

    Temperature, humidity, wind and pressure are observed at the end of the hour; as everywhere with TMY3 they are
    taken for the hour's mean. The albedo column is not read: where it is unknown the file says 0, source '?'.

    References
    ----------
    .. [1] Wilcox, S. and Marion, W. (2008). Users manual for TMY3 data sets. NREL/TP-581-43156.
       :doi:`10.2172/928611`
    """
    if source.kind != "typical":
        expected = "typical: the months of a TMY3 file come from different years"
        raise InputError(path, "weather.kind", source.kind, expected)
    frame, meta = _parsed(pvlib.iotools.read_tmy3, path, "a TMY3 file (January 2015 form)", map_variables=False)
    columns = {
        "ghi_w_m2": SourceColumn("GHI (W/m^2)"),
        "dni_w_m2": SourceColumn("DNI (W/m^2)"),
        "dhi_w_m2": SourceColumn("DHI (W/m^2)"),
        "temperature_air_c": SourceColumn("Dry-bulb (C)"),
        "relative_humidity_frac": SourceColumn("RHum (%)", PERCENT),
        "wind_speed_m_s": SourceColumn("Wspd (m/s)"),
        "pressure_pa": SourceColumn("Pressure (mbar)", PA_PER_MBAR),
        "rain_mm_h": SourceColumn("Lprecip depth (mm)", source.rain_unit_mm),
    }
    stamps = ["Date (MM/DD/YYYY)", "Time (HH:MM)"]
    _require(path, frame, stamps + [column.name for column in columns.values()], "a TMY3 file")
    period, code = "Lprecip quantity (hr)", "PresWth (METAR code)"
    rain = frame[columns["rain_mm_h"].name]
    if period in frame.columns and (rain >= 0).all():
        # Totals of 3, 6 or 24 h stand in one row; spread over hours they would be invented.
        longer = (frame[period] > 1) & (rain > 0)
        if longer.any():
            row = int(longer.to_numpy().argmax())
            field = f"{period}, line {row + TMY3_FIRST_LINE}"
            expected = f"1 h of rain a row; {int(longer.sum())} rows hold longer totals"
            raise InputError(path, field, int(frame[period].iloc[row]), expected)
    return SourceFile(
        path=path,
        frame=frame.reset_index(drop=True),
        starts=_tmy3_starts(frame),
        columns=columns,
        first_line=TMY3_FIRST_LINE,
        quality="modelled",
        wet=frame[code].reset_index(drop=True) >= METAR_FALLING if code in frame.columns else None,
        station=_station(meta),
        notes=(
            _LABEL,
            Repair("all", "dropped", "The albedo column is not used (0 with source '?' where unknown)."),
        ),
    )


def _tmy3_starts(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """Give the starts of the hours in the calendar of `TYPICAL_YEAR`, from the labels at their ends (01:00 to 24:00).

    pvlib's index is not used: it moves the last hour of February to 1 March where that month's year was a leap year.
    """
    days = frame["Date (MM/DD/YYYY)"].str.slice(0, 6) + str(TYPICAL_YEAR)
    hours = pd.to_numeric(frame["Time (HH:MM)"].str.slice(0, 2), errors="coerce")
    stamps = pd.to_datetime(days, format="%m/%d/%Y", errors="coerce") + pd.to_timedelta(hours - 1, unit="h")
    return pd.DatetimeIndex(stamps)


def read_epw(path: Path, source: WeatherSource) -> SourceFile:
    """Read an EPW file (hourly); years differ by month in a typical one, and are kept in a historical one."""
    frame, meta = _parsed(pvlib.iotools.read_epw, path, "an EPW file")
    columns = {
        "ghi_w_m2": SourceColumn("ghi"),
        "dni_w_m2": SourceColumn("dni"),
        "dhi_w_m2": SourceColumn("dhi"),
        "temperature_air_c": SourceColumn("temp_air"),
        "relative_humidity_frac": SourceColumn("relative_humidity", PERCENT),
        "wind_speed_m_s": SourceColumn("wind_speed"),
        "pressure_pa": SourceColumn("atmospheric_pressure"),
        "rain_mm_h": SourceColumn("liquid_precipitation_depth", source.rain_unit_mm),
    }
    # pvlib has moved the stamps to the start of the hour already.
    starts = pd.DatetimeIndex(frame.index).tz_localize(None)
    return SourceFile(
        path=path,
        frame=frame.reset_index(drop=True),
        starts=starts,
        columns=columns,
        first_line=EPW_FIRST_LINE,
        quality="modelled",
        station=_station(meta),
        notes=(_LABEL,),
    )


def read_csv(path: Path, source: WeatherSource) -> SourceFile:
    """Read a CSV file in the columns of the WEATHER contract; `quality` may be left out (then: measured)."""
    frame, starts = csv_rows(path, "WEATHER", WEATHER_VALUES, ("quality",))
    return _contract_file(path, frame, starts, CSV_FIRST_LINE, source)


def csv_rows(
    path: Path, table: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """Read the rows of a CSV file in a contract's columns, as text, and their stamps in UTC.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, has one too many, or has a stamp without its offset.
    """
    expected = f"a CSV file with the columns of the {table} table"
    # As text: pandas would take a naive stamp for UTC and an empty field for a number that is not there.
    frame = _parsed(pd.read_csv, path, expected, dtype=str, keep_default_na=False, skip_blank_lines=False)
    _contract_columns(path, frame, table, needed, optional)
    stamps = frame["time_utc"].str.strip()
    aware = stamps.str.fullmatch(r".+(Z|[+-]\d{2}:?\d{2})")
    if not aware.all():
        row = int((~aware).to_numpy().argmax())
        field = f"time_utc, line {row + CSV_FIRST_LINE}"
        raise InputError(path, field, stamps.iloc[row], "a time stamp with its offset, such as 2023-01-01T00:00:00Z")
    starts = _parsed(lambda _: pd.DatetimeIndex(pd.to_datetime(stamps, utc=True, format="ISO8601")), path, "ISO 8601")
    return frame, starts


def read_parquet(path: Path, source: WeatherSource) -> SourceFile:
    """Read a Parquet file in the columns of the WEATHER contract; `quality` may be left out (then: measured)."""
    frame, starts = parquet_rows(path, "WEATHER", WEATHER_VALUES, ("quality",))
    return _contract_file(path, frame, starts, 0, source)


def parquet_rows(
    path: Path, table: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """Read the rows of a Parquet file in a contract's columns, and their stamps in UTC.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, has one too many, or its stamps have no time zone.
    """
    frame = _parsed(pd.read_parquet, path, f"a Parquet file with the columns of the {table} table")
    _contract_columns(path, frame, table, needed, optional)
    if getattr(frame["time_utc"].dtype, "tz", None) is None:
        expected = "time stamps with a time zone, in UTC"
        raise InputError(path, "time_utc, row 0", str(frame["time_utc"].iloc[:1].squeeze()), expected)
    return frame, pd.DatetimeIndex(frame["time_utc"]).tz_convert("UTC")


def _contract_columns(
    path: Path, frame: pd.DataFrame, table: str, needed: tuple[str, ...], optional: tuple[str, ...]
) -> None:
    _require(path, frame, ["time_utc", *needed], f"the {table} table")
    known = ("time_utc", *needed, *optional)
    for column in frame.columns:
        if column not in known:
            expected = f"one of {', '.join(known)}{nearest(str(column), known)}"
            raise InputError(path, "column", column, expected)


def _contract_file(
    path: Path, frame: pd.DataFrame, starts: pd.DatetimeIndex, first_line: int, source: WeatherSource
) -> SourceFile:
    columns = {name: SourceColumn(name) for name in WEATHER_VALUES}
    columns["rain_mm_h"] = SourceColumn("rain_mm_h", source.rain_unit_mm)
    quality: str | pd.Series = "measured"
    if "quality" in frame.columns:
        quality = frame["quality"]
        wrong = ~quality.isin(QUALITIES)
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            field = f"quality, {'line' if first_line else 'row'} {row + first_line}"
            raise InputError(path, field, quality.iloc[row], COLUMNS["quality"].expectation())
    return SourceFile(path, frame.reset_index(drop=True), starts, columns, first_line, quality)


READERS: dict[str, Callable[[Path, WeatherSource], SourceFile]] = {
    "tmy3": read_tmy3,
    "epw": read_epw,
    "csv": read_csv,
    "parquet": read_parquet,
}
