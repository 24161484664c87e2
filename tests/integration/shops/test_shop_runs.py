"""However the days of several shops are read, they end in the tables of the oracle."""

from dataclasses import replace
from datetime import timedelta

import pytest

from demo.services.shopify import Fault
from ecommerce.core.errors import AlertedError
from ecommerce.sales import erasure
from ecommerce.warehouse.client import connect
from tests.integration.daily_run import morning_after, run_day
from tests.integration.shops.books import (
    EU,
    SHOPS,
    Books,
    shops_by_customer,
)
from tests.integration.shops.runs import read_history, run_with_failures

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


@pytest.fixture
def company(start_company):
    return start_company(shops=SHOPS)


def test_days_in_any_order_and_again(company):
    books = Books(3)
    now = morning_after(books.days[-1])
    company.show(*books.as_of(now))
    for minutes, number in enumerate((2, 0, 1, 1)):
        run_day(books.days[number], now + timedelta(minutes=minutes))
    company.assert_oracle(run_days=books.days)

    # What makes the days hard ones.
    assert max(map(len, shops_by_customer(company.shown).values())) > 1
    orders = company.shown.orders
    assert len({order.order_id for order in orders}) < len(orders)


def test_months_of_one_shop_then_of_all(company):
    books = Books(4)
    months = (books.days[:2], books.days[2:])
    now = morning_after(books.days[-1])
    own, of_shops = books.as_of(now)
    company.show(own, of_shops)
    for first, last in months:
        read_history(first, last, now, source=EU)
    expected = company.oracle(replace(of_shops[EU], rates=own.rates)).tables()
    # A source that no run has read yet is not expected on older days.
    del expected["daily_summary"]
    assert company.differences(expected) == ""

    for first, last in months:
        read_history(first, last, now + HOUR)
    company.assert_oracle(run_days=books.days)


def test_a_shop_that_is_down_for_three_days(company, monkeypatch, no_pauses):
    books = Books(5)
    first, *down, last = books.days
    own, of_shops = books.as_of(morning_after(first))
    company.show(own, of_shops)
    run_day(first)
    server = company.other_shops[EU].server
    server.faults.append(Fault(status=503, times=1_000_000))
    before = company.warehouse()
    with pytest.raises(AlertedError, match="no data from shopify_eu, which is req"):
        run_with_failures(down[0])
    assert company.differences(before) == ""

    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", '{"shopify_*": "optional"}')
    last_seen = {EU: of_shops[EU]}
    for day in down:
        own, of_shops = books.as_of(morning_after(day))
        company.show(own, of_shops | last_seen)
        run_with_failures(day)
    missing = {day: [EU] for day in down}
    company.assert_oracle(
        run_days=[first, *down],
        missing=missing,
    )

    server.faults.clear()
    now = morning_after(last)
    company.show(*books.as_of(now))
    run_day(last)
    company.assert_oracle(
        run_days=books.days,
        missing=missing,
    )
    run_day(down[0], now + HOUR)
    read_history(
        down[1],
        down[2],
        now + HOUR,
        source=EU,
    )
    company.assert_oracle(run_days=books.days)


def forgotten(company, days, address):
    """The tables without the customer of an e-mail address."""
    orders = []
    keys = set()
    for order in company.shown.orders:
        if (order.email or "").strip().lower() == address:
            keys.add((order.source, order.order_id))
            orders.append(replace(order, email=None, customer_id=None))
        else:
            orders.append(order)
    snapshot = replace(company.shown, orders=tuple(orders))
    tables = company.oracle(snapshot, run_days=days).tables()
    for refund in tables["refunds"]:
        if (refund["source"], refund["order_id"]) in keys:
            refund["reason"] = None
    return tables


def test_a_customer_of_several_shops_is_forgotten_in_all(company):
    books = Books(2)
    first, last = books.days
    now = morning_after(last)
    company.show(*books.as_of(now))
    run_day(first, now, last=last)

    shops = shops_by_customer(company.shown)
    address = max(shops, key=lambda address: len(shops[address]))
    assert len(shops[address]) >= 3
    erasure.forget(address, connect(step="erasure"))
    expected = forgotten(company, books.days, address)
    as_loaded = company.oracle(run_days=books.days)
    unchanged = {"daily_summary": as_loaded.daily_summary}
    assert company.differences(expected | unchanged) == ""
    run_day(first, now + HOUR, last=last)
    assert company.differences(expected) == ""
