"""`make tables`: the warehouse's tables, as include/sql/warehouse describes them, without a query."""

import os
from contextlib import suppress

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import show
from ecommerce.core import templates
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings, load_settings
from ecommerce.warehouse import rendering
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
    "shops",
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
    "payments",
    "payouts",
    "payout_reconciliation",
    "order_payments",
    "contribution_margin",
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
TEMPLATES = {
    "text": "warehouse/tables.txt",
    "markdown": "warehouse/TABLES.md",
    "dbt": "warehouse/sources.yml",
}
"""The last two render docs/TABLES.md and deploy/dbt/sources.yml."""


@click.command()
@click.option(
    "--format",
    "output_format",
    type=click.Choice(list(TEMPLATES)),
    default="text",
    help="markdown and dbt do not depend on .env",
)
def tables(output_format: str) -> None:
    """List the warehouse's tables, their columns, types and descriptions, those for queries first."""
    if output_format == "text":
        # Only the attributes of orders depend on settings.
        with suppress(ConfigurationError):
            environment.load()
    # No statement contains the key.
    os.environ.setdefault("CUSTOMER_HASH_KEY", "not in any statement")
    keys = templates.environment(rendering.SQL_ROOT).get_template(
        "warehouse/macros/keys.sql"
    )
    values = {
        "tables": declared_tables(load_settings()),
        "for_analysts": FOR_ANALYSTS,
        "keys": keys.module.keys | keys.module.view_keys,
    }
    show(templates.render(TEMPLATES[output_format], values).rstrip())


def declared_tables(settings: Settings) -> list[Declaration]:
    """Return all tables and views, those `FOR_ANALYSTS` first."""
    names = {*rendering.tables(), *rendering.views()}
    # A shop may have removed some.
    for_analysts = [name for name in FOR_ANALYSTS if name in names]
    own = sorted(names.difference(FOR_ANALYSTS))
    return [declaration(name, settings) for name in for_analysts + own]
