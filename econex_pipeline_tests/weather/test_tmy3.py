import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
import pytest

from econex_pipeline.contracts import InputError, validate
from econex_pipeline.weather import read_weather
from econex_pipeline_tests.weather.files import reading

FILE = "723170TYA.CSV"
PVLIB_DATA = Path(pvlib.__file__).parent / "data"


@pytest.fixture(scope="module")
def lines(data_dir) -> list[dict[str, str]]:
    """The file as plain text, read without pandas or pvlib."""
    with (data_dir / "weather" / FILE).open() as handle:
        next(handle)
        return list(csv.DictReader(handle))


def local_hours(year) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(year.table["time_utc"]).tz_convert("Etc/GMT+5")


def rain_of_days_mm(year) -> np.ndarray:
    return year.table["rain_mm_h"].to_numpy().reshape(365, 24).sum(axis=1)


def test_the_shipped_file_is_the_one_that_pvlib_ships(data_dir):
    assert (data_dir / "weather" / FILE).read_bytes() == (PVLIB_DATA / FILE).read_bytes()


def test_an_hour_labelled_by_its_end_is_stored_by_its_start(year, lines):
    row = next(line for line in lines if line["Date (MM/DD/YYYY)"][:6] == "07/15/" and line["Time (HH:MM)"] == "13:00")
    at = year.table[(local_hours(year).strftime("%m-%d %H:%M") == "07-15 12:00")].iloc[0]
    assert at["ghi_w_m2"] == float(row["GHI (W/m^2)"])
    assert at["relative_humidity_frac"] == pytest.approx(float(row["RHum (%)"]) / 100)
    assert at["pressure_pa"] == float(row["Pressure (mbar)"]) * 100


def test_every_row_stands_where_the_file_has_it(year, lines):
    kept = (year.table["quality"] != "borrowed").to_numpy()
    for column, name in {"dni_w_m2": "DNI (W/m^2)", "temperature_air_c": "Dry-bulb (C)"}.items():
        assert (year.table[column].to_numpy() == [float(line[name]) for line in lines])[kept].all()


def test_february_of_a_leap_year_keeps_its_last_hour(year):
    stamps = local_hours(year)
    assert len(stamps) == 8760
    assert stamps[31 * 24 + 28 * 24 - 1].strftime("%m-%d %H") == "02-28 23"
    assert stamps[-1].strftime("%m-%d %H") == "12-31 23"


def test_the_year_has_the_sun_of_greensboro(year):
    assert year.table["ghi_w_m2"].sum() / 1000 == pytest.approx(1566, abs=1)


def test_rain_is_counted_in_tenths_of_a_millimetre(year, lines):
    printed = np.array([float(line["Lprecip depth (mm)"]) for line in lines])
    kept = (year.table["quality"] != "borrowed").to_numpy()
    assert printed.sum() == 8345
    assert year.table["rain_mm_h"].to_numpy()[kept].sum() == pytest.approx(834.5)
    assert "834 mm, not 8345 mm" in " ".join(repair.message for repair in year.repairs)


def test_rain_taken_for_millimetres_is_refused(district):
    with pytest.raises(InputError, match=r"Lprecip depth \(mm\), line \d+ is \d+.*120.*mm/h.*rain_unit_mm"):
        read_weather(reading(district, rain_unit_mm=1.0))


def test_rain_taken_for_hundredths_is_refused_by_its_yearly_total(district):
    with pytest.raises(InputError, match=r"rain\) is '8 mm in a year'; expected 50 to 3500 mm"):
        read_weather(reading(district, rain_unit_mm=0.001))


def test_february_borrows_its_lost_rain_as_whole_days(year):
    table, days = year.table, rain_of_days_mm(year)
    february = slice(31, 59)
    assert days[february].sum() == pytest.approx(42.5)
    assert ((days > 0.2).sum(), (days[february] > 0.2).sum()) == (97 + 8, 8)
    borrowed = [repair for repair in year.repairs if repair.what == "borrowed"]
    assert len(borrowed) == 8
    assert (table["quality"] == "borrowed").sum() == 8 * 24
    values = [column for column in table.columns if column not in ("time_utc", "quality")]
    for repair in borrowed:
        here = table.index[table["time_utc"] == repair.time_utc][0]
        there = table.index[table["time_utc"] == repair.source_time_utc][0]
        copied = table.loc[here : here + 23, values].to_numpy()
        assert (copied == table.loc[there : there + 23, values].to_numpy()).all()
        assert (table.loc[here : here + 23, "quality"] == "borrowed").all()
        assert repair.source_time_utc.month in (1, 3)


def test_no_day_is_lent_twice(year):
    lent = [repair.source_time_utc for repair in year.repairs if repair.what == "borrowed"]
    assert len(set(lent)) == len(lent)


