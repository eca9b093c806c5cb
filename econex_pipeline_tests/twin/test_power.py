import pytest

from econex_pipeline.twin import Battery
from econex_pipeline.twin.power import GridConnection, Line, MicroGrid

NODES = ["home_1", "home_2", "hub"]
LINES = [
    Line("line_1_hub", "home_1", "hub", 10.0, 10.0, 0.01),
    Line("line_2_hub", "home_2", "hub", 10.0, 10.0, 0.01),
    Line("line_1_2", "home_1", "home_2", 10.0, 10.0, 0.01),
]
BATTERY = {"battery": ("home_1", Battery(13.5, 5.0, 0.89))}


def run(
    pv=None, load=None, asked=None, energy=2.7, grid=(30.0, 30.0), available=True, lines=LINES, consumed=None, band=None
):
    micro_grid = MicroGrid(NODES, lines, GridConnection("hub", *grid), BATTERY)
    bands = {} if band is None else {"battery": band}
    return micro_grid.step(
        pv or {}, load or {}, consumed or {}, {}, asked or {}, {"battery": energy}, 1.0, available, bands
    ).powers_kw


def losses_kw(powers, lines=LINES):
    return sum(0.01 * (powers[line.name] + powers[f"{line.name}.reverse"]) for line in lines)


def residual_kw(powers, load, consumed=0.0, lines=LINES):
    """Sources less sinks of the whole micro-grid, added up without looking at any node."""
    sources = sum(value for name, value in powers.items() if name.startswith(("pv.", "unserved.")))
    sources += powers["grid_import"] + powers["battery.discharge"]
    sinks = sum(value for name, value in powers.items() if name.startswith("dump."))
    sinks += powers["grid_export"] + powers["battery.charge"] + losses_kw(powers, lines) + sum(load.values()) + consumed
    return sources - sinks


def test_the_grid_takes_the_remainder():
    load = {"home_1": 1.0, "home_2": 2.0, "hub": 3.0}
    powers = run(pv={"home_1": 4.0}, load=load)
    assert powers["line_1_hub"] == pytest.approx(3.0)
    assert powers["line_2_hub.reverse"] == pytest.approx(2.0 / 0.99)
    assert powers["grid_import"] == pytest.approx(3.0 + 2.0 / 0.99 - 2.97)
    assert residual_kw(powers, load) == pytest.approx(0.0, abs=1e-12)


def test_a_line_beside_the_tree_carries_what_was_asked():
    powers = run(pv={"home_1": 4.0}, load={"home_2": 2.0}, asked={"line_1_2": 2.0})
    assert powers["line_1_2"] == 2.0
    assert powers["line_1_hub"] == pytest.approx(2.0)
    assert powers["line_2_hub.reverse"] == pytest.approx(0.02 / 0.99)


def test_in_an_outage_the_battery_serves_before_anyone_goes_without():
    load = {"hub": 2.0}
    powers = run(load=load, energy=10.0, available=False)
    assert powers["grid_import"] == 0.0
    assert powers["battery.discharge"] == pytest.approx(2.0 / 0.99, rel=1e-6)
    assert powers["unserved.hub.E"] == pytest.approx(0.0, abs=1e-6)
    assert residual_kw(powers, load) == pytest.approx(0.0, abs=1e-8)


def test_in_an_outage_with_an_empty_battery_the_load_goes_unserved():
    load = {"hub": 2.0, "home_2": 1.0}
    powers = run(load=load, energy=0.0, available=False)
    assert powers["unserved.hub.E"] + powers["unserved.home_2.E"] == pytest.approx(3.0, rel=1e-2)
    assert residual_kw(powers, load) == pytest.approx(0.0, abs=1e-8)


def test_in_an_outage_surplus_charges_the_battery_then_is_curtailed():
    powers = run(pv={"home_1": 9.0}, load={"home_1": 1.0}, energy=0.0, available=False)
    assert powers["battery.charge"] == pytest.approx(5.0)
    assert powers["curtail.home_1"] == pytest.approx(3.0)
    assert powers["pv.home_1"] == pytest.approx(6.0)


