"""What Airflow prints with `json_logs` is what deploy/logging takes, the trace of an error included."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from tests import elastic

PROGRAM = """
import logging
from airflow.logging_config import configure_logging
import structlog

configure_logging()
logging.getLogger("ecommerce.sales.transform").info("%s: %s records read", "sales_db", 20)
structlog.get_logger("airflow.task").warning("late", dag_id="daily_sales_pipeline", task_id="load.load",
    run_id="manual__1", try_number=2, map_index=-1, final_state="failed", next_info=[1, {"a": None}])
try:
    {}["sku"]
except KeyError:
    logging.getLogger("ecommerce.warehouse").exception("not loaded")
"""


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    from tests.integration.airflow_process import REPOSITORY

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ
        | {
            "AIRFLOW__LOGGING__JSON_LOGS": "True",
            "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    config = yaml.safe_load((REPOSITORY / "deploy/logging/filebeat.yml").read_text())
    template = json.loads(
        (REPOSITORY / "deploy/logging/index_template.json").read_text()
    )
    found = [
        elastic.document(line, config)
        for line in (done.stdout + done.stderr).splitlines()
    ]
    for document in found:
        assert list(elastic.misfits(document, template["template"]["mappings"])) == []
    return {document["message"]: document for document in found}


def test_a_line_has_its_time_level_logger_and_place(documents):
    line = documents["sales_db: 20 records read"]
    assert line["@timestamp"].endswith("Z")
    assert (line["log"]["level"], line["log"]["logger"]) == (
        "info",
        "ecommerce.sales.transform",
    )
    assert line["log"]["origin"]["file"]["line"] > 0


def test_the_task_is_a_label_and_the_rest_is_kept(documents):
    line = documents["late"]
    assert line["labels"] == {
        "dag_id": "daily_sales_pipeline",
        "task_id": "load.load",
        "run_id": "manual__1",
        "try_number": 2,
        "map_index": -1,
    }
    assert line["airflow"]["final_state"] == "failed"
    assert line["airflow"]["next_info"] == [1, {"a": None}]


def test_an_error_keeps_its_trace(documents):
    assert "KeyError" in json.dumps(documents["not loaded"]["airflow"])


def test_what_is_no_json_arrives_as_it_is():
    config = {
        "filebeat.inputs": [
            {"parsers": [{"ndjson": {"target": "a", "ignore_decoding_error": True}}]}
        ]
    }
    assert elastic.document("plain words", config) == {"message": "plain words"}


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ({"labels": {"try_number": "2"}}, "labels.try_number is str, not integer"),
        ({"surprise": 1}, "surprise is not mapped"),
        ({"airflow": 1}, "airflow is no object"),
        ({"@timestamp": "2026-11-20T11:00:00"}, "@timestamp has no timezone"),
    ],
)
def test_a_misfit_is_found(repository, event, complaint):
    template = json.loads(
        (repository / "deploy/logging/index_template.json").read_text()
    )
    assert list(elastic.misfits(event, template["template"]["mappings"])) == [complaint]
