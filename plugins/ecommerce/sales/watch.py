"""The watch: is yesterday's report mailed, and if not, which task of which run is at fault?

Whether it is mailed stands in the warehouse (`report_deliveries`), whoever sent it. What the tasks of the
daily run are doing comes from Airflow's task API, which tells states by run id, and a run's id holds its
partition key. A run that was given its day as a param has none there: it counts for the day before it began.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import make_msgid
from typing import Any
from urllib.parse import quote

from ecommerce.core.business_day import BusinessDay, business_day, newest_closed_day
from ecommerce.mail import transport as mail
from ecommerce.mail.alerts import RECIPIENTS
from ecommerce.sales.delivery import RECIPIENTS as READERS
from ecommerce.sources import SOURCES

log = logging.getLogger(__name__)

DAILY_DAG = "daily_sales_pipeline"
LAST_TASK = "mail.mark"
GROUPS = ("extract", "transform", "load", "report", "mail")
GATE, CLAIM = "extract.sources_ready", "mail.claim"
UNDER_WAY = {"scheduled", "queued", "running", "up_for_retry", "up_for_reschedule", "deferred", "restarting"}
_RUN_ID = re.compile(r"[a-z_]+?__(?P<after>[^_]+)(?:__(?P<key>\d{4}-\d\d-\d\d))?(?:__[^_]+)?")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a report is not there.

    `tasks` are the ids of those at fault, the first in the pipeline first; `run_id` is empty without a run.
    """

    run_id: str
    tasks: list[str]
    problem: str
    advice: str
    commands: Sequence[str] = ()


def watch(context: Mapping[str, Any]) -> None:
    """Mail `alert_recipients` when the report of the run's day has not been mailed.

    Raises:
        AirflowSkipException: nobody is to get the report, or nobody to be told.
        PipelineError: the warehouse cannot be asked, or the mail not be sent.
    """
    from airflow.sdk.exceptions import AirflowSkipException

    from ecommerce.warehouse import reads as audit

    day = business_day(context)
    if not mail.recipients(READERS):
        raise AirflowSkipException(f"the Variable {READERS} is empty: nobody waits for a report")
    delivered = [row["sent_at"] for row in audit.deliveries(day.date) if row["state"] == "sent"]
    if delivered:
        log.info("the report of %s was mailed at %s", day, max(delivered))
        return
    fault = find_fault(context["ti"], day)
    log.warning("the report of %s has not been mailed: %s", day, fault)
    if not (to := mail.recipients(RECIPIENTS)):
        raise AirflowSkipException(f"the Variable {RECIPIENTS} is empty: nobody is told")
    message = mail.compose(f"No sales report for {day}", "watch_mail", mail_texts(day, fault))
    message["Message-ID"] = make_msgid("watch", domain=mail.sender().rpartition("@")[2])
    mail.send(message, to)


def find_fault(ti: Any, day: BusinessDay) -> Fault:
    """What keeps the report of `day`, from the states of the tasks of its latest run; `ti` is Airflow's."""
    every_run = ti.get_task_states(dag_id=DAILY_DAG, task_ids=[LAST_TASK])
    run_id = latest_run(every_run, day)
    if run_id is None:
        return Fault(
            run_id="",
            tasks=[],
            problem=f"there is no run of {DAILY_DAG} for {day}",
            advice="At six the scheduler was down or the DAG paused. Start it, unpause the DAG, run the day:",
            commands=[f"make backfill FROM={day} TO={day} MAIL=1"],
        )
    return diagnose(run_id, ti.get_task_states(dag_id=DAILY_DAG, run_ids=[run_id])[run_id], day)


def latest_run(run_ids: Iterable[str], day: BusinessDay) -> str | None:
    """The id of the run of `day` that began last; None where there is none."""
    found = []
    for run_id in run_ids:
        parts = _RUN_ID.fullmatch(run_id)
        after = _instant(parts["after"]) if parts else None
        if parts and after and (parts["key"] or str(newest_closed_day(after, day.timezone))) == str(day):
            found.append((after, run_id))
    return max(found)[1] if found else None


def diagnose(run_id: str, states: Mapping[str, str | None], day: BusinessDay) -> Fault:
    """What the states of one run's tasks (by id, mapped ones with `_<index>`) say."""
    failed = _in_order(task for task, state in states.items() if state == "failed")
    extracts = [task for task in failed if task.rpartition(".")[2] in SOURCES]
    if states.get(GATE) == "success":  # the run went on without those
        failed = [task for task in failed if task not in extracts]
    elif extracts:  # the gate fails because of them
        failed = extracts
    if failed:
        return Fault(run_id, failed, _listed(failed, states), *_remedy(failed, day))
    if waiting := _in_order(task for task, state in states.items() if state in UNDER_WAY):
        return Fault(
            run_id,
            waiting,
            f"the run is still under way: {_listed(waiting, states)}",
            "A task that is slow, or waits to be tried again, needs time; its log says which. One that stays "
            "queued waits for a worker.",
        )
    if states.get(CLAIM) == "skipped":
        return Fault(
            run_id,
            [CLAIM],
            f"{CLAIM} decided not to mail it; the last line of its log says why",
            "When that reason is gone, clear the task with downstream in the UI.",
        )
    return Fault(
        run_id,
        _in_order(task for task, state in states.items() if state != "success")[:1],
        "the run has neither failed nor mailed the report",
        "If it has not begun, the scheduler is down, or the DAG is paused or at its limit of runs. Otherwise "
        "clear the group `mail` in the UI.",
    )


def _remedy(failed: list[str], day: BusinessDay) -> tuple[str, list[str]]:
    """Advice and commands for the failed tasks: one for each source."""
    cause = "The last line of the log names the cause. Mend it, then"
    sources = [task.rpartition(".")[2] for task in failed if task.rpartition(".")[2] in SOURCES]
    if sources:
        return f"{cause}:", [f"make repair DAY={day} SOURCE={source}" for source in sources]
    if failed[0].startswith("report."):
        return f"{cause}:", [f"make report DAY={day}"]
    return f"{cause} clear the task with downstream in the UI.", []


def mail_texts(day: BusinessDay, fault: Fault) -> dict[str, Any]:
    """What the mail says."""
    from airflow.sdk.configuration import conf

    base = (conf.get("api", "base_url", fallback="") or "").rstrip("/")
    run_url = f"{base}/dags/{DAILY_DAG}/runs/{quote(fault.run_id)}" if base and fault.run_id else ""
    return {
        "day": str(day),
        "problem": fault.problem,
        "run_id": fault.run_id or "none",
        "run_url": run_url,
        "advice": fault.advice,
        "commands": fault.commands,
    }


def _in_order(tasks: Iterable[str]) -> list[str]:
    """In the order in which the pipeline's groups run."""
    return sorted(tasks, key=lambda task: (GROUPS.index(task.partition(".")[0]), task))


def _listed(tasks: Iterable[str], states: Mapping[str, str | None]) -> str:
    return ", ".join(f"{task} ({states[task]})" for task in tasks)


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # an id that somebody gave
        return None
