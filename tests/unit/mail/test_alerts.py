"""When a task's failure is mailed and posted, and what the mail contains."""

import logging
from datetime import UTC, datetime, timedelta
from html import unescape
from types import SimpleNamespace

import pytest

from ecommerce.core import errors
from ecommerce.mail import alerts


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall@example.com")


DOC = """
# Daily sales pipeline

**When it fails:** open the failed task's log.
Mend that, then `make repair DAY=<day>`.

Every morning at six.
"""


@pytest.fixture
def context():
    """What Airflow gives a callback."""
    ti = SimpleNamespace(
        dag_id="daily_sales_pipeline",
        task_id="extract.storefront",
        run_id="scheduled__2026-11-20T11:00:00+00:00",
        map_index=-1,
        try_number=6,
        log_url="http://localhost:8080/dags/daily_sales_pipeline/runs/x/tasks/extract.storefront?try_number=6",
    )
    return {
        "ti": ti,
        "dag": SimpleNamespace(doc_md=DOC),
        "dag_run": SimpleNamespace(
            partition_key="2026-11-19", run_after=datetime(2026, 11, 20, 11, tzinfo=UTC)
        ),
        "params": {"business_date": None},
        "exception": errors.CredentialsError(
            "the storefront refuses the key of jane.doe@example.com\nsecond line"
        ),
    }


def test_the_mail_about_a_run_in_a_terminal_offers_what_repairs_that(
    use_server, context
):
    use_server(1)
    context["dag_run"].triggering_user_name = "dag_test"
    for part in alerts.task_message(context).iter_parts():
        body = part.get_content()
        assert "make run DAY=2026-11-19" in body
        assert "make repair" not in body
        assert "run the day again:" in body
        assert context["ti"].log_url not in unescape(body)


def test_one_failure_told_twice_has_one_message_id(monkeypatch, mailbox, context):
    for try_number in (6, 6, 7):
        context["ti"].try_number = try_number
        alerts.alert_failure(context)
    first, second, of_next_try = (message["Message-ID"] for message in mailbox())
    assert first == second != of_next_try


def test_a_failed_task_is_mailed_with_day_reason_and_remedy(
    mailbox, monkeypatch, context
):
    monkeypatch.setenv(
        "AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall@example.com, boss@example.com"
    )
    alerts.alert_failure(context)
    (message,) = mailbox()
    assert (
        message["Subject"]
        == "Failed: daily_sales_pipeline.extract.storefront for 2026-11-19"
    )
    assert message["X-Envelope-To"] == "oncall@example.com, boss@example.com"
    assert message["Message-ID"].endswith("@reports.example>")
    text, html = (part.get_content() for part in message.iter_parts())
    for body in (text, html):
        assert "make repair DAY=2026-11-19" in body
        assert "SOURCE=" not in body
        assert "the storefront refuses the key of <e-mail>" in unescape(body)
        assert "jane.doe" not in body
        assert "second line" not in body
        assert body.count("make repair") == 1
        assert "If a later run has loaded the day" in body
        assert context["ti"].log_url in body


def test_the_mail_about_another_dag_has_the_first_paragraph_of_its_documentation(
    mailbox, context
):
    context["ti"].dag_id = "storefront_orders_sync"
    alerts.alert_failure(context)
    for part in mailbox()[0].iter_parts():
        body = unescape(part.get_content())
        assert "When it fails: open the failed task's log. Mend that" in body
        assert "Every morning" not in body
        assert "clear this task" not in body


def test_the_reason_in_a_mail_ends_with_its_remedy(use_server, context):
    use_server(1)
    remedy = "set the Variable source_policy to one line of JSON"
    context["exception"] = errors.ConfigurationError(
        "no file is usable: " + "a long name, " * 40 + remedy
    )
    assert remedy in alerts.task_message(context).get_body(
        ("plain",)
    ).get_content().replace("\n", " ")


@pytest.mark.parametrize("recipients", [None, "", " , "])
def test_without_recipients_nothing_is_sent_and_nothing_fails(
    mailbox, monkeypatch, context, recipients
):
    monkeypatch.delenv("AIRFLOW_VAR_ALERT_RECIPIENTS", raising=False)
    if recipients is not None:
        monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", recipients)
    alerts.alert_failure(context)
    assert mailbox() == []


def test_a_mail_that_cannot_be_sent_names_no_address(
    use_server, monkeypatch, context, caplog
):
    caplog.set_level(logging.DEBUG)
    use_server(1)
    with pytest.raises(errors.TransientError):
        alerts.alert_failure(context)
    assert "oncall" not in caplog.text


