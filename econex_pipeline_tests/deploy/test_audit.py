"""The audit of the locked packages, before a database on this machine that answers as osv.dev does."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = """wheel-of-fire==1.2.0 ; sys_platform == 'linux' \\
    --hash=sha256:00
sound[extra]==2.0 \\
    --hash=sha256:00
"""
WEAK = {
    "id": "PYSEC-1",
    "aliases": ["CVE-1"],
    "summary": "It burns.",
    "affected": [
        {
            "package": {"name": "wheel-of-fire", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2.1"}]}],
        }
    ],
}
SAME = {"id": "GHSA-1", "aliases": ["CVE-1"], "summary": "It burns."}
TAKEN_BACK = {"id": "PYSEC-2", "summary": "It does not.", "withdrawn": "2025-01-01T00:00:00Z"}


class Database(ThreadingHTTPServer):
    """Knows advisories by package."""

    def __init__(self) -> None:
        self.known: dict[str, list[dict[str, Any]]] = {}
        self.broken = False
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Database

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        self._answer({"results": [self._page(query) for query in queries]})

    def do_GET(self) -> None:
        known = {entry["id"]: entry for entries in self.server.known.values() for entry in entries}
        self._answer(known[self.path.rpartition("/")[2]])

    def _page(self, query: dict[str, Any]) -> dict[str, Any]:
        """One advisory a page."""
        entries, at = self.server.known.get(query["package"]["name"], []), int(query.get("page_token", 0))
        if not entries:
            return {}
        more = {"next_page_token": str(at + 1)} if at + 1 < len(entries) else {}
        return {"vulns": [{"id": entries[at]["id"], "modified": "2025-01-01T00:00:00Z"}], **more}

    def _answer(self, content: object) -> None:
        self.send_response(503 if self.server.broken else 200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database()
    threading.Thread(target=database.serve_forever, daemon=True).start()
    yield database
    database.shutdown()
    database.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for lock in ("requirements.lock", "requirements-runtime.lock", "requirements-services.lock"):
        (tmp_path / lock).write_text(LOCKED, encoding="utf-8")
    return tmp_path


def _audit(folder: Path, address: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "deploy" / "audit.py", "--folder", folder, "--service", address, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_packages_without_a_known_weakness_pass(database: Database, folder: Path) -> None:
    outcome = _audit(folder, database.address)
    assert outcome.returncode == 0
    assert outcome.stdout == "2 packages audited, 0 with known weaknesses\n"


def test_a_known_weakness_is_named_once_with_what_mends_it_and_fails(database: Database, folder: Path) -> None:
    database.known = {"wheel-of-fire": [WEAK, SAME, TAKEN_BACK]}
    outcome = _audit(folder, database.address)
    assert outcome.returncode == 1
    first, last = outcome.stdout.splitlines()
    assert first == "wheel-of-fire 1.2.0: PYSEC-1, mended in 1.2.1: It burns.; see https://osv.dev/PYSEC-1"
    assert last == "2 packages audited, 1 with known weaknesses"


def test_an_advisory_that_was_taken_back_is_none(database: Database, folder: Path) -> None:
    database.known = {"sound": [TAKEN_BACK]}
    assert _audit(folder, database.address).returncode == 0


@pytest.mark.parametrize("how", ["nobody_there", "out_of_order"])
def test_a_database_that_cannot_be_asked_is_said_aloud_and_is_no_weakness(
    database: Database, folder: Path, how: str
) -> None:
    database.broken = True
    address = "http://127.0.0.1:9/v1" if how == "nobody_there" else database.address
    outcome = _audit(folder, address)
    assert outcome.returncode == 0
    assert "2 packages were NOT AUDITED" in outcome.stderr
    assert _audit(folder, address, "--strict").returncode == 2


def test_every_pin_of_the_locks_is_seen(database: Database) -> None:
    pins = {
        line.split("==")[0].split("[")[0]
        for lock in ROOT.glob("requirements*.lock")
        for line in lock.read_text(encoding="utf-8").splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    outcome = _audit(ROOT, database.address)
    count = int(outcome.stdout.split()[0])
    assert len(pins) <= count <= 2 * len(pins)
