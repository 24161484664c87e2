"""The watch: has the day's report been mailed, and if not, which tasks of which run are red?

The warehouse says whether it was mailed (`report_deliveries`), whoever sent it. Airflow tells a task the
states of another DAG's tasks by run id, and of each run its partition key and its `conf`. Both say of which
day a run is, as they tell the run itself; the id of a run that somebody started says nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from ecommerce.core import names
from ecommerce.core.business_day import BusinessDay, business_day
from ecommerce.core.errors import ConfigurationError
from ecommerce.mail import notify
from ecommerce.mail import transport as mail
from ecommerce.sales import delivery_log

log = logging.getLogger(__name__)

States = Mapping[str, str | None]
"""States of one run's tasks by id; a mapped one's id ends in `_<index>`."""

OF_AIRFLOW = ("scheduled__", "backfill__")
"""How ids begin that only Airflow itself gives; they end in `__<partition key>__<random>`."""

NO_RUN = "At six the scheduler was down or the DAG paused. Start it, unpause the DAG, run the day:"
WAIT = (
    "A task that is slow, or waits to be tried again, needs time; its log says which. One that stays queued "
    "waits for a worker. If none has begun, the scheduler is down, or the DAG is paused or at its limit of "
    "runs."
)
NOT_MAILED = (
    f"Under Post Execute, the log of {names.TASK_SEND} shows the error. When it is fixed, clear the group "
    f"`{names.GROUP_MAIL}` in the UI."
)


class Run(Protocol):
    """What Airflow knows of a run."""

    partition_key: str | None
    conf: dict[str, Any] | None
    run_after: datetime
    start_date: datetime | None


def watch(
    day: BusinessDay, states_of: Callable[..., Mapping[str, States]], run_of: Callable[[str, str], Run]
) -> str:
    """Tell people, by mail and in the chat, when the report of `day` has not been mailed; returns why not, or
    nothing. `states_of` is Airflow's `get_task_states`: the states by run id. `run_of` gives a run by DAG and
    id.

    Raises:
        PipelineError: the warehouse cannot be asked, or the mail not be sent.
    """
    if not mail.recipients(names.VARIABLE_REPORT_RECIPIENTS):
        return f"the Variable {names.VARIABLE_REPORT_RECIPIENTS} is empty: nobody waits for a report"
    delivered = [row["sent_at"] for row in delivery_log.deliveries(day.date) if row["state"] == "sent"]
    if delivered:
        log.info("the report of %s was mailed at %s", day, max(delivered))
        return ""
    runs = states_of(names.DAG_DAILY, task_ids=[names.TASK_SEND])
    run_id = latest_run(runs, day, lambda run_id: run_of(names.DAG_DAILY, run_id))
    states = states_of(names.DAG_DAILY, run_ids=[run_id])[run_id] if run_id else {}
    texts = mail_texts(day, run_id, states)
    log.warning("the report of %s has not been mailed: %s (run %s)", day, texts["problem"], texts["run_id"])
    message = mail.compose(f"No sales report for {day}", "watch_mail", texts)
    return notify.send_alert(message, notify.unique_name("watch"))


def latest_run(run_ids: Iterable[str], day: BusinessDay, run_of: Callable[[str], Run]) -> str:
    """The id of the run of `day` that began last, or is yet to begin; empty where there is none."""
    # Years of scheduled runs need not be asked for one by one: their ids name their key.
    asked = (each for each in run_ids if not each.startswith(OF_AIRFLOW) or str(day) in each.split("__"))
    of_day = {run_id: run for run_id in asked if _is_of(day, run := run_of(run_id))}
    return max(of_day, key=lambda run_id: _beginning(of_day[run_id]), default="")


def _is_of(day: BusinessDay, run: Run) -> bool:
    try:
        return business_day({"dag_run": run, "params": run.conf}) == day
    except ConfigurationError:  # every task of such a run refuses it
        return False


def _beginning(run: Run) -> tuple[bool, datetime]:
    """By which runs are in order of time; those that have not begun come last."""
    return run.start_date is None, run.start_date or run.run_after


def mail_texts(day: BusinessDay, run_id: str, states: States) -> dict[str, Any]:
    """The mail's texts about the run `run_id` (empty: the day has none), whose tasks have `states`. It lists
    the red tasks, or else those under way, and links the run, or else all runs of the DAG."""
    if states.get(names.TASK_GATE) == "success":  # the run went on without the sources that failed
        states = {task: state for task, state in states.items() if _group(task) != names.GROUP_EXTRACT}
    tasks = sorted(states, key=lambda task: (names.DAILY_GROUPS.index(_group(task)), task))
    red = [task for task in tasks if states[task] == "failed"]
    unended = [task for task in tasks if states[task] not in names.ENDED]
    listed = red or [task for task in unended if states[task]] or unended[:1]
    problem = ", ".join(f"{task} ({states[task] or 'not begun'})" for task in listed)
    commands: list[str] = []
    if not run_id:
        problem, advice = f"there is no run of {names.DAG_DAILY} for {day}", NO_RUN
        commands = [f"make backfill FROM={day} TO={day} MAIL=1"]
    elif red:
        commands = [f"make repair DAY={day}"]
        advice = "The last line of the log names the cause. Fix it, then:"
    elif unended:
        problem, advice = f"the run is still under way: {problem}", WAIT
    else:
        problem, advice = "the run has ended without a failure and without mailing it", NOT_MAILED
    url = mail.airflow_url()
    return {
        "day": str(day),
        "problem": problem,
        "run_id": run_id or "none",
        "run_url": f"{url}/dags/{names.DAG_DAILY}/runs/{quote(run_id)}".rstrip("/") if url else "",
        "advice": advice,
        "commands": commands,
    }


def _group(task: str) -> str:
    return task.partition(".")[0]
