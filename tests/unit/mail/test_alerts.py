"""When a task's failure and a source's outage are mailed and posted, and what the mails contain."""

import logging
from datetime import UTC, datetime, timedelta
from html import unescape
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import time_machine

from ecommerce.core import errors
from ecommerce.mail import alerts
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.sales import source_policy, tasks


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setattr(alerts, "PAUSE", 0)
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", '{"exchange_rates": "optional"}')
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


def test_the_mail_about_a_run_in_a_terminal_offers_what_repairs_that(use_server, context):
    use_server(1)
    context["dag_run"].triggering_user_name = "dag_test"
    for part in alerts.task_message(context, detour='{"storefront": "optional"}').iter_parts():
        body = part.get_content()
        assert "make run DAY=2026-11-19" in body
        assert "make repair" not in body
        assert "and run the day again." in body
        assert context["ti"].log_url not in unescape(body)


def test_one_failure_told_twice_has_one_message_id(monkeypatch, mailbox, context):
    for try_number in (6, 6, 7):
        context["ti"].try_number = try_number
        alerts.alert_failure(context)
    first, second, of_next_try = (message["Message-ID"] for message in mailbox())
    assert first == second != of_next_try


def test_a_failed_task_is_mailed_with_day_reason_and_remedy(mailbox, monkeypatch, context):
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall@example.com, boss@example.com")
    alerts.alert_failure(context)
    (message,) = mailbox()
    assert message["Subject"] == "Failed: daily_sales_pipeline.extract.storefront for 2026-11-19"
    assert message["X-Envelope-To"] == "oncall@example.com, boss@example.com"
    assert message["Message-ID"].endswith("@reports.example>")
    text, html = (part.get_content() for part in message.iter_parts())
    for body in (text, html):
        assert "make repair DAY=2026-11-19" in body
        assert "SOURCE=" not in body
        assert "the storefront refuses the key of <e-mail>" in unescape(body)
        assert "jane.doe" not in body
        assert "second line" not in body
        assert "When it fails: open the failed task's log. Mend that" in unescape(body)
        assert "Every morning" not in body
        assert context["ti"].log_url in body


@pytest.mark.parametrize("recipients", [None, "", " , "])
def test_without_recipients_nothing_is_sent_and_nothing_fails(mailbox, monkeypatch, context, recipients):
    monkeypatch.delenv("AIRFLOW_VAR_ALERT_RECIPIENTS", raising=False)
    if recipients is not None:
        monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", recipients)
    alerts.alert_failure(context)
    assert mailbox() == []


def test_a_mail_that_cannot_be_sent_names_no_address(use_server, monkeypatch, context, caplog):
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


def test_mapped_tasks_are_told_apart(use_server, context):
    use_server(1)
    context["ti"].map_index = 2
    assert "extract.storefront [2]" in alerts.task_message(context)["Subject"]
    context["ti"].rendered_map_index = "partner_files"
    assert "extract.storefront [partner_files]" in alerts.task_message(context)["Subject"]


def test_repair_is_offered_for_the_daily_pipeline_only(mailbox, context):
    context["ti"].dag_id = "storefront_orders_sync"
    for part in alerts.task_message(context).iter_parts():
        assert "read a source again" not in part.get_content()
        assert "clear this task with downstream in the UI." in part.get_content()


class TestChat:
    def test_a_failed_task_is_posted_too(self, mailbox, chat, context):
        alerts.alert_failure(context)
        (post,) = chat.posts
        assert len(mailbox()) == 1
        assert post["title"] == "Failed: daily_sales_pipeline.extract.storefront for 2026-11-19"
        assert "make repair DAY=2026-11-19\n" in post["message"]
        assert context["ti"].log_url in post["message"]

    def test_when_the_mail_server_has_failed_the_chat_is_told(self, use_server, chat, context):
        use_server(1)
        with pytest.raises(errors.TransientError):
            alerts.alert_failure(context)
        assert len(chat.posts) == 1

    def test_when_the_variable_names_no_addresses_the_chat_is_told(self, monkeypatch, chat, context):
        monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall")
        with pytest.raises(errors.ConfigurationError):
            alerts.alert_failure(context)
        assert len(chat.posts) == 1


