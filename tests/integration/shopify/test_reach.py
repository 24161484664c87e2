"""What an app without the scope `read_all_orders` does not see does not count as deleted."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from demo.services.shopify import Fault, LineFacts, OrderFacts, Shopify, ShopifyStore
from tests.integration.shopify.reading import NOW, Loadable, window_in

SCOPES = ["read_orders", "read_products", "read_returns"]
ALL = [*SCOPES, "read_all_orders"]
KNOWN = ["1", "2", "3", "4", "5"]


def order(number: int, days_ago: int) -> OrderFacts:
    return OrderFacts(
        number, NOW - timedelta(days=days_ago), [LineFacts("MUG", Decimal(10))]
    )


def removed(folder: Path) -> set[str]:
    """Which of the known orders a read removes."""
    loaded = Loadable(window_in(folder, known_orders=KNOWN))
    present = {row["order_id"] for row in loaded.rows("orders")}
    return {row["order_id"] for row in loaded.rows("order_versions")} - present


@pytest.mark.parametrize(
    ("scopes", "days_ago", "expected"),
    [
        (ALL, {1: 90, 2: 61, 4: 10}, {"3", "5"}),
        (
            SCOPES,
            {1: 90, 2: 61, 4: 10},
            {"5"},
        ),  # 3 may be older than 4, which is the oldest in sight
        (SCOPES, {1: 90, 2: 61}, set()),
        (ALL, {}, set(KNOWN)),
        (SCOPES, {}, set()),
    ],
)
def test_an_order_is_deleted_where_the_app_would_see_it(
    scopes: list[str],
    days_ago: dict[int, int],
    expected: set[str],
    serve: Callable[..., Shopify],
    tmp_path: Path,
) -> None:
    serve(
        *(order(number, days) for number, days in days_ago.items()), accessScopes=scopes
    )
    assert removed(tmp_path) == expected


def test_a_scope_that_is_withdrawn_during_the_read_deletes_nothing(
    serve, tmp_path: Path
) -> None:
    shop = serve(order(1, 90), order(4, 10), accessScopes=ALL)

    def withdraw(store: ShopifyStore) -> None:
        store.shop = store.shop | {"accessScopes": SCOPES}

    shop.faults.append(Fault("OrdersById", before=withdraw))
    assert removed(tmp_path) == {"5"}


def test_an_order_that_grows_too_old_during_the_read_is_kept(
    serve, tmp_path: Path
) -> None:
    shop = serve(order(1, 60), order(4, 10), accessScopes=SCOPES)
    shop.faults.append(
        Fault("OrdersById", before=lambda store: store.clock.advance(60))
    )
    assert removed(tmp_path) == {"5"}
