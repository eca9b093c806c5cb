"""What a network file lacks, or has too much, stops with one sentence."""

import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.hydraulics import WaterNetwork, check_network


def test_the_pilot_agrees_with_its_network(district, network):
    check_network(district, network)
    assert network.boundary["CISTERN"] == "J_CISTERN"


RENAMED = [
    (
        "PUMP_HOME_1 ",
        "PUMP_HOM_1 ",
        r"arcs\.potable_hub_1\.actuator: no pump 'PUMP_HOME_1'; did you mean 'PUMP_HOM_1'\?",
    ),
    ("MAIN_RAW_2 ", "MAIN_RAW_X ", r"arcs\.raw_2_hub\.meter: no link 'MAIN_RAW_2'; did you mean 'MAIN_RAW_"),
    ("VALVE_RETURN_2 ", "RETURN_VALVE ", r"arcs\.potable_2_hub\.actuator: no valve 'VALVE_RETURN_2'"),
    ("PRV_INLET ", "PRV_INLETT ", r"utilities\.mains\.turbine: no valve 'PRV_INLET'; did you mean 'PRV_INLETT'"),
    ("FCV_INLET ", "FCV_MAINS ", r"utilities\.mains\.actuator: no valve 'FCV_INLET'; did you mean"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), RENAMED)
def test_a_name_the_network_does_not_hold_is_refused_with_the_nearest(district, edited, old, new, sentence):
    path = edited(old, new, -1)
    with pytest.raises(InputError, match=sentence) as refused:
        check_network(district, WaterNetwork(path))
    assert str(path) in str(refused.value)


def test_a_tank_the_network_does_not_hold_is_refused(district, network):
    storage = district.storages["cistern"].model_copy(update={"tank": "CISTREN"})
    other = district.model_copy(update={"storages": {**district.storages, "cistern": storage}})
    with pytest.raises(InputError, match=r"storages\.cistern\.tank: no tank 'CISTREN'; did you mean 'CISTERN'"):
        check_network(other, network)


