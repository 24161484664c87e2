"""The oracle: what the warehouse must hold, computed in plain Python from the ledger's books.

It follows docs/DEFINITIONS.md, shares no code with the pipeline and knows nothing of SQL, staging or Airflow.
`Oracle(snapshot, …)` stands for runs that have read everything the books show; each method gives one table as
dictionaries with the warehouse's column names, without the columns that only say when and by which run a row
was read (`read_at`, `run_id`).
"""

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from demo.ledger import (
    CHANNELS,
    PARTNER_FILES,
    SHOPIFY,
    STOREFRONT,
    Snapshot,
)
from tests.oracle_customers import rounded
from tests.oracle_refunds import split_sales_db, split_storefront

Row = dict[str, Any]

ALL_SOURCES = ("exchange_rates", *CHANNELS)
SALE_STATUSES = frozenset(
    [
        "processing",
        "completed",
        "shipped",
        "delivered",
        "refunded",
        "partially_refunded",
    ]
)
ZERO = Decimal(0)
IN_TOTAL = (STOREFRONT, SHOPIFY)
"""Channels that state amounts of whole lines, and refunds with tax."""
WITHOUT_COSTS = {"chaos", "extra"}
"""Channels and partners that state no cost of goods."""
GROUPED = (
    "business_date",
    "source",
    "channel",
    "category",
    "country_code",
    "currency",
)
"""What `daily_sales` sums by."""
IN_REPORTING_CURRENCY = (
    "gross_sales",
    "discounts",
    "returns",
    "net_sales",
    "cost_of_goods",
    "sales_with_cost",
)


