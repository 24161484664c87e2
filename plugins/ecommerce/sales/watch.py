"""The watch: is the day's report mailed, and if not, which tasks of which run are at fault?

Whether it is mailed stands in the warehouse (`report_deliveries`), whoever sent it. Airflow tells tasks the
states of another DAG's tasks by run id, and nothing else of its runs: neither partition key nor params. A run
is of the day when its id has the day as its key, or when it left files for that day in staging.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import make_msgid
from typing import Any
from urllib.parse import quote

from ecommerce.core import staging
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.names import (
    DAG_DAILY,
    DAILY_GROUPS,
    GROUP_MAIL,
    GROUP_REPORT,
    TASK_CLAIM,
    TASK_GATE,
    TASK_MARK,
    VARIABLE_ALERT_RECIPIENTS,
    VARIABLE_REPORT_RECIPIENTS,
)
from ecommerce.mail import transport as mail
from ecommerce.sources import SOURCES

log = logging.getLogger(__name__)

ENDED = {"success", "skipped", "failed", "upstream_failed", "removed"}
States = Mapping[str, str | None]
"""States of one run's tasks by id; a mapped one's id ends in `_<index>`."""
TaskStates = Callable[..., Mapping[str, States]]
"""Airflow's answer, by run id: of the DAG with the given id; of some `task_ids` or `run_ids` where given."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a report is not there: the run (empty: there is none) and its tasks at fault, in order."""

    run_id: str
    tasks: list[str]
    problem: str
    advice: str
    commands: Sequence[str] = ()


def watch(day: BusinessDay, states_of: TaskStates) -> str:
    """Mail `alert_recipients` when the report of `day` has not been mailed; returns why not, or nothing.

    Raises:
        PipelineError: the warehouse cannot be asked, or the mail not be sent.
    """
    from ecommerce.sales import mailings

    if not mail.recipients(VARIABLE_REPORT_RECIPIENTS):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty: nobody waits for a report"
    delivered = [row["sent_at"] for row in mailings.deliveries(day.date) if row["state"] == "sent"]
    if delivered:
        log.info("the report of %s was mailed at %s", day, max(delivered))
        return ""
    fault = find_fault(day, states_of, staging.run_names(DAG_DAILY, day.date))
    log.warning("the report of %s has not been mailed: %s", day, fault)
    if not (to := mail.recipients(VARIABLE_ALERT_RECIPIENTS)):
        return f"the Variable {VARIABLE_ALERT_RECIPIENTS} is empty: nobody is told"
    message = mail.compose(f"No sales report for {day}", "watch_mail", mail_texts(day, fault))
    message["Message-ID"] = make_msgid("watch", domain=mail.sender().rpartition("@")[2])
    mail.send(message, to)
    return ""


def find_fault(day: BusinessDay, states_of: TaskStates, staged: Iterable[str] = ()) -> Fault:
    """What keeps the report of `day`; `staged` are the names of run folders in staging for that day."""
    run_id = latest_run(states_of(DAG_DAILY, task_ids=[TASK_MARK]), day, staged)
    if run_id:
        return diagnose(run_id, states_of(DAG_DAILY, run_ids=[run_id])[run_id], day)
    return Fault(
        run_id="",
        tasks=[],
        problem=f"there is no run of {DAG_DAILY} for {day}",
        advice="At six the scheduler was down or the DAG paused. Start it, unpause the DAG, run the day:",
        commands=[f"make backfill FROM={day} TO={day} MAIL=1"],
    )


def latest_run(run_ids: Iterable[str], day: BusinessDay, staged: Iterable[str] = ()) -> str | None:
    """The id of the run of `day` that began last; None where there is none.

    Ids that Airflow makes are `<kind>__<when>[__<key>][__<random>]`, so their ends are in order of time.
    """
    folders = set(staged)
    of_day = [
        run_id for run_id in run_ids if str(day) in run_id.split("__") or staging.path_safe(run_id) in folders
    ]
    return max(of_day, key=lambda run_id: run_id.partition("__")[2], default=None)


def diagnose(run_id: str, states: States, day: BusinessDay) -> Fault:
    """What the states of one run's tasks say: which have failed, or else which have not ended."""
    if failed := _at_fault(states):
        cause = "The last line of the log names the cause. Mend it, then"
        if commands := _commands(failed, day):
            return Fault(run_id, failed, _listed(failed, states), f"{cause}:", commands)
        advice = f"{cause} clear the task with downstream in the UI."
        return Fault(run_id, failed, _listed(failed, states), advice)
    if unfinished := _in_order(task for task, state in states.items() if state not in ENDED):
        begun = [task for task in unfinished if states[task]] or unfinished[:1]
        return Fault(
            run_id,
            begun,
            f"the run is still under way: {_listed(begun, states)}",
            "A task that is slow, or waits to be tried again, needs time; its log says which. One that stays "
            "queued waits for a worker. If none has begun, the scheduler is down, or the DAG is paused or at "
            "its limit of runs.",
        )
    return Fault(
        run_id,
        [TASK_CLAIM],
        "the run has ended without a failure and without mailing it",
        f"The last line of the log of {TASK_CLAIM} says why. When that reason is gone, clear the group "
        f"`{GROUP_MAIL}` in the UI.",
    )


def mail_texts(day: BusinessDay, fault: Fault) -> dict[str, Any]:
    """What the mail says; it links the run, or all runs of the DAG where there is none of the day."""
    from airflow.sdk.configuration import conf

    base = (conf.get("api", "base_url", fallback="") or "").rstrip("/")
    run = f"/{quote(fault.run_id)}" if fault.run_id else ""
    return {
        "day": str(day),
        "problem": fault.problem,
        "run_id": fault.run_id or "none",
        "run_url": f"{base}/dags/{DAG_DAILY}/runs{run}" if base else "",
        "advice": fault.advice,
        "commands": fault.commands,
    }


def _at_fault(states: States) -> list[str]:
    """The failed tasks, but for sources that the run went on without, and the gate that others let fail."""
    failed = _in_order(task for task, state in states.items() if state == "failed")
    extracts = [task for task in failed if _source(task)]
    if states.get(TASK_GATE) == "success":
        return [task for task in failed if task not in extracts]
    return extracts or failed


def _commands(failed: Sequence[str], day: BusinessDay) -> list[str]:
    """What repairs the failed tasks: one command for each source, or one for the report."""
    if sources := [source for task in failed if (source := _source(task))]:
        return [f"make repair DAY={day} SOURCE={source}" for source in sources]
    return [f"make report DAY={day}"] if failed[0].startswith(f"{GROUP_REPORT}.") else []


def _source(task: str) -> str | None:
    name = task.rpartition(".")[2]
    return name if name in SOURCES else None


def _in_order(tasks: Iterable[str]) -> list[str]:
    return sorted(tasks, key=lambda task: (DAILY_GROUPS.index(task.partition(".")[0]), task))


def _listed(tasks: Iterable[str], states: States) -> str:
    return ", ".join(f"{task} ({states[task] or 'not begun'})" for task in tasks)
