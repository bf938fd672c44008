"""The image and the templates of the docker and kubernetes work pools. No engine runs here: they are linted and held
against what Prefect and Kubernetes say of their form."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import prefect
import pytest
import yaml
from prefect.utilities.templating import apply_values

from tests.flows.asking import ask
from tests.flows.prefect_server.test_deploying import prefect as run_prefect
from tests.places import ROOT

POOLS = ROOT / "flows" / "pools"
SHIPPED = Path(prefect.__file__).parent / "server" / "api" / "collections_data" / "views"


def template(kind: str) -> Any:
    return json.loads((POOLS / f"{kind}.json").read_text(encoding="utf-8"))


def prefects_own(kind: str) -> Any:
    workers = json.loads((SHIPPED / "aggregate-worker-metadata.json").read_text(encoding="utf-8"))
    return workers[f"prefect-{kind}"][kind]["default_base_job_configuration"]


def test_the_dockerfile_is_linted() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {name for line in lines if line.startswith("COPY") for name in line.split()[1:-1] if "--" not in name}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("kind", ["docker", "kubernetes"])
def test_a_template_is_prefect_s_own_with_other_defaults(kind: str) -> None:
    ours, theirs = template(kind), prefects_own(kind)
    assert ours["job_configuration"].keys() == theirs["job_configuration"].keys()
    variables = ours["variables"]["properties"]
    assert set(re.findall(r"{{ (\w+) }}", json.dumps(ours["job_configuration"]))) <= set(variables)
    for name, variable in theirs["variables"]["properties"].items():
        assert variables[name] | {"default": 0} == variable | {"default": 0}, name
    assert set(variables) - set(theirs["variables"]["properties"]) <= {"volume_claim"}
    assert variables["env"]["default"]["NEWSMILL_WAREHOUSE"].startswith("/data/")


def test_the_kubernetes_job_is_one() -> None:
    pool = template("kubernetes")
    values = {
        name: variable["default"] for name, variable in pool["variables"]["properties"].items() if "default" in variable
    }
    values |= {"name": "ingest", "command": ["prefect", "flow-run", "execute"], "labels": {"app": "newsmill"}}
    values["env"] = [{"name": name, "value": value} for name, value in values["env"].items()]  # as the worker does
    manifest = apply_values(pool["job_configuration"]["job_manifest"], values)
    kubernetes_validate.validate(manifest, "1.34", strict=True)
    pod = manifest["spec"]["template"]["spec"]
    assert pod["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "newsmill-data"}}]
    assert pod["containers"][0]["volumeMounts"] == [{"name": "data", "mountPath": "/data"}]


def test_the_volume_is_the_one_that_the_jobs_mount() -> None:
    namespace, claim = yaml.safe_load_all((POOLS / "kubernetes.yaml").read_text(encoding="utf-8"))
    for manifest in (namespace, claim):
        kubernetes_validate.validate(manifest, "1.34", strict=True)
    defaults = template("kubernetes")["variables"]["properties"]
    assert claim["metadata"]["name"] == defaults["volume_claim"]["default"]
    assert claim["metadata"]["namespace"] == namespace["metadata"]["name"] == defaults["namespace"]["default"]


@pytest.mark.parametrize("kind", ["docker", "kubernetes"])
def test_prefect_takes_the_template(clean_environment: dict[str, str], prefect_api: str, kind: str) -> None:
    environment = clean_environment | {"PREFECT_API_URL": prefect_api}
    file = f"flows/pools/{kind}.json"
    run_prefect(environment, "work-pool", "create", f"in-{kind}", "--type", kind, "--base-job-template", file)
    taken = ask(f"{prefect_api}/work_pools/in-{kind}")["base_job_template"]
    assert "newsmill:0.1.0" in json.dumps(taken)
