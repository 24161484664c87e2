"""DAGs meant to fail (tests/dags/failing), run by the real scheduler: who is told, what is tried again."""

import json
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest

from ecommerce.sources import (
    EXCHANGE_RATES,
    PARTNER_FILES,
    SALES_DB,
    SHOPIFY,
    STOREFRONT,
)
from tests.dags.conftest import REPOSITORY
from tests.dags.failing.retries import ERRORS, PAUSE, RETRIES
from tests.integration.live_airflow import LiveAirflow, live_airflow
from tests.integration.mailbox import ALERTED, Mailbox, open_mailbox
from tests.unit.warehouse.silent_bigquery import ANONYMOUS, SilentBigQuery

pytestmark = pytest.mark.slow

TRIED_AGAIN = ["lost_connection", "other_library", "unforeseen"]
FAILED_AT_ONCE = [
    "wrong_password",
    "wrong_setting",
    "wrong_answer",
    "wrong_data",
    "mistake",
]
LIMITS = {
    "limits.slow_task": "the task exceeded its execution timeout (TASK_TIMEOUT_SECONDS) and was stopped",
    "limits.slow_job": "job load-1-1 within 2 seconds (BIGQUERY_JOB_TIMEOUT_SECONDS); the job is cancelled",
    "run_limit.endless": "the run did not end within 1 seconds (RUN_TIMEOUT_SECONDS)",
}
MAILS = [
    *(f"Failed: {task}" for task in LIMITS),
    "Failed: mails.broken",
    "Failed: mails.lost",
    *(f"Failed: retries.{task}" for task in (*TRIED_AGAIN, *FAILED_AT_ONCE)),
    f"Failed: sources.extract.{SALES_DB}",
    f"Failed: sources.extract.{STOREFRONT}",
    f"Failed: sources.extract.{PARTNER_FILES}",
]
POLICY = {STOREFRONT: "optional", EXCHANGE_RATES: "off"}


@dataclass
class Ended:
    """All the runs, when they have ended and everybody has been told."""

    airflow: LiveAirflow
    mailbox: Mailbox
    runs: dict[str, str]
    states: dict[str, str]
    bigquery: SilentBigQuery

    def task_states(self, run: str) -> dict[str, str]:
        return self.airflow.task_states(run.partition(" ")[0], self.runs[run])

    def texts(self) -> list[str]:
        return [
            message.get_body(("plain",)).get_content()
            for message in self.mailbox.messages()
        ]

    def pauses(self, task: str) -> list[timedelta]:
        tries = self.airflow.tries("retries", self.runs["retries"], task)
        return [after - before for (_, before), (after, _) in pairwise(tries)]


def told_of(mailbox: Mailbox) -> dict[str, str]:
    """The subjects without the day, by Message-ID: of a lost worker Airflow tells twice."""
    return {
        str(message["Message-ID"]): str(message["Subject"]).partition(" for ")[0]
        for message in mailbox.messages()
    }


@pytest.fixture(scope="module")
def ended(migrated_airflow, tmp_path_factory):
    folder = tmp_path_factory.mktemp("failing")
    with (
        open_mailbox(folder / "mail") as mailbox,
        SilentBigQuery().serving() as bigquery,
    ):
        environment = mailbox.environment() | {
            "AIRFLOW__CORE__DAGS_FOLDER": str(
                REPOSITORY / "tests" / "dags" / "failing"
            ),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
            "SHOP_TIMEZONE": "America/New_York",
            "CUSTOMER_HASH_KEY": "0123456789abcdef",
            "BIGQUERY_EMULATOR_HOST": bigquery.url,
            "AIRFLOW_CONN_BIGQUERY": ANONYMOUS,
            "BIGQUERY_JOB_TIMEOUT_SECONDS": "2",
        }
        dags = ("limits", "run_limit", "mails", "retries", "sources")
        with live_airflow(
            folder / "airflow", migrated_airflow, environment, *dags
        ) as airflow:
            airflow.api.post(
                "variables", {"key": "source_policy", "value": json.dumps(POLICY)}
            )
            runs = {
                "limits": airflow.trigger("limits"),
                "run_limit": airflow.trigger("run_limit"),
                "mails": airflow.trigger("mails"),
                "retries": airflow.trigger("retries"),
                "sources without an optional one": airflow.trigger(
                    "sources", failing=STOREFRONT
                ),
                "sources without a required one": airflow.trigger(
                    "sources", failing=SALES_DB
                ),
                "sources without one made optional": airflow.trigger(
                    "sources", failing=PARTNER_FILES
                ),
            }
            states = {
                run: airflow.state(run.partition(" ")[0], run_id)
                for run, run_id in runs.items()
            }
            # A task of a run that took too long is stopped, and a mail leaves, a moment after.
            endless = runs["run_limit"]
            airflow.until(
                lambda: (
                    "running" not in airflow.task_states("run_limit", endless).values()
                ),
                "stops the task",
            )
            airflow.until(
                lambda: len(told_of(mailbox)) >= len(MAILS), "has sent its mails"
            )
            policy = json.dumps(POLICY | {PARTNER_FILES: "optional"})
            variable = {"key": "source_policy", "value": policy}
            airflow.api.request("PATCH", "variables/source_policy", json=variable)
            run_id = runs["sources without one made optional"]
            airflow.api.clear(run_id, ["extract.sources_ready"], "sources")
            states["sources without one made optional"] += (
                f", then {airflow.state('sources', run_id)}"
            )
            yield Ended(airflow, mailbox, runs, states, bigquery)


