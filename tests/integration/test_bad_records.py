"""A day with every kind of bad record among the good ones: each is rejected by name, all else is loaded."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest

from demo.ledger import (
    PARTNER_FILES,
    SALES_DB,
    STOREFRONT,
    Ledger,
    Line,
    Order,
    Snapshot,
)
from demo.seeders import exchange_rates
from demo.seeders.partner_files import HEADER
from demo.services.storefront import Fault
from demo.services.storefront import store as shop_store
from tests.integration.company import Company
from tests.integration.daily_run import morning_after, run_day
from tests.integration.warehouse_contents import read_table

DAY = date(2026, 9, 1)
NOON = datetime(2026, 9, 1, 16, tzinfo=UTC)
TEN = Decimal("10.00")


def order(
    channel: str, order_id: str, *lines: Line, status: str = "completed"
) -> Order:
    """A good order of ours, with good and flawed lines."""
    return Order(
        channel=channel,
        order_id=order_id,
        partner="chaos" if channel == PARTNER_FILES else "",
        customer_id=None,
        email="eve@example.com" if channel == PARTNER_FILES else None,
        country_code="US",
        currency="USD",
        status=status,
        coupon_code=None,
        is_test=False,
        shipping=Decimal(0),
        fee=Decimal(0),
        lines=lines,
        ordered_at=NOON,
        updated_at=NOON,
        status_changed_at=NOON,
    )


def line(number: int, quantity: str = "1", price: Decimal = TEN, **values: str) -> Line:
    amount = Decimal(quantity) * price if price.is_finite() else price
    told = {
        "sku": "KIT-001",
        "product_name": "Chef's knife, 20 cm",
        "category": "Kitchen",
    } | values
    return Line(
        number,
        unit_price=price,
        quantity=Decimal(quantity),
        gross=amount,
        discount=Decimal(0),
        tax=Decimal(0),
        **told,
    )


OURS = (
    order(
        SALES_DB,
        "BAD-1",
        line(1),
        line(2, "0", reject_reason="invalid_quantity"),
        line(3, "-2", reject_reason="invalid_quantity"),
        line(4, price=Decimal("NaN"), reject_reason="invalid_number"),
        line(5, price=Decimal("-10.00"), reject_reason="negative_price"),
    ),
    order(SALES_DB, "BAD-2", line(1), status="Lost In Space"),
    order(SALES_DB, "BAD-3"),
    order(
        STOREFRONT,
        "900",
        shop_line := line(9001),
        replace(shop_line, line_number=9002, reject_reason="invalid_quantity"),
    ),
    order(STOREFRONT, "910"),
    order(PARTNER_FILES, "C-02", line(1)),
    order(PARTNER_FILES, "C-08", line(1), status="abducted"),
    order(PARTNER_FILES, "C-09", line(1, product_name='Tea towel\nblue, "large"')),
    order(PARTNER_FILES, "C-11", line(1)),
    replace(order(PARTNER_FILES, "X-01", line(1)), partner="extra"),
)


def row(order_id: str, **values: object) -> str:
    """One line of a partner's file."""
    cells = {
        "order_id": order_id, "line_number": 1, "ordered_at": "2026-09-01T12:00:00-04:00",
        "updated_at": "2026-09-01T16:00:00Z", "status": "completed", "sku": "KIT-001",
        "product_name": '"Chef\'s knife, 20 cm"', "category": "Kitchen", "quantity": 1, "unit_price": "10.00",
        "discount_amount": "0.00", "tax_amount": 0, "currency": "USD", "customer_email": " Eve@Example.com",
        "country_code": "US",
    }  # fmt: skip
    return ",".join(str(cell) for cell in (cells | values).values())


CHAOS = [
    row("C-02"),
    row("C-03", unit_price="ten"),
    row("C-04", quantity="0"),
    row("C-05", quantity="-3"),
    row("C-06", unit_price="1.23456"),
    row("C-07", ordered_at="20111-09-01T12:00:00Z"),
    row("C-08", status="Abducted"),
    row("C-09", product_name='"Tea towel\nblue, ""large"""'),
    row("C-10", product_name='"Never closed'),
    row("C-11"),
    "C-12,1,cut off in the mid",
    row("C-13", product_name="caf\xe9").encode("latin-1"),
    row("C-14", unit_price="-1.00"),
    row(""),
    row("C-16", ordered_at="2026-09-01 12:00:00"),
]


@pytest.fixture(scope="module")
def company(start_shared_company) -> Company:
    company = start_shared_company()
    told = Ledger(DAY, 1, orders_per_day=24, seed=5).as_of(morning_after(DAY))
    company.show(replace(told, orders=told.orders + OURS))
    spoil_database(company)
    spoil_storefront(company)
    spoil_files(company)
    spoil_rates(company, told)
    run_day(DAY)
    return company


def spoil_database(company: Company) -> None:
    with psycopg.connect(company.dsn) as database:
        database.execute(
            "INSERT INTO orders (order_id, status, currency, ordered_at, updated_at) VALUES "
            "('BAD-4', 'completed', 'USD', '20111-09-01 12:00Z', %(at)s), "
            "('BAD-5', 'completed', 'USD', NULL, %(at)s), "
            "('BAD-6', 'completed', 'U$D', %(at)s, %(at)s)",
            {"at": NOON},
        )
        database.execute(
            "INSERT INTO order_items (order_id, line_number, sku, quantity, unit_price) "
            "VALUES ('BAD-4', 1, 'KIT-001', 1, 10)"
        )


