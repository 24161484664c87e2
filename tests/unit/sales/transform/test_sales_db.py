"""Orders, lines, refunds and customers of the sales database."""

import hashlib
import hmac
from datetime import UTC, date, datetime
from decimal import Decimal

from tests.unit.sales.transform.raw_folders import (
    KEY,
    READ_AT,
    RUN_ID,
    item,
    order,
    refund,
)

UTC_19TH = datetime(2026, 11, 19, 15, tzinfo=UTC)


def hash_of(identity):
    return hmac.new(KEY.encode(), identity.encode(), hashlib.sha256).hexdigest()


def test_order_is_the_sum_of_its_lines(raw):
    lines = [
        item(
            line_number=1,
            quantity=3,
            unit_price=Decimal("9.9999"),
            discount_amount=Decimal("1.50"),
        ),
        item(
            line_number=2,
            quantity=1,
            unit_price=Decimal("0.0375"),
            tax_amount=Decimal("2.28"),
        ),
    ]
    done = raw.sales_db(orders=[order(coupon_code=" SAVE10 ")], order_items=lines)
    first, second = sorted(done.order_lines, key=lambda row: row["line_number"])
    assert (first["gross_amount"], first["amount_after_discount"]) == (
        Decimal("29.9997"),
        Decimal("28.4997"),
    )
    assert second["gross_amount"] == Decimal("0.0375")
    assert done["O1"] == {
        "source": "sales_db",
        "order_id": "O1",
        "business_date": date(2026, 11, 19),
        "channel": "sales_db",
        "attributes": None,
        "status": "completed",
        "is_sale": True,
        "is_test": False,
        "currency": "USD",
        "country_code": "US",
        "customer_hash": None,
        "coupon_code": "SAVE10",
        "item_count": 2,
        "gross_amount": Decimal("30.0372"),
        "discount_amount": Decimal("1.5"),
        "tax_amount": Decimal("2.28"),
        "shipping_amount": Decimal(5),
        "fee_amount": Decimal(0),
        "ordered_at": UTC_19TH,
        "updated_at": datetime(2026, 11, 19, 16, tzinfo=UTC),
        "read_at": READ_AT,
        "run_id": RUN_ID,
    }
    assert done.totals["amount"] == "30.0372"


def test_one_bad_line_is_rejected_alone(raw):
    lines = [
        item(line_number=1),
        item(line_number=2, quantity=0),
        item(line_number=3, quantity=-1),
        item(line_number=4, unit_price=Decimal("-0.01")),
        item(line_number=5, unit_price=None),
        item(line_number=None),
        item(line_number=7, unit_price=Decimal(0)),  # a gift is a line
    ]
    done = raw.sales_db(orders=[order()], order_items=lines)
    assert done["O1"]["item_count"] == 2
    assert done["O1"]["gross_amount"] == Decimal(20)
    assert done.reasons == {
        ("invalid_quantity", "quantity = 0"): 1,
        ("invalid_quantity", "quantity = -1"): 1,
        ("negative_price", "unit_price = -0.01"): 1,
        ("missing_value", "unit_price is empty"): 1,
        ("missing_value", "line_number is empty"): 1,
    }
    assert (
        done.totals["rows_read"],
        done.totals["rows_accepted"],
        done.totals["rows_rejected"],
    ) == (8, 3, 5)


def test_numbers_that_came_as_text_are_checked(raw):
    prices = [
        "12.50",
        "NaN",
        "Infinity",
        "1.23456",
        "1.50000",
        "12345678901",
        "1_000",
        "9999999999",
    ]
    lines = [
        item(line_number=number, unit_price=price, quantity=20)
        for number, price in enumerate(prices, 1)
    ]
    done = raw.sales_db(text=["unit_price"], orders=[order()], order_items=lines)
    assert sorted(row["unit_price"] for row in done.order_lines) == [
        Decimal("1.5"),
        Decimal("12.5"),
    ]
    assert done.totals["rejected"] == {"invalid_number": 3, "too_many_digits": 3}
    assert (
        done.reasons["too_many_digits", "gross_amount is empty"] == 1
    )  # 20 times 9999999999 has 12 digits