@dataclass
class Oracle:
    """The tables of a warehouse that knows what `snapshot` show.

    Attributes:
        books: of the instant of the last read; `dataclasses.replace` them to leave out what was not read.
        timezone, reporting_currency, hash_key: the deployment's settings.
        run_days: business days that had a run of their own since they ended: they have a summary even without
            any sale. On other days every source is missing.
        missing: sources that were missing from a run of a business day.
        off: sources that are switched off; days without a run do not miss them.
        sources: all of the company.
    """

    snapshot: Snapshot
    timezone: str = "America/New_York"
    reporting_currency: str = "USD"
    hash_key: str = ""
    run_days: Collection[date] = ()
    missing: Mapping[date, list[str]] = field(default_factory=dict)
    off: Collection[str] = ()
    sources: Collection[str] = ALL_SOURCES

    def tables(self):
        """All tables by name."""
        return {
            "orders": self.orders,
            "order_lines": self.order_lines,
            "refunds": self.refunds,
            "daily_sales": self.daily_sales,
            "daily_summary": self.daily_summary,
        }

    @cached_property
    def orders(self):
        """One row per order, whatever its status."""
        return [self._order(order) for order in self.snapshot.orders]

    @cached_property
    def order_lines(self):
        """One row per sound line."""
        rows = []
        for order, header in zip(
            self.snapshot.orders,
            self.orders,
            strict=True,
        ):
            for line in order.valid_lines:
                rows.append(self._line(order, line, header))
        return rows

    @cached_property
    def refunds(self):
        """One row per refunded line, and one with line number 0 for what no line explains."""
        by_order = defaultdict(list)
        for refund in self.snapshot.refunds:
            by_order[refund.source, refund.order_id].append(refund)
        rows = []
        for key, refunds in by_order.items():
            is_total = refunds[0].channel in IN_TOTAL
            split = split_storefront if is_total else split_sales_db
            for refund, part in split(self._orders_by_key.get(key), refunds):
                rows.append(self._refund(refund, part))
        return rows

    @cached_property
    def daily_sales(self):
        """Sums per day, source, channel, category, country and currency, over what counts."""
        sums = {}
        for line in filter(counts, self.order_lines):
            total = _group_of(sums, line)
            total["order_lines"] += 1
            total["units"] += line["quantity"]
            total["gross_sales"] += line["gross_amount"]
            total["discounts"] += line["discount_amount"]
            _add_cost(total, line["cost_amount"], line["amount_after_discount"])
        for refund in filter(counts, self.refunds):
            total = _group_of(sums, refund)
            total["returns"] += refund["merchandise_amount"]
            if refund["cost_amount"] is not None:
                _add_cost(
                    total,
                    -refund["cost_amount"],
                    -refund["merchandise_amount"],
                )
        for total in sums.values():
            gross = total["gross_sales"]
            discounts = total["discounts"]
            total["net_sales"] = gross - discounts - total["returns"]
            for figure in IN_REPORTING_CURRENCY:
                amount = total[figure]
                if amount is not None:
                    day = total["business_date"]
                    amount = self.converted(amount, total["currency"], day)
                total[f"{figure}_reporting"] = rounded(amount)
        return list(sums.values())

    @cached_property
    def daily_summary(self):
        """Headline figures of every day that had a run, an order or a refund."""
        days = set(self.run_days)
        days |= {row["business_date"] for row in (*self.orders, *self.refunds)}
        return [self._summary(day) for day in sorted(days)]

    @cached_property
    def first_counted(self):
        """When each customer placed their first order that counts."""
        first = {}
        for order in filter(counts, self.orders):
            customer = order["customer_hash"]
            at = order["ordered_at"]
            if customer:
                first[customer] = min(at, first.get(customer, at))
        return first

    @property
    def rejected(self):
        """How many different source rows must be rejected, by (source, reason)."""
        snapshot = self.snapshot
        rejected = Counter()
        for order in snapshot.orders:
            for line in order.lines:
                if line.reject_reason:
                    rejected[order.source, line.reject_reason] += 1
        for file in snapshot.files:
            for bad in file.bad_rows:
                rejected[PARTNER_FILES, bad.reason] += 1
        return rejected

    def business_date(self, instant):
        """The day on the shop's wall calendar."""
        return instant.astimezone(ZoneInfo(self.timezone)).date()

    def customer_hash(self, order):
        """One hash per person: of the e-mail, else of the channel's customer id."""
        if order.email and order.email.strip():
            identity = order.email.strip().lower()
        elif order.customer_id:
            identity = f"{order.source}:{order.customer_id}"
        else:
            return None
        return hmac.new(
            self.hash_key.encode(), identity.encode(), hashlib.sha256
        ).hexdigest()

    def converted(self, amount, currency, day):
        """`amount` in the reporting currency at the rates of `day`, exact; None when a rate is missing."""
        rate = self.exact_rate(currency, day)
        return None if rate is None else Fraction(amount) * rate

    def exact_rate(self, currency, day):
        """What one unit of `currency` is worth in the reporting currency, as a fraction; None when a rate is
        missing."""
        if currency == self.reporting_currency:
            return Fraction(1)
        rates = self._rate(self.reporting_currency, day), self._rate(currency, day)
        if None in rates:
            return None
        return Fraction(rates[0]) / Fraction(rates[1])

    def _rate(self, currency, day):
        if currency == "EUR":
            return Decimal(1)
        usable = {}
        for rate in self.snapshot.rates:
            age = day - rate.rate_date
            if rate.currency == currency and timedelta(0) <= age <= timedelta(days=7):
                usable[rate.rate_date] = rate.rate
        return usable[max(usable)] if usable else None

    @cached_property
    def _orders_by_key(self):
        return {(order.source, order.order_id): order for order in self.snapshot.orders}

    @cached_property
    def _headers(self):
        return {(row["source"], row["order_id"]): row for row in self.orders}

    def _order(self, order):
        status = order.status.strip().lower()
        row = {
            "source": order.source,
            "order_id": order.order_id,
            "business_date": self.business_date(order.ordered_at),
            "channel": _channel(order),
            "status": status,
            "is_sale": status in SALE_STATUSES,
            "is_test": order.is_test,
            "currency": order.currency,
            "country_code": order.country_code,
            "customer_hash": self.customer_hash(order),
            "coupon_code": order.coupon_code,
            "item_count": len(order.valid_lines),
            "gross_amount": sum((line.gross for line in order.valid_lines), ZERO),
            "discount_amount": sum((line.discount for line in order.valid_lines), ZERO),
            "tax_amount": order.tax,
            "shipping_amount": order.shipping,
            "fee_amount": order.fee,
            "ordered_at": order.ordered_at,
            "updated_at": order.updated_at,
        }
        if order.channel == STOREFRONT:
            # Each WooCommerce version calls something else a modification.
            del row["updated_at"]
        return row

    def _line(self, order, line, header):
        unit_price = line.unit_price
        if order.channel in IN_TOTAL:
            unit_price = rounded(Fraction(line.gross) / Fraction(line.quantity))
        own = {
            "coupon_code",
            "item_count",
            "discount_amount",
            "tax_amount",
            "shipping_amount",
            "fee_amount",
        }
        return {name: value for name, value in header.items() if name not in own} | {
            "line_number": line.line_number,
            "sku": line.sku,
            "product_name": line.product_name,
            "category": line.category or "uncategorised",
            "quantity": line.quantity,
            "unit_price": unit_price,
            "gross_amount": line.gross,
            "discount_amount": line.discount,
            "amount_after_discount": line.after_discount,
            "tax_amount": line.tax,
            "cost_amount": _cost(order, line),
        }

    def _refund(self, refund, part):
        key = refund.source, refund.order_id
        order = self._orders_by_key.get(key)
        header = self._headers.get(key)
        if header is None:
            header = {
                "channel": refund.source,
                "business_date": None,
                "country_code": None,
                "currency": self.reporting_currency,
                "is_sale": True,
                "is_test": False,
            }
        lines = order.valid_lines if order else []
        line = {line.line_number: line for line in lines}.get(part.line_number)
        costs = [_cost(order, each) for each in lines]
        row = {
            "source": refund.source,
            "refund_id": refund.refund_id,
            "line_number": 0,
            "business_date": self.business_date(refund.refunded_at),
            "channel": header["channel"],
            "order_id": refund.order_id,
            "order_business_date": header["business_date"],
            "sku": None,
            "category": "unallocated",
            "country_code": header["country_code"],
            "currency": header["currency"],
            "quantity": part.quantity,
            "merchandise_amount": part.merchandise,
            "tax_amount": part.tax,
            "shipping_amount": part.shipping,
            "cost_amount": ZERO if lines and None not in costs else None,
            "reason": refund.reason or None,
            "is_sale": header["is_sale"],
            "is_test": header["is_test"],
            "refunded_at": refund.refunded_at,
        }
        if line:
            row["line_number"] = line.line_number
            row["sku"] = line.sku
            row["category"] = line.category or "uncategorised"
            cost = _cost(order, line)
            row["cost_amount"] = None
            if cost is not None:
                share = Fraction(part.quantity) / Fraction(line.quantity)
                row["cost_amount"] = rounded(Fraction(cost) * share)
            if refund.channel == SHOPIFY:
                row["reason"] = refund.reason or "return"
        return row

    def _summary(self, day):
        orders = _of_day(self.orders, day)

        def amounts(rows, column):
            """The amounts of a column in reporting currency that are known."""
            known = []
            for row in rows:
                amount = None
                if row[column] is not None:
                    amount = self.converted(row[column], row["currency"], day)
                if amount is not None:
                    known.append(amount)
            return known

        convertible = amounts(orders, "gross_amount")
        gross = sum(convertible)
        discounts = sum(amounts(orders, "discount_amount"))
        refunds = _of_day(self.refunds, day)
        returned = sum(amounts(refunds, "merchandise_amount"))
        unread = [] if day in self.run_days else set(self.sources) - set(self.off)
        missing = sorted(self.missing.get(day, unread))
        average = None
        if convertible:
            average = rounded((gross - discounts) / len(convertible))
        sums = [row for row in self.daily_sales if row["business_date"] == day]
        costs = {}
        for figure in ("cost_of_goods", "sales_with_cost"):
            known = amounts(sums, figure)
            costs[figure] = rounded(sum(known)) if known else None
        new = [self.business_date(first) for first in self.first_counted.values()]
        return {
            "business_date": day,
            "orders": len(orders),
            "units": sum((row["units"] for row in sums), ZERO),
            "customers": len({row["customer_hash"] for row in orders} - {None}),
            "gross_sales": rounded(gross),
            "discounts": rounded(discounts),
            "returns": rounded(returned),
            "net_sales": rounded(gross - discounts - returned),
            **costs,
            "tax": rounded(sum(amounts(orders, "tax_amount"))),
            "shipping": rounded(sum(amounts(orders, "shipping_amount"))),
            "average_order_value": average,
            "new_customers": new.count(day),
            "unconverted_orders": len(orders) - len(convertible),
            "complete": not missing,
            "missing_sources": missing,
            "empty_sources": [],
        }


