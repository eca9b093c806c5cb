"""Old logs go, what they made stays known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from econex_pipeline.orchestration.automation.history import made
from econex_pipeline.orchestration.automation.retention import prune, retention_job
from econex_pipeline.orchestration.automation.settings import Automation

HOURS = dg.HourlyPartitionsDefinition("2025-07-01-00:00", end_date="2025-07-03-00:00", timezone="UTC")
KEYS = HOURS.get_partition_keys()[:2]
LATER = datetime.now(UTC) + timedelta(days=1)


@dg.asset(partitions_def=HOURS)
def hour(context: dg.AssetExecutionContext) -> None:
    for n in range(8):
        context.log.info(f"line {n} of a long talk")


@dg.asset_check(asset=hour, blocking=True)
def holds() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.job
def idle() -> None:
    @dg.op
    def nothing() -> None:
        print("nothing was made")

    nothing()


@dataclass(frozen=True)
class Kept:
    """An instance before and after it was pruned."""

    instance: dg.DagsterInstance
    folder: Path
    runs: list[str]
    waiting: str
    without_assets: str
    lines: list[int]
    bytes_before: int
    nothing_old: dict[str, int]
    counts: dict[str, int]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("instance")
    with dg.instance_for_test(temp_dir=str(folder)) as instance:
        definitions = dg.Definitions(assets=[hour], asset_checks=[holds], jobs=[dg.define_asset_job("hours", [hour])])
        job = definitions.resolve_job_def("hours")
        runs = [job.execute_in_process(instance=instance, partition_key=key).run_id for key in KEYS]
        without_assets = idle.execute_in_process(instance=instance).run_id
        waiting = instance.create_run_for_job(idle).run_id
        lines, size = [_lines(instance, run) for run in runs], _size(folder, runs[0])
        nothing_old = prune(instance, datetime.now(UTC) - timedelta(days=90))
        counts = prune(instance, LATER)
        yield Kept(instance, folder, runs, waiting, without_assets, lines, size, nothing_old, counts)


def _lines(instance: dg.DagsterInstance, run_id: str) -> int:
    return len(instance.get_records_for_run(run_id).records)


def _size(folder: Path, run_id: str) -> int:
    (file,) = folder.rglob(f"{run_id}.db")
    return file.stat().st_size


def test_logs_go(kept: Kept) -> None:
    left = [_lines(kept.instance, run) for run in kept.runs]
    assert kept.counts == {"runs_pruned": 2, "runs_deleted": 1, "events_deleted": sum(kept.lines) - sum(left)}
    assert max(left) < 10 < min(kept.lines)
    assert _size(kept.folder, kept.runs[0]) < kept.bytes_before


def test_partitions_and_checks_and_runs_stay_known(kept: Kept) -> None:
    check = dg.AssetCheckKey(hour.key, "holds")
    assert kept.instance.get_materialized_partitions(hour.key) == set(KEYS)
    latest = kept.instance.event_log_storage.get_latest_asset_check_execution_by_key([check])
    assert [record.status.value for record in latest.values()] == ["SUCCEEDED"]
    assert made(kept.instance, ["hour"], KEYS) == set(KEYS)


def test_what_made_nothing_goes_whole_with_its_output(kept: Kept) -> None:
    assert kept.instance.get_run_by_id(kept.without_assets) is None
    assert not (Path(kept.instance.storage_directory()) / kept.without_assets).exists()


def test_young_and_unfinished_runs_are_left_alone(kept: Kept) -> None:
    assert sum(kept.nothing_old.values()) == 0
    assert kept.instance.get_run_by_id(kept.waiting) is not None


def test_what_was_pruned_once_is_not_looked_at_again(kept: Kept) -> None:
    assert sum(prune(kept.instance, LATER + timedelta(days=7)).values()) == 0


def test_the_job_prunes_by_its_configuration(kept: Kept) -> None:
    outcome = retention_job(Automation()).execute_in_process(instance=kept.instance)
    (done,) = [event for event in outcome.all_events if event.event_type is dg.DagsterEventType.STEP_OUTPUT]
    assert done.step_output_data.metadata["runs_pruned"].value == 0
