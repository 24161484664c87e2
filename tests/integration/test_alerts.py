"""A task that fails in a real Airflow run: its mail, and the end of its log."""

import pytest

from tests import chat
from tests.integration.mailbox import open_mailbox

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

    # Each task that fails for one reason sends its own mail.
    @task(retries=0)
    def third(number):
        raise TransientError("the mail of jane.doe@example.com cannot be read")

    started = first()
    second(started)
    third.expand(number=[1, 2])
'''


@pytest.fixture
def fail(tmp_path, start_airflow):
    """Run a DAG of that text for a day, with more in its environment; the mails and the Airflow."""

    def run(dag_id, text, **more):
        (tmp_path / "dags").mkdir()
        (tmp_path / "dags" / f"{dag_id}.py").write_text(text)
        with open_mailbox(tmp_path / "mailbox") as mailbox:
            environment = {
                "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
                "SHOP_TIMEZONE": "America/New_York",
                "TRIES": str(tmp_path / "tries"),
            }
            airflow = start_airflow(mailbox.environment() | environment | more)
            airflow.test_dag(dag_id, business_date="2026-01-05")
            return mailbox.messages(), airflow

    return run


@pytest.mark.slow
def test_a_task_that_fails_for_good_is_told_of_once_and_what_follows_is_not(
    tmp_path, fail
):
    with chat.running() as posted:
        messages, airflow = fail(
            "doomed", DAG, AIRFLOW_CONN_ALERT_CHAT=posted.connection()
        )
    subjects = [message["Subject"] for message in messages]
    tasks = ("first", "third [0]", "third [1]")
    assert sorted(subjects) == [
        f"Failed: doomed.{task} for 2026-01-05" for task in tasks
    ], airflow.log()
    assert [post["title"] for post in posted.posts] == subjects
    assert chat.SECRET not in airflow.log()
    body = messages[0].get_body(("plain",)).get_content()
    assert "the mail of <e-mail> cannot be read" in body
    assert "When it fails: nothing can be done." in body
    assert "/dags/doomed/runs/" in body
    assert (tmp_path / "tries").read_text().split() == ["1", "2", "3"]
    assert "oncall@example.com" not in airflow.log()
    terminal = [line.partition("] ")[2] for line in airflow.log().splitlines()]
    assert "Traceback" not in airflow.log()
    ends = [
        place
        for place, line in enumerate(terminal)
        if line.startswith("the mail of <e-mail>")
    ]
    assert len(ends) == 5, airflow.log()
    for end in ends:
        assert terminal[end - 1].startswith("::endgroup::")
        assert not terminal[end + 1].startswith("::endgroup::")
