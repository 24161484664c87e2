"""The warehouse's tables, as their files in include/sql/warehouse describe them, without a query.

For `make tables`, and for the list of tables in docs/QUERIES.md (tests/tables_document.py).
"""

import os
from collections.abc import Iterator
from contextlib import suppress

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import show
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings, load_settings
from ecommerce.warehouse import rendering
from ecommerce.warehouse.column_types import Column
from ecommerce.warehouse.declarations import Declaration, declaration

FOR_ANALYSTS = (
    "daily_summary",
    "known_days",
    "comparable_days",
    "day_comparisons",
    "month_to_date",
    "daily_sales",
    "daily_sales_reporting",
    "sales_contributions",
    "orders",
    "order_lines",
    "orders_reporting",
    "order_lines_reporting",
    "refunds",
    "return_lines_reporting",
    "customer_orders",
    "customer_cohorts",
    "customer_value",
    "repeat_purchases",
    "coupon_performance",
    "product_pairs",
    "products",
    "customers",
    "orders_attributes",
    "sales_targets",
    "target_progress",
    "daily_funnel",
    "daily_conversion",
    "sessions",
    "user_events",
    "sales_forecasts",
    "forecast_comparisons",
    "net_shares",
    "forecasts_in_force",
    "exchange_rates",
    "conversion_rates",
    "order_amounts",
    "load_audit",
)
"""The tables for queries, most important first; the others are the pipeline's own."""


@click.command()
def tables() -> None:
    """List the warehouse's tables, their columns, types and descriptions, those for queries first."""
    from tabulate import tabulate

    # Only the attributes of orders depend on settings.
    with suppress(ConfigurationError):
        environment.load()
    # No statement contains the key.
    os.environ.setdefault("CUSTOMER_HASH_KEY", "not in any statement")
    for table in described(load_settings()):
        show(f"\n{click.style(table.name, bold=True)}: {table.description}")
        rows = []
        for column in table.columns:
            rows.append([column.name, column_type(column), column.description])
        show(tabulate(rows, tablefmt="plain", disable_numparse=True))


def described(settings: Settings) -> Iterator[Declaration]:
    """Yield all tables and views, those `FOR_ANALYSTS` first."""
    names = {*rendering.tables(), *rendering.views()}
    # A shop may have removed some.
    for_analysts = [name for name in FOR_ANALYSTS if name in names]
    own = sorted(names.difference(FOR_ANALYSTS))
    for name in for_analysts + own:
        yield declaration(name, settings)


def column_type(column: Column) -> str:
    """Return the type, and whether the column is required."""
    return f"{column.type} NOT NULL" if column.required else column.type
