"""The history that `make demo` loads: the figures of its days are those of the oracle."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from demo.ledger import Ledger
from demo.seeders import old_shop
from tests.integration.exports import HistoryLoad

MOVED_ON = date(2025, 12, 3)
LEDGER = Ledger(MOVED_ON, 1, orders_per_day=12, old_months=3)
"""October, November with its Black Friday, and the first days of December."""
AT = datetime(2025, 12, 3, 15, tzinfo=UTC)
FIGURES = (
    "orders",
    "units",
    "customers",
    "new_customers",
    "gross_sales",
    "discounts",
    "net_sales",
    "tax",
)


@pytest.mark.slow
def test_days_and_months_of_the_former_shop_have_the_oracles_figures(
    start_company, tmp_path
):
    company, snapshot = start_company(), LEDGER.as_of(AT)
    sold = LEDGER.old_shop.orders()
    company.show(replace(snapshot, orders=(), refunds=(), files=()))
    old_shop.fill(tmp_path / "export", LEDGER)

    run = HistoryLoad(tmp_path / "export", AT)
    run.run()

    oracle = company.oracle(replace(snapshot, orders=sold, refunds=(), files=()))
    expected = {row["business_date"]: row for row in oracle.daily_summary}
    found = {row["business_date"]: row for row in company.warehouse()["daily_summary"]}
    assert expected.keys() == found.keys() == set(LEDGER.old_shop.days)
    for day in (
        *LEDGER.old_shop.days[::13],
        date(2025, 11, 2),
        date(2025, 11, 28),
        date(2025, 12, 2),
    ):
        assert [found[day][name] for name in FIGURES] == [
            expected[day][name] for name in FIGURES
        ], day
    months = defaultdict(Decimal), defaultdict(Decimal)
    for sums, rows in zip(months, (expected, found), strict=True):
        for day, row in rows.items():
            for name in FIGURES:
                sums[f"{day:%Y-%m}", name] += row[name]
    assert months[0] == months[1]
    assert months[0]["2025-11", "gross_sales"] > 20_000
    assert [account["month"] for account in run.accounts] == [
        "2025-10",
        "2025-11",
        "2025-12",
    ]
    assert sum(account["orders"] for account in run.accounts) == len(sold)
    # In October it was the turn of a row that somebody had typed over.
    assert [account["rows_rejected"] for account in run.accounts] == [0, 0, 1]
