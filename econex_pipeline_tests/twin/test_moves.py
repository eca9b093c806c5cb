from hypothesis import example, given, settings
from hypothesis import strategies as st

from econex_pipeline.twin.moves import EMPTY, FULL, Move, trim

STEP_S = 3600
CAPACITIES = {"hub": 6.0, "home": 1.0}


def moved(moves, element):
    return moves[element].moved_m3(STEP_S)


def test_what_fits_is_left_alone():
    asked = [Move("pump", "hub", "home", 1.0, 600, duty=True), Move("tap", "home", None, 0.05, STEP_S)]
    moves, reasons = trim(asked, {"hub": 3.0, "home": 0.5}, CAPACITIES, STEP_S)
    assert [moves[move.element] for move in asked] == asked
    assert reasons == {}


def test_an_empty_tank_stops_the_pump_before_the_tap_runs_dry():
    asked = [
        Move("pump", "hub", "home", 2.0, 1800, duty=True, rank=3),
        Move("tap", "hub", None, 0.2, STEP_S, rank=5),
    ]
    moves, reasons = trim(asked, {"hub": 0.5, "home": 0.0}, CAPACITIES, STEP_S)
    assert abs(moved(moves, "tap") - 0.2) < 1e-9
    assert abs(moved(moves, "pump") - 0.3) < 1e-6
    assert reasons == {"pump": EMPTY}


def test_the_tap_goes_short_when_nothing_else_can_give_way():
    moves, reasons = trim([Move("tap", "home", None, 0.4, STEP_S, rank=5)], {"home": 0.1}, CAPACITIES, STEP_S)
    assert abs(moved(moves, "tap") - 0.1) < 1e-9
    assert reasons == {"tap": EMPTY}


def test_a_level_switch_stops_a_pump_but_not_the_rain():
    asked = [
        Move("pump", "hub", "home", 1.0, 1800, duty=True, stops=True),
        Move("rain", None, "home", 0.9, STEP_S),
    ]
    moves, reasons = trim(asked, {"hub": 3.0, "home": 0.6}, CAPACITIES, STEP_S)
    assert moves["rain"] == asked[1]
    assert abs(moved(moves, "pump") - 0.4 / 1.9) < 1e-6
    assert reasons == {"pump": FULL}


def test_what_treatment_loses_does_not_count_as_filling():
    treatment = Move("treatment", "hub", "home", 0.5, STEP_S, gain=0.8, stops=True)
    moves, reasons = trim([treatment], {"hub": 3.0, "home": 0.6}, CAPACITIES, STEP_S)
    assert reasons == {}
    assert moves["treatment"] == treatment


@settings(max_examples=300, deadline=None)
@example(hub_m3=0.0, home_m3=0.0, pump_s=1, back_s=0, inlet_s=1576, taps=[0.875, 1.0])
@example(hub_m3=6.0, home_m3=0.0, pump_s=1, back_s=0, inlet_s=1, taps=[0.75, 1.0])
@example(hub_m3=0.6484375, home_m3=0.64453125, pump_s=112, back_s=204, inlet_s=6, taps=[0.6484375, 0.6484375])
@given(
    hub_m3=st.floats(0.0, 6.0),
    home_m3=st.floats(0.0, 1.0),
    pump_s=st.integers(0, STEP_S),
    back_s=st.integers(0, STEP_S),
    inlet_s=st.integers(0, STEP_S),
    taps=st.lists(st.floats(0.0, 2.0), min_size=2, max_size=2),
)
def test_no_tank_is_ever_overdrawn(hub_m3, home_m3, pump_s, back_s, inlet_s, taps):
    asked = [
        Move("inlet", None, "hub", 2.0, inlet_s, duty=True, rank=3, stops=True),
        Move("pump", "hub", "home", 1.2, pump_s, duty=True, rank=3, stops=True),
        Move("back", "home", "hub", 0.6, back_s, duty=True, rank=3, stops=True),
        Move("hub_tap", "hub", None, taps[0], STEP_S, rank=5),
        Move("home_tap", "home", None, taps[1], STEP_S, rank=5),
    ]
    volumes = {"hub": hub_m3, "home": home_m3}
    moves, _ = trim(asked, volumes, CAPACITIES, STEP_S)
    for second in range(0, STEP_S + 1, 60):
        for tank, start in volumes.items():
            change = sum(
                (move.gain * (move.sink == tank) - (move.source == tank)) * move.moved_m3(second)
                for move in moves.values()
            )
            assert start + change > -1e-6  # pumps in a circle converge; EPANET stops what is left
    for move in asked:
        assert moved(moves, move.element) <= move.moved_m3(STEP_S) + 1e-12
