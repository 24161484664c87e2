"""What every DAG file of this repository keeps to."""

import fnmatch
import json
import os
import re
import subprocess
import sys
from datetime import timedelta

import pendulum
import pytest

from ecommerce.core.business_day import TICK
from ecommerce.core.settings import OWNER
from ecommerce.mail.alerts import alert_run_failure
from ecommerce.runtime.run_context import check_conf
from ecommerce.sales.delivery_log import LEASE
from tests.dags.conftest import (
    DAG_FILES,
    MAILED_IN_A_LEASE,
    OWNER_LINK,
    REPOSITORY,
)

PARSE = """
import importlib.util, socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("input or output while a DAG file is parsed")
socket.socket.connect = refuse
socket.create_connection = refuse
from airflow.sdk import Variable, BaseHook
Variable.get = BaseHook.get_connection = staticmethod(refuse)
data = {"numpy", "pandas", "pyarrow", "duckdb", "google.cloud.bigquery"}
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("dag_file", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    heavy = (data | {"sklearn", "typst"}) & set(sys.modules)
    assert not heavy, f"imported while parsing {path}: {sorted(heavy)}"
"""


def test_every_file_imports_and_holds_one_dag_of_its_name(dag_bag):
    assert dag_bag.import_errors == {}
    assert sorted(dag_bag.dags) == [path.stem for path in DAG_FILES]


def test_every_file_parses_without_input_output_settings_or_heavy_libraries(tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PARSE,
            *map(str, DAG_FILES),
        ],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_task_checks_its_conf_is_mailed_when_it_fails_and_ends_before_its_run(
    dag_bag,
):
    for dag in dag_bag.dags.values():
        assert dag.owner_links == {OWNER: OWNER_LINK}
        assert "**When it fails:**" in dag.doc_md
        assert dag.default_args["pre_execute"] is check_conf, dag.dag_id
        assert dag.on_failure_callback is alert_run_failure, dag.dag_id
        for task in dag.tasks:
            assert task.on_failure_callback, task.task_id
            assert timedelta() < task.execution_timeout < dag.dagrun_timeout, task
            # Annotated as `dict`, each key of what it returns would be an XCom.
            assert not getattr(task, "multiple_outputs", False), task.task_id


@pytest.mark.parametrize(("dag_id", "task_id"), MAILED_IN_A_LEASE)
def test_a_claimed_mail_is_sent_within_its_lease_and_another_run_waits_longer(
    dag_bag, dag_id, task_id
):
    send = dag_bag.dags[dag_id].get_task(task_id)
    assert send.execution_timeout <= LEASE
    pauses = timedelta()
    for number in range(send.retries):
        pause = send.retry_delay * send.retry_exponential_backoff**number
        pauses += min(pause, send.max_retry_delay)
    assert pauses > LEASE


def test_the_pools_of_tasks_exist_and_one_load_runs_at_a_time(dag_bag):
    pools = json.loads((REPOSITORY / "include" / "pools.json").read_text())
    used = {task.pool for dag in dag_bag.dags.values() for task in dag.tasks}
    # The other one is of shops: see test_shops.py.
    assert used - {"default_pool"} == pools.keys() - {"shop_extracts"}
    assert pools["warehouse_loads"]["slots"] == 1


def test_the_daily_run_ticks_when_the_pages_await_it(dag_bag):
    hours, seconds = divmod(TICK.seconds, 3600)
    timetable = dag_bag.dags["daily_sales_pipeline"].timetable
    assert timetable.summary == f"{seconds // 60} {hours} * * *"


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_the_id_of_a_run_begins_with_its_business_day(dag_bag, run_type):
    """The UI's list of runs hides the column Partition Key at first."""
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.utils.types import DagRunType

    dag = dag_bag.dags["daily_sales_pipeline"]
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    run_id = timetable.generate_run_id(
        run_type=DagRunType(run_type),
        run_after=pendulum.datetime(2026, 11, 20, 11, tz="UTC"),
        data_interval=None,
        partition_key="2026-11-19",
    )
    assert run_id.split("__")[2] == "2026-11-19"


def test_the_runbook_has_a_row_for_each_task_and_none_for_another(dag_bag):
    runbook = (REPOSITORY / "docs" / "RUNBOOK.md").read_text()
    [rows] = re.findall(r"(?ms)^## Mails\n(.+?)^### Other mails$", runbook)
    patterns = []
    for name in re.findall(r"`(\w+\.[\w.*]+)`", rows):
        if name.partition(".")[0] in dag_bag.dags:
            # X is a source.
            patterns.append(re.sub(r"\bX\b", "*", name))
    tasks = []
    for dag in dag_bag.dags.values():
        tasks += [f"{dag.dag_id}.{task_id}" for task_id in dag.task_ids]
    described = set()
    for pattern in patterns:
        matching = fnmatch.filter(tasks, pattern)
        assert matching, f"no task is named {pattern}"
        described.update(matching)
    assert set(tasks) - described == set()