def test_each_task_that_failed_is_told_of_once_and_nothing_behind_it(ended):
    assert ended.task_states("mails") == {
        "broken": "failed",
        "lost": "failed",
        "behind": "upstream_failed",
        "behind_that": "upstream_failed",
    }
    assert sorted(told_of(ended.mailbox).values()) == sorted(MAILS)
    assert {message["X-Envelope-To"] for message in ended.mailbox.messages()} == {
        ALERTED
    }


def test_the_mail_says_why_even_when_nobody_is_left_who_knows(ended):
    broken, lost = (
        next(text for text in ended.texts() if f"mails.{task}" in text)
        for task in ("broken", "lost")
    )
    assert "orders.csv, line 7: no column sku (asked for by <e-mail>)" in broken
    assert (
        "the worker stopped without an error (killed, out of memory, or lost): see the log"
        in lost
    )


@pytest.mark.parametrize("task", LIMITS)
def test_what_takes_too_long_is_stopped_and_its_mail_names_the_setting(ended, task):
    (text,) = [text for text in ended.texts() if task in text]
    assert LIMITS[task] in text
    dag_id, task_id = task.split(".")
    assert ended.states[dag_id] == "failed"
    assert ended.task_states(dag_id)[task_id] == (
        "skipped" if dag_id == "run_limit" else "failed"
    )


def test_a_job_that_takes_too_long_is_cancelled_and_not_begun_again(ended):
    assert ended.bigquery.cancelled == ["load-1-1"]
    assert len(ended.airflow.tries("limits", ended.runs["limits"], "slow_job")) == 1


def test_the_log_ends_with_what_is_wrong(ended):
    own = ended.airflow.log("mails", ended.runs["mails"], "broken")
    assert (
        own[-1]["event"] == "orders.csv, line 7: no column sku (asked for by <e-mail>)"
    )
    assert not [line for line in own if line.get("error_detail")]
    first, last = (
        ended.airflow.log("retries", ended.runs["retries"], "lost_connection", number)[
            -1
        ]["event"]
        for number in (1, RETRIES + 1)
    )
    assert first.startswith(
        f"{ERRORS['lost_connection']}; attempt 2 of {RETRIES + 1} begins not before "
    )
    assert last == str(ERRORS["lost_connection"])


def test_the_log_of_an_unforeseen_error_has_its_traceback_and_ends_with_it_in_words(
    ended,
):
    log = ended.airflow.log("retries", ended.runs["retries"], "mistake")
    assert [line["event"] for line in log if line.get("error_detail")] == [
        "Task failed with exception"
    ]
    assert (
        log[-1]["event"] == f"{type(ERRORS['mistake']).__name__}: {ERRORS['mistake']}"
    )


@pytest.mark.parametrize("task", TRIED_AGAIN)
def test_what_may_pass_is_tried_again_after_growing_pauses(ended, task):
    pauses = ended.pauses(task)
    assert len(pauses) == RETRIES
    for number, pause in enumerate(pauses):
        assert pause >= PAUSE * 2**number
    assert ended.task_states("retries")[task] == "failed"


@pytest.mark.parametrize("task", FAILED_AT_ONCE)
def test_what_no_retry_can_mend_fails_at_once(ended, task):
    assert ended.pauses(task) == []
    assert ended.task_states("retries")[task] == "failed"


def test_a_task_that_recovers_is_green_and_nobody_is_told(ended):
    assert len(ended.pauses("recovers")) == RETRIES - 1
    assert ended.task_states("retries")["recovers"] == "success"


def test_every_error_is_in_one_of_the_two_groups():
    assert sorted(ERRORS) == sorted(TRIED_AGAIN + FAILED_AT_ONCE)


def test_a_run_goes_on_without_an_optional_source(ended):
    run = "sources without an optional one"
    assert ended.states[run] == "success"
    assert ended.task_states(run) == {
        f"extract.{SALES_DB}": "success",
        f"extract.{STOREFRONT}": "failed",
        f"extract.{PARTNER_FILES}": "success",
        f"extract.{EXCHANGE_RATES}": "skipped",
        f"extract.{SHOPIFY}": "success",
        "extract.sources_ready": "success",
        "load": "success",
    }
    loaded = ended.airflow.api.get(
        f"dags/sources/dagRuns/{ended.runs[run]}/taskInstances/load/xcomEntries/return_value"
    )
    assert loaded["value"] in (
        [SALES_DB, SHOPIFY, PARTNER_FILES],
        f'["{SALES_DB}", "{SHOPIFY}", "{PARTNER_FILES}"]',
    )


def test_a_run_stops_without_a_required_source_and_loads_nothing(ended):
    run = "sources without a required one"
    assert ended.states[run] == "failed"
    assert ended.task_states(run) == {
        f"extract.{SALES_DB}": "failed",
        f"extract.{STOREFRONT}": "success",
        f"extract.{PARTNER_FILES}": "success",
        f"extract.{EXCHANGE_RATES}": "skipped",
        f"extract.{SHOPIFY}": "success",
        "extract.sources_ready": "failed",
        "load": "upstream_failed",
    }


def test_with_the_source_made_optional_and_the_gate_cleared_the_run_goes_on(ended):
    run = "sources without one made optional"
    assert ended.states[run] == "failed, then success"
    assert ended.task_states(run) == {
        f"extract.{SALES_DB}": "success",
        f"extract.{STOREFRONT}": "success",
        f"extract.{PARTNER_FILES}": "failed",
        f"extract.{EXCHANGE_RATES}": "skipped",
        f"extract.{SHOPIFY}": "success",
        "extract.sources_ready": "success",
        "load": "success",
    }
