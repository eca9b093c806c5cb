"""What the processes of `make ui` keep in memory, each against the same before an empty file of definitions.

Resident memory, once the pages answer, all cases are loaded and the first looks of the daemon are over.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.comparison import Comparison
from econex_pipeline_tests.services.servers import free_port, wait_until

QUIET = [sys.executable, "-W", "ignore", "-m"]
SERVERS = {"webserver": "dagster_webserver", "daemon": "dagster._daemon", "code_server": "dagster api grpc"}
"""What stands in the command of each."""
TARGETS_OF_FLOOR = {"webserver": 1.25, "daemon": 1.25, "code_server": 2.5}
SETTLE_S = 15.0
LOADED = "{ locationStatusesOrError { ... on WorkspaceLocationStatusEntries { entries { loadStatus } } } }"


def run() -> Iterator[Comparison]:
    """Start both, one after the other, and look at their processes."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text("import dagster\n\ndefs = dagster.Definitions()\n", encoding="utf-8")
        port, pages_port = free_port(), free_port()
        ui = [*QUIET, "econex_pipeline.orchestration.ui", "--port", str(port), "--pages-port", str(pages_port)]
        ours = kept_mb(ui, port, Path(folder) / "ours")
        port = free_port()
        dev = [*QUIET, "dagster", "dev", "-f", str(empty), "-h", "127.0.0.1", "-p", str(port)]
        floor = kept_mb(dev, port, Path(folder) / "floor")
    for server, mb in ours.items():
        target = TARGETS_OF_FLOOR[server]
        yield Comparison(f"memory_{server}", mb, "floor", floor[server], target, of_floor=True, unit="MB")


def kept_mb(command: Sequence[str], port: int, folder: Path) -> dict[str, float]:
    """Resident memory of each server that a command starts [MB]."""
    folder.mkdir()
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    env = {**os.environ, "DAGSTER_HOME": str(folder), "ECONEX_STORAGE": str(folder / "storage")}
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            wait_until(lambda: _loaded(port), "the pages", step_s=1.0)
            time.sleep(SETTLE_S)
            below = list(_below(started.pid))
            return {
                server: max(_resident_mb(process) for process in below if word in _command(process))
                for server, word in SERVERS.items()
            }
        finally:
            started.send_signal(signal.SIGINT)
            started.wait(60)


def _loaded(port: int) -> bool:
    body = json.dumps({"query": LOADED}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            entries = json.load(answer)["data"]["locationStatusesOrError"]["entries"]
    except (urllib.error.URLError, ConnectionError):
        return False
    return bool(entries) and all(entry["loadStatus"] == "LOADED" for entry in entries)


def _below(process: int) -> Iterator[int]:
    """All processes that one has started, and those that these have started, of Linux."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == process:
            child = int(entry.parent.name)
            yield child
            yield from _below(child)


def _command(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8").replace("\0", " ")


def _resident_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6
