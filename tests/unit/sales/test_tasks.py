"""The tasks of the sales DAGs, as Airflow calls them."""

import json
from collections import defaultdict
from datetime import UTC, date, datetime
from itertools import chain
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowSkipException
from airflow.sdk.execution_time.context import NEVER_EXPIRE

from ecommerce.core.errors import (
    AlertedError,
    CheckFailed,
    ConfigurationError,
    TransientError,
)
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.sales import tasks
from ecommerce.sources import live_sources
from ecommerce.storage.plain import to_plain
from ecommerce.storage.staging import Manifest
from ecommerce.transform.run import FEW_BYTES
from ecommerce.warehouse.assets import DAILY_SALES
from ecommerce.warehouse.load import LoadResult
from tests.archived_reports import REPORT
from tests.rows import column_of

LOADED = LoadResult(
    business_date=date(2026, 3, 2),
    touched_days=[date(2026, 3, 2)],
    warnings=[],
)


SENDERS = {
    "send": "ecommerce.sales.delivery.deliver",
    "alarm": "ecommerce.sales.delivery.send_incomplete_alert",
    "subscriptions": "ecommerce.sales.tasks.deliver_day",
}
"""By task that mails, the function that it calls."""
BOARD = "[{name: board, to: [board@example.com], report: day}]"


def context_of(**params):
    """The context of a task of the run of 2 March."""
    run = SimpleNamespace(
        dag_id="daily_sales_pipeline", partition_key="2026-03-02", run_after=None
    )
    return {"dag_run": run, "run_id": "run", "params": params}


class Store(dict):
    """A task's state store."""

    def set(self, key, value, retention):
        assert retention is NEVER_EXPIRE
        self[key] = value


def test_a_day_is_announced_after_its_checks(monkeypatch):
    events = defaultdict(Mock)
    warnings = [{"kind": "note", "text": "a.csv is odd"}]
    check = Mock(side_effect=[CheckFailed("no"), warnings])
    monkeypatch.setattr(tasks, "check_load", check)
    call = {"outlet_events": events, **context_of()}
    with pytest.raises(CheckFailed):
        tasks.checks.function(to_plain(LOADED), **call)
    assert not events
    assert tasks.checks.function(to_plain(LOADED), **call) == warnings
    events[DAILY_SALES].add_partitions.assert_called_once_with("2026-03-02")


def test_an_invalid_source_policy_is_alerted_once_by_the_gate(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", '{"shop": "off"}')
    for source in live_sources():
        with pytest.raises(AlertedError, match="source_policy has shop") as raised:
            tasks.extract.function(source, params={})
        action = NETWORK_RETRIES["retry_policy"].evaluate(raised.value, 1, 6).action
        assert action is RetryAction.FAIL
    with pytest.raises(ConfigurationError, match="source_policy has shop"):
        tasks.sources_ready.function([None] * len(live_sources()), params={})


def extracted(source, size):
    """The manifest of an extract of `size` bytes."""
    now = datetime(2026, 3, 3, 11, tzinfo=UTC)
    return Manifest(source, date(2026, 3, 2), "", 1, size, "", {}, now, now, now)


def batches_of(sizes, **params):
    """The sources of each batch that is transformed, from the bytes of extracts by source."""
    read = [to_plain(extracted(name, size)) for name, size in sizes.items()]
    ready = tasks.sources_ready.function(read, params=params)
    return [column_of(batch, "source") for batch in ready]


def test_small_shops_share_transforms_and_every_extract_is_in_one(monkeypatch):
    shops = [f"s{number}" for number in range(42)]
    monkeypatch.setenv("SHOPS", json.dumps({"shopify": shops, "sales_db": ["big"]}))
    sizes = {"sales_db": 10, "sales_db_big": FEW_BYTES + 1, "exchange_rates": 10}
    sizes |= {"shopify": FEW_BYTES}
    sizes |= {f"shopify_{shop}": FEW_BYTES for shop in shops}
    # A run of one source requires no other.
    batches = batches_of(sizes, first_day="2026-03-02", source="sales_db")
    assert sorted(map(len, batches)) == [1, 1, 1, 21, 22]
    assert sorted(chain.from_iterable(batches)) == sorted(sizes)
    # Platforms are apart, and so is what is large.
    for source in ("sales_db", "sales_db_big", "exchange_rates"):
        assert [source] in batches


def test_an_optional_source_is_transformed_alone(monkeypatch):
    monkeypatch.setenv("SHOPS", '{"shopify": ["at", "de", "fr"]}')
    policy = {"shopify_de": "optional", "sales_db": "off", "storefront": "off"}
    policy |= {"partner_files": "off", "exchange_rates": "off"}
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", json.dumps(policy))
    shops = ("shopify_at", "shopify_de", "shopify_fr")
    batches = batches_of(dict.fromkeys(shops, 10))
    assert sorted(batches) == [["shopify_at", "shopify_fr"], ["shopify_de"]]


def test_a_load_without_a_required_source_changes_nothing(monkeypatch):
    connect = Mock()
    monkeypatch.setattr(tasks.loading, "connect", connect)
    loadable = [[to_plain(extracted("exchange_rates", 10))]]
    # Another task has sent the alert.
    with pytest.raises(AlertedError, match="no data from sales_db, storefront"):
        tasks.load.function(loadable, **context_of())
    connect.assert_not_called()


@pytest.mark.parametrize("task", SENDERS)
@pytest.mark.parametrize(
    ("param", "is_requested", "mails"),
    [(False, False, False), (True, False, True), (False, True, True)],
)
def test_a_request_by_param_or_repair_is_for_one_mail(
    monkeypatch, task, param, is_requested, mails
):
    deliver = Mock(side_effect=[TransientError("the mail server is down"), "", "", ""])
    monkeypatch.setattr(SENDERS[task], deliver)
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", BOARD)
    run = getattr(tasks, task).function
    store = Store({"send_mail": True} if is_requested else {})
    context = context_of(send_mail=param) | {"task_state_store": store}
    with pytest.raises(TransientError):
        run(REPORT, **context)
    for _ in range(2):
        run(REPORT, **context)
    store["send_mail"] = True
    run(REPORT, **context)
    requested = [call.kwargs["send_mail"] for call in deliver.call_args_list]
    assert requested == [mails, mails, False, True]


def test_without_a_subscription_their_task_is_skipped_at_once(monkeypatch):
    deliver = Mock()
    monkeypatch.setattr(SENDERS["subscriptions"], deliver)
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", "[]")
    context = context_of(send_mail=False) | {"task_state_store": Store()}
    with pytest.raises(AirflowSkipException, match="there is no subscription"):
        tasks.subscriptions.function(REPORT, **context)
    deliver.assert_not_called()
    # The delivery alerts on invalid ones too.
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", "[{name: board}]")
    tasks.subscriptions.function(REPORT, **context)
    deliver.assert_called_once()


def test_a_report_is_of_the_day_of_its_run_or_of_another_one(monkeypatch):
    build = Mock(return_value={})
    monkeypatch.setattr(tasks.build, "build_report", build)
    for given in (None, "2026-02-27"):
        tasks.report.function([], given, **context_of())
        assert str(build.call_args.args[0]) == (given or "2026-03-02")
