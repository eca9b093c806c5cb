"""The pages of `make ui` as a user meets them: a day from the graph, a backfill, a wrong option, the plot, the page.

The tests follow each other as a morning at the screen does: a report needs the hours that were backfilled before it.
"""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from econex_pipeline.orchestration.assets import DAY_AHEAD, REPORTING
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.assets.reporting import KPIS
from econex_pipeline.orchestration.recipe import HOURS, Day, ensure
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline_tests.services.dagster_servers import instance_home
from econex_pipeline_tests.services.make_ui import MakeUi

if TYPE_CHECKING:
    from econex_pipeline_tests.services.browser import Browser

pytestmark = pytest.mark.services

CASES = ("one", "two")
CASE = CASES[0]
DATES = (date(2025, 7, 15), date(2025, 7, 16))
FILE = (
    "district: two_homes\ndescription: Two homes, planned over few scenarios.\n"
    "changes:\n  scenarios: {drawn: 4, kept: 2}\n"
)
ROOMS = ("weather", "scenarios", "planning", "control", "reporting")
WRONG = "resources:\n  options:\n    config:\n      scenarios: 0\n"
DIALOG = "//*[@role='dialog' or contains(@class, 'bp5-dialog') or contains(@class, 'bp6-dialog')]"
LAUNCH = f"{DIALOG}//button[contains(., 'Launch')]"
PICTURE = "//img[starts-with(@src, 'data:image/png')]"
RUNS = "query ($job: String) { runsOrError(filter: {pipelineName: $job}) { ... on Runs { results { status } } } }"
BACKFILLS = "{ partitionBackfillsOrError { ... on PartitionBackfills { results { id } } } }"


