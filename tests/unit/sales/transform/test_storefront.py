"""Orders, lines and refunds of the storefront's pages."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.unit.sales.transform.raw_folders import (
    READ_AT,
    page_line,
    page_order,
    page_refund,
    refund_line,
    split,
)


def test_order_has_the_amounts_of_its_lines_and_its_own_tax_shipping_and_fees(raw):
    fees = [{"total": "2.50"}, {"total": "-1.00"}]
    coupons = [{"code": "winter"}, {"code": "ann@example.com"}]
    done = raw.storefront(
        [page_order(fee_lines=fees, coupon_lines=coupons, total_tax="7.70")]
    )
    row = done["100"]
    assert (row["gross_amount"], row["discount_amount"]) == (100, 10)
    assert (row["tax_amount"], row["shipping_amount"], row["fee_amount"]) == (
        Decimal("7.7"),
        5,
        Decimal("1.5"),
    )
    assert row["coupon_code"] == "winter,<e-mail>"
    assert row["item_count"] == 2
    assert row["ordered_at"] == datetime(2026, 11, 19, 15, tzinfo=UTC)
    assert {line["line_number"] for line in done.order_lines} == {11, 12}
    assert [
        line["unit_price"] for line in done.order_lines if line["line_number"] == 12
    ] == [20]
    assert (done.totals["rows_read"], done.totals["rows_accepted"]) == (3, 3)


def test_ids_and_amounts_keep_every_digit_as_text_or_number(raw):
    lines = [
        page_line(
            9007199254740993,
            quantity=0.5,
            subtotal="26.29",
            total=26.29,
            total_tax=0,
            name="Cloth",
        ),
        page_line(
            "9007199254740995",
            quantity="3",
            subtotal=10,
            total="10.00",
            sku=None,
            product_id=0,
        ),
    ]
    done = raw.storefront(
        [page_order(9007199254740993, line_items=lines, shipping_total=4.95)]
    )
    assert done.orders[0]["order_id"] == "9007199254740993"
    assert done.orders[0]["shipping_amount"] == Decimal("4.95")
    rows = {row["line_number"]: row for row in done.order_lines}
    cloth, rest = rows[9007199254740993], rows[9007199254740995]
    assert (cloth["quantity"], cloth["unit_price"], cloth["gross_amount"]) == (
        Decimal("0.5"),
        Decimal("52.58"),
        Decimal("26.29"),
    )
    assert (rest["unit_price"], rest["sku"], rest["category"]) == (
        Decimal("3.3333"),
        None,
        "uncategorised",
    )


@pytest.mark.parametrize(
    ("subtotal", "quantity", "price"),
    [
        ("0.0001", 2, "0.0001"),
        ("0.0001", 3, "0"),
        ("10", 6, "1.6667"),
        ("99999999999.9999", 1, "99999999999.9999"),
    ],
)
def test_unit_price_is_rounded_half_away_from_zero(raw, subtotal, quantity, price):
    lines = [page_line(subtotal=subtotal, total=subtotal, quantity=quantity)]
    done = raw.storefront([page_order(line_items=lines)])
    assert done.order_lines[0]["unit_price"] == Decimal(price)


def test_what_is_no_number_is_named(raw):
    lines = [
        page_line(1, quantity="many"),
        page_line(2, subtotal="n/a"),
        page_line(3, total="free"),
        page_line(4, total_tax="x"),
        page_line(5, quantity=0),
        page_line(6),
    ]
    done = raw.storefront(
        [
            page_order(line_items=lines),
            page_order(101, fee_lines=[{"total": "1"}, {"total": "?"}]),
        ]
    )
    assert [row["order_id"] for row in done.orders] == ["100"]
    assert done["100"]["item_count"] == 1
    assert done.reasons == {
        ("invalid_number", "quantity = many"): 1,
        ("invalid_number", "gross_amount = n/a"): 1,
        ("invalid_number", "discount_amount = free"): 1,
        ("invalid_number", "tax_amount = x"): 1,
        ("invalid_quantity", "quantity = 0"): 1,
        ("invalid_number", "fee_amount = ?"): 1,
        ("order_rejected", "order_id = 101"): 2,
    }


def test_the_last_answer_about_an_order_wins(raw):
    first = page_order(status="processing", date_modified_gmt="2026-11-19T17:00:00")
    last = page_order(
        date_modified_gmt="2026-11-19T16:00:00", line_items=[page_line(12)]
    )  # clocks may step back
    done = raw.storefront([first, page_order(99)], [last])
    assert (done["100"]["status"], done["100"]["item_count"]) == ("completed", 1)
    assert len(done.orders) == 2
    assert sum(row["order_id"] == "100" for row in done.order_lines) == 1
    assert done.totals["rows_superseded"] == 3
    assert [row["version_updated_at"] for row in done.order_versions] == [None, None]


def test_a_broken_line_is_rejected_once_however_often_its_order_was_listed(raw):
    broken = page_order(line_items=[page_line(11, quantity="many"), page_line(12)])
    done = raw.storefront([broken], [broken], [broken])
    assert [(row["reason"], row["detail"]) for row in done.rejected_rows] == [
        ("invalid_number", "quantity = many")
    ]
    counted = [
        done.totals[f"rows_{name}"] for name in ("read", "rejected", "superseded")
    ]
    assert counted == [9, 1, 6]


def test_an_earlier_answer_wins_over_a_broken_later_one(raw):
    done = raw.storefront([page_order()], [page_order(currency=None)])
    assert done["100"]["item_count"] == 2
    assert done.totals["rejected"] == {"missing_value": 1, "order_rejected": 2}


def test_undated_drafts_are_visible_and_told_apart_from_alarms(raw):
    nothing = {"date_created_gmt": None, "date_modified_gmt": None}
    done = raw.storefront(
        [
            page_order(1, status="checkout-draft", **nothing),
            page_order(2, status="completed", **nothing),
            page_order(3, status="checkout-draft"),
        ]
    )
    assert [(row["order_id"], row["is_sale"]) for row in done.orders] == [("3", False)]
    assert done.totals["rejected"] == {
        "undated_draft": 3,
        "missing_value": 1,
        "order_rejected": 2,
    }


def test_customer_and_country(raw):
    done = raw.storefront(
        [
            page_order(1, shipping={"country": "de"}),
            page_order(2, customer_id=0, billing={"email": "", "country": ""}),
            page_order(
                3, customer_id=0, billing={"email": "ANN@example.com", "country": "FR"}
            ),
            page_order(4, customer_id=7, billing={}, shipping={}),
        ]
    )
    assert [done[str(number)]["country_code"] for number in (1, 2, 3, 4)] == [
        "DE",
        None,
        "FR",
        None,
    ]
    assert done["2"]["customer_hash"] is None
    assert done["1"]["customer_hash"] == done["3"]["customer_hash"] is not None
    assert done["4"]["customer_hash"] not in (None, done["1"]["customer_hash"])
    assert {row["customer_hash"] for row in done.customers} == {
        done[n]["customer_hash"] for n in "134"
    }


def test_categories_come_from_the_products(raw):
    products = [
        {
            "id": 1,
            "sku": "MUG",
            "name": "Mug",
            "categories": [{"name": "Tableware"}, {"name": "Sale"}],
        },
        {
            "id": 2,
            "sku": "",
            "name": "Sleeve",
            "categories": [],
            "date_modified_gmt": "2026-11-01T00:00:00",
        },
    ]
    lines = [
        page_line(1, sku="MUG-BLUE"),  # a variation carries its parent's id
        page_line(2, product_id=2, sku=""),
        page_line(3, product_id=3),
    ]
    done = raw.storefront([page_order(line_items=lines)], products=products)
    seen = {
        row["line_number"]: (row["sku"], row["category"]) for row in done.order_lines
    }
    assert seen == {
        1: ("MUG-BLUE", "Tableware"),
        2: (None, "uncategorised"),
        3: ("MUG-01", "uncategorised"),
    }
    assert [(row["sku"], row["category"]) for row in done.products] == [
        ("MUG", "Tableware")
    ]


def test_order_without_lines_and_no_order_at_all(raw):
    done = raw.storefront(
        [page_order(line_items=[], shipping_total="4.95", total_tax="0.00")]
    )
    assert (done["100"]["item_count"], done["100"]["shipping_amount"]) == (
        0,
        Decimal("4.95"),
    )
    assert raw.storefront([]).orders == []


def test_refund_of_a_line(raw):
    lines = [refund_line(11, "-27.00", "-2.16")]
    done = raw.storefront(
        [page_order()], refunds=[page_refund(900, amount="29.16", line_items=lines)]
    )
    (row,) = done.refunds
    assert split(done) == {("900", 11): (27, Decimal("2.16"), 0)}
    assert (row["sku"], row["quantity"], row["category"]) == (
        "MUG-01",
        1,
        "uncategorised",
    )
    assert (row["business_date"], row["order_business_date"]) == (
        date(2026, 11, 19),
        date(2026, 11, 19),
    )


def test_goodwill_is_merchandise(raw):
    done = raw.storefront(
        [page_order()],
        refunds=[page_refund(amount="5.00", reason="sorry, ann@example.com")],
    )
    assert split(done) == {("900", 0): (5, 0, 0)}
    assert done.refunds[0]["reason"] == "sorry, <e-mail>"
    assert done.refunds[0]["category"] == "unallocated"


def test_full_refund_by_hand_is_split_into_merchandise_tax_and_shipping(raw):
    done = raw.storefront([page_order()], refunds=[page_refund(amount="102.20")])
    assert split(done) == {("900", 0): (90, Decimal("7.2"), 5)}


def test_amounts_are_taken_refund_after_refund_from_what_is_left(raw):
    refunds = [
        page_refund(1000, amount="30.00"),  # ids are numbers: 999 came first
        page_refund(999, amount="70.00"),
        page_refund(1001, amount="2.20"),
    ]
    done = raw.storefront([page_order()], refunds=refunds)
    assert split(done) == {
        ("999", 0): (70, 0, 0),
        ("1000", 0): (20, Decimal("7.2"), Decimal("2.8")),
        ("1001", 0): (0, 0, Decimal("2.2")),
    }


def test_a_refund_that_is_read_twice_counts_once_as_it_was_read_last(raw):
    refunds = [page_refund(amount="30.00"), page_refund(amount="20.00")]
    done = raw.storefront([page_order()], refunds=refunds)
    assert split(done) == {("900", 0): (20, 0, 0)}


def test_lines_refunded_before_leave_less_to_take_from(raw):
    everything = [
        refund_line(11, "-54.00", "-4.32"),
        refund_line(12, "-36.00", "-2.88"),
    ]
    refunds = [
        page_refund(1, amount="97.20", line_items=everything),
        page_refund(2, amount="5.00"),
    ]
    done = raw.storefront([page_order()], refunds=refunds)
    assert split(done)["2", 0] == (0, 0, 5), "only shipping was left"


def test_shipping_and_fee_lines_of_a_refund_are_shipping(raw):
    refund = page_refund(
        amount="33.50",
        line_items=[refund_line(11, "-27.00", "0")],
        shipping_lines=[{"total": "-5.00", "total_tax": "-0.50"}],
        fee_lines=[{"total": "-1.00", "total_tax": "0.00"}],
    )
    done = raw.storefront([page_order()], refunds=[refund])
    assert split(done) == {("900", 11): (27, 0, 0), ("900", 0): (0, Decimal("0.5"), 6)}


def test_refund_lines_that_point_nowhere_are_the_whole_orders(raw):
    lines = [
        refund_line(77, "-3.00", "0.00"),
        refund_line(78, "-4.00", "-0.30"),
        refund_line(12, "-1.00", "0"),
    ]
    done = raw.storefront(
        [page_order()], refunds=[page_refund(amount="8.30", line_items=lines)]
    )
    assert split(done) == {("900", 0): (7, Decimal("0.3"), 0), ("900", 12): (1, 0, 0)}


def test_empty_refund_is_kept_and_a_broken_one_is_rejected_whole(raw):
    broken = page_refund(
        2,
        amount="9.00",
        line_items=[refund_line(11, "-5.00", "0"), refund_line(12, "?", "0")],
    )
    refunds = [page_refund(1, amount="0.00"), broken, page_refund(3, amount="x")]
    done = raw.storefront([page_order()], refunds=refunds)
    assert split(done) == {("1", 0): (0, 0, 0)}
    assert done.totals["rejected"] == {"invalid_number": 2}
    assert done.totals["rows_read"] == 6


@pytest.mark.parametrize(
    "lines",
    [
        {},
        {"line_items": [refund_line(11, "0.00", "0.00")]},
        {"line_items": [refund_line(11, "-5.00", "0.00")]},
        {"line_items": [refund_line(11, "5.00", "0.00")]},
        {"shipping_lines": [{"total": "-5.00", "total_tax": "0.00"}]},
    ],
    ids=["no lines", "lines of zero", "lines paid back", "lines taken", "shipping"],
)
def test_a_refund_of_a_negative_amount_is_rejected_and_the_rest_is_loaded(raw, lines):
    refunds = [page_refund(1, amount="-4.00", **lines), page_refund(2, amount="3.00")]
    done = raw.storefront([page_order()], refunds=refunds)
    assert split(done) == {("2", 0): (3, 0, 0)}
    assert len(done.orders) == 1
    assert done.totals["rejected"] == {"negative_price": 1}
    (row,) = done.rejected_rows
    assert (row["order_id"], json.loads(row["raw"])["refund_id"]) == ("100", "1")
    assert row["detail"] in (
        "unallocated_amount = -4.00",
        "merchandise_amount = -5.0000",
    )  # the amount, or what one of its lines gives


@pytest.mark.parametrize("amount", ["0", "-0.00"])
@pytest.mark.parametrize("total", ["0.00", "-5.00"])
def test_a_refund_that_paid_nothing_back_is_kept_as_nothing(raw, amount, total):
    refund = page_refund(1, amount=amount, line_items=[refund_line(11, total, "0.00")])
    done = raw.storefront([page_order()], refunds=[refund])
    assert split(done) == {("1", 11): (0, 0, 0)}
    assert done.totals["rejected"] == {}


def known_refund(refund_id, line_number, **changes):
    return {
        "source": "storefront",
        "refund_id": refund_id,
        "line_number": line_number,
        "order_id": "100",
        "currency": "CAD",
        "country_code": "CA",
        "category": "Old",
        "quantity": Decimal(1),
        "merchandise_amount": Decimal("4.5"),
        "tax_amount": Decimal("0.4"),
        "shipping_amount": Decimal("0.1"),
        "is_sale": True,
        "is_test": False,
        "refunded_at": datetime(2026, 11, 12, 4, tzinfo=UTC),
        "read_at": datetime(2026, 11, 13, tzinfo=UTC),
        "run_id": "former",
    } | changes


def test_known_refunds_keep_their_split_and_take_the_rest_from_the_order_as_it_is_now(
    raw,
):
    known = [known_refund("900", 11), known_refund("900", 0)]
    done = raw.storefront([page_order(status="cancelled")], known=known)
    assert split(done) == {
        ("900", line): (Decimal("4.5"), Decimal("0.4"), Decimal("0.1"))
        for line in (0, 11)
    }
    for row in done.refunds:
        assert (row["is_sale"], row["currency"], row["country_code"]) == (
            False,
            "USD",
            "US",
        )
        assert row["business_date"] == date(2026, 11, 11)
        assert row["read_at"] == READ_AT
    assert {row["category"] for row in done.refunds} == {"uncategorised", "unallocated"}
    assert done.totals["rows_read"] == 4, "an order, two lines, one refund"


def test_no_personal_data_survives(raw):
    billing = {
        "email": "ann@example.com",
        "first_name": "Annabel",
        "phone": "555-0100",
        "country": "US",
    }
    bad_line = page_line(11, quantity=0, name="Gift card for ann@example.com")
    pages = [
        page_order(
            1,
            billing=billing,
            line_items=[bad_line, page_line(12, name="Gift for bob@example.com")],
        ),
        page_order(
            2, billing=billing, currency="", status="packed for ann@example.com"
        ),
        page_order(3, billing=billing, status="packed for ann@example.com"),
    ]
    done = raw.storefront(
        pages, refunds=[page_refund(1, 3, amount="1", reason="for ann@example.com")]
    )
    everything = repr(done)
    assert len(done.rejected_rows) == 4
    for secret in ("@example", "Annabel", "555-0100", "first_name"):
        assert secret not in everything


def test_memory_does_not_grow_with_the_number_of_pages(raw):
    pages = [[page_order(number)] for number in range(40)]
    assert len(raw.storefront(*pages).orders) == 40


def test_names_are_text_and_not_html(raw):
    line = page_line(
        11, product_id=5, name="Sam&#8217;s &quot;Best&quot; Tea &amp; Biscuits"
    )
    product = {
        "id": 5,
        "sku": "TEA-01",
        "name": "Tea &amp; Biscuits",
        "categories": [{"name": "Tea &amp; Biscuits"}],
    }
    done = raw.storefront([page_order(line_items=[line])], products=[product])
    (row,) = done.order_lines
    assert (row["product_name"], row["category"]) == (
        'Sam\u2019s "Best" Tea & Biscuits',
        "Tea & Biscuits",
    )
    assert {(row["name"], row["category"]) for row in done.products} == {
        ("Tea & Biscuits", "Tea & Biscuits")
    }


def test_a_deleted_product_keeps_what_was_known_of_it(raw):
    gone = {"product_id": 0, "sku": None}
    lines = [
        page_line(11, **gone),
        page_line(12, **gone),
        page_line(13, sku="MUG-01", product_id=8),
    ]
    known = [
        {"order_id": "100", "line_number": 11, "sku": "TEA-01", "category": "Tea"},
        {"order_id": "100", "line_number": 13, "sku": "OLD-01", "category": "Mugs"},
        {"order_id": "200", "line_number": 12, "sku": "XXX-01", "category": "Others"},
    ]
    done = raw.storefront([page_order(line_items=lines)], known_lines=known)
    found = {
        row["line_number"]: (row["sku"], row["category"]) for row in done.order_lines
    }
    assert found == {
        11: ("TEA-01", "Tea"),
        12: (None, "uncategorised"),
        13: ("MUG-01", "Mugs"),
    }


def test_a_negative_line_is_a_discount_of_no_piece(raw):
    lines = [
        page_line(11, subtotal="60.00", total="54.00"),
        page_line(12, subtotal="-8.00", total="-7.50"),
    ]
    done = raw.storefront([page_order(line_items=lines)])
    assert done.totals["rejected"] == {}
    assert (done["100"]["gross_amount"], done["100"]["discount_amount"]) == (
        60,
        Decimal("13.5"),
    )
    (row,) = [row for row in done.order_lines if row["line_number"] == 12]
    names = ("quantity", "gross_amount", "discount_amount", "amount_after_discount")
    assert tuple(row[name] for name in names) == (0, 0, Decimal("7.5"), Decimal("-7.5"))


def test_a_refund_counts_what_was_paid_back_when_its_lines_say_more(raw):
    """A third of 100.00 and its tax is kept by the shop: 72.00 of 108.00 went back."""
    lines = [
        refund_line(11, total="-54.00", total_tax="-4.32"),
        refund_line(12, total="-40.00", total_tax="-2.88"),
    ]
    whole = page_refund(
        amount="72.00",
        line_items=lines,
        shipping_lines=[{"total": "-5.00", "total_tax": "-1.80"}],
    )
    done = raw.storefront([page_order()], refunds=[whole])
    assert done.totals["rejected"] == {}
    parts = split(done)
    assert sum(sum(part) for part in parts.values()) == 72
    assert parts["900", 11] == (36, Decimal("2.88"), 0)
    assert parts["900", 12][0] == Decimal("26.6667").quantize(Decimal("0.0001"))
    assert {row["line_number"]: row["quantity"] for row in done.refunds}[11] == 1