def test_bad_header_rejects_the_order_with_its_lines_and_refunds(raw):
    orders = [
        order("no time", ordered_at=None),
        order("year 20111", ordered_at="20111-11-19 15:00:00+00"),
        order("1970", ordered_at="1970-01-01 00:00:00+00"),
        order("next week", ordered_at="2026-11-27 00:00:00+00"),
        order("absurd change", updated_at="infinity"),
        order("no currency", currency=None),
        order("no money", currency="US$"),
        order(None),
        order(None),
        order("fine"),
    ]
    lines = [item(row["order_id"]) for row in orders if row["order_id"]] + [
        item("fine", 2),
        item("1970", 2, quantity=0),
    ]
    refunds = [refund("R1", "1970"), refund("R2", "fine")]
    done = raw.sales_db(orders=orders, order_items=lines, refunds=refunds)
    assert [row["order_id"] for row in done.orders] == ["fine"]
    assert {row["order_id"] for row in done.order_lines} == {"fine"}
    assert [row["refund_id"] for row in done.refunds] == ["R2"]
    assert {row["order_id"] for row in done.order_versions} == {"fine"}, (
        "what is stored of the others stays"
    )
    assert done.totals["rejected"] == {
        "missing_value": 4,
        "timestamp_out_of_range": 4,
        "invalid_currency": 1,
        "order_rejected": 8,
        "invalid_quantity": 1,
    }


def test_lines_without_order_are_rejected(raw):
    done = raw.sales_db(
        orders=[order()], order_items=[item(), item("O404"), item("O404", 2)]
    )
    assert done.reasons == {("unknown_order", "order_id = O404"): 2}


def test_order_without_lines_is_kept(raw):
    done = raw.sales_db(orders=[order()])
    assert (done["O1"]["item_count"], done["O1"]["gross_amount"]) == (0, 0)
    assert done["O1"]["shipping_amount"] == 5


def test_status_is_data_and_an_unknown_one_is_no_sale(raw):
    statuses = [
        "Completed ",
        "SHIPPED",
        "partially_refunded",
        "refunded",
        "cancelled",
        "on-hold",
        "trash",
    ]
    orders = [
        order(str(number), status=status) for number, status in enumerate(statuses)
    ]
    orders += [
        order("odd", status="Awaiting_Customs"),
        order("odd too", status="awaiting_customs"),
    ]
    orders += [order("none", status=None), order("test", is_test=True)]
    done = raw.sales_db(orders=orders)
    assert {row["status"] for row in done.orders if row["is_sale"]} == {
        "completed",
        "shipped",
        "partially_refunded",
        "refunded",
    }
    assert done["odd"]["status"] == "awaiting_customs"
    assert done["odd"]["is_sale"] is False
    assert done["test"]["is_sale"] is True
    assert done["test"]["is_test"] is True
    assert done["none"]["status"] == "unknown"


def test_orders_of_the_hour_that_happens_twice_are_on_the_same_day(raw):
    orders = [
        order("first 01:30", ordered_at="2026-11-01 05:30:00+00"),
        order("second 01:30", ordered_at="2026-11-01 06:30:00+00"),
        order("last second", ordered_at="2026-11-02 04:59:59+00"),
        order("midnight", ordered_at="2026-11-02 05:00:00+00"),
    ]
    done = raw.sales_db(orders=orders, order_items=[item("last second")])
    days = {row["order_id"]: row["business_date"].day for row in done.orders}
    assert days == {
        "first 01:30": 1,
        "second 01:30": 1,
        "last second": 1,
        "midnight": 2,
    }
    assert done.order_lines[0]["business_date"] == date(2026, 11, 1)


