"""The page: one file, nothing loaded, honest, and the same for the same day."""

import dataclasses
import re
from html.parser import HTMLParser
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.district import Event
from econex_pipeline.reporting import render_report, words
from econex_pipeline.reporting.alarms import EVENTS, MOST_ALIKE, alarms
from econex_pipeline.reporting.balances import leaked
from econex_pipeline.reporting.devices import what_devices_did
from econex_pipeline.reporting.flows import water_links
from econex_pipeline.reporting.ledger import ledger

VOID = {"meta", "br", "img", "link", "input", "hr"}


@pytest.fixture(scope="module")
def page(report) -> str:
    return render_report(report)


class Reader(HTMLParser):
    """Collects tags, attributes and text; holds that every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_page_needs_nothing_from_anywhere(page):
    reader = read(page)
    assert not {"script", "link", "iframe", "img", "object", "embed"} & set(reader.tags)
    for tag, name, value in reader.attributes:
        if name in ("src", "href", "xlink:href", "action", "data"):
            assert value.startswith("#"), (tag, name, value)
    assert not re.search(r"url\((?!#)|@import", page)
    assert "http://" not in page
    assert "https://" not in page


def test_page_is_small_enough_to_mail(page):
    assert len(page.encode()) < 1_500_000


def test_same_day_gives_the_same_page(report, page):
    assert render_report(report) == page


def test_names_of_a_district_are_text_never_markup(report):
    evil = '<script>alert("x")</script>'
    nodes = {**report.district.nodes, "hub": report.district.nodes["hub"].model_copy(update={"title": evil})}
    district = report.district.model_copy(update={"title": evil, "notes": (evil,), "nodes": nodes})
    dry = report.operations.copy()
    dry.loc[(dry["element"] == "unserved.home_2.E"), "element"] = "unserved.hub.E"
    dry.loc[(dry["element"] == "unserved.hub.E"), "value"] = 1.0
    text = render_report(
        dataclasses.replace(
            report, district=district, operations=dry, repairs=(evil,), messages=(evil,), facts={evil: evil}
        )
    )
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 7


def test_headline_says_what_was_saved(page, made):
    cost = made.kpis.set_index(["strategy", "kpi"])["value"]
    now, then = cost["controlled", "cost_usd"], cost["no_control", "cost_usd"]
    text = "".join(read(page).text).replace(words.NO_BREAK, " ")
    assert f"The day cost {now:.2f} USD; without control it would have come to {then:.2f} USD" in text
    assert f"control saved {then - now:.2f} USD" in text
    assert "of it in the dearest hours (16:00–21:00;" in text
    assert "Tuesday 15 July 2025" in text


def test_what_went_wrong_is_listed_with_place_and_hour(page):
    text = "".join(read(page).text).replace(words.NO_BREAK, " ")
    assert "0.05 m³ ran over at the cistern (20:00–21:00)" in text
    assert (
        "One control cycle ran on the last good plan (1), of which the oldest was 3 h old, because of: no solution in "
        "time (15:00–16:00). It said: time limit"
    ) in text
    assert "Pumped hydro pump (pump, basin to upper) gave 1.80 m³ less than asked (12:00–13:00)" in text


def test_reasons_stand_by_the_hour_of_the_clock(page):
    """21:00 UTC is 17:00 on the clock of the site."""
    text = re.sub(r"\s+", " ", " ".join(read(page).text))
    assert "The reasons of all 2 hours" in text
    assert "17:00 Battery 1 discharges 2.1 kW: grid at 0.61 Pumped hydro turbine" in text
    assert "18:00 Controller rules: <no solution>" in text
    assert "<no solution>" not in page


def test_what_was_predicted_and_believed_stands_beside_what_was(page):
    text = "".join(read(page).text).replace(words.NO_BREAK, " ")
    assert "in brackets without what it has learnt from measurements: pumps 1.0 % (5.0 %)" in text
    assert "believed stored amounts within 0.1 % of capacity of what they were; level sensors alone showed them" in text


def test_a_sensor_that_meters_contradict_is_an_alarm(district, made):
    times = made.day.times[18:20]
    rows = {"time_utc": times, "element": "cistern", "quantity": "contradicted_readings", "basis": "delivered"}
    noticed = pd.concat([made.operations, pd.DataFrame(rows).assign(value=1.0)])
    found = {alarm.title: alarm.text for alarm in alarms(noticed, made.states, made.kpis, district)}
    text = found["A level sensor and the meters contradict each other"]
    assert text.startswith("cistern: the sensor drifts, or water or energy leaves without a meter")
    assert "(19:00–21:00)" in text


def test_unserved_demand_comes_first(district, made):
    found = alarms(made.operations_without, made.states_without, made.kpis, district)
    assert found[0].grade == "bad"
    assert "0.02" in found[0].text
    assert "drinking water" in found[0].text
    assert district.nodes["hub"].title in found[0].text


def test_power_that_took_another_line_is_no_shortfall(district, made):
    """Lines carry what physics sends their way: only what follows a set point can fall short of it."""
    sent = made.operations[made.operations["element"].isin(["line_1_hub", "battery_1.charge"])]
    asked = sent.assign(basis="asked", value=sent["value"] * 2.0 + 1.0)
    found = alarms(pd.concat([made.operations, asked]), made.states, made.kpis, district)
    texts = [alarm.text for alarm in found if "Asked" in alarm.title]
    assert any("Battery 1 charge gave" in text for text in texts)
    assert not any("line 1 hub" in text for text in texts)


def test_a_full_tank_is_no_fault_of_its_pump(district, made):
    """The pump runs from the start of its hour: what the tank had no room for then is told, and raises no alarm."""
    calm = made.operations[~made.operations["element"].str.startswith(("overflow", "unserved", "controller"))]
    calm = calm[calm["basis"] != "asked"]
    sent = calm[(calm["element"] == "raw_2_hub") & (calm["quantity"] == "flow_m3_h") & (calm["value"] > 0.0)]
    asked = pd.concat([calm, sent.assign(basis="asked", value=sent["value"] + 0.5)])
    hours = made.states["time_utc"].isin(sent["time_utc"])
    for level_m3, why in ((2.9, "raw tank full"), (1.0, "")):
        states = made.states.copy()
        states.loc[hours & (states["element"] == "raw_tank"), "value"] = level_m3
        found = {alarm.grade: alarm.text for alarm in alarms(asked, states, made.kpis, district)}
        assert set(found) == ({"good", "note"} if why else {"warn"})
        told = found["note" if why else "warn"].replace(words.NO_BREAK, " ")
        assert why in told
        assert "raw 2 hub (pump, home 2 to hub)" in told.lower()
        assert "3.00 m³" in told


def test_what_was_not_served_stands_beside_the_saving(district, made):
    """Without control 0.02 m³ was missing: who serves less also pays less."""
    told = words.headline(made.kpis, made.operations, made.states, made.prices, district)
    missing = next(sentence for sentence in told if "not be served" in sentence).replace(words.NO_BREAK, " ")
    assert missing == "Demand that could not be served: none; without control it would have been 0.02 m³."


def test_devices_are_told_with_amounts_and_hours(district, made):
    told = dict(what_devices_did(made.operations, made.states, made.prices, district))
    told = {name: text.replace(words.NO_BREAK, " ") for name, text in told.items()}
    assert "took in 11.6 kWh (mostly 10:00–14:00) and gave 10.5 kWh (mostly 17:00–22:00)" in told["battery 1"]
    assert "8.4 kWh of it in the dearest hours" in told["battery 1"]
    assert "lifted 36.00 m³ with 4.7 kWh (mostly 11:00–15:00)" in told["pumped hydro (PHS)"]
    assert "gave back 2.7 kWh from 34.40 m³ (mostly 18:00–22:00)" in told["pumped hydro (PHS)"]
    assert "At the start 5.00 m³ stood in the upper basin, at the end 6.60 m³" in told["pumped hydro (PHS)"]
    assert "recovered 0.17 kWh from 2.32 m³ bought at the mains" in told["inlet turbine (PRS)"]
    assert "made 1.64 m³ of drinking water from 1.76 m³ of raw water (93 %)" in told["treatment"]


def test_a_device_that_did_nothing_is_said_to_stand_still(district, made):
    still = made.operations[~made.operations["element"].isin(["treatment", "mains_import"])]
    told = dict(what_devices_did(still, made.states, made.prices, district))
    assert told["treatment"] == "stood still."
    assert told["inlet turbine (PRS)"].startswith("stood still")


def test_what_the_plan_expected_stands_beside_what_came(made):
    rows = {row["name"]: row["cells"] for row in words.expected_and_came(made.kpis)}
    cost = made.kpis.set_index(["strategy", "kpi"])["value"]
    plan, came = cost["plan", "grid_import_kwh"], cost["controlled", "grid_import_kwh"]
    assert rows["Bought from the grid"] == [words.number(value, "kWh") for value in (plan, came, came - plan)]
    assert words.expected_and_came(made.kpis[made.kpis["strategy"] == "controlled"]) == []


def test_a_hundred_alarms_of_a_kind_are_counted_not_listed(district, made):
    spill = made.operations[made.operations["element"] == "overflow.cistern"]
    rows = [made.operations, *(spill.assign(element=f"overflow.tank_{i}") for i in range(100))]
    found = [alarm for alarm in alarms(pd.concat(rows), made.states, made.kpis, district) if "spilled" in alarm.title]
    assert len(found) == MOST_ALIKE + 1
    assert found[-1].text == "And 95 more of this kind."


def test_an_empty_reserve_of_drinking_water_is_told(district, made):
    drained = made.states.copy()
    late = drained["time_utc"] >= made.day.times[20]
    drained.loc[late & (drained["element"] == "potable_tank"), "value"] = 0.1
    drained.loc[late & (drained["element"] == "cistern"), "value"] = 0.0  # raw water may be used up
    found = [a for a in alarms(made.operations, drained, made.kpis, district) if "reserve" in a.title]
    assert len(found) == 1
    told = "The potable tank was below its reserve of 1.50 m³ (20:00–01:00): 0.10 m³ at the least"
    assert found[0].text.replace(words.NO_BREAK, " ").startswith(told)


def test_a_day_without_trouble_says_so(district, made):
    rows = made.operations
    calm = rows[~rows["element"].str.startswith(("overflow", "unserved", "controller")) & (rows["basis"] != "asked")]
    assert [alarm.grade for alarm in alarms(calm, made.states, made.kpis, district)] == ["good"]
    (torn,) = alarms(calm, made.states, made.kpis, district, seam="hours are missing")
    assert (torn.grade, torn.text) == ("warn", "Hours are missing.")


def test_what_happened_is_told_with_place_and_hour(district, made):
    hour = made.day.times[20]
    active = [(hour, name, "event_active", "actual", 1.0) for name in ("leak.potable_tank", "grid_outage")]
    leak = (hour, "leak.potable_tank", "flow_m3_h", "delivered", 0.5)
    rows = pd.concat([made.operations, pd.DataFrame([*active, leak], columns=made.operations.columns)])
    told = [a.text for a in alarms(rows, made.states, made.kpis, district) if a.title == "Something went wrong"]
    assert told == ["The grid was out (21:00–22:00).", "The potable tank leaked (21:00–22:00)."]
    day = ledger(rows, made.states)
    assert leaked(day, district, "P").sum() == 0.5
    assert leaked(day, district, "W").sum() == 0.0
    assert [link.amount for link in water_links(day, district) if link.target == "leaked"] == [0.5]


def test_each_kind_of_event_has_words_for_it():
    assert set(get_args(Event.model_fields["kind"].annotation)) | {"hydraulic_failure"} == set(EVENTS)


def test_page_is_honest_about_its_sources(page):
    text = "".join(read(page).text)
    for phrase in ("Greensboro", "California", "illustrative", "31 distinct days", "834 mm", "0123456789abcdef"):
        assert phrase in text, phrase
    assert "4 of 24 steps of the day: borrowed" in text


def test_page_can_be_written_from_the_operated_day_alone(report):
    alone = dataclasses.replace(
        report,
        plan=None,
        scenarios=None,
        states_without_control=None,
        weather=None,
        repairs=(),
        messages=(),
        facts={},
        kpis=report.kpis[report.kpis["strategy"] == "controlled"],
    )
    text = "".join(read(render_report(alone)).text).replace(words.NO_BREAK, " ")
    assert "without control" not in text.split("What needs attention")[0]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1234.567, "USD", "1 234.57 EUR"),
        (-0.001, "USD", "0.00 EUR"),
        (-2.5, "m3", "−2.50 m³"),
        (0.333, "-", "33.3 %"),
        (12.34, "kWh", "12.3 kWh"),
        (0.034, "kWh", "0.03 kWh"),
        (float("nan"), "kWh", "–"),
    ],
)
def test_numbers_are_written_for_people(value, unit, expected):
    assert words.number(value, unit, "EUR").replace(words.NO_BREAK, " ") == expected


def test_control_that_costs_more_is_not_called_a_saving(made, district):
    dear = made.kpis.copy()
    dear.loc[(dear["strategy"] == "controlled") & (dear["kpi"] == "cost_usd"), "value"] = 99.0
    sentence = words.headline(dear, made.operations, made.states, made.prices, district)[0]
    assert "saved" not in sentence.split("more than")[0]
    assert "more than it saved" in sentence


def test_hours_of_a_day_on_which_clocks_change_are_not_invented():
    times = pd.date_range("2025-03-09 05:00", periods=4, freq="h", tz="UTC")
    marked = pd.Series([False, True, True, False]).to_numpy()
    assert words.spans(marked, times, 1.0, "America/New_York") == "01:00–04:00"


def test_a_day_from_end_to_end_is_all_day_rather_than_from_an_hour_to_itself():
    times = pd.date_range("2025-07-15 05:00", periods=24, freq="h", tz="UTC")
    assert words.spans(np.ones(24, dtype=bool), times, 1.0, "America/New_York") == "all day"
