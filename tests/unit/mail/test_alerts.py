"""When a task's failure is mailed and posted, and what the mail contains."""

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ecommerce.core import errors
from ecommerce.mail import alerts
from ecommerce.runtime.run_context import invalid_run
from tests.unit.differences import differences
from tests.unit.mail import readable

DOC = """
# Daily sales pipeline

**When it fails:** open the failed task's log.
Mend that, then `make repair DAY=<day>`.

Every morning at six.
"""
SUBJECT = "Failed: daily_sales_pipeline.extract.storefront for 2026-11-19"


@pytest.fixture(autouse=True)
def _settings(monkeypatch, use_server):
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall@example.com")
    use_server(1)


@pytest.fixture
def context():
    """What Airflow gives a callback."""
    ti = SimpleNamespace(
        dag_id="daily_sales_pipeline",
        task_id="extract.storefront",
        run_id="scheduled__2026-11-20T11:00:00+00:00",
        map_index=-1,
        rendered_map_index=None,
        id="019a9c2e-attempt-6",
        log_url="http://localhost:8080/dags/daily_sales_pipeline/runs/x?try_number=6",
    )
    run = SimpleNamespace(
        partition_key="2026-11-19",
        run_after=datetime(2026, 11, 20, 11, tzinfo=UTC),
        conf={},
    )
    return {
        "ti": ti,
        "dag": SimpleNamespace(
            dag_id="daily_sales_pipeline",
            doc_md=DOC,
            dagrun_timeout=timedelta(hours=6),
            params={"business_date": None, "send_mail": False},
        ),
        "dag_run": run,
        "params": {"business_date": None},
        "exception": errors.CredentialsError(
            "the storefront refuses the key of jane.doe@example.com\nsecond line"
        ),
    }


CHANGES = {
    "an extract": {},
    "the gate": {"ti": {"task_id": "extract.sources_ready"}},
    "a load": {"ti": {"task_id": "load.load"}},
    "another DAG": {"ti": {"dag_id": "storefront_orders_sync"}},
    "a DAG without documentation": {
        "ti": {"dag_id": "storefront_orders_sync"},
        "dag": {"doc_md": None},
    },
    "a mapped task": {"ti": {"map_index": 2}},
    "a named mapped task": {"ti": {"map_index": 2, "rendered_map_index": "acme"}},
    "a run in a terminal": {"dag_run": {"triggering_user_name": "dag_test"}},
    "a wrong business date": {
        "params": {"business_date": "2026-11-18"},
        "exception": errors.InvalidRunError("give one of the two"),
    },
}
"""Fields of what Airflow gives a callback that differ from those of the failed extract."""


@pytest.mark.parametrize("name", CHANGES)
def test_the_mail_about_a_failure(context, name, snapshot):
    whole = readable.mail(alerts.task_message(context))
    for part, fields in CHANGES[name].items():
        if isinstance(context[part], dict):
            context[part] |= fields
        elif part == "exception":
            context[part] = fields
        else:
            vars(context[part]).update(fields)
    mail = readable.mail(alerts.task_message(context))
    assert (differences(mail, whole) if CHANGES[name] else whole) == snapshot


def test_after_the_death_of_a_worker_little_is_known(context):
    text = readable.plain(alerts.task_message({"ti": context["ti"], "dag": None}))
    assert (
        "the worker stopped without an error (killed, out of memory, or lost)" in text
    )
    assert context["ti"].log_url in text


def test_a_failed_task_is_mailed_and_posted(mailbox, chat, monkeypatch, context):
    recipients = "oncall@example.com, boss@example.com"
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", recipients)
    alerts.alert_failure(context)
    (message,) = mailbox()
    (post,) = chat.posts
    assert message["Subject"] == post["title"] == SUBJECT
    assert message["X-Envelope-To"] == recipients
    assert message["Message-ID"].endswith("@reports.example>")
    assert post["message"].split() == readable.plain(message).split()


def test_one_failure_told_twice_has_one_message_id(mailbox, context):
    for attempt in ("6", "6", "7"):
        context["ti"].id = attempt
        alerts.alert_failure(context)
    first, again, other = [message["Message-ID"] for message in mailbox()]
    assert first == again != other


