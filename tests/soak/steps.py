"""What each kind of step does. A step returns one line for the log, or raises: then it had no effect."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeVar

import psutil
import psycopg
from psycopg import sql

from demo import processes
from demo.airflow_services import PASSWORD, USER
from demo.environment import DATABASE
from demo.layout import REPOSITORY
from demo.ledger import SALES_DB, STOREFRONT, Order, PartnerFile, Snapshot
from demo.seeders.sales_db import READER
from ecommerce.cli.backfill import Range, start
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import (
    DAG_CATALOGUE,
    DAG_DAILY,
    DAG_EVENTS,
    DAG_RECONCILIATION,
    DAG_SYNC,
    DAG_WATCH,
)
from tests.integration.corrections import plain_orders
from tests.soak.company import PROXIED, SoakAirflow, SoakCompany, kill, kill_process
from tests.soak.plan import Step

SYSTEMS = (
    "bigquery",
    "sales_db",
    "storefront",
    "exchange_rates",
    "web_events",
    "catalogue",
    "mail",
)
DAGS = (DAG_DAILY, DAG_EVENTS, DAG_CATALOGUE, DAG_SYNC, DAG_RECONCILIATION, DAG_WATCH)

T = TypeVar("T")


class NothingThere(Exception):
    """There is no such target now."""


class Stage:
    """What steps act on.

    Attributes:
        stopped: whether the adversary has ended, so that a step that lasts ends early.
    """

    def __init__(self, company: SoakCompany, airflow: SoakAirflow) -> None:
        self.company, self.airflow = company, airflow
        self.stopped = False

    @property
    def days(self) -> list[date]:
        """The company's business days that have ended, the newest last."""
        newest, first = self.company.newest.date, self.company.first_day
        return [
            first + timedelta(days=number)
            for number in range((newest - first).days + 1)
        ]

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the adversary has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.stopped:
            time.sleep(0.2)

    def patch(self, path: str, body: dict[str, Any]) -> None:
        """Change something in Airflow as soon as it is up; when the adversary has ended, all is restored."""
        while not self.stopped:
            with suppress(PipelineError):
                self.airflow.api().request("PATCH", path, json=body)
                return
            self.wait(2)

    def run(self, dag_id: str, day: date | None = None, **conf: Any) -> str:
        """Trigger a run; its id."""
        request = {
            "logical_date": None,
            "partition_key": day and str(day),
            "conf": conf,
        }
        run: dict[str, Any] = self.airflow.api().post(f"dags/{dag_id}/dagRuns", request)
        return f"{dag_id} {run['dag_run_id']}"


def pick(choices: Sequence[T], target: float) -> T:
    """Return the choice at `target`, from 0 to 1."""
    if not choices:
        raise NothingThere
    return choices[int(target * len(choices))]


def daily(stage: Stage, step: Step) -> str:
    """Run a day: every other time the newest, every fourth with the request to mail it."""
    day = stage.days[-1] if step.extent < 0.5 else pick(stage.days, step.target)
    return stage.run(
        DAG_DAILY, day, **({"send_mail": True} if step.extent % 0.5 < 0.25 else {})
    )


def events(stage: Stage, step: Step) -> str:
    """Run the web events of a day."""
    return stage.run(
        DAG_EVENTS,
        stage.days[-1] if step.extent < 0.5 else pick(stage.days, step.target),
    )


def start_twice(stage: Stage, step: Step) -> str:
    """Start a day twice in the same moment."""
    dag_id = pick((DAG_DAILY, DAG_EVENTS), step.extent)
    day = pick(stage.days, step.target)
    return ", ".join(stage.run(dag_id, day) for _ in range(2))


def backfill(stage: Stage, step: Step) -> str:
    """Start a backfill of two or more days."""
    first = int(step.target * (len(stage.days) - 2))
    span = Range(
        stage.days[first],
        stage.days[first + 1 + int(step.extent * (len(stage.days) - first - 2))],
        pick((DAG_DAILY, DAG_EVENTS), step.extent),
        again=step.target % 0.2 < 0.1,
    )
    started = start(stage.airflow.api(), span, jobs=2)
    return f"{span.dag_id} {', '.join(sorted(started.runs)) if started else 'nothing to do'}"


