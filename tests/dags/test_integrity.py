"""What every DAG file of this repository keeps to."""

import ast
import json
import os
import re
import subprocess
import sys
from datetime import timedelta

import pendulum
import pytest
from airflow.sdk import CronPartitionTimetable

from ecommerce.core.business_day import TICKS
from ecommerce.core.names import POOL_LOADS
from ecommerce.core.settings import OWNER
from ecommerce.mail.alerts import alert_run_timeout
from ecommerce.sources import SOURCES
from tests.dags.conftest import DAG_FILES, OWNER_LINK, REPOSITORY

CODE = sorted([*DAG_FILES, *(REPOSITORY / "plugins").rglob("*.py")])
DAG_IDS = {path.stem for path in DAG_FILES}
"""A shop may have removed some (docs/RECIPES.md, Remove a part)."""
AREAS = {"sales", "events", "catalogue", "forecast", "operations"}
RHYTHMS = {"hourly", "daily", "weekly", "monthly", "manual"}


def test_every_file_imports_and_holds_one_dag_of_its_name(dag_bag):
    assert dag_bag.import_errors == {}
    assert sorted(dag_bag.dags) == [path.stem for path in DAG_FILES]


def test_has_an_owner_whose_name_leads_somewhere(dag):
    assert {task.owner for task in dag.tasks} == {OWNER}
    assert dag.owner_links == {OWNER: OWNER_LINK}


def test_tags_say_area_and_rhythm(dag):
    assert dag.tags & AREAS
    assert len(dag.tags & RHYTHMS) == 1
    assert dag.tags <= AREAS | RHYTHMS


def test_each_task_returns_one_xcom(dag):
    unrolled = [
        task.task_id for task in dag.tasks if getattr(task, "multiple_outputs", False)
    ]
    assert unrolled == [], (
        "annotate what it returns as `Plain`: each key of a `dict` is another XCom"
    )


def test_has_a_description_of_one_line(dag):
    assert re.fullmatch(r"[A-Z].{20,88}\.", dag.description)


def test_the_form_explains_every_param(dag):
    for name in dag.params:
        param = dag.params.get_param(name)
        assert re.fullmatch(r"[A-Z].{2,40}", param.schema.get("title", "")), name
        assert re.fullmatch(r"[A-Z].+\.", param.description or ""), name


def test_what_the_ui_shows_survives_serialization(dag):
    from airflow.serialization.serialized_objects import DagSerialization

    shown = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert (shown.description, shown.owner_links, set(shown.tags)) == (
        dag.description,
        dag.owner_links,
        set(dag.tags),
    )


def test_documentation_begins_with_what_to_do_when_it_fails(dag):
    heading, first = [part for part in dag.doc_md.strip().split("\n\n") if part][:2]
    assert heading.startswith("# ")
    assert first.startswith("**When it fails:**")


def test_every_task_is_retried_after_a_pause(dag):
    for task in dag.tasks:
        assert task.retries >= 1, task.task_id
        assert task.retry_delay >= timedelta(seconds=10), task.task_id


def test_every_task_and_every_run_ends(dag):
    assert dag.dagrun_timeout is not None
    assert dag.on_failure_callback is alert_run_timeout
    for task in dag.tasks:
        assert timedelta() < task.execution_timeout < dag.dagrun_timeout, task.task_id


def test_schedule_is_in_the_shops_timezone_and_no_bare_cron_string(dag):
    assert not dag.catchup
    tree = ast.parse((REPOSITORY / "dags" / f"{dag.dag_id}.py").read_text())
    keywords = [
        k
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for k in node.keywords
    ]
    schedules = [ast.unparse(k.value) for k in keywords if k.arg == "schedule"]
    assert len(schedules) == 1
    assert schedules == ["None"] or "timezone=shop_timezone()" in schedules[0]
    if "Asset" in schedules[0]:  # of weeks that begin at midnight in the shop
        weeks = dag.timetable.default_partition_mapper.upstream_mapper
        assert str(weeks._timezone) == "America/New_York"
    elif schedules != ["None"]:
        assert dag.timetable.timezone == "America/New_York"


