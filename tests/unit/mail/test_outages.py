"""The mail about a source that goes on failing: when it is sent, what it says, and the thread it begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from ecommerce.core import errors
from ecommerce.mail import alerts, outages
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.sales import source_policy, tasks

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
        outages.alert_if_due(context, error, source_policy.detour, SIX + timedelta(seconds=after))
        if self.ti.try_number > self.ti.max_tries:
            notify = alerts.failure_notifier(source_policy.detour)
            notify.to = "oncall@example.com"
            notify.notify(context | {"exception": error})


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", '{"exchange_rates": "optional"}')
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall@example.com")


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
        assert "the last of 2 more, by about 06:23" in body  # and at most 480 s, then 600 s
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
    monkeypatch.setattr(outages, "PATIENCE", timedelta(0))
    source = Source()
    source.ti.try_number = 1
    context = {"ti": source.ti, "dag": None, "task_state_store": source.store}
    with pytest.raises(errors.TransientError, match="storefront at"):
        with outages.outage_alert(context, source_policy.detour):
            raise errors.TransientError(DOWN)
    assert "the alert that the source is failing was not sent" in caplog.text
    assert "oncall" not in caplog.text


def test_the_extracts_of_the_daily_run_tell_of_both(mailbox, monkeypatch):
    assert tasks.extract.kwargs["on_failure_callback"].detour is source_policy.detour
    monkeypatch.setattr(outages, "PATIENCE", timedelta(0))
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