def _of_day(rows, day):
    """The rows of a day that count."""
    return [row for row in rows if row["business_date"] == day and counts(row)]


def _group_of(sums, row):
    """The sums that a row adds to."""
    key = {name: row[name] for name in GROUPED}
    key["country_code"] = key["country_code"] or "ZZ"
    nothing = {
        "order_lines": 0,
        "units": ZERO,
        "gross_sales": ZERO,
        "discounts": ZERO,
        "returns": ZERO,
        "cost_of_goods": None,
        "sales_with_cost": None,
    }
    return sums.setdefault(tuple(key.values()), key | nothing)


def _cost(order, line):
    """The cost of goods of a line; None where its channel or partner states none. WooCommerce has no zero."""
    cost = line.quantity * line.unit_cost
    is_unknown = order.channel == STOREFRONT and cost == 0
    if is_unknown or {order.channel, order.partner} & WITHOUT_COSTS:
        return None
    return cost


def _add_cost(total, cost, sales):
    if cost is not None:
        total["cost_of_goods"] = (total["cost_of_goods"] or ZERO) + cost
        total["sales_with_cost"] = (total["sales_with_cost"] or ZERO) + sales


def counts(row):
    """Whether a row of an order or a refund counts."""
    return row["is_sale"] and not row["is_test"]


def _channel(order):
    """The channel of the report."""
    if order.channel == SHOPIFY:
        return f"{order.source}_{order.partner}"
    return order.partner if order.channel == PARTNER_FILES else order.source
