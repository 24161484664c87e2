"""The end of the demo: figures of the days, and what to look at."""

from __future__ import annotations

import os
import time
from datetime import date
from typing import Any

from demo.airflow_services import PASSWORD, USER, AirflowServices
from demo.company import Company
from demo.console import echo, format_days
from demo.dag_runner import DemoFailed
from demo.layout import Ports
from demo.services.emulator import PROJECT

# isort: split
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.errors import TransientError
from ecommerce.core.names import DAG_DAILY

_QUESTION = "SELECT business_date, orders, net_sales FROM daily_summary ORDER BY business_date DESC LIMIT 14"


def sign_in(airflow: AirflowServices) -> AirflowApi:
    """A session of the demo's user.

    Raises:
        DemoFailed: Airflow does not answer within a minute.
    """
    # The port is open a moment before the server answers.
    for _ in range(60):
        try:
            return AirflowApi(airflow.url, USER, PASSWORD)
        except TransientError:
            time.sleep(1)
    raise DemoFailed(f"Airflow at {airflow.url} does not answer: see {airflow.folders.logs}")


def print_figures(company: Company, first: date, last: date) -> None:
    """The days from `first` to `last`, as the warehouse has them."""
    for line in format_days(_query_figures(company.ports, first, last)):
        echo(line)
    echo("")


def print_first_report(company: Company, airflow: AirflowServices, day: date) -> None:
    """Where the report of the newest `day` is, while the rest is filled in."""
    echo(f"The report of {day} is ready:")
    _print_links(
        (str(company.folders.reports / str(day) / "report.pdf"), "as it was mailed"),
        (
            f"{airflow.url}/plugin/sales-reports/sales-reports/{day}/",
            f"the same day as a page: user {USER}, password {PASSWORD}",
        ),
        (f"http://localhost:{company.ports.mailbox}", "the mailbox, where its mail is"),
        (f"{airflow.url}/dags/{DAG_DAILY}", "the pipeline that made it, in Airflow"),
    )
    echo("Look at it while history, the days before and the other DAGs are filled in …")


def print_links(company: Company, airflow: AirflowServices, day: date, forecast_of: date) -> None:
    """Addresses, with what is to be seen there. `forecast_of`: the first day of the newest forecast."""
    reports = company.folders.reports
    pdf = reports / str(day) / "report.pdf"
    forecast = reports / "forecasts" / str(forecast_of) / "forecast.pdf"
    echo("What to look at:")
    _print_links(
        (f"{airflow.url}/dags/{DAG_DAILY}", f"the pipeline in Airflow: user {USER}, password {PASSWORD}"),
        (f"{airflow.url}/plugin/sales-reports", f"the reports of all days; the newest is {pdf}"),
        (
            f"http://localhost:{company.ports.mailbox}",
            "the mailbox: reports, the forecast, and what the reconciliation found",
        ),
        (str(forecast), "the next four weeks; make forecast asks in this terminal"),
        (f"{airflow.url}/dags", "the other DAGs: all but the monthly one have run, all stay on"),
        (f'make query SQL="{_QUESTION}"', "the warehouse, asked from this terminal"),
    )


def _print_links(*places: tuple[str, str]) -> None:
    """Places, with what is to be seen there."""
    for place, what in places:
        echo(f"  {place}")
        echo(f"      {what}")
    echo("")


def _query_figures(ports: Ports, first: date, last: date) -> list[dict[str, Any]]:
    os.environ["BIGQUERY_EMULATOR_HOST"] = f"http://localhost:{ports.bigquery}"
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    client = bigquery.Client(project=PROJECT, credentials=AnonymousCredentials())
    rows = client.query(
        "SELECT business_date, orders, gross_sales, net_sales, complete "
        f"FROM sales.daily_summary WHERE business_date BETWEEN '{first}' AND '{last}' ORDER BY business_date"
    ).result()
    return [dict(row.items()) for row in rows]
