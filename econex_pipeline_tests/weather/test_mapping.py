from datetime import date

import numpy as np
import pandas as pd
import pvlib
import pytest
from pydantic import ValidationError

from econex_pipeline.contracts import ContractViolation, InputError, validate
from econex_pipeline.contracts.tables import WEATHER_VALUES
from econex_pipeline.contracts.time import operating_window
from econex_pipeline.district import Spell, load_case
from econex_pipeline.weather import read_weather, weather_for
from econex_pipeline.weather.sky import clear_sky
from econex_pipeline_tests.weather.files import days_of_weather, reading, write_csv

NUMBERS = list(WEATHER_VALUES)


def day(district, year, when: date, days: int = 1) -> pd.DataFrame:
    return weather_for(year, district, operating_window(when, -5, district.step_minutes, days))


def stepped(district, minutes: int):
    return district.model_copy(update={"step_minutes": minutes})


def test_a_typical_year_serves_any_year(district, year):
    first, later = day(district, year, date(2025, 7, 3)), day(district, year, date(2031, 7, 3))
    assert (first[NUMBERS] == later[NUMBERS]).all(axis=None)
    assert first["rain_mm_h"].sum() == pytest.approx(37.0)


def test_a_leap_day_is_the_day_before_once_more_and_shifts_nothing(district, year):
    three = day(district, year, date(2024, 2, 28), 3)[NUMBERS].to_numpy()
    common = day(district, year, date(2025, 2, 28), 2)[NUMBERS].to_numpy()
    assert (three[:24] == three[24:48]).all()
    assert (three[[*range(24), *range(48, 72)]] == common).all()


def test_the_year_goes_round_at_new_year(district, year):
    eve = day(district, year, date(2025, 12, 31), 2)
    assert (eve[NUMBERS].to_numpy()[24:] == year.table[NUMBERS].to_numpy()[:24]).all()
    assert (eve[NUMBERS].to_numpy()[:24] == year.table[NUMBERS].to_numpy()[-24:]).all()


def test_summer_hours_stay_in_standard_time(district, year):
    noon = pd.DatetimeIndex(["2025-07-15T17:00Z"]).as_unit("ns")  # 12:00 standard, 13:00 on the wall
    row = year.table.index[(year.table["time_utc"].dt.strftime("%m-%d %H") == "07-15 17")][0]
    assert (weather_for(year, district, noon)[NUMBERS].iloc[0] == year.table[NUMBERS].loc[row]).all()


@pytest.mark.parametrize("minutes", [15, 60])
def test_times_between_the_steps_are_refused(district, year, minutes):
    times = pd.date_range("2025-07-15T05:05Z", periods=3, freq="1h", unit="ns")
    with pytest.raises(ContractViolation, match=rf"first at 2025-07-15 05:05.*starts on multiples of {minutes} min"):
        weather_for(year, stepped(district, minutes), times)


