"""The server of the pages, asked over a real connection: what it gives, and everything it must not give."""

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from econex_pipeline.orchestration.home import page_url
from econex_pipeline.orchestration.pages import application, main
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.orchestration.ui import HOST, commands, together

PAGE = "<!doctype html><title>A day</title>"


@dataclass(frozen=True)
class Served:
    port: int
    root: str

    def get(
        self, target: str, host: str = "localhost", method: str = "GET"
    ) -> tuple[int, http.client.HTTPMessage, str]:
        """Ask for exactly this target, as no browser would tidy it up before."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(method, target, skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text


@contextmanager
def serving(storage: Storage) -> Iterator[Served]:
    """Serve the pages of a storage, as the program does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(application(storage), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Served(port, storage.root)
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("storage")
    storage = Storage(root=str(root))
    storage.write_page(PAGE, "report", "base", "2025-07-15")
    (root / "plan" / "base").mkdir(parents=True)
    (root / "plan" / "base" / "2025-07-15.html").write_text("not a page of a day")
    (root / "report" / "base" / "2025-07-15.parquet").write_text("a table")
    (root / "report" / "base" / "2025-07-16.html").symlink_to("/etc/hostname")
    (root / "elsewhere").mkdir()
    (root / "elsewhere" / "2025-07-15.html").write_text("secret")
    (root / "report" / "linked").symlink_to(root / "elsewhere")
    (root / "secret.html").write_text("secret")
    with serving(storage) as pages:
        yield pages


def test_a_page_is_served_as_it_is_stored(served: Served) -> None:
    status, headers, text = served.get("/base/2025-07-15.html")
    assert (status, text) == (200, PAGE)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_the_list_names_pages_only(served: Served) -> None:
    status, _, text = served.get("/")
    assert status == 200
    assert 'href="base/2025-07-15.html"' in text
    assert text.count("href") == 1


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.html",
        "/base/../../secret.html",
        "/..%2fsecret.html",
        "/base/..%2f..%2fsecret.html",
        "/%2e%2e/secret.html",
        "/base/%2e%2e%2f%2e%2e%2fplan%2fbase%2f2025-07-15.html",
        "/..%5c..%5csecret.html",
        "//etc/passwd",
        "/base/2025-07-15%00.html",
        "/base/2025-07-15.parquet",
        "/base/2025-07-15.html/",
        "/base/",
        "/base",
        "/plan/2025-07-15.html",
        "/../plan/base/2025-07-15.html",
        "/base/2025-07-16.html",
        "/linked/2025-07-15.html",
        "/base/.html",
        "/./2025-07-15.html",
    ],
)
def test_nothing_else_of_the_storage_can_be_reached(served: Served, target: str) -> None:
    status, _, text = served.get(target)
    assert status == 404
    assert "secret" not in text
    assert served.root not in text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(served: Served, method: str) -> None:
    assert served.get("/base/2025-07-15.html", method=method)[0] == 405


def test_a_page_of_the_web_cannot_read_along_through_a_name_of_its_own(served: Served) -> None:
    assert served.get("/base/2025-07-15.html", host="evil.example")[0] == 400
    assert served.get("/base/2025-07-15.html", host=f"127.0.0.1:{served.port}")[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "::", "district.example"])
def test_other_machines_are_not_answered_without_a_proxy(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", host]) == 1
    assert "needs a proxy" in capsys.readouterr().err


def test_what_make_ui_starts_answers_on_this_machine_only() -> None:
    dagster, pages = commands(3000, 3001)
    assert dagster[dagster.index("-h") + 1] == pages[pages.index("--host") + 1] == HOST == "127.0.0.1"


def test_a_report_links_to_its_page_where_pages_are_served(monkeypatch) -> None:
    monkeypatch.delenv("ECONEX_REPORT_URL", raising=False)
    assert page_url("base", "2025-07-15") is None
    monkeypatch.setenv("ECONEX_REPORT_URL", "http://127.0.0.1:3001/")
    assert page_url("base", "2025-07-15") == "http://127.0.0.1:3001/base/2025-07-15.html"


def _sleeper() -> list[str]:
    return [sys.executable, "-c", "import time; time.sleep(60)"]


def test_one_interrupt_ends_both() -> None:
    code = (
        "import sys; from econex_pipeline.orchestration.ui import together; "
        "from econex_pipeline_tests.orchestration.test_pages import _sleeper; "
        "print('up', flush=True); sys.exit(together([_sleeper(), _sleeper()]))"
    )
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    children = _children(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert len(children) == 2
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def _children(pid: int) -> list[int]:
    for _ in range(200):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        if len(text.split()) == 2:
            return [int(child) for child in text.split()]
        time.sleep(0.05)
    return []


def test_when_one_ends_the_other_is_ended_too() -> None:
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert together([_sleeper(), [sys.executable, "-c", "raise SystemExit(3)"]]) == 3
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
