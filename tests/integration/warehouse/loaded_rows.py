"""The rows that folders made by hand put into a warehouse, for the oracle of periods."""

from tests.integration.warehouse.loadable import business_date
from tests.oracle_customers import CustomerOracle
from tests.oracle_periods import Sales

TABLES = ("orders", "order_lines", "refunds")


def sales_of(folders, rate, history):
    """The `Sales` of loaded folders. `rate`: what one unit of a currency is worth on a day, or None;
    `history`: the known days."""
    rows = {name: [] for name in TABLES}
    orders = []
    orphans = []
    for folder in folders:
        run = {"business_date": None, "source": folder.source, "run_id": "run"}
        tables = folder._tables(run)
        for name in TABLES:
            rows[name] += tables[name]
        orders += folder.orders
        for _, refund_id, _, amount in folder.orphans:
            orphans.append((folder.source, refund_id, amount))
    for row in rows["refunds"]:
        row.setdefault("reason", None)
        row.setdefault("country_code", None)
    customers = CustomerOracle(orders, business_date, rate, orphans)
    return Sales(
        rows["orders"],
        rows["order_lines"],
        rows["refunds"],
        customers.return_rows(),
        rate,
        history,
        business_date,
    )


def history_rows(shop):
    """The rows of `daily_summary` by day."""
    return {row["business_date"]: row for row in shop.rows("daily_summary")}
