"""What the files for running elsewhere promise: one door, with a login; nothing unpinned, writable or privileged."""

import json
import re
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._cli.code_server import code_server_cli
from dagster._core.instance.config import dagster_instance_config_schema
from dagster_webserver.cli import dagster_webserver

from econex_pipeline.contracts import InputError
from econex_pipeline.orchestration import home

ROOT = Path(__file__).parents[2]
OURS = ("code", "daemon", "webserver", "spectators", "pages")


BUCKET = ROOT / "deploy" / "compose.s3.yaml"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def test_only_the_proxy_is_published_and_on_this_machine_unless_told_otherwise(compose) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert list(published) == ["proxy"]
    assert all(port.startswith("${ECONEX_BIND:-127.0.0.1}:") for port in published["proxy"])
    assert not [service for service in compose["services"].values() if service.get("network_mode")]


def test_every_way_through_the_proxy_asks_for_a_login() -> None:
    text = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    handlers = re.findall(r"\thandle[^{\n]*\{\n(.*?)\n\t\}", text, flags=re.DOTALL)
    assert len(handlers) == 4
    assert all(re.match(r"\t\timport (operators|anybody_known)\n", handler) for handler in handlers)
    everything = re.search(r"handle /dagster\*.*?\}", text, flags=re.DOTALL)
    assert everything is not None
    assert "import operators" in everything[0]


def test_spectators_cannot_do_anything(compose) -> None:
    assert "--read-only" in compose["services"]["spectators"]["command"]
    assert "--read-only" not in compose["services"]["webserver"]["command"]


