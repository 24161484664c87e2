"""The closing output of the demo: figures of the days, and links to reports and pages."""

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
from ecommerce.core.periods import Period

_FIGURES = """
SELECT business_date, orders, gross_sales, net_sales, complete
FROM sales.daily_summary
WHERE business_date BETWEEN '{first}' AND '{last}'
ORDER BY business_date
"""


def sign_in(airflow: AirflowServices) -> AirflowApi:
    """Return an API session of the demo's user.

    Raises:
        DemoFailed: Airflow does not respond within a minute.
    """
    # The port is open a moment before the server responds.
    for _ in range(60):
        try:
            return AirflowApi(airflow.url, USER, PASSWORD)
        except TransientError:
            time.sleep(1)
    raise DemoFailed(
        f"Airflow at {airflow.url} does not respond: see {airflow.folders.logs}"
    )


def print_figures(company: Company, first: date, last: date) -> None:
    """Print the warehouse's figures of the days from `first` to `last`, included."""
    for line in format_days(_query_figures(company.ports, first, last)):
        echo(line)
    echo()


def print_first_report(company: Company, airflow: AirflowServices, day: date) -> None:
    """Print where to find the first report, of the business day `day`."""
    pdf = company.folders.reports / str(day) / "report.pdf"
    echo(
        f"""The report of {day} is ready:
  {pdf}
      the PDF attached to the mail
  {airflow.url}/plugin/sales-reports/sales-reports/{day}/
      the same day as a page (user {USER}, password {PASSWORD})
  http://localhost:{company.ports.mailbox}
      the mailbox with the report's mail
  {airflow.url}/dags/{DAG_DAILY}
      the DAG that built it

You can read it while the demo loads the order history, the earlier days and the other DAGs.
"""
    )


def print_links(
    company: Company,
    airflow: AirflowServices,
    day: date,
    week: Period,
) -> None:
    """Print where to find the results of the demo.

    Args:
        company: the demo company.
        airflow: its Airflow.
        day: the newest business day.
        week: the newest week that has ended.
    """
    reports = company.folders.reports
    echo(
        f"""Where to look:
  {airflow.url}/plugin/sales-reports
      all reports (user {USER}, password {PASSWORD})
  {reports / str(day) / "report.pdf"}
      the report of {day} as PDF
  {reports / "weeks" / str(week.first) / "report.pdf"}
      the report of the week {week}; the mailbox has that of one country, for its subscription"""
    )
    forecast = reports / "forecasts" / str(week.next.first) / "forecast.pdf"
    if forecast.exists():
        echo(
            f"""  {forecast}
      the forecast of the next four weeks; `make forecast` prints one in this terminal"""
        )
    echo(
        f"""  http://localhost:{company.ports.mailbox}
      the mailbox: reports of days, a week and a month, an alert on few orders, the forecast, and the
      differences that the reconciliation found
  {airflow.url}/dags/{DAG_DAILY}
      the daily pipeline in Airflow
  {airflow.url}/dags
      all DAGs, now unpaused; only forecast_model_selection and sales_history_read have not run yet
  make query SQL="SELECT business_date, orders, net_sales FROM daily_summary ORDER BY 1 DESC LIMIT 14"
      a query of the warehouse from this terminal
"""
    )


def _query_figures(ports: Ports, first: date, last: date) -> list[dict[str, Any]]:
    os.environ["BIGQUERY_EMULATOR_HOST"] = f"http://localhost:{ports.bigquery}"
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    client = bigquery.Client(project=PROJECT, credentials=AnonymousCredentials())
    rows = client.query(_FIGURES.format(first=first, last=last)).result()
    return [dict(row.items()) for row in rows]
