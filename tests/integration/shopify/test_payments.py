"""The payments of a Shopify shop: balance transactions and payouts of Shopify Payments, and payments by
other gateways, which are in the orders."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from demo.services.shopify import (
    BalanceFacts,
    Fault,
    OrderFacts,
    PayoutFacts,
    build_balance_transaction,
    build_order,
    build_payout,
)
from demo.services.shopify.engine import SCHEMA
from demo.services.shopify.store import SCOPES
from ecommerce.core import errors
from ecommerce.core.data_warnings import sentence
from tests.integration.shopify.orders import LATER, line, paid, refund
from tests.integration.shopify.reading import (
    DAY,
    NOON,
    NOW,
    Loadable,
    extract,
    simulated,
)
from tests.rows import column_of
from tests.unit.sales.tables import check

SECOND = timedelta(seconds=1)
SINCE = DAY.start - timedelta(minutes=20) - timedelta(days=10)
"""From when on the window of the newest day has balance transactions and payouts."""
OLD = DAY.start - timedelta(days=40)
PAYOUT = PayoutFacts(7, NOON)
HIDDEN = (
    "the shop's app may not see the payouts of Shopify Payments: payments by Shopify Payments, their fees "
    "and payouts are not read"
)


def moved(number, amount="10", at=NOON, **facts):
    """A balance transaction."""
    return BalanceFacts(
        number,
        Decimal(amount),
        at,
        **facts,
    )


def order(number=1, **facts):
    """An order for 10.00."""
    return OrderFacts(
        number,
        NOON,
        [line("10")],
        **facts,
    )


def ids(loaded):
    return column_of(loaded.rows("payments"), "payment_id")


def raw_ids(raw):
    """The numbers of the balance transactions and of the payouts in a raw folder."""
    transactions = []
    for page in Path(raw.file("balance_transactions")).glob("*.json"):
        transactions += column_of(json.loads(page.read_text()), "id")
    payouts = json.loads(Path(raw.file("payouts.json")).read_text())
    numbers = [transaction.rpartition("/")[2] for transaction in transactions]
    return sorted(numbers), column_of(payouts, "legacyResourceId")


def test_a_payout_and_its_balance_transactions(load):
    """Also one in test mode, and one in no payout; and a payout that has only a date.

    Shopify writes such a date as midnight in UTC, which is the day before in New York.
    """
    balance = [
        moved(
            11,
            "100",
            fee=Decimal("3.20"),
            order=1,
            order_transaction=10001,
            payout=7,
        ),
        moved(
            12,
            "-40",
            LATER,
            type="REFUND",
            order=1,
            payout=7,
        ),
        moved(
            13,
            "-5",
            type="SHIPPING_LABEL",
            fee=Decimal("0.10"),
            payout=7,
        ),
        moved(14, "8", type="ADJUSTMENT", payout=7),
        moved(15, "2", type="TRANSFER_FAILURE", payout=7),
        moved(16, "-64.70", type="TRANSFER", payout=7),
        moved(17, "6", test=True),
    ]
    payouts = [
        replace(
            PAYOUT,
            issued_at=DAY.end - SECOND,
            trace_id="TRACE-1",
        ),
        PayoutFacts(8, datetime(2026, 11, 20, tzinfo=UTC)),
    ]
    loaded = load(order(), balance=balance, payouts=payouts)
    payments = loaded.rows("payments")
    check(
        payments,
        """
payment_id | order_id | kind       | amount | fee | net  | order_currency | order_amount | payout_id | is_test
11         | 1        | charge     | 100    | 3.2 | 96.8 | USD            | 100          | 7         | False
12         | 1        | refund     | -40    | 0   | -40  | USD            | -40          | 7         | False
13         | NULL     | other      | -5     | 0.1 | -5.1 | NULL           | NULL         | 7         | False
14         | NULL     | adjustment | 8      | 0   | 8    | NULL           | NULL         | 7         | False
15         | NULL     | other      | 2      | 0   | 2    | NULL           | NULL         | 7         | False
17         | NULL     | charge     | 6      | 0   | 6    | NULL           | NULL         | NULL      | True
""",
    )
    charge = payments[0]
    facts = (charge["source"], charge["gateway"], charge["currency"])
    assert facts == ("shopify", "shopify_payments", "USD")
    assert (charge["business_date"], charge["processed_at"]) == (DAY.date, NOON)
    assert charge["fee_read_at"] == charge["read_at"] == loaded.raw.read_at
    assert payments[1]["processed_at"] == LATER
    payouts = loaded.rows("payouts")
    check(
        payouts,
        """
