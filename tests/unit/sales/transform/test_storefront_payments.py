"""Payments of the storefront: the charge of an order with its fee, meta data of plugins, and its refunds."""

from decimal import Decimal

import pytest

from tests.rows import column_by, column_of
from tests.unit.sales.tables import check
from tests.unit.sales.transform.conftest import make_world
from tests.unit.sales.transform.raw_folders import (
    READ_AT,
    page_order,
    page_refund,
    stored_refund,
)

PAYPAL = {
    "paypal_fee": {"value": "3.0500000001", "currency_code": "USD"},
    "net_amount": {"value": "103.15", "currency_code": "USD"},
}
PAYPAL_TEXT = '{"paypal_fee": {"value": "3.05", "currency_code": "USD"}}'
PAYPAL_EUROS = {"paypal_fee": {"value": "3.05", "currency_code": "EUR"}}


@pytest.fixture(scope="module", autouse=True)
def _own_meta_data(settings):
    with settings.context() as patch:
        patch.setenv("PAYMENT_FEE_META", "_mollie_fee, terminal fee")
        patch.setenv("GATEWAYS_WITHOUT_FEES", "BACS, cod")
        yield


@pytest.fixture(scope="module")
def world(settings, tmp_path_factory):
    """A place for raw folders of small days: the steps of large ones are tested with orders."""
    yield from make_world("tables", settings, tmp_path_factory)


def paid(order_id, gateway="stripe", meta=None, **changes):
    """An order of 106.20 with meta data, paid at ten."""
    meta_data = [{"key": "_other", "value": {"a": [1]}}]
    for key, value in (meta or {}).items():
        meta_data.append({"id": 1, "key": key, "value": value})
    changes = {
        "total": "106.20",
        "payment_method": gateway,
        "date_paid_gmt": "2026-11-19T15:10:00",
        "meta_data": meta_data,
    } | changes
    return page_order(order_id, **changes)


def fees(done):
    """The fee of each charge; a refund's is not among them."""
    return column_by(done.payments, "order_id", "fee_amount")


VENDORS = (
    "dokan",
    "multivendorx_store_order",
    "mvx_vendor_order",
    "wcmp_vendor_order",
    "yith_wcmv_vendor_suborder",
)
"""What plugins for several vendors write into `created_via`."""


def test_an_order_that_is_divided_among_vendors_counts_once(world):
    """A renewal may have a parent, and Dokan creates other orders."""
    created = [(0, "checkout"), (0, "dokan"), (1, "subscription")]
    created += [(1, plugin) for plugin in VENDORS]
    orders = []
    for number, (parent, plugin) in enumerate(created, 1):
        orders.append(paid(number, parent_id=parent, created_via=plugin))
    done = world.storefront(orders)
    counted = column_by(done.orders, "order_id", "is_sale")
    assert [order for order, is_sale in counted.items() if is_sale] == ["1", "2", "3"]
    assert set(column_of(done.orders, "status")) == {"completed", "sub-order"}
    assert sorted(column_of(done.payments, "order_id")) == ["1", "2", "3"]
    assert done.totals["warnings"] == []


