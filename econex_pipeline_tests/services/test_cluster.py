"""A day of two cases on two Celery workers, the instance in PostgreSQL, the tables in an S3 bucket.

All that is stored is, byte for byte, what the embedded default stores in a folder: though a worker is killed in the
middle of its hours, with all its processes, as when its machine goes.
"""

import json
import os
import re
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
from dagster._serdes import serialize_value

from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.home import repository
from econex_pipeline.orchestration.jobs import MAIN, WITHIN_TAG
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.orchestration.stores import WRITER
from econex_pipeline_tests.services.s3_server import S3Server, s3_server
from econex_pipeline_tests.services.servers import postgres, redis, wait_until

pytestmark = pytest.mark.services

BASE, OTHER = CASES = ("base", "two_homes")
DAY = date(2025, 7, 15)
KEY = "2025-07-15"
HOURS = partitions.keys_of_hours(DAY, -5)
BIN = Path(sys.executable).parent
PATIENCE_S = 600
BUCKET = "econex"


@dataclass
class Cluster:
    """Servers, workers and a daemon, and where their tables are."""

    folder: Path
    env: Mapping[str, str]
    objects: S3Server
    workers: list[subprocess.Popen[bytes]]

    @property
    def storage(self) -> Storage:
        return Storage(root=self.env["ECONEX_STORAGE"])

    def instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.folder / "home"))

    def launch_days(self, *cases: str, day: str = KEY) -> None:
        """Put a day of each case into the queue, side by side, as persons would."""
        launch = [BIN / "dagster", "job", "launch", "-w", repository() / "workspace.yaml", "-j", MAIN, "--config-json"]
        days = [{"ops": {"whole_day": {"config": {"case": case, "day": day}}}} for case in cases]
        quiet = {"env": self.env, "cwd": repository(), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        asked = [subprocess.Popen([*launch, json.dumps(day)], **quiet) for day in days]
        assert [process.wait(PATIENCE_S) for process in asked] == [0] * len(cases)

    def runs(self, job: str) -> list[dg.DagsterRun]:
        """Runs of a job, the newest first."""
        with self.instance() as instance:
            return list(instance.get_runs(dg.RunsFilter(job_name=job)))

    def group_of(self, job: str) -> int:
        """Group of the process that works at the latest run of a job; 0 where none does yet."""
        with self.instance() as instance:
            runs = instance.get_runs(dg.RunsFilter(job_name=job), limit=1)
            started = dg.DagsterEventType.RUN_START
            records = instance.get_records_for_run(runs[0].run_id, of_type=started).records if runs else []
        return os.getpgid(int(records[0].event_log_entry.dagster_event.pid)) if records else 0

    def kept(self) -> dict[str, bytes]:
        """Every object in the bucket, by its name below the prefix."""
        listed = self.objects.client().get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        keys = [entry["Key"] for page in listed for entry in page.get("Contents", ())]
        prefix = f"{self.env['ECONEX_STORAGE'].removeprefix(f's3://{BUCKET}/')}/"
        names = [key.removeprefix(prefix) for key in keys]
        return {name: self.storage.store.read(name) for name in names}


def _data(folder: Path) -> None:
    """Copy the inputs, of two cases: the definitions of all would take each run longer to load."""
    shutil.copytree(repository() / "data", folder)
    for case in (folder / "cases").glob("*.yaml"):
        if case.stem not in CASES:
            case.unlink()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    _data(folder / "data")
    (folder / "home").mkdir()
    started: list[subprocess.Popen[bytes]] = []
    with postgres() as database, redis() as broker, s3_server() as objects:
        env = {**os.environ, **database, **objects.env, "ECONEX_REDIS_URL": broker, "ECONEX_INSTANCE": "celery"}
        env |= {"DAGSTER_HOME": str(folder / "home"), "ECONEX_DATA": str(folder / "data")}
        env["ECONEX_STORAGE"] = objects.bucket(BUCKET)
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
                yield Cluster(folder, env, objects, started[:2])
            finally:
                for process in started:
                    if process.poll() is None:
                        os.killpg(process.pid, signal.SIGTERM)
                for process in started:
                    process.wait(60)


def _make_run(cluster: Cluster, case: str, storage: str) -> str:
    """Run the day as `make run` does, on an embedded instance; give what it says."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ECONEX_", "DAGSTER_"))}
    env |= {"DAGSTER_HOME": str(cluster.folder / "embedded_home"), "ECONEX_DATA": str(cluster.folder / "data")}
    command = [sys.executable, "-m", "econex_pipeline", "--case", case]
    run = subprocess.run(command, env={**env, "ECONEX_STORAGE": storage}, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def _embedded(cluster: Cluster) -> dict[str, bytes]:
    """The files of the same two days on the embedded default, from the same inputs."""
    root = cluster.folder / "embedded_storage"
    for case in CASES:
        _make_run(cluster, case, str(root))
    paths = [path for path in root.rglob("*") if path.is_file() and path.name != WRITER]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


@dataclass(frozen=True)
class Story:
    """Groups of the processes that worked at the runs, in order, and what the embedded default stores."""

    groups: list[int]
    embedded: dict[str, bytes]


@pytest.fixture(scope="module")
def story(cluster: Cluster) -> Story:
    operate = f"operate_{BASE}"
    cluster.launch_days(*CASES)
    wait_until(lambda: cluster.group_of(operate) > 0, "the hours to start", PATIENCE_S, step_s=0.01)
    groups = [cluster.group_of(f"day_ahead_{OTHER}"), cluster.group_of(operate)]
    second, last = [
        lambda number=number: cluster.storage.digest("operations", BASE, HOURS[number]) for number in (1, -1)
    ]
    wait_until(lambda: second() is not None, "the second hour", PATIENCE_S, step_s=0.01)
    os.killpg(groups[-1], signal.SIGKILL)
    assert last() is None, "all hours were there before the worker could be killed"
    embedded = _embedded(cluster)  # while the loss of the worker is noticed and its run is tried again
    wait_until(lambda: sum(run.is_success for run in cluster.runs(MAIN)) == len(CASES), "both days", PATIENCE_S)
    groups.append(cluster.group_of(f"report_{BASE}"))
    wait_until(lambda: all(run.is_finished for run in cluster.runs(operate)), "the end of the lost run", PATIENCE_S)
    return Story(groups, embedded)


def test_two_workers_share_the_days_and_one_goes_on_for_the_other(cluster: Cluster, story: Story) -> None:
    other, killed, followed = story.groups
    assert {other, killed} == {worker.pid for worker in cluster.workers}
    assert followed == other


def test_what_was_lost_is_known_as_failed_and_was_done_again(cluster: Cluster, story: Story) -> None:
    done = [(run.status.value, run.tags.get("dagster/retry_number")) for run in cluster.runs(MAIN)]
    assert sorted(done, key=str) == [("FAILURE", None), ("SUCCESS", "1"), ("SUCCESS", None)]
    assert [run.status.value for run in cluster.runs(f"operate_{BASE}")] == ["SUCCESS", "FAILURE"]


def test_all_that_is_stored_is_byte_for_byte_what_the_embedded_default_stores(cluster: Cluster, story: Story) -> None:
    stored = {name: content for name, content in cluster.kept().items() if not name.endswith(WRITER)}
    assert sorted(stored) == sorted(story.embedded)
    assert sum(name.startswith("operations/") for name in stored) == 24 * len(CASES)
    assert {f"report/{case}/{KEY}.html" for case in CASES} <= set(stored)
    assert [name for name in stored if stored[name] != story.embedded[name]] == []


def test_make_run_reuses_all_of_it_and_ends_with_the_address_of_the_page(cluster: Cluster, story: Story) -> None:
    said = _make_run(cluster, BASE, cluster.env["ECONEX_STORAGE"])
    assert re.search(r"all \d+ tables and hours were there already", said)
    assert said.splitlines()[-1] == f"{cluster.env['ECONEX_STORAGE']}/report/{BASE}/{KEY}.html"


def test_the_instance_is_in_postgres_and_no_secret_in_any_record(cluster: Cluster, story: Story) -> None:
    with cluster.instance() as instance:
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"
        assert instance.get_materialized_partitions(dg.AssetKey(["plan", BASE])) == {KEY}
        runs = instance.get_runs()
        records = [record for run in runs for record in instance.get_records_for_run(run.run_id).records]
    assert not list((cluster.folder / "home").rglob("*.db"))
    written = [path for path in cluster.folder.rglob("*") if path.suffix in (".log", ".yaml", ".out", ".err")]
    texts = [path.read_bytes() for path in written] + list(cluster.kept().values())
    texts += [serialize_value(record.event_log_entry).encode() for record in records]
    texts += [serialize_value(run).encode() for run in runs]
    assert written
    assert records
    for name in ("ECONEX_PG_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
        assert not [text for text in texts if cluster.env[name].encode() in text]


def test_a_day_that_a_person_stops_is_not_tried_again(cluster: Cluster, story: Story) -> None:
    """The last one: it leaves a part of another day in the bucket."""
    known = {run.run_id for run in cluster.runs(MAIN)}
    plan = f"day_ahead_{OTHER}"
    cluster.launch_days(OTHER, day="2025-07-16")
    (day,) = [run for run in cluster.runs(MAIN) if run.run_id not in known]

    def parts() -> list[dg.DagsterRun]:
        return [run for run in cluster.runs(plan) if run.tags.get(WITHIN_TAG) == day.run_id]

    wait_until(lambda: any(run.status.value == "STARTED" for run in parts()), "the plan to start", PATIENCE_S)
    with cluster.instance() as instance:
        assert instance.run_launcher.terminate(day.run_id)
    wait_until(lambda: all(run.is_finished for run in parts()), "the end of what it had begun", PATIENCE_S)

    def days() -> list[dg.DagsterRun]:
        return [run for run in cluster.runs(MAIN) if run.run_id not in known]

    wait_until(lambda: all(run.is_finished for run in days()), "the end of the day", PATIENCE_S)
    assert [run.status.value for run in days()] == ["CANCELED"]
    assert [run.status.value for run in parts()] == ["FAILURE"]