@pytest.mark.parametrize("reason", ["timed_out", "task_failure"])
def test_a_run_is_mailed_when_it_timed_out_and_not_when_a_task_failed(mailbox, monkeypatch, context, reason):
    context["reason"], context["dag"].dagrun_timeout = reason, timedelta(hours=6)
    context["ti"].task = SimpleNamespace(dag=SimpleNamespace(task_ids=["extract.storefront", "load.load"]))
    context["ti"].xcom_push = lambda *_: pytest.fail("the DAG processor takes no XCom")
    alerts.alert_run_timeout(context)
    subjects = [message["Subject"] for message in mailbox()]
    assert subjects == ["Failed: daily_sales_pipeline.extract.storefront for 2026-11-19"] * (
        reason == "timed_out"
    )
    for message in mailbox():
        text = message.get_body(("plain",)).get_content()
        assert "did not end within 21600 seconds (RUN_TIMEOUT_SECONDS)" in text


NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)
WRONG = errors.ConfigurationError("the Variable source_policy is not JSON")


class Run:
    """A run whose tasks leave XComs for each other."""

    def __init__(self, *task_ids):
        self.dag, self.left = SimpleNamespace(task_ids=task_ids), {}

    def ti(self, task_id, map_index=-1):
        ti = SimpleNamespace(task_id=task_id, map_index=map_index, task=SimpleNamespace(dag=self.dag))
        ti.xcom_push = lambda key, value: self.left.update({(task_id, map_index, key): value})
        ti.xcom_pull = lambda task_ids, key: [
            value for (each, _, of), value in self.left.items() if of == key and each in task_ids
        ]
        return ti

    def fails(self, task_id, error=WRONG, after=timedelta(), map_index=-1):
        """Whether the task that fails `after` the first mails it."""
        with time_machine.travel(NOW + after, tick=False):
            return not alerts.is_mailed(self.ti(task_id, map_index), error)


def test_the_first_of_several_tasks_mails_their_reason():
    run = Run("a", "b", "c", "gate")
    assert [run.fails(task, after=timedelta(seconds=number)) for number, task in enumerate("cab")] == [
        True,
        False,
        False,
    ]
    assert not run.fails("gate", after=timedelta(minutes=40))
    assert not run.fails("c", after=timedelta(minutes=41))  # cleared alone, and as wrong as before


def test_each_reason_has_its_own_mail():
    run = Run("a", "b")
    assert run.fails("a")
    assert run.fails("b", errors.TransientError("the storefront is down"), after=timedelta(seconds=1))


def test_tasks_that_fail_at_the_same_instant_send_one_mail_and_not_none():
    run, tasks = Run("a", "b"), ("a", "b")
    first = [run.fails(task) for task in tasks]  # the second one sees both
    assert first == [True, False]
    assert [run.fails(task) for task in tasks] == [True, False]


def test_mapped_tasks_share_a_mail():
    run = Run("months")
    assert [run.fails("months", map_index=number) for number in (1, 0)] == [True, True]
    assert not run.fails("months", after=timedelta(seconds=1), map_index=2)


def test_what_failed_long_before_is_not_enough():
    run = Run("a", "b")
    assert run.fails("a")
    assert run.fails("b", after=timedelta(hours=1))


def test_where_the_tasks_cannot_be_compared_each_one_mails():
    run = Run("a", "b")
    assert run.fails("a", error=None)  # a lost worker
    assert run.fails("b", error=None)
    ti = run.ti("a")
    del ti.xcom_push
    assert not alerts.is_mailed(ti, WRONG)


def test_a_task_that_ends_because_others_failed_sends_no_mail(monkeypatch):
    monkeypatch.setattr(alerts, "task_message", None)  # which would make one
    context = {"ti": None, "exception": errors.AlertedError("sales_db failed and is required")}
    alerts.alert_failure(context)


SIX = datetime(2026, 11, 20, 11, tzinfo=UTC)  # 06:00 in New York
DOWN = "the storefront at shop.example:443 cannot be reached: it refuses the connection"


class Store(dict):
    """The task's state, which Airflow keeps from one try to the next."""

    def set(self, key, value):
        self[key] = value


