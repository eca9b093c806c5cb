"""What the Dockerfile does, done without an engine: a wheel in a clean virtual environment, a tree nobody can write.

What is copied where, the environment and the commands are the Dockerfile's own, read from it; only the places differ.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from econex_pipeline_tests.services.servers import free_port, wait_until

pytestmark = pytest.mark.services

ROOT = Path(__file__).parents[2]
FILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
LAST_STAGE = FILE[FILE.rindex("\nFROM ") :]
USER = 10001
CASE = "two_homes"
PATIENCE_S = 300


@dataclass(frozen=True)
class Image:
    """The folders that stand for those of a container, and how a command is run there."""

    folder: Path

    def inside(self, text: str) -> str:
        """Put the folders here in the place of the container's."""
        return re.sub(r"(?<![\w/])/(opt/venv|app|state|tmp)(?=[/:]|$)", rf"{self.folder}\g<0>", text)

    @property
    def env(self) -> dict[str, str]:
        """The environment of the last stage, and nothing of the one around it."""
        said = " ".join(re.findall(r"^ENV (.*)$", LAST_STAGE, flags=re.MULTILINE))
        pairs = dict(re.findall(r"(\w+)=(\S+)", said))
        path = pairs["PATH"].replace("$PATH", "/usr/local/bin:/usr/bin:/bin")
        return {name: self.inside(value) for name, value in {**pairs, "PATH": path}.items()}

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command through the entrypoint, as the user of the image where another user can be taken."""
        (entry,) = json.loads(re.findall(r"^ENTRYPOINT (.*)$", LAST_STAGE, flags=re.MULTILINE)[0])
        user = {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen([self.inside(entry), *command], env=self.env, cwd=self.inside("/app"), **pipes, **user)

    def run(self, *command: str) -> str:
        """Run a command to its end; give what it says."""
        process = self.start(*command)
        said = process.communicate(timeout=PATIENCE_S)[0]
        assert process.returncode == 0, said
        return said


def _interpreter() -> str:
    """A Python that the user of the image can start too: not one in somebody's home."""
    found = [sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin")]
    reached = [Path(path).resolve() for path in found if path]
    return str(next(path for path in reached if all(up.stat().st_mode & stat.S_IXOTH for up in path.parents)))


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with TemporaryDirectory() as name:  # pytest's own folders are closed to other users
        folder = Path(name)
        folder.chmod(0o755)
        image = Image(folder)
        _install(image)
        _copy(image)
        yield image
        for path in [Path(image.inside("/app")), *Path(image.inside("/app")).rglob("*")]:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)  # or the folder could not be removed


def _install(image: Image) -> None:
    """Build the wheel, and put it with all that it needs into a virtual environment."""
    pip, venv = [sys.executable, "-m", "pip", "--disable-pip-version-check"], image.inside("/opt/venv")
    into, wheels = [*pip, "--python", f"{venv}/bin/python", "install"], image.folder / "wheels"
    for command in (
        [_interpreter(), "-m", "venv", "--without-pip", venv],
        [*into, "--require-hashes", "-r", "requirements-runtime.lock"],
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, "."],
    ):
        _quietly(command)
    _quietly([*into, "--no-deps", "--no-index", *wheels.glob("*.whl")])


def _quietly(command: Sequence[str | Path]) -> None:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # or pip finds what is there
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _copy(image: Image) -> None:
    """Copy what the Dockerfile copies, and take the right to write away."""
    for source, target in re.findall(r"^COPY (?!--)(\S+) (\S+)$", LAST_STAGE, flags=re.MULTILINE):
        place = Path(image.inside(target)) / (source if target.endswith("/") else "")
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place)
        else:
            shutil.copy(ROOT / source, place)
    for place in ("/state/dagster", "/state/storage", "/tmp"):
        path = Path(image.inside(place))
        path.mkdir(parents=True)
        path.chmod(0o777)
    for path in [*Path(image.inside("/app")).rglob("*"), Path(image.inside("/app"))]:
        path.chmod(path.stat().st_mode & ~0o222)


def test_a_day_is_run_by_the_wheel_from_a_tree_that_nobody_can_write(image: Image) -> None:
    said = image.run("python", "-m", "econex_pipeline", "--case", CASE)
    page = Path(said.splitlines()[-1])
    assert page.is_relative_to(image.inside("/state/storage"))
    assert "<svg" in page.read_text(encoding="utf-8")


def test_nothing_that_builds_or_installs_is_in_it(image: Image) -> None:
    there = {path.name for path in Path(image.inside("/opt/venv/bin")).iterdir()}
    assert "dagster" in there
    assert not there & {"pip", "pip3", "pytest", "ruff", "mypy"}


def test_the_code_server_answers_its_health_check(image: Image) -> None:
    port = str(free_port())
    here = {"4000": port, "0.0.0.0": "127.0.0.1"}
    commands = [json.loads(command) for command in re.findall(r"CMD (\[.*?\])", LAST_STAGE)]
    check, serve = [[here.get(word, word) for word in command] for command in commands]
    process = image.start(*serve)
    try:
        wait_until(lambda: image.start(*check).wait(PATIENCE_S) == 0, "the code server", PATIENCE_S)
    finally:
        process.terminate()
        process.communicate(timeout=60)
