"""A run launched through a real webserver, as the browser does it: a wrong choice never becomes a run."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from econex_pipeline.orchestration.home import repository
from econex_pipeline_tests.services.servers import answers, free_port, wait_until

pytestmark = pytest.mark.services

PATIENCE_S = 300
LAUNCH = """
mutation launch($job: String!, $config: RunConfigData!) {
  launchRun(executionParams: {
    selector: {repositoryLocationName: "econex_pipeline", repositoryName: "__repository__", jobName: $job}
    runConfigData: $config
  }) {
    __typename
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
    ... on LaunchRunSuccess { run { runId } }
  }
}
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder, port = tmp_path_factory.mktemp("webserver"), free_port()
    env = {**os.environ, "DAGSTER_HOME": str(folder), "ECONEX_STORAGE": str(folder / "storage")}
    subprocess.run([sys.executable, "-m", "econex_pipeline.orchestration.home"], env=env, check=True)
    command = [str(Path(sys.executable).with_name("dagster-webserver")), "-h", "127.0.0.1", "-p", str(port)]
    command += ["-w", str(repository() / "workspace.yaml")]

    def ask(query: str, **variables: object) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:  # the answer stands in the body all the same
            return json.load(error)["data"]

    with (folder / "webserver.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, cwd=repository(), stdout=log, stderr=log)
        try:
            wait_until(lambda: answers(port), "the webserver", PATIENCE_S)
            yield ask
        finally:
            process.terminate()
            process.wait(60)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [("scenarios", 0, ">= 1 and <= 200"), ("engine", "simplex", "Engine"), ("alpha", "much", "float")],
)
def test_a_wrong_choice_is_refused_when_it_is_launched(asked, option: str, value: object, says: str) -> None:
    config = {"resources": {"options": {"config": {option: value}}}}
    answer = asked(LAUNCH, job="day_ahead_base", config=config)["launchRun"]
    told = answer.get("message") or answer["errors"][0]["message"]
    assert answer["__typename"] in ("RunConfigValidationInvalid", "PythonError"), answer
    assert option in told
    assert says in told
    assert asked("{ runsOrError { ... on Runs { results { runId } } } }") == {"runsOrError": {"results": []}}


def test_what_runs_by_itself_is_off_and_can_be_turned_on(asked) -> None:
    query = """{ repositoryOrError(repositorySelector: {repositoryLocationName: "econex_pipeline",
        repositoryName: "__repository__"}) { ... on Repository {
        schedules { name scheduleState { status } } sensors { name sensorState { status } } } } }"""
    found = asked(query)["repositoryOrError"]
    schedules = {entry["name"]: entry["scheduleState"]["status"] for entry in found["schedules"]}
    sensors = {entry["name"]: entry["sensorState"]["status"] for entry in found["sensors"]}
    assert set(schedules.values()) | set(sensors.values()) == {"STOPPED"}
    assert {"plan_next_day_base", "operate_each_hour_base", "weekly_retention"} <= set(schedules)
    assert set(sensors) == {"catch_up", "replan", "alarms"}
