"""What each DAG is wired like: its tasks and their order, schedule, form, retries, pools and assets."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from itertools import pairwise

import pendulum
import pytest
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction

from ecommerce.core.business_day import days_between
from ecommerce.mail.alerts import alert_failure
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.sources import live_sources
from tests.dags.conftest import MAILED_IN_A_LEASE

BEFORE_CLOCKS_GO_BACK = pendulum.datetime(2026, 10, 30, 15, tz="UTC")
ORDERS = [
    "orders",
    "order_lines",
    "refunds",
    "removed_orders",
    "products",
    "customers",
    "exchange_rates",
    "payments",
    "payouts",
    "rejected_rows",
    "loaded_files",
    "load_audit",
    "daily_summary",
    "control_totals",
    "report_restatements",
    "forgotten_hashes",
]
"""The assets of a load of orders."""
RECONCILED = ["sales_db", "storefront", "shopify"]
SYNCED = ["storefront", "shopify"]
NETWORK = {
    "retries": 5,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
}


@dataclass(frozen=True)
class Wiring:
    """A DAG as it was reviewed.

    Attributes:
        order: chains of tasks, each after the one before it.
        runs: the next two runs by the clock, in UTC; the clocks of the shop go back between them.
        key: whether the business day before is the partition of a run.
        params: the fields of the form, with default and JSON schema but without title and format.
        once: tasks that use no network, and are tried again once, after five minutes.
        long: tasks with four hours in place of one.
        weight: of the tasks that load, of which one runs at a time.
        rules: tasks that do not need the success of all before them.
        most_runs: runs at a time.
    """

    order: list[list[str]]
    runs: tuple[str, ...] = ()
    key: bool = False
    params: dict[str, tuple[object, dict]] = field(default_factory=dict)
    once: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)
    weight: int = 5
    rules: dict[str, str] = field(default_factory=dict)
    reads: dict[str, list[str]] = field(default_factory=dict)
    writes: dict[str, list[str]] = field(default_factory=dict)
    most_runs: int = 1


NO_DAY = (None, {"type": ["null", "string"]})
DAY = (None, {"type": "string"})
NO = (False, {"type": "boolean"})
NO_WEEK = (None, NO_DAY[1] | {"pattern": r"^\d{4}-(W\d{2}|\d{2}-\d{2})$"})
NO_MONTH = (None, NO_DAY[1] | {"pattern": r"^\d{4}-\d{2}(-\d{2})?$"})
PERIOD_PARAMS = {"subscription": NO_DAY, "send_mail": NO}
SOURCE_TASKS = [f"extract.{source}" for source in live_sources()]
SOURCES_READ = {task: [task.replace("extract.", "source_")] for task in SOURCE_TASKS}
EXTRACTS = [[task, "extract.sources_ready"] for task in SOURCE_TASKS]
GATE_RULES = {
    "extract.sources_ready": "all_done",
    "load.load": "all_done_min_one_success",
}
SALES = [
    "extract.sources_ready",
    "transform.transform_source",
    "load.load",
    "load.checks",
]
WEEK = ["due", "fetch", "preprocess", "train", "predict", "load", "checks"]


def comparisons():
    """The chains of a reconciliation, one for each of its sources."""
    chains = []
    for source in RECONCILED:
        steps = ["read", "transform", "differences"]
        chain = [f"compare.{source}.{step}" for step in steps]
        chains.append([*chain, "differences"])
    return chains


def syncs():
    """The chains of the hourly sync; Airflow numbers the tasks of the later sources."""
    chains = []
    for number, source in enumerate(SYNCED):
        suffix = f"__{number}" if number else ""
        steps = ["transform", "load", "checks"]
        chains.append([source, *(f"{step}{suffix}" for step in steps)])
    return chains


WIRINGS = {
    "daily_sales_pipeline": Wiring(
        [
            *EXTRACTS,
            [*SALES, "report.report", "mail.alarm"],
            ["report.report", "mail.send"],
            ["report.report", "mail.subscriptions"],
        ],
        ("2026-10-31 10:00", "2026-11-01 11:00"),
        key=True,
        params={"business_date": NO_DAY, "send_mail": NO},
        once=["extract.sources_ready", "transform.transform_source"],
        rules=GATE_RULES,
        reads={"report.report": ["daily_sales", *ORDERS]} | SOURCES_READ,
        writes={"load.load": ORDERS, "load.checks": ["daily_sales"]},
        most_runs=8,
    ),
    "forecast_model_selection": Wiring(
        [["prepare", "back_test", "select", "mail"]],
        ("2026-11-01 13:00", "2026-12-06 13:00"),
        params={"as_of": NO_DAY},
        once=["back_test", "select"],
        long=["back_test"],
        writes={"select": ["forecast_champion"]},
    ),
    "maintenance": Wiring(
        [["expired_staging"], ["old_logs"]],
        ("2026-10-31 07:00", "2026-11-01 08:00"),
        once=["expired_staging", "old_logs"],
    ),
    "monthly_report": Wiring(
        [["report", "send"]],
        params={"month": NO_MONTH, **PERIOD_PARAMS},
        reads={"report": ["daily_sales"]},
    ),
    "product_catalogue_refresh": Wiring(
        [
            ["fetch", "parse", "pictures", "load", "checks", "notify"],
            ["pictures", "notify"],
        ],
        ("2026-10-31 09:00", "2026-11-01 10:00"),
        params={"accept_shrunk": NO, "send_mail": NO},
        long=["pictures"],
        weight=6,
        reads={"fetch": ["source_product_catalogue"]},
        writes={
            "load": ["product_pictures", "products", "rejected_rows", "load_audit"]
        },
    ),
    "report_watch": Wiring(
        [["report_mailed"], ["periods_mailed"], ["week_complete"]],
        ("2026-10-31 13:00", "2026-11-01 14:00"),
        key=True,
        params={"business_date": NO_DAY},
        once=["week_complete"],
        most_runs=16,
    ),
    "sales_history_load": Wiring(
        [
            ["list_files", "read", "control_totals", "months", "month.transform"],
            ["control_totals", "exchange_rates", "month.load", "month.checks"],
            ["month.transform", "month.load"],
            ["read", "clean_up"],
            ["control_totals", "clean_up"],
            ["month.transform", "clean_up"],
            ["month.transform", "summary"],
            ["month.checks", "summary"],
        ],
        params={
            "dry_run": (True, {"type": "boolean"}),
            "files": (None, {"type": "string", "minLength": 1}),
            "source": (
                None,
                {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"},
            ),
            "first_day": NO_DAY,
            "last_day": NO_DAY,
            "most_rejected": (5, {"type": "number", "minimum": 0, "maximum": 100}),
        },
        once=["months", "summary"],
        long=["read", "control_totals", "month.transform", "month.load"],
        rules={"clean_up": "none_failed", "summary": "none_failed"},
        writes={"month.load": ORDERS},
    ),
    "sales_history_read": Wiring(
        [*EXTRACTS, SALES],
        params={
            "first_day": DAY,
            "last_day": NO_DAY,
            "source": (
                None,
                {
                    "type": ["null", "string"],
                    "enum": [None, *sorted(set(live_sources()) - {"exchange_rates"})],
                },
            ),
        },
        once=["extract.sources_ready", "transform.transform_source"],
        long=[*SOURCE_TASKS, *SALES],
        rules=GATE_RULES,
        reads=SOURCES_READ,
        writes={"load.load": ORDERS},
        most_runs=2,
    ),
    "sales_reconciliation": Wiring(
        [
            *comparisons(),
            ["differences", "rereads", "reread.extract", "reread.transform"],
            ["reread.transform", "reread.load", "reread.checks", "reread_days"],
            ["reread_days", "report", "tell"],
            ["differences", "tell"],
            ["rereads", "tell"],
        ],
        ("2026-11-02 13:00", "2026-11-09 13:00"),
        params={"most_days": (7, {"type": "integer", "minimum": 1})},
        once=[
            "differences",
            "rereads",
            "reread_days",
            "reread.transform",
            *(f"compare.{source}.transform" for source in RECONCILED),
        ],
        weight=6,
        rules={
            "differences": "all_done",
            "reread_days": "all_done_min_one_success",
            "tell": "all_done_min_one_success",
        },
        reads={"report": ["daily_sales", *ORDERS]},
        writes={"reread.load": ORDERS},
    ),
    "storefront_orders_sync": Wiring(
        syncs(),
        ("2026-10-30 15:30", "2026-10-30 16:30"),
        once=[chain[1] for chain in syncs()],
        weight=6,
        reads={chain[0]: [f"source_{chain[0]}"] for chain in syncs()},
        writes={chain[2]: ORDERS for chain in syncs()},
    ),
    "user_events_daily": Wiring(
        [["extract", "transform", "load", "checks"]],
        ("2026-10-31 09:30", "2026-11-01 10:30"),
        key=True,
        params={"business_date": NO_DAY},
        once=["transform"],
        reads={"extract": ["source_web_events"]},
        writes={
            "load": [
                "user_events",
                "daily_events",
                "sessions",
                "rejected_rows",
                "load_audit",
            ],
            "checks": ["web_events"],
        },
        most_runs=8,
    ),
    "weekly_report": Wiring(
        [["report", "send"]],
        params={"week": NO_WEEK, **PERIOD_PARAMS},
        reads={"report": ["daily_sales"]},
    ),
    "weekly_sales_forecast": Wiring(
        [
            WEEK,
            ["preprocess", "predict"],
            ["checks", "report", "mail"],
            ["preprocess", "report"],
            ["train", "report"],
            ["report", "alarm"],
        ],
        params={"week": NO_DAY, "force": NO},
        once=[*WEEK, "report", "mail", "alarm"],
        long=["train"],
        weight=6,
        reads={
            "fetch": ["source_partner_ftp"],
            "preprocess": ["daily_sales"],
            "train": ["forecast_champion"],
        },
        writes={"load": ["sales_forecasts", "rejected_rows", "load_audit"]},
    ),
}


@pytest.fixture(params=WIRINGS)
def dag(request, dag_bag):
    if request.param not in dag_bag.dags:
        pytest.skip("this part of the repository is removed")
    return dag_bag.dags[request.param]


def test_tasks_follow_each_other_as_reviewed(dag):
    wiring = WIRINGS[dag.dag_id]
    pairs = set()
    for chain in wiring.order:
        pairs |= set(pairwise(chain))
    found = set()
    for task in dag.tasks:
        found |= {(before, task.task_id) for before in task.upstream_task_ids}
    assert found == pairs
    assert set(dag.task_ids) == {task for chain in wiring.order for task in chain}
    assert dag.max_active_runs == wiring.most_runs
    assert not dag.catchup


def test_each_task_is_tried_and_limited_as_reviewed(dag):
    wiring = WIRINGS[dag.dag_id]
    for task in dag.tasks:
        name = task.task_id
        if name in wiring.once:
            assert task.retries == 1, name
            assert task.retry_delay == timedelta(minutes=5), name
            assert not task.retry_exponential_backoff, name
        else:
            for argument, value in NETWORK.items():
                assert getattr(task, argument) == value, (name, argument)
        if name != "extract.sources_ready":
            assert task.retry_policy is NETWORK_RETRIES["retry_policy"], name
        hours = 4 if name in wiring.long else 1
        if (dag.dag_id, name) not in MAILED_IN_A_LEASE:
            assert task.execution_timeout == timedelta(hours=hours), name
        assert task.on_failure_callback in (alert_failure, [alert_failure]), name
        assert task.trigger_rule.value == wiring.rules.get(name, "all_success"), name
        queue = ("default_pool", 1)
        if re.search(r"\bload(__\d+)?$|^exchange_rates$", name):
            queue = ("warehouse_loads", wiring.weight)
        assert (task.pool, task.priority_weight) == queue, name
        assert [asset.name for asset in task.inlets] == wiring.reads.get(name, [])
        assert [asset.name for asset in task.outlets] == wiring.writes.get(name, [])


def test_the_next_runs_follow_the_clock_of_the_shop(dag):
    wiring = WIRINGS[dag.dag_id]
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    assert timetable.periodic == bool(wiring.runs)
    always = TimeRestriction(earliest=None, latest=None, catchup=True)
    interval = DataInterval.exact(BEFORE_CLOCKS_GO_BACK)
    run = DagRunInfo(BEFORE_CLOCKS_GO_BACK, interval, None, None)
    for moment in wiring.runs:
        run = timetable.next_dagrun_info_v2(last_dagrun_info=run, restriction=always)
        assert f"{run.run_after.astimezone(UTC):%Y-%m-%d %H:%M}" == moment
        day_before = str(run.run_after.date() - timedelta(days=1))
        assert run.partition_key == (day_before if wiring.key else None)


@pytest.mark.parametrize(
    ("dag_id", "key", "first", "last"),
    [
        ("weekly_sales_forecast", "2026-11-23", "2026-11-23", "2026-11-29"),
        # The clocks go back on the Sunday; the week is in two years.
        ("weekly_report", "2026-10-26", "2026-10-26", "2026-11-01"),
        ("weekly_report", "2026-12-28", "2026-12-28", "2027-01-03"),
        ("monthly_report", "2026-11-01", "2026-11-01", "2026-11-30"),
        ("monthly_report", "2028-02-01", "2028-02-01", "2028-02-29"),
    ],
)
def test_a_period_follows_its_loaded_days_of_the_shop(
    dag_bag, dag_id, key, first, last
):
    dag = dag_bag.dags.get(dag_id)
    if dag is None:
        pytest.skip("this part of the repository is removed")
    shown = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    [(asset, _)] = shown.timetable.asset_condition.iter_assets()
    assert asset.name == "daily_sales"
    mapper = shown.timetable.default_partition_mapper
    assert str(mapper.upstream_mapper._timezone) == "America/New_York"
    days = days_between(date.fromisoformat(first), date.fromisoformat(last))
    assert mapper.to_upstream(key) == {str(day) for day in days}
    for day in days:
        assert mapper.to_downstream(str(day)) == key


@pytest.mark.parametrize("kind", ["week", "month"])
def test_the_tasks_of_a_report_are_of_its_kind_of_period(dag_bag, kind):
    dag = dag_bag.dags[f"{kind}ly_report"]
    for task in dag.tasks:
        assert task.op_args[0] == kind
    assert dag.params[kind] is None


def test_the_form_has_these_fields(dag):
    fields = {}
    for name, value in dag.params.dump().items():
        schema = dict(dag.params.get_param(name).schema)
        assert schema.pop("title")
        is_day = schema.pop("format", None) == "date"
        is_named_day = name.endswith(("_day", "_date")) or name == "as_of"
        # The other weeks and months have a name, such as 2026-W47.
        is_monday = (dag.dag_id, name) == ("weekly_sales_forecast", "week")
        assert is_day == (is_named_day or is_monday)
        fields[name] = (value, schema)
    assert fields == WIRINGS[dag.dag_id].params
