"""Sales of a shop whose pattern is known, put into the warehouse as loads leave them, without any run."""

import uuid
from datetime import timedelta

from demo.services.emulator import PROJECT
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import prepare

WEEK = (80, 90, 100, 110, 140, 160, 120)
CATEGORIES = ("Kitchen", "Garden", "Textiles")


def environment(emulator, folder, dataset=None):
    """A deployment with an empty warehouse."""
    extra = f'{{"is_anonymous": true, "project": "{PROJECT}"}}'
    return {
        "AIRFLOW_CONN_BIGQUERY": f'{{"conn_type": "google_cloud_platform", "extra": {extra}}}',
        "BIGQUERY_EMULATOR_HOST": emulator.host,
        "BIGQUERY_DATASET": dataset or f"forecast_{uuid.uuid4().hex[:10]}",
        "CUSTOMER_HASH_KEY": "0123456789abcdef",
        "SHOP_TIMEZONE": "America/New_York",
        "HOLIDAYS": "US",
        "STAGING_URI": f"file://{folder}/staging",
        "MODELS_URI": f"file://{folder}/models",
        "REPORTS_URI": f"file://{folder}/reports",
    }


SALES_COLUMNS = (
    "business_date, source, channel, category, country_code, currency, order_lines, units, "
    "gross_sales, discounts, returns, net_sales, gross_sales_reporting, discounts_reporting, "
    "returns_reporting, net_sales_reporting"
)
"""Of `daily_sales`, in the order of the rows that are made up."""


def open_warehouse(settings, monkeypatch):
    """Let this process have `settings`, and create the tables of its warehouse."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    prepare(connect(step="test"))


def amount(day, place):
    """What the category of that place brings on a day; every day is a little different."""
    return WEEK[day.weekday()] * (place + 1) + (day.toordinal() * 7 + place) % 11


def sell(client, dataset, first, days, *, runs=True):
    """Sales of `days` days from `first` on, in one channel; with `runs`, each had its daily run."""
    some = [first + timedelta(days=back) for back in range(days)]
    rows = [
        f"('{day}', 'sales_db', 'web', '{name}', 'US', 'USD', 1, 1, {amounts}, {amounts})"
        for day in some
        for place, name in enumerate(CATEGORIES)
        for amounts in [f"{amount(day, place)}, 0, 0, {amount(day, place)}"]
    ]
    ask(
        client,
        f"INSERT INTO {dataset}.daily_sales ({SALES_COLUMNS}) VALUES {', '.join(rows)}",
    )
    summaries = [
        f"('{day}', 3, 3, 3, {value}, 0, 0, {value}, 0, 0, NULL, 0, 0, TRUE)"
        for day in some
        for value in [sum(amount(day, place) for place in range(len(CATEGORIES)))]
    ]
    columns = (
        "business_date, orders, units, customers, gross_sales, discounts, returns, net_sales, tax, shipping, "
        "average_order_value, new_customers, unconverted_orders, complete"
    )
    ask(
        client,
        f"INSERT INTO {dataset}.daily_summary ({columns}) VALUES {', '.join(summaries)}",
    )
    if runs:
        run(client, dataset, some)


def run(client, dataset, days):
    """Every source was read for these days."""
    sources = ("sales_db", "storefront", "partner_files", "exchange_rates")
    rows = [
        f"('{day}', '{source}', 'run-{day}', 'success')"
        for day in days
        for source in sources
    ]
    columns = "business_date, source, run_id, status"
    ask(
        client, f"INSERT INTO {dataset}.load_audit ({columns}) VALUES {', '.join(rows)}"
    )


def ask(client, sql):
    """The rows of an answer."""
    return [dict(row.items()) for row in client.query(sql).result()]