def test_a_customer_is_known_by_address_else_by_number(raw):
    customers = [
        {
            "customer_id": "C1",
            "email": " Ann@Example.com ",
            "country_code": "us",
            "updated_at": UTC_19TH,
        },
        {
            "customer_id": "C2",
            "email": None,
            "country_code": "Germany",
            "updated_at": UTC_19TH,
        },
        {
            "customer_id": "C3",
            "email": "ann@example.com",
            "country_code": None,
            "updated_at": READ_AT,
        },
    ]
    orders = [
        order(f"of {number}", customer_id=number)
        for number in ("C1", "C2", "C3", "C4", None)
    ]
    done = raw.sales_db(orders=orders, customers=customers)
    ann, by_number = hash_of("ann@example.com"), hash_of("sales_db:C2")
    assert [
        row["customer_hash"]
        for row in sorted(done.orders, key=lambda row: row["order_id"])
    ] == [*(ann, by_number, ann, hash_of("sales_db:C4"), None)]
    known = {
        row["customer_hash"]: (row["country_code"], row["updated_at"])
        for row in done.customers
    }
    assert known[ann] == ("US", READ_AT), "the last country known, the latest change"
    assert known[by_number] == (None, UTC_19TH)
    assert known[hash_of("sales_db:C4")] == (
        "US",
        datetime(2026, 11, 19, 16, tzinfo=UTC),
    ), "from the order"


def test_category_is_the_products_and_codes_differ_by_case(raw):
    products = [
        {
            "sku": "MUG-01",
            "name": "Mug, blue",
            "category": "Tableware",
            "updated_at": UTC_19TH,
        },
        {
            "sku": "mug-01",
            "name": "Mug, sand",
            "category": None,
            "updated_at": UTC_19TH,
        },
    ]
    lines = [
        item(sku="MUG-01"),
        item(line_number=2, sku="mug-01"),
        item(line_number=3, sku="gone"),
    ]
    done = raw.sales_db(orders=[order()], order_items=lines, products=products)
    seen = {
        row["sku"]: (row["product_name"], row["category"]) for row in done.order_lines
    }
    assert seen == {
        "MUG-01": ("Mug, blue", "Tableware"),
        "mug-01": ("Mug, sand", "uncategorised"),
        "gone": (None, "uncategorised"),
    }
    assert {row["sku"]: row["category"] for row in done.products} == {
        "MUG-01": "Tableware",
        "mug-01": None,
    }


def test_refund_counts_on_its_own_day_in_the_terms_of_its_order(raw):
    refunds = [
        refund(
            "line",
            refunded_at="2026-11-25 03:00:00+00",
            reason="asked by ann@example.com",
        ),
        refund("whole", line_number=None, quantity=0, amount=Decimal("3.3")),
        refund("no such line", line_number=9),
    ]
    late = datetime(2026, 11, 26, tzinfo=UTC)
    header = order(status="cancelled", currency="EUR", is_test=True)
    products = [{"sku": "MUG-01", "category": "Tableware", "updated_at": late}]
    raw_tables = {"orders": [header], "order_items": [item()], "products": products}
    done = raw.sales_db(
        refunds=[row | {"refunded_at": UTC_19TH} for row in refunds[1:]], **raw_tables
    )
    rows = {row["refund_id"]: row for row in done.refunds}
    assert {
        (row["is_sale"], row["is_test"], row["currency"]) for row in rows.values()
    } == {(False, True, "EUR")}
    assert {row["order_business_date"] for row in rows.values()} == {date(2026, 11, 19)}
    assert (rows["whole"]["line_number"], rows["whole"]["category"]) == (
        0,
        "unallocated",
    )
    assert (rows["no such line"]["line_number"], rows["no such line"]["sku"]) == (
        0,
        None,
    )
    assert rows["whole"]["merchandise_amount"] == Decimal("3.3")


def test_refund_without_order_is_kept_in_the_reporting_currency(raw):
    orphan = refund(
        "R1",
        "O404",
        refunded_at="2026-11-19 04:30:00+00",
        reason="asked by ann@example.com",
    )
    done = raw.sales_db(refunds=[orphan])
    (row,) = done.refunds
    assert row["business_date"] == date(2026, 11, 18), (
        "half past eleven in the evening in New York"
    )
    assert (row["category"], row["line_number"], row["currency"]) == (
        "unallocated",
        0,
        "USD",
    )
    assert (row["is_sale"], row["is_test"], row["order_business_date"]) == (
        True,
        False,
        None,
    )
    assert row["reason"] == "asked by <e-mail>"
    assert [(row["order_id"], row["read_at"]) for row in done.order_versions] == [
        ("O404", READ_AT)
    ]
    assert done.orders == []