payout_id | issued_on  | status | currency | amount | charges | refunds | fees | adjustments
7         | 2026-11-19 | paid   | USD      | 61.7   | 100     | -40     | 3.3  | 5
8         | 2026-11-20 | paid   | USD      | 0      | 0       | 0       | 0    | 0
""",
    )
    assert column_of(payouts, "external_reference") == ["TRACE-1", None]
    assert loaded.accounts["rows_superseded"] == 0
    assert loaded.accounts["warnings"] == []


KINDS = {
    "CHARGE": "charge",
    "REFUND": "refund",
    "REFUND_FAILURE": "refund",
    "DISPUTE_WITHDRAWAL": "chargeback",
    "CHARGEBACK_HOLD": "chargeback",
    "DISPUTE_REVERSAL": "chargeback_reversal",
    "CHARGEBACK_HOLD_RELEASE": "chargeback_reversal",
    "CHARGEBACK_FEE": "adjustment",
    "CHARGEBACK_FEE_REFUND": "adjustment",
    "ADJUSTMENT": "adjustment",
    "CHARGE_ADJUSTMENT": "adjustment",
    "REFUND_ADJUSTMENT": "adjustment",
    "CUSTOMS_DUTY_ADJUSTMENT": "adjustment",
    "IMPORT_TAX_ADJUSTMENT": "adjustment",
    "SHIPPING_LABEL_ADJUSTMENT": "adjustment",
    "SHIPPING_RETURN_TO_ORIGIN_ADJUSTMENT": "adjustment",
    "SHIPPING_OTHER_CARRIER_CHARGE_ADJUSTMENT": "adjustment",
}
"""The kinds of types; all others are `other`."""


def test_every_type_has_a_kind(load):
    types = set(SCHEMA.type_map["ShopifyPaymentsTransactionType"].values)
    types.remove("TRANSFER")
    assert len(types) > 100
    balance = []
    expected = {}
    for number, name in enumerate(sorted(types)):
        # The amounts have the signs of the API.
        amount = number - 60
        balance.append(moved(number, amount, type=name, order=1))
        expected[str(number)] = (KINDS.get(name, "other"), amount)
    loaded = load(order(), balance=balance)
    kinds = {}
    for row in loaded.rows("payments"):
        kinds[row["payment_id"]] = (row["kind"], row["amount"])
        assert row["order_amount"] == row["amount"]
    assert kinds == expected


WINDOWS = [
    ({}, SINCE, None),
    (
        {
            "changed_from": DAY.start,
            "changed_until": DAY.end,
        },
        DAY.start - timedelta(days=10),
        DAY.end,
    ),
    # After an outage.
    (
        {"changed_from": DAY.start - timedelta(days=3)},
        DAY.start - timedelta(days=13),
        None,
    ),
    # The hourly sync.
    (
        {"changed_from": NOON, "looks_back": False},
        DAY.start,
        None,
    ),
    # Orders that changed after the day.
    (
        {
            "changed_from": DAY.end,
            "changed_until": NOW - 2 * SECOND,
        },
        DAY.start - timedelta(days=10),
        NOW - 2 * SECOND,
    ),
]
"""A window, and the first and last instant that are read."""


@pytest.mark.parametrize(("window", "first", "last"), WINDOWS)
def test_what_was_processed_or_issued_in_the_window_is_read(
    window, first, last, serve, tmp_path
):
    last = last or NOW
    instants = [first - SECOND, first, last, last + SECOND]
    balance = []
    payouts = []
    for number, at in enumerate(instants):
        balance.append(moved(number, at=at))
        payouts.append(PayoutFacts(number, at))
    if last == NOW:
        balance.pop()
        payouts.pop()
    serve(balance=balance, payouts=payouts)
    raw = extract(tmp_path, **window)
    assert raw_ids(raw) == (["1", "2"], ["1", "2"])


def test_a_payout_is_read_whole_and_each_transaction_once(serve, tmp_path):
    """Also of very many: the pages of payouts, of transactions by date, and of those by payout."""
    balance = []
    for number in range(300):
        balance.append(
            moved(
                1000 + number,
                at=OLD,
                payout=7,
            )
        )
        balance.append(moved(2000 + number, payout=7))
    balance += [
        moved(1, at=OLD),
        moved(2, at=OLD, payout=8),
        moved(3, payout=8),
    ]
    payouts = [PAYOUT, PayoutFacts(8, SINCE - SECOND)]
    for number in range(100, 360):
        payouts.append(PayoutFacts(number, NOON))
    shop = serve(balance=balance, payouts=payouts)
    loaded = Loadable(tmp_path)
    payments = loaded.rows("payments")
    whole = [row for row in payments if row["payout_id"] == "7"]
    assert len(whole) == 600
    # Its payout is none of this read.
    assert ids(loaded)[-1] == "3"
    assert len(payments) == 601
    assert len(loaded.rows("payouts")) == 261
    assert loaded.accounts["rows_superseded"] == 0
    assert loaded.accounts["rows_read"] == 601 + 261
    operations = [request.operation for request in shop.requests]
    assert operations.count("Payouts") == 2
    # One search by date and 261 by payout; two of them have a second page.
    assert operations.count("BalanceSearches") == 14
    assert operations.count("BalanceTransactions") == 2


DENIED = {
    "message": "Access denied for shopifyPaymentsAccount field.",
    "path": ["shopifyPaymentsAccount"],
    "extensions": {"code": "ACCESS_DENIED"},
}
PAYMENTS = {
    "balance": [moved(1, payout=7)],
    "payouts": [PAYOUT],
}


@pytest.mark.parametrize(
    ("access", "warnings"),
    [
        ("read_shopify_payments_accounts", [HIDDEN]),
        ("read_shopify_payments_payouts", [HIDDEN]),
        ("permission is missing", [HIDDEN]),
        ("no account", []),
    ],
)
def test_without_access_no_payments_are_read(access, warnings, serve, tmp_path):
    shop = serve(order(), **PAYMENTS)
    if access in SCOPES:
        others = [scope for scope in SCOPES if scope != access]
        shop.store.shop = shop.store.shop | {"accessScopes": others}
    elif access == "permission is missing":
        shop.faults.append(Fault("Payouts", error=DENIED))
    else:
        shop.store.shop = shop.store.shop | {"hasShopifyPayments": False}
    raw = extract(tmp_path)
    assert raw_ids(raw) == ([], [])
    found = raw.control_totals["warnings"]
    assert [sentence(warning) for warning in found] == warnings


def test_without_access_orders_load_as_before(serve, tmp_path):
    shop = serve(
        order(1),
        order(2, gateway="paypal"),
        **PAYMENTS,
    )
    shop.faults.append(Fault("Payouts", error=DENIED))
    loaded = Loadable(tmp_path)
    assert column_of(loaded.rows("orders"), "gross_amount") == [10, 10]
    assert ids(loaded) == ["order-transaction-20001"]
    assert loaded.rows("payouts") == []
    warnings = [sentence(warning) for warning in loaded.accounts["warnings"]]
    assert warnings == [HIDDEN]


def test_a_read_that_only_compares_orders_reads_no_payments(serve, tmp_path):
    shop = serve(order(), **PAYMENTS)
    window = {
        "changed_from": DAY.start,
        "changed_until": DAY.start,
    }
    raw = extract(tmp_path, **window)
    assert list(Path(raw.file("orders")).iterdir())
    assert raw_ids(raw) == ([], [])
    operations = {request.operation for request in shop.requests}
    assert "Payouts" not in operations


def test_payments_by_other_gateways_are_in_the_orders(load, monkeypatch):
    """Those in installments are of the balance; gift cards and store credit are the shop's own."""
    monkeypatch.setenv("GATEWAYS_WITHOUT_FEES", "cash")
    payments = [
        paid("1", kind="SALE"),
        paid("2", kind="CAPTURE", gateway="cash", test=True),
        paid("4", kind="SALE", gateway="shopify_payments"),
        paid("8", kind="AUTHORIZATION"),
        paid("16", kind="VOID"),
    ]
    for status in ("FAILURE", "PENDING", "ERROR", "AWAITING_RESPONSE", "UNKNOWN"):
        payments.append(paid("64", kind="SALE", status=status))
    repaid = [
        paid("3"),
        paid("5", fee=Decimal("0.25")),
        paid("6", status="FAILURE"),
    ]
    refunds = [refund(transactions=repaid)]
    built = build_order(
        order(
            gateway="PayPal",
            payments=payments,
            refunds=refunds,
            currency="CAD",
        )
    )
    first, second, *_ = built["transactions"]
    # A fee in another currency is not known in this one.
    foreign = {"amount": {"amount": "9.0", "currencyCode": "USD"}}
    first |= {"gateway": None, "createdAt": "2026-11-18T18:00:00Z", "fees": [foreign]}
    second |= {"processedAt": None, "createdAt": "2026-11-19T18:00:00Z"}
    own = [
        paid("4", kind="SALE", gateway="gift_card"),
        paid("6", kind="SALE", gateway="shopify_store_credit"),
    ]
    back = [refund(transactions=[paid("2", gateway="gift_card")])]
    in_cash = [
        paid("50", kind="SALE", gateway="cash"),
        paid("40", kind="CHANGE", gateway="cash"),
    ]
    loaded = load(
        built,
        order(2, gateway="paypal"),
        order(3, gateway="shopify_installments"),
        order(4, payments=own, refunds=back),
        order(5, payments=in_cash),
        balance=[moved(1, "10", fee=Decimal("0.59"), order=3)],
    )
    by_balance, *rows = loaded.rows("payments")
    assert (by_balance["payment_id"], by_balance["order_id"]) == ("1", "3")
    check(
        rows,
        """
order_id | kind   | gateway              | currency | amount | fee  | is_test | processed_at
1        | charge | NULL                 | CAD      | 1      | NULL | False   | 2026-11-19 17:00
1        | charge | cash                 | CAD      | 2      | 0    | True    | 2026-11-19 18:00
1        | refund | paypal               | CAD      | -3     | NULL | False   | 2026-11-19 20:00
1        | refund | paypal               | CAD      | -5     | 0.25 | False   | 2026-11-19 20:00
2        | charge | paypal               | USD      | 10     | NULL | False   | 2026-11-19 17:00
4        | charge | gift_card            | USD      | 4      | 0    | False   | 2026-11-19 17:00
4        | charge | shopify_store_credit | USD      | 6      | 0    | False   | 2026-11-19 17:00
4        | refund | gift_card            | USD      | -2     | 0    | False   | 2026-11-19 20:00
5        | charge | cash                 | USD      | 50     | 0    | False   | 2026-11-19 17:00
5        | charge | cash                 | USD      | -40    | 0    | False   | 2026-11-19 17:00
""",
    )
    for row in rows:
        assert (row["order_currency"], row["payout_id"]) == (row["currency"], None)
        assert row["order_amount"] == row["amount"]
    assert rows[0]["payment_id"] == "order-transaction-10001"
    assert loaded.accounts["rows_superseded"] == 0


