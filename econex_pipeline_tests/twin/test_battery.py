import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from econex_pipeline.twin import Battery

IDEAL = Battery(capacity_kwh=13.5, power_kw=5.0, round_trip_frac=0.89)
REAL = Battery(capacity_kwh=13.5, power_kw=5.0, round_trip_frac=0.89, resistance_loss_frac=0.03, standing_loss_kw=0.005)


def round_trip(battery: Battery, power_kw: float) -> float:
    """Charge for an hour at a power, then find what can be given back at that power."""
    lossless = Battery(battery.capacity_kwh, battery.power_kw, battery.round_trip_frac, battery.resistance_loss_frac)
    charged = lossless.step(0.0, power_kw, 0.0, 1.0)
    drawn = lossless.step(10.0, 0.0, power_kw, 1.0)
    return (charged.end_kwh / power_kw) * (power_kw / (10.0 - drawn.end_kwh))


def test_round_trip_at_rated_power_is_the_districts():
    assert round_trip(REAL, 5.0) == pytest.approx(0.89, abs=2e-3)
    assert round_trip(IDEAL, 5.0) == pytest.approx(0.89, rel=1e-12)


def test_losses_grow_with_power_only_in_the_real_battery():
    assert round_trip(REAL, 1.0) > round_trip(REAL, 3.0) > round_trip(REAL, 5.0)
    assert round_trip(IDEAL, 1.0) == pytest.approx(round_trip(IDEAL, 5.0), rel=1e-12)


def test_without_resistance_it_is_the_brains_battery():
    one_way = math.sqrt(0.89)
    assert IDEAL.step(2.0, 3.0, 0.0, 0.25).end_kwh == pytest.approx(2.0 + 3.0 * one_way * 0.25, rel=1e-14)
    assert IDEAL.step(2.0, 0.0, 3.0, 0.25).end_kwh == pytest.approx(2.0 - 3.0 / one_way * 0.25, rel=1e-14)


def test_standing_loss_drains_an_idle_battery_and_stops_when_it_is_empty():
    assert REAL.step(1.0, 0.0, 0.0, 1.0).end_kwh == pytest.approx(0.995)
    assert REAL.step(0.002, 0.0, 0.0, 1.0).end_kwh == 0.0


@pytest.mark.parametrize("battery", [IDEAL, REAL])
@given(
    energy_kwh=st.floats(0.0, 13.5),
    charge_kw=st.floats(0.0, 8.0),
    discharge_kw=st.floats(0.0, 8.0),
    step_h=st.sampled_from([0.25, 1.0]),
)
def test_no_energy_appears_or_vanishes_and_limits_hold(battery, energy_kwh, charge_kw, discharge_kw, step_h):
    outcome = battery.step(energy_kwh, charge_kw, discharge_kw, step_h)
    stored_kw = (outcome.end_kwh - energy_kwh) / step_h
    assert outcome.charge_kw - outcome.discharge_kw - outcome.loss_kw == pytest.approx(stored_kw, abs=1e-9)
    assert -1e-12 <= outcome.end_kwh <= 13.5
    assert outcome.loss_kw >= -1e-12
    assert 0.0 <= outcome.charge_kw <= 5.0
    assert 0.0 <= outcome.discharge_kw <= 5.0
    assert outcome.charge_kw * outcome.discharge_kw == 0.0