def test_what_belongs_to_an_order_that_could_not_be_read_is_rejected_with_it(raw):
    done = raw.sales_db(
        order_items=[item("O1"), item("O1", 2)],
        refunds=[refund("R1", "O1"), refund("R2", "O404")],
        rejected_orders=[{"order_id": "O1"}],
        rejects=[
            {
                "row_number": 1,
                "reason": "invalid_number",
                "file": "orders",
                "raw": "O1,,NaN",
            }
        ],
    )
    assert [row["refund_id"] for row in done.refunds] == ["R2"]
    assert [row["order_id"] for row in done.order_versions] == ["O404"], (
        "what was loaded of O1 stays"
    )
    assert {
        (row["file"], row["row_number"], row["reason"], row["detail"])
        for row in done.rejected_rows
    } == {
        ("orders", 1, "invalid_number", None),
        ("order_items", 0, "order_rejected", "order_id = O1"),
        ("order_items", 1, "order_rejected", "order_id = O1"),
        ("refunds", 0, "order_rejected", "order_id = O1"),
    }
    assert (done.totals["rows_read"], done.totals["rows_rejected"]) == (5, 4)


def test_bad_refunds_are_rejected(raw):
    refunds = [
        refund("negative", amount=Decimal(-1)),
        refund("undated", refunded_at=None),
        refund("future", refunded_at="2027-01-01 00:00:00+00"),
        refund("of nothing", order_id=None),
        refund("free", amount=Decimal(0)),
    ]
    done = raw.sales_db(orders=[order()], order_items=[item()], refunds=refunds)
    assert [row["refund_id"] for row in done.refunds] == ["free"]
    assert done.totals["rejected"] == {
        "missing_value": 2,
        "negative_price": 1,
        "timestamp_out_of_range": 1,
    }


def test_rejects_of_the_extract_are_counted_and_masked(raw):
    rejects = [
        {
            "row_number": 3,
            "reason": "invalid_number",
            "detail": "amount of bob@example.com",
            "file": "refunds",
        },
        {
            "row_number": 4,
            "reason": "malformed_line",
            "file": "customers",
            "raw": "C9,xy@example.com,US",
        },
        {
            "row_number": 5,
            "reason": "malformed_line",
            "file": "orders",
            "raw": '{"order_id": "O5", "billing": {"phone": "555"}, "name": "Ann", "note": "to a@b.example"}',
        },
    ]
    done = raw.sales_db(orders=[order()], rejects=rejects)
    rows = {row["row_number"]: row for row in done.rejected_rows}
    assert rows[3]["detail"] == "amount of <e-mail>"
    assert rows[4]["raw"] == "C9,<e-mail>,US"
    assert rows[5]["raw"] == '{"order_id":"O5","note":"to <e-mail>"}'
    assert {row["run_id"] for row in rows.values()} == {RUN_ID}
    assert (done.totals["rows_read"], done.totals["rows_rejected"]) == (4, 3)


def test_amounts_beyond_all_reason_reject_their_order_and_no_more(raw):
    largest, beyond = Decimal(9_999_999_999), Decimal(10_000_000_000)
    lines = [
        item("O1", number, quantity=10, unit_price=largest) for number in range(1, 1002)
    ]
    lines += [item("O2", 1, unit_price=beyond), item("O2", 2), item("O3")]
    done = raw.sales_db(
        orders=[order("O1"), order("O2"), order("O3")], order_items=lines
    )
    assert {row["order_id"]: row["gross_amount"] for row in done.orders} == {
        "O2": 20,
        "O3": 20,
    }
    assert done.totals["rejected"] == {"too_many_digits": 2, "order_rejected": 1001}


def test_orders_that_are_gone_are_versions_without_order_once_each(raw):
    gone = [{"order_id": "O8"}, {"order_id": "O9"}]
    done = raw.sales_db(
        orders=[order()],
        refunds=[refund("R1", "O9"), refund("R2", "O9")],
        removed_orders=gone,
    )
    assert sorted(row["order_id"] for row in done.order_versions) == ["O1", "O8", "O9"]
    assert {row["read_at"] for row in done.order_versions} == {READ_AT}
    assert len(done.refunds) == 2, "they are known, so they count"