def test_a_settlement_in_another_currency_has_the_amount_of_the_order(load):
    facts = order(
        currency="CAD",
        payments=[paid("10", kind="SALE", gateway="shopify_payments")],
        refunds=[refund(transactions=[paid("4", gateway="shopify_payments")])],
    )
    in_euros = {"order": 1, "currency": "EUR"}
    back = in_euros | {"order_transaction": 10011}
    balance = [
        moved(1, "9.20", order_transaction=10001, **in_euros),
        moved(2, "-3.70", type="REFUND", **back),
        moved(3, "3.70", type="REFUND_FAILURE", **back),
        # A chargeback may be of a part of the order.
        moved(4, "-5", type="DISPUTE_WITHDRAWAL", order_transaction=10001, **in_euros),
        moved(5, "1", order_transaction=99, **in_euros),
        moved(6, "12", currency="CAD", order=1, order_transaction=10001),
    ]
    loaded = load(facts, balance=balance, currencyCode="CAD")
    check(
        loaded.rows("payments"),
        """
payment_id | currency | amount | order_currency | order_amount
1          | EUR      | 9.2    | CAD            | 10
2          | EUR      | -3.7   | CAD            | -4
3          | EUR      | 3.7    | CAD            | 4
4          | EUR      | -5     | NULL           | NULL
5          | EUR      | 1      | NULL           | NULL
6          | CAD      | 12     | CAD            | 12
""",
    )


