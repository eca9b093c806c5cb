import pandas as pd
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.weather import read_weather, weather_for
from econex_pipeline_tests.weather.files import days_of_weather, reading, write_csv, write_epw


def historical(district, own_data, frame, name=None):
    name = name or write_csv(own_data, frame)
    return reading(district, own_data, file=name, format=name.split(".")[-1], kind="historical", rain_unit_mm=1.0)


def test_a_dated_file_gives_its_own_dates(district, own_data):
    frame = days_of_weather()
    source = historical(district, own_data, frame)
    year = read_weather(source)
    assert (year.kind, year.step_minutes) == ("historical", 60)
    assert (year.table["quality"] == "measured").all()
    pd.testing.assert_frame_equal(year.table.drop(columns="quality"), frame)
    day = pd.DatetimeIndex(frame["time_utc"][24:48])
    pd.testing.assert_frame_equal(weather_for(year, source, day), year.table[24:48].reset_index(drop=True))


def test_a_date_the_file_does_not_hold_is_refused(district, own_data):
    source = historical(district, own_data, days_of_weather())
    times = pd.date_range("2023-06-03T20:00Z", periods=24, freq="1h", unit="ns")
    with pytest.raises(
        InputError, match=r"own.csv: time_utc: no row for 2023-06-04 00:00:00.*; the file holds 2023-06-01 .*noon"
    ):
        weather_for(read_weather(source), source, times)


def test_stamps_with_another_offset_are_moved_to_utc(district, own_data):
    frame = days_of_weather()
    eastern = frame.assign(time_utc=frame["time_utc"].dt.tz_convert("Etc/GMT+5"))
    year = read_weather(historical(district, own_data, eastern))
    assert (year.table["time_utc"] == frame["time_utc"]).all()


def test_parquet_and_csv_say_the_same(district, own_data):
    frame = days_of_weather().assign(quality="interpolated")
    frame.to_parquet(own_data / "weather" / "own.parquet")
    by_parquet = read_weather(historical(district, own_data, frame, "own.parquet"))
    pd.testing.assert_frame_equal(by_parquet.table, read_weather(historical(district, own_data, frame)).table)
    assert (by_parquet.table["quality"] == "interpolated").all()


def test_naive_stamps_are_refused_in_csv_and_parquet(district, own_data):
    frame = days_of_weather()
    naive = frame.assign(time_utc=frame["time_utc"].dt.tz_localize(None))
    with pytest.raises(InputError, match=r"time_utc, line 2 is '2023-06-01T00:00:00'; expected a time stamp with its"):
        read_weather(historical(district, own_data, naive))
    naive.to_parquet(own_data / "weather" / "own.parquet")
    with pytest.raises(InputError, match=r"time_utc, row 0 .* expected time stamps with a time zone"):
        read_weather(historical(district, own_data, naive, "own.parquet"))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.drop(index=5), r"time, line 7 is '2023-06-01 06:00.* after a gap .*expected a row each 0 days 01"),
        (lambda f: f.loc[[*range(6), *range(5, 72)]], r"time, line 8 is '2023-06-01 05:00.* twice"),
        (lambda f: f.loc[[1, 0, *range(2, 72)]], r"time, line 3 is .* out of order"),
        (lambda f: f.assign(ghi_w_m2=f["ghi_w_m2"].where(f.index != 7)), r"ghi_w_m2, line 9 is ''; expected a finite"),
        (lambda f: f.assign(ghi_w_m2="many"), r"ghi_w_m2, line 2 is 'many'; .*72 of 72 rows fail"),
        (lambda f: f.assign(pressure_pa=980.0), r"pressure_pa, line 2 is '980.0'; expected .*>= 50000 .*\[Pa\]"),
        (lambda f: f.assign(relative_humidity_frac=60.0), r"relative_humidity_frac, line 2 is '60.0'; expected .*<= 1"),
        (lambda f: f.rename(columns={"rain_mm_h": "rain_mm"}), r"column 'rain_mm_h' is 'missing'.*mean 'rain_mm'"),
        (lambda f: f.assign(snow_mm_h=0.0), r"column is 'snow_mm_h'; expected one of time_utc"),
        (lambda f: f.assign(quality="guessed"), r"quality, line 2 is 'guessed'; expected one of measured"),
        (lambda f: f[:1], r"rows is 1; expected at least two"),
    ],
)
def test_a_spoilt_contract_file_is_refused_by_field_and_line(district, own_data, spoil, message):
    source = historical(district, own_data, spoil(days_of_weather()))
    with pytest.raises(InputError, match=f"own.csv: {message}"):
        read_weather(source)


