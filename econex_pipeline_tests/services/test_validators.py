"""The files of deployment before tools that nobody here wrote: a linter, schemas, Dagster's own launcher."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.services

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
K8S = ROOT / "deploy" / "k8s"


def _run(*command: str | Path) -> None:
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_the_dockerfile_passes_hadolint() -> None:
    _run(BIN / "hadolint", "--failure-threshold", "info", "Dockerfile")


@pytest.mark.parametrize("file", ["compose.yaml", "deploy/compose.s3.yaml"])
def test_compose_keeps_its_specification(file: str) -> None:
    _run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", file)


def test_the_entrypoint_is_a_shell_script_that_parses() -> None:
    _run("sh", "-n", ROOT / "deploy" / "entrypoint.sh")


def test_the_manifests_keep_kubernetes_schemas() -> None:
    _run(BIN / "kubernetes-validate", "--strict", K8S / "manifests.yaml")


def _values() -> dict[str, Any]:
    return yaml.safe_load((K8S / "values.yaml").read_text(encoding="utf-8"))


def _snake(content: Any) -> Any:
    """Names as the chart writes them into dagster.yaml; what belongs to Kubernetes keeps its own."""
    if not isinstance(content, dict):
        return content
    own = ("resources",)
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): value if name in own else _snake(value)
        for name, value in content.items()
    }


def test_the_launcher_takes_what_the_values_say() -> None:
    from dagster._config import Shape, process_config
    from dagster_k8s.launcher import K8sRunLauncher

    launcher = _values()["runLauncher"]
    assert launcher["type"] == "K8sRunLauncher"
    config = _snake(launcher["config"]["k8sRunLauncher"])
    config["env_secrets"] = [secret["name"] for secret in config["env_secrets"]]
    required = {
        "service_account_name": "x",
        "instance_config_map": "x",
        "postgres_password_secret": "x",
        "dagster_home": "x",
    }
    checked = process_config(Shape(K8sRunLauncher.config_type()), {**required, **config})
    assert checked.success, checked.errors


def test_the_jobs_of_runs_are_such_as_kubernetes_knows() -> None:
    """dagster-k8s checks every field against the models of the official Kubernetes client."""
    from dagster_k8s.job import UserDefinedDagsterK8sConfig

    parts = _values()["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    config = UserDefinedDagsterK8sConfig.from_dict({next(iter(_snake({name: 0}))): parts[name] for name in parts})
    assert config.container_config["security_context"]["read_only_root_filesystem"] is True
    assert config.pod_spec_config["security_context"]["run_as_non_root"] is True


def test_what_the_chart_runs_is_what_the_image_holds() -> None:
    (deployment,) = _values()["dagster-user-deployments"]["deployments"]
    manifests = list(yaml.safe_load_all((K8S / "manifests.yaml").read_text(encoding="utf-8")))
    pages = next(entry for entry in manifests if entry["kind"] == "Deployment")["spec"]["template"]["spec"]
    image = f"{deployment['image']['repository']}:{deployment['image']['tag']}"
    assert pages["containers"][0]["image"] == image
    claims = {entry["metadata"]["name"] for entry in manifests if entry["kind"] == "PersistentVolumeClaim"}
    used = [volume["persistentVolumeClaim"] for volume in deployment["volumes"] if "persistentVolumeClaim" in volume]
    assert {claim["claimName"] for claim in used} == claims
    assert "econex_pipeline.definitions" in deployment["codeServerArgs"]


def test_no_secret_and_no_open_door_stands_in_the_values() -> None:
    values = _values()
    assert values["dagsterWebserver"]["service"]["type"] == "ClusterIP"
    assert values["ingress"]["enabled"] is False
    assert values["generatePostgresqlPasswordSecret"] is False
    assert "postgresqlPassword" not in values["postgresql"]
    kinds = {entry["kind"] for entry in yaml.safe_load_all((K8S / "manifests.yaml").read_text(encoding="utf-8"))}
    assert "Secret" not in kinds
    assert "NetworkPolicy" in kinds
