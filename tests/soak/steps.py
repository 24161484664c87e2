"""What each kind of step does. A step returns one line for the log, or raises: then it had no effect."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import psutil
import psycopg

from demo.airflow_services import PASSWORD, USER
from demo.layout import REPOSITORY
from demo.ledger import SALES_DB, STOREFRONT
from ecommerce.cli.backfill import start_backfill
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


def repair_day(stage, day):
    """Run `make repair` for a day; its output."""
    airflow = {
        "AIRFLOW_URL": stage.airflow.url,
        "AIRFLOW_USERNAME": USER,
        "AIRFLOW_PASSWORD": PASSWORD,
    }
    done = subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", "repair", f"--day={day}", "--no-wait"],
        cwd=REPOSITORY,
        env=os.environ | airflow | {"PYTHONPATH": "plugins"},
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{day}: {' '.join((done.stdout + done.stderr).split())[:160]}"


def repair(stage, step):
    """Repair a day."""
    return repair_day(stage, pick(stage.days, step.target))


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
    channel = SALES_DB if step.extent < 0.5 else STOREFRONT
    order = pick(plain_orders(stage.company.snapshot(), channel), step.target)
    now = stage.company.now()

    def edited(order):
        at = max(order.updated_at, now)
        coupon = f"FIX{step.target}"
        return replace(one_more(order), coupon_code=coupon, updated_at=at)

    return show(stage, order, edited)


def delete(stage, step):
    """Delete an order in its source for good."""
    channel = SALES_DB if step.extent < 0.5 else STOREFRONT
    return show(stage, ended_order(stage, channel, step.target), lambda _: None)


def ended_order(stage, channel, target):
    """Return a plain order that the reconciliation compares: one of a day that has ended."""
    end = stage.company.newest.end
    orders = plain_orders(stage.company.snapshot(), channel)
    return pick([order for order in orders if order.ordered_at < end], target)


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


def kill_system(name):
    """Return a step that kills a system of the company for some seconds."""
    return lambda stage, step: kill(stage.company, name, 2 + 13 * step.extent)


def kill_component(name):
    """Return a step that kills a component of Airflow for some seconds; the scheduler at times alone."""

    def killed(stage, step):
        alone = name == "scheduler" and step.target < 0.4
        seconds = 2 + 13 * step.extent
        return kill(stage.airflow, f"airflow-{name}", seconds, alone=alone)

    return killed


STEPS = {
    # What schedules and people do.
    "daily": (80, run_day),
    "sync": (30, lambda stage, _: stage.run(DAG_SYNC)),
    "reconciliation": (8, lambda stage, _: stage.run(DAG_RECONCILIATION)),
    "backfill": (15, backfill),
    "repair": (30, repair),
    # What goes wrong in operation.
    "kill task": (80, kill_task),
    "kill scheduler": (8, kill_component("scheduler")),
    "kill api-server": (6, kill_component("api-server")),
    "kill dag-processor": (4, kill_component("dag-processor")),
    "kill bigquery": (10, kill_system("bigquery")),
    "kill sales_db": (10, kill_system("sales_db")),
    "kill storefront": (8, kill_system("storefront")),
    "kill exchange_rates": (6, kill_system("exchange_rates")),
    "kill mail": (8, kill_system("mail")),
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
