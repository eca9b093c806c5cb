"""Cases without a device, and cases under an event, plan and operate a day: few scenarios, but the whole way."""

import shutil
from datetime import date

import pytest

from econex_pipeline.hydraulics import WaterNetwork, check_network
from econex_pipeline.orchestration.recipe import HOURS
from econex_pipeline.twin import balances, measurements_of
from econex_pipeline_tests.conftest import DATA
from econex_pipeline_tests.pilot.run import run

SUMMER, WINTER = date(2025, 7, 15), date(2025, 1, 15)  # the days on which the outages are
FEW = {"drawn: 1000": "drawn: 40", "kept: 20": "kept: 1"}
DAYS = {
    "no_battery": WINTER,
    "no_phs": SUMMER,
    "no_prs": WINTER,
    "no_treatment": SUMMER,
    "storm": date(2025, 7, 3),
    "grid_outage": WINTER,
    "mains_outage": SUMMER,
}
"""Cases that take something away or let something happen; all the others are stepped in the twin's tests."""
UNDER_EVENT_H = {"grid_outage": 4, "mains_outage": 18}
"""Hours of its day that a case spends under its event."""


@pytest.fixture(scope="module")
def quick_data(tmp_path_factory):
    """The data folder with small scenario sets."""
    data = shutil.copytree(DATA, tmp_path_factory.mktemp("cases") / "data")
    for path in data.glob("districts/*/district.yaml"):
        text = path.read_text()
        for old, new in FEW.items():
            assert text.count(old) == 1
            text = text.replace(old, new)
        path.write_text(text)
    return data


@pytest.fixture(scope="module")
def quick_root(tmp_path_factory):
    return tmp_path_factory.mktemp("cases_storage")


@pytest.mark.slow
@pytest.mark.parametrize(("case", "day"), DAYS.items())
def test_a_case_plans_and_operates_its_day_and_its_books_close(quick_data, quick_root, case, day):
    operated = run(quick_data, quick_root, case, day)
    district = operated.day.setting.district
    check_network(district, WaterNetwork(district.network_path))
    steps = measurements_of(operated.operations, operated.states, district.step_h)
    assert len(steps) == 24
    closing = [balances(step, district) for step in steps]
    assert max(step.worst_water_m3 for step in closing) < 1e-6
    assert max(step.worst_energy_kwh for step in closing) < 1e-6
    assert operated.operations.query("quantity == 'fallback_count'")["value"].sum() == 0.0
    assert sum(bool(step.events) for step in steps) == UNDER_EVENT_H.get(case, 0)
    noted = [operated.day.storage.extra(HOURS, case, key) for key in operated.day.hour_keys]
    assert [bool(extra["events"]) for extra in noted] == [bool(step.events) for step in steps]


@pytest.mark.slow
def test_who_knows_of_an_outage_fills_the_battery_before_it(quick_data, quick_root):
    text = (quick_data / "cases" / "grid_outage.yaml").read_text()
    told = text.replace("kind: grid_outage", "known: true\n      kind: grid_outage")
    (quick_data / "cases" / "told_outage.yaml").write_text(told)
    surprised, knowing = (run(quick_data, quick_root, case, WINTER) for case in ("grid_outage", "told_outage"))
    assert surprised.delivered("unserved.hub.E", "power_kw").sum() > 0.5
    assert knowing.delivered("unserved.hub.E", "power_kw").sum() < 0.05
    out = [
        operated.delivered("grid_import", "power_kw")[list(range(16, 20))].sum() for operated in (surprised, knowing)
    ]
    assert out == pytest.approx([0.0, 0.0], abs=1e-6)
    assert knowing.planned("grid_import", "power_kw")[list(range(16, 20))].sum() == pytest.approx(0.0, abs=1e-6)
    assert surprised.planned("grid_import", "power_kw")[list(range(16, 20))].sum() > 1.0
