"""Many days from the command line: what comes out, what is reused, what is refused."""

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from econex_pipeline.orchestration.backfill import main
from econex_pipeline.orchestration.storage import Storage

DAYS = ("2025-07-14", "2025-07-15")
CASES = ("two_homes", "two_dry_homes")
FEW = ("drawn: 1000", "drawn: 8"), ("kept: 20", "kept: 2")

pytestmark = pytest.mark.slow


def run(folder: Path, storage: str, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    places = {"DAGSTER_HOME": f"{storage}/dagster", "ECONEX_STORAGE": storage, "ECONEX_DATA": "data"}
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **{name: str(folder / place) for name, place in places.items()}},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def backfill(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "backfilled", "econex_pipeline.orchestration.backfill", *arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """A folder with two small cases and few scenarios, both days of the first case backfilled."""
    folder = tmp_path_factory.mktemp("backfill")
    shutil.copytree(data_dir, folder / "data")
    for file in (folder / "data" / "cases").iterdir():
        file.unlink()
    for case, rain in zip(CASES, (1.0, 0.0), strict=True):
        text = f"district: two_homes\ndescription: Two homes.\nchanges: {{weather: {{rain_factor: {rain}}}}}\n"
        (folder / "data" / "cases" / f"{case}.yaml").write_text(text)
    district = folder / "data" / "districts" / "two_homes" / "district.yaml"
    text = district.read_text()
    for many, few in FEW:
        assert many in text
        text = text.replace(many, few)
    district.write_text(text)
    done = backfill(folder, "--case", CASES[0], "--from", DAYS[0], "--to", DAYS[1])
    assert done.returncode == 0, done.stderr
    assert "48 hours  48 computed" in done.stdout
    return folder


def test_a_backfill_makes_what_its_days_make_one_by_one(folder: Path) -> None:
    assert run(folder, "one_by_one", "econex_pipeline", "--case", CASES[0], "--day", DAYS[0]).returncode == 0
    stores = [Storage(root=str(folder / name)) for name in ("backfilled", "one_by_one")]
    digests = [[store.digest(table, CASES[0], DAYS[0]) for table in ("plan", "kpis")] for store in stores]
    assert None not in digests[0]
    assert digests[0] == digests[1]


def test_a_backfill_of_all_cases_runs_them_side_by_side_and_reuses_what_is_there(folder: Path) -> None:
    storage = Storage(root=str(folder / "backfilled"))
    before = Path(storage.where("kpis", CASES[0], DAYS[0])).stat().st_mtime_ns
    done = backfill(folder, "--case", "all", "--from", DAYS[0], "--to", DAYS[0])
    assert done.returncode == 0, done.stderr
    assert all(f"case {case}: complete" in done.stdout for case in CASES)
    for case, made in zip(CASES, ("0 computed, 24 reused", "24 computed, 0 reused"), strict=True):
        assert [line for line in done.stdout.splitlines() if line.startswith(f"{case}: ") and made in line]
    assert Path(storage.where("kpis", CASES[0], DAYS[0])).stat().st_mtime_ns == before
    assert storage.digest("kpis", CASES[1], DAYS[0]) is not None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--case", CASES[0], "--from", DAYS[1], "--to", DAYS[0]), "a date not before the first"),
        (("--case", "all", "--from", DAYS[1], "--to", DAYS[0]), "a date not before the first"),
        (("--case", "all", "--from", "2025-02-29", "--to", DAYS[0]), "from is '2025-02-29'; expected a date such as"),
        (("--case", CASES[0], "--from", "2024-12-31", "--to", DAYS[0]), "from is '2024-12-31'; expected a date from"),
        (("--case", CASES[0], "--from", DAYS[0], "--to", "2999-01-01"), "to is '2999-01-01'; expected a date from"),
        (("--case", "all", "--from", DAYS[1], "--to", "soon"), "to is 'soon'; expected a date such as"),
        (("--case", "all", "--at-once", "0", "--from", DAYS[0], "--to", DAYS[1]), "at least 1 case"),
    ],
)
def test_a_backfill_that_cannot_be_run_is_refused_in_one_sentence(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.setenv("ECONEX_DATA", str(folder / "data"))
    monkeypatch.setenv("DAGSTER_HOME", str(folder / "refused"))
    monkeypatch.setattr("econex_pipeline.orchestration.terminal.open_log", lambda log: logging.NullHandler())
    assert main(arguments) == 1
    said = capfd.readouterr().err
    assert sentence in said
    assert len(said.strip().splitlines()) == 1
