"""Promises judged on figures made by hand: what is kept, what is missed, what was not run."""

import pickle
from datetime import date
from queue import SimpleQueue

import pandas as pd
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.district import load_case
from econex_pipeline.study import pool
from econex_pipeline.study.page import months_page, table
from econex_pipeline.study.pool import Progress
from econex_pipeline.study.results import Figures, results_table, write_results
from econex_pipeline.study.tasks import Task, Told, month_tasks
from econex_pipeline.study.verdicts import captured, captured_ending_alike, verdicts
from econex_pipeline.study.worth import annuity_usd, worths
from econex_pipeline_tests.conftest import DATA

JULY = date(2025, 7, 1)
SOUND = {
    "worst_water_m3": 1e-8,
    "worst_energy_kwh": 1e-12,
    "steps_outside_unexplained": 0.0,
    "steps_with_pressure_warning_unexplained": 0.0,
    "steps_with_event": 0.0,
}
COSTS = {
    "rules": 100.0,
    "controlled": 82.0,
    "uncommitted": 81.75,
    "perfect_forecast": 80.75,
    "rolling_foresight": 80.5,
    "perfect_foresight": 80.0,
    "midnight_target": 83.0,
    "horizon_72h": 81.5,
    "foresight_ending_as_rules": 85.0,
    "foresight_ending_as_controlled": 81.0,
}


def figures_of(costs, case="base", **measures):
    results = {name: {**SOUND, "cost_usd": usd, "weighted_cost_usd": usd, **measures} for name, usd in costs.items()}
    return Figures(results_table({Task(case, JULY, 31, tuple(results)): results}))


def words(figures):
    return [verdict.word for verdict in verdicts(figures)]


def test_a_sound_month_keeps_every_promise():
    assert words(figures_of(COSTS)) == ["PASS", "PASS", "PASS", "not run", *["PASS"] * 5]


def test_what_was_not_run_is_not_called_kept():
    assert words(figures_of({"controlled": 82.0})) == ["PASS", "PASS", *["not run"] * 7]


def test_where_every_task_failed_nothing_is_called_kept():
    assert words(Figures(results_table({}))) == ["not run"] * 4


def test_what_was_saved_on_a_strategy_that_was_not_run_is_left_open():
    beside = {"unserved_kwh": 0.0, "unserved_m3": 0.0, "spill_m3": 0.0, "fallback_cycles": 0.0, "carbon_kg": 0.0}
    (row,) = (line for line in months_page(figures_of({"controlled": 82.0}, **beside)).splitlines() if "0.000" in line)
    assert [cell.strip() for cell in row.split("|")][1:4] == ["2025-07 base", "-", "-"]


def test_ninety_of_a_hundred_lie_between_rules_and_foresight():
    assert captured(figures_of(COSTS), "2025-07") == pytest.approx(0.9)
    assert captured(figures_of({**COSTS, "controlled": 86.0}), "2025-07") == pytest.approx(0.7)


def test_beside_a_foresight_that_ends_alike_nothing_stored_is_valued():
    """Rules could have saved 15, the controller 1: it captured all but a fifteenth."""
    assert captured_ending_alike(figures_of(COSTS), "2025-07") == pytest.approx(14.0 / 15.0)


@pytest.mark.parametrize(
    ("costs", "missed"),
    [
        ({"controlled": 101.0}, "never loses to the rules"),
        ({"controlled": 85.0}, "between rules and perfect foresight"),
        ({"foresight_ending_as_controlled": 78.0}, "ends with as much in store"),
        ({"midnight_target": 81.9}, "midnight target"),
        ({"horizon_72h": 81.0}, "72 h horizon"),
    ],
)
def test_a_miss_is_said(costs, missed):
    found = verdicts(figures_of({**COSTS, **costs}))
    assert any(missed in verdict.promise and verdict.kept is False for verdict in found)


def test_a_loss_in_another_case_is_not_laid_to_the_base_case():
    found = verdicts(figures_of({"rules": 100.0, "controlled": 101.0}, case="drought"))
    assert [(verdict.promise, verdict.kept) for verdict in found[2:]] == [
        ("The controller never loses to the rules", None),
        ("In no other case either", False),
    ]