def test_local_stamps_passed_off_as_utc_are_found_by_the_sun_at_night(district, own_data):
    frame = days_of_weather()
    late = frame.assign(ghi_w_m2=frame["ghi_w_m2"].shift(-5, fill_value=0.0))
    with pytest.raises(InputError, match=r"ghi_w_m2 is '.*% of its sum at night'; expected .*starts in UTC"):
        read_weather(historical(district, own_data, late))


def test_half_hours_off_the_full_hour_are_refused(district, own_data):
    with pytest.raises(InputError, match=r"time step .* rows on its multiples"):
        read_weather(historical(district, own_data, days_of_weather(start="2023-06-01T00:20:00Z")))


@pytest.mark.parametrize("factor", [0.0, 0.0036])  # an empty column; MJ/m2 taken for W/m2
def test_a_year_without_sun_is_refused(district, own_data, factor):
    year = days_of_weather(365, start="2023-01-01T05:00:00Z")
    source = historical(district, own_data, year.assign(ghi_w_m2=year["ghi_w_m2"] * factor))
    with pytest.raises(InputError, match=r"ghi_w_m2 is '\d+ kWh/m2 in a year'; expected 400 to 3000 kWh/m2"):
        read_weather(source)


def test_a_leap_year_serves_as_a_typical_year_without_its_leap_day(district, own_data, year):
    frame = days_of_weather(366, start="2024-01-01T05:00:00Z").assign(temperature_air_c=range(366 * 24))
    frame["ghi_w_m2"] = frame["ghi_w_m2"].where(frame["ghi_w_m2"] > 500.0, 0.0)  # sun up all the year
    frame["temperature_air_c"] = frame["temperature_air_c"] / 366 / 24
    write_csv(own_data, frame)
    read = read_weather(reading(district, own_data, file="own.csv", format="csv", rain_unit_mm=1.0))
    assert len(read.table) == 8760
    assert any("29 February" in repair.message for repair in read.repairs)
    march = frame.loc[frame["time_utc"] == "2024-03-01T05:00Z", "temperature_air_c"].item()
    assert read.table["temperature_air_c"][59 * 24] == pytest.approx(march, rel=1e-12)


def test_an_epw_file_says_what_was_written(district, own_data, year):
    write_epw(own_data / "weather" / "own.epw", year.table, -5)
    read = read_weather(reading(district, own_data, file="own.epw", format="epw", rain_unit_mm=1.0))
    columns = [column for column in year.table.columns if column != "quality"]
    pd.testing.assert_frame_equal(read.table[columns], year.table[columns])


def test_an_epw_file_without_rain_is_refused(district, own_data, year):
    source = reading(district, own_data, file="own.epw", format="epw", rain_unit_mm=1.0)
    write_epw(own_data / "weather" / "own.epw", year.table.assign(rain_mm_h=999.0), -5)
    with pytest.raises(InputError, match=r"liquid_precipitation_depth, line 9 is 999.0"):
        read_weather(source)
    write_epw(own_data / "weather" / "own.epw", year.table.assign(rain_mm_h=0.0), -5)
    with pytest.raises(InputError, match=r"\(rain\) is '0 mm in a year'"):
        read_weather(source)


def test_an_epw_station_on_another_clock_is_refused(district, own_data, year):
    write_epw(own_data / "weather" / "own.epw", year.table, -5, clock_h=-8)
    with pytest.raises(InputError, match=r"header utc_offset_h is -8.0; expected site.utc_offset_h -5"):
        read_weather(reading(district, own_data, file="own.epw", format="epw", rain_unit_mm=1.0))
