"""Two cases on two Celery workers, the instance in PostgreSQL: the same tables as on the embedded default.

Then a worker is killed in the middle of its hours, with all its processes, as when its machine goes.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.home import repository
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline_tests.services.servers import postgres, redis, wait_until

pytestmark = pytest.mark.services

CASES = ("base", "two_homes")
DAY = date(2025, 7, 15)
KEY = "2025-07-15"
HOURS = partitions.keys_of_hours(DAY, -5)
BIN = Path(sys.executable).parent
PATIENCE_S = 600
START, END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@dataclass
class Cluster:
    """Servers, workers and a daemon, and where their tables are."""

    folder: Path
    env: Mapping[str, str]
    workers: list[subprocess.Popen[bytes]]

    @property
    def storage(self) -> Storage:
        return Storage(root=str(self.folder / "storage"))

    def instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.folder / "home"))

    def launch(self, *jobs: str, keys: list[str]) -> None:
        """Put runs into the queue side by side, as persons would."""
        tags = json.dumps({START: keys[0], END: keys[-1]})
        command = [BIN / "dagster", "job", "launch", "-w", repository() / "workspace.yaml", "--tags", tags, "-j"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        asked = [subprocess.Popen([*command, job], env=self.env, cwd=repository(), **quiet) for job in jobs]
        assert [process.wait(PATIENCE_S) for process in asked] == [0] * len(jobs)

    def ended(self, job: str) -> bool:
        """Whether a run of a job has succeeded."""
        with self.instance() as instance:
            return any(run.is_success for run in instance.get_runs(dg.RunsFilter(job_name=job)))


def _data(folder: Path) -> None:
    """Copy the inputs with fewer draws and two cases: what is tested here is who computes, not what."""
    shutil.copytree(repository() / "data", folder)
    for case in (folder / "cases").glob("*.yaml"):
        if case.stem not in CASES:
            case.unlink()
    for district in (folder / "districts").glob("*/district.yaml"):
        text = district.read_text(encoding="utf-8")
        district.write_text(text.replace("drawn: 1000", "drawn: 60"), encoding="utf-8")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    _data(folder / "data")
    (folder / "home").mkdir()
    started: list[subprocess.Popen[bytes]] = []
    with postgres() as database, redis() as broker:
        places = {"DAGSTER_HOME": "home", "ECONEX_STORAGE": "storage", "ECONEX_DATA": "data"}
        env = {**os.environ, **database, "ECONEX_REDIS_URL": broker, "ECONEX_INSTANCE": "celery"}
        env |= {name: str(folder / place) for name, place in places.items()}
        env["PATH"] = f"{BIN}:{env['PATH']}"  # dagster-celery starts `celery` by its name
        subprocess.run([sys.executable, "-m", "econex_pipeline.orchestration.home"], env=env, check=True)
        worker = [BIN / "dagster-celery", "worker", "start", "-A", "dagster_celery.app"]
        worker += ["-y", repository() / "deploy" / "celery_worker.yaml"]
        commands = [[*worker, "-n", name, "--", "--concurrency=1"] for name in ("one", "two")]
        commands.append([BIN / "dagster-daemon", "run", "-w", repository() / "workspace.yaml"])
        with pytest.MonkeyPatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            try:
                for number, command in enumerate(commands):
                    with (folder / f"{number}.log").open("wb") as log:
                        started.append(
                            subprocess.Popen(
                                command, env=env, cwd=repository(), stdout=log, stderr=log, start_new_session=True
                            )
                        )
                yield Cluster(folder, env, started[:2])
            finally:
                for process in started:
                    if process.poll() is None:
                        os.killpg(process.pid, signal.SIGTERM)
                for process in started:
                    process.wait(60)


@pytest.fixture(scope="module")
def embedded(cluster: Cluster) -> Storage:
    """The same two days on the embedded default, from the same inputs."""
    places = {"DAGSTER_HOME": "embedded_home", "ECONEX_STORAGE": "embedded_storage", "ECONEX_DATA": "data"}
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ECONEX_", "DAGSTER_"))}
    env |= {name: str(cluster.folder / place) for name, place in places.items()}
    for case in CASES:
        command = [sys.executable, "-m", "econex_pipeline", "--case", case]
        run = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
    return Storage(root=str(cluster.folder / "embedded_storage"))


def _worker_of(cluster: Cluster, job: str) -> int:
    """Process that works at the latest run of a job; 0 where none does yet."""
    with cluster.instance() as instance:
        runs = instance.get_runs(dg.RunsFilter(job_name=job), limit=1)
        started = dg.DagsterEventType.RUN_START
        records = instance.get_records_for_run(runs[0].run_id, of_type=started).records if runs else []
    return int(records[0].event_log_entry.dagster_event.pid) if records else 0


def test_each_case_is_planned_by_a_worker_of_its_own(cluster: Cluster, embedded: Storage) -> None:
    cluster.launch(*(f"day_ahead_{case}" for case in CASES), keys=[KEY])
    for case in CASES:
        wait_until(lambda case=case: cluster.ended(f"day_ahead_{case}"), f"the plan of {case}", PATIENCE_S)
    groups = {os.getpgid(_worker_of(cluster, f"day_ahead_{case}")) for case in CASES}
    assert groups == {worker.pid for worker in cluster.workers}
    for case in CASES:
        assert cluster.storage.digest("plan", case, KEY) == embedded.digest("plan", case, KEY) is not None


def test_a_worker_killed_in_the_middle_changes_nothing(cluster: Cluster, embedded: Storage) -> None:
    case = "base"
    cluster.launch(f"operate_{case}", keys=HOURS)
    wait_until(lambda: _worker_of(cluster, f"operate_{case}") > 0, "the run to start", PATIENCE_S, step_s=0.01)
    group = os.getpgid(_worker_of(cluster, f"operate_{case}"))
    second, last = (cluster.storage.path("operations", case, HOURS[hour]) for hour in (1, -1))
    wait_until(second.exists, "the second hour", PATIENCE_S, step_s=0.01)
    os.killpg(group, signal.SIGKILL)
    assert not last.exists(), "all hours were there before the worker could be killed"
    wait_until(lambda: cluster.ended(f"operate_{case}"), "the hours, by the other worker", PATIENCE_S)
    assert os.getpgid(_worker_of(cluster, f"operate_{case}")) != group
    assert [cluster.storage.digest("operations", case, key) for key in HOURS] == [
        embedded.digest("operations", case, key) for key in HOURS
    ]


def test_the_instance_is_in_postgres_and_its_password_in_no_log(cluster: Cluster) -> None:
    with cluster.instance() as instance:
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"
        assert instance.get_materialized_partitions(dg.AssetKey(["plan", "base"])) == {KEY}
    assert not list((cluster.folder / "home").rglob("*.db"))
    written = [path for path in cluster.folder.rglob("*") if path.suffix in (".log", ".yaml", ".out", ".err")]
    assert written
    password = cluster.env["ECONEX_PG_PASSWORD"]
    assert not [path for path in written if password in path.read_text(encoding="utf-8", errors="replace")]
