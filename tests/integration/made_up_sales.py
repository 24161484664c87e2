"""Sales of a shop whose pattern is known, put into the warehouse as loads leave them, without any run."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from google.cloud import bigquery

from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import prepare
from tests.integration.warehouse_contents import connect as connect_to
from tests.integration.warehouse_contents import deployment, new_dataset
from tests.settings import add_environment

WEEK = (80, 90, 100, 110, 140, 160, 120)
CATEGORIES = ("Kitchen", "Garden", "Textiles")
SALES_COLUMNS = (
    "business_date, source, channel, category, country_code, currency, order_lines, units, "
    "gross_sales, discounts, returns, net_sales, gross_sales_reporting, discounts_reporting, "
    "returns_reporting, net_sales_reporting"
)
"""Of `daily_sales`, in the order of the rows that are made up."""
SUMMARIES = """
INSERT INTO {{sales}}.daily_summary (
    business_date, orders, units, customers, gross_sales, discounts, returns, net_sales, tax, shipping,
    average_order_value, new_customers, unconverted_orders, complete
)
SELECT business_date, 3, 3, 3, SUM(gross_sales), 0, 0, SUM(net_sales), 0, 0, NULL, 0, 0, TRUE
FROM {{sales}}.daily_sales
WHERE business_date BETWEEN '{first}' AND '{last}'
GROUP BY business_date
"""
RUNS = """
INSERT INTO {{sales}}.load_audit (business_date, source, run_id, status)
SELECT business_date, source, 'a run', 'success'
FROM {{sales}}.daily_summary
CROSS JOIN UNNEST(['sales_db', 'storefront', 'partner_files', 'exchange_rates']) AS source
WHERE business_date BETWEEN '{first}' AND '{last}'
"""


def amount(day, place):
    """What the category of that place brings on a day; every day is a little different."""
    return WEEK[day.weekday()] * (place + 1) + (day.toordinal() * 7 + place) % 11


def total(day):
    """What all categories bring on a day."""
    return sum(amount(day, place) for place in range(len(CATEGORIES)))


@dataclass
class MadeUpShop:
    """A deployment with a warehouse.

    Attributes:
        settings: its environment.
    """

    folder: Path
    client: bigquery.Client
    settings: dict[str, str]

    def ask(self, sql):
        """The rows of an answer; the SQL names the dataset `{sales}`."""
        answer = self.client.query(sql.format(sales=self.settings["BIGQUERY_DATASET"]))
        return [dict(row.items()) for row in answer.result()]

    def sell(
        self,
        first,
        days,
        *,
        runs=True,
    ):
        """Sales of `days` days from `first` on, in one channel; with `runs`, each had its daily run."""
        rows = []
        for back in range(days):
            day = first + timedelta(days=back)
            for place, category in enumerate(CATEGORIES):
                sold = amount(day, place)
                amounts = f"{sold}, 0, 0, {sold}, {sold}, 0, 0, {sold}"
                key = f"'{day}', 'sales_db', 'web', '{category}', 'US', 'USD'"
                rows.append(f"({key}, 1, 1, {amounts})")
        self.insert(
            "daily_sales",
            SALES_COLUMNS,
            *rows,
        )
        period = {
            "first": first,
            "last": first + timedelta(days=days - 1),
        }
        self.ask(SUMMARIES.format(**period))
        if runs:
            self.ask(RUNS.format(**period))

    def insert(
        self,
        table,
        columns,
        *rows,
    ):
        """Add rows to a table, each written as SQL."""
        values = ", ".join(rows)
        self.ask(f"INSERT INTO {{sales}}.{table} ({columns}) VALUES {values}")


def open_shop(emulator, folder, monkeypatch, dataset=None, **further):
    """Let this process be a deployment with `further` settings, and create the tables of its warehouse."""
    dataset = dataset or new_dataset()
    settings = deployment(emulator, folder, dataset) | {"HOLIDAYS": "US"} | further
    add_environment(monkeypatch, settings)
    prepare(connect(step="test"))
    return MadeUpShop(
        folder,
        connect_to(emulator),
        settings,
    )