@pytest.mark.parametrize("name", [*OURS, "postgres", "proxy"])
def test_no_container_writes_outside_its_volumes_or_gains_rights(compose, name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    if name in OURS:
        assert service["cap_drop"] == ["ALL"]


def test_the_pages_and_the_webservers_cannot_write_tables(compose) -> None:
    for name in ("webserver", "spectators", "daemon"):
        assert not [volume for volume in compose["services"][name]["volumes"] if volume.startswith("storage:")]
    assert "storage:/state/storage:ro" in compose["services"]["pages"]["volumes"]


def test_the_database_is_reached_from_inside_only(compose) -> None:
    assert compose["services"]["postgres"]["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}
    reaching_out = {name for name, service in compose["services"].items() if "outside" in service["networks"]}
    assert reaching_out == {"code", "proxy"}


def test_secrets_stand_in_files_or_the_environment_and_never_here(compose) -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    for name, value in re.findall(r"(\w*(?:PASSWORD|SECRET|TOKEN|WEBHOOK_URL)\w*): (.+)", text):
        assert value.startswith(("/run/secrets/", "${")), name
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert "deploy/secrets/" in ignored
    assert "deploy/secrets" in (ROOT / ".dockerignore").read_text(encoding="utf-8").split()


def test_a_bucket_is_reached_by_those_who_need_it_and_its_keys_stand_in_files(compose) -> None:
    bucket = yaml.safe_load(BUCKET.read_text(encoding="utf-8"))
    assert set(bucket["services"]) == {"code", "pages"} <= set(compose["services"])
    entrypoint = (ROOT / "deploy" / "entrypoint.sh").read_text(encoding="utf-8")
    for service in bucket["services"].values():
        mounted = {
            f"/run/secrets/{entry if isinstance(entry, str) else entry['target']}" for entry in service["secrets"]
        }
        files = {name: value for name, value in service["environment"].items() if name.endswith("_FILE")}
        assert set(files.values()) == mounted
        assert all(f" {name.removesuffix('_FILE')}" in entrypoint for name in files)
        assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(service["environment"])
    assert all(secret["file"].startswith("deploy/secrets/") for secret in bucket["secrets"].values())


def test_images_are_pinned(compose) -> None:
    images = {service["image"] for name, service in compose["services"].items() if name not in OURS}
    images |= set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert all(re.search(r":\d+\.\d+", image) for image in images)


def test_the_final_image_is_run_by_nobody_in_particular_and_has_no_compiler() -> None:
    stages = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")
    final = stages[-1]
    assert re.search(r"^USER \d+:\d+$", final, flags=re.MULTILINE)
    assert "HEALTHCHECK" in final
    assert "apt-get" not in final
    assert "COPY data" in final
    assert "requirements.lock" not in "".join(stages)


def test_dagster_knows_the_options_of_the_commands(compose) -> None:
    """Parsed by Dagster's own command line, without being run."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    served = json.loads(re.findall(r"^CMD (\[.*\])", text, flags=re.MULTILINE)[-1])
    values = yaml.safe_load((ROOT / "deploy" / "k8s" / "values.yaml").read_text(encoding="utf-8"))
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    assert served[:3] == ["dagster", "code-server", "start"]
    for options in (served[3:], deployment["codeServerArgs"]):
        asked = code_server_cli.commands["start"].make_context("start", list(options)).params
        assert asked["module_name"] == "econex_pipeline.definitions"
    for name in ("webserver", "spectators"):
        program, *options = [word.replace("/app/", f"{ROOT}/") for word in compose["services"][name]["command"]]
        assert program == "dagster-webserver"
        assert dagster_webserver.make_context(program, list(options)).params["path_prefix"] in ("/dagster", "/watch")


def test_what_the_containers_run_has_no_tools_of_development() -> None:
    lock = (ROOT / "requirements-runtime.lock").read_text(encoding="utf-8")
    packages = set(re.findall(r"^([a-z0-9_.-]+)(?:\[[^\]]*\])?==", lock, flags=re.MULTILINE))
    assert {"dagster", "dagster-webserver", "dagster-postgres", "s3fs", "highspy", "wntr", "pandas"} <= packages
    assert not {"pytest", "mypy", "ruff", "hypothesis", "linopy", "pypsa", "setuptools"} & packages


def test_the_lock_of_the_containers_agrees_with_that_of_the_tests() -> None:
    def versions(name: str) -> dict[str, str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([a-z0-9_.-]+)(?:\[[^\]]*\])?==(\S+)", text, flags=re.MULTILINE))

    tested, run = versions("requirements.lock"), versions("requirements-runtime.lock")
    assert {name: run[name] for name in run if name in tested} == {name: tested[name] for name in run if name in tested}


@pytest.mark.parametrize("file", [".dagster/dagster.yaml", "deploy/postgres.yaml", "deploy/celery.yaml"])
def test_dagster_takes_each_configuration_of_the_instance(file: str) -> None:
    content = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    content.pop("storage", None)  # belongs to packages that need not be there; tested with a real server
    content.pop("run_launcher", None)
    checked = dg._config.process_config(dg._config.Shape(dagster_instance_config_schema()), content)
    assert checked.success, checked.errors
    assert content["telemetry"] == {"enabled": False}
    assert content["run_retries"]["enabled"]
    assert content["run_retries"]["retry_on_asset_or_op_failure"] is False
    assert content["run_monitoring"]["enabled"]


def test_a_lost_pod_is_tried_again_and_wrong_input_is_not() -> None:
    daemon = yaml.safe_load((ROOT / "deploy" / "k8s" / "values.yaml").read_text(encoding="utf-8"))["dagsterDaemon"]
    assert daemon["runRetries"] == {"enabled": True, "maxRetries": 5, "retryOnAssetOrOpFailure": False}
    assert daemon["runMonitoring"]["enabled"]


@pytest.mark.parametrize("file", ["deploy/postgres.yaml", "deploy/celery.yaml"])
def test_no_login_stands_in_a_configuration(file: str) -> None:
    database = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))["storage"]["postgres"]["postgres_db"]
    assert database.pop("scheme") == "postgresql+psycopg2"
    assert all(set(value) == {"env"} for value in database.values())


def test_a_worker_reads_its_broker_where_dagster_looks_for_it() -> None:
    worker = yaml.safe_load((ROOT / "deploy" / "celery_worker.yaml").read_text(encoding="utf-8"))
    assert list(worker) == ["execution"]
    assert worker["execution"]["config"]["broker"] == {"env": "ECONEX_REDIS_URL"}


def test_the_kind_of_instance_is_chosen_by_name(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    for kind in home.KINDS:
        monkeypatch.setenv("ECONEX_INSTANCE", kind)
        file = home.prepare_instance() / "dagster.yaml"
        assert file.read_text() == (ROOT / "deploy" / f"{kind}.yaml").read_text()
    for wrong in ("postgress", "../secrets/x", "/etc/passwd"):
        monkeypatch.setenv("ECONEX_INSTANCE", wrong)
        with pytest.raises(InputError, match="postgres or celery"):
            home.prepare_instance()
    monkeypatch.setenv("ECONEX_INSTANCE", "celery")
    monkeypatch.setenv("DAGSTER_HOME", str(ROOT / ".dagster"))
    with pytest.raises(InputError, match="a folder of its own"):
        home.prepare_instance()
