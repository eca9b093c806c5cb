"""A district that has none of the pilot's names, no treatment, no pumped hydro and no turbine, from file to page."""

import re
from pathlib import Path

import dagster as dg
import pytest

from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.storage import Storage

DAY = "2025-07-15"

pytestmark = pytest.mark.slow


def test_two_homes_are_planned_operated_and_reported(tmp_path: Path, data_dir: Path) -> None:
    storage = Storage(root=str(tmp_path / "storage"))
    definitions = build_definitions({"storage": storage}, data_dir=data_dir, cases=["two_homes"])
    config = {"ops": {"whole_day": {"config": {"case": "two_homes", "day": DAY}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        assert definitions.resolve_job_def("main").execute_in_process(config, instance, raise_on_error=True).success
    kpis = storage.read("KPIS", "kpis", "two_homes", DAY).set_index(["strategy", "kpi"])["value"]
    assert kpis["controlled", "unserved_m3"] == pytest.approx(0.0, abs=1e-6)
    assert kpis["controlled", "unserved_kwh"] == pytest.approx(0.0, abs=1e-6)
    assert kpis["controlled", "cost_usd"] < kpis["no_control", "cost_usd"]
    page = Path(storage.where("report", "two_homes", DAY, ".html")).read_text(encoding="utf-8")
    words = re.sub(r"data:[^\"]*", "", page)  # without embedded pictures
    assert "Two homes" in words
    strangers = ("home_1", "home 1", "raw tank", "community hub")
    assert [name for name in strangers if name in words.lower()] == []