PUBLIC = (
    *(
        "airflow.sdk",
        "airflow.providers",
        "airflow.listeners",
        "airflow.plugins_manager",
    ),
    *("airflow.exceptions", "airflow.configuration"),
)
"""Airflow's public interface: these modules with all below them, but for `PRIVATE`."""
PRIVATE = (
    "airflow.sdk.execution_time",
    "airflow.sdk.definitions",
    "airflow.sdk.api",
    "airflow.sdk._shared",
)
EXCEPTIONS = {
    # Airflow's documentation on authenticating a plugin's application names these modules.
    "ecommerce/pages/access.py": {"airflow.api_fastapi"},
    # A task has no public way to ask for another run's partition key and conf.
    "ecommerce/runtime/run_context.py": {"airflow.sdk.execution_time"},
    # Commands, not tasks: they create a metadata database of their own, and read the UI's connections.
    "ecommerce/cli/environment.py": {"airflow.models"},
    "ecommerce/cli/local_airflow.py": {"airflow.utils"},
    "ecommerce/cli/check.py": {"airflow"},
}


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def is_below(module, packages):
    return any(module == each or module.startswith(f"{each}.") for each in packages)


def test_no_file_imports_the_demo_or_airflows_internals():
    wrong, used = [], set()
    for path in CODE:
        name = path.relative_to(REPOSITORY).as_posix().removeprefix("plugins/")
        for module in imported_modules(path):
            of_airflow = is_below(module, ["airflow"])
            if of_airflow and (
                is_below(module, PRIVATE) or not is_below(module, PUBLIC)
            ):
                allowed = EXCEPTIONS.get(name, set())
                used |= {
                    (name, each)
                    for each in allowed
                    if each == module or is_below(module, {each} - {"airflow"})
                }
                is_allowed = module in allowed or is_below(
                    module, allowed - {"airflow"}
                )
            else:
                is_allowed = not is_below(module, ["demo", "tests"])
            wrong += [] if is_allowed else [f"{name} imports {module}"]
    assert not wrong
    assert used == {
        (name, each) for name, allowed in EXCEPTIONS.items() for each in allowed
    }


PARSE = """
import importlib.util, os, socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("input or output while a DAG file is parsed")
socket.socket.connect = refuse
socket.create_connection = refuse
from airflow.sdk import Variable, BaseHook
Variable.get = BaseHook.get_connection = staticmethod(refuse)
data = {"numpy", "pandas", "pyarrow", "duckdb", "google.cloud.bigquery"}
for path in sys.argv[1:]:
    if not os.fork():  # each file sees only what itself imports, and Airflow starts once
        spec = importlib.util.spec_from_file_location("dag_file", path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        heavy = (data | {"sklearn", "matplotlib", "typst"}) & set(sys.modules)
        assert not heavy, f"imported while parsing {path}: {sorted(heavy)}"
        sys.exit(0)
    assert os.wait()[1] == 0, path
"""