TOTALS = {
    "chargesGross": "charges",
    "refundsFeeGross": "refunds",
    "chargesFee": "fees",
    "refundsFee": "fees",
    "adjustmentsFee": "fees",
    "advanceFees": "fees",
    "reservedFundsFee": "fees",
    "retriedPayoutsFee": "fees",
    "adjustmentsGross": "adjustments",
    "advanceGross": "adjustments",
    "reservedFundsGross": "adjustments",
    "retriedPayoutsGross": "adjustments",
}
"""The column that has a total of a payout's summary."""


def test_a_withdrawal_is_negative_and_each_total_of_a_payout_in_one_column(
    serve, tmp_path
):
    """Whatever the sign in the answer."""
    withdrawn = []
    for number in (7, 8):
        withdrawn.append(moved(number, "-12.50", type="REFUND", payout=number))
    shop = serve(balance=withdrawn, payouts=[PAYOUT, PayoutFacts(8, NOON)])
    for payout, net in zip(shop.store.payouts, ("-12.5", "12.5"), strict=True):
        assert payout["transactionType"] == "WITHDRAWAL"
        payout["net"]["amount"] = net
        assert payout["summary"].keys() == TOTALS.keys()
        for place, name in enumerate(TOTALS):
            payout["summary"][name]["amount"] = str(2**place)
    expected = dict.fromkeys(TOTALS.values(), 0)
    for place, column in enumerate(TOTALS.values()):
        expected[column] += 2**place
    expected["amount"] = Decimal("-12.50")
    first, second = Loadable(tmp_path).rows("payouts")
    for row in (first, second):
        assert {column: row[column] for column in expected} == expected