def test_a_killed_worker_leaves_little_to_say_but_is_said(use_server, context):
    use_server(1)
    context = {"ti": context["ti"], "dag": None}
    body = alerts.task_message(context).get_body(("plain",)).get_content()
    assert "the worker stopped without an error" in body
    assert context["ti"].log_url in body


def test_a_wrong_business_date_is_the_failure_not_a_second_one(use_server, context):
    use_server(1)
    context["params"] = {"business_date": "2026-11-18"}
    message = alerts.task_message(context)
    assert message["Subject"] == "Failed: daily_sales_pipeline.extract.storefront"


def test_the_mail_about_a_day_that_has_not_ended_offers_no_other_remedy(
    use_server, context
):
    use_server(1)
    context["dag_run"].partition_key = "2999-01-01"
    context["exception"] = errors.ConfigurationError(
        "business day 2999-01-01 has not ended yet"
    )
    for part in alerts.task_message(context).iter_parts():
        body = " ".join(unescape(part.get_content()).split())
        assert "business day 2999-01-01 has not ended yet" in body
        assert "Start a run of a business day that has ended" in body
        assert "source_policy" not in body
        assert "make repair" not in body


def test_mapped_tasks_are_told_apart(use_server, context):
    use_server(1)
    context["ti"].map_index = 2
    assert "extract.storefront [2]" in alerts.task_message(context)["Subject"]
    context["ti"].rendered_map_index = "partner_files"
    assert (
        "extract.storefront [partner_files]" in alerts.task_message(context)["Subject"]
    )


@pytest.mark.parametrize(
    ("task_id", "offered"),
    [
        ("extract.storefront", True),
        ("extract.sources_ready", False),
        ("load.load", False),
    ],
)
def test_the_mail_about_an_extract_has_the_policy_that_continues_without_it(
    use_server, context, task_id, offered
):
    use_server(1)
    context["ti"].task_id = task_id
    for part in alerts.task_message(context).iter_parts():
        assert ('{"storefront": "optional"}' in unescape(part.get_content())) is offered


def test_repair_is_offered_for_the_daily_pipeline_only(mailbox, context):
    context["ti"].dag_id, context["dag"].doc_md = "storefront_orders_sync", None
    for part in alerts.task_message(context).iter_parts():
        assert "make repair" not in part.get_content()
        assert "clear this task with downstream in the UI." in part.get_content()


class TestChat:
    def test_a_failed_task_is_posted_too(self, mailbox, chat, context):
        alerts.alert_failure(context)
        (post,) = chat.posts
        assert len(mailbox()) == 1
        assert (
            post["title"]
            == "Failed: daily_sales_pipeline.extract.storefront for 2026-11-19"
        )
        assert "make repair DAY=2026-11-19\n" in post["message"]
        assert context["ti"].log_url in post["message"]

    def test_when_the_mail_server_has_failed_the_chat_is_told(
        self, use_server, chat, context
    ):
        use_server(1)
        with pytest.raises(errors.TransientError):
            alerts.alert_failure(context)
        assert len(chat.posts) == 1

    def test_when_the_variable_names_no_addresses_the_chat_is_told(
        self, monkeypatch, chat, context
    ):
        monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall")
        with pytest.raises(errors.ConfigurationError):
            alerts.alert_failure(context)
        assert len(chat.posts) == 1


@pytest.mark.parametrize("reason", ["timed_out", "task_failure"])
def test_a_run_is_mailed_when_it_timed_out_and_not_when_a_task_failed(
    mailbox, monkeypatch, context, reason
):
    context["reason"], context["dag"].dagrun_timeout = reason, timedelta(hours=6)
    context["ti"].task = SimpleNamespace(
        dag=SimpleNamespace(task_ids=["extract.storefront", "load.load"])
    )
    context["ti"].xcom_push = lambda *_: pytest.fail("the DAG processor takes no XCom")
    alerts.alert_run_timeout(context)
    subjects = [message["Subject"] for message in mailbox()]
    assert subjects == [
        "Failed: daily_sales_pipeline.extract.storefront for 2026-11-19"
    ] * (reason == "timed_out")
    for message in mailbox():
        text = message.get_body(("plain",)).get_content()
        assert "did not end within 21600 seconds (RUN_TIMEOUT_SECONDS)" in text


def test_a_task_that_ends_because_others_failed_sends_no_mail(monkeypatch):
    monkeypatch.setattr(alerts, "task_message", None)  # which would make one
    context = {
        "ti": None,
        "exception": errors.AlertedError("sales_db failed and is required"),
    }
    alerts.alert_failure(context)


def test_the_section_of_the_runbook_exists(repository):
    runbook = (repository / "docs" / "RUNBOOK.md").read_text()
    assert "\n## Mails\n" in runbook
    assert "| Failed: `daily_sales_pipeline.extract.X` |" in runbook
