"""The written rules, pinned: the same situations must lead to the same decisions for ever, or no comparison holds."""

import pandas as pd
import pytest

from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.control.rules import Situation, by_rules, situation_of, without_control
from econex_pipeline.twin import Exogenous, NodeInputs
from econex_pipeline_tests.twin.synthetic import START, hours, summer_prices, sunny_profiles

RATED = {
    "mains_import": 2.0, "potable_hub_1": 1.5, "potable_hub_2": 1.5, "raw_2_hub": 1.0, "raw_hub_2": 1.0,
    "phs_pump": 10.0, "phs_turbine": 12.0,
}  # fmt: skip
HALF_FULL = {
    "battery_1": 6.0, "home_tank_1": 0.5, "home_tank_2": 0.5, "potable_tank": 3.0, "cistern": 10.0, "raw_tank": 1.5,
    "lower_basin": 30.0, "upper_basin": 20.0,
}  # fmt: skip


def exogenous(pv_kw=0.0, load_kw=0.0, **home_2):
    nodes = {"home_1": NodeInputs(pv_kw=pv_kw, load_kw=load_kw), "home_2": NodeInputs(**home_2), "hub": NodeInputs()}
    return Exogenous(START, nodes)


def situation(dear=False, pv_kw=0.0, load_kw=0.0, home_2=None, **amounts):
    return Situation(
        amounts=HALF_FULL | amounts,
        expected=exogenous(pv_kw, load_kw, **(home_2 or {})),
        rated_m3_h=RATED,
        energy_kwh_m3={"phs_pump": 0.1, "raw_2_hub": 0.2, "potable_hub_1": 0.1, "potable_hub_2": 0.1},
        treatment_m3_h={"treatment": 0.25},
        dear=dear,
    )


def asked(decision):
    """What is asked, zeros left out."""
    return {name: value for name, value in {**decision.flows_m3_h, **decision.powers_kw}.items() if value > 0.0}


QUIET = {"raw_tank": 2.4, "cistern": 5.0}
RAW = {"treatment": 0.25, "grey_1_hub": 1.0}


@pytest.mark.parametrize(
    ("now", "decision"),
    [
        pytest.param(situation(**QUIET), RAW, id="nothing to do but treat above half a raw tank"),
        pytest.param(
            situation(pv_kw=4.0, load_kw=1.0, **QUIET),
            RAW | {"battery_1.charge": 3.0},
            id="the battery takes a surplus",
        ),
        pytest.param(
            situation(dear=True, pv_kw=4.0, load_kw=1.0, **QUIET),
            RAW | {"battery_1.charge": 3.0},
            id="a surplus is taken at any price",
        ),
        pytest.param(
            situation(pv_kw=9.0, load_kw=1.0, battery_1=13.5, lower_basin=5.0, **QUIET),
            RAW | {"phs_pump": 5.0},
            id="what the battery leaves is pumped up, as far as there is water",
        ),
        pytest.param(
            situation(dear=True, load_kw=3.0, **QUIET),
            RAW | {"battery_1.discharge": 3.0},
            id="the battery covers a shortage while electricity is dear",
        ),
        pytest.param(situation(load_kw=3.0, **QUIET), RAW, id="a shortage in cheap hours is bought"),
        pytest.param(
            situation(dear=True, load_kw=7.0, **QUIET),
            RAW | {"battery_1.discharge": 5.0, "phs_turbine": 12.0},
            id="the turbine runs where the battery is not enough",
        ),
        pytest.param(
            situation(dear=True, load_kw=7.0, battery_1=0.0, upper_basin=4.0, **QUIET),
            RAW | {"phs_turbine": 4.0},
            id="an empty battery gives nothing, a low basin what it has",
        ),
        pytest.param(
            situation(potable_tank=2.3, **QUIET),
            RAW | {"mains_import": 2.0},
            id="below the low mark the mains fill the tank, as fast as they can",
        ),
        pytest.param(situation(potable_tank=2.41, **QUIET), RAW, id="above the low mark they do not"),
        pytest.param(
            situation(home_2={"potable_m3_h": 0.2}, **QUIET),
            RAW | {"potable_hub_2": 0.5},
            id="a tank that would fall below its low mark is filled to the high one",
        ),
        pytest.param(
            situation(raw_tank=1.4, cistern=10.0),
            {"grey_1_hub": 1.0, "raw_2_hub": 1.0},
            id="below half a raw tank nothing is treated and rain is lifted",
        ),
        pytest.param(
            situation(raw_tank=1.6, cistern=5.4),
            {"treatment": 0.1, "grey_1_hub": 1.0, "raw_2_hub": 0.4},
            id="only what lies above half is treated, only what lies above the reserve is lifted",
        ),
        pytest.param(
            situation(raw_tank=2.4, cistern=0.3, home_2={"irrigation_m3_h": 0.5}),
            RAW | {"potable_to_garden": 0.2, "potable_hub_2": 0.5},
            id="a garden gets from the tap what its cistern lacks",
        ),
    ],
)
def test_the_written_rules(district, now, decision):
    assert asked(by_rules(district, now)) == pytest.approx(decision)


def test_without_control_tanks_refill_and_greywater_is_lost(district):
    now = situation(dear=True, load_kw=7.0, potable_tank=2.3, home_2={"greywater_m3_h": 0.1})
    assert asked(without_control(district, now)) == pytest.approx({"mains_import": 2.0, "sewer.home_2": 0.1})


@pytest.mark.parametrize(("hour", "dear"), [(3, False), (15, False), (16, True), (20, True), (21, False)])
def test_dear_is_above_the_cheapest_price_of_a_day(district, hour, dear):
    prices = summer_prices(hours(72))
    now = START + pd.Timedelta(hours=24 + hour)
    assert seen(district, prices, now).dear is dear


def test_at_one_price_every_hour_is_dear(district):
    flat = summer_prices(hours(72)).assign(buy_price_usd_kwh=0.40)
    assert all(seen(district, flat, START + pd.Timedelta(hours=hour)).dear for hour in range(24))


def seen(district, prices, now):
    expected = Exogenous.from_profiles(Profiles.from_table(sunny_profiles(district, hours(72))), now)
    return situation_of(HALF_FULL, expected, {("mains", "rated_flow_m3_h"): 2.0}, Prices.from_table(prices))
