"""Everything here uses names of Airflow 3.3 that are not of its Public Interface, and nothing else may
(tests/dags/test_house.py). Check each function at every upgrade of Airflow.

Airflow is imported in the functions: commands and DAG files import this module.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

from ecommerce.core.values import Values

PROCESS_CONTEXT = "_AIRFLOW_PROCESS_CONTEXT"
"""The variable that, as `server`, lets a command read connections and Variables from the metadata database.
Without it only `airflow connections get` does, a process for each. If it is renamed, commands find only those
in the environment."""
OPENLINEAGE_LISTENER = "airflow.providers.openlineage.plugins.listener"
"""The module that the OpenLineage provider imports in a task's process where it has a transport. Its API has
no question for that. If it moves, the lineage of SQL is no longer sent."""


def lineage_is_sent() -> bool:
    """Return whether the running task sends OpenLineage events; see `OPENLINEAGE_LISTENER`."""
    return OPENLINEAGE_LISTENER in sys.modules


def dag_run_of(dag_id: str, run_id: str) -> Values:
    """Return another run, as Airflow's REST API describes it. The supervisor of a task has this request, but
    the task no method for it. If it changes, the watch of the daily report fails, and alerts."""
    from airflow.sdk.execution_time.comms import GetDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    run: Any = SUPERVISOR_COMMS.send(GetDagRun(dag_id=dag_id, run_id=run_id))
    described: Values = run.model_dump(mode="json")
    return described


def send_mail(hook: Any, message: EmailMessage) -> Mapping[str, Any]:
    """Send a mail through a connected `SmtpHook` and return the refused addresses; errors of smtplib. Its own
    method composes the mail, without a text alternative. If the attribute changes, no mail is sent, and the
    tasks fail."""
    refused: Mapping[str, Any] = hook._smtp_client.send_message(message)
    return refused


def has_pool(name: str) -> bool:
    """Return whether the metadata database has a pool. `airflow pools get` would take seconds. If the model
    changes, `make check` fails."""
    from airflow.models.pool import Pool

    return Pool.get_pool(name) is not None


def dag_for_test(dag_id: str, listener: object) -> Any:
    """Create the metadata database and return a DAG, to run by `test`; AirflowException where its file cannot
    be imported. Airflow calls `listener` for its tasks. `airflow dags test` does the same, but takes no
    listener: Airflow loads them from plugins only. If a name changes, `make run` fails."""
    from airflow.sdk.listener import get_listener_manager
    from airflow.utils import db
    from airflow.utils.cli import get_bagged_dag

    db.initdb()
    dag = get_bagged_dag(bundle_names=None, dag_id=dag_id)
    get_listener_manager().add_listener(listener)
    return dag


def requires_session() -> Any:
    """Return FastAPI's dependency that gives the user of a session, or answers 401. Airflow has no public one
    for applications of plugins, which it does not authenticate. If it changes, the pages do not open."""
    from airflow.api_fastapi.core_api.security import get_user

    return get_user


def requires_right(dag_id: str, *, to_clear: bool = False) -> Any:
    """Return FastAPI's dependency, also a function of a request and its user, that answers 403 to who may not
    read a DAG, or clear its tasks; see `requires_session`."""
    from airflow.api_fastapi.auth.managers.models.resource_details import (
        DagAccessEntity,
    )
    from airflow.api_fastapi.core_api.security import requires_access_dag

    if to_clear:
        return requires_access_dag("PUT", DagAccessEntity.TASK_INSTANCE, dag_id)
    return requires_access_dag("GET", param_dag_id=dag_id)
