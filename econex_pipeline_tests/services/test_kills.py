"""Worker, daemon and webserver killed at random hours of a backfill: no hour is lost, doubled, torn or different."""

import os
import random
import re
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from econex_pipeline.orchestration.recipe import HOURS
from econex_pipeline_tests.orchestration import chains
from econex_pipeline_tests.services.dagster_servers import DAEMON, WEB, Servers, instance_home
from econex_pipeline_tests.services.servers import wait_until

pytestmark = pytest.mark.services

SEED = 20250714
WORKER = "worker"
VICTIMS = [WORKER] * 4 + [DAEMON] * 3 + [WEB] * 3
LONGEST_S = 900.0  # a machine that is busy with other things too takes its time
FOUND_AND_TRIED_AGAIN = """
run_retries: {enabled: true, max_retries: 10, retry_on_asset_or_op_failure: false}
run_monitoring: {enabled: true, poll_interval_seconds: 5}
"""


@dataclass
class Reaper:
    """Kills a server, or the worker, as soon as so many hours are stored, and starts servers again as a supervisor.

    Attributes
    ----------
    servers : Servers
        Dagster's processes.
    hours : Path
        Folder of the operated hours.
    planned : list of (int, str)
        At how many stored hours who is killed, in order.
    killed : list of str
        Who was.
    workers : set of int
        Processes of the workers that were killed.
    """

    servers: Servers
    hours: Path
    planned: list[tuple[int, str]]
    killed: list[str] = field(default_factory=list)
    workers: set[int] = field(default_factory=set)

    def watch(self, seconds: float) -> None:
        """Look at the stored hours many times a second, and kill whose time has come."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for name, process in self.servers.running.items():
                if process.poll() is not None:
                    self.servers.start(name, wait=False)
            stored = len(list(self.hours.glob("[0-9]*.parquet")))
            while self.planned and stored >= self.planned[0][0] and self._kill(self.planned[0][1]):
                self.killed.append(self.planned.pop(0)[1])
            time.sleep(0.002)

    def _kill(self, victim: str) -> bool:
        if victim != WORKER:
            self.servers.kill(victim)
            return True
        holder = re.search(r"process (\d+)", (self.hours / "writer.lock").read_text())
        worker = int(holder.group(1)) if holder else 0
        if not worker or worker in self.workers:  # the next one has not started yet
            return False
        os.kill(worker, signal.SIGKILL)
        self.workers.add(worker)
        return True


@dataclass(frozen=True)
class Story:
    """What came of the backfill.

    Attributes
    ----------
    status : str
        How it ended.
    killed : list of str
        Who was killed, in order.
    runs : list of str
        Status of each of its runs.
    materialized : Counter
        How often each hour stands in Dagster's event log.
    disturbed, undisturbed : dict
        Bytes of every file of the operated hours.
    """

    status: str
    killed: list[str]
    runs: list[str]
    materialized: Counter[str]
    disturbed: dict[str, bytes]
    undisturbed: dict[str, bytes]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Story:
    folder = tmp_path_factory.mktemp("kills")
    data, plans = chains.planned(data_dir, folder)
    disturbed = Path(shutil.copytree(plans, folder / "disturbed"))
    chains.operate(data, plans)
    keys, chance = chains.keys(chains.setting(data)), random.Random(SEED)
    hours = sorted(chance.sample(range(2, len(keys) - 2), len(VICTIMS)))
    planned = list(zip(hours, chance.sample(VICTIMS, len(VICTIMS)), strict=True))
    home = instance_home(folder, more=FOUND_AND_TRIED_AGAIN)
    places = {"DAGSTER_HOME": str(home), "ECONEX_DATA": str(data), "ECONEX_STORAGE": str(disturbed)}
    with Servers(folder / "servers", "econex_pipeline.definitions", places) as servers:
        reaper = Reaper(servers, disturbed / HOURS / chains.CASE, planned)
        backfill = servers.launch_backfill([HOURS, chains.CASE], keys[0], keys[-1])
        status = servers.wait_for(backfill, LONGEST_S, meanwhile=lambda: reaper.watch(1.0))
        runs = [run["status"] for run in servers.runs(backfill)]
    with dg.DagsterInstance.from_config(str(home)) as instance:
        events = instance.fetch_materializations(dg.AssetKey([HOURS, chains.CASE]), limit=1000).records
    return Story(
        status,
        reaper.killed,
        runs,
        Counter(str(event.partition_key) for event in events),
        chains.records(disturbed),
        chains.records(plans),
    )


def test_all_ten_were_killed_and_the_backfill_succeeded(story: Story) -> None:
    assert sorted(story.killed) == sorted(VICTIMS)
    assert story.status == "COMPLETED_SUCCESS"
    assert Counter(story.runs) == {"FAILURE": story.killed.count(WORKER), "SUCCESS": 1}


def test_no_hour_is_lost_and_none_is_doubled(story: Story) -> None:
    assert len(story.disturbed) == len(story.undisturbed) == 24 * chains.DAYS
    assert len(story.materialized) == 24 * chains.DAYS
    # a worker killed while Dagster notes what was made is followed by one that notes it again
    assert max(story.materialized.values()) <= len(story.runs)


def test_every_byte_is_that_of_the_undisturbed_run(story: Story) -> None:
    assert story.disturbed == story.undisturbed


def test_a_run_that_a_person_stops_keeps_its_hours_and_the_next_goes_on_from_there(
    tmp_path: Path, data_dir: Path
) -> None:
    data, plans = chains.planned(data_dir, tmp_path)
    keys, hours = chains.keys(chains.setting(data)), plans / HOURS / chains.CASE
    places = {"DAGSTER_HOME": str(instance_home(tmp_path)), "ECONEX_DATA": str(data), "ECONEX_STORAGE": str(plans)}

    def stored() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in hours.glob("[0-9]*.parquet")}

    with Servers(tmp_path / "servers", "econex_pipeline.definitions", places) as servers:
        stopped = servers.launch_backfill([HOURS, chains.CASE], keys[0], keys[-1])
        wait_until(lambda: len(stored()) >= 3, "the first hours", LONGEST_S, step_s=0.02)
        servers.stop(stopped)
        assert servers.wait_for(stopped, LONGEST_S) == "COMPLETED_FAILED"
        assert [run["status"] for run in servers.runs(stopped)] == ["CANCELED"]
        kept = stored()
        again = servers.launch_backfill([HOURS, chains.CASE], keys[0], keys[-1])
        assert servers.wait_for(again, LONGEST_S) == "COMPLETED_SUCCESS"
    assert 0 < len(kept) < len(keys)
    assert len(stored()) == len(keys)
    assert kept.items() <= stored().items()
