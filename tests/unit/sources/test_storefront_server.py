"""The stand-in of the storefront behaves as real servers of three kinds were measured to."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests

from demo.services.storefront import (
    KEY,
    SECRET,
    Storefront,
    WooLine,
    WooOrder,
    WooRefund,
    WooStore,
)

MODES = ("66", "11", "11c")
NOON = datetime(2025, 6, 3, 16, tzinfo=UTC)
HOUR_LATER = NOON + timedelta(hours=1)


@pytest.fixture
def serve():
    """Serve a store; gives a function that asks the server for a path with parameters."""
    with ExitStack() as running:

        def start(store, mode="11", **options):
            shop = running.enter_context(Storefront(store, mode, **options))
            session = running.enter_context(requests.Session())
            session.auth = (KEY, SECRET)
            root = f"{shop.url}/wp-json/wc/v3"
            return lambda path, **parameters: session.get(
                f"{root}{path}", params=parameters, timeout=10
            )

        yield start


def an_order(number, created_at=NOON, **values):
    prices = (Decimal("20.00"), Decimal("18.00"), Decimal("1.44"))
    line = WooLine(number * 10, 11, "MUG", "Mug", Decimal(2), *prices)
    return WooOrder(number, created_at, **{"lines": [line], **values})


def ids(response):
    return [item["id"] for item in response.json()]


BOUNDS = [
    # 16:00 UTC is 12:00 in New York.
    ({"after": "2025-06-03T15:59:59", "dates_are_gmt": "true"}, [1]),
    ({"after": "2025-06-03T16:00:00", "dates_are_gmt": "true"}, []),
    ({"before": "2025-06-03T16:00:01", "dates_are_gmt": "true"}, [1]),
    ({"before": "2025-06-03T16:00:00", "dates_are_gmt": "true"}, []),
    ({"after": "2025-06-03T11:59:59", "before": "2025-06-03T12:00:01"}, [1]),
    ({"after": "2025-06-03T15:59:59"}, []),  # taken for local time
    ({"after": "2025-06-03T15:59:59Z"}, [1]),
    # With both, 16:00:01Z becomes 12:00:01 and is compared with UTC.
    ({"before": "2025-06-03T16:00:01Z", "dates_are_gmt": "true"}, []),
]


@pytest.mark.parametrize("mode", MODES)
def test_bounds_are_exclusive_and_utc_only_on_demand(serve, mode):
    get = serve(WooStore([an_order(1, NOON)]), mode)
    for parameters, found in BOUNDS:
        assert ids(get("/orders", **parameters)) == found, parameters


PART = WooRefund(77, HOUR_LATER, Decimal("1.10"), "goodwill")
REST = WooRefund(77, HOUR_LATER, Decimal("19.44"))
MOVES = {
    # What happens, and the servers that show it by a later date.
    "partial refund": (lambda store: store.add_refund(1, PART), "11 11c"),
    "full refund": (lambda store: store.add_refund(1, REST), "66 11 11c"),
    "refund deleted": (lambda store: store.delete_refund(2, 78, HOUR_LATER), ""),
    "line edited": (
        lambda store: store.edit_line(1, 10, HOUR_LATER, total=Decimal("9.00")),
        "11",
    ),
    "line removed": (lambda store: store.remove_line(1, 10, HOUR_LATER), "11"),
    "meta": (lambda store: store.change(1, "meta", HOUR_LATER), "11"),
    "order note": (lambda store: store.change(1, "other", HOUR_LATER), ""),
    "product deleted": (lambda store: store.delete_product(11), ""),
    "status": (
        lambda store: store.update_status(1, "completed", HOUR_LATER),
        "66 11 11c",
    ),
    "trash": (lambda store: store.trash(1, HOUR_LATER), "66 11 11c"),
}


@pytest.mark.parametrize("mode", MODES)
def test_what_moves_the_modified_date(serve, mode):
    for name, (happen, shown) in MOVES.items():
        refunded = an_order(2, refunds=[WooRefund(78, NOON, Decimal("1.00"))])
        store = WooStore([an_order(1), refunded])
        get = serve(store, mode)
        happen(store)
        found = get(
            "/orders",
            modified_after="2025-06-03T16:59:59",
            dates_are_gmt="true",
            status="trash" if name == "trash" else "any",
        )
        assert bool(found.json()) == (mode in shown.split()), name
