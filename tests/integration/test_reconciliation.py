"""What leaves no trace in a source is found by comparing, and corrected by reading the day again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from demo.ledger import SALES_DB, STOREFRONT
from tests.integration.corrections import deleted, edited, plain_orders, replaced
from tests.integration.daily_run import morning_after, run_day
from tests.integration.other_runs import compare, reconcile
from tests.integration.shops.books import SHOPS, Books
from tests.rows import column_of

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
COUNTED = ("completed", "refunded", "partially_refunded")


def refunded_order(snapshot, channel, midnight):
    """An order that counts, all of whose refunds are of the days until `midnight`: the open day is not
    compared."""
    refunds = snapshot.refunds_of(channel)
    is_open = {each.order_id for each in refunds if each.refunded_at >= midnight}
    refunded = {each.order_id for each in refunds} - is_open
    for order in snapshot.orders_of(channel):
        if order.order_id in refunded and order.status in COUNTED:
            return order
    raise AssertionError("no refund of a closed day")


def without_refunds(snapshot, order):
    """The refunds of an order are deleted, without a new modification date."""
    kept = [each for each in snapshot.refunds if each.order_id != order.order_id]
    return replace(snapshot, refunds=tuple(kept))


def test_only_what_left_no_trace_is_found_and_it_is_corrected(start_company):
    company = start_company(shops=SHOPS)
    books = Books(2)
    days = books.days
    for day in days:
        snapshot, of_shops = books.as_of(morning_after(day))
        company.show(snapshot, of_shops)
        run_day(day)
    now = morning_after(days[1]) + 3 * HOUR
    assert compare(now) == []

    evening = morning_after(days[0]) - 7 * HOUR
    of_database, of_storefront = (
        [o for o in plain_orders(snapshot, channel) if o.ordered_at < evening]
        for channel in (SALES_DB, STOREFRONT)
    )
    gone, more, moved = of_database[:3]
    gone_online, more_online, changed_later = of_storefront[:3]
    for channel in (SALES_DB, STOREFRONT):
        refunded = refunded_order(
            snapshot,
            channel,
            morning_after(days[1]) - 6 * HOUR,
        )
        snapshot = without_refunds(snapshot, refunded)
    snapshot = deleted(snapshot, gone)
    snapshot = edited(snapshot, more)
    snapshot = replaced(
        snapshot,
        moved,
        ordered_at=moved.ordered_at - 216 * HOUR,
    )
    snapshot = deleted(snapshot, gone_online)
    snapshot = edited(snapshot, more_online)
    for source, of_shop in of_shops.items():
        of_shops[source] = deleted(of_shop, of_shop.orders[0])
    company.show(snapshot, of_shops)
    found = reconcile(now + 2 * HOUR)
    differing = set(column_of(found, "source"))
    assert differing == {SALES_DB, STOREFRONT, *of_shops}
    company.assert_oracle(run_days=days)
    assert compare(now + 4 * HOUR) == []

    # What changed since the last read is left to the next run.
    at = now + 5 * HOUR
    dated = {"updated_at": at, "status_changed_at": at}
    later = replaced(snapshot, changed_later, coupon_code="LATER", **dated)
    company.show(later, of_shops)
    assert compare(now + 6 * HOUR) == []
