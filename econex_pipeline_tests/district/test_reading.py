"""A district file that is wrong is refused in one sentence that names file, field, value and what would be right."""

import re

import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.district import by_hour, cases, load_case


def spoil(own_data, old: str, new: str) -> None:
    path = own_data / "districts" / "econex" / "district.yaml"
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1))


def refusal(own_data, case: str = "base") -> str:
    with pytest.raises(InputError) as caught:
        load_case(own_data, case)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_the_pilot_is_read_with_the_numbers_of_its_file(district):
    assert district.nodes["home_1"].pv.capacity_kw == 10.0
    assert district.storages["battery_1"].capacity == 13.5
    assert district.tank_at("home_2", "W") == "cistern"
    assert district.storages["battery_1"].source_of("power_kw") == "Tesla Powerwall 2 class"
    assert district.storages["battery_1"].one_way_frac ** 2 == pytest.approx(0.89)


def test_each_shipped_case_is_read(data_dir):
    assert {"base", "cloudy", "drought"} <= set(cases(data_dir))
    for case in cases(data_dir):
        assert load_case(data_dir, case).case == case


def test_a_case_changes_what_it_says_and_nothing_else(data_dir, district):
    drought = load_case(data_dir, "drought")
    assert drought.weather.rain_factor == 0.0
    assert drought.storages["cistern"].start == 1.0
    assert drought.storages["raw_tank"] == district.storages["raw_tank"]


def test_the_flat_tariff_is_the_mean_of_the_pilots(data_dir, district):
    flat = load_case(data_dir, "flat_tariff").tariffs.electricity
    for season, windows in zip(flat, district.tariffs.electricity, strict=True):
        assert season.months == windows.months
        for name in ("buy_usd_kwh", "sell_usd_kwh"):
            prices = by_hour(getattr(season, name))
            assert prices == pytest.approx([sum(by_hour(getattr(windows, name))) / 24] * 24, abs=5e-4)


def write_case(own_data, changes: str, name: str = "other") -> None:
    text = f"district: econex\ndescription: other\nchanges:\n  {changes}\n"
    (own_data / "cases" / f"{name}.yaml").write_text(text)


def test_a_storage_that_a_case_takes_away_leaves_no_end_value(own_data):
    write_case(own_data, "storages: {battery_1: null}")
    other = load_case(own_data, "other")
    assert other.batteries == {}
    assert "battery_1" not in other.end_values
    assert "cistern" in other.end_values


def test_what_is_not_there_cannot_be_taken_away(own_data):
    write_case(own_data, "storages: {batery_1: null}")
    said = refusal(own_data, "other")
    assert "cases/other.yaml: changes.storages.batery_1: null takes away" in said
    assert "did you mean 'battery_1'?" in said


def test_a_misspelt_device_in_a_case_is_named_with_the_nearest(own_data):
    write_case(own_data, "storages: {batery_1: {capacity_kwh: 10.0}}")
    said = refusal(own_data, "other")
    assert "cases/other.yaml: storages.batery_1.node: is missing and needed; did you mean 'battery_1'?" in said


def test_parts_of_a_case_that_do_not_fit_together_name_both_files(own_data):
    write_case(own_data, "storages: {raw_tank: null}")
    said = refusal(own_data, "other")
    assert "districts/econex/district.yaml with the changes of" in said
    assert "treatments.treatment needs a storage of layer W at node 'hub'" in said


def test_a_wrong_season_in_a_case_is_blamed_on_the_case(own_data):
    season = "{season: all, months: [1], buy_usd_kwh: {'00-24': 0.1}, sell_usd_kwh: {'00-24': 0.3}, source: assumption}"
    write_case(own_data, f"tariffs: {{electricity: [{season}]}}")
    assert "cases/other.yaml: tariffs.electricity.0: at 00 h the sell price" in refusal(own_data, "other")


@pytest.mark.parametrize("name", ["odd name", "1st", "a.b", "été"])
def test_a_case_file_needs_a_plain_name(own_data, name):
    write_case(own_data, "weather: {rain_factor: 1.0}", name)
    assert f"name of the file is '{name}'; expected a plain name" in refusal(own_data, name)