@dataclass
class Site:
    """What `make ui` serves of a small data folder, and a browser in front of them."""

    servers: MakeUi
    browser: "Browser"
    storage: Storage
    inputs: Inputs

    def day(self, case: str, day: date) -> Day:
        """One day of a case."""
        return Day(self.inputs.setting(case), day, self.storage, RunOptions())

    def choose(self, path: str, keys: str) -> None:
        """Ask in a graph for partitions of all that it shows, up to the button that launches.

        Dagster offers the latest 90 days first: these days are older.
        """
        self.browser.open(path)
        self.browser.click("//button[contains(., 'Materialize all')]")
        chosen = f"{DIALOG}//input[not(@type='checkbox')]"
        confirm = f"{DIALOG}//button[contains(., 'Confirm')]"
        self.browser.until(lambda: self.browser.all(f"{confirm} | {chosen}"), "the dialog")
        if self.browser.all(confirm):
            self.browser.click(confirm)
        self.browser.click("//*[text()='Show all partitions']")
        self.browser.type(chosen, keys)

    def ended(self, job: str) -> str:
        """Wait until the latest run of a job has ended; give its status."""
        until = time.monotonic() + 180.0
        while time.monotonic() < until:
            runs = self.servers.query(RUNS, job=job)["runsOrError"]["results"]
            if runs and runs[0]["status"] in ("SUCCESS", "FAILURE", "CANCELED"):
                return str(runs[0]["status"])
            time.sleep(1.0)
        raise TimeoutError(f"no run of {job} has ended; see {self.servers.folder}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Iterator[Site]:
    from econex_pipeline_tests.services.browser import Browser  # its driver is not installed for the other tests

    folder = tmp_path_factory.mktemp("browser")
    data, root, home = Path(shutil.copytree(data_dir, folder / "data")), folder / "storage", instance_home(folder)
    for path in (data / "cases").glob("*.yaml"):
        path.unlink()
    for case in CASES:
        (data / "cases" / f"{case}.yaml").write_text(FILE, encoding="utf-8")
    places = {"DAGSTER_HOME": str(home), "ECONEX_DATA": str(data), "ECONEX_STORAGE": str(root)}
    with (
        MakeUi(folder / "servers", places) as servers,
        Browser(f"http://127.0.0.1:{servers.port}") as browser,
    ):
        yield Site(servers, browser, Storage(root=str(root)), Inputs(data_dir=str(data)))


def test_the_graph_reads_from_left_to_right_with_the_cases_folded(site: Site) -> None:
    site.browser.open("/asset-groups")
    left = [site.browser.see(f"//*[local-name()='svg']//*[text()='{room}']").rect["x"] for room in ROOMS]
    site.browser.picture("1_graph")
    assert left == sorted(left)
    assert len(set(left)) == len(ROOMS)
    assert not site.browser.all(f"//*[local-name()='svg']//*[text()='{CASE}']")


def test_a_day_is_planned_from_the_graph(site: Site) -> None:
    key = site.day(CASE, DATES[0]).key
    site.choose(f"/locations/econex_pipeline/jobs/day_ahead_{CASE}", key)
    site.browser.picture("2_materialize")
    site.browser.click(LAUNCH)
    assert site.ended(f"day_ahead_{CASE}") == "SUCCESS"
    facts = site.day(CASE, DATES[0]).extra(PLAN)
    site.browser.open(f"/assets/{PLAN.name}/{CASE}?view=partitions&partition={key}")
    row = site.browser.see("//tr[.//*[text()='objective_usd']]")
    site.browser.picture("3_plan_numbers")
    assert float(row.text.split()[-1].replace(",", "")) == pytest.approx(facts["objective_usd"], rel=1e-5)
    _look_at_picture(site, "electricity", "4_plan_picture")


def _look_at_picture(site: Site, label: str, name: str) -> None:
    """Open a picture among the metadata of a partition, and see that it was drawn."""
    site.browser.click(f"//tr[.//*[text()='{label}']]//*[contains(text(), 'Show Markdown')]")
    picture = site.browser.see(PICTURE)
    site.browser.until(lambda: site.browser.run("return arguments[0].naturalWidth > 300", picture), "a drawn picture")
    site.browser.picture(name)


def test_a_wrong_option_is_refused_before_a_run_starts(site: Site) -> None:
    site.browser.open("/locations/econex_pipeline/jobs/main/playground")
    site.browser.see("//button[contains(., 'Launch Run')]")
    site.browser.run("document.querySelector('.CodeMirror').CodeMirror.setValue(arguments[0])", WRONG)
    site.browser.click("//button[contains(., 'Launch Run')]")
    site.browser.see("//*[contains(text(), 'scenarios is 0; expected a number >= 1 and <= 200')]")
    site.browser.picture("5_refused")
    assert site.servers.query(RUNS, job="main")["runsOrError"]["results"] == []


def test_48_hours_of_two_cases_are_backfilled(site: Site) -> None:
    for case in CASES:
        for day in (site.day(case, day) for day in DATES):
            for entry in DAY_AHEAD:
                ensure(entry, day)
    keys = [key for day in DATES for key in site.day(CASE, day).hour_keys]
    site.choose(f"/asset-groups~tag:table={HOURS}/", f"[{keys[0]}...{keys[-1]}]")
    site.browser.picture("6_backfill")
    site.browser.click(LAUNCH)
    (backfill,) = site.browser.until(
        lambda: site.servers.query(BACKFILLS)["partitionBackfillsOrError"]["results"], "a backfill"
    )
    site.browser.open(f"/runs/b/{backfill['id']}")
    site.browser.see(f"//*[contains(text(), '{HOURS}')]")
    site.browser.picture("7_backfill_running")
    assert site.servers.wait_for(backfill["id"], 240.0) == "COMPLETED_SUCCESS"
    site.browser.see("//*[text()='Succeeded' and not(ancestor::table)]")
    site.browser.until(lambda: len(site.browser.all("//*[text()='100% completed']")) == len(CASES), "both at 100 %")
    site.browser.picture("8_backfill_ended")
    for case in CASES:
        assert all(site.storage.digest(HOURS, case, key) for key in keys)


def test_the_report_shows_plot_and_numbers_and_leads_to_the_page(site: Site) -> None:
    day = site.day(CASE, DATES[0])
    site.choose(f"/locations/econex_pipeline/jobs/report_{CASE}", day.key)
    site.browser.click(LAUNCH)
    assert site.ended(f"report_{CASE}") == "SUCCESS"
    kpis = day.table(KPIS)
    cost = kpis.loc[(kpis["strategy"] == "controlled") & (kpis["kpi"] == "cost_usd"), "value"]
    report = REPORTING[-1].name
    site.browser.open(f"/assets/{report}/{CASE}?view=partitions&partition={day.key}")
    row = site.browser.see("//tr[.//*[text()='cost_usd']]")
    site.browser.picture("9_report_numbers")
    assert float(row.text.split()[-1].replace(",", "")) == pytest.approx(cost.item(), rel=1e-5)
    link = site.browser.see(f"//a[starts-with(@href, '{site.servers.pages}')]").get_attribute("href")
    _look_at_picture(site, "electricity", "10_report_picture")
    site.browser.open(str(link))
    heading = site.browser.see("//h1")
    site.browser.picture("11_page")
    assert heading.text
    assert DATES[0].isoformat() in site.browser.see("//body").text
