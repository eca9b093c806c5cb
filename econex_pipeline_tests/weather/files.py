"""Weather files made for a test, and districts that read them."""

from pathlib import Path

import pandas as pd

from econex_pipeline.district import District

FIRST_HOUR = "2023-06-01T00:00:00Z"


def reading(district: District, data_dir: Path | None = None, **weather) -> District:
    """A district whose weather source differs."""
    changes = {"weather": district.weather.model_copy(update=weather)}
    if data_dir is not None:
        changes["data_dir"] = data_dir
    return district.model_copy(update=changes)


def days_of_weather(days: int = 3, step: str = "1h", start: str = FIRST_HOUR) -> pd.DataFrame:
    """Some plausible days in the columns of the contract."""
    times = pd.date_range(start, periods=int(days * pd.Timedelta("1D") / pd.Timedelta(step)), freq=step, unit="ns")
    noon = ((times.hour + times.minute / 60 - 17) / 7).to_numpy()
    sun = (1 - noon**2).clip(0)
    return pd.DataFrame(
        {
            "time_utc": times,
            "ghi_w_m2": 800 * sun,
            "dni_w_m2": 600.0 * (sun > 0),
            "dhi_w_m2": 200 * sun,
            "temperature_air_c": 20 + 5 * sun,
            "relative_humidity_frac": 0.6,
            "wind_speed_m_s": 2.5,
            "pressure_pa": 98_000.0,
            "rain_mm_h": 0.2,
        }
    )


def write_csv(folder: Path, frame: pd.DataFrame, name: str = "own.csv") -> str:
    """Write as a user would, with stamps that carry their offset."""
    stamped = frame.assign(time_utc=[stamp.isoformat() for stamp in frame["time_utc"]])
    stamped.to_csv(folder / "weather" / name, index=False)
    return name


def write_epw(path: Path, frame: pd.DataFrame, utc_offset_h: int, **header: float) -> None:
    """Write hours as an EPW file, labelled 1 to 24 by their ends."""
    station = {"latitude": 36.1, "longitude": -79.95, "clock_h": utc_offset_h} | header
    lines = [
        f"LOCATION,Testville,NC,USA,TMY,723170,{station['latitude']},{station['longitude']},{station['clock_h']},273.0"
    ]
    lines += ["DESIGN CONDITIONS,0", "TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0", "HOLIDAYS,No,0,0,0"]
    lines += ["COMMENTS 1", "COMMENTS 2", "DATA PERIODS,1,1,Data,Sunday,1/1,12/31"]
    for row in frame.itertuples():
        local = row.time_utc + pd.Timedelta(hours=utc_offset_h)
        values = [local.year, local.month, local.day, local.hour + 1, 0, "?9"]
        values += [row.temperature_air_c, 10.0, row.relative_humidity_frac * 100, row.pressure_pa, 0, 0, 300]
        values += [row.ghi_w_m2, row.dni_w_m2, row.dhi_w_m2, 0, 0, 0, 0, 180, row.wind_speed_m_s, 5, 5]
        values += [16, 77777, 9, "999999999", 10, 0.1, 0, 88, 0.2, row.rain_mm_h, 1.0]
        lines.append(",".join(str(value) for value in values))
    path.write_text("\n".join(lines) + "\n")
