"""A load finds the stored orders that it changes, on whatever days they are."""

import hashlib
from dataclasses import replace
from datetime import date

from ecommerce.warehouse import load_history
from tests.integration.warehouse.loadable import Folder, Order, at, days_from
from tests.settings import lower

FIRST = date(2026, 2, 1)
DAYS = days_from(FIRST, 10)
LATER = at("2026-03-04 11:00")
ASCENDING = [str(995 + number) for number in range(10)]


def orders(ids, source):
    return [
        Order(
            each,
            f"{day} 15:00",
            source=source,
            customer=each,
        )
        for each, day in zip(ids, DAYS, strict=True)
    ]


def test_orders_that_a_person_deletes_are_loaded_again(shop):
    folder = Folder(orders(ASCENDING, "sales_db"))
    shop.load(folder)
    state = shop.state()
    shop.sql("DELETE FROM sales.orders WHERE business_date = '2026-02-03'")
    shop.load(replace(folder, read_at=LATER), run_id="again")
    assert shop.state() == state


def test_lines_and_refunds_of_orders_are_found_on_every_day(shop, monkeypatch):
    lower(monkeypatch, load_history, IDS_PER_QUERY=3)
    known = orders(ASCENDING, "storefront")
    refund = ("r", at("2026-02-08 15:00"), "1.00")
    known[2] = replace(
        known[2],
        refunds=[refund],
        discount="1",
        tax="2",
    )
    unnamed = {"lines": [("uncategorised", "1", "10.00")]}
    known[3] = replace(known[3], **unnamed)
    # Of its line, only the cost is known.
    known[4] = replace(
        known[4],
        products=[None],
        unit_costs=["4"],
        **unnamed,
    )
    unknown = ("9", "r9", at("2026-02-08 15:00"), "1.00")
    shop.load(
        Folder(
            known,
            source="storefront",
            orphans=[unknown],
        )
    )
    found = [
        load_history.known_lines("storefront", ["1", *ASCENDING]),
        load_history.stored_rows("refunds", "storefront", ASCENDING),
    ]
    ids = [sorted(set(rows.column("order_id").to_pylist())) for rows in found]
    assert ids == [
        sorted(ASCENDING),
        [ASCENDING[2]],
    ]
    assert found[0].column("category").to_pylist().count(None) == 2
    assert load_history.known_orders("storefront", DAYS[7]) == ["1002", "9", "997"]
    assert load_history.refunded_orders("storefront", DAYS[7:8]) == ["9", "997"]
    # As a reconciliation compares them with the source.
    stored = {
        "days": DAYS[2:3],
        "parameters": {"source": "storefront"},
    }
    tables = "warehouse/tables"
    query = shop.warehouse.query
    [order] = query(f"{tables}/orders/for_reconciliation.sql", **stored)
    line = b"1|toys-1|10000|100000|100000|10000|20000"
    assert order["line_digest"] == int(hashlib.md5(line).hexdigest()[:15], 16)
    [row] = query(f"{tables}/refunds/for_reconciliation.sql", **stored)
    assert row["refund_id"] == "r"