def spoil_storefront(company: Company) -> None:
    shown = shop_store.WooStore.load(company.folders.storefront)
    shown.orders[900].lines[1].quantity = Decimal(0)
    shown.create_order(
        shop_store.WooOrder(920, None, "completed", changes=[(NOON, "status")])
    )
    shown.save(company.folders.storefront)

    def repeated(body: bytes) -> bytes:
        orders = json.loads(body)
        return json.dumps([*orders, *orders[:3]]).encode()

    company.storefront.faults.append(Fault("/orders", rewrite=repeated, times=9))


def spoil_files(company: Company) -> None:
    drop, header = company.folders.partner_drop, ",".join(HEADER)
    lines = [
        text if isinstance(text, bytes) else text.encode() for text in (header, *CHAOS)
    ]
    (drop / f"chaos_{DAY}.csv").write_bytes(
        b"\xef\xbb\xbf" + b"\r\n".join(lines) + b"\r\n"
    )
    (drop / f"extra_{DAY}.csv").write_text(f"{header},mood\n{row('X-01')},fine\n")
    (drop / f"lacking_{DAY}.csv").write_text(header.replace(",sku,", ",") + "\n")
    (drop / f"cut_{DAY}.csv.gz").write_bytes(
        gzip.compress(f"{header}\n{row('Z-01')}\n".encode())[:-9]
    )


def spoil_rates(company: Company, told: Snapshot) -> None:
    """No rate of Canada's dollar can be read, so that it stays unconverted; one line is cut off."""
    company.shown = replace(
        company.shown,
        rates=tuple(rate for rate in told.rates if rate.currency != "CAD"),
    )
    exchange_rates.fill(company.folders.rates, company.shown)
    file = company.folders.rates / exchange_rates.PATH
    header, newest, *older = file.read_text().splitlines()
    cells = newest.split(",")
    cells[header.split(",").index("CAD")] = "n.a."
    file.write_text("\n".join([header, ",".join(cells), f"{DAY},1.1", *older]) + "\n")


REJECTED = {
    SALES_DB: [
        ("order_items", "invalid_number", "unit_price"),
        ("order_items", "invalid_quantity", "quantity = -2"),
        ("order_items", "invalid_quantity", "quantity = 0"),
        ("order_items", "negative_price", "unit_price = -10.0"),
        ("order_items", "order_rejected", "order_id = BAD-4"),
        ("orders", "invalid_currency", "currency = U$D"),
        ("orders", "missing_value", "ordered_at is empty"),
        ("orders", "timestamp_out_of_range", "ordered_at = 20111-09-01 12:00:00+00"),
    ],
    PARTNER_FILES: [
        ("chaos", 3, "invalid_number", "unit_price = ten"),
        ("chaos", 4, "invalid_quantity", "quantity = 0"),
        ("chaos", 5, "invalid_quantity", "quantity = -3"),
        ("chaos", 6, "too_many_digits", "unit_price = 1.23456"),
        ("chaos", 7, "timestamp_out_of_range", "ordered_at = 20111-09-01T12:00:00Z"),
        ("chaos", 11, "malformed_line", "a quote that is not closed"),
        ("chaos", 13, "malformed_line", "too few fields"),
        ("chaos", 14, "bad_encoding", "not UTF-8"),
        ("chaos", 15, "negative_price", "unit_price = -1.00"),
        ("chaos", 16, "missing_value", "order_id is empty"),
        ("chaos", 17, "invalid_timestamp", "ordered_at = 2026-09-01 12:00:00"),
        ("cut", 0, "file_unreadable", "its gzip data is damaged or ends too early"),
        ("lacking", 0, "missing_column", "its header lacks sku"),
    ],
    STOREFRONT: [
        ("invalid_quantity", "quantity = 0"),
        ("missing_value", "ordered_at is empty"),
    ],
    "exchange_rates": [
        ("invalid_number", "rate = n.a."),
        ("malformed_line", "2 cells under a header of 21"),
    ],
}


def rejected(company: Company, source: str) -> list[dict]:
    rows = read_table(company.client, company.dataset, "rejected_rows")
    return [row for row in rows if row["source"] == source]


def test_everything_good_is_loaded_and_nothing_else(company):
    """The refused files are of partners that were not due, so the day is complete."""
    assert company.differences(company.oracle(run_days=[DAY])) == ""


def test_rows_of_the_database(company):
    found = [
        (row["file"], row["reason"], row["detail"])
        for row in rejected(company, SALES_DB)
    ]
    assert sorted(found) == REJECTED[SALES_DB]


def test_lines_of_partner_files(company):
    found = [
        (
            row["file"].removesuffix(".gz").removesuffix(f"_{DAY}.csv"),
            row["row_number"],
            row["reason"],
            row["detail"],
        )
        for row in rejected(company, PARTNER_FILES)
        if not row["file"].startswith(("alpenmarkt", "bazario"))
    ]
    assert sorted(found) == REJECTED[PARTNER_FILES]


@pytest.mark.parametrize("source", [STOREFRONT, "exchange_rates"])
def test_records_of_servers(company, source):
    # A set: an order that the storefront lists several times is rejected several times.
    assert {(row["reason"], row["detail"]) for row in rejected(company, source)} == set(
        REJECTED[source]
    )


def test_what_is_kept_of_them_shows_nobodys_address(company):
    rows = read_table(company.client, company.dataset, "rejected_rows")
    assert any("<e-mail>" in (row["raw"] or "") for row in rows)
    assert not any("example.com" in str(row).lower() for row in rows)
