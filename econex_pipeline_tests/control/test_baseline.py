import pytest

from econex_pipeline.contracts import validate
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.control import run_no_control, run_rules
from econex_pipeline.twin import balances
from econex_pipeline_tests.twin.synthetic import START


@pytest.fixture(scope="module")
def one_day(profiles):
    return Profiles.from_table(profiles).ahead(START, 24)


@pytest.fixture(scope="module")
def tariffs(prices):
    return Prices.from_table(prices)


def total(run, element):
    return sum({**m.flows_m3_h, **m.powers_kw}.get(element, 0.0) for m in run.measurements)


@pytest.mark.parametrize("strategy", [run_no_control, run_rules])
def test_everyone_is_served_and_the_books_close(controller, one_day, tariffs, district, strategy):
    run = strategy(controller, controller.start(START).twin, one_day, tariffs)
    validate(run.operations, "OPERATIONS")
    validate(run.states, "STATE")
    for measurement in run.measurements:
        rates = {**measurement.flows_m3_h, **measurement.powers_kw}
        assert sum(value for name, value in rates.items() if name.startswith("unserved.")) < 1e-6
        assert balances(measurement, district).worst_water_m3 < 1e-6
        assert balances(measurement, district).worst_energy_kwh < 1e-6


def test_without_control_no_device_moves(controller, one_day, tariffs):
    run = run_no_control(controller, controller.start(START).twin, one_day, tariffs)
    for element in ("battery_1.charge", "battery_1.discharge", "phs_pump", "treatment", "raw_2_hub", "grey_1_hub"):
        assert total(run, element) == 0.0 if "." in element else total(run, element) < 0.01
    assert total(run, "mains_import") > 2.0
    assert total(run, "sewer.hub") > 0.5


def test_rules_use_what_stands_there(controller, one_day, tariffs):
    run = run_rules(controller, controller.start(START).twin, one_day, tariffs)
    idle = run_no_control(controller, controller.start(START).twin, one_day, tariffs)
    assert total(run, "battery_1.discharge") > 5.0
    assert total(run, "treatment") > 0.5
    assert total(run, "mains_import") < total(idle, "mains_import")


def test_a_thirsty_garden_is_backed_up_with_potable_water(controller, one_day, tariffs):
    start = controller.start(START, {"cistern": 0.05}).twin
    run = run_no_control(controller, start, one_day, tariffs)
    assert total(run, "potable_to_garden") == pytest.approx(0.45, abs=0.05)
    assert total(run, "unserved.home_2.W") < 0.01
