"""A user's forecasts: read by issue, held against their contract, and missing in words where they are missing."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import InputError, validate
from econex_pipeline.contracts.errors import ForecastMissing
from econex_pipeline.district import ForecastFeed
from econex_pipeline.weather import read_feed
from econex_pipeline_tests.weather.files import days_of_weather

FIRST = pd.Timestamp("2023-06-01T00:00Z")


def hour(number):
    return FIRST + pd.Timedelta(hours=number)


def hours(first, count):
    return pd.date_range(hour(first), periods=count, freq="1h", unit="ns")


def issue(at, count=30):
    """A forecast issued at an hour, each issue a degree warmer."""
    rows = days_of_weather().iloc[at : at + count]
    rows = rows.assign(electricity_factor=1.0, water_factor=1.1, lead_h=np.arange(len(rows), dtype=float))
    return rows.assign(temperature_air_c=rows["temperature_air_c"] + at)


@pytest.fixture
def feed_of(district, own_data):
    """A maker of districts whose forecasts stand in a file."""

    def make(frame, name="own.csv", max_age_h=6.0):
        folder = own_data / "forecasts"
        folder.mkdir()
        if name.endswith("csv"):
            frame.assign(time_utc=[stamp.isoformat() for stamp in frame["time_utc"]]).to_csv(folder / name, index=False)
        else:
            frame.to_parquet(folder / name)
        source = ForecastFeed(file=name, format=name.split(".")[-1], max_age_h=max_age_h, source="test")
        law = district.forecast.model_copy(update={"feed": source})
        return district.model_copy(update={"forecast": law, "data_dir": own_data})

    return make


@pytest.mark.parametrize("name", ["own.csv", "own.parquet"])
def test_the_newest_issue_known_is_taken(feed_of, name):
    feed = read_feed(feed_of(pd.concat([issue(6), issue(0), issue(3)]), name))
    for now, expected in ((0, 0), (2, 0), (3, 3), (5, 3), (6, 6), (9, 6)):
        times = hours(now, 20)
        found = validate(feed.at(hour(now), times), "FORECAST")
        pd.testing.assert_frame_equal(found, issue(expected)[now - expected :][:20].reset_index(drop=True))
        assert found["lead_h"].iloc[0] == now - expected


def test_an_older_issue_stands_in_for_one_with_a_hole(feed_of):
    holed = issue(3).drop(index=10)
    feed = read_feed(feed_of(pd.concat([issue(0), holed])))
    assert feed.at(hour(4), hours(4, 24))["lead_h"].iloc[0] == 4.0
    assert feed.at(hour(4), hours(4, 6))["lead_h"].iloc[0] == 1.0


def test_a_hole_in_every_issue_is_said(feed_of):
    feed = read_feed(feed_of(issue(3).drop(index=10)))
    with pytest.raises(
        ForecastMissing,
        match=r"own.csv: .*no forecast at 2023-06-01T04:00Z of .*T04:00Z to .*; the issue of .*T03:00Z lacks .*T10:00Z",
    ):
        feed.at(hour(4), hours(4, 24))


def test_steps_beyond_the_reach_of_an_issue_are_said(feed_of):
    feed = read_feed(feed_of(issue(0)))
    with pytest.raises(ForecastMissing, match=r"the issue of 2023-06-01T00:00Z lacks 2023-06-02T06:00Z"):
        feed.at(hour(4), hours(4, 27))


def test_a_stale_issue_is_no_forecast(feed_of):
    feed = read_feed(feed_of(issue(0), max_age_h=5.0))
    assert len(feed.at(hour(5), hours(5, 24))) == 24
    with pytest.raises(ForecastMissing, match=r"the last issue is of 2023-06-01T00:00Z, more than 5 h old"):
        feed.at(hour(6), hours(6, 20))


def test_what_is_issued_later_is_not_known(feed_of):
    feed = read_feed(feed_of(issue(3)))
    with pytest.raises(ForecastMissing, match=r"the first issue is of 2023-06-01T03:00Z"):
        feed.at(hour(2), hours(3, 20))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda frame: frame.drop(columns="lead_h"), r"column 'lead_h' is 'missing'"),
        (lambda frame: frame.assign(clouds=0.1), r"column is 'clouds'; expected one of"),
        (lambda frame: frame.assign(rain_mm_h=[*[0.0] * 7, np.nan, *[0.0] * 22]), r"rain_mm_h, line 9 is ''; expected"),
        (lambda frame: frame.assign(lead_h=-1.0), r"lead_h, line 2 is '-1.0'"),
        (lambda frame: frame.assign(lead_h=0.123456), r"lead_h, line 2 .* expected hours since an issue on the minute"),
        (lambda frame: pd.concat([frame, frame[4:5]]), r"time_utc, line 32 .*04:00:00.* expected each step once"),
        (
            lambda frame: frame.assign(time_utc=frame["time_utc"] + pd.Timedelta(minutes=10)),
            r"time_utc, line 2 .* expected the start of a step of 60 min",
        ),
        (
            lambda frame: frame.assign(time_utc=frame["time_utc"].dt.tz_localize(None)),
            r"expected a time stamp with its offset",
        ),
        (lambda frame: frame[:0], r"rows is 0; expected at least one"),
        (
            lambda frame: frame.assign(time_utc=frame["time_utc"] + pd.Timedelta(hours=12)),  # of the antipodes
            r"ghi_w_m2 is '[0-9.]+% of its sum at night'; expected .* the sun that of the site",
        ),
    ],
)
def test_what_breaks_the_contract_is_refused(feed_of, spoil, message):
    with pytest.raises(InputError, match=message):
        read_feed(feed_of(spoil(issue(0))))


def test_a_file_that_is_not_there_is_named(district, feed_of, own_data):
    named = feed_of(issue(0))
    (own_data / "forecasts" / "own.csv").unlink()
    with pytest.raises(InputError, match=r"own.csv: forecast.feed.file is 'missing'"):
        read_feed(named)
    with pytest.raises(InputError, match=r"forecast.feed is None"):
        read_feed(district)


@pytest.mark.parametrize("file", ["../secret.csv", "/etc/passwd", ".hidden"])
def test_a_file_outside_the_folder_is_refused(file):
    with pytest.raises(ValueError, match="file"):
        ForecastFeed(file=file, format="csv", max_age_h=6.0, source="test")