def command(stage: Stage, name: str, day: date, *options: str) -> str:
    """Run a command of `make`, as people do; its output."""
    airflow = {
        "AIRFLOW_URL": stage.airflow.url,
        "AIRFLOW_USERNAME": USER,
        "AIRFLOW_PASSWORD": PASSWORD,
    }
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ecommerce.cli",
            name,
            f"--day={day}",
            "--no-wait",
            *options,
        ],
        cwd=REPOSITORY,
        env=os.environ | airflow | {"PYTHONPATH": "plugins"},
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{day}: {' '.join((done.stdout + done.stderr).split())[:160]}"


def kill_task(stage: Stage, step: Step) -> str:
    """Kill the process of a running task."""
    task = await_task(stage, step)
    kill_process(task)
    return f"process {task.pid}"


def kill_worker(stage: Stage, step: Step) -> str:
    """Kill a task's worker, which would report its end, and the task."""
    task = await_task(stage, step)
    for process in (worker := task.parent() or task, task):
        kill_process(process)
    return f"processes {worker.pid} and {task.pid}"


def freeze_task(stage: Stage, step: Step) -> str:
    """Stop a task and its worker for up to a minute, as a paused machine does: after half a minute the
    scheduler starts another attempt, and then the first continues."""
    task = await_task(stage, step)
    return freeze(stage, [task.parent() or task, task], 20 + 40 * step.extent)


def freeze_system(stage: Stage, step: Step) -> str:
    """Stop a system for up to half a minute: it accepts connections, and answers late."""
    name = pick(SYSTEMS, step.target)
    process = processes.running(stage.company.folders.processes, name)
    if not process:
        raise NothingThere
    return f"{name}: {freeze(stage, [process, *process.children(recursive=True)], 30 * step.extent)}"


def freeze(stage: Stage, frozen: Sequence[psutil.Process], seconds: float) -> str:
    """Stop processes (SIGSTOP) and let them continue after `seconds`."""
    for signal in (psutil.Process.suspend, psutil.Process.resume):
        for process in frozen:
            with suppress(psutil.NoSuchProcess):
                signal(process)
        if signal is psutil.Process.suspend:
            stage.wait(seconds)
    return f"{len(frozen)} processes for {seconds:.0f} s"


def await_task(stage: Stage, step: Step) -> psutil.Process:
    """Return a running task, the first that begins within 20 seconds where there is none."""
    for _ in range(100):
        if tasks := stage.airflow.tasks():
            return pick(tasks, step.target)
        stage.wait(0.2)
    raise NothingThere


def fill_disk(stage: Stage, step: Step) -> str:
    """Let all tasks of some seconds fail to write to any file, as on a full disk."""
    full: set[int] = set()
    deadline = time.monotonic() + 5 + 10 * step.extent
    while time.monotonic() < deadline and not stage.stopped:
        for task in stage.airflow.tasks():
            with suppress(psutil.NoSuchProcess):
                task.rlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
                full.add(task.pid)
        time.sleep(0.05)
    return f"{len(full)} tasks could write no file beyond 500 bytes"


def cut(stage: Stage, step: Step) -> str:
    """Cut the connections with a system as soon as there is one, and refuse others for some seconds."""
    name = pick(PROXIED, step.target)
    seconds, proxy = 1 + 9 * step.extent, stage.airflow.proxies[name]
    for _ in range(300):
        if proxy.connections or stage.stopped:
            break
        time.sleep(0.05)
    return f"{name}: {proxy.cut(seconds)} connections, {seconds:.0f} s"


def pause(stage: Stage, step: Step) -> str:
    """Pause a DAG for up to 40 seconds."""
    dag_id = pick(DAGS, step.target)
    stage.airflow.api().request("PATCH", f"dags/{dag_id}", json={"is_paused": True})
    stage.wait(40 * step.extent)
    stage.patch(f"dags/{dag_id}", {"is_paused": False})
    return f"{dag_id} for {40 * step.extent:.0f} s"