class Source:
    """An extract's tries that fail, one after the other, as Airflow tells the notifiers of them."""

    def __init__(self, source="storefront"):
        self.task = SimpleNamespace(**NETWORK_RETRIES)
        self.store = Store()
        self.ti = SimpleNamespace(
            dag_id="daily_sales_pipeline",
            task_id=f"extract.{source}",
            run_id="scheduled__2026-11-20T11:00:00+00:00",
            map_index=-1,
            try_number=0,
            max_tries=self.task.retries,
            task=self.task,
            log_url="http://localhost:8080/dags/daily_sales_pipeline/runs/x",
        )

    def fails(self, after, error=None):
        """A try that ends so many seconds after six."""
        self.ti.try_number += 1
        error = error or errors.TransientError(DOWN)
        day = SimpleNamespace(partition_key="2026-11-19", run_after=SIX)
        context = {
            "ti": self.ti,
            "dag": None,
            "dag_run": day,
            "params": {"business_date": None},
            "task_state_store": self.store,
        }
        alerts.alert_if_due(context, error, source_policy.detour, SIX + timedelta(seconds=after))
        if self.ti.try_number > self.ti.max_tries:
            alerts.alert_failure(context | {"exception": error}, source_policy.detour)


def test_a_source_that_stays_away_is_told_of_once_and_its_failure_in_the_same_thread(mailbox):
    source, told = Source(), []
    for after in (0, 40, 130, 330, 700, 1260):
        source.fails(after)
        told.append([message["Subject"] for message in mailbox()])
    warned = "Still trying: daily_sales_pipeline.extract.storefront for 2026-11-19"
    failed = "Failed: daily_sales_pipeline.extract.storefront for 2026-11-19"
    assert told == [[], [], [], [warned], [warned], [warned, failed]]
    warning, failure = mailbox()
    assert failure["In-Reply-To"] == failure["References"] == warning["Message-ID"]
    assert failure["Message-ID"] != warning["Message-ID"]


@pytest.mark.parametrize(
    ("tries", "mails"),
    [
        ([0, 30, 90, 179], 1),  # the next try begins after 179 + 240 seconds
        ([0, 30, 90], 0),  # … after 210 or more: perhaps within five minutes
        ([0, 60, 179], 0),  # … after 299 or more
        ([0, 60, 180], 1),  # … not before 300
        ([0, 240], 1),  # a slow try: … not before 300
        ([0], 0),
    ],
)
def test_nobody_is_told_while_a_try_may_still_succeed_within_five_minutes(mailbox, tries, mails):
    source = Source()
    for after in tries:
        source.fails(after)
    assert len(mailbox()) == mails


def test_a_source_that_asks_for_ten_minutes_is_told_of_at_once_and_once(mailbox):
    source = Source()
    for after in (0, 660, 800):
        source.fails(after, errors.RateLimitedError("busy", 600))
    assert len(mailbox()) == 1


@pytest.mark.parametrize("policy", ["optional", "off"])
def test_a_source_the_run_can_do_without_is_not_worth_a_warning(mailbox, monkeypatch, policy):
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", f'{{"storefront": "{policy}"}}')
    source = Source()
    for after in (0, 40, 130, 330, 700):
        source.fails(after)
    assert mailbox() == []


def test_a_task_that_was_cleared_is_told_of_again(mailbox):
    source = Source()
    for after in (0, 40, 130, 330, 700, 1260):
        source.fails(after)
    source.ti.max_tries = source.ti.try_number + source.task.retries  # as Airflow does
    source.fails(7200)  # the pauses are ten minutes by now
    first, _, second = mailbox()
    assert second["Subject"] == first["Subject"]
    assert second["Message-ID"] != first["Message-ID"]


def test_the_warning_says_why_until_when_and_the_way_round(mailbox):
    source = Source()
    for after in (0, 40, 130, 330):
        source.fails(after)
    (message,) = mailbox()
    for body in (unescape(part.get_content()) for part in message.iter_parts()):
        assert "failing since 06:00" in body
        assert DOWN in body
        assert "not before 06:09 (America/New_York)" in body  # 06:05:30 and four minutes
        assert "by about 06:23, after 1 more" in body  # and at most 480 s, then 600 s
        assert '{"exchange_rates": "optional", "storefront": "optional"}' in body
        assert source_policy.parse_source_policy('{"exchange_rates": "optional", "storefront": "optional"}')
        assert "docs/RUNBOOK.md, section Mails" in body
        assert source.ti.log_url in body


