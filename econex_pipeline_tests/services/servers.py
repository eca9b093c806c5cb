"""Servers that the tests start for themselves and end again: PostgreSQL and Redis, on ports of their own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 120


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until(holds: Callable[[], bool], what: str, patience_s: float = PATIENCE_S, step_s: float = 0.2) -> None:
    """Wait until something holds."""
    for _ in range(int(patience_s / step_s)):
        if holds():
            return
        time.sleep(step_s)
    raise TimeoutError(f"waited {patience_s} s in vain: {what}")


def answers(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as asked:
        asked.settimeout(1)
        return asked.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis server that keeps nothing; give its address."""
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port), "redis-server")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """Run a PostgreSQL server with an empty database; give where it is, as the pipeline's environment variables."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [Path(shutil.which("initdb") or "initdb").parent]
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []  # it refuses to be run by root
    folder, port = Path(tempfile.mkdtemp(prefix="econex-pg-", dir="/tmp")), free_port()
    if as_user:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    secret = folder / "password"
    secret.write_text("a-password-of-the-test")
    secret.chmod(0o644)
    options = ["-U", "econex", "-A", "scram-sha-256", "--pwfile", str(secret), "--no-sync"]
    subprocess.run([*as_user, programs[-1] / "initdb", "-D", data, *options], check=True, capture_output=True)
    started = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    control = [*as_user, programs[-1] / "pg_ctl", "-D", data, "-l", str(folder / "log")]
    subprocess.run([*control, "-o", started, "-w", "start"], check=True, stdout=subprocess.DEVNULL)
    try:
        yield {
            "ECONEX_PG_HOST": "127.0.0.1",
            "ECONEX_PG_PORT": str(port),
            "ECONEX_PG_DATABASE": "postgres",
            "ECONEX_PG_USER": "econex",
            "ECONEX_PG_PASSWORD": "a-password-of-the-test",
        }
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)