def test_in_an_outage_no_sun_is_turned_away_that_someone_needs_or_a_battery_can_hold():
    """A plan of less load or of a fuller battery asked for it."""
    load, asked = {"home_1": 6.0}, {"curtail.home_1": 4.0, "dump.home_1": 1.0}
    powers = run(pv={"home_1": 5.0}, load=load, asked=asked, energy=0.0, available=False)
    assert powers["pv.home_1"] == 5.0
    assert powers["unserved.home_1.E"] == pytest.approx(1.0)
    stored = run(pv={"home_1": 9.0}, load=load, asked=asked, energy=0.0, available=False)
    assert stored["battery.charge"] == pytest.approx(3.0)
    assert stored["curtail.home_1"] == stored["dump.home_1"] == 0.0


def test_export_beyond_the_cap_is_curtailed_and_never_lost():
    powers = run(pv={"home_1": 9.0}, energy=13.5, grid=(30.0, 2.0))
    assert powers["grid_export"] == pytest.approx(2.0, abs=1e-6)
    assert residual_kw(powers, {}) == pytest.approx(0.0, abs=1e-8)


def test_a_line_at_its_limit_curtails_behind_it():
    lines = [Line("line_1_hub", "home_1", "hub", 3.0, 3.0, 0.01), LINES[1]]
    powers = run(pv={"home_1": 9.0}, energy=13.5, lines=lines)
    assert powers["line_1_hub"] == pytest.approx(3.0)
    assert powers["curtail.home_1"] == pytest.approx(6.0)


def test_a_surplus_that_nothing_takes_is_dumped_and_said_so():
    micro_grid = MicroGrid(NODES, LINES, GridConnection("hub", 0.0, 0.0), {})
    powers = micro_grid.step({}, {}, {}, {"hub": 1.5}, {}, {}, 1.0).powers_kw
    assert powers["dump.hub"] == pytest.approx(1.5)


def test_asked_curtailment_never_exceeds_the_sun():
    powers = run(pv={"home_1": 1.0}, asked={"curtail.home_1": 2.0})
    assert powers["pv.home_1"] == 0.0
    assert powers["curtail.home_1"] == 1.0


@pytest.mark.parametrize(
    ("pv", "load", "band", "net_charge"),
    [
        pytest.param(3.0, 1.0, (-5.0, 5.0), 2.0, id="a surplus is stored"),
        pytest.param(1.0, 3.0, (-5.0, 5.0), -2.0, id="a shortage is covered"),
        pytest.param(3.0, 1.0, (-5.0, 0.0), 0.0, id="a surplus is sold where storing does not pay"),
        pytest.param(1.0, 3.0, (0.0, 5.0), 0.0, id="a shortage is bought where giving does not pay"),
        pytest.param(3.0, 1.0, (2.5, 5.0), 2.5, id="what must be charged is charged"),
        pytest.param(9.0, 1.0, (-5.0, 5.0), 5.0, id="no more than its power"),
        pytest.param(0.0, 8.0, (-5.0, 5.0), -2.7 * 0.89**0.5, id="no more than it holds"),
    ],
)
def test_within_its_band_a_battery_keeps_the_meter_at_zero(pv, load, band, net_charge):
    powers = run(pv={"home_1": pv}, load={"home_1": load}, band=band)
    assert powers["battery.charge"] - powers["battery.discharge"] == pytest.approx(net_charge)
    bought, sold = powers["grid_import"], powers["grid_export"]
    left = pv - load - net_charge
    assert sold - bought == pytest.approx(0.99 * left if left > 0.0 else left / 0.99, abs=1e-9)
    assert residual_kw(powers, {"home_1": load}) == pytest.approx(0.0, abs=1e-9)


def test_the_meter_is_at_zero_whatever_the_lines_lose():
    load = {"home_1": 0.5, "home_2": 1.0, "hub": 2.0}
    for pv in (0.0, 3.0, 4.5, 6.0):
        powers = run(pv={"home_1": pv}, load=load, energy=8.0, band=(-5.0, 5.0))
        assert powers["grid_import"] + powers["grid_export"] == pytest.approx(0.0, abs=1e-8)
        assert residual_kw(powers, load) == pytest.approx(0.0, abs=1e-9)


def test_without_the_grid_there_is_no_meter_to_keep_at_zero():
    powers = run(load={"hub": 2.0}, energy=10.0, available=False, band=(0.0, 0.0))
    assert powers["battery.discharge"] == pytest.approx(2.0 / 0.99, rel=1e-6)
    assert powers["unserved.hub.E"] == pytest.approx(0.0, abs=1e-6)