def test_the_failure_says_the_way_round(mailbox):
    source = Source()
    source.ti.try_number = source.ti.max_tries
    source.fails(1260)
    (message,) = mailbox()
    for body in (unescape(part.get_content()) for part in message.iter_parts()):
        assert '{"exchange_rates": "optional", "storefront": "optional"}' in body
        assert "clear extract.sources_ready with downstream" in body


def test_the_thread_goes_on_when_the_source_has_been_made_optional_meanwhile(mailbox, monkeypatch):
    source = Source()
    for after in (0, 40, 130, 330):
        source.fails(after)
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", '{"storefront": "optional"}')
    for after in (700, 1260):
        source.fails(after)
    warning, failure = mailbox()
    assert failure["References"] == warning["Message-ID"]
    assert "To continue without" not in failure.get_body(("plain",)).get_content()


def test_what_fails_at_the_first_try_refers_to_no_mail(mailbox):
    source = Source()
    source.ti.max_tries, source.task.retries = 0, 0
    source.fails(0)
    (message,) = mailbox()
    assert message["References"] is None


def test_a_wrong_variable_does_not_keep_the_failure_from_being_told(mailbox, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", "{storefront}")
    source = Source()
    source.ti.try_number = source.ti.max_tries
    source.fails(0, errors.ConfigurationError("the Variable source_policy is not JSON"))
    (message,) = mailbox()
    assert "To continue without" not in message.get_body(("plain",)).get_content()


def test_a_due_partner_file_stays_as_required_as_it_was(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", '{"partner_deliveries": "required"}')
    assert source_policy.detour("sales_db") == '{"partner_deliveries": "required", "sales_db": "optional"}'


def test_the_section_of_the_runbook_exists(repository):
    runbook = (repository / "docs" / "RUNBOOK.md").read_text()
    assert "\n## Mails\n" in runbook
    assert "| Failed: `daily_sales_pipeline.extract.X` |" in runbook


def test_what_no_retry_can_mend_is_told_of_as_a_failure_only(mailbox):
    source = Source()
    source.fails(400, errors.CredentialsError("refused"))
    assert mailbox() == []


def test_the_failure_itself_stays_the_failure_when_nobody_can_be_told(use_server, monkeypatch, caplog):
    use_server(1)
    monkeypatch.setattr(alerts, "PATIENCE", timedelta(0))
    source = Source()
    source.ti.try_number = 1
    context = {"ti": source.ti, "dag": None, "task_state_store": source.store}
    with pytest.raises(errors.TransientError, match="storefront at"):
        with alerts.outage_alert(context, source_policy.detour):
            raise errors.TransientError(DOWN)
    assert "the alert that the source is failing was not sent" in caplog.text
    assert "oncall" not in caplog.text


def test_the_extracts_of_the_daily_run_tell_of_both(mailbox, monkeypatch):
    assert tasks.extract.kwargs["on_failure_callback"].keywords == {"detour": source_policy.detour}
    monkeypatch.setattr(alerts, "PATIENCE", timedelta(0))
    monkeypatch.setattr(tasks, "module", Mock(side_effect=errors.TransientError(DOWN)))
    monkeypatch.setattr(tasks, "run_of", lambda _: SimpleNamespace(folder=lambda *_: "staging"))
    monkeypatch.setattr(tasks.read_windows, "window_of_day", lambda *_: None)
    source = Source()
    source.ti.try_number = 1
    run = SimpleNamespace(dag_id="daily_sales_pipeline", partition_key="2026-11-19", run_after=SIX)
    context = {
        "ti": source.ti,
        "dag": None,
        "dag_run": run,
        "run_id": "run",
        "params": {"business_date": None},
        "task_state_store": source.store,
    }
    with pytest.raises(errors.TransientError):
        tasks.extract.function("storefront", **context)
    (message,) = mailbox()
    assert message["Subject"].startswith("Still trying: daily_sales_pipeline.extract.storefront")


def test_a_source_that_stays_away_is_posted_once_and_so_is_its_failure(mailbox, chat):
    source = Source()
    for after in (0, 40, 130, 330, 700, 1260):
        source.fails(after)
    assert [post["title"] for post in chat.posts] == [message["Subject"] for message in mailbox()]
    assert len(chat.posts) == 2