READABLE = {
    "3.3800000001": "3.38",
    "3.38005": "3.3801",
    "3.38004999": "3.38",
    0.35: "0.35",
    "2.5E-1": "0.25",
    "1,23": "1.23",
    "0,8800000001": "0.88",
    "0": "0",
}
"""Fees as Stripe's plugin writes them."""
UNREADABLE = [
    # Perhaps thousands.
    "1,234",
    "1,234.50",
    "",
    "null",
    None,
    "n/a",
    "-1.50",
    "123456789012",
    "99999999999999999999",
    {"fee": "1"},
]
FEES = {
    "lost": ("stripe", {}, None),
    "WooPayments": (
        "woocommerce_payments_klarna",
        {"_wcpay_transaction_fee": "1.84"},
        "1.84",
    ),
    "PayPal": ("ppcp-gateway", {"_ppcp_paypal_fees": PAYPAL}, "3.05"),
    "PayPal as text": ("ppcp-gateway", {"_ppcp_paypal_fees": PAYPAL_TEXT}, "3.05"),
    "PayPal in euros": ("ppcp-gateway", {"_ppcp_paypal_fees": PAYPAL_EUROS}, None),
    "PayPal damaged": ("ppcp-gateway", {"_ppcp_paypal_fees": "{"}, None),
    "PayPal's older name": (
        "ppec_paypal",
        {"PayPal Transaction Fee": "2.10"},
        "2.1",
    ),
    "own": ("mollie_ideal", {"_mollie_fee": "0.29"}, "0.29"),
    "own of two words": ("pos", {"terminal fee": "0.30"}, "0.3"),
    "own of a known gateway": ("stripe_cc", {"_mollie_fee": "0.31"}, "0.31"),
    "of the gateway": (
        "ppcp-credit-card-gateway",
        {"_stripe_fee": "9", "terminal fee": "8", "_ppcp_paypal_fees": PAYPAL},
        "3.05",
    ),
    "of another gateway": ("stripe", {"_wcpay_transaction_fee": "9"}, None),
    "of another gateway, in capitals": (
        "Stripe",
        {"_wcpay_transaction_fee": "9"},
        None,
    ),
    "of another gateway than PayPal's": ("ppec_paypal", {"_stripe_fee": "9"}, None),
    "the first of all": (
        "card",
        {"terminal fee": "4", "_wcpay_transaction_fee": "3", "_stripe_fee": "2"},
        "2",
    ),
    "the second of all": (
        "card",
        {"PayPal Transaction Fee": "5", "_ppcp_paypal_fees": PAYPAL},
        "3.05",
    ),
    "the first that is readable": (
        "card",
        {"_stripe_fee": "?", "terminal fee": "4"},
        "4",
    ),
    "twice": ("stripe", {"_stripe_fee": "1"}, "1"),
    "without fees": ("bacs", {}, "0"),
    "without fees, in capitals": ("COD", {}, "0"),
    "no gateway": ("", {}, None),
}
for value, fee in READABLE.items():
    FEES[value] = ("stripe_sepa", {"_stripe_fee": value}, fee)
for place, value in enumerate(UNREADABLE):
    FEES[place] = ("stripe", {"_stripe_fee": value}, None)


@pytest.fixture(scope="module")
def charged(world):
    orders = []
    for number, (gateway, meta, _) in enumerate(FEES.values(), 1):
        orders.append(paid(number, gateway, meta))
    again = {"key": "_stripe_fee", "value": "2"}
    orders[list(FEES).index("twice")]["meta_data"].append(again)
    return world.storefront(orders)


def test_the_fee_is_read_from_the_meta_data_and_never_guessed(charged):
    found = fees(charged)
    expected = {}
    for number, (_, _, fee) in enumerate(FEES.values(), 1):
        expected[str(number)] = fee if fee is None else Decimal(fee)
    assert found == expected
    assert charged.rejected_rows == []


SETTLED = {"_stripe_fee": "3.10", "_stripe_net": "92.90", "_stripe_currency": "eur"}
SANDBOX = {"_ppcp_paypal_payment_mode": "sandbox"}
LIVE = {"_ppcp_paypal_payment_mode": "live"}
OTHERS = [
    paid("settled", meta=SETTLED),
    paid("refunded", meta=SETTLED, refunds=[{"id": 9, "total": "-5.00"}]),
    paid("refund deleted", meta=SETTLED, refunds=[{"id": 0, "total": "-0.00"}]),
    paid("refunded as a whole", meta=SETTLED, status="refunded"),
    paid("lower case", currency="usd", meta=SETTLED | {"_stripe_currency": "USD"}),
    paid("no net", meta=SETTLED | {"_stripe_net": ""}),
    paid("no currency", meta=SETTLED | {"_stripe_currency": "euros"}),
    paid("test", "woocommerce_payments", {"_wcpay_mode": "test"}),
    paid("prod", "woocommerce_payments", {"_wcpay_mode": "prod"}),
    paid("sandbox", "ppcp-gateway", SANDBOX),
    paid("live", "ppcp-gateway", LIVE),
    paid("cancelled later", status="cancelled"),
    paid("named", gateway="invoice to ann@example.com"),
    paid("pending", date_paid_gmt=None, status="pending"),
    paid("failed", date_paid_gmt="", status="failed"),
    paid("cancelled", date_paid_gmt=None, status="cancelled"),
    paid("bank transfer", date_paid_gmt=None, status="on-hold"),
    paid("free", total="0.00"),
    paid("invalid total", total="much"),
    paid("invalid date", date_paid_gmt="soon"),
    paid("invalid currency", currency="US$", meta=SETTLED),
    paid("read twice", meta={"_stripe_fee": "1"}),
    paid("paid later", date_paid_gmt=None),
]
LATER = [paid("read twice", meta={"_stripe_fee": "2"}), paid("paid later")]
SHAPES = (None, {}, "none", [], [None], [{"key": 1}], [1])
"""Of meta data, as other plugins leave it."""


