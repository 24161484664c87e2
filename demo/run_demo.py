"""`make demo` and `make stop`: several business days of the demo company through the real scheduler.

start   company and Airflow; a backfill of four days, mailed; then a refund is booked late and a file comes
        late for a day already mailed; then the newest closed day; figures and addresses
stop    Airflow and the company; their data stay below .demo (remove that folder to begin afresh)
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from demo.airflow_services import PASSWORD, USER, AirflowServices
from demo.company import Company
from demo.environment import TIMEZONE
from demo.layout import REPOSITORY, Folders, Ports, PortTaken
from demo.services.emulator import PROJECT

sys.path.insert(0, str(REPOSITORY / "plugins"))

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.backfill import FINISHED, backfill, plan
from ecommerce.core.errors import PipelineError, TransientError
from ecommerce.core.names import DAG_DAILY

_BACKFILLED_DAYS = 4
_PAUSE = 2.0
_QUIET = 10.0


class DemoFailed(Exception):
    """The demo cannot go on; the text is one sentence that says where to look."""


def main(arguments: list[str]) -> int:
    """Run one command; the exit code."""
    if arguments not in (["start"], ["stop"]):
        print(__doc__)
        return 2
    for name in ("NO_PROXY", "no_proxy"):  # everything here is on this machine
        os.environ[name] = f"localhost,127.0.0.1,{os.environ.get(name, '')}"
    ports, folders = Ports.chosen(), Folders.chosen()
    company, airflow = Company(ports, folders), AirflowServices(ports, folders, TIMEZONE)
    if arguments == ["stop"]:
        with ThreadPoolExecutor(2) as both:
            stopped = [both.submit(airflow.stop), both.submit(company.stop)]
        names = [name for one in stopped for name in one.result()]
        print(f"Stopped: {', '.join(names) or 'nothing was running'}")
        return 0
    try:
        _demo(company, airflow)
    except (DemoFailed, PortTaken, PipelineError, RuntimeError, TimeoutError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; what was started still runs: make stop", file=sys.stderr)
        return 130
    return 0


def _demo(company: Company, airflow: AirflowServices) -> None:
    began = time.monotonic()
    company.check_ports()
    airflow.check_ports()
    _say("Starting the demo company and Airflow …")
    with ThreadPoolExecutor(2) as both:
        for started in (both.submit(company.start), both.submit(airflow.start)):
            started.result()
    airflow.wait()
    api = _sign_in(airflow)
    _wait_for_dag(api)
    api.patch(f"dags/{DAG_DAILY}", {"is_paused": False})

    yesterday = company.story.today(datetime.now(UTC)) - timedelta(days=1)
    first, last = yesterday - timedelta(days=_BACKFILLED_DAYS), yesterday - timedelta(days=1)
    if plan(api, first, last, again=False):
        _say(f"Backfilling {first} to {last}, each report mailed …")
        _run_days(api, first, last, again=False, mail=True)

    company.advance(last)
    _say(f"A refund was booked for {last}, whose report is out, and a partner's file for it came late.")
    _say(f"Running {yesterday}, the newest closed day …")
    _wait_for_quiet(api, yesterday)
    _run_days(api, yesterday, yesterday, again=True, mail=False)
    _report(company, airflow, first, yesterday)
    _say(f"That took {(time.monotonic() - began) / 60:.1f} minutes. To stop everything: make stop")


def _sign_in(airflow: AirflowServices) -> AirflowApi:
    # The port is open a moment before the server answers.
    for _ in range(60):
        try:
            return AirflowApi(airflow.url, USER, PASSWORD)
        except TransientError:
            time.sleep(1)
    raise DemoFailed(f"Airflow at {airflow.url} does not answer: see {airflow.folders.logs}")


def _wait_for_dag(api: AirflowApi) -> None:
    for _ in range(60):
        if any(dag["dag_id"] == DAG_DAILY for dag in api.get("dags", dag_id_pattern=DAG_DAILY)["dags"]):
            return
        for broken in api.get("importErrors")["import_errors"]:
            last_line = broken["stack_trace"].strip().splitlines()[-1]
            raise DemoFailed(f"Airflow cannot read {broken['filename']}: {last_line}")
        time.sleep(1)
    raise DemoFailed(f"Airflow did not find {DAG_DAILY} within a minute")


class _Progress:
    """Tells the person waiting how far the runs are: at every day done, and now and then in between."""

    def __init__(self, api: AirflowApi) -> None:
        self._api = api
        self._since = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        self._told: set[str] = set()
        self._days, self._quiet_until = 0, 0.0

    def __call__(self, states: Mapping[str, str]) -> None:
        """`states` of all runs by day."""
        failed = sum(state == "failed" for state in states.values())
        done = sum(state in FINISHED for state in states.values())
        if done > self._days or time.monotonic() > self._quiet_until:
            tasks = self._tasks("success")["total_entries"]
            trouble = f", {failed} failed" if failed else ""
            self._tell(f"  {done} of {len(states)} days done{trouble}; {tasks} tasks succeeded")
            self._days, self._quiet_until = done, time.monotonic() + _QUIET
        for task in self._tasks("up_for_retry")["task_instances"]:
            name = f"{task['task_id']} of {task['dag_run_id']}"
            self._tell(f"  try {task['try_number']} of {name} failed; it will be tried again")

    def _tasks(self, state: str) -> dict[str, Any]:
        path = f"dags/{DAG_DAILY}/dagRuns/~/taskInstances"
        found: dict[str, Any] = self._api.get(path, state=state, start_date_gte=self._since, limit=50)
        return found

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            _say(line)


def _run_days(api: AirflowApi, first: date, last: date, *, again: bool, mail: bool) -> None:
    outcome = backfill(
        api, first, last, jobs=2, mail=mail, again=again, progress=_Progress(api), pause=_PAUSE
    )
    for failed in outcome.failed:
        raise DemoFailed(_explain(api, date.fromisoformat(failed)))


def _wait_for_quiet(api: AirflowApi, day: date) -> None:
    """Until another backfill may be made, and no run of `day` is under way.

    Airflow closes a backfill up to half a minute after its last run; and around six in the morning the
    schedule itself may have begun the newest day.
    """

    def busy() -> bool:
        backfills = api.get("backfills", dag_id=DAG_DAILY)["backfills"]
        unfinished = [run for run in api.runs_of_day(day) if run["state"] not in FINISHED]
        return bool(unfinished) or any(not backfill["completed_at"] for backfill in backfills)

    while busy():
        time.sleep(_PAUSE)


def _explain(api: AirflowApi, day: date) -> str:
    """Which task of the day's newest run is at fault, and where its log is."""
    run_id = api.runs_of_day(day)[0]["dag_run_id"]
    tasks = api.get(f"dags/{DAG_DAILY}/dagRuns/{run_id}/taskInstances", limit=100)["task_instances"]
    failed = [task["task_id"] for task in tasks if task["state"] == "failed"]
    logs = Folders.chosen().home / "airflow" / "logs" / f"dag_id={DAG_DAILY}" / f"run_id={run_id}"
    return f"the run of {day} failed at {' and '.join(failed) or 'no task'}: its log is below {logs}"


