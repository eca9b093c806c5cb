"""`make ui`: Dagster in the browser and the server of the pages, started and ended together."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from econex_pipeline.orchestration import home
from econex_pipeline.orchestration.pages import PORT as PAGES_PORT

HOST = "127.0.0.1"
PATIENCE_S = 20.0
LOOK_S = 0.2


def commands(port: int, pages_port: int) -> list[list[str]]:
    """Give the commands of both; each answers on this machine only."""
    python = [sys.executable, "-W", "ignore", "-m"]
    workspace = str(home.repository() / "workspace.yaml")
    return [
        [*python, "dagster", "dev", "-w", workspace, "-h", HOST, "-p", str(port)],
        [*python, "econex_pipeline.orchestration.pages", "--host", HOST, "--port", str(pages_port)],
    ]


def together(commands: Sequence[Sequence[str]]) -> int:
    """Run commands until one ends or a signal comes; then end all.

    Returns
    -------
    int
        0 after a signal, else what the command that ended first returned.
    """
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: stopped.append(number))
    # Groups of their own: Ctrl-C reaches this process only, and each command then gets one signal, not two.
    running = [subprocess.Popen(command, process_group=0) for command in commands]
    while not stopped and all(process.poll() is None for process in running):
        time.sleep(LOOK_S)
    outcome = 0 if stopped else next(code for process in running if (code := process.poll()) is not None)
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in running:
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Start both, and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m econex_pipeline.orchestration.ui", description=__doc__)
    parser.add_argument("--port", type=int, default=3000, help="port of Dagster's pages")
    parser.add_argument("--pages-port", type=int, default=PAGES_PORT, help="port of the pages of operated days")
    asked = parser.parse_args(arguments)
    home.prepare_instance()
    os.environ.setdefault(home.REPORT_URL, f"http://{HOST}:{asked.pages_port}")
    print(f"Dagster: http://{HOST}:{asked.port}; pages of operated days: http://{HOST}:{asked.pages_port}")
    print("on this machine only; Ctrl-C ends both", flush=True)
    return together(commands(asked.port, asked.pages_port))


if __name__ == "__main__":
    raise SystemExit(main())
