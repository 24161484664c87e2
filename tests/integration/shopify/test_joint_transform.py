"""Small shops are transformed in one pass of the SQL files: each gets the rows that it gets alone."""

import json
import shutil
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demo.services.shopify import BalanceFacts, PayoutFacts
from ecommerce.core.errors import ContractError
from ecommerce.sales.transform import transform, transform_batch
from ecommerce.storage import staging
from ecommerce.storage.staging import local_or_uri
from ecommerce.transform import run
from tests.integration.shopify.made_up_orders import MINUTE, OrderMaker
from tests.integration.shopify.orders import paid
from tests.integration.shopify.reading import (
    NOON,
    connect,
    extract,
    shop_with,
)
from tests.parquet import read_records

SHOPS = 4
ORDERS = range(1, 12)
CODES = ["PAID", "REFUNDED", "PENDING", "VOIDED", None]


def made_up_shop(dice):
    """Orders, balance transactions and payouts; those of all shops have the same ids."""
    maker = OrderMaker(dice)
    orders = []
    balance = []
    for number in ORDERS:
        order = maker.order(number)
        order.email = dice.choice([None, "ann@example.com", f"b{number}@example.com"])
        order.customer_id = dice.choice([None, 1, 2])
        order.country = dice.choice(["US", "GB", None])
        order.gateway = dice.choice(["shopify_payments", "paypal"])
        order.financial_status = dice.choice(["derived", *CODES])
        for line in order.lines:
            line.unit_cost = dice.choice([None, Decimal(1)])
        orders.append(order)
        balance.append(
            BalanceFacts(
                number,
                Decimal(dice.randint(-500, 5000)) / 100,
                order.created_at,
                order=dice.choice([None, number]),
                payout=dice.choice([None, 1]),
            )
        )
    orders[0].payments = [paid("3", kind="SALE", gateway="cash")]
    return orders, balance, [PayoutFacts(1, NOON - dice.randint(1, 99) * MINUTE)]


class Pages:
    """The pages of orders in a raw folder."""

    def __init__(self, folder, dice):
        self.folder = folder
        self.dice = dice
        self.path = max(
            folder.glob("orders/*.json"), key=lambda path: path.stat().st_size
        )
        self.orders = json.loads(self.path.read_text())

    def order(self):
        return self.dice.choice(self.orders)

    def save(self):
        self.path.write_text(json.dumps(self.orders))

    def repeat(self):
        """A list that changes while it is read has an order twice, also in one page."""
        for number in range(2):
            repeated = json.loads(json.dumps(self.order()))
            repeated["updatedAt"] = f"2026-11-19T0{self.dice.randint(0, 9)}:00:00Z"
            repeated["sourceName"] = f"page {number}"
            later = self.path.with_name(f"9{number}.json")
            later.write_text(json.dumps([repeated]))
        self.orders.append(self.order())

    def spoil(self):
        """Headers, lines, refunds and payments that are rejected."""
        self.order()["currencyCode"] = None
        self.orders[1]["totalPriceSet"]["shopMoney"]["currencyCode"] = "no currency"
        self.orders[2]["processedAt"] = self.dice.choice([None, "2031-01-01T00:00:00Z"])
        lines = self.orders[3]["lineItems"]["nodes"]
        lines[0]["quantity"] = 0
        lines[0]["isGiftCard"] = False
        lines[-1]["originalTotalSet"]["shopMoney"]["amount"] = "1e99"
        for refund in self.orders[4]["refunds"]:
            refund["processedAt"] = "yesterday"
        for payment in self.orders[0]["transactions"]:
            payment["amountSet"]["shopMoney"]["amount"] = "ten"
        self.orders[5]["shippingAddress"] = {"countryCodeV2": "Atlantis"}

    def hide_addresses(self):
        """Ids with an address, in two spellings, and one that contradicts the order of the pages."""
        first, second = self.orders[:2]
        first["legacyResourceId"] = " \u200b7"
        second["legacyResourceId"] = "7"
        first["updatedAt"] = "2026-11-19T09:00:00Z"
        second["updatedAt"] = "2026-11-19T08:00:00Z"
        self.orders[-1]["legacyResourceId"] = "of ann@example.com"


def fill(folder, dice, number):
    """Make a read an unusual one; the shops of one test differ."""
    pages = Pages(folder, dice)
    pages.repeat()
    if number % 2:
        pages.spoil()
    if number == 2:
        pages.hide_addresses()
    pages.save()
    known = []
    for order_id in ORDERS:
        known.append(
            {
                "order_id": str(order_id),
                "line_number": 1,
                "sku": "A",
                "category": f"of shop {number}",
                "quantity": Decimal(dice.randint(1, 3)),
                "cost_amount": Decimal(dice.randint(1, 9)),
            }
        )
    schema = pq.read_schema(folder / "known_lines.parquet")
    names = [name for name in schema.names if name in known[0]]
    write = pa.Table.from_pylist(known, pa.schema([schema.field(n) for n in names]))
    pq.write_table(write, folder / "known_lines.parquet")
    removed = pa.table({"order_id": ["99", str(100 + number)]})
    pq.write_table(removed, folder / "removed_orders.parquet")


