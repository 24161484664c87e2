"""`make report`: build the report of a day, a week or a month again, and mail it on request.

The day's is built by clearing the task of its newest run; that of a week or a month by a new run of its DAG.
"""

from datetime import date
from urllib.parse import quote

import click

from ecommerce.cli.airflow_api import AirflowApi, tasks_path
from ecommerce.cli.repair import mail_option, newest_run, run_again, wait_option
from ecommerce.cli.terminal import day_option, progress, show
from ecommerce.cli.watching import wait_for_runs
from ecommerce.core.business_day import closed_day
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import (
    DAG_MONTH,
    DAG_WEEK,
    TASK_CHECKS,
    TASK_PERIOD_REPORT,
    TASK_REPORT,
)
from ecommerce.core.periods import Period, period_in

DAGS = {"week": DAG_WEEK, "month": DAG_MONTH}
"""The DAG of each kind of period; its param of that name has the period."""


@click.command()
@day_option("--day", required=False)
@click.option("--week", metavar="YYYY-Www", help="a week, from Monday to Sunday")
@click.option("--month", metavar="YYYY-MM")
@click.option("--subscription", help="only the report of this subscription")
@mail_option
@wait_option
def report(
    day: date | None,
    week: str | None,
    month: str | None,
    subscription: str | None,
    *,
    mail: bool,
    wait: bool,
) -> int:
    """Build the report of a day, a week or a month again from the warehouse.

    The exit code is 0 only if the run succeeded.
    """
    if [day, week, month].count(None) != 2:
        raise click.UsageError("give one of DAY, WEEK and MONTH")
    if not day:
        period = period_in("week", week) if week else period_in("month", str(month))
        return _build_period(period, subscription, mail=mail, wait=wait)
    if subscription:
        raise click.UsageError("SUBSCRIPTION is of a WEEK or a MONTH")
    api = AirflowApi.from_environment()
    run_id = newest_run(api, day)["dag_run_id"]
    checks = api.get(f"{tasks_path(run_id)}/{TASK_CHECKS}")
    if checks["state"] != "success":
        raise PipelineError(
            f"the newest run of {day}, {run_id}, has not loaded the day. If it is in progress, it will build "
            f"the report itself; if not, see its failed task in {api.url}, then make repair DAY={day}"
        )
    return run_again(api, day, run_id, [TASK_REPORT], mail=mail, wait=wait)


def _build_period(
    period: Period, subscription: str | None, *, mail: bool, wait: bool
) -> int:
    api = AirflowApi.from_environment()
    closed_day(period.last, api.timezone())
    dag_id = DAGS[period.kind]
    api.require_unpaused(dag_id)
    conf = {period.kind: str(period), "subscription": subscription, "send_mail": mail}
    request = {"logical_date": None, "conf": conf}
    run_id = api.post(f"dags/{dag_id}/dagRuns", request)["dag_run_id"]
    url = f"{api.url}/dags/{dag_id}/runs/{quote(run_id)}"
    progress(f"building the report of {period}: {url}")
    if not wait:
        return 0
    states = wait_for_runs(
        api, dag_id, {run_id: str(period)}, run_id_prefix_pattern=run_id
    )
    if states[str(period)] != "success":
        show(f"The run of {period} failed: see {url}")
        return 1
    show(f"The run of {period} succeeded")
    task = f"{tasks_path(run_id, dag_id)}/{TASK_PERIOD_REPORT}"
    # The whole shop's is the first one.
    [uri, *_] = api.get(
        f"{task}/xcomEntries/return_value", deserialize=False, stringify=False
    )["value"]
    show(f"The report: {uri}/report.pdf")
    return 0
