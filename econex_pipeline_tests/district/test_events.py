"""Events are written down with their clock, are under way when they say, and are refused where they cannot happen."""

import pandas as pd
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.district import Event, grid_limits, load_case

EASTERN = -5


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def outage(start: str, end: str) -> Event:
    return Event(kind="grid_outage", start=start, end=end)


def test_an_event_in_standard_time_is_the_same_as_one_in_utc():
    local = outage("2025-07-15 18:00 standard", "2025-07-15 21:00 standard")
    same = outage("2025-07-15 23:00 UTC", "2025-07-16 02:00 UTC")
    for event in (local, same):
        assert event.began(utc("2025-07-15 22:59"), EASTERN) is None
        assert event.began(utc("2025-07-16 01:59"), EASTERN) == utc("2025-07-15 23:00")
        assert event.began(utc("2025-07-16 02:00"), EASTERN) is None
        assert event.began(utc("2026-07-16 01:00"), EASTERN) is None


def test_an_event_without_a_year_comes_back_every_year():
    event = outage("07-15 18:00 standard", "07-15 21:00 standard")
    for year in (2025, 2026, 2031):
        assert event.began(utc(f"{year}-07-16 00:00"), EASTERN) == utc(f"{year}-07-15 23:00")


def test_an_event_may_last_over_the_turn_of_the_year():
    event = outage("12-31 22:00 standard", "01-02 06:00 standard")
    assert event.began(utc("2026-01-01 12:00"), EASTERN) == utc("2026-01-01 03:00")
    assert event.began(utc("2026-01-01 02:59"), EASTERN) is None
    assert event.began(utc("2026-01-02 11:00"), EASTERN) is None


@pytest.mark.parametrize(
    ("event", "year"),
    [
        (outage("2025-12-31 22:00 standard", "2026-01-02 06:00 standard"), 2025),
        (outage("12-31 22:00 standard", "01-02 06:00 standard"), 2030),
    ],
)
def test_an_event_is_within_a_stretch_that_it_touches_and_in_no_other(event, year):
    began, ended = utc(f"{year + 1}-01-01 03:00"), utc(f"{year + 1}-01-02 11:00")
    hour = pd.Timedelta(hours=1)
    assert event.is_within(began - hour, began + hour, EASTERN)
    assert event.is_within(ended - hour, ended + hour, EASTERN)
    assert event.is_within(began - 48 * hour, ended + 48 * hour, EASTERN)
    assert event.is_within(began + hour, began + 2 * hour, EASTERN)
    assert not event.is_within(began - 25 * hour, began, EASTERN)
    assert not event.is_within(ended, ended + 25 * hour, EASTERN)


def add(own_data, *lines: str) -> None:
    body = "".join(f"      {line}\n" for line in lines)
    text = f"district: econex\ndescription: broken\nchanges:\n  events:\n    mishap:\n{body}"
    (own_data / "cases" / "broken.yaml").write_text(text)


TIMES = ("start: 2025-07-15 18:00 standard", "end: 2025-07-15 21:00 standard", "source: assumption")


def test_an_event_of_a_case_is_read(own_data):
    add(own_data, "kind: leak", "element: cistern", "flow_m3_h: 0.2", *TIMES)
    district = load_case(own_data, "broken")
    assert district.events["mishap"].label == "leak.cistern"
    assert load_case(own_data, "base").events == {}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("kind: leak", "element: cistren", "flow_m3_h: 0.2"), "not a tank; did you mean 'cistern'?"),
        (
            ("kind: leak", "element: battery_1", "flow_m3_h: 0.2"),
            "events.mishap.element is 'battery_1', which is not a",
        ),
        (("kind: leak", "element: cistern"), "needs element, flow_m3_h; given are ['element']"),
        (("kind: pump_wear", "element: phs_turbine", "speed_factor: 0.9"), "not an arc of kind 'pumped'"),
        (("kind: pump_wear", "element: phs_pump"), "efficiency_factor or speed_factor"),
        (("kind: pump_wear", "element: phs_pump", "speed_factor: 1.2"), "less than or equal to 1"),
        (("kind: sensor_dropout", "element: hub"), "not a storage or a treatment"),
        (("kind: demand_burst", "element: upper", "load_kw: 2.0"), "node 'upper' has no such demand"),
        (("kind: demand_burst", "element: hub", "load_kw: 2.0", "flow_m3_h: 1.0"), "given are"),
        (("kind: grid_outage", "element: hub"), "needs no more than start and end"),
        (("kind: leek", "element: cistern"), "'leak'"),
        (("kind: leak", "element: cistern", "flow_m3_h: 0.2", "known: true"), "only an outage can be known beforehand"),
    ],
)
def test_an_event_that_cannot_happen_is_refused_by_name(own_data, lines, said):
    add(own_data, *lines, *TIMES)
    with pytest.raises(InputError) as caught:
        load_case(own_data, "broken")
    assert said in str(caught.value)
    assert "events.mishap" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2025-07-15 18:00", "2025-07-15 21:00", "write '2025-07-15 18:00 standard'"),
        ("2025-07-15 18:00 standard", "2025-07-15 23:00 UTC", "on the same clock"),
        ("2025-07-15 18:00 standard", "07-15 21:00 standard", "both with a year or both without"),
        ("2025-07-15 18:00 standard", "2025-07-15 17:00 standard", "not after its start"),
        ("07-15 18:00 standard", "07-15 18:00 standard", "not after its start"),
        ("2025-02-30 18:00 standard", "2025-03-01 17:00 standard", "no day or hour of the calendar"),
        ("02-29 18:00 standard", "03-01 17:00 standard", "not in every year"),
        ("2025-07-15 18:20 standard", "2025-07-15 21:00 standard", "not at the start of a step of 60 min"),
    ],
)
def test_a_time_that_does_not_say_when_is_refused(own_data, start, end, said):
    add(own_data, "kind: grid_outage", f"start: {start}", f"end: {end}")
    with pytest.raises(InputError) as caught:
        load_case(own_data, "broken")
    assert said in str(caught.value)


@pytest.mark.parametrize(("expected_h", "step_minutes", "steps"), [(4.0, 60, 4), (4.0, 15, 16), (0.1, 60, 1)])
def test_an_outage_nobody_announced_is_taken_to_go_on(district, expected_h, step_minutes, steps):
    grid = district.utilities.grid.model_copy(update={"expected_outage_h": expected_h})
    changed = {"utilities": district.utilities.model_copy(update={"grid": grid}), "step_minutes": step_minutes}
    surprised = district.model_copy(update=changed | {"events": {"dark": outage("07-15 16:00 UTC", "07-15 20:00 UTC")}})
    times = pd.date_range("2025-07-15 17:00", periods=24, freq=f"{step_minutes}min", tz="UTC")
    unseen, seen = (grid_limits(surprised, times, out)["grid_import"] for out in ((), ("grid",)))
    assert (unseen == grid.import_kw).all()
    assert (seen[:steps] == 0.0).all()
    assert (seen[steps:] == grid.import_kw).all()


def test_an_outage_whose_end_is_known_is_believed(district):
    known = Event(kind="grid_outage", start="07-15 16:00 UTC", end="07-15 18:00 UTC", known=True, source="made up")
    told = district.model_copy(update={"events": {"dark": known}})
    times = pd.date_range("2025-07-15 17:00", periods=4, freq="h", tz="UTC")
    limit_kw = district.utilities.grid.import_kw
    assert grid_limits(told, times, ("grid",))["grid_import"].tolist() == [0.0, limit_kw, limit_kw, limit_kw]
