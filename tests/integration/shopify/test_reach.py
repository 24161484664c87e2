"""What an app without the scope `read_all_orders` does not see does not count as deleted."""

from datetime import timedelta

import pytest

from demo.services.shopify import Fault, OrderFacts
from ecommerce.core import errors
from ecommerce.core.business_day import day_window
from ecommerce.sources.shopify import extraction
from tests.integration.shopify.orders import line
from tests.integration.shopify.reading import DAY, NOW, extract
from tests.parquet import read_rows
from tests.settings import lower

SCOPES = ["read_orders", "read_products", "read_inventory", "read_returns"]
ALL = [*SCOPES, "read_all_orders"]
KNOWN = ["1", "2", "3", "4", "5"]
DAYS_AGO = {1: 90, 2: 61, 4: 10}


@pytest.fixture(autouse=True)
def _few_orders_at_once(monkeypatch):
    lower(monkeypatch, extraction, PER_REQUEST=2)


def orders(days_ago):
    placed = []
    for number, days in days_ago.items():
        placed.append(
            OrderFacts(
                number,
                NOW - timedelta(days=days),
                [line("10")],
            )
        )
    return placed


def removed(folder):
    """Which of the known orders a read finds deleted."""
    raw = extract(folder, also_read=KNOWN)
    return {order_id for (order_id,) in read_rows(raw.file("removed_orders.parquet"))}


@pytest.mark.parametrize(
    ("scopes", "days_ago", "expected"),
    [
        (ALL, DAYS_AGO, {"3", "5"}),
        # 3 may be older than 4, which is the oldest in sight.
        (SCOPES, DAYS_AGO, {"5"}),
        (SCOPES, {1: 90, 2: 61}, set()),
        (ALL, {}, set(KNOWN)),
    ],
)
def test_an_order_is_deleted_where_the_app_would_see_it(
    scopes,
    days_ago,
    expected,
    serve,
    tmp_path,
):
    serve(
        *orders(days_ago),
        accessScopes=scopes,
    )
    assert removed(tmp_path) == expected


def withdraw(store):
    store.shop = store.shop | {"accessScopes": SCOPES}


def grow_older(store):
    store.clock.advance(60)


@pytest.mark.parametrize(
    ("scopes", "days_ago", "meanwhile"),
    [
        (ALL, {1: 90, 4: 10}, withdraw),
        (SCOPES, {1: 60, 4: 10}, grow_older),
    ],
)
def test_an_order_that_goes_out_of_sight_during_the_read_is_kept(
    scopes, days_ago, meanwhile, serve, tmp_path
):
    shop = serve(
        *orders(days_ago),
        accessScopes=scopes,
    )
    shop.faults.append(Fault("OrdersById", before=meanwhile))
    assert removed(tmp_path) == {"5"}


def test_older_days_need_a_scope(serve, tmp_path):
    serve(
        *orders(DAYS_AGO),
        accessScopes=SCOPES,
    )
    seen = day_window((NOW - timedelta(days=59)).date(), DAY.timezone)
    extract(tmp_path / "seen", seen)
    unseen = day_window((NOW - timedelta(days=61)).date(), DAY.timezone)
    with pytest.raises(errors.ConfigurationError, match="read_all_orders"):
        extract(tmp_path / "unseen", unseen)
