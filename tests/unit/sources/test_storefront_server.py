"""The stand-in of the storefront behaves as real servers of three kinds were measured to."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from demo.services.storefront import (
    KEY,
    SECRET,
    Storefront,
    WooLine,
    WooOrder,
    WooRefund,
    WooRefundLine,
    WooStore,
)

MODES = ("66", "11", "11c")
NOON = datetime(2025, 6, 3, 16, tzinfo=UTC)
HOUR_LATER = NOON + timedelta(hours=1)
# In America/New_York the clocks went back at 06:00 UTC: 05:30 and 06:30 are both half past one.
FALL_BACK = datetime(2025, 11, 2, 5, tzinfo=UTC)
Get = Callable[..., requests.Response]


@pytest.fixture
def serve() -> Iterator[Callable[..., Get]]:
    """Serve a store; gives a function that asks the server for a path with parameters."""
    with ExitStack() as running:

        def start(store: WooStore, mode: str = "11", **options: Any) -> Get:
            shop = running.enter_context(Storefront(store, mode, **options))
            session = running.enter_context(requests.Session())
            session.auth = (KEY, SECRET)
            root = f"{shop.url}/wp-json/wc/v3"
            return lambda path, **parameters: session.get(
                f"{root}{path}", params=parameters, timeout=10
            )

        yield start


def an_order(
    number: int, created_at: datetime | None = NOON, **values: Any
) -> WooOrder:
    prices = (Decimal("20.00"), Decimal("18.00"), Decimal("1.44"))
    line = WooLine(number * 10, 11, "MUG", "Mug", Decimal(2), *prices)
    return WooOrder(number, created_at, **{"lines": [line], **values})


def ids(response: requests.Response) -> list[int]:
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
MOVES: dict[str, tuple[Callable[[WooStore], object], str]] = {
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


@pytest.mark.parametrize(
    ("mode", "reported"), [("66", "06:15:57"), ("11", "05:15:57"), ("11c", "06:15:57")]
)
def test_hpos_dates_a_change_in_the_repeated_hour_an_hour_early(serve, mode, reported):
    store = WooStore([an_order(286, FALL_BACK + timedelta(hours=1))])
    store.update_status(286, "completed", FALL_BACK + timedelta(minutes=75, seconds=57))
    [order] = serve(store, mode)("/orders").json()
    assert order["date_created_gmt"] == "2025-11-02T06:00:00"
    assert order["date_modified_gmt"] == f"2025-11-02T{reported}"


@pytest.mark.parametrize("mode", MODES)
def test_refunds_are_negative_stubs_in_the_order_and_positive_under_it(serve, mode):
    goodwill = WooRefund(423, NOON + timedelta(days=1), Decimal("2.75"), "goodwill")
    unit = WooRefundLine(1311, 10, Decimal(1), Decimal("9.00"), Decimal("0.72"))
    one_unit = WooRefund(
        443, NOON + timedelta(days=2), Decimal("9.72"), "one unit", [unit]
    )
    deleted = WooRefund(450, NOON + timedelta(days=3), Decimal("1.00"), deleted=True)
    get = serve(WooStore([an_order(1, refunds=[goodwill, one_unit, deleted])]), mode)
    order = get("/orders/1").json()
    stubs = [(stub["id"], stub["total"]) for stub in order["refunds"]]
    assert stubs == [(443, "-9.72"), (423, "-2.75"), (0, "-0.00")]
    newest, older = get("/orders/1/refunds").json()
    [line] = newest["line_items"]
    assert (newest["amount"], older["amount"]) == ("9.72", "2.75")
    amounts = (line["quantity"], line["total"], line["total_tax"])
    assert amounts == (-1, "-9.00", "-0.72")
    assert line["meta_data"][0]["value"] == "10"
    everything = get("/refunds", per_page=1)
    if mode == "66":
        assert everything.json()["code"] == "rest_no_route"
    else:
        [refund] = everything.json()
        assert (refund["id"], refund["parent_id"]) == (443, 1)
        assert everything.headers["X-WP-Total"] == "2"
