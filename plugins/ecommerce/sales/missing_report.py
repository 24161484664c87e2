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
"""Prefixes of run ids that only Airflow itself gives; they end in `__<partition key>__<random>`."""
NO_RUN = "The scheduler was down or the DAG was paused. Start the scheduler, unpause the DAG, run the day:"
WAIT = (
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
    sent_at = [
        row["sent_at"]
        for row in delivery.deliveries(day.date)
        if row["state"] == "sent"
    ]
    if sent_at:
        log.info("the report of %s was mailed at %s", day, max(sent_at))
        return ""
    runs = states_of(names.DAG_DAILY, task_ids=[names.TASK_SEND])
    run_id = latest_run(runs, day, lambda run_id: run_of(names.DAG_DAILY, run_id))
    states = states_of(names.DAG_DAILY, run_ids=[run_id])[run_id] if run_id else {}
    texts = mail_texts(day, run_id, states)
    log.warning(
        "the report of %s has not been mailed: %s (run %s)",
        day,
        texts["problem"],
        texts["run_id"],
    )
    message = mail.compose(f"No sales report for {day}", "watch_mail", texts)
    return mail.send_alert(message)


def latest_run(
    run_ids: Iterable[str], day: BusinessDay, run_of: Callable[[str], Any]
) -> str:
    """Return the id of the run of `day` that started last, or has not started yet; empty without one.
    `run_ids` are all runs of the daily DAG; `run_of` returns Airflow's record of one."""
    # Each record is a request, and there may be years of scheduled runs: their ids contain their key.
    candidates = (
        each
        for each in run_ids
        if not each.startswith(AIRFLOWS_OWN) or str(day) in each.split("__")
    )
    started = {}
    for run_id in candidates:
        run = run_of(run_id)
        with suppress(
            ConfigurationError
        ):  # every task of a run without a valid day fails
            if day_of_run(run, run.conf) == day:
                started[run_id] = (
                    run.start_date is None,
                    run.start_date or run.run_after,
                )
    return max(started, key=started.__getitem__, default="")


def mail_texts(day: BusinessDay, run_id: str, states: States) -> dict[str, Any]:
    """Return the texts of the alert about the day's latest run (empty: it has none) and the states of its
    tasks. It lists the failed tasks, or else those under way, and links the run."""
    tasks = sorted(
        states,
        key=lambda task: (names.DAILY_GROUPS.index(task.partition(".")[0]), task),
    )
    if (
        states.get(names.TASK_GATE) == "success"
    ):  # the run continued without the sources that failed
        tasks = [
            task for task in tasks if not task.startswith(f"{names.GROUP_EXTRACT}.")
        ]
    failed = [task for task in tasks if states[task] == "failed"]
    listed = failed or [task for task in tasks if states[task] not in names.ENDED]
    problem = ", ".join(f"{task} ({states[task] or 'not started'})" for task in listed)
    commands: list[str] = []
    if not run_id:
        problem, advice = f"{names.DAG_DAILY} has no run for {day}", NO_RUN
        commands = [f"make backfill FROM={day} TO={day} MAIL=1"]
    elif failed:
        advice = "The last line of the task's log shows the error. Fix it, then:"
        commands = [f"make repair DAY={day}"]
    elif listed:
        advice = WAIT
    else:
        problem, advice = (
            "the run has ended without a failure and without a mail",
            NOT_MAILED,
        )
    url = mail.airflow_url()
    return {
        "day": str(day),
        "problem": problem,
        "run_id": run_id or "none",
        "run_url": f"{url}/dags/{names.DAG_DAILY}/runs/{quote(run_id)}".rstrip("/")
        if url
        else "",
        "advice": advice,
        "commands": commands,
    }
