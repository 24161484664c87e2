"""The alert that a day's report has not been mailed, with the failed tasks of its run.

`report_deliveries` in the warehouse shows whether it was mailed. Airflow gives a task the states of another
DAG's tasks by run id, and of each run its partition key and its `conf`, which name the business day.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from ecommerce.core import names
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.errors import ConfigurationError
from ecommerce.mail import transport as mail
from ecommerce.runtime.run_context import day_of_run
from ecommerce.sales import delivery

log = logging.getLogger(__name__)

States = Mapping[str, str | None]
"""States of one run's tasks by id; a mapped one's id ends in `_<index>`."""
AIRFLOWS_OWN = ("scheduled__", "backfill__")
"""Prefixes of run ids that only Airflow itself gives; they contain the partition key."""
NO_RUN = "The scheduler was down or the DAG was paused. Start the scheduler, unpause the DAG, run the day:"
FAILED = "The last line of the task's log shows the error. Fix it, then:"
UNFINISHED = (
    "The run is still under way. If no task has started, the scheduler or the workers are down, or the DAG is"
    " paused."
)
NOT_MAILED = (
    f"The log of {names.TASK_SEND} shows the error, under Post Execute. After fixing it, clear the group "
    f"`{names.GROUP_MAIL}` in the UI."
)


def alert_if_not_mailed(
    day: BusinessDay,
    states_of: Callable[..., Mapping[str, States]],
    run_of: Callable[[str, str], Any],
) -> str:
    """Send an alert, by mail and chat, when the report of `day` has not been mailed; return why it cannot be
    sent, or nothing. `states_of` is Airflow's `get_task_states`; `run_of` returns Airflow's record of a run
    by DAG and id."""
    if not mail.recipients(names.VARIABLE_REPORT_RECIPIENTS):
        return f"the Variable {names.VARIABLE_REPORT_RECIPIENTS} is empty: no report is mailed"
    for row in delivery.deliveries(day.date):
        if row["state"] == "sent":
            log.info("the report of %s was mailed at %s", day, row["sent_at"])
            return ""
    runs = states_of(names.DAG_DAILY, task_ids=[names.TASK_SEND])
    run_id = latest_run(runs, day, lambda run_id: run_of(names.DAG_DAILY, run_id))
    states: States = {}
    if run_id:
        states = states_of(names.DAG_DAILY, run_ids=[run_id])[run_id]
    texts = mail_texts(day, run_id, states)
    log.warning("the report of %s has not been mailed: %s", day, texts["problem"])
    message = mail.compose(f"No sales report for {day}", "watch_mail", texts)
    return mail.send_alert(message)


def latest_run(
    run_ids: Iterable[str],
    day: BusinessDay,
    run_of: Callable[[str], Any],
) -> str:
    """Return the id of the run of `day` that started last or is to start last; empty without one.
    `run_ids` are all runs of the daily DAG; `run_of` returns Airflow's record of one."""
    started = {}
    for run_id in run_ids:
        # Each record is a request, and there may be years of scheduled runs.
        if run_id.startswith(AIRFLOWS_OWN) and str(day) not in run_id.split("__"):
            continue
        run = run_of(run_id)
        # Every task of a run without a valid day fails.
        with suppress(ConfigurationError):
            if day_of_run(run, run.conf or {}) == day:
                started[run_id] = run.start_date or run.run_after
    return max(started, key=started.__getitem__, default="")


def mail_texts(day: BusinessDay, run_id: str, states: States) -> dict[str, Any]:
    """Return the texts of the alert about the day's latest run (empty: it has none) and the states of its
    tasks. It lists the failed tasks, or else those under way, and links the run."""
    failed = []
    unfinished = []
    for task, state in sorted(states.items()):
        if state == "failed":
            failed.append(f"{task} (failed)")
        elif state not in names.ENDED:
            unfinished.append(f"{task} ({state or 'not started'})")
    problem = ", ".join(failed or unfinished)
    advice = UNFINISHED
    commands = []
    if not run_id:
        problem = f"{names.DAG_DAILY} has no run for {day}"
        advice = NO_RUN
        commands = [f"make backfill FROM={day} TO={day} MAIL=1"]
    elif failed:
        advice = FAILED
        commands = [f"make repair DAY={day}"]
    elif not unfinished:
        problem = "the run has ended without a failure and without a mail"
        advice = NOT_MAILED
    run_url = mail.airflow_url()
    if run_url:
        run_url += f"/dags/{names.DAG_DAILY}/runs/{quote(run_id)}"
    return {
        "day": str(day),
        "problem": problem,
        "run_id": run_id or "none",
        "run_url": run_url.rstrip("/"),
        "advice": advice,
        "commands": commands,
    }
