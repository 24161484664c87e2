"""A shop without costs of goods: unknown is never zero."""

from datetime import timedelta

from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.rows import column_of

TUESDAY = MONDAY + timedelta(days=1)


def test_a_shop_without_costs_has_none_anywhere(shop):
    shop.ran([MONDAY, TUESDAY])
    refunds = [("r1", at("2026-03-03 17:00"), "30.00", 1)]
    order = Order("1", "2026-03-02 17:00", line_refunds=refunds)
    shop.load(Folder([order], read_at="2026-03-04 11:00"), day=TUESDAY)
    costs = shop.tuples("daily_summary", "cost_of_goods", "sales_with_cost")
    assert costs == [(None, None)] * 2
    for row in shop.rows("daily_sales"):
        costs = [value for name, value in row.items() if "cost" in name]
        assert costs == [None] * 4
    assert column_of(shop.rows("order_lines"), "cost_amount") == [None]
    assert column_of(shop.rows("refunds"), "cost_amount") == [None]
    assert shop.report(MONDAY).margin is None