@pytest.fixture(scope="module")
def others(world):
    orders = list(OTHERS)
    for number, meta_data in enumerate(SHAPES):
        orders.append(paid(f"shape {number}", meta_data=meta_data))
    return world.storefront(orders, LATER, refunds=[page_refund(10, "test", "20.00")])


def test_the_currency_in_which_stripe_settles(others):
    """Without a net that is the charge's, the fee is not known in the currency of the order."""
    names = {"settled", "refunded", "refund deleted", "refunded as a whole"}
    names |= {"no net", "no currency", "lower case"}
    check(
        [row for row in others.payments if row["order_id"] in names],
        """
order_id            | currency | amount | fee  | net  | order_currency | order_amount
settled             | EUR      | 96     | 3.1  | 92.9 | USD            | 106.2
refunded            | USD      | 106.2  | NULL | NULL | USD            | 106.2
refund deleted      | USD      | 106.2  | NULL | NULL | USD            | 106.2
refunded as a whole | USD      | 106.2  | NULL | NULL | USD            | 106.2
lower case          | USD      | 106.2  | 3.1  | 103.1 | USD           | 106.2
no net              | USD      | 106.2  | NULL | NULL | USD            | 106.2
no currency         | USD      | 106.2  | NULL | NULL | USD            | 106.2
""",
    )


@pytest.fixture(scope="module")
def refunded(world):
    stripe = {"_stripe_fee": "3.38"}
    of_line = stored_refund("40", "4", 11, currency="USD")
    part = {"line_number": 0, "merchandise_amount": Decimal(1), "quantity": Decimal(0)}
    refunds = [
        page_refund(10, 1, "20.00", refunded_payment=True),
        page_refund(11, 1, "5.10", refunded_payment=False),
        page_refund(20, 2, "7.00"),
        page_refund(30, 3, "8.00"),
        page_refund(50, 5, "0.00"),
        page_refund(51, 5, "-4.00"),
        page_refund(52, 5, "?"),
        page_refund(53, 5, "1.23456"),
        page_refund(60, 6, "106.20"),
        page_refund(70, 7, "100.00"),
        page_refund(404, 404, "1.00"),
    ]
    # Stripe's plugin reduces the net by the refund.
    reduced = stripe | {"_stripe_net": "2.82", "_stripe_currency": "USD"}
    return world.storefront(
        [
            paid(1, meta=stripe),
            paid(2),
            paid(3, date_paid_gmt=None, status="on-hold", gateway="bacs"),
            paid(4, meta=stripe),
            paid(5, meta=stripe),
            paid(6, meta=stripe | {"_stripe_currency": "EUR", "_stripe_net": "-10.00"}),
            paid(7, meta=reduced, refunds=[{"id": 70, "total": "-100.00"}]),
        ],
        refunds=refunds,
        later_refunds=[page_refund(20, 2, "7.00")],
        known_refunds=[of_line, of_line | part],
    )


