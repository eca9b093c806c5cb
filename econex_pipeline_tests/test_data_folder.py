"""Every data file is accounted for: origin, licence and digest stand in data/README.md."""

import hashlib
import re

import pytest

from econex_pipeline_tests.conftest import DATA

FILES = sorted(path for path in DATA.rglob("*") if path.is_file() and path.name != "README.md")
ROW = re.compile(
    r"^\| `(?P<file>[^`]+)` \| (?P<origin>[^|]+) \| (?P<licence>[^|]+) \| `(?P<sha256>[0-9a-f]{64})` \|$", re.M
)


@pytest.fixture(scope="module")
def rows() -> dict[str, re.Match]:
    return {row["file"]: row for row in ROW.finditer((DATA / "README.md").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_data_file_stands_in_the_readme_with_origin_licence_and_digest(path, rows):
    row = rows[path.relative_to(DATA).as_posix()]
    assert row["origin"].strip()
    assert row["licence"].strip()
    assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_readme_names_no_file_that_is_gone(rows):
    assert set(rows) == {path.relative_to(DATA).as_posix() for path in FILES}
