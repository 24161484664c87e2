"""The alert that a day's report has not been mailed, with the failed tasks of its run.

`report_deliveries` in the warehouse shows whether it was mailed; Airflow gives a task the states of another
DAG's tasks by run id.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from email.message import EmailMessage
from urllib.parse import quote

from ecommerce.core import names
from ecommerce.core.airflow_runs import Run, business_day_of, in_order_of_begin
from ecommerce.core.airflow_urls import airflow_url
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.values import Values
from ecommerce.mail import transport as mail
from ecommerce.sales import delivery_log

log = logging.getLogger(__name__)

AIRFLOWS_OWN = ("scheduled__", "backfill__")
"""Prefixes of the ids of runs that Airflow starts itself; these ids contain the partition key."""


def alert_if_not_mailed(
    day: BusinessDay,
    states_of: Callable[..., Values],
    run_of: Callable[[str, str], Run],
) -> str:
    """Send an alert, by mail and chat, when the report of `day` has not been mailed; return why it cannot be
    sent, or nothing. `states_of` is Airflow's `get_task_states`, `run_of` returns a run by DAG and id."""
    if not mail.recipients(names.VARIABLE_REPORT_RECIPIENTS):
        return f"the Variable {names.VARIABLE_REPORT_RECIPIENTS} is empty: no report is mailed"
    for row in delivery_log.deliveries(day.date):
        if row["state"] == "sent":
            log.info("the report of %s was mailed at %s", day, row["sent_at"])
            return ""
    run_ids = states_of(names.DAG_DAILY, task_ids=[names.TASK_SEND])
    run_id = latest_run(day, run_ids, run_of)
    failed = []
    if run_id:
        states = states_of(names.DAG_DAILY, run_ids=[run_id])[run_id]
        failed = sorted(task for task, state in states.items() if state == "failed")
    log.warning("no report of %s: run %s, failed: %s", day, run_id, failed)
    return mail.send_alert(compose(day, run_id, failed))


def latest_run(
    day: BusinessDay,
    run_ids: Iterable[str],
    run_of: Callable[[str, str], Run],
) -> str:
    """Return the id of the run of `day` that has not begun or began last; empty without one."""
    runs = []
    for run_id in run_ids:
        # Each run is a request, and there may be years of scheduled ones.
        if f"__{day}__" in run_id or not run_id.startswith(AIRFLOWS_OWN):
            run = run_of(names.DAG_DAILY, run_id)
            if business_day_of(run, day.timezone) == str(day):
                runs.append(run)
    return in_order_of_begin(runs)[-1]["run_id"] if runs else ""


def compose(day: BusinessDay, run_id: str, failed: Sequence[str]) -> EmailMessage:
    """Return the alert without its addresses: the day's run (empty: it has none), its `failed` tasks, and the
    command that mails the report."""
    texts = {
        "day": str(day),
        "dag": names.DAG_DAILY,
        "run_id": run_id,
        "run_url": "",
        "failed": failed,
    }
    url = airflow_url()
    if url:
        texts["run_url"] = f"{url}/dags/{names.DAG_DAILY}/runs/{quote(run_id)}"
    return mail.compose(f"No sales report for {day}", "watch_mail", texts)
