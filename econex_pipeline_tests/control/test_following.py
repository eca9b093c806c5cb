"""When a battery answers what was not foreseen, by hand: eta = sqrt(0.89) = 0.943, 5 kW."""

import pandas as pd
import pytest

from econex_pipeline.contracts.arrays import Prices
from econex_pipeline.control.following import bands
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
            id="what is bought beside a discharge is bought on purpose: no more is given",
        ),
    ],
)
def test_a_band_is_where_following_pays(district, worth, rates, band):
    now = Prices.from_table(summer_prices(hours(1)))
    assert bands(district, expected(**rates), {"battery_1": worth}, now, scheduled=False) == {"battery_1": band}


@pytest.mark.parametrize(("worth", "band"), [(0.0, (-5.0, 5.0)), (0.45, (0.0, 5.0)), (0.42, (-5.0, 5.0))])
def test_a_schedule_makes_the_meter_dearer_both_ways(district, worth, band):
    """A deviation costs 0.05: a sale earns nothing then, and what is bought saves 0.4625, as much as 0.436 stored."""
    now = Prices.from_table(summer_prices(hours(1)))
    assert bands(district, expected(), {"battery_1": worth}, now, scheduled=True) == {"battery_1": band}


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
