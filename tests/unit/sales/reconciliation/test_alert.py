"""Which days are read again. `tests/unit/mail` has the mail."""

from ecommerce.sales.reconciliation.comparison import (
    newest_first,
    select_rereads,
)
from tests.source_names import SALES_DB, STOREFRONT

DAYS = [f"2026-11-{number:02}" for number in range(1, 10)]


def difference(day, source=SALES_DB):
    return {
        "business_date": day,
        "source": source,
        "what": "orders: 1 gone from the source",
    }


def pair(day, source=SALES_DB):
    return {"business_date": day, "source": source}


def test_the_newest_days_are_read_again_each_with_its_sources():
    of_storefront = [difference(DAYS[-1], STOREFRONT)]
    listed = newest_first([[difference(day) for day in DAYS], [], of_storefront])
    older = [pair(day) for day in reversed(DAYS[2:])]
    assert select_rereads(listed, 7) == [pair(DAYS[-1], STOREFRONT), *older]