def clear(stage: Stage, step: Step) -> str:
    """Clear a random task of a recent run with everything downstream."""
    api = stage.airflow.api()
    recent = api.get(
        "dags/~/dagRuns/~/taskInstances", order_by="-start_date", limit=60
    )["task_instances"]
    task = pick([each for each in recent if each["dag_id"] in DAGS], step.target)
    cleared = api.clear(task["dag_run_id"], [task["task_id"]], task["dag_id"])
    return f"{task['dag_id']} {task['dag_run_id']}: {', '.join(cleared)}"


def move_clock(stage: Stage, step: Step) -> str:
    """Let the sales database's clock be up to ten minutes wrong for a while; its reads overlap by thirty."""
    stage.company.skew = timedelta(minutes=20 * step.extent - 10)
    stage.wait(60 * step.target)
    wrong, stage.company.skew = stage.company.skew, timedelta(0)
    return f"{wrong.total_seconds():.0f} s for {60 * step.target:.0f} s"


def rotate_password(stage: Stage, step: Step) -> str:
    """Change the password in the sales database, and after some seconds in the connection."""
    password = f"rotated-{step.target}"
    with psycopg.connect(stage.company.postgres.dsn(DATABASE)) as database:
        database.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(READER), password
            )
        )
    stage.company.password = password
    stage.wait(10 * step.extent)
    stage.patch("connections/sales_db", stage.airflow.connection(password))
    return f"{10 * step.extent:.0f} s without a valid password"


def edit(stage: Stage, step: Step) -> str:
    """Change an order's coupon and quantity in its source, with a new modification date."""
    channel, at = SALES_DB if step.extent < 0.5 else STOREFRONT, stage.company.now()
    order = pick(plain_orders(stage.company.snapshot(), channel), step.target)

    def fixed(each: Order) -> Order:
        changed_at = max(each.updated_at, at)
        return replace(
            one_more(each), coupon_code=f"FIX{step.target}", updated_at=changed_at
        )

    return show(stage, lambda snapshot: with_order(snapshot, order, fixed), order)


def edit_silently(stage: Stage, step: Step) -> str:
    """Change an order's quantity in the sales database, without a new modification date."""
    order = pick(comparable(stage, SALES_DB), step.target)
    return show(stage, lambda snapshot: with_order(snapshot, order, one_more), order)


def delete(stage: Stage, step: Step) -> str:
    """Delete an order in its source for good."""
    order = pick(
        comparable(stage, SALES_DB if step.extent < 0.5 else STOREFRONT), step.target
    )
    return show(
        stage, lambda snapshot: with_order(snapshot, order, lambda _: None), order
    )


def redeliver(stage: Stage, step: Step) -> str:
    """Let a partner deliver the files that contain an order again, without it."""
    files, at = stage.company.snapshot().files, stage.company.now()
    order = pick(
        pick([file for file in files if len(file.orders) > 2], step.target).orders,
        step.extent,
    )

    def delivered(file: PartnerFile) -> PartnerFile:
        orders = tuple(each for each in file.orders if each.order_id != order.order_id)
        if len(orders) == len(file.orders):
            return file
        repeated = tuple(row for row in file.repeated if row[0] != order.order_id)
        return replace(
            file,
            orders=orders,
            repeated=repeated,
            received_at=max(at, file.received_at),
        )

    def edited(snapshot: Snapshot) -> Snapshot:
        rest = with_order(snapshot, order, lambda _: None)
        return replace(rest, files=tuple(map(delivered, snapshot.files)))

    return show(stage, edited, order)


def comparable(stage: Stage, channel: str) -> list[Order]:
    """Return plain orders that the reconciliation compares: those of days that have ended."""
    orders = plain_orders(stage.company.snapshot(), channel)
    return [order for order in orders if order.ordered_at < stage.company.newest.end]


def one_more(order: Order) -> Order:
    """Return an order with one piece more."""
    first, *others = order.lines
    more = replace(
        first, quantity=first.quantity + 1, gross=first.gross + first.unit_price
    )
    return replace(order, lines=(more, *others))