INVALID = "twelve"


def test_an_invalid_payment_or_payout_is_rejected_alone(serve, tmp_path):
    balance = [moved(number, order=1) for number in range(3)]
    payouts = [PayoutFacts(number, NOON) for number in range(len(TOTALS) + 3)]
    transactions = [paid("1", kind="SALE", gateway="cash") for _ in range(2)]
    shop = serve(
        order(payments=transactions),
        balance=balance,
        payouts=payouts,
    )
    store = shop.store
    store.balance_transactions[0]["amount"]["amount"] = INVALID
    store.balance_transactions[1]["fee"]["amount"] = INVALID
    [stored] = store.orders.values()
    stored["transactions"][0]["amountSet"]["shopMoney"]["amount"] = INVALID
    for payout, name in zip(store.payouts, TOTALS, strict=False):
        payout["summary"][name]["amount"] = INVALID
    store.payouts[-3]["net"]["amount"] = INVALID
    store.payouts[-2]["issuedAt"] = "2026-11-19T99:00:00Z"
    loaded = Loadable(tmp_path)
    assert len(loaded.rows("orders")) == 1
    assert ids(loaded) == ["2", "order-transaction-10002"]
    assert column_of(loaded.rows("payouts"), "payout_id") == ["14"]
    reasons = []
    for row in loaded.rows("rejected_rows"):
        reasons.append((row["reason"], row["detail"].partition(" = ")[0]))
    columns = [*TOTALS.values(), "amount", "amount", "amount", "fee_amount"]
    expected = [("invalid_number", column) for column in columns]
    assert sorted(reasons) == sorted([*expected, ("invalid_timestamp", "issued_on")])


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("Payouts", status=502, times=99), errors.TransientError),
        # A permission withdrawn during the read: payouts without their transactions would remove stored ones.
        (Fault("BalanceSearches", error=DENIED), errors.CredentialsError),
    ],
)
def test_payments_that_cannot_be_read_fail_the_read(
    fault, error, serve, tmp_path, monkeypatch
):
    shop = serve(order(), **PAYMENTS)
    simulated(monkeypatch, shop)
    shop.faults.append(fault)
    with pytest.raises(error):
        extract(tmp_path)


def test_a_transaction_of_a_declined_payout_is_read_again(serve, tmp_path):
    """It is in a later payout, or in none."""
    balance = [
        moved(1, at=SINCE, payout=7),
        moved(2, at=SINCE, payout=7),
    ]
    shop = serve(
        balance=balance,
        payouts=[replace(PAYOUT, status="FAILED")],
    )
    moved_on = [
        replace(balance[0], payout=8),
        replace(balance[1], payout=None),
    ]
    store = shop.store
    store.balance_transactions = [build_balance_transaction(each) for each in moved_on]
    store.payouts.append(build_payout(PayoutFacts(8, LATER), moved_on))
    loaded = Loadable(tmp_path)
    payouts = column_of(loaded.rows("payments"), "payout_id")
    assert payouts == ["8", None]
    assert column_of(loaded.rows("payouts"), "status") == ["failed", "paid"]
