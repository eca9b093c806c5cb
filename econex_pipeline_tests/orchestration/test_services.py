"""A browser's look at what `make run` leaves behind: Dagster's catalogue and the page. Needs Chromium."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from econex_pipeline.orchestration.home import repository

pytestmark = pytest.mark.services

STARTUP_S = 120
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Served:
    """A day that was run, and a webserver that shows it."""

    url: str
    page: Path
    pictures: Path


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(STARTUP_S):
        if process.poll() is not None:
            raise RuntimeError(f"the webserver ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/server_info", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(1)
    raise TimeoutError(f"no answer from {url} within {STARTUP_S} s")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    places = {"DAGSTER_HOME": str(folder / "dagster"), "ECONEX_STORAGE": str(folder / "storage")}
    env = {**os.environ, **places}
    run = subprocess.run(
        [sys.executable, "-m", "econex_pipeline"], env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("dagster-webserver")), "-h", "127.0.0.1", "-p", str(port)]
    command += ["-w", str(repository() / "workspace.yaml")]
    with (folder / "webserver.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, cwd=repository(), stdout=log, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process)
            yield Served(url, Path(run.stdout.splitlines()[-1]), folder)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _browse(address: str, picture: Path) -> str:
    """Open an address in a real browser; give the document as it stands after its scripts ran."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    assert browser, f"a browser is needed: one of {', '.join(BROWSERS)}"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1400,1000"]
    flags += [f"--user-data-dir={picture.parent / 'profile'}", "--virtual-time-budget=20000"]
    run = [browser, *flags]
    subprocess.run([*run, f"--screenshot={picture}", address], check=True, capture_output=True, timeout=180)
    shown = subprocess.run([*run, "--dump-dom", address], check=True, capture_output=True, text=True, timeout=180)
    return shown.stdout


def test_the_page_opens_by_itself_and_loads_nothing(served: Served) -> None:
    text = served.page.read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", text)
    document = _browse(served.page.as_uri(), served.pictures / "page.png")
    assert "<svg" in document
    assert "Eco-Nex" in document
    assert (served.pictures / "page.png").stat().st_size > 20_000


def test_the_catalogue_shows_the_plan_the_hours_and_the_page(served: Served) -> None:
    query = "{ assetNodes { assetKey { path } partitionStats { numMaterialized } } }"
    request = urllib.request.Request(
        f"{served.url}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        nodes = json.load(answer)["data"]["assetNodes"]
    counts = {"/".join(node["assetKey"]["path"]): node["partitionStats"]["numMaterialized"] for node in nodes}
    assert counts["operations/base"] == 24
    assert counts["plan/base"] == 1
    assert counts["report/base"] == 1
    assert counts["plan/cloudy"] == 0


def test_the_asset_graph_has_a_group_for_each_room(served: Served) -> None:
    document = _browse(f"{served.url}/asset-groups", served.pictures / "graph.png")
    for room in ("weather", "scenarios", "profiles", "hydraulics", "treatment", "planning", "control", "reporting"):
        assert room in document
