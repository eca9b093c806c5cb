"""Take the pictures of the README anew: `make pictures`, after `make run`. Needs Chromium.

The page as a browser shows it, and the asset graph as Dagster's webserver draws it; both cropped and with few colours,
so that they stay small.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image

from econex_pipeline.orchestration import home

IMAGES = Path(__file__).parent / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--virtual-time-budget=20000",
)
COLOURS = 96
STARTUP_S = 120
PAGE = "report/base/2025-07-15.html"


def main() -> None:
    """Take both pictures."""
    page = home.storage_dir() / PAGE
    if not page.exists():
        sys.exit(f"error: {page} is not there; `make run` writes it")
    IMAGES.mkdir(exist_ok=True)
    _take(page.as_uri(), IMAGES / "report.png", (1200, 1500), (100, 0, 1100, 1500))
    home.prepare_instance()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("dagster-webserver")), "-h", "127.0.0.1", "-p", str(port)]
    command += ["-w", str(home.repository() / "workspace.yaml")]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, cwd=home.repository(), env=os.environ, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/server_info")
            address = f"http://127.0.0.1:{port}/asset-groups"
            _take(address, IMAGES / "assets.png", (1900, 1000), (545, 150, 1850, 740))
        finally:
            server.terminate()
            server.wait(timeout=30)


def _take(address: str, picture: Path, window: tuple[int, int], part: tuple[int, int, int, int]) -> None:
    """Open an address in a window of that size and keep the part between (left, top, right, bottom)."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"error: a browser is needed, one of {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as profile:
        size = f"--window-size={window[0]},{window[1]}"
        run = [browser, *QUIET, size, f"--user-data-dir={profile}", f"--screenshot={picture}", address]
        subprocess.run(run, check=True, capture_output=True, timeout=180)
    with Image.open(picture) as taken:
        small = taken.convert("RGB").crop(part).quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)
    print(f"{picture} ({picture.stat().st_size // 1000} kB)")


def _wait_for(address: str) -> None:
    for _ in range(STARTUP_S):
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(1)
    sys.exit(f"error: no answer from {address} within {STARTUP_S} s")


if __name__ == "__main__":
    main()
