"""The oracle of payments and payouts: what the warehouse must hold of them, in plain Python.

It follows docs/DEFINITIONS.md and the columns' descriptions, and shares no code with the pipeline. Rows are
dictionaries with the warehouse's column names; amounts are exact until the last step.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from tests.oracle import counts
from tests.oracle_customers import rounded

Row = dict[str, Any]

DECLINED = ("failed", "canceled", "cancelled")
NOT_ARRIVED = ("scheduled", "pending", "in_transit", *DECLINED)
KINDS = {
    "charge": "charges",
    "refund": "refunds",
    "chargeback": "chargebacks",
    "chargeback_reversal": "chargebacks",
    "commission": "commissions",
    "adjustment": "adjustments",
    "other": "others",
}
"""The column of `payout_reconciliation` that each kind of payment adds to."""
MARGIN_KEY = ("business_date", "source", "channel", "category", "sku")


@dataclass(frozen=True)
class Read:
    """What one read of a source found: rows of `payments`, and of the payouts that it has whole."""

    payments: Sequence[Row]
    payouts: Sequence[Row]


def loaded_payouts(reads):
    """Return the newest version of each payout."""
    newest = {}
    for read in reads:
        for payout in read.payouts:
            key = payout["source"], payout["payout_id"]
            if key not in newest or payout["read_at"] >= newest[key]["read_at"]:
                newest[key] = payout
    return list(newest.values())


def loaded_payments(reads):
    """Return the newest version of each payment with its newest fee in this currency.

    A payment that the newest read of its payout lacks is removed.
    """
    payout_reads = {}
    for payout in loaded_payouts(reads):
        payout_reads[payout["source"], payout["payout_id"]] = payout["read_at"]
    versions = defaultdict(list)
    for read in reads:
        for payment in read.payments:
            versions[payment["source"], payment["payment_id"]].append(payment)
    rows = []
    for of_payment in versions.values():
        of_payment.sort(key=lambda row: row["read_at"])
        row = dict(of_payment[-1])
        payout_read = payout_reads.get((row["source"], row["payout_id"]))
        if payout_read is not None and payout_read > row["read_at"]:
            continue
        for version in of_payment:
            is_same = version["currency"] == row["currency"]
            if is_same and version["fee_amount"] is not None:
                row["fee_amount"] = version["fee_amount"]
                row["fee_read_at"] = version["read_at"]
                row["net_amount"] = row["amount"] - version["fee_amount"]
        rows.append(row)
    return rows


@dataclass
class PaymentOracle:
    """The views of payments, of a warehouse with these rows.

    Attributes:
        orders, order_lines, refunds, payments, payouts: rows of the tables.
        exact_rate: what one unit of a currency is worth on a day, in the reporting currency, as a fraction;
            None without an exchange rate.
        newest_day: of daily_summary.
        payout_days: the setting.
    """

    orders: Sequence[Row]
    order_lines: Sequence[Row]
    refunds: Sequence[Row]
    payments: Sequence[Row]
    payouts: Sequence[Row]
    exact_rate: Callable[[str, date], Fraction | None]
    newest_day: date | None
    payout_days: int = 14

    def views(self):
        """The rows of all views by name."""
        return {
            "payout_reconciliation": self.payout_reconciliation(),
            "order_payments": self.order_payments(),
            "contribution_margin": self.contribution_margin(),
        }

    def payout_reconciliation(self):
        """One row per payout."""
        return [self._reconciled(payout) for payout in self.payouts]

    def order_payments(self):
        """One row per order, and per order id that only payments name."""
        rows = []
        for order in self.orders:
            rows.append(self._known_order(order))
        for key, payments in self._by_order.items():
            if key not in self._orders_by_key:
                rows.append(self._unknown_order(key, payments))
        return rows

    def contribution_margin(self):
        """One row per day, source, channel, category and product with a counted line or return."""
        groups = defaultdict(list)
        for line in filter(counts, self.order_lines):
            amount = line["amount_after_discount"]
            entry = self._entry(line, amount, line["cost_amount"])
            groups[_margin_key(line)].append((*entry, self._line_fees(line)))
        for refund in filter(counts, self.refunds):
            cost = refund["cost_amount"]
            cost = None if cost is None else -cost
            entry = self._entry(refund, -refund["merchandise_amount"], cost)
            is_known = (
                self._order_fees(refund["source"], refund["order_id"]) is not None
            )
            groups[_margin_key(refund)].append((*entry, 0 if is_known else None))
        rows = []
        for key, entries in groups.items():
            rows.append(dict(zip(MARGIN_KEY, key, strict=True)) | _margin(entries))
        return rows

    @cached_property
    def _counted(self):
        return [payment for payment in self.payments if not payment["is_test"]]

    @cached_property
    def _by_order(self):
        """The payments of each order that they name."""
        by_order = defaultdict(list)
        for payment in self._counted:
            if payment["order_id"] is not None:
                by_order[payment["source"], payment["order_id"]].append(payment)
        return by_order

    @cached_property
    def _orders_by_key(self):
        return {(order["source"], order["order_id"]): order for order in self.orders}

    @cached_property
    def _payouts_by_key(self):
        return {(row["source"], row["payout_id"]): row for row in self.payouts}

    @cached_property
    def _paying(self):
        """Sources and gateways that have paid out."""
        paying = set()
        for payment in self._counted:
            if payment["payout_id"] is not None:
                paying.add((payment["source"], payment["gateway"]))
        return paying

    @cached_property
    def _first_charges(self):
        """The day of the first charge or commission that is paid out, by source and channel."""
        first = {}
        for key, payments in self._by_order.items():
            order = self._orders_by_key.get(key)
            if order is None:
                continue
            channel = order["source"], order["channel"]
            for payment in payments:
                is_charge = payment["kind"] in ("charge", "commission")
                if is_charge and self._comes_in_payouts(payment):
                    day = payment["business_date"]
                    first[channel] = min(day, first.get(channel, day))
        return first

    def _comes_in_payouts(self, payment):
        return (payment["source"], payment["gateway"]) in self._paying

    def _payout_of(self, payment):
        return self._payouts_by_key.get((payment["source"], payment["payout_id"]))

    def _has_arrived(self, payment):
        """Whether the payment is in a payout that has reached the bank, be it with a later one."""
        payout = self._payout_of(payment)
        if payout is None:
            return False
        if payout["status"] not in NOT_ARRIVED:
            return True
        same = {name: payout[name] for name in ("source", "currency", "amount")}
        same |= {"kind": "other", "order_id": None}
        for other in self._counted:
            later = self._payout_of(other)
            if later is None or later["status"] in NOT_ARRIVED:
                continue
            if same.items() <= other.items():
                return payout["status"] in DECLINED
        return False

    def _converted(self, amount, currency, day):
        """Exact; None without an exchange rate or amount."""
        rate = self.exact_rate(currency, day)
        if rate is None or amount is None:
            return None
        return Fraction(amount) * rate

    def _reconciled(self, payout):
        key = payout["source"], payout["payout_id"]
        own = []
        for payment in self._counted:
            if (payment["source"], payment["payout_id"]) == key:
                own.append(payment)
        sums = dict.fromkeys(KINDS.values(), Decimal(0))
        fees = Decimal(0)
        for payment in own:
            if payment["currency"] == payout["currency"]:
                sums[KINDS[payment["kind"]]] += payment["amount"]
                fees += payment["fee_amount"] or 0
        order_ids = {payment["order_id"] for payment in own} - {None}
        sold = []
        for order_id in order_ids:
            order = self._orders_by_key.get((payout["source"], order_id))
            if order is not None:
                sold.append(order["business_date"])
        in_reporting = self._converted(
            payout["amount"], payout["currency"], payout["issued_on"]
        )
        same = ("source", "payout_id", "issued_on", "status", "currency", "amount")
        return {name: payout[name] for name in same} | {
            "has_arrived": payout["status"] not in NOT_ARRIVED,
            "external_reference": payout.get("external_reference"),
            **sums,
            "fees": fees,
            "unexplained": payout["amount"] - sum(sums.values()) + fees,
            "payments": len(own),
            "orders": len(order_ids),
            "oldest_sale": min(sold, default=None),
            "newest_sale": max(sold, default=None),
            "amount_reporting": rounded(in_reporting),
        }

    def _known_order(self, order):
        day = order["business_date"]
        currency = order["currency"]
        total = order["gross_amount"] - order["discount_amount"] + order["tax_amount"]
        total += order["shipping_amount"] + order["fee_amount"]
        total = self._converted(total, currency, day)
        payments = self._by_order.get((order["source"], order["order_id"]), [])
        sums = self._sums(payments)
        if not payments:
            sums["open_amount"] = self._expected(order, total)
        same = (
            "source",
            "order_id",
            "business_date",
            "channel",
            "status",
            "is_sale",
            "is_test",
        )
        row = {name: order[name] for name in same}
        row |= {
            "is_known": True,
            "currency": currency,
            "total": rounded(total),
        }
        return row | self._with_age(sums, day)

    def _unknown_order(self, key, payments):
        source, order_id = key
        day = min(payment["business_date"] for payment in payments)
        nothing = ("channel", "status", "is_sale", "is_test", "currency", "total")
        row = {"source": source, "order_id": order_id, "is_known": False}
        row |= dict.fromkeys(nothing) | {"business_date": day}
        return row | self._with_age(self._sums(payments), day)

    def _sums(self, payments):
        """The unrounded sums of an order's payments; None without any, or where one has no exchange rate."""
        names = ("charged", "refunded", "chargebacks", "paid_out", "open_amount")
        sums = dict.fromkeys(names, Fraction(0))
        for payment in payments:
            currency = payment["currency"]
            day = payment["business_date"]
            amount = self._converted(payment["amount"], currency, day)
            if amount is None:
                return dict.fromkeys((*names, "fees")) | {"payments": len(payments)}
            if payment["kind"] == "charge":
                sums["charged"] += amount
            elif payment["kind"] == "refund":
                sums["refunded"] -= amount
            elif payment["kind"] in ("chargeback", "chargeback_reversal"):
                sums["chargebacks"] -= amount
            net = amount - (self._converted(payment["fee_amount"], currency, day) or 0)
            if self._has_arrived(payment):
                sums["paid_out"] += net
            elif self._comes_in_payouts(payment):
                sums["open_amount"] += net
        if not payments:
            sums = dict.fromkeys(names)
        return sums | {
            "fees": self._fees(payments),
            "payments": len(payments),
        }

    def _fees(self, payments):
        """What the payments of an order cost together; None where that is not known."""
        fees = Fraction(0)
        has_charge = False
        for payment in payments:
            if payment["fee_amount"] is None:
                return None
            cost = payment["fee_amount"]
            if payment["kind"] == "commission":
                cost -= payment["amount"]
            cost = self._converted(cost, payment["currency"], payment["business_date"])
            if cost is None:
                return None
            fees += cost
            has_charge |= payment["kind"] in ("charge", "commission")
        return fees if has_charge else None

    def _expected(self, order, total):
        """What is still to come for an order without payments."""
        channel = order["source"], order["channel"]
        first = self._first_charges.get(channel)
        if not counts(order) or first is None or order["business_date"] < first:
            return Fraction(0)
        if total is None:
            return None
        for refund in self.refunds:
            if refund["source"] != order["source"]:
                continue
            if refund["order_id"] != order["order_id"]:
                continue
            returned = refund["merchandise_amount"] + refund["tax_amount"]
            returned += refund["shipping_amount"]
            day = refund["business_date"]
            returned = self._converted(returned, refund["currency"], day)
            if returned is None:
                return None
            total -= returned
        return total

    def _with_age(self, sums, day):
        row = {}
        for name, amount in sums.items():
            row[name] = amount if name == "payments" else rounded(amount)
        days_open = None
        if row["open_amount"] != 0 and self.newest_day is not None:
            days_open = (self.newest_day - day).days
        is_overdue = days_open is not None and days_open > self.payout_days
        return row | {"days_open": days_open, "is_overdue": is_overdue}

    def _entry(self, row, amount, cost):
        """Net sales and cost in reporting currency."""
        currency = row["currency"]
        day = row["business_date"]
        return (
            self._converted(amount, currency, day),
            self._converted(cost, currency, day),
        )

    def _order_fees(self, source, order_id):
        return self._fees(self._by_order.get((source, order_id), []))

    def _line_fees(self, line):
        """The line's part of the fees of its order; None where they are not known."""
        key = line["source"], line["order_id"]
        fees = self._order_fees(*key)
        if fees is None:
            return None
        amounts = self._amounts_of_lines[key]
        total = sum(amounts)
        if total == 0:
            return fees / len(amounts)
        return fees * Fraction(line["amount_after_discount"]) / Fraction(total)

    @cached_property
    def _amounts_of_lines(self):
        amounts = defaultdict(list)
        for line in self.order_lines:
            key = line["source"], line["order_id"]
            amounts[key].append(line["amount_after_discount"])
        return amounts


def _margin_key(row):
    return tuple(row[name] for name in MARGIN_KEY)


def _margin(entries):
    """The amounts of net sales, costs and fees of lines and returns."""
    net_sales = [sales for sales, _, _ in entries]
    if None in net_sales:
        names = ("net_sales", "fees", "sales_with_fees", "covered_sales")
        return dict.fromkeys((*names, "contribution"))
    with_fees = [entry for entry in entries if entry[2] is not None]
    covered = [entry for entry in with_fees if entry[1] is not None]
    contributions = [sales - cost - fees for sales, cost, fees in covered]
    return {
        "net_sales": rounded(sum(net_sales)),
        "fees": _total([fees for _, _, fees in with_fees]),
        "sales_with_fees": _total([sales for sales, _, _ in with_fees]),
        "covered_sales": _total([sales for sales, _, _ in covered]),
        "contribution": _total(contributions),
    }


def _total(amounts):
    """The rounded sum; None of nothing."""
    return rounded(Fraction(sum(amounts))) if amounts else None
