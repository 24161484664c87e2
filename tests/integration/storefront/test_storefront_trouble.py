"""What the storefront's extract makes of busy, changing, broken and unwilling servers."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from demo.services.storefront import (
    KEY,
    SECRET,
    Fault,
    Storefront,
    WooLine,
    WooOrder,
    WooStore,
)
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    RateLimitedError,
    TransientError,
)
from ecommerce.core.read_window import ReadWindow
from ecommerce.sources import http
from ecommerce.sources.storefront import extraction as storefront
from ecommerce.storage.staging import exists
from tests.explained import findings, unexplained
from tests.integration.storefront.days import storefront_days
from tests.integration.storefront.reading import (
    ALL,
    FALL_BACK,
    MODES,
    connect,
    pages,
    truth,
    what_was_read,
)

BURST = [
    Fault("/orders", page=1, status=429, times=2, headers={"Retry-After": "0"}),
    Fault("/orders", page=1, status=503, times=2, headers={"Retry-After": "0"}),
    Fault(r"/orders/\d+/refunds", status=503, times=2, headers={"Retry-After": "0"}),
    Fault("/products", status=429, headers={"Retry-After": "0"}),
]


def numbers_change_their_type(body: bytes) -> bytes:
    orders = json.loads(body)
    for order in orders:
        order["id"] = str(order["id"])
        for line in order["line_items"]:
            line.update(
                product_id=str(line["product_id"]), subtotal=float(line["subtotal"])
            )
        for stub in order["refunds"]:
            stub.update(id=str(stub["id"]), total=float(stub["total"]))
    return json.dumps(orders).encode()


def one_comes_twice(body: bytes) -> bytes:
    orders = json.loads(body)
    return json.dumps([*orders, *orders[:1]]).encode()


TROUBLE = {
    "429 and 503": BURST,
    "a page is cut off": [
        Fault("/orders", rewrite=lambda body: body[:-40]),
        Fault("/products", rewrite=lambda _: b"<html>"),
    ],
    "an order twice on a page": [Fault("/orders", rewrite=one_comes_twice, times=9)],
    "numbers as text, text as numbers": [
        Fault("/orders", rewrite=numbers_change_their_type, times=9)
    ],
}


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("mode", MODES)
def test_passing_trouble_changes_nothing(
    serve: Callable[..., Storefront],
    window: Callable[..., ReadWindow],
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    trouble: str,
) -> None:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.0)
    store = storefront_days(FALL_BACK)
    shop = serve(store, mode)
    calm = storefront.extract(window())
    expected = (
        dict(calm.control_totals),
        {int(key): value for key, value in what_was_read(calm).items()},
    )
    shop.faults += [Fault(**vars(fault)) for fault in TROUBLE[trouble]]
    manifest = storefront.extract(window())
    assert dict(manifest.control_totals) == expected[0]
    if trouble != "numbers as text, text as numbers":
        assert what_was_read(manifest) == expected[1]
    assert all(
        left.times < fault.times
        for left, fault in zip(shop.faults, TROUBLE[trouble], strict=True)
    )


def many_orders(count: int, day: BusinessDay) -> list[WooOrder]:
    def line(number: int) -> WooLine:
        return WooLine(
            number, 0, None, "Mug", Decimal(1), Decimal("10.00"), Decimal("10.00")
        )

    return [
        WooOrder(1000 + n, day.start + timedelta(seconds=n), lines=[line(n)])
        for n in range(count)
    ]


@pytest.mark.parametrize("mode", MODES)
def test_orders_that_move_over_page_boundaries_meanwhile_are_not_lost(
    serve: Callable[..., Storefront], window: Callable[..., ReadWindow], mode: str
) -> None:
    """Old orders with small ids enter the list of changed ones, others are thrown away, between the pages."""
    days = 20 * timedelta(days=1)
    old = [WooOrder(n, FALL_BACK.start - days) for n in range(1, 9)]
    store = WooStore([*old, *many_orders(950, FALL_BACK)])
    shop = serve(store, mode)
    noon = FALL_BACK.start + timedelta(hours=12)
    for n in range(1, 5):
        touch = Fault(
            "/orders",
            page=2 * n,
            before=lambda s, n=n: s.update_status(n, "completed", noon),
        )
        bin_it = Fault(
            "/orders",
            page=2 * n + 1,
            before=lambda s, n=n: s.trash(1000 + 150 * n, noon),
        )
        shop.faults += [touch, bin_it]
    manifest = storefront.extract(window())
    read = what_was_read(manifest)
    assert set(read) == {order.id for order in many_orders(950, FALL_BACK)} | {
        1,
        2,
        3,
        4,
    }
    assert {number for number, order in read.items() if order["status"] == "trash"} == {
        1150,
        1300,
        1450,
        1600,
    }
    assert manifest.control_totals["source_orders"] == 954


def test_a_newer_state_read_later_is_the_one_that_counts(
    serve: Callable[..., Storefront], window: Callable[..., ReadWindow]
) -> None:
    store = WooStore(many_orders(3, FALL_BACK))
    shop = serve(store)
    noon = FALL_BACK.start + timedelta(hours=12)

    def edit(store: WooStore) -> None:
        store.edit_line(1001, 1, noon, subtotal=Decimal("7.00"), total=Decimal("7.00"))

    # Created, trash, changed.
    shop.faults += [Fault("/orders"), Fault("/orders"), Fault("/orders", before=edit)]
    manifest = storefront.extract(window())
    assert what_was_read(manifest)[1001]["lines"][0][-1] == "7.00"
    assert manifest.control_totals["source_amount"] == "27.0000"


def test_orders_that_the_storefront_counts_and_withholds_are_a_warning(
    serve: Callable[..., Storefront], window: Callable[..., ReadWindow]
) -> None:
    shop = serve(WooStore(many_orders(30, FALL_BACK)))
    shop.faults.append(
        Fault(
            "/orders",
            times=9,
            rewrite=lambda body: json.dumps(json.loads(body)[:10]).encode(),
        )
    )
    (warning,) = storefront.extract(window()).control_totals["warnings"]
    assert findings([warning]) == [
        "the source storefront counts 20 more orders than it returns"
    ]
    assert unexplained([warning]) == []


def test_a_page_that_is_broken_inside_is_named_and_not_quoted(
    serve: Callable[..., Storefront], window: Callable[..., ReadWindow]
) -> None:
    shop = serve(storefront_days(FALL_BACK))

    # Where a colon is missing, the parser would like to show what it found instead.
    def break_it(body: bytes) -> bytes:
        return body.replace(b'"billing":', b'"billing" ', 1)

    shop.faults.append(Fault("/orders", rewrite=break_it, times=2))
    with pytest.raises(
        ContractError, match=r"GET /orders \(page 1\).* bytes: .*\(byte \d+\)$"
    ) as caught:
        storefront.extract(window())
    assert "@" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert not exists(window().folder)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_products_that_may_not_be_read_are_a_warning(
    serve: Callable[..., Storefront], window: Callable[..., ReadWindow], status: int
) -> None:
    store = storefront_days(FALL_BACK)
    shop = serve(store)
    shop.faults.append(
        Fault(
            "/products", status=status, body=b'{"code":"woocommerce_rest_cannot_view"}'
        )
    )
    manifest = storefront.extract(window())
    (warning,) = manifest.control_totals["warnings"]
    (found,) = findings([warning])
    assert "uncategorised" in found
    assert unexplained([warning]) == []
    assert str(status) in found
    assert what_was_read(manifest) == truth(store, ALL)


def test_refunds_an_order_names_but_nobody_gives_are_a_warning(
    serve: Callable[..., Storefront], window: Callable[..., ReadWindow]
) -> None:
    shop = serve(storefront_days(FALL_BACK), "66")
    shop.faults.append(Fault("/orders/41/refunds", times=9, rewrite=lambda _: b"[]"))
    manifest = storefront.extract(window())
    assert findings(manifest.control_totals["warnings"]) == [
        "1 order of storefront has refunds that the shop does not return"
    ]
    assert unexplained(manifest.control_totals["warnings"]) == []


FAILURES: dict[str, tuple[Fault, type[Exception]]] = {
    "still busy": (
        Fault("/orders", status=429, times=99, headers={"Retry-After": "0"}),
        RateLimitedError,
    ),
    "bad gateway": (Fault("/orders", page=1, status=502, times=99), TransientError),
    "refunds unwell": (
        Fault(r"/orders/\d+/refunds", status=500, times=99),
        TransientError,
    ),
    "not JSON": (
        Fault("/orders", rewrite=lambda _: b"<html>Log in", times=99),
        ContractError,
    ),
    "no WooCommerce": (
        Fault("/orders", status=404, times=99, body=b"<html>"),
        ContractError,
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_read_publishes_nothing_and_keeps_what_was_there(
    serve: Callable[..., Storefront],
    window: Callable[..., ReadWindow],
    monkeypatch: pytest.MonkeyPatch,
    failure: str,
) -> None:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.0)
    shop = serve(storefront_days(FALL_BACK))
    fault, error = FAILURES[failure]
    shop.faults.append(Fault(**vars(fault)))
    with pytest.raises(error, match="storefront_api: GET /"):
        storefront.extract(window())
    folder = Path(window().folder.removeprefix("file://"))
    assert list(folder.parent.iterdir()) == []
    shop.faults.clear()
    before = storefront.extract(window())
    shop.faults.append(Fault(**vars(fault)))
    with pytest.raises(error):
        storefront.extract(window())
    assert pages(before, "orders")


def test_an_unusable_connection_is_a_matter_of_configuration(
    monkeypatch: pytest.MonkeyPatch, window: Callable[..., ReadWindow]
) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_STOREFRONT_API",
        '{"conn_type": "http", "host": "http://127.0.0.1"}',
    )
    with pytest.raises(ConfigurationError, match="consumer key and secret"):
        storefront.extract(window())
    monkeypatch.delenv("AIRFLOW_CONN_STOREFRONT_API")
    with pytest.raises(ConfigurationError, match="storefront_api is not defined"):
        storefront.extract(window())


def test_keys_and_addresses_stay_out_of_logs_urls_errors_and_manifest(
    serve: Callable[..., Storefront],
    window: Callable[..., ReadWindow],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.0)
    shop = serve(storefront_days(FALL_BACK))
    with caplog.at_level(logging.DEBUG):
        manifest = storefront.extract(window())
        said = [repr(manifest)]
        for fault in (
            Fault("/orders", status=500, times=99),
            Fault("/orders", status=401, times=99),
        ):
            shop.faults = [fault]
            with pytest.raises((TransientError, CredentialsError)) as caught:
                storefront.extract(window())
            said.append(repr(caught.value))
        connect(monkeypatch, shop.url, secret="cs_not_the_secret")
        shop.faults = []
        with pytest.raises(CredentialsError) as caught:
            storefront.extract(window())
        said.append(repr(caught.value))
    said += [record.getMessage() for record in caplog.records] + shop.requests
    assert len(shop.requests) > 10
    leaks = [
        text
        for text in said
        for secret in (KEY, SECRET, "cs_not_the_secret", "@example")
        if secret in text
    ]
    assert leaks == []