def test_every_file_parses_without_input_output_settings_or_heavy_libraries(tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    done = subprocess.run(
        [sys.executable, "-c", PARSE, *map(str, DAG_FILES)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("dag_id", sorted(TICKS.keys() & DAG_IDS))
def test_ticks_when_the_operators_commands_think(dag_bag, dag_id):
    hours, seconds = divmod(TICKS[dag_id].seconds, 3600)
    timetable = dag_bag.dags[dag_id].timetable
    assert timetable.expression == f"{seconds // 60} {hours} * * *"
    assert (timetable.run_offset, timetable.key_format) == (-1, "%Y-%m-%d")


def test_the_reconciliation_runs_on_monday_after_the_daily_run(dag_bag):
    minute, hour, *days = dag_bag.dags[
        "sales_reconciliation"
    ].timetable.expression.split()
    assert days == ["*", "*", "1"]
    assert (
        timedelta(hours=int(hour), minutes=int(minute)) > TICKS["daily_sales_pipeline"]
    )


class TestDailySalesPipeline:
    @pytest.fixture
    def pipeline(self, dag_bag):
        return dag_bag.dags["daily_sales_pipeline"]

    def test_partition_key_is_the_day_before_the_run(self, pipeline):
        timetable = pipeline.timetable
        assert isinstance(timetable, CronPartitionTimetable)
        assert (timetable.run_offset, timetable.key_format) == (-1, "%Y-%m-%d")

    def test_reads_as_five_groups_in_order(self, pipeline):
        groups = ["extract", "transform", "load", "report", "mail"]
        assert [
            group for group in pipeline.task_group.children if group in groups
        ] == groups
        assert set(pipeline.task_group.children) == set(groups)

    def test_extract_has_one_task_per_source_and_the_gate(self, pipeline):
        assert {task for task in pipeline.task_ids if task.startswith("extract.")} == {
            *(f"extract.{source}" for source in SOURCES),
            "extract.sources_ready",
        }

    def test_only_the_gate_runs_whatever_happened_before(self, pipeline):
        tolerant = {
            task.task_id for task in pipeline.tasks if task.trigger_rule == "all_done"
        }
        assert tolerant == {"extract.sources_ready"}
        assert "extract.sources_ready" not in {task.task_id for task in pipeline.leaves}

    def test_the_day_is_announced_when_it_has_been_checked(self, pipeline):
        announcing = [
            each
            for each in pipeline.tasks
            if "daily_sales" in {one.name for one in each.outlets}
        ]
        assert [task.task_id for task in announcing] == ["load.checks"]
        assert [asset.name for asset in pipeline.get_task("load.checks").outlets] == [
            "daily_sales"
        ]

    def test_the_alarm_knows_the_report_and_holds_up_no_mail(self, pipeline):
        alarm = pipeline.get_task("mail.alarm")
        assert alarm.upstream_task_ids == {"report.report"}
        assert alarm.downstream_task_ids == set()
        assert alarm.trigger_rule == "all_success"

    def test_tasks_on_the_network_have_five_retries_and_the_policy(self, pipeline):
        for task_id in (*(f"extract.{source}" for source in SOURCES), "load.load"):
            task = pipeline.get_task(task_id)
            assert task.retries == 5
            assert task.retry_policy is not None


def test_all_loads_share_a_pool_with_one_slot(dag_bag):
    tasks = [task for dag in dag_bag.dags.values() for task in dag.tasks]
    loads = [task for task in tasks if task.task_id.rpartition(".")[2] == "load"]
    assert {task.dag_id for task in loads} >= {
        "daily_sales_pipeline",
        "sales_history_load",
    }
    assert {task.pool for task in loads} == {POOL_LOADS}
    waiting = [task for task in tasks if task.pool == POOL_LOADS]
    assert {task.weight_rule for task in waiting} == {"absolute"}
    # Else the loads of a backfill go before that of the hourly sync, until the backfill ends.
    many = {
        "daily_sales_pipeline",
        "user_events_daily",
        "sales_history_load",
    } & dag_bag.dags.keys()
    assert {task.dag_id for task in waiting if task.priority_weight == 5} == many
    assert all(task.priority_weight == 6 for task in waiting if task.dag_id not in many)
    pools = json.loads((REPOSITORY / "include" / "pools.json").read_text())
    assert {task.pool for task in tasks} - {"default_pool"} == set(pools)
    assert pools[POOL_LOADS]["slots"] == 1


def test_a_source_or_day_that_cannot_be_read_keeps_no_other_from_report_and_mail(
    dag_bag,
):
    tasks = dag_bag.dags["sales_reconciliation"].tasks
    tolerant = {
        task.task_id
        for task in tasks
        if task.trigger_rule == "all_done_min_one_success"
    }
    assert tolerant == {"reread_days", "tell"}
    (gathered,) = [task for task in tasks if task.task_id == "differences"]
    assert gathered.trigger_rule == "all_done"


def test_the_history_loads_form_begins_with_a_dry_run(dag_bag):
    params = dag_bag.dags["sales_history_load"].params
    assert next(iter(params)) == "dry_run"
    assert params["dry_run"] is True


@pytest.mark.parametrize(
    "dag_id",
    sorted(DAG_IDS & {"daily_sales_pipeline", "user_events_daily", "report_watch"}),
)
@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_the_id_of_a_run_says_its_business_day(dag_bag, dag_id, run_type):
    """It stands first in the UI's list of runs, where the column Partition Key is hidden at first."""
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.utils.types import DagRunType

    timetable = DagSerialization.from_dict(
        DagSerialization.to_dict(dag_bag.dags[dag_id])
    ).timetable
    run_id = timetable.generate_run_id(
        run_type=DagRunType(run_type),
        run_after=pendulum.datetime(2026, 11, 20, 11, tz="UTC"),
        data_interval=None,
        partition_key="2026-11-19",
    )
    assert run_id.split("__")[2] == "2026-11-19"


def test_every_extract_names_its_source_and_every_load_its_tables(dag_bag):
    tasks = {
        (dag.dag_id, task.task_id): task
        for dag in dag_bag.dags.values()
        for task in dag.tasks
    }
    read = {
        asset.name
        for task in tasks.values()
        for asset in task.inlets
        if asset.group == "sources"
    }
    assert read >= {"source_sales_db", "source_storefront", "source_partner_files"}
    loads = {
        key: task
        for key, task in tasks.items()
        if task.task_id.rpartition(".")[2] == "load"
    }
    assert len(loads) >= 4
    for key, task in loads.items():
        assert {asset.group for asset in task.outlets} == {"warehouse"}, key