def test_each_refund_of_money_is_a_payment_with_tax_and_shipping(refunded):
    """Also one that is known from an earlier read; its parts are stored."""
    check(
        [row for row in refunded.payments if row["kind"] == "refund"],
        """
payment_id | order_id | currency | amount | fee  | order_currency | order_amount | processed_at
refund-10  | 1        | USD      | -20    | 0    | USD            | -20          | 2026-11-19 20:00
refund-11  | 1        | USD      | -5.1   | 0    | USD            | -5.1         | 2026-11-19 20:00
refund-20  | 2        | USD      | -7     | NULL | USD            | -7           | 2026-11-19 20:00
refund-40  | 4        | USD      | -6.5   | 0    | USD            | -6.5         | 2026-11-12 04:00
refund-60  | 6        | USD      | -106.2 | NULL | USD            | -106.2       | 2026-11-19 20:00
refund-70  | 7        | USD      | -100   | 0    | USD            | -100         | 2026-11-19 20:00
""",
    )


def test_an_order_has_one_charge_of_what_the_customer_paid(refunded):
    """The net of a refunded order is not that of its charge."""
    charges = [row for row in refunded.payments if row["kind"] == "charge"]
    check(
        charges,
        """
payment_id | order_id | gateway | amount | fee  | net    | processed_at     | payout_id | fee_read_at
1          | 1        | stripe  | 106.2  | 3.38 | 102.82 | 2026-11-19 15:10 | NULL      | 2026-11-20 11:00
2          | 2        | stripe  | 106.2  | NULL | NULL   | 2026-11-19 15:10 | NULL      | NULL
4          | 4        | stripe  | 106.2  | 3.38 | 102.82 | 2026-11-19 15:10 | NULL      | 2026-11-20 11:00
5          | 5        | stripe  | 106.2  | 3.38 | 102.82 | 2026-11-19 15:10 | NULL      | 2026-11-20 11:00
6          | 6        | stripe  | 106.2  | NULL | NULL   | 2026-11-19 15:10 | NULL      | NULL
7          | 7        | stripe  | 106.2  | 3.38 | 102.82 | 2026-11-19 15:10 | NULL      | 2026-11-20 11:00
""",
    )
    assert set(column_of(charges, "source")) == {"storefront"}
    assert set(column_of(charges, "read_at")) == {READ_AT}


def test_every_payment_is_accounted_for(refunded):
    """Orders, lines, refunds, a known one, charges, and payments of refunds, of which one is there twice."""
    read, accepted, rejected, superseded = refunded.counts
    assert read == 7 + 14 + 12 + 1 + 6 + 7
    # Refunds 51, 52 and 53, which are no amounts; 20 was read twice.
    assert (rejected, superseded) == (3, 2)
    assert accepted == read - 5


def test_only_orders_that_were_paid_have_a_charge(others):
    unpaid = {"pending", "failed", "cancelled", "bank transfer", "free"}
    invalid = {"invalid total", "invalid date"}
    orders = set(column_of(others.orders, "order_id"))
    assert orders > unpaid | invalid
    charged = [row["order_id"] for row in others.payments if row["kind"] == "charge"]
    assert sorted(charged) == sorted(orders - unpaid - invalid)


def test_of_an_order_that_was_read_twice_the_last_answer_counts(others):
    found = fees(others)
    assert (found["read twice"], found["paid later"]) == (2, None)


def test_an_invalid_charge_is_rejected(others):
    payments = [row for row in others.rejected_rows if "#payment" in row["file"]]
    check(
        payments,
        """
order_id         | reason            | detail
invalid total    | invalid_number    | amount = much
invalid date     | invalid_timestamp | processed_at = soonZ
invalid currency | invalid_currency  | order_currency = US$
""",
    )


def test_payments_in_test_mode(others):
    tests = [row["payment_id"] for row in others.payments if row["is_test"]]
    assert sorted(tests) == ["refund-10", "sandbox", "test"]


def test_meta_data_of_any_shape(others):
    found = fees(others)
    for number in range(len(SHAPES)):
        assert found[f"shape {number}"] is None


def test_a_gateway_that_names_a_customer(others):
    [payment] = [row for row in others.payments if row["order_id"] == "named"]
    assert payment["gateway"] == "invoice to <e-mail>"
