"""A long text of one suspicious character, in any text field of any source, takes the time of letters, and
costs no other record."""

import copy
import json
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from demo.services.web_events import EventCollector
from ecommerce.events.loading import transform as transform_events
from ecommerce.sales.transform import transform as transform_orders
from ecommerce.sources.partner_layouts import COLUMNS
from ecommerce.sources.shopify.client import document
from tests.integration.partner_files.drop import Drop
from tests.integration.web_events import reading as events
from tests.unit.demo.shopify_shop import data, make_order, make_shop
from tests.unit.sales.transform.raw_folders import (
    KEY,
    RawFolders,
    csv_line,
    item,
    order,
    page_order,
    page_refund,
    read,
    refund,
)

SIGNS = {
    "@": (),
    '"': (),
    "\\": (),
    "\n": pytest.mark.slow,
    "\0": pytest.mark.slow,
    "永": pytest.mark.nightly,
}
LONG = 1 << 18
MOST_RUNS = 5
"""A run may be slowed down by other processes; the fastest one counts."""
LONGEST_LOADED = 5_000
"""2,000 characters of a value, some of which JSON escapes; attributes may be longer."""
Read = Callable[[Path, str], Sequence[str]]
"""Reads records with the text in one field each, using an empty folder; returns the texts that it loaded."""


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", KEY)
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    monkeypatch.setenv("REPORTING_CURRENCY", "USD")
    monkeypatch.setenv("ORDER_ATTRIBUTES", "payment_method")


