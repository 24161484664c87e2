"""A connection that a command reads without Airflow is the one that Airflow itself would read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXTRAS = [
    {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True, "project": None, "a": {"b": [1]}}},
    {"conn_type": "google_cloud_platform", "extra": '{"project": "p", "keyfile_dict": "{\\"a\\": 1}"}'},
    {"conn_type": "google_cloud_platform", "extra": None},
    {"conn_type": "google_cloud_platform"},
]
LOOK = """
import json, sys
from ecommerce.core.connections import connection_extra
from ecommerce.core.errors import ConfigurationError
try:
    extra = connection_extra("shop")
except ConfigurationError as error:
    extra = str(error)
print(json.dumps([extra, "airflow" in sys.modules]))
"""
UNDEFINED = "the connection shop is not defined"


def look(home: Path, code: str = LOOK, **environ: str) -> list[object]:
    """The connection's extra, as a command sees it, and whether it imported Airflow."""
    own = {"PATH": os.environ["PATH"], "PYTHONPATH": "plugins", "AIRFLOW_HOME": str(home)}
    own |= {"_AIRFLOW_PROCESS_CONTEXT": "server"} | environ
    done = subprocess.run([sys.executable, "-c", code], env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen: list[object] = json.loads(done.stdout.splitlines()[-1])
    return seen


@pytest.mark.parametrize("fields", EXTRAS)
def test_a_json_object_of_the_environment_needs_no_airflow(tmp_path: Path, fields: dict[str, object]) -> None:
    text = f"  {json.dumps(fields)}\n"
    by_airflow, _ = look(tmp_path, f"import airflow\n{LOOK}", AIRFLOW_CONN_SHOP=text)
    assert look(tmp_path, AIRFLOW_CONN_SHOP=text) == [by_airflow, False]


@pytest.mark.parametrize(
    ("text", "extra"), [("gcpbigquery://?project=p", {"project": "p"}), ("{", UNDEFINED), ("", UNDEFINED)]
)
def test_anything_else_is_read_by_airflow(tmp_path: Path, text: str, extra: object) -> None:
    assert look(tmp_path, AIRFLOW_CONN_SHOP=text) == [extra, True]


SECRETS = '{"connections_file_path": "%s"}'


@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_secrets_backend_has_precedence_over_the_environment(tmp_path: Path, place: str) -> None:
    connections = tmp_path / "connections.env"
    connections.write_text("shop=http://?project=of.backend\n")
    known = {
        "backend": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "backend_kwargs": SECRETS % connections,
    }
    given = {f"AIRFLOW__SECRETS__{name.upper()}": value for name, value in known.items()}
    if place == "file":
        lines = [f"{name} = {value}\n" for name, value in known.items()]
        (tmp_path / "airflow.cfg").write_text("[secrets]\n" + "".join(lines))
        given = {}
    of_environment = '{"conn_type": "http", "extra": {"project": "of.environment"}}'
    assert look(tmp_path, AIRFLOW_CONN_SHOP=of_environment, **given) == [{"project": "of.backend"}, True]