def test_two_cases_that_would_be_stored_under_one_name_are_refused(own_data):
    for name in ("dry-year", "dry_year"):
        write_case(own_data, "weather: {rain_factor: 0.0}", name)
    assert "dry_year.yaml would be stored under the same name, 'dry_year'" in refusal(own_data, "dry-year")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tilt_deg: 20.0", "tilt_degg: 20.0", "unknown key 'tilt_degg'; did you mean 'tilt_deg'?"),
        ("tilt_deg: 20.0", "tilt_deg: 120.0", "nodes.home_1.pv.tilt_deg is 120.0; expected less than or equal to 90"),
        ("tilt_deg: 20.0", "tilt_deg: .nan", "nodes.home_1.pv.tilt_deg is nan; expected a finite number"),
        ("tilt_deg: 20.0", "tilt_deg: yes", "nodes.home_1.pv.tilt_deg: a number is needed here"),
        ("1.0e+12", "1e12", "a number is needed here, not '1e12' (write 1.0e+12, not 1e12)"),
        ("tilt_deg: 20.0", "tilt_deg: 20.0\n      tilt_deg: 30.0", "the key 'tilt_deg' stands twice"),
        ("16-21\": 0.30", "16-21\": 0.90", "at 16 h the sell price 0.9 is above the buy price 0.61 per kWh"),
        ("\"15-16\": 0.45, ", "", "no price for the hours 15"),
        ("start_m3: 1.5", "start_m3: 3.5", "storages.raw_tank: start is 3.5 m3, outside its limits 0 to 3 m3"),
        ("tail: home_2, head: hub, layer: W", "tail: home_3, head: hub, layer: W",
         "arcs.raw_2_hub.tail is 'home_3', which is no node of the district; did you mean 'home_2'?"),
        ("meter: RETURN_1}", "}", "an arc of kind 'gravity' needs actuator, meter; missing ['meter']"),
        ("value_usd_m3: 2.70", "value_usd_m3: 0.5", "end_values.potable_tank: the first units are worth most"),
        ("utc_offset_h: -5", "utc_offset_h: 5.5", "no whole number of hours from UTC"),
        ("America/New_York", "America/New_Yorck", "did you mean 'America/New_York'?"),
        ("months: [6, 7, 8, 9]", "months: [6, 7, 8]", "each month belongs to one season; twice: [], missing: [9]"),
        ("source: header of the TMY3 file 723170TYA.CSV", "", "'latitude_deg' has no source"),
        ("name: econex", "name: exonex", "name is 'exonex'; expected the folder's name, 'econex'"),
        ("capacity_kw: 10.0\n      ", "", "nodes.home_1.pv.capacity_kw: is missing and needed"),
        ("node: home_2, layer: W, tank", "node: hub, layer: W, tank", "both hold layer W at node 'hub'"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_field(own_data, old, new, said):
    spoil(own_data, old, new)
    message = refusal(own_data)
    assert said in message
    assert "districts/econex/district.yaml" in message


def test_a_wrong_value_in_a_case_is_blamed_on_the_case(own_data):
    (own_data / "cases" / "odd.yaml").write_text(
        "district: econex\ndescription: odd\nchanges:\n  weather: {rain_factor: -1}\n"
    )
    assert re.search(
        r"cases/odd\.yaml: weather\.rain_factor is -1; expected greater than or equal to 0", refusal(own_data, "odd")
    )


def test_a_case_that_does_not_exist_names_those_that_do(own_data):
    said = refusal(own_data, "draught")
    assert "base, carbon_first, cloudy, drought" in said
    assert "did you mean 'drought'?" in said


@pytest.mark.parametrize("case", ["../base", "/etc/passwd", "base.yaml"])
def test_a_case_name_that_is_a_path_is_refused(own_data, case):
    assert "a plain name" in refusal(own_data, case)


def test_a_missing_district_folder_is_named(own_data):
    (own_data / "cases" / "away.yaml").write_text("district: elsewhere\ndescription: away\n")
    assert "districts/elsewhere/district.yaml" in refusal(own_data, "away")


def test_an_unknown_key_in_a_case_names_the_nearest(own_data):
    (own_data / "cases" / "typo.yaml").write_text("district: econex\ndescription: x\nchange: {}\n")
    assert "did you mean 'changes'?" in refusal(own_data, "typo")


@pytest.mark.parametrize("window", ["16-16", "21-16", "16-25", "4pm-9pm"])
def test_a_price_window_must_be_hours_of_the_day(window):
    with pytest.raises(ValueError, match="not of the form"):
        by_hour({"00-16": 1.0, window: 2.0})
