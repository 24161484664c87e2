"""A task that fails in a real Airflow run: its mail, the end of its log, and what the terminal says meanwhile."""

from __future__ import annotations

import json
from email import message_from_bytes, policy

from demo.services import mail as mail_service
from demo.services.ports import free_port

DAG = '''
"""
# Doomed

**When it fails:** nothing can be done.
"""
import os
from datetime import timedelta
from pathlib import Path
from airflow.sdk import DAG, Param, task
from ecommerce.mail.alerts import DEFAULT_ARGS
from ecommerce.core.errors import TransientError

with DAG(
    dag_id="doomed",
    schedule=None,
    params={"business_date": Param(None, type=["null", "string"])},
    default_args=DEFAULT_ARGS | {"retries": 2, "retry_delay": timedelta(seconds=3)},
    doc_md=__doc__,
):

    @task(task_id="first")
    def first(ti=None):
        with Path(os.environ["TRIES"]).open("a") as tries:
            print(ti.try_number, file=tries)
        raise TransientError("the mail of jane.doe@example.com cannot be read")

    @task(task_id="second")
    def second(_):
        pass

    second(first())
'''


def test_a_task_that_fails_for_good_is_mailed_once_and_what_follows_is_not(tmp_path, start_airflow):
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "doomed.py").write_text(DAG)
    port = free_port()
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "airflow@reports.example"}
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
    airflow = start_airflow(
        {
            "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
            "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(connection),
            "AIRFLOW_VAR_ALERT_RECIPIENTS": "oncall@example.com",
            "SHOP_TIMEZONE": "America/New_York",
            "TRIES": str(tmp_path / "tries"),
        }
    )
    with mail_service.running(tmp_path / "mailbox", port, free_port()):
        airflow.test_dag("doomed", business_date="2026-01-05")
    messages = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (tmp_path / "mailbox").glob("*.eml")
    ]
    assert [message["Subject"] for message in messages] == ["Failed: doomed.first for 2026-01-05"], (
        airflow.log()
    )
    body = messages[0].get_body(("plain",)).get_content()
    assert "the mail of <e-mail> cannot be read" in body
    assert "When it fails: nothing can be done." in body
    assert "/dags/doomed/runs/" in body
    assert (tmp_path / "tries").read_text().split() == ["1", "2", "3"]
    assert "oncall@example.com" not in airflow.log()
    terminal = [line.partition("] ")[2] for line in airflow.log().splitlines()]
    assert "Traceback" not in airflow.log()
    ends = [place for place, line in enumerate(terminal) if line.startswith("the mail of <e-mail>")]
    assert len(ends) == 3, airflow.log()
    for end in ends:
        assert terminal[end - 1].startswith("::endgroup::")
        assert not terminal[end + 1].startswith("::endgroup::")
    # It waits three seconds twice, and looks every second for something to run.
    waiting = [line for line in terminal if "has failed, the next one begins in" in line]
    assert [line[: line.index(" has")] for line in waiting] == [
        f"doomed.first: try {number} of 3" for number in (1, 2)
    ]
    assert "No tasks to run" not in airflow.log()