def with_order(
    snapshot: Snapshot, order: Order, change: Callable[[Order], Order | None]
) -> Snapshot:
    """Return the snapshot with another version of an order; without it and its refunds for None."""
    key = order.channel, order.order_id
    changed = (
        change(each) if (each.channel, each.order_id) == key else each
        for each in snapshot.orders
    )
    orders = tuple(each for each in changed if each)
    refunds = snapshot.refunds
    if len(orders) < len(snapshot.orders):
        refunds = tuple(
            each for each in refunds if (each.channel, each.order_id) != key
        )
    return replace(snapshot, orders=orders, refunds=refunds)


def show(stage: Stage, change: Callable[[Snapshot], Snapshot], order: Order) -> str:
    """Let all systems show a change from now on; return the order's name."""
    stage.company.edits.append(change)
    with suppress(
        psycopg.OperationalError
    ):  # the database is down: the next update shows the change
        stage.company.show()
    return f"{order.channel} {order.order_id}"


def killer(name: str, *, airflow: bool = False) -> Callable[[Stage, Step], str]:
    """Return a step that kills a system or a component of Airflow; the scheduler at times alone."""

    def killed(stage: Stage, step: Step) -> str:
        alone = name == "scheduler" and step.target < 0.4
        recorded = f"airflow-{name}" if airflow else name
        of = stage.airflow if airflow else stage.company
        return kill(of, recorded, 2 + 13 * step.extent, alone=alone)

    return killed


STEPS: dict[str, tuple[int, Callable[[Stage, Step], str]]] = {
    # What schedules and people do.
    "daily": (50, daily),
    "events": (30, events),
    "catalogue": (12, lambda stage, _: stage.run(DAG_CATALOGUE)),
    "sync": (30, lambda stage, _: stage.run(DAG_SYNC)),
    "reconciliation": (8, lambda stage, _: stage.run(DAG_RECONCILIATION)),
    "backfill": (15, backfill),
    "repair": (
        30,
        lambda stage, step: command(stage, "repair", pick(stage.days, step.target)),
    ),
    "rebuild": (
        8,
        lambda stage, step: command(
            stage, "report", pick(stage.days, step.target), "--mail"
        ),
    ),
    # What goes wrong in operation.
    "start twice": (12, start_twice),
    "clear": (30, clear),
    "pause": (10, pause),
    "kill task": (60, kill_task),
    "kill worker": (20, kill_worker),
    "freeze task": (20, freeze_task),
    "freeze system": (15, freeze_system),
    "kill scheduler": (8, killer("scheduler", airflow=True)),
    "kill api-server": (6, killer("api-server", airflow=True)),
    "kill dag-processor": (4, killer("dag-processor", airflow=True)),
    "kill bigquery": (10, killer("bigquery")),
    "kill sales_db": (10, killer("sales_db")),
    "kill storefront": (8, killer("storefront")),
    "kill exchange_rates": (6, killer("exchange_rates")),
    "kill web_events": (8, killer("web_events")),
    "kill catalogue": (4, killer("catalogue")),
    "kill mail": (8, killer("mail")),
    "cut": (60, cut),
    "fill disk": (15, fill_disk),
    "move clock": (12, move_clock),
    "rotate password": (8, rotate_password),
    # What happens to the data.
    "edit": (30, edit),
    "edit silently": (12, edit_silently),
    "delete": (12, delete),
    "redeliver": (12, redeliver),
}
"""How often each kind of step occurs in an hour, and what it does."""
PER_HOUR = {kind: rate for kind, (rate, _) in STEPS.items()}


def carry_out(stage: Stage, step: Step) -> str:
    """Carry out a step and return its line for the log."""
    try:
        return STEPS[step.kind][1](stage, step)
    except (NothingThere, psutil.NoSuchProcess):
        return "nothing there"
    except (PipelineError, psycopg.OperationalError, OSError) as error:
        return f"not carried out: {' '.join(str(error).split())[:160]}"
