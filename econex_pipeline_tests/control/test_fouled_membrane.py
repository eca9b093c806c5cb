"""A membrane is cleaned by use: whoever waits because it is fouled waits for ever, and the raw water runs over."""

from dataclasses import replace

import pytest

from econex_pipeline.control import ControlState
from econex_pipeline.treatment import MembraneState
from econex_pipeline_tests.control.conftest import operate_day
from econex_pipeline_tests.twin.synthetic import START

FOULED = MembraneState(irreversible_1_m=1.4e11, filtered_m3=10.0, since_cleaning_h=240.0)


def treated_m3(controller, profiles, prices, membrane):
    start = controller.twin.initial_state(START, {"cistern": 12.0, "raw_tank": 2.5})
    state = ControlState(replace(start, membranes={"treatment": membrane}))
    day = operate_day(controller, state, profiles, prices)
    return sum(hour.measurements[0].flows_m3_h["treatment"] for hour in day), day[-1].state.twin


def test_a_fouled_membrane_in_cold_water_is_used_as_a_new_one_is(controller, profiles, prices):
    cold = profiles.assign(water_temperature_c=0.0, turbidity_ntu=20.0, pv_kw=0.0)
    new, _ = treated_m3(controller, cold, prices, MembraneState())
    fouled, end = treated_m3(controller, cold, prices, FOULED)
    assert new > 1.0
    assert fouled == pytest.approx(new, rel=0.15)
    assert end.membranes["treatment"].filtered_m3 != FOULED.filtered_m3
