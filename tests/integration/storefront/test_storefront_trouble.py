"""What the storefront's extract makes of busy, changing, broken and unwilling servers."""

import json
from dataclasses import replace

import pytest

from demo.services.storefront import Fault
from ecommerce.core.data_warnings import sentence
from ecommerce.sources import STOREFRONT
from tests.integration.storefront.days import storefront_days
from tests.integration.storefront.reading import (
    ALL,
    FALL_BACK,
    truth,
    what_was_read,
)
from tests.parquet import read_rows


def numbers_change_their_type(body):
    orders = json.loads(body)
    for order in orders:
        order["id"] = str(order["id"])
        for line in order["line_items"]:
            line.update(
                product_id=str(line["product_id"]), subtotal=float(line["subtotal"])
            )
        for stub in order["refunds"]:
            stub.update(
                id=str(stub["id"]),
                total=float(stub["total"]),
            )
    return json.dumps(orders).encode()


def one_comes_twice(body):
    orders = json.loads(body)
    return json.dumps([*orders, *orders[:1]]).encode()


@pytest.mark.parametrize("rewrite", [numbers_change_their_type, one_comes_twice])
def test_misshapen_pages_change_nothing(serve, read, rewrite):
    shop = serve(storefront_days(FALL_BACK))
    calm = read()
    totals = dict(calm.control_totals)
    orders = what_was_read(calm)
    shop.faults.append(Fault("/orders", rewrite=rewrite, times=9))
    manifest = read()
    assert dict(manifest.control_totals) == totals
    if rewrite is one_comes_twice:
        assert what_was_read(manifest) == orders
    assert shop.faults[0].times < 9


def test_an_order_that_is_trashed_between_two_lists_is_read(serve, read):
    store = storefront_days(FALL_BACK)
    trashed = store.orders[20]
    answers = []

    def trash(body):
        """After the first list of changed orders, which follows two lists of new ones."""
        answers.append(body)
        if len(answers) == 3:
            trashed.status = "trash"
        return body

    shop = serve(store, "11")
    shop.faults.append(Fault("/orders", rewrite=trash, times=9))
    assert trashed.id in what_was_read(read())


def ten_of_them(body):
    return json.dumps(json.loads(body)[:10]).encode()


def test_an_order_that_is_withheld_is_not_removed(serve, window):
    shop = serve(storefront_days(FALL_BACK))
    shop.faults.append(Fault("/orders", times=99, rewrite=ten_of_them))
    known = [str(number) for number in (*ALL, 999)]
    manifest = STOREFRONT.source().extract(replace(window(later=True), also_read=known))
    assert read_rows(manifest.file("removed_orders.parquet")) == []


def ids_that_are_none(body):
    orders = json.loads(body)
    for order in orders[:1]:
        order["id"] = "../ann@example.com"
        order["refunds"] = [{"id": 5, "total": "-1"}]
        order["line_items"][0]["product_id"] = "a b"
    return json.dumps(orders).encode()


def test_an_id_that_is_no_number_is_no_part_of_a_request(serve, window):
    shop = serve(storefront_days(FALL_BACK))
    shop.faults.append(Fault("/orders", times=9, rewrite=ids_that_are_none))
    known = replace(window(), also_read=["rejected id", "1"])
    manifest = STOREFRONT.source().extract(known)
    removed = read_rows(manifest.file("removed_orders.parquet"))
    assert ("rejected id",) not in removed
    asked = " ".join(shop.requests)
    assert "example.com" not in asked
    assert "include=1&" in asked
    assert "a%20b" not in asked
    assert "a+b" not in asked


def one_of_a_page(body):
    return json.dumps(json.loads(body)[:1]).encode()


def test_products_on_smaller_pages_are_read(serve, read):
    shop = serve(storefront_days(FALL_BACK))
    shop.faults.append(Fault("/products", page=1, rewrite=one_of_a_page))
    read()
    assert len([request for request in shop.requests if "/products" in request]) == 2


WITHHELD = {
    "orders": Fault("/orders", times=9, rewrite=ten_of_them),
    "products": Fault("/products", status=403, body=b'{"code":"cannot_view"}'),
    "refunds": Fault("/orders/41/refunds", times=9, rewrite=lambda _: b"[]"),
}


def test_what_the_shop_counts_or_names_and_does_not_return_is_a_warning(
    serve, read, snapshot
):
    store = storefront_days(FALL_BACK)
    shop = serve(store, "66")
    report = []
    for name, fault in WITHHELD.items():
        shop.faults[:] = [fault]
        manifest = read()
        report += map(sentence, manifest.control_totals["warnings"])
        if name == "products":
            assert what_was_read(manifest) == truth(store, ALL)
    assert "\n".join(report) == snapshot
