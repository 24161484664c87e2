"""The stand-in behaves as real servers of three kinds were measured to."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.services.storefront import (
    KEY,
    SECRET,
    Storefront,
    WooLine,
    WooOrder,
    WooProduct,
    WooRefund,
    WooRefundLine,
    WooStore,
)

MODES = ("66", "11", "11c")
NOON = datetime(2025, 6, 3, 16, tzinfo=UTC)
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
            return lambda path, **parameters: session.get(
                f"{shop.url}/wp-json/wc/v3{path}", params=parameters, timeout=10
            )

        yield start


def an_order(
    number: int, created_at: datetime | None = NOON, **values: Any
) -> WooOrder:
    line = WooLine(
        number * 10,
        11,
        "MUG",
        "Mug",
        Decimal(2),
        Decimal("20.00"),
        Decimal("18.00"),
        Decimal("1.44"),
    )
    return WooOrder(number, created_at, **{"lines": [line], **values})


def ids(response: requests.Response) -> list[int]:
    return [item["id"] for item in response.json()]


@pytest.mark.parametrize("mode", MODES)
def test_pages_say_how_many_there_are_and_link_their_neighbours(
    serve: Callable[..., Get], mode: str
) -> None:
    get = serve(
        WooStore(an_order(n, NOON + timedelta(minutes=n)) for n in range(1, 26)), mode
    )
    first = get("/orders")
    assert ids(first) == list(range(25, 15, -1))  # ten, newest first
    assert (first.headers["X-WP-Total"], first.headers["X-WP-TotalPages"]) == (
        "25",
        "3",
    )
    assert 'page=2>; rel="next"' in first.headers["Link"]
    assert 'rel="prev"' not in first.headers["Link"]
    last = get("/orders", page=3, orderby="id", order="asc")
    assert ids(last) == list(range(21, 26))
    assert 'page=2>; rel="prev"' in last.headers["Link"]


@pytest.mark.parametrize(
    ("mode", "total", "link"),
    [("66", "3", "page=1"), ("11", "0", "page=0"), ("11c", "3", "page=1")],
)
def test_only_hpos_forgets_its_totals_past_the_end(
    serve: Callable[..., Get], mode: str, total: str, link: str
) -> None:
    response = serve(WooStore(an_order(n) for n in (1, 2, 3)), mode)("/orders", page=9)
    assert (response.status_code, response.json()) == (200, [])
    assert response.headers["X-WP-Total"] == total
    assert f'{link}>; rel="prev"' in response.headers["Link"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("per_page", "101"),
            ("per_page", "0"),
            ("per_page", "-1"),
            ("page", "0"),
            ("orderby", "total"),
        ),
        *(
            ("status", "draft"),
            ("status", "bogus"),
            ("after", "2025-11-02"),
            ("after", "2025-02-30T00:00:00"),
        ),
    ],
)
def test_wrong_parameters_are_named(
    serve: Callable[..., Get], name: str, value: str
) -> None:
    response = serve(WooStore())("/orders", **{name: value})
    assert response.status_code == 400
    assert response.json()["code"] == "rest_invalid_param"
    assert list(response.json()["data"]["params"]) == [name]


@pytest.mark.parametrize("mode", MODES)
def test_bounds_are_exclusive_and_utc_only_on_demand(
    serve: Callable[..., Get], mode: str
) -> None:
    get = serve(WooStore([an_order(1, NOON)]), mode)  # 16:00 UTC, 12:00 in New York
    hit, miss = [1], []
    assert ids(get("/orders", after="2025-06-03T15:59:59", dates_are_gmt="true")) == hit
    assert (
        ids(get("/orders", after="2025-06-03T16:00:00", dates_are_gmt="true")) == miss
    )
    assert (
        ids(get("/orders", before="2025-06-03T16:00:01", dates_are_gmt="true")) == hit
    )
    assert (
        ids(get("/orders", before="2025-06-03T16:00:00", dates_are_gmt="true")) == miss
    )
    assert (
        ids(get("/orders", after="2025-06-03T11:59:59", before="2025-06-03T12:00:01"))
        == hit
    )
    assert (
        ids(get("/orders", after="2025-06-03T15:59:59")) == miss
    )  # the trap: taken for local time
    assert (
        ids(
            get(
                "/orders",
                after="2025-06-03T15:59:59Z",
                before="2025-06-03T18:00:01+02:00",
            )
        )
        == hit
    )
    # An offset together with dates_are_gmt: 15:59:59Z becomes 11:59:59 and is compared with UTC.
    assert (
        ids(get("/orders", before="2025-06-03T16:00:01Z", dates_are_gmt="true")) == miss
    )


@pytest.mark.parametrize(("mode", "between"), [("66", 3), ("11", 4), ("11c", 3)])
def test_posts_compare_wall_clock_time_in_the_repeated_hour(
    serve: Callable[..., Get], mode: str, between: int
) -> None:
    minutes = (30, 60, 75, 90)  # the second one is 01:00:00 local again
    get = serve(
        WooStore(an_order(n, FALL_BACK + timedelta(minutes=n)) for n in minutes), mode
    )
    found = get(
        "/orders",
        after="2025-11-02T01:00:00",
        before="2025-11-02T02:00:00",
        orderby="date",
        order="asc",
    )
    assert len(ids(found)) == between
    local = [
        order["date_created"]
        for order in get("/orders", orderby="date", order="asc").json()
    ]
    utc = [
        order["date_created_gmt"]
        for order in get("/orders", orderby="date", order="asc").json()
    ]
    assert (utc if mode == "11" else local) == sorted(utc if mode == "11" else local)
    assert (utc == sorted(utc)) == (mode == "11")


@pytest.mark.parametrize(
    ("mode", "status", "expected"),
    [
        *(("66", "any", [1, 2]), ("11", "any", [1]), ("11c", "any", [1])),
        *((mode, "any,trash", [1, 2] if mode == "66" else [1]) for mode in MODES),
        *((mode, "trash", [3]) for mode in MODES),
        *((mode, "trash,checkout-draft", [2, 3]) for mode in MODES),
    ],
)
def test_any_hides_the_trash_and_newer_servers_hide_unfinished_checkouts(
    serve: Callable[..., Get], mode: str, status: str, expected: list[int]
) -> None:
    statuses = ("processing", "checkout-draft", "trash")
    get = serve(
        WooStore(an_order(n, status=status) for n, status in enumerate(statuses, 1)),
        mode,
    )
    assert ids(get("/orders", status=status, orderby="id", order="asc")) == expected
    assert (
        ids(
            get(
                "/orders",
                **{"status[]": status.split(","), "orderby": "id", "order": "asc"},
            )
        )
        == expected
    )


AN_HOUR_LATER = NOON + timedelta(hours=1)
PART = WooRefund(77, AN_HOUR_LATER, Decimal("1.10"), "goodwill")
REST = WooRefund(77, AN_HOUR_LATER, Decimal("19.44"))
BUMPS: dict[str, tuple[Callable[[WooStore], object], tuple[bool, bool, bool]]] = {
    "partial refund": (lambda store: store.add_refund(1, PART), (False, True, True)),
    "full refund": (lambda store: store.add_refund(1, REST), (True, True, True)),
    "refund deleted": (
        lambda store: store.delete_refund(2, 78, AN_HOUR_LATER),
        (False, False, False),
    ),
    "line edited": (
        lambda store: store.edit_line(
            1, 10, AN_HOUR_LATER, quantity=Decimal(1), total=Decimal("9.00")
        ),
        (False, True, False),
    ),
    "line removed": (
        lambda store: store.remove_line(1, 10, AN_HOUR_LATER),
        (False, True, False),
    ),
    "meta": (
        lambda store: store.change(1, "meta", AN_HOUR_LATER),
        (False, True, False),
    ),
    "empty save": (
        lambda store: store.change(1, "touch", AN_HOUR_LATER),
        (False, True, False),
    ),
    "order note": (
        lambda store: store.change(1, "other", AN_HOUR_LATER),
        (False, False, False),
    ),
    "product deleted": (lambda store: store.delete_product(11), (False, False, False)),
    "status": (
        lambda store: store.update_status(1, "completed", AN_HOUR_LATER),
        (True, True, True),
    ),
    "customer note": (
        lambda store: store.change(1, "customer_note", AN_HOUR_LATER),
        (True, True, True),
    ),
    "trash": (lambda store: store.trash(1, AN_HOUR_LATER), (True, True, True)),
}


@pytest.mark.parametrize("action", BUMPS)
@pytest.mark.parametrize("mode", MODES)
def test_what_moves_the_modified_date(
    serve: Callable[..., Get], action: str, mode: str
) -> None:
    store = WooStore(
        [an_order(1), an_order(2, refunds=[WooRefund(78, NOON, Decimal("1.00"))])]
    )
    get = serve(store, mode)
    act, moves = BUMPS[action]
    act(store)
    after = "2025-06-03T16:59:59"
    found = get(
        "/orders",
        modified_after=after,
        dates_are_gmt="true",
        status="trash" if action == "trash" else "any",
    )
    assert bool(found.json()) == moves[MODES.index(mode)]


@pytest.mark.parametrize(
    ("mode", "reported"), [("66", "06:15:57"), ("11", "05:15:57"), ("11c", "06:15:57")]
)
def test_hpos_dates_a_change_in_the_repeated_hour_an_hour_early(
    serve: Callable[..., Get], mode: str, reported: str
) -> None:
    store = WooStore([an_order(286, FALL_BACK + timedelta(hours=1))])
    store.update_status(286, "completed", FALL_BACK + timedelta(minutes=75, seconds=57))
    (order,) = serve(store, mode)("/orders").json()
    assert order["date_created_gmt"] == "2025-11-02T06:00:00"
    assert order["date_modified_gmt"] == f"2025-11-02T{reported}"
    assert order["date_modified"] == "2025-11-02T01:15:57"


@pytest.mark.parametrize("mode", MODES)
def test_refunds_are_negative_stubs_in_the_order_and_positive_under_it(
    serve: Callable[..., Get], mode: str
) -> None:
    goodwill = WooRefund(423, NOON + timedelta(days=1), Decimal("2.75"), "goodwill")
    unit = WooRefundLine(1311, 10, Decimal(1), Decimal("9.00"), Decimal("0.72"))
    one_unit = WooRefund(
        443, NOON + timedelta(days=2), Decimal("9.72"), "one unit", [unit]
    )
    deleted = WooRefund(450, NOON + timedelta(days=3), Decimal("1.00"), deleted=True)
    get = serve(WooStore([an_order(1, refunds=[goodwill, one_unit, deleted])]), mode)

    order = get("/orders/1").json()
    assert [(stub["id"], stub["total"]) for stub in order["refunds"]] == [
        (443, "-9.72"),
        (423, "-2.75"),
        (0, "-0.00"),
    ]
    assert ("total_tax" in order["refunds"][0]) == (mode != "66")
    assert order["total"] == "19.44"

    newest, older = get("/orders/1/refunds").json()
    assert (newest["amount"], newest["date_created_gmt"]) == (
        "9.72",
        "2025-06-05T16:00:00",
    )
    (line,) = newest["line_items"]
    assert (line["quantity"], line["total"], line["total_tax"]) == (
        -1,
        "-9.00",
        "-0.72",
    )
    assert line["meta_data"][0]["key"] == "_refunded_item_id"
    assert line["meta_data"][0]["value"] == "10"
    assert (older["amount"], older["line_items"], "currency" in older) == (
        "2.75",
        [],
        False,
    )

    everything = get("/refunds", per_page=1)
    if mode == "66":
        assert (everything.status_code, everything.json()["code"]) == (
            404,
            "rest_no_route",
        )
    else:
        assert [
            (refund["id"], refund["parent_id"]) for refund in everything.json()
        ] == [(443, 1)]
        assert everything.headers["X-WP-Total"] == "2"


@pytest.mark.parametrize(("mode", "kept"), [("66", 0), ("11", 1), ("11c", 0)])
def test_posts_take_the_refunds_of_a_trashed_order_along(
    serve: Callable[..., Get], mode: str, kept: int
) -> None:
    store = WooStore([an_order(1, refunds=[WooRefund(5, NOON, Decimal("1.00"))])])
    store.trash(1, NOON)
    get = serve(store, mode)
    assert len(get("/orders/1/refunds").json()) == kept
    assert get("/orders/1").json()["status"] == "trash"


@pytest.mark.parametrize("mode", MODES)
def test_an_unknown_order_has_no_refunds_and_a_deleted_one_no_trace(
    serve: Callable[..., Get], mode: str
) -> None:
    store = WooStore([an_order(1)])
    get = serve(store, mode)
    store.delete_order(1)
    gone = get("/orders/1")
    assert (gone.status_code, gone.json()["code"]) == (
        404,
        "woocommerce_rest_shop_order_invalid_id",
    )
    unknown = get("/orders/1/refunds")
    assert (unknown.status_code, unknown.json()) == (200, [])


def test_refunding_by_hand_refunds_the_rest_and_no_more_is_possible() -> None:
    store = WooStore([an_order(1, refunds=[WooRefund(5, NOON, Decimal("9.44"))])])
    store.update_status(1, "refunded", AN_HOUR_LATER, refund_id=6)
    assert store.orders[1].refunds[1] == WooRefund(
        6, AN_HOUR_LATER, Decimal("10.00"), "Order fully refunded."
    )
    with pytest.raises(ValueError, match="exceeds the remaining 0"):
        store.add_refund(1, WooRefund(7, AN_HOUR_LATER, Decimal("0.01")))


def test_products_are_chosen_by_id_and_trimmed_to_the_fields_asked_for(
    serve: Callable[..., Get],
) -> None:
    products = [
        WooProduct(n, f"SKU-{n}", f"Thing {n}", ["Kitchen", "Sale"], NOON)
        for n in (11, 12, 13)
    ]
    found = serve(WooStore(products=products))(
        "/products", include="11,13", _fields="id,categories"
    ).json()
    assert sorted(product["id"] for product in found) == [11, 13]
    assert set(found[0]) == {"id", "categories"}
    assert [category["name"] for category in found[0]["categories"]] == [
        "Kitchen",
        "Sale",
    ]


def test_a_deleted_product_leaves_its_lines_without_sku(
    serve: Callable[..., Get],
) -> None:
    store = WooStore([an_order(1)], [WooProduct(11, "MUG", "Mug", [], NOON)])
    store.delete_product(11)
    (line,) = serve(store)("/orders/1").json()["line_items"]
    assert (line["product_id"], line["sku"], line["name"]) == (0, None, "Mug")


def test_amounts_are_text_and_quantities_numbers_but_a_flawed_line_shows_as_it_is(
    serve: Callable[..., Get],
) -> None:
    lines = [
        WooLine(
            1,
            11,
            "A",
            "a",
            Decimal("1.25"),
            Decimal("27.13"),
            Decimal("27.129"),
            Decimal("0"),
        ),
        WooLine(2, 11, "A", "a", "many", "NaN", "12", "0"),
    ]
    get = serve(WooStore([an_order(1, lines=lines)]))
    sound, flawed = get("/orders/1").json()["line_items"]
    assert (sound["quantity"], sound["subtotal"], sound["total"]) == (
        1.25,
        "27.13",
        "27.13",
    )
    assert (flawed["quantity"], flawed["subtotal"], flawed["total"]) == (
        "many",
        "NaN",
        "12.00",
    )
    assert get("/orders/1", dp="6").json()["line_items"][0]["total"] == "27.129000"


def test_the_file_holds_everything_and_a_replaced_one_is_noticed(
    tmp_path: Path,
) -> None:
    store = WooStore(
        [an_order(1, None, refunds=[PART]), an_order(2**53 + 1)],
        [WooProduct(11, "MUG", "Mug", ["A"], NOON)],
    )
    store.change(1, "line", NOON)
    data = tmp_path / "storefront.jsonl"
    store.save(data)
    again = WooStore.load(data)
    again.save(tmp_path / "again.jsonl")
    assert data.read_text() == (tmp_path / "again.jsonl").read_text()

    with (
        Storefront(data=data, mode="66") as served,
        Storefront(store, "66") as original,
    ):
        for path in ("/orders?orderby=id", "/orders/1/refunds", "/products"):
            bodies = [
                requests.get(
                    f"{shop.url}/wp-json/wc/v3{path}", auth=(KEY, SECRET), timeout=10
                ).json()
                for shop in (served, original)
            ]
            assert bodies[0] == bodies[1]
            assert bodies[0]
        store.delete_order(1)
        store.save(data)
        left = requests.get(
            f"{served.url}/wp-json/wc/v3/orders", auth=(KEY, SECRET), timeout=10
        )
        assert ids(left) == [2**53 + 1]
