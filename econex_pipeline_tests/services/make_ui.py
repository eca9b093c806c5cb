"""`make ui` as a person starts it in a terminal, and ends it with Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from econex_pipeline.orchestration.home import REPORT_URL, repository
from econex_pipeline_tests.services.dagster_servers import Questions
from econex_pipeline_tests.services.servers import answers, free_port, wait_until

OF_ANOTHER_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", REPORT_URL)
"""Variables that a person's terminal does not have, and a test that make itself has started does."""


class MakeUi(Questions):
    """All that `make ui` starts.

    Parameters
    ----------
    folder : Path
        Where its output is kept.
    places : mapping of str to str
        Environment variables: DAGSTER_HOME, ECONEX_STORAGE and so on.
    """

    def __init__(self, folder: Path, places: Mapping[str, str]) -> None:
        terminal = {name: value for name, value in os.environ.items() if name not in OF_ANOTHER_MAKE}
        self.folder, self.env = folder, {**terminal, **places}
        self.port, self.pages_port = free_port(), free_port()
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def pages(self) -> str:
        """Address of the pages of operated days."""
        return f"http://127.0.0.1:{self.pages_port}"

    def __enter__(self) -> MakeUi:
        command = ["make", "ui", f"PORT={self.port}", f"PAGES_PORT={self.pages_port}"]
        with (self.folder / "make_ui.log").open("wb") as log:
            self.running = subprocess.Popen(
                command, env=self.env, cwd=repository(), stdout=log, stderr=log, start_new_session=True
            )
        wait_until(
            lambda: self._ended() or (self.answers() and answers(self.pages_port)), f"make ui; see {self.folder}"
        )
        if self._ended():
            raise RuntimeError(f"make ui ended by itself; see {self.folder}")
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended():
            os.killpg(self.running.pid, signal.SIGINT)
        self.running.wait(60)

    def _ended(self) -> bool:
        return self.running.poll() is not None
