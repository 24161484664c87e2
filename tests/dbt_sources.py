"""deploy/dbt/sources.yml, which `make tables ARGS='--into deploy/dbt/sources.yml'` writes."""

import sys
from pathlib import Path

import yaml

from ecommerce.cli.tables import FOR_ANALYSTS, described
from ecommerce.core import templates
from ecommerce.warehouse.rendering import SQL_ROOT
from tests.settings import settings_of
from tests.tables_document import KEY, description, required_filter

HEAD = """\
# The tables and views for analysts as sources of a dbt project: docs/BI.md. For dbt 1.10.5 or newer.
# Written by make tables ARGS='--into deploy/dbt/sources.yml'
"""
KEYS = {
    **templates.environment(SQL_ROOT)
    .get_template("warehouse/macros/keys.sql")
    .module.keys,
    "known_days": ["business_date"],
    "comparable_days": ["business_date"],
    "day_comparisons": ["business_date", "figure"],
    "forecast_comparisons": ["business_date", "series"],
    "net_shares": ["business_date"],
    "month_to_date": ["business_date", "span"],
    "sales_targets": ["month", "channel"],
    "daily_sales_reporting": [
        "business_date",
        "source",
        "channel",
        "category",
        "country_code",
        "currency",
    ],
    "sales_contributions": ["business_date", "scope", "dimension", "name"],
    "orders_reporting": ["source", "order_id"],
    "order_lines_reporting": ["source", "order_id", "line_number"],
    "return_lines_reporting": ["source", "refund_id", "line_number", "is_share"],
    "customer_orders": ["source", "order_id"],
    "customer_cohorts": ["first_order_month", "months_since"],
    "customer_value": ["customer_hash"],
    "repeat_purchases": ["first_order_month"],
    "coupon_performance": ["business_date", "coupon_code"],
    "product_pairs": ["sku_a", "sku_b"],
    "orders_attributes": ["source", "order_id"],
    "target_progress": ["channel"],
    "daily_conversion": ["business_date", "device", "referrer"],
    "forecasts_in_force": ["series", "target_date"],
    "conversion_rates": ["business_date", "currency"],
    "order_amounts": ["source", "order_id"],
}
"""The columns by which a row is unique."""
NULLABLE = {"channel"}
"""Columns of a key that may be NULL."""
FRESHNESS = {
    "loaded_at_field": "read_at",
    "freshness": {
        "warn_after": {"count": 26, "period": "hour"},
        "error_after": {"count": 50, "period": "hour"},
        # Reads of days that had ended: the hourly sync alone does not keep the warehouse fresh.
        "filter": (
            "status = 'success' AND business_date >= DATE_SUB(CURRENT_DATE(), INTERVAL 7 DAY)"
            ' AND DATE(read_at, \'{{ var("shop_timezone", "UTC") }}\') > business_date'
        ),
    },
}


def main(into):
    """Write the file `into`."""
    into.write_text(HEAD + document())


def document():
    """Return the sources as YAML, in the order of `FOR_ANALYSTS`, without this machine's settings."""
    tables = []
    for table in described(settings_of(KEY)):
        if table.name in FOR_ANALYSTS:
            tables.append(_source_table(table))
    source = {
        "name": "sales",
        "description": "The warehouse of the daily sales pipeline. docs/DEFINITIONS.md defines the figures.",
        "schema": '{{ var("sales_dataset", "sales") }}',
        "tables": tables,
    }
    content = {"version": 2, "sources": [source]}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1_000)


def _source_table(table):
    key = KEYS[table.name]
    source_table = {"name": table.name, "description": description(table)}
    if table.name == "load_audit":
        source_table["config"] = FRESHNESS
    if len(key) > 1:
        row = f"TO_JSON_STRING(STRUCT({', '.join(key)}))"
        options = {"name": f"unique_key_of_{table.name}"}
        options["arguments"] = {"column_name": row}
        source_table["data_tests"] = [_data_test(table, "unique", **options)]
    columns = []
    for column in table.columns:
        columns.append(_source_column(table, column, key))
    return source_table | {"columns": columns}


def _source_column(table, column, key):
    source_column = {"name": column.name, "description": column.description}
    if column.type:
        source_column["data_type"] = column.type
    tests = []
    if key == [column.name]:
        tests.append(_data_test(table, "unique"))
    if column.name in key and column.name not in NULLABLE:
        tests.append(_data_test(table, "not_null"))
    if tests:
        source_column["data_tests"] = tests
    return source_column


def _data_test(table, test, **options):
    """Return a test; of a table that requires a filter, it tests the last 35 days."""
    column = required_filter(table)
    if column:
        days = f"{column} >= DATE_SUB(CURRENT_DATE(), INTERVAL 35 DAY)"
        options["config"] = {"where": days}
    return {test: options} if options else test


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
