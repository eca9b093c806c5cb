"""A study that is killed goes on where it stopped, and its days are those of the pipeline."""

import os
import signal
import subprocess
import sys
import time
from datetime import date

import pandas as pd
import pytest

from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.recipe import Day, ensure
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.study import StudyDays
from econex_pipeline.study.days import without_recourse_rates
from econex_pipeline.study.results import results_table
from econex_pipeline.study.tasks import month_tasks, work

pytestmark = pytest.mark.slow
FIRST, DAYS = date(2025, 7, 1), 3
CASES = ("base", "no_battery")
STRATEGY = "controlled"
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def tasks():
    return month_tasks(CASES, [FIRST], DAYS, [STRATEGY])


@pytest.fixture(scope="module")
def undisturbed(tasks, small_data, tmp_path_factory):
    root = tmp_path_factory.mktemp("undisturbed")
    told = []
    table = results_table({task: work(task, small_data, root, told.append) for task in tasks})
    assert not any(step.reused for step in told)
    return table


def kill_after_days(days, small_data, storage):
    """Start a study as a user would, and kill it with its workers once so many days of control are kept."""
    command = [sys.executable, "-m", "econex_pipeline.study", "--months", "2025-07", "--days", str(DAYS)]
    command += ["--cases", *CASES, "--strategies", STRATEGY, "--jobs", "1"]
    places = {"ECONEX_DATA": str(small_data), "ECONEX_STORAGE": str(storage)}
    study = subprocess.Popen(
        command, env={**os.environ, **places}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    waited_until = time.monotonic() + PATIENCE_S
    try:
        while len(list(storage.rglob(f"{STRATEGY}/*/*.parquet"))) < days:
            assert study.poll() is None, "the study ended before it could be killed"
            assert time.monotonic() < waited_until, "the study keeps no days"
            time.sleep(0.02)
    finally:
        os.killpg(study.pid, signal.SIGKILL)
        study.wait()


def test_a_killed_study_ends_with_the_same_table(tasks, undisturbed, small_data, tmp_path):
    kill_after_days(2, small_data, tmp_path)
    told = []
    resumed = results_table({task: work(task, small_data, tmp_path / "study", told.append) for task in tasks})
    kept = [step for step in told if step.reused]
    assert 2 <= sum(step.what == STRATEGY for step in kept) < len(CASES) * DAYS
    pd.testing.assert_frame_equal(resumed, undisturbed, check_exact=True)


def test_a_studied_day_has_the_plan_of_the_pipeline(small_data, tmp_path):
    """Two days in a row: the second starts where the plan of the first is expected to end."""
    setting = Inputs(data_dir=str(small_data)).setting("base")
    days = StudyDays(setting, FIRST, 2, tmp_path / "study")
    for of in days.dates:
        assert not days.prepare(of)
        there = Day(setting, of, Storage(root=str(tmp_path / "pipeline")), RunOptions())
        for entry in DAY_AHEAD:
            ensure(entry, there)
        expected = without_recourse_rates(there.table(PLAN))
        pd.testing.assert_frame_equal(days.inputs(of).plan, expected, check_exact=True)
    assert days.prepare(FIRST)