def test_the_staircase_names_each_step():
    (found,) = (verdict.found for verdict in verdicts(figures_of(COSTS)) if "staircase" in verdict.promise)
    assert found == "perfect foresight 80.00 +0.50 horizon +0.25 model +1.00 forecast +0.25 commitment = 82.00 USD"


@pytest.mark.parametrize("measure", ["worst_water_m3", "worst_energy_kwh"])
def test_a_liter_or_a_watt_hour_that_is_lost_is_missed(measure):
    assert words(figures_of(COSTS, **{measure: 1e-3}))[0] == "MISS"


@pytest.mark.parametrize("measure", ["steps_outside_unexplained", "steps_with_pressure_warning_unexplained"])
def test_a_step_outside_its_limits_without_an_event_is_missed(measure):
    assert words(figures_of(COSTS, **{measure: 1.0}))[1] == "MISS"


def test_an_annuity_returns_its_cost_with_interest():
    """15 payments, each discounted to the start, are worth the cost."""
    payment = annuity_usd(1000.0, 15, 0.05)
    assert sum(payment / 1.05**year for year in range(1, 16)) == pytest.approx(1000.0)


@pytest.mark.parametrize(("without_usd", "word"), [(101.0, "pays"), (91.0, "does not pay"), (-1.0, "does not pay: it")])
def test_a_device_pays_when_it_earns_more_than_its_annuity(without_usd, word):
    """Over 31 days a battery of 13.5 kWh and 5 kW costs 92.5 USD at the source's prices, at 5 % over 15 years."""
    both = {}
    for case, usd in (("base", 0.0), ("no_battery", without_usd)):
        both[Task(case, JULY, 31, ("controlled",))] = {"controlled": {"cost_usd": usd, "weighted_cost_usd": usd}}
    (worth,) = worths(Figures(results_table(both)), "2025-07", load_case(DATA, "base"))
    assert worth.cost_usd == pytest.approx(92.5, abs=0.1)
    assert worth.earned_usd == without_usd
    assert worth.word.startswith(word)


def test_the_table_on_disk_is_the_table(tmp_path):
    made = results_table({Task("base", JULY, 31, ("rules",)): {"rules": SOUND}})
    path = write_results(made, tmp_path / "deep" / "months")
    pd.testing.assert_frame_equal(pd.read_parquet(path.with_suffix(".parquet")), made)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1 + len(SOUND)
    assert sorted(place.name for place in path.parent.iterdir()) == ["months.csv", "months.parquet"]


def test_the_base_case_comes_first_and_a_month_is_named_by_its_month():
    tasks = month_tasks(["cloudy", "base"], [JULY, date(2025, 2, 1)])
    assert [task.case for task in tasks[:2]] == ["base", "base"]
    assert [(task.label, task.count) for task in tasks[:2]] == [("2025-07", 31), ("2025-02", 28)]
    assert tasks[-1].case == "cloudy"


def test_progress_says_what_is_left():
    said = []
    task = Task("base", JULY, 2, ("rules",))
    progress = Progress([task], 2, said.append)
    for reused, seconds in ((False, 120.0), (True, 0.1)):
        progress.hear(Told(task, JULY, "rules", reused, seconds))
    progress._line("base")
    assert said[-1].endswith("1 days made, 1 reused, 2 to go, at most 2 min left")
    progress.ended(task, "done")
    assert said[-1].endswith("0 to go")


def test_what_stopped_a_task_comes_back_from_its_process(monkeypatch):
    def refused(*_):
        raise InputError("study", "first day", "2024-01-01", "a later one")

    monkeypatch.setattr(pool, "_told", SimpleQueue())
    monkeypatch.setattr(pool, "work", refused)
    with pytest.raises(pool.TaskFailed) as stopped:
        pool._work(Task("base", JULY, 1, ()), DATA, DATA)
    assert str(pickle.loads(pickle.dumps(stopped.value))) == "study: first day is '2024-01-01'; expected a later one"


def test_a_table_lines_up():
    lines = table(("case", "USD"), [("base", "1.00"), ("drought", "12.00")]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[1] == "|---------|------:|"