def publish(manifest, root, source, change=None):
    """A raw folder like another, of a source."""
    uri = f"{root}/{source}"
    facts = manifest.facts() | {"source": source}
    with staging.publish(uri) as draft:
        files = shutil.ignore_patterns(staging.MANIFEST_FILE)
        copied = Path(local_or_uri(manifest.uri))
        shutil.copytree(copied, draft.path, ignore=files, dirs_exist_ok=True)
        if change:
            change(draft.path)
            seconds = timedelta(seconds=len(source) + sum(map(ord, source)))
            facts["read_at"] = manifest.read_at + seconds
        draft.seal(
            **facts,
            rows=manifest.rows,
            columns={},
            control_totals=manifest.control_totals,
        )
    return staging.read_manifest(uri)


def rows_of(manifest):
    """The rows of the tables of a loadable folder, sorted."""
    tables = {}
    for name in manifest.columns:
        rows = read_records(manifest.file(name))
        tables[name] = sorted(rows, key=repr)
    return tables


def assert_same(joint, single):
    """Compare the manifests and the rows of the loadable folders of a shop."""
    assert rows_of(joint) == rows_of(single)
    assert joint.columns == single.columns
    assert joint.rows == single.rows
    assert joint.facts() == single.facts()
    assert joint.control_totals == single.control_totals


@pytest.fixture
def shops(monkeypatch, tmp_path):
    """Make the raw folders of shops with the same ids, in two runs."""

    def make(seed):
        dice = Random(seed)
        names = [f"s{number}" for number in range(SHOPS)]
        monkeypatch.setenv("SHOPS", json.dumps({"shopify": names}))
        runs = ([], [])
        for number, name in enumerate(names):
            orders, balance, payouts = made_up_shop(dice)
            if number == SHOPS - 1:
                orders = []
            with shop_with(orders, balance, payouts) as shop:
                connect(monkeypatch, shop)
                raw = extract(tmp_path / name)
            change = None
            if orders:
                change = partial(fill, dice=dice, number=number)
            root = f"file://{tmp_path}/joint"
            joint = publish(raw, root, f"shopify_{name}", change)
            runs[0].append(joint)
            root = f"file://{tmp_path}/single"
            runs[1].append(publish(joint, root, joint.source))
        return runs

    return make


@pytest.fixture
def passes(monkeypatch):
    """Collect the sources of each pass of the SQL files."""
    sources = []
    open_database = run.open_database

    def opened(manifests, run_id):
        sources.append([manifest.source for manifest in manifests])
        return open_database(manifests, run_id)

    monkeypatch.setattr(run, "open_database", opened)
    return sources


@pytest.mark.parametrize("seed", range(2))
def test_shops_get_the_same_rows_together_and_alone(seed, shops, passes):
    together, alone = shops(seed)
    joint = transform_batch(together, run_id="test")
    assert passes == [[manifest.source for manifest in together]]
    single = [transform(manifest, run_id="test") for manifest in alone]
    for left, right in zip(joint, single, strict=True):
        assert_same(left, right)
    # What makes the shops hard ones.
    assert len(joint[1].control_totals["rejected"]) > 3
    assert min(shop.control_totals["rows_superseded"] for shop in joint[:-1]) > 0
    # A second call returns the first results.
    before = list(passes)
    assert transform_batch(together, run_id="a later try") == joint
    assert passes == before


def refuse(folder):
    """An error page in place of orders."""
    (folder / "orders" / "000000.json").write_text('{"errors": "ann@example.com"}')


def test_an_invalid_shop_fails_alone_with_its_own_message(shops, passes, tmp_path):
    together, alone = shops(0)
    first, second, broken, _ = together
    together[2] = publish(broken, f"file://{tmp_path}/joint", broken.source, refuse)
    alone[2] = publish(together[2], f"file://{tmp_path}/single", broken.source)
    with pytest.raises(ContractError) as failure:
        transform_batch(together, run_id="test")
    names = [manifest.source for manifest in together]
    assert passes == [names, *([name] for name in names[:3])]
    for left, right in zip((first, second), alone[:2], strict=True):
        assert_same(
            transform(left, run_id="test"),
            transform(right, run_id="test"),
        )
    with pytest.raises(ContractError) as own_failure:
        transform(alone[2], run_id="test")
    assert str(failure.value) == str(own_failure.value)
    assert staging.exists(together[2].uri)
