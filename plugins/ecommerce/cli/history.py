"""`make history`: read past months from the live sources, and wait for the end."""

from datetime import UTC, date, datetime
from urllib.parse import quote

import click
from more_itertools import map_reduce

from ecommerce.cli.airflow_api import FINISHED, AirflowApi
from ecommerce.cli.terminal import day_option, progress, require_closed, show
from ecommerce.cli.watching import wait_for_runs
from ecommerce.core.business_day import days_between, newest_closed_day
from ecommerce.core.names import DAG_HISTORY_READ
from ecommerce.core.text import counted

RUNS = f"dags/{DAG_HISTORY_READ}/dagRuns"


@click.command()
@day_option("--from", "first", help="first business day")
@day_option(
    "--to", "last", required=False, help="last business day; default: yesterday"
)
@click.option("--source", help="read this source only, with the exchange rates")
@click.option("--again", is_flag=True, help="also read months that were loaded before")
def history(first: date, last: date | None, *, source: str | None, again: bool) -> int:
    """Read past days from the live sources, month by month, and wait for the end.

    Months that the same command has loaded before are left out, so that it continues where it stopped. The
    exit code is 0 only if no month failed.
    """
    api = AirflowApi.from_environment()
    timezone = api.timezone()
    last = last or newest_closed_day(datetime.now(UTC), timezone).date
    require_closed(first, last, timezone)
    api.require_unpaused(DAG_HISTORY_READ)
    states = {run["dag_run_id"]: run["state"] for run in api.runs(DAG_HISTORY_READ)}
    month_of_run: dict[str, str] = {}
    all_days = map(str, days_between(first, last))
    for month, days in map_reduce(all_days, keyfunc=lambda day: day[:7]).items():
        form = {"first_day": days[0], "last_day": days[-1]}
        if source:
            form["source"] = source
        # By its id, a later command knows what is loaded.
        run_id = "__".join(form.values())
        state = states.get(run_id)
        if state == "success" and not again:
            continue
        month_of_run[run_id] = month
        if state is None:
            api.post(RUNS, {"dag_run_id": run_id, "logical_date": None, "conf": form})
        elif state in FINISHED:
            request = {"dry_run": False, "only_failed": not again}
            api.post(f"{RUNS}/{quote(run_id)}/clear", request)
    if not month_of_run:
        show("nothing to do: every month was loaded before (AGAIN=1 reads them again)")
        return 0
    progress(f"{counted(len(month_of_run), 'month')} to read; {api.url}")
    states = wait_for_runs(api, DAG_HISTORY_READ, month_of_run)
    failed = [month for month, state in states.items() if state == "failed"]
    show(f"{counted(len(states) - len(failed), 'month')} loaded, {len(failed)} failed")
    if failed:
        show(
            f"failed: {', '.join(failed)}: fix the error, then run the same command again; AGAIN=1 reads the "
            "sources again"
        )
    return 1 if failed else 0
