"""A code server, a webserver and a daemon as a user runs them, each of which can be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from econex_pipeline.orchestration.home import repository
from econex_pipeline_tests.services.servers import answers, free_port

CODE, WEB, DAEMON = "code_server", "webserver", "daemon"
LOCATION = "econex"
STARTUP_S = 120
POLL_S = 0.5
ENDED = ("COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED", "COMPLETED")
_INSTANCE = """
telemetry: {enabled: false}
nux: {enabled: false}
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 1, max_concurrent_runs: 2}
"""

_LAUNCH = """mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
_STATUS = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status error { message } }
  ... on PythonError { message }
} }"""
_STOP = "mutation ($id: String!) { terminateRun(runId: $id) { __typename } }"
_TURN_ON = {
    "schedule": "mutation ($of: ScheduleSelector!) { startSchedule(scheduleSelector: $of) { __typename } }",
    "sensor": "mutation ($of: SensorSelector!) { startSensor(sensorSelector: $of) { __typename } }",
}
_RUNS = """query ($id: String!) {
  runsOrError(filter: { tags: [{ key: "dagster/backfill", value: $id }] }) {
    ... on Runs { results { runId status startTime endTime } }
  }
}"""


def instance_home(folder: Path, more: str = "") -> Path:
    """Make the folder of an embedded instance that is quick to start a run; its configuration may say more."""
    home = folder / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(_INSTANCE + more, encoding="utf-8")
    return home


class Questions:
    """What is asked of a webserver.

    Attributes
    ----------
    folder : Path
        Where the logs of its processes are.
    port : int
        Where it answers.
    """

    folder: Path
    port: int

    def query(self, text: str, **variables: Any) -> dict[str, Any]:
        """Ask the webserver.

        Raises
        ------
        RuntimeError
            If it refuses the question.
        """
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            data=json.dumps({"query": text, "variables": variables}).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            content = json.load(answer)
        if content.get("errors"):
            raise RuntimeError(str(content["errors"]))
        return dict(content["data"])

    def turn_on(self, kind: str, name: str) -> None:
        """Turn a schedule or sensor on, as its page in the browser does."""
        of = {"repositoryLocationName": LOCATION, "repositoryName": "__repository__", f"{kind}Name": name}
        (answer,) = self.query(_TURN_ON[kind], of=of).values()
        if answer["__typename"] not in ("ScheduleStateResult", "Sensor"):
            raise RuntimeError(f"{kind} {name} was not turned on: {answer}")

    def launch_backfill(self, asset: Sequence[str], first: str, last: str) -> str:
        """Launch the backfill of a range of partitions of one asset, as its page in the browser does; give its name."""
        span = {"assetKey": {"path": list(asset)}, "partitions": {"range": {"start": first, "end": last}}}
        launched = self.query(_LAUNCH, params={"partitionsByAssets": [span]})["launchPartitionBackfill"]
        if "backfillId" not in launched:
            raise RuntimeError(f"the backfill was not launched: {launched}")
        return str(launched["backfillId"])

    def status(self, backfill: str) -> str:
        """Status of a backfill."""
        return str(self.query(_STATUS, id=backfill)["partitionBackfillOrError"]["status"])

    def runs(self, backfill: str) -> list[dict[str, Any]]:
        """Runs of a backfill, the newest first: runId, status, startTime and endTime [s]."""
        return list(self.query(_RUNS, id=backfill)["runsOrError"]["results"])

    def stop(self, backfill: str) -> None:
        """Stop the runs of a backfill, as their pages in the browser do."""
        for run in self.runs(backfill):
            answer = self.query(_STOP, id=run["runId"])["terminateRun"]
            if answer["__typename"] != "TerminateRunSuccess":
                raise RuntimeError(f"run {run['runId']} was not stopped: {answer}")

    def wait_for(self, backfill: str, timeout_s: float, meanwhile: Callable[[], object] = lambda: None) -> str:
        """Wait until a backfill has ended; give its status.

        Raises
        ------
        TimeoutError
            If it has not ended in time.
        """
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            meanwhile()
            try:
                status = self.status(backfill)
            except (urllib.error.URLError, ConnectionError):  # the webserver may be down for a while
                status = ""
            if status in ENDED:
                return status
            time.sleep(POLL_S)
        raise TimeoutError(f"backfill {backfill} has not ended within {timeout_s:g} s; see {self.folder}")

    def answers(self) -> bool:
        """Whether the webserver answers by now."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/server_info", timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError):
            return False


class Servers(Questions):
    """Dagster's processes over one instance and one code location.

    Parameters
    ----------
    folder : Path
        Where their workspace file and logs are kept.
    module : str
        Module with the definitions.
    places : mapping of str to str
        Environment variables of all processes: DAGSTER_HOME, ECONEX_STORAGE and so on.
    """

    def __init__(self, folder: Path, module: str, places: Mapping[str, str]) -> None:
        self.folder, self.module = folder, module
        self.env = {**os.environ, **places, "PYTHONWARNINGS": "ignore"}
        self.code_port, self.port = free_port(), free_port()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "workspace.yaml").write_text(
            f"load_from:\n  - grpc_server: {{host: 127.0.0.1, port: {self.code_port}, location_name: {LOCATION}}}\n"
        )

    def __enter__(self) -> Servers:
        for name in (CODE, WEB, DAEMON):
            self.start(name)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name: str, wait: bool = True) -> None:
        """Start a server; for the code server and the webserver, wait until it answers."""
        workspace = ["-w", str(self.folder / "workspace.yaml")]
        command = {
            CODE: ["dagster", "api", "grpc", "-m", self.module, "-h", "127.0.0.1", "-p", str(self.code_port)],
            WEB: ["dagster-webserver", "-h", "127.0.0.1", "-p", str(self.port), *workspace],
            DAEMON: ["dagster-daemon", "run", *workspace],
        }[name]
        program = Path(sys.executable).with_name(command[0])
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [str(program), *command[1:]], env=self.env, cwd=repository(), stdout=log, stderr=subprocess.STDOUT
            )
        asked = {CODE: lambda: answers(self.code_port), WEB: self.answers}.get(name)
        if wait and asked is not None:
            self._wait_until(asked, name)

    def kill(self, name: str) -> None:
        """End a server as a lack of memory would, at once and without a word."""
        self.running[name].send_signal(signal.SIGKILL)
        self.running[name].wait()

    def _wait_until(self, answers: Callable[[], bool], name: str) -> None:
        until = time.monotonic() + STARTUP_S
        while time.monotonic() < until:
            if self.running[name].poll() is not None:
                raise RuntimeError(f"the {name} ended by itself; see {self.folder / name}.log")
            if answers():
                return
            time.sleep(POLL_S / 5)
        raise TimeoutError(f"no answer from the {name} within {STARTUP_S} s; see {self.folder / name}.log")
