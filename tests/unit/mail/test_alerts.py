"""When a task's failure is mailed and posted, and what the mail contains."""

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ecommerce.core import errors
from ecommerce.mail import alerts
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
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
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
        try_number=6,
        log_url="http://localhost:8080/dags/daily_sales_pipeline/runs/x?try_number=6",
    )
    run = SimpleNamespace(
        partition_key="2026-11-19", run_after=datetime(2026, 11, 20, 11, tzinfo=UTC)
    )
    return {
        "ti": ti,
        "dag": SimpleNamespace(doc_md=DOC, dagrun_timeout=timedelta(hours=6)),
        "dag_run": run,
        "params": {"business_date": None},
        "exception": errors.CredentialsError(
            "the storefront refuses the key of jane.doe@example.com\nsecond line"
        ),
    }


def of_an_extract(_):
    pass


def of_the_gate(context):
    context["ti"].task_id = "extract.sources_ready"


def of_a_load(context):
    context["ti"].task_id = "load.load"


def of_another_dag(context):
    context["ti"].dag_id = "storefront_orders_sync"


def without_documentation(context):
    context["ti"].dag_id = "storefront_orders_sync"
    context["dag"].doc_md = None


def of_a_mapped_task(context):
    context["ti"].map_index = 2


def of_a_named_mapped_task(context):
    context["ti"].map_index = 2
    context["ti"].rendered_map_index = "partner_files"


def of_a_run_in_a_terminal(context):
    context["dag_run"].triggering_user_name = "dag_test"


def of_a_wrong_business_date(context):
    context["params"] = {"business_date": "2026-11-18"}


def of_a_day_that_has_not_ended(context):
    context["dag_run"].partition_key = "2999-01-01"
    context["exception"] = errors.ConfigurationError("it has not ended yet")


def with_a_long_reason(context):
    text = "no file is usable: " + "a long name, " * 40 + "set the Variable"
    context["exception"] = errors.ConfigurationError(text)


@pytest.mark.parametrize(
    "change",
    [
        of_an_extract,
        of_the_gate,
        of_a_load,
        of_another_dag,
        without_documentation,
        of_a_mapped_task,
        of_a_named_mapped_task,
        of_a_run_in_a_terminal,
        of_a_wrong_business_date,
        of_a_day_that_has_not_ended,
        with_a_long_reason,
    ],
)
def test_the_mail_about_a_failure(context, change, snapshot):
    change(context)
    assert readable.mail(alerts.task_message(context)) == snapshot


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
    for try_number in (6, 6, 7):
        context["ti"].try_number = try_number
        alerts.alert_failure(context)
    first, second, of_next_try = (message["Message-ID"] for message in mailbox())
    assert first == second != of_next_try


@pytest.mark.parametrize("recipients", [None, "", " , "])
def test_without_recipients_nothing_is_sent_and_nothing_fails(
    mailbox, monkeypatch, context, recipients
):
    monkeypatch.delenv("AIRFLOW_VAR_ALERT_RECIPIENTS")
    if recipients is not None:
        monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", recipients)
    alerts.alert_failure(context)
    assert mailbox() == []


def test_a_mail_that_cannot_be_sent_is_posted_and_names_no_address(
    chat, context, caplog
):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(errors.TransientError):
        alerts.alert_failure(context)
    assert "oncall" not in caplog.text
    assert len(chat.posts) == 1


def test_when_the_variable_names_no_addresses_the_chat_is_told(
    monkeypatch, chat, context
):
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall")
    with pytest.raises(errors.ConfigurationError):
        alerts.alert_failure(context)
    assert len(chat.posts) == 1


def test_a_run_is_mailed_when_it_timed_out_and_not_when_a_task_failed(mailbox, context):
    alerts.alert_run_timeout(context | {"reason": "task_failure"})
    assert mailbox() == []
    alerts.alert_run_timeout(context | {"reason": "timed_out"})
    (message,) = mailbox()
    assert message["Subject"] == SUBJECT
    reason = "the run did not end within 21600 seconds (RUN_TIMEOUT_SECONDS): Airflow"
    assert reason in readable.plain(message)


def test_a_task_that_ends_because_others_failed_sends_no_mail(mailbox, context):
    error = errors.AlertedError("sales_db failed and is required")
    alerts.alert_failure(context | {"exception": error})
    assert mailbox() == []