def test_wet_february_days_were_wet_in_the_file(year, lines):
    coded = {line["Date (MM/DD/YYYY)"][:5] for line in lines if float(line["PresWth (METAR code)"]) >= 50}
    for repair in year.repairs:
        if repair.what == "borrowed":
            assert (repair.time_utc - pd.Timedelta("5h")).strftime("%m/%d") in coded


def test_the_repairs_report_is_a_table(year):
    report = year.repairs_report()
    assert set(report["what"]) == {"label", "dropped", "unit", "borrowed"}
    assert report["message"].str.endswith(".").all()


def test_the_table_keeps_its_contract(year):
    assert validate(year.table, "WEATHER") is year.table


def test_sand_point_is_refused_for_its_rain(district, own_data):
    (own_data / "weather" / "703165TY.csv").write_bytes((PVLIB_DATA / "703165TY.csv").read_bytes())
    with pytest.raises(InputError, match=r"703165TY.csv: Lprecip .* is -9900; .*8011 of 8760 rows fail"):
        read_weather(reading(district, own_data, file="703165TY.csv"))


def test_six_hour_totals_are_not_taken_for_an_hour(district, own_data):
    frame = (own_data / "weather" / FILE).read_text().splitlines()
    at = next(i for i, line in enumerate(frame) if ",15,1,D,9," in line)
    frame[at] = frame[at].replace(",15,1,D,9,", ",15,6,D,9,")
    (own_data / "weather" / FILE).write_text("\n".join(frame) + "\n")
    with pytest.raises(InputError, match=rf"Lprecip quantity \(hr\), line {at + 1} is 6; expected 1 h"):
        read_weather(reading(district, own_data))


def test_the_station_must_stand_at_the_site(district):
    elsewhere = district.model_copy(update={"site": district.site.model_copy(update={"longitude_deg": -122.3})})
    with pytest.raises(InputError, match=r"header longitude_deg is -79.95; expected site.longitude_deg -122.3"):
        read_weather(elsewhere)


def test_a_typical_year_is_no_history(district):
    with pytest.raises(InputError, match=r"weather.kind is 'historical'; expected typical"):
        read_weather(reading(district, kind="historical"))


def test_a_missing_file_is_named(district):
    with pytest.raises(InputError, match=r"weather/nowhere.csv: weather.file is 'missing'"):
        read_weather(reading(district, file="nowhere.csv"))


def spoil(lines: list[str], how: str) -> list[str]:
    """Damage the file on line 1000."""
    cells = lines[999].split(",")
    if how == "gap":
        return lines[:999] + lines[1000:]
    if how == "repeat":
        return lines[:1000] + lines[999:-1]
    if how == "cut off":
        return lines[:5000]
    if how == "no ghi":
        cells[4] = ""
    if how == "text in ghi":
        cells[4] = "n/a"
    if how == "missing code in dni":
        cells[7] = "-9900"
    if how == "fahrenheit":
        cells[31] = "88.0"
    return [*lines[:999], ",".join(cells), *lines[1000:]]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("gap", r"time, line 1000 is '02-11 14:00 .*'; expected 02-11 13:00"),
        ("repeat", r"time, line 1001 is '02-11 13:00 .*'; expected 02-11 14:00"),
        ("cut off", r"rows is 4998; expected 8760"),
        ("no ghi", r"GHI \(W/m\^2\), line 1000 is nan; expected a finite number >= 0 and <= 1500 \[W/m2\]"),
        ("text in ghi", r"GHI \(W/m\^2\), line 1000 is (nan|'n/a'); expected a finite number"),
        ("missing code in dni", r"DNI \(W/m\^2\), line 1000 is -9900; expected a finite number >= 0"),
        ("fahrenheit", r"Dry-bulb \(C\), line 1000 is 88.0; expected a finite number >= -60 and <= 60 \[degC\]"),
    ],
)
def test_a_spoilt_file_is_refused_by_name_and_line(district, own_data, how, message):
    path = own_data / "weather" / FILE
    path.write_text("\n".join(spoil(path.read_text().splitlines(), how)) + "\n")
    with pytest.raises(InputError, match=f"{FILE}: {message}"):
        read_weather(reading(district, own_data))


def test_a_renamed_column_is_missed_by_name(district, own_data):
    path = own_data / "weather" / FILE
    path.write_text(path.read_text().replace("Dry-bulb (C)", "Dry bulb (C)", 1))
    with pytest.raises(InputError, match=r"column 'Dry-bulb \(C\)' is 'missing'.*did you mean 'Dry bulb \(C\)'"):
        read_weather(reading(district, own_data))


def test_a_file_of_another_kind_is_refused(district, own_data):
    (own_data / "weather" / FILE).write_text("hello\n")
    with pytest.raises(InputError, match=r"content is 'unreadable .*expected a TMY3 file"):
        read_weather(reading(district, own_data))