def test_without_recipients_nothing_is_sent_and_nothing_fails(
    mailbox, monkeypatch, context
):
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", " , ")
    alerts.alert_failure(context)
    assert mailbox() == []


def test_a_mail_that_cannot_be_sent_is_posted_and_names_no_address(
    chat, monkeypatch, context, caplog
):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(errors.TransientError):
        alerts.alert_failure(context)
    assert len(chat.posts) == 1
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall")
    with pytest.raises(errors.ConfigurationError):
        alerts.alert_failure(context)
    assert len(chat.posts) == 2
    assert "oncall" not in caplog.text


def test_a_run_is_mailed_when_it_timed_out_and_not_when_a_task_failed(mailbox, context):
    alerts.alert_run_failure(context | {"reason": "task_failure"})
    assert mailbox() == []
    alerts.alert_run_failure(context | {"reason": "timed_out"})
    (message,) = mailbox()
    assert message["Subject"] == SUBJECT
    reason = "the run did not end within 21600 seconds (RUN_TIMEOUT_SECONDS): Airflow"
    assert reason in readable.plain(message)


UNKNOWN_PARAM = (
    "the run's conf has busines_date, which is no param of daily_sales_pipeline: its params are "
    "business_date, send_mail"
)


@pytest.mark.parametrize(
    ("conf", "key", "reason"),
    [
        ({"busines_date": "2026-11-18"}, "2026-11-19", UNKNOWN_PARAM),
        ({}, "2999-01-01", "business day 2999-01-01 has not ended yet"),
        ({}, "19 November", "'19 November' is not a business date"),
    ],
)
def test_a_run_in_which_no_task_can_succeed_is_mailed_once(
    mailbox, context, conf, key, reason
):
    context["dag_run"].conf = conf
    context["dag_run"].partition_key = key
    text = mail_of_the_run(context, mailbox)
    assert reason in text
    assert f"Business day: {key}" in text
    assert "Start another run" in text


@pytest.mark.parametrize("last_day", ["2999-01-01", "2026-10-01"])
def test_a_run_of_days_that_cannot_be_run_is_mailed_once(mailbox, context, last_day):
    of_days(context, "sales_history_read", "2026-11-01", last_day)
    span = f"2026-11-01 to {last_day}"
    text = mail_of_the_run(context, mailbox)
    assert f"{span} is not a range of 1 to 31 days" in text
    assert f"Business day: {span}" in text


def of_days(context, dag_id, first_day, last_day):
    days = {"first_day": first_day, "last_day": last_day}
    context["dag"].dag_id = context["ti"].dag_id = dag_id
    context["dag"].params = context["params"] = days
    context["dag_run"].partition_key = None
    context["dag_run"].conf = days


def mail_of_the_run(context, mailbox):
    """The text of the one mail about a run all of whose tasks have failed."""
    error = invalid_run(context)
    for task in ("extract.sales_db", "extract.storefront", "extract.sources_ready"):
        context["ti"].task_id = task
        alerts.alert_failure(context | {"exception": error})
    assert mailbox() == []
    alerts.alert_run_failure(context | {"reason": "task_failure"})
    (message,) = mailbox()
    assert message["Subject"].startswith(f"Failed: {context['dag'].dag_id}")
    return " ".join(readable.plain(message).split())


def test_a_run_is_judged_by_its_own_conf(mailbox, context):
    """Callbacks of several runs share a process, and the params of one may be those of the next."""
    context["params"] = {"business_date": "2999-01-01"}
    alerts.alert_run_failure(context | {"reason": "task_failure"})
    assert mailbox() == []


def test_an_export_of_many_days_is_no_invalid_run(mailbox, context):
    """Its days are those of its files: their number is not limited."""
    of_days(context, "sales_history_load", "2024-01-01", "2026-01-01")
    alerts.alert_run_failure(context | {"reason": "task_failure"})
    assert mailbox() == []


def test_a_task_that_ends_because_others_failed_sends_no_mail(mailbox, context):
    error = errors.AlertedError("sales_db failed and is required")
    alerts.alert_failure(context | {"exception": error})
    assert mailbox() == []