def as_json(text):
    """Return a text as JSON has it between its quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1].encode()


def with_a_long_text(record, text):
    """Return a copy of a record for each text in it, which has `text` in its place."""
    records = []
    for place in _places_of_texts(record):
        changed = copy.deepcopy(record)
        holder = changed
        for step in place[:-1]:
            holder = holder[step]
        holder[place[-1]] = text
        records.append(changed)
    return records


def _places_of_texts(value):
    """Yield the keys that lead to each text; of a list, to those of its first element."""
    items = ()
    if isinstance(value, str):
        yield ()
    elif isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value[:1])
    for key, inner in items:
        for place in _places_of_texts(inner):
            yield key, *place


def read_sales_db(folder, text):
    usual = order("good", coupon_code="SPRING", customer_id="C1")
    orders = [usual]
    for number, changed in enumerate(with_a_long_text(usual, text)):
        orders.append(
            changed
            if changed["order_id"] == text
            else changed | {"order_id": str(number)}
        )
    items = [item(changed["order_id"]) for changed in orders]
    loaded = RawFolders(f"file://{folder}").sales_db(
        orders=orders,
        order_items=[*items, item("good", 2, sku=text)],
        refunds=[
            refund("R1", "good"),
            refund("R2", "good", reason=text),
            refund(text, "good"),
            refund("R3", text),
        ],
        products=[
            {"sku": text, "name": text, "category": text},
            {"sku": "MUG-01", "name": text, "category": text},
        ],
        customers=[
            {"customer_id": "C1", "email": text, "country_code": text},
            {"customer_id": text, "email": f"x@{text}"},
        ],
    )
    return _texts_beside_the_good_order(loaded)


def read_storefront(folder, text):
    usual = page_order(coupon_lines=[{"code": "SPRING"}], payment_method="card")
    pages = [[usual | {"id": "good"}]]
    for number, changed in enumerate(with_a_long_text(usual, text)):
        pages.append([changed | {"id": str(number)}])
    pages[1][0]["line_items"][0]["name"] = f"&#{5_000 * '1'};"
    product = {
        "id": 1,
        "sku": "MUG-01",
        "name": text,
        "categories": [{"name": text}],
        "date_modified_gmt": text,
    }
    loaded = RawFolders(f"file://{folder}").storefront(
        *pages,
        refunds=[page_refund(900, reason=text), page_refund(901, amount=text)],
        products=[product],
    )
    return _texts_beside_the_good_order(loaded)


def read_shopify(folder, text):
    """Only what customers, staff and apps may write: Shopify itself writes ids, states and amounts."""
    text = text[: (1 << 20) // len(as_json(text[:1]))]
    written = make_order(1)
    variables = {"lines": 50, "few": 10, "metafields": [], "with_metafields": False}
    query = document("orders_by_id")
    [usual] = data(make_shop([written]), query, ids=[written["id"]], **variables)[
        "nodes"
    ]
    [line] = usual["lineItems"]["nodes"]
    orders = [usual | {"legacyResourceId": "good"}]
    for changes in (
        {"email": text},
        {"sourceName": text, "attribution": None, "app": None},
        {"attribution": {"displayName": text}},
        {"discountCodes": [text]},
        {"tags": [text]},
        {"customAttributes": [{"key": "payment_method", "value": text}]},
        {"customAttributes": [{"key": text, "value": "card"}]},
        {"lineItems": {"nodes": [line | {"sku": text}]}},
        {"lineItems": {"nodes": [line | {"name": text}]}},
        {"lineItems": {"nodes": [line | {"product": {"productType": text}}]}},
    ):
        orders.append(usual | changes | {"legacyResourceId": str(len(orders))})
    return _texts_beside_the_good_order(RawFolders(f"file://{folder}").shopify(*orders))


def read_partner_files(folder, text):
    usual = csv_line(
        "good", ordered_at="2026-03-10T15:00:00Z", updated_at="2026-03-10T15:00:00Z"
    )
    header = ",".join(COLUMNS)
    lines = [header]
    for number, changed in enumerate(with_a_long_text(usual, text)):
        lines.append(
            _as_csv(
                changed | {"order_id": str(number)}
                if changed["order_id"] == "good"
                else changed
            )
        )
    drop = Drop(folder)
    drop.put(
        "acme_2026-03-10.csv", "\n".join(lines)
    )  # refused where it has too many line feeds
    drop.put("other_2026-03-10.csv", f"{header}\n{_as_csv(usual)}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARTNER_DROP_URI", f"file://{drop.drop}")
        manifest = drop.extract()
    return _texts_beside_the_good_order(read(transform_orders(manifest, run_id="run")))


def _as_csv(line):
    values = []
    for name in COLUMNS:
        value = line[name].replace('"', '""')
        values.append(f'"{value}"')
    return ",".join(values)


def _texts_beside_the_good_order(loaded):
    assert loaded["good"]["item_count"] >= 1
    rows = (
        row | {"attributes": None} for table in loaded.tables.values() for row in table
    )
    return [value for row in rows for value in row.values() if isinstance(value, str)]


def read_web_events(folder, text):
    received = events.at(12)
    usual = events.event(
        "good", received, order_id="O1", referrer="https://other.example/"
    )
    lines = [usual]
    within_a_line = text[: LONG // len(as_json(text[:1])) - 1_000]
    for number, changed in enumerate(
        with_a_long_text(usual, text) + with_a_long_text(usual, within_a_line)
    ):
        lines.append(
            changed | {"event_id": str(number)}
            if changed["event_id"] == "good"
            else changed
        )
    root = folder / "received"
    sent = [json.dumps(line, ensure_ascii=False) for line in lines]
    events.keep_raw(root, received, "".join(f"{line}\n" for line in sent).encode())
    with pytest.MonkeyPatch.context() as patch, EventCollector(root) as collector:
        events.connect(patch, collector.url)
        manifest = transform_events(events.older(folder), run_id="run")
    loaded = read(manifest)
    assert "good" in [row["event_id"] for row in loaded.user_events]
    rows = (row for table in loaded.tables.values() for row in table)
    return [value for row in rows for value in row.values() if isinstance(value, str)]


SOURCES = [
    read_sales_db,
    read_storefront,
    read_shopify,
    read_partner_files,
    read_web_events,
]


@pytest.mark.parametrize(
    "sign", [pytest.param(sign, marks=mark) for sign, mark in SIGNS.items()], ids=ascii
)
@pytest.mark.parametrize("read_source", SOURCES, ids=lambda function: function.__name__)
def test_a_long_text_takes_no_more_time_than_letters(
    read_source, sign, tmp_path, letters
):
    if sign == "\0" and read_source == read_sales_db:
        pytest.skip("a text of PostgreSQL cannot have it")
    limit = 2 * letters(read_source)
    times = []
    while min(times, default=limit) >= limit and len(times) < MOST_RUNS:
        times.append(seconds(read_source, tmp_path / str(len(times)), sign))
    assert min(times) < limit


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """Return the processor time that a source takes for texts of letters."""

    @cache
    def least(read_source):
        folder = tmp_path_factory.mktemp("letters")
        # The first one imports what a masked text needs.
        runs = [
            seconds(read_source, folder / str(n), sign) for n, sign in enumerate("@aa")
        ]
        return min(runs[1:])

    return least


def seconds(read_source, folder, sign):
    """Read a source with long texts of a sign, and return the processor time."""
    text = sign * (LONG // len(sign.encode()))
    folder.mkdir()
    start = time.process_time()
    loaded = read_source(folder, text)
    taken = time.process_time() - start
    assert max(map(len, loaded), default=0) <= LONGEST_LOADED
    return taken