def _report(company: Company, airflow: AirflowServices, first: date, last: date) -> None:
    _say("")
    for line in _table(_figures(company.ports, first, last)):
        _say(line)
    pdfs = sorted(company.folders.reports.glob("*/*.pdf"))
    _say("")
    _say(f"Airflow   {airflow.url}   user {USER}, password {PASSWORD}")
    _say(f"Mailbox   http://localhost:{company.ports.mailbox}")
    _say(f"Report    {pdfs[-1] if pdfs else 'none'}")


def _figures(ports: Ports, first: date, last: date) -> list[dict[str, Any]]:
    """The days from `first` to `last` from the warehouse."""
    os.environ["BIGQUERY_EMULATOR_HOST"] = f"http://localhost:{ports.bigquery}"
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    client = bigquery.Client(project=PROJECT, credentials=AnonymousCredentials())
    rows = client.query(
        "SELECT business_date, orders, gross_sales, discounts, returns, net_sales, complete "
        f"FROM sales.daily_summary WHERE business_date BETWEEN '{first}' AND '{last}' ORDER BY business_date"
    ).result()
    return [dict(row.items()) for row in rows]


def _table(days: list[dict[str, Any]]) -> Iterator[str]:
    names = ("gross_sales", "discounts", "returns", "net_sales")
    titles = "".join(f"{name.replace('_', ' '):>12}" for name in names)
    yield f"{'business day':14}{'orders':>8}{titles}  complete (in USD)"
    for day in days:
        amounts = (day[name].quantize(Decimal("0.01"), ROUND_HALF_UP) for name in names)
        cells = "".join(f"{amount:>12,}" for amount in amounts)
        yield f"{day['business_date']!s:14}{day['orders']:>8}{cells}  {'yes' if day['complete'] else 'no'}"


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