@pytest.mark.parametrize("minutes", [15, 20, 30])
@pytest.mark.parametrize("when", [date(2025, 7, 3), date(2025, 1, 1), date(2025, 12, 31), date(2024, 2, 29)])
def test_nothing_is_made_or_lost_between_hours_and_shorter_steps(district, year, minutes, when):
    hours = day(district, year, when)
    parts = day(stepped(district, minutes), year, when)
    assert len(validate(parts, "WEATHER")) == 24 * 60 // minutes
    kept = parts[NUMBERS].to_numpy().reshape(24, 60 // minutes, len(NUMBERS)).mean(axis=1)
    np.testing.assert_allclose(kept, hours[NUMBERS].to_numpy(), rtol=1e-12, atol=1e-12)
    assert (parts["quality"] == "interpolated").all()


def test_the_morning_sun_climbs_within_the_hour(district, year):
    clear = day(stepped(district, 15), year, date(2025, 7, 15))["ghi_w_m2"].to_numpy()
    morning = clear[6 * 4 : 9 * 4]
    assert (np.diff(morning) > 0).mean() > 0.9


def test_a_borrowed_day_stays_marked_in_short_steps(district, year):
    assert (day(stepped(district, 15), year, date(2025, 2, 2))["quality"] == "borrowed").all()


def test_a_quarter_hour_file_becomes_hours_by_its_means(district, own_data):
    frame = days_of_weather(2, "15min")
    write_csv(own_data, frame)
    source = reading(district, own_data, file="own.csv", format="csv", kind="historical", rain_unit_mm=1.0)
    times = pd.date_range("2023-06-01T12:00Z", periods=6, freq="1h", unit="ns")
    hours = weather_for(read_weather(source), source, times)
    assert hours["ghi_w_m2"][0] == pytest.approx(frame["ghi_w_m2"][48:52].mean())
    with pytest.raises(InputError, match=r"step_minutes is 20; expected a divisor or a multiple of .* 15 min"):
        weather_for(read_weather(source), stepped(source, 20), times)


def test_an_hourly_history_gives_quarter_hours_to_its_very_ends(district, own_data):
    frame = days_of_weather(1)
    write_csv(own_data, frame)
    source = reading(district, own_data, file="own.csv", format="csv", kind="historical", rain_unit_mm=1.0)
    times = pd.date_range("2023-06-01T00:00Z", periods=96, freq="15min", unit="ns")
    quarters = weather_for(read_weather(source), stepped(source, 15), times)
    assert quarters["temperature_air_c"].mean() == pytest.approx(frame["temperature_air_c"].mean())


def test_a_dark_case_is_darker_and_stays_coherent(district, year):
    dark = reading(district, clear_sky_index_factor=0.45)
    bright, dim = day(district, year, date(2025, 7, 15)), day(dark, year, date(2025, 7, 15))
    np.testing.assert_allclose(dim["ghi_w_m2"], 0.45 * bright["ghi_w_m2"])
    middles = pd.DatetimeIndex(dim["time_utc"]) + pd.Timedelta("30min")
    zenith = pvlib.solarposition.get_solarposition(middles, 36.1, -79.95, 273.0)["zenith"].to_numpy()
    rebuilt = dim["dni_w_m2"] * np.cos(np.radians(zenith)) + dim["dhi_w_m2"]
    high = zenith < 85
    np.testing.assert_allclose(rebuilt[high], dim["ghi_w_m2"][high], rtol=1e-9)
    assert (dim["quality"] == "modelled").all()
    validate(dim, "WEATHER")


def test_no_case_is_brighter_than_a_clear_sky(district, year):
    bright = day(reading(district, clear_sky_index_factor=3.0), year, date(2025, 7, 3))
    assert bright["ghi_w_m2"].max() < 1050
    validate(bright, "WEATHER")


def test_a_drought_is_dry_and_a_heat_wave_hot(district, year):
    plain = day(district, year, date(2025, 7, 3))
    dry = day(reading(district, rain_factor=0.0, temperature_shift_c=3.0), year, date(2025, 7, 3))
    assert dry["rain_mm_h"].sum() == 0
    np.testing.assert_allclose(dry["temperature_air_c"], plain["temperature_air_c"] + 3)
    assert (dry["ghi_w_m2"] == plain["ghi_w_m2"]).all()


def test_a_storm_beyond_all_rain_is_refused(district, year):
    storm = reading(district, rain_factor=50.0)
    with pytest.raises(InputError, match=r"base.yaml: weather.rain_factor is 50.0; expected .* 0 to 120 mm/h"):
        day(storm, year, date(2025, 7, 3))


def spell(**values):
    return Spell(source="made up", **values)


def test_a_spell_changes_its_days_and_no_other(district, year):
    storm = reading(
        district,
        spells=(spell(from_day="07-02", to_day="07-04", rain_factor=2.0, clear_sky_index_factor=0.5),),
    )
    times = operating_window(date(2025, 7, 1), -5, 60, days=5)
    plain, stormy = weather_for(year, district, times), weather_for(year, storm, times)
    inside = np.repeat([False, True, True, True, False], 24)
    pd.testing.assert_frame_equal(stormy[~inside], plain[~inside])
    np.testing.assert_allclose(stormy["rain_mm_h"][inside], 2.0 * plain["rain_mm_h"][inside])
    np.testing.assert_allclose(stormy["ghi_w_m2"][inside], 0.5 * plain["ghi_w_m2"][inside])
    assert (stormy["quality"][inside] == "modelled").all()


def test_a_spell_comes_on_top_of_the_year_and_over_its_turn(district, year):
    cold = reading(
        district, temperature_shift_c=1.0, spells=(spell(from_day="12-31", to_day="01-01", temperature_shift_c=-6.0),)
    )
    times = operating_window(date(2025, 12, 30), -5, 60, days=4)
    moved = (
        weather_for(year, cold, times)["temperature_air_c"] - weather_for(year, district, times)["temperature_air_c"]
    )
    np.testing.assert_allclose(moved, np.repeat([1.0, -5.0, -5.0, 1.0], 24))


@pytest.mark.parametrize("month", [1, 7])
@pytest.mark.parametrize(("case", "of_clear"), [("sunny", (0.95, 1.05)), ("cloudy", (0.25, 0.4))])
def test_a_sunny_or_cloudy_week_is_one_and_ends(district, year, case, of_clear, month):
    cased = load_case(district.data_dir, case)
    times = operating_window(date(2025, month, 14), -5, 60, days=9)
    plain, other = weather_for(year, district, times), weather_for(year, cased, times)
    week = np.repeat([False, *[True] * 7, False], 24)
    pd.testing.assert_frame_equal(other[~week], plain[~week])
    clear = clear_sky(times[week] + pd.Timedelta("30min"), district.site)["ghi_w_m2"].sum()
    assert of_clear[0] < other["ghi_w_m2"][week].sum() / clear < of_clear[1]
    rain_factor = 0.0 if case == "sunny" else 1.0
    np.testing.assert_array_equal(other["rain_mm_h"][week], rain_factor * plain["rain_mm_h"][week])


@pytest.mark.parametrize("text", ["7-8", "02-30", "2025-07-08", "W07-1"])
def test_a_spell_that_does_not_say_its_days_is_refused(text):
    with pytest.raises(ValidationError, match="write month and day, such as '07-08'"):
        spell(from_day=text, to_day="07-09")
