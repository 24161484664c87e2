"""What each kind of step does. A step returns one line for the log, or raises: then it had no effect."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import psutil
import psycopg

from demo.ledger import SALES_DB, STOREFRONT
from ecommerce.cli.backfill import start_backfill
from ecommerce.cli.repair import newest_run, run_again, tasks_to_clear
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import (
    DAG_DAILY,
    DAG_RECONCILIATION,
    DAG_SYNC,
    DAG_WATCH,
)
from tests.integration.corrections import one_more, plain_orders
from tests.soak.company import (
    DAYS,
    kill,
    kill_process,
)

DAGS = (DAG_DAILY, DAG_SYNC, DAG_RECONCILIATION, DAG_WATCH)


@dataclass(frozen=True, order=True)
class Step:
    """A step `at` so many seconds after the start; `target` and `extent`, from 0 to 1, select its target and
    its duration or size."""

    at: float
    kind: str
    target: float
    extent: float


class NothingThere(Exception):
    """There is no such target now."""


class Stage:
    """What steps act on.

    Attributes:
        stopped: whether the adversary has ended, so that a step that lasts ends early.
    """

    def __init__(self, company, airflow):
        self.company, self.airflow = company, airflow
        self.stopped = False

    @property
    def days(self):
        """The company's business days that have ended, the newest last."""
        first = self.company.first_day
        return [first + timedelta(days=number) for number in range(DAYS)]

    def wait(self, seconds):
        """Wait so long, or until the adversary has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.stopped:
            time.sleep(0.2)

    def run(self, dag_id, day=None, **conf):
        """Trigger a run; its id."""
        request = {
            "logical_date": None,
            "partition_key": day and str(day),
            "conf": conf,
        }
        run = self.airflow.api().post(f"dags/{dag_id}/dagRuns", request)
        return f"{dag_id} {run['dag_run_id']}"


def pick(choices, target):
    """Return the choice at `target`, from 0 to 1."""
    if not choices:
        raise NothingThere
    return choices[int(target * len(choices))]


def run_day(stage, step):
    """Run a day: every other time the newest, at times with a mail."""
    day = stage.days[-1] if step.extent < 0.5 else pick(stage.days, step.target)
    return stage.run(DAG_DAILY, day, send_mail=step.extent % 0.5 < 0.25)


def backfill(stage, step):
    """Start a backfill of two or more days."""
    first = int(step.target * (DAYS - 1))
    last = first + 1 + int(step.extent * (DAYS - first - 1))
    again = step.target % 0.2 < 0.1
    api = stage.airflow.api()
    _, days = start_backfill(api, stage.days[first], stage.days[last], again=again)
    return ", ".join(days.values()) or "nothing to do"


def repair(stage, step):
    """Repair a day, as `make repair` does."""
    api = stage.airflow.api()
    day = pick(stage.days, step.target)
    run_id = newest_run(api, day)["dag_run_id"]
    failed = tasks_to_clear(api.instances(run_id), "failed")
    if failed:
        run_again(api, day, run_id, failed, mail=False, wait=False)
    return f"{day}: {', '.join(sorted(failed)) or 'nothing failed'}"


def sync(stage, step):
    """Run the hourly sync."""
    return stage.run(DAG_SYNC)


def reconciliation(stage, step):
    """Run the reconciliation."""
    return stage.run(DAG_RECONCILIATION)


def kill_task(stage, step):
    """Kill the process of a running task; at times first its worker, which would report its end."""
    task = await_task(stage, step)
    worker = task.parent()
    if worker and step.extent < 0.25:
        kill_process(worker)
    kill_process(task)
    return f"process {task.pid}"


def await_task(stage, step):
    """Return a running task, the first that begins within 20 seconds where there is none."""
    for _ in range(100):
        tasks = stage.airflow.tasks()
        if tasks:
            return pick(tasks, step.target)
        stage.wait(0.2)
    raise NothingThere


def edit(stage, step):
    """Change an order's coupon and quantity in its source, with a new modification date."""
    order = pick_order(stage, step)
    now = stage.company.now()

    def edited(order):
        at = max(order.updated_at, now)
        coupon = f"FIX{step.target}"
        return replace(one_more(order), coupon_code=coupon, updated_at=at)

    return show(stage, order, edited)


def delete(stage, step):
    """Delete an order in its source for good."""
    return show(stage, pick_order(stage, step), lambda _: None)


def pick_order(stage, step):
    """Return a plain order that the reconciliation compares: one of a day that has ended."""
    channel = SALES_DB if step.extent < 0.5 else STOREFRONT
    orders = plain_orders(stage.company.snapshot(), channel)
    end = stage.company.newest.end
    return pick([order for order in orders if order.ordered_at < end], step.target)


def show(stage, order, change):
    """Let all systems show a changed order from now on, or none and no refund of it; return its name."""
    key = order.channel, order.order_id

    def edited(snapshot):
        orders = []
        refunds = snapshot.refunds
        for other in snapshot.orders:
            is_meant = (other.channel, other.order_id) == key
            shown = change(other) if is_meant else other
            if shown:
                orders.append(shown)
            else:
                refunds = tuple(r for r in refunds if (r.channel, r.order_id) != key)
        return replace(snapshot, orders=tuple(orders), refunds=refunds)

    stage.company.edits.append(edited)
    with suppress(psycopg.OperationalError):  # the next update shows it
        stage.company.show()
    return f"{order.channel} {order.order_id}"


def kill_system(stage, step):
    """Kill a system of the company for some seconds."""
    name = step.kind.removeprefix("kill ")
    return kill(stage.company, name, 2 + 13 * step.extent)


def kill_component(stage, step):
    """Kill a component of Airflow for some seconds; the scheduler at times without its tasks."""
    name = step.kind.replace("kill ", "airflow-")
    alone = "scheduler" in name and step.target < 0.4
    return kill(stage.airflow, name, 2 + 13 * step.extent, alone=alone)


STEPS = {
    # What schedules and people do.
    "daily": (80, run_day),
    "sync": (30, sync),
    "reconciliation": (8, reconciliation),
    "backfill": (15, backfill),
    "repair": (30, repair),
    # What goes wrong in operation.
    "kill task": (80, kill_task),
    "kill scheduler": (8, kill_component),
    "kill api-server": (6, kill_component),
    "kill dag-processor": (4, kill_component),
    "kill bigquery": (10, kill_system),
    "kill sales_db": (10, kill_system),
    "kill storefront": (8, kill_system),
    "kill exchange_rates": (6, kill_system),
    "kill mail": (8, kill_system),
    # What happens to the data.
    "edit": (30, edit),
    "delete": (12, delete),
}
"""How often each kind of step occurs in an hour, and what it does."""


def plan(seed, minutes):
    """Return the steps of a soak by time; the same for the same seed."""
    rng = random.Random(f"soak {seed} {minutes:g}")
    steps = []
    for kind, (per_hour, _) in STEPS.items():
        count = round(per_hour * minutes / 60)
        for number in range(count):
            at = (number + rng.random()) / count * minutes * 60
            steps.append(Step(at, kind, rng.random(), rng.random()))
    return sorted(steps)


def carry_out(stage, step):
    """Carry out a step and return its line for the log."""
    try:
        return STEPS[step.kind][1](stage, step)
    except (NothingThere, psutil.NoSuchProcess):
        return "nothing there"
    except (PipelineError, psycopg.OperationalError, OSError) as error:
        return f"not carried out: {' '.join(str(error).split())[:160]}"
