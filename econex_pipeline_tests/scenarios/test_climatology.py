"""The climatology: whole local days, standard scores, and no analog that would give the answer away."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.time import operating_window
from econex_pipeline.scenarios import Climatology
from econex_pipeline.scenarios.analogs import day_pools
from econex_pipeline.scenarios.climatology import season_of


def test_year_has_its_days_in_local_standard_time(climatology, year):
    assert climatology.clear_sky_index.shape == (365, 24)
    local_midnight = year["time_utc"].dt.hour == 5
    assert (climatology.temperature_c[:, 0] == year.loc[local_midnight, "temperature_air_c"].to_numpy()).all()


def test_clear_sky_index_gives_the_irradiance_back(district, climatology, year):
    from econex_pipeline.scenarios.sky import sky_over

    sky = sky_over(district.site, pd.DatetimeIndex(year["time_utc"]), 60)
    rebuilt = sky.irradiance(climatology.clear_sky_index.ravel())["ghi_w_m2"]
    lit = sky.daylight
    assert rebuilt[lit] == pytest.approx(year["ghi_w_m2"].to_numpy()[lit], rel=1e-12)
    assert rebuilt.sum() == pytest.approx(year["ghi_w_m2"].sum(), rel=5e-3)


@pytest.mark.parametrize("variable", ["clear_sky_index", "temperature_c"])
def test_scores_of_the_year_are_standard_normal(climatology, variable):
    noon = climatology.scores[variable][:, 12]
    assert noon.mean() == pytest.approx(0.0, abs=0.05)
    assert noon.std() == pytest.approx(1.0, abs=0.06)
    shares = np.histogram(noon, [-np.inf, -0.6745, 0.0, 0.6745, np.inf])[0] / len(noon)
    assert shares == pytest.approx(0.25, abs=0.05)


def test_29_february_counts_as_28():
    days = pd.DatetimeIndex(["2024-02-28", "2024-02-29", "2024-03-01", "2025-03-01", "2024-12-31"])
    assert season_of(days).tolist() == [58, 58, 59, 59, 364]


@pytest.mark.parametrize("day", ["2025-07-03", "2025-01-01", "2024-02-29", "2025-12-31"])
def test_analogs_are_neither_the_day_nor_its_neighbours(district, climatology, day):
    window = operating_window(pd.Timestamp(day).date(), district.site.utc_offset_h, 60, days=2)
    slots = climatology.slots(window, district.site.utc_offset_h)
    for pool in day_pools(climatology, slots):
        for season in slots.season:
            apart = np.abs(climatology.season[pool.rows] - season)
            assert np.minimum(apart, 365 - apart).min() >= 2
        assert len(pool.rows) >= 5


def test_copies_of_a_day_do_not_give_it_away(district, climatology, year):
    """February was missing and is borrowed from its neighbours: a copy knows what its original does."""
    copied = np.flatnonzero(np.bincount(climatology.twin)[climatology.twin] > 1)
    assert len(copied) > 2
    original = int(copied[0])
    eligible = climatology.unknown_to(np.array([original]))
    assert not eligible[climatology.twin == climatology.twin[original]].any()


def test_step_of_another_length_is_refused(district, year):
    with pytest.raises(InputError, match="15 min"):
        Climatology.fit(year, district.model_copy(update={"step_minutes": 15}))


def test_four_days_are_no_season(district, year):
    with pytest.raises(InputError, match="at least 5"):
        Climatology.fit(year.iloc[: 4 * 24], district)


def test_season_without_days_is_refused(district, year):
    spring = Climatology.fit(year.iloc[60 * 24 : 120 * 24], district)
    autumn = operating_window(pd.Timestamp("2025-10-10").date(), district.site.utc_offset_h, 60)
    with pytest.raises(InputError, match="days within 15 days"):
        day_pools(spring, spring.slots(autumn, district.site.utc_offset_h))


def test_dated_stretch_of_two_months_will_do(district, year):
    stretch = Climatology.fit(year.iloc[150 * 24 : 210 * 24], district)
    assert stretch.clear_sky_index.shape == (60, 24)
    assert stretch.following[-1] == -1
    window = operating_window(pd.Timestamp("2025-06-25").date(), district.site.utc_offset_h, 60)
    assert len(day_pools(stretch, stretch.slots(window, district.site.utc_offset_h))[0].rows) > 20
