"""What must hold of any operated day: nothing is lost, nothing comes from nowhere, the brain knows its pumps."""

import numpy as np
import pytest

from econex_pipeline.orchestration.hours import Hour, OperatedDay, ensure_hour
from econex_pipeline.reporting.balances import balance
from econex_pipeline.reporting.ledger import ledger
from econex_pipeline_tests.pilot.conftest import SUNNY
from econex_pipeline_tests.pilot.run import add_case, run

pytestmark = pytest.mark.slow
PARTS = ("roughness", "pump_efficiency", "turbine_efficiency", "demand", "membrane")
STILL = "  twin:\n    mismatch:\n" + "".join(f"      {part}_log_sd: 0.0\n" for part in PARTS)


@pytest.fixture(scope="module")
def as_drawn(pilot_data, root):
    """The sunny day on a plant that is as its drawing says."""
    return run(pilot_data, root, add_case(pilot_data, "as_drawn", STILL), SUNNY, report=True)


@pytest.mark.parametrize(("layer", "tolerance"), [("E", 1e-6), ("P", 1e-3), ("W", 1e-3)])
def test_every_layer_closes_in_every_hour(sunny, rainy, layer, tolerance):
    for day in (sunny, rainy):
        sides = balance(ledger(day.operations, day.states), day.day.setting.district, layer)
        left = np.sum(list(sides.supply.values()), axis=0) - np.sum(list(sides.use.values()), axis=0)
        assert np.abs(left).max() < tolerance


def pump_error(day) -> float:
    predicted = day.delivered("controller", "predicted_pump_kwh").sum()
    simulated = day.delivered("controller", "simulated_pump_kwh").sum()
    error = abs(predicted - simulated) / simulated
    print(f"pump energy predicted {predicted:.4f} kWh, simulated {simulated:.4f} kWh, error {error:.3%}")
    return error


def test_the_brain_predicts_its_pumps_on_a_plant_as_drawn(as_drawn):
    assert pump_error(as_drawn) < 0.005


def test_the_brain_predicts_its_pumps_on_the_plant_as_it_is(sunny):
    assert pump_error(sunny) < 0.03


def test_nobody_went_without(sunny, rainy):
    for day in (sunny, rainy):
        for kpi in ("unserved_kwh", "unserved_m3"):
            assert day.kpis.loc[kpi, "controlled"] == pytest.approx(0.0, abs=1e-9)
        assert day.kpis.loc["fallback_cycles", "controlled"] == 0.0


def test_control_is_worth_having(sunny, rainy):
    for day in (sunny, rainy):
        assert day.kpis.loc["cost_usd", "controlled"] < day.kpis.loc["cost_usd", "no_control"]


def test_an_hour_can_be_repeated_to_the_last_bit(sunny):
    day = sunny.day
    forced = OperatedDay(
        type(day)(day.setting, day.date, day.storage, day.options.model_copy(update={"force_recompute": True}))
    )
    key = day.hour_keys[-1]
    before = day.storage.path("operations", day.setting.case, key).read_bytes()
    reused, _ = ensure_hour(Hour(forced, key))
    assert not reused
    assert day.storage.path("operations", day.setting.case, key).read_bytes() == before


def test_the_page_is_for_a_reader_without_a_network(sunny):
    assert "http://" not in sunny.page.replace("http://www.w3.org", "")
    assert "15 July 2025" in sunny.page
    assert "different places" in sunny.page
