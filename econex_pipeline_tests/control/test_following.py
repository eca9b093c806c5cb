"""When a battery answers what was not foreseen, by hand: eta = sqrt(0.89) = 0.943, 5 kW."""

import pandas as pd
import pytest

from econex_pipeline.contracts.arrays import Prices
from econex_pipeline.control.following import followed, lifted
from econex_pipeline_tests.control.conftest import operate_day
from econex_pipeline_tests.twin.synthetic import START, hours, summer_prices

RATES = ("grid_import", "grid_export", "battery_1.charge", "battery_1.discharge")


def expected(**powers):
    return {(name, "power_kw"): powers.get(name.replace(".", "_"), 0.0) for name in RATES}


@pytest.mark.parametrize(
    ("worth", "rates", "band"),
    [  # buy 0.40 + 0.0125 of carbon, sell 0.05 USD/kWh
        pytest.param(0.30, {}, (-5.0, 5.0), id="worth more than a sale, less than a purchase: self-use both ways"),
        pytest.param(0.45, {}, (0.0, 5.0), id="0.45 / eta is dearer than buying: kept for later"),
        pytest.param(0.03, {}, (-5.0, 0.0), id="0.03 eta earns less than selling: no more is stored"),
        pytest.param(
            0.45,
            {"grid_import": 2.0, "battery_1_charge": 1.5},
            (1.5, 5.0),
            id="what is bought to be stored is bought whatever comes, and a surplus comes on top",
        ),
        pytest.param(
            0.03,
            {"grid_export": 2.0, "battery_1_discharge": 1.5},
            (-5.0, -1.5),
            id="what is sold from the battery is sold whatever comes",
        ),
        pytest.param(
            0.45,
            {"grid_import": 1.0, "battery_1_discharge": 0.5},
            (-0.5, 5.0),
            id="an expected discharge stays possible where more of it does not pay",
        ),
    ],
)
def test_a_band_is_where_following_pays(district, worth, rates, band):
    now = Prices.from_table(summer_prices(hours(1)))
    _, bands = followed(district, expected(**rates), {"battery_1": worth}, now, {"battery_1": 6.0})
    assert bands == {"battery_1": band}


@pytest.mark.parametrize(
    ("held", "rates", "net_charge", "bought", "sold"),
    [  # worth 0.30: self-use both ways
        pytest.param(6.0, {"grid_export": 2.0, "battery_1_charge": 1.0}, 3.0, 0.0, 0.0, id="a sale becomes a charge"),
        pytest.param(6.0, {"grid_import": 2.0}, -2.0, 0.0, 0.0, id="a purchase becomes a discharge"),
        pytest.param(1.0, {"grid_import": 2.0}, -0.943, 1.057, 0.0, id="as far as there is energy"),
        pytest.param(12.5, {"grid_export": 2.0}, 1.06, 0.0, 0.94, id="as far as there is room"),
        pytest.param(6.0, {"grid_export": 7.0}, 5.0, 0.0, 2.0, id="as far as the battery is strong"),
    ],
)
def test_what_is_expected_is_what_the_band_will_do(district, held, rates, net_charge, bought, sold):
    now = Prices.from_table(summer_prices(hours(1)))
    told, _ = followed(district, expected(**rates), {"battery_1": 0.30}, now, {"battery_1": held})
    power = {name: told[name, "power_kw"] for name in RATES}
    assert power["battery_1.charge"] - power["battery_1.discharge"] == pytest.approx(net_charge, abs=1e-3)
    assert (power["grid_import"], power["grid_export"]) == pytest.approx((bought, sold), abs=1e-3)


def test_a_surprise_goes_to_the_battery_and_no_sun_is_sold_cheap(controller, profiles, prices):
    """On a dull day whose evening is dear the sun shines two kW brighter than expected, from nine to twelve."""
    dull = profiles.assign(pv_kw=0.5 * profiles["pv_kw"])
    brighter = dull.assign(pv_kw=dull["pv_kw"] + 2.0 * (profiles["node"] == "home_1"))
    start = controller.start(START + pd.Timedelta(hours=9))
    foreseen, surprised = (
        [hour.measurements[0].powers_kw for hour in operate_day(controller, start, dull, prices, None, 3, actual)]
        for actual in (dull, brighter)
    )

    def sum_of(records, name):
        return sum(powers[name] for powers in records)

    assert sum_of(surprised, "battery_1.charge") > sum_of(foreseen, "battery_1.charge") + 0.5
    assert sum_of(surprised, "grid_export") == pytest.approx(0.0, abs=1e-6)


def test_a_band_is_part_of_the_record(day):
    asked = day[0].operations.query("basis == 'asked' and element == 'battery_1'")
    assert {"least_charge_kw", "most_charge_kw"} <= set(asked["quantity"])


@pytest.mark.parametrize(
    ("worth", "asked", "band"),
    [  # 0.13 kWh/m3; buy 0.4125, sell 0.05 USD/kWh
        pytest.param(0.030, 0.0, (0.0, 8.0), id="0.23 a kWh: more than a sale, less than a purchase"),
        pytest.param(0.030, 3.0, (0.0, 8.0), id="what was to be lifted of the sun rests where it does not shine"),
        pytest.param(0.060, 3.0, (3.0, 8.0), id="0.46 a kWh: bought for on purpose, lifted whatever comes"),
        pytest.param(0.005, 0.0, (0.0, 0.0), id="0.04 a kWh: a sale earns more"),
    ],
)
def test_a_pump_answers_the_meter_where_lifting_pays(district, worth, asked, band):
    now = Prices.from_table(summer_prices(hours(1)))
    said = {("phs_pump", "energy_kwh_m3"): 0.13, ("phs_pump", "rated_flow_m3_h"): 8.0}
    bands = lifted(
        district, {("phs_pump", "flow_m3_h"): asked}, {"upper_basin": 1.0 + worth, "lower_basin": 1.0}, now, said
    )
    assert bands == {"phs_pump": (*band, 0.13)}


def test_without_a_worth_no_pump_answers(district):
    now = Prices.from_table(summer_prices(hours(1)))
    assert lifted(district, {("phs_pump", "flow_m3_h"): 1.0}, {}, now, {("phs_pump", "energy_kwh_m3"): 0.13}) == {}
