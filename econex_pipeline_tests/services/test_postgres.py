"""The instance in a real PostgreSQL server: looks of the automation and pruning give what they give on SQLite."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from econex_pipeline.orchestration import home
from econex_pipeline.orchestration.automation.history import made
from econex_pipeline.orchestration.automation.retention import prune
from econex_pipeline_tests.services.servers import postgres

pytestmark = pytest.mark.services

HOURS = dg.HourlyPartitionsDefinition("2025-07-01-00:00", end_date="2025-07-03-00:00", timezone="UTC")
KEYS = HOURS.get_partition_keys()[:3]


@dg.asset(partitions_def=HOURS)
def hour(context: dg.AssetExecutionContext) -> None:
    context.log.info("a line of log")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    folder = tmp_path_factory.mktemp("home")
    with postgres() as database, pytest.MonkeyPatch.context() as patch:
        for name, value in {**database, "ECONEX_INSTANCE": "postgres", "DAGSTER_HOME": str(folder)}.items():
            patch.setenv(name, value)
        with dg.DagsterInstance.from_config(str(home.prepare_instance())) as instance:
            yield instance


def test_runs_partitions_and_pruning_on_postgres(instance: dg.DagsterInstance) -> None:
    job = dg.Definitions(assets=[hour], jobs=[dg.define_asset_job("hours", [hour])]).resolve_job_def("hours")
    runs = [job.execute_in_process(instance=instance, partition_key=key).run_id for key in KEYS]
    assert made(instance, ["hour"], KEYS) == set(KEYS)
    before = [len(instance.get_records_for_run(run).records) for run in runs]
    counts = prune(instance, datetime.now(UTC) + timedelta(days=1))
    left = [len(instance.get_records_for_run(run).records) for run in runs]
    assert counts == {"runs_pruned": 3, "runs_deleted": 0, "events_deleted": sum(before) - sum(left)}
    assert max(left) < min(before)
    assert instance.get_materialized_partitions(hour.key) == set(KEYS)
    assert not list(Path(instance.root_directory).rglob("*.db"))