WRONG = [
    ("0       1.6     3.989", "0       1.5     3.989", r"CISTERN volume .* '18\.75 m3'; expected 20 m3"),
    ("3.989422804014327   0   *  YES", "3.989422804014327   0   *  NO", r"CISTERN overflow is 'NO'; expected YES"),
    ("N_RETURN_1_OUT  25   FCV   0.6", "N_RETURN_1_OUT  25   PBV   0.6",
     r"arcs\.potable_1_hub\.actuator 'VALVE_RETURN_1' is 'PBV'; expected FCV or TCV"),
    ("PUMP_HOME_1    J_TANK_POTABLE ", "PUMP_HOME_1    J_TANK_HOME_2  ",
     r"'PUMP_HOME_1' draws from TANK_HOME_2; expected TANK_POTABLE alone"),
    ("MAIN_RAW_2         N_RAW_2_DISCHARGE   J_TANK_RAW ", "MAIN_RAW_2         J_TANK_RAW  N_RAW_2_DISCHARGE ",
     r"arcs\.raw_2_hub\.meter: 'MAIN_RAW_2' points against 'PUMP_RAW_2'"),
    ("FCV   2.0 ", "FCV   3.0 ", r"FCV_INLET setting is 3\.0; expected 2 m3/h, utilities\.mains\.rated_flow_m3_h"),
    ("LINK_CISTERN       J_CISTERN           CISTERN ", "LINK_CISTERN       N_RAW_2_DISCHARGE   CISTERN ",
     r"tank 'CISTERN' needs a boundary junction 'J_CISTERN'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), WRONG)
def test_what_does_not_fit_the_district_is_refused(district, edited, old, new, sentence):
    with pytest.raises(InputError, match=sentence):
        check_network(district, WaterNetwork(edited(old, new)))


@pytest.mark.parametrize("meter", ["LINK_RAW", "MAIN_RAW_HUB", "LINK_CISTERN"])
def test_a_meter_that_reads_something_else_is_refused(district, network, meter):
    arc = district.arcs["raw_2_hub"].model_copy(update={"meter": meter})
    kept = {name: other for name, other in district.arcs.items() if name != "raw_hub_2"}
    other = district.model_copy(update={"arcs": {**kept, "raw_2_hub": arc}})
    sentence = rf"arcs\.raw_2_hub\.meter: '{meter}' does not stand in series with 'PUMP_RAW_2'; expected MAIN_RAW_2"
    with pytest.raises(InputError, match=sentence):
        check_network(other, network)


def test_two_arcs_cannot_share_a_pump(district, network):
    arc = district.arcs["raw_2_hub"].model_copy(update={"actuator": "PUMP_RAW_HUB"})
    other = district.model_copy(update={"arcs": {**district.arcs, "raw_2_hub": arc}})
    with pytest.raises(InputError, match="PUMP_RAW_HUB"):
        check_network(other, network)


def without(district, arcs, storages):
    """The district less some of its arcs and storages."""
    kept = {name: arc for name, arc in district.arcs.items() if name not in arcs}
    stored = {name: storage for name, storage in district.storages.items() if name not in storages}
    return district.model_copy(update={"arcs": kept, "storages": stored})


def test_a_plant_taken_out_of_the_district_may_stay_in_the_file(district, network):
    check_network(without(district, ("phs_pump", "phs_turbine"), ("lower_basin", "upper_basin")), network)


def test_a_pump_of_the_district_cannot_reach_a_tank_that_is_none(district, network):
    with pytest.raises(InputError, match=r"arcs\.phs_turbine\.actuator: 'TURBINE_PHS' reaches tank 'BASIN_LOWER'"):
        check_network(without(district, ("phs_pump",), ("lower_basin",)), network)


OWN_WILL = [
    ("[TIMES]", "[CONTROLS]\nLINK PUMP_PHS CLOSED AT TIME 1\n[TIMES]", r"\[CONTROLS\]: 1 found"),
    ("[TIMES]", "[RULES]\nRULE 1\nIF TANK CISTERN LEVEL > 1\nTHEN PUMP PUMP_PHS STATUS IS OPEN\n[TIMES]", r"\[RULES\]"),
    ("HEAD H_PHS\n", "HEAD H_PHS PATTERN P1\n\n[PATTERNS]\nP1 1 0\n", r"PUMP_PHS PATTERN"),
    ("J_CISTERN            9.5    0\n", "J_CISTERN            9.5    0   P1\n\n[PATTERNS]\nP1 1 0\n\n[JUNCTIONS]\n",
     "pattern of J_CISTERN"),
    ("QUALITY    NONE", "DEMAND MULTIPLIER 2", r"DEMAND MULTIPLIER is 2\.0; expected 1"),
    ("H_PHS       0     52.0", "H_PHS       0     xx", "cannot be read"),
    ("[PUMPS]", "[PUMPZ]", "cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), OWN_WILL)
def test_a_file_that_is_not_handled_is_refused_when_opened(edited, old, new, sentence):
    with pytest.raises(InputError, match=sentence):
        WaterNetwork(edited(old, new))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.inp: network file: there is no such file"):
        WaterNetwork(tmp_path / "nowhere.inp")


def with_curve(edited, points):
    lines = "\n".join(f"V_CISTERN {level} {volume}" for level, volume in points)
    path = edited("[CURVES]", f"[CURVES]\n{lines}")
    cylinder, curved = "3.989422804014327   0   *  YES", "3.989422804014327   0   V_CISTERN  YES"
    assert cylinder in path.read_text()
    path.write_text(path.read_text().replace(cylinder, curved))
    return path


def test_a_tank_with_a_volume_curve_keeps_its_volume(edited, levels):
    network = WaterNetwork(with_curve(edited, [(0, 0), (0.8, 8), (1.7, 22.4)]))
    cistern = network.tanks["CISTERN"]
    assert cistern.capacity_m3 == pytest.approx(8 + 16 * 0.8)
    assert cistern.volume_m3(cistern.level_m(11.0)) == pytest.approx(11.0)
    result = network.run_step({**levels, "CISTERN": 7.0}, {}, {"J_CISTERN": -3.0})
    assert result.levels_m3["CISTERN"] == pytest.approx(10.0, abs=1e-4)


def test_a_volume_curve_that_ends_below_the_brim_is_refused(edited):
    with pytest.raises(InputError):
        WaterNetwork(with_curve(edited, [(0, 0), (0.8, 8)]))
