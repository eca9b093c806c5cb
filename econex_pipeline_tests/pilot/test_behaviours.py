"""The four behaviours the pilot is there to show, on real weather, each beside a day without its reason.

`foreseen` plans know the day's weather and demand, so that a behaviour shows without the hedging of the uncertain plan;
`sunny` and `rainy` are the uncertain plan and what was operated.
"""

import pytest

from econex_pipeline_tests.pilot.conftest import RAINY, SUNNY
from econex_pipeline_tests.pilot.run import PEAK, foreseen, in_peak

pytestmark = pytest.mark.slow
KW, M3_H = "power_kw", "flow_m3_h"


@pytest.fixture(scope="module")
def one_price_sunny(counterfactual):
    return foreseen(counterfactual("one_price", SUNNY))


@pytest.fixture(scope="module")
def one_price_rainy(counterfactual):
    return foreseen(counterfactual("one_price", RAINY))


def test_the_battery_charges_before_the_peak_and_carries_it(foreseen_sunny, sunny):
    assert foreseen_sunny.planned("battery_1.charge", KW).sum() > 10.0
    assert foreseen_sunny.planned("battery_1.charge", KW)[list(PEAK)].sum() == pytest.approx(0.0, abs=1e-6)
    assert foreseen_sunny.planned("battery_1.discharge", KW)[list(PEAK)].sum() > 5.0
    for imported in (foreseen_sunny.planned("grid_import", KW), sunny.planned("grid_import", KW)):
        assert imported[list(PEAK)].sum() == pytest.approx(0.0, abs=0.05)
    bought = sunny.kpis.loc["peak_import_kwh"]
    assert bought["no_control"] > 5.0
    assert bought["controlled"] < 0.1 * bought["no_control"]


def test_at_one_price_the_battery_has_nothing_to_shift(one_price_sunny):
    assert one_price_sunny.planned("battery_1.charge", KW).sum() == pytest.approx(0.0, abs=1e-6)
    assert one_price_sunny.planned("grid_import", KW)[list(PEAK)].sum() > 3.0


def test_the_basins_take_the_sun_and_give_the_evening(foreseen_sunny, sunny):
    for day in (foreseen_sunny, sunny):
        pumped, turbined = day.planned("phs_pump", M3_H), day.planned("phs_turbine", M3_H)
        sun = day.planned("pv.home_1", KW)
        assert pumped[sun > 1.0].sum() == pytest.approx(pumped.sum(), rel=0.01)
        assert in_peak(turbined) > 0.95
    assert foreseen_sunny.planned("phs_pump", M3_H).sum() > 10.0
    assert foreseen_sunny.planned("phs_turbine", M3_H).sum() > 10.0
    assert sunny.delivered("phs_pump", M3_H).sum() > 10.0
    assert sunny.delivered("phs_turbine", M3_H).sum() > 5.0
    assert in_peak(sunny.delivered("phs_pump", M3_H)) < 0.01
    given = sunny.delivered("phs_turbine", M3_H)
    assert in_peak(given) > 0.5
    # what the peak did not need, the hours after it take: still dearer than those before 15 h
    assert given.loc[15:].sum() > 0.99 * given.sum()


def test_at_one_price_no_water_is_pumped_up(one_price_sunny):
    assert one_price_sunny.planned("phs_pump", M3_H).sum() == pytest.approx(0.0, abs=1e-6)


def test_water_is_let_in_when_its_pressure_is_worth_most(sunny, four_days):
    """A plan that knows the day lets nearly all in at the peak, hedged plans and operated days most (even: 21 %)."""
    wise = foreseen(sunny, look_ahead=False).planned("mains_import", M3_H)
    assert wise.sum() > 1.0
    assert in_peak(wise) > 0.9
    planned = sunny.planned("mains_import", M3_H)
    assert planned.sum() > 1.0
    assert in_peak(planned) > 0.7
    let_in = sum(day.delivered("mains_import", M3_H) for day in four_days)
    assert let_in.sum() > 5.0
    assert in_peak(let_in) > 0.5


def test_water_follows_the_peak_into_the_night(counterfactual):
    imported = counterfactual("night_peak", SUNNY).planned("mains_import", M3_H)
    assert imported.sum() > 0.3
    assert imported[list(range(5))].sum() > 0.8 * imported.sum()
    assert in_peak(imported) < 0.10


def test_rain_moves_to_the_hub_and_is_treated_when_power_is_cheap(foreseen_rainy, rainy):
    assert foreseen_rainy.planned("treatment", M3_H).sum() > 3.5
    assert foreseen_rainy.planned("raw_2_hub", M3_H).sum() > 2.5
    for day in (foreseen_rainy, rainy):
        assert in_peak(day.planned("treatment", M3_H)) < 0.01
        assert in_peak(day.planned("raw_2_hub", M3_H)) < 0.05
    assert rainy.delivered("treatment", M3_H).sum() > 2.0
    assert in_peak(rainy.delivered("treatment", M3_H)) < 0.10


def test_at_one_price_treatment_knows_no_hour_to_avoid(one_price_rainy, foreseen_rainy):
    assert in_peak(one_price_rainy.planned("treatment", M3_H)) > 0.05
    assert in_peak(one_price_rainy.planned("treatment", M3_H)) > 5.0 * in_peak(
        foreseen_rainy.planned("treatment", M3_H)
    )
