"""Compares the views of orders, returns, customers, coupons and products with their oracle."""

from fractions import Fraction

import pytest

from tests.oracle_customers import PERIODS, rounded
from tests.rows import columns_of

ORDER = ("source", "order_id")
VIEWS = {
    "orders_reporting": (
        ORDER,
        (
            "country_code",
            "gross_sales",
            "discounts",
            "returns",
            "net_sales",
            "tax",
            "shipping",
        ),
    ),
    "customer_orders": (
        ORDER,
        (
            "country_code",
            "order_number",
            "days_since_previous",
            "first_order_month",
            "first_channel",
            "net_sales",
        ),
    ),
    "customer_cohorts": (
        ("first_order_month", "months_since"),
        (
            "customers",
            "active_customers",
            "repeat_customers",
            "orders",
            "unconverted_orders",
            "net_sales",
            "cumulative_net_sales",
            "cumulative_net_sales_per_customer",
            "is_complete",
        ),
    ),
    "repeat_purchases": (
        ("first_order_month",),
        (
            "customers",
            "observed_days",
            *(f"customers_{days}" for days in PERIODS),
            "guest_orders",
        ),
    ),
    "customer_value": (
        ("customer_hash",),
        (
            "first_order_date",
            "last_order_date",
            "first_channel",
            "orders",
            "unconverted_orders",
            "net_sales",
            "average_order_value",
            "days_since_last_order",
            "recency",
            "frequency",
            "monetary",
            "segment",
        ),
    ),
    "coupon_performance": (
        ("business_date", "coupon_code"),
        (
            "orders",
            "unconverted_orders",
            "customers",
            "new_customers",
            "gross_sales",
            "discounts",
            "net_sales",
        ),
    ),
}
"""The columns that are compared, by view: its key, and the others."""


def check_views(rows, oracle):
    """Compare each view with a `CustomerOracle`. `rows`: returns all rows of a view."""
    expected = {
        "orders_reporting": oracle.order_amounts(),
        "customer_orders": oracle.customer_orders(),
        "customer_cohorts": oracle.cohorts(),
        "repeat_purchases": oracle.repeats(),
        "customer_value": oracle.customer_values(),
        "coupon_performance": oracle.coupons(),
    }
    for view, (key, columns) in VIEWS.items():
        assert (
            _by_key(
                rows(view),
                key,
                columns,
            )
            == expected[view]
        ), view
    _check_returned_lines(rows, oracle)
    _check_rates(rows)
    _check_days_between_orders(rows)
    _check_countries(rows, oracle)
    _check_pairs(rows, oracle)


def _by_key(rows, key, columns):
    found = {}
    for row in rows:
        values = tuple(row[name] for name in key)
        place = values if len(key) > 1 else values[0]
        assert place not in found
        found[place] = tuple(row[name] for name in columns)
    return found


def _check_returned_lines(rows, oracle):
    key = ("source", "refund_id", "line_number", "is_share")
    columns = ("returns", "currency", "business_date")
    returned = _by_key(rows("return_lines_reporting"), key, columns)
    units = oracle.return_rows()
    assert returned.keys() == units.keys()
    for place, (returns, currency, day) in returned.items():
        value = oracle.rate(currency, day)
        expected = None
        if value is not None:
            expected = rounded(Fraction(units[place], 10_000) * value)
        assert returns == expected, place


def _check_rates(rows):
    """Shares are of all customers of a cohort, also before its periods are over."""
    for row in rows("customer_cohorts"):
        of_all = row["customers"]
        assert row["active_rate"] == _share(row["active_customers"], of_all)
        assert row["repeat_rate"] == _share(row["repeat_customers"], of_all)
    for row in rows("repeat_purchases"):
        for days in PERIODS:
            share = row[f"share_{days}"]
            assert share == _share(row[f"customers_{days}"], row["customers"])


def _check_days_between_orders(rows):
    """Days have one decimal, at most half a unit from the exact average."""
    for row in rows("customer_value"):
        days = row["days_between_orders"]
        if row["orders"] == 1:
            assert days is None
            continue
        between = row["last_order_date"] - row["first_order_date"]
        assert days == round(days, 1)
        exact = between.days / (row["orders"] - 1)
        assert days == pytest.approx(exact, abs=0.05001)


def _check_countries(rows, oracle):
    """Lines and returns have the country of their order."""
    countries = {
        (order.source, order.order_id): order.country_code or "ZZ"
        for order in oracle.orders
    }
    for row in [*rows("order_lines_reporting"), *rows("return_lines_reporting")]:
        order = row["source"], row["order_id"]
        assert row["country_code"] == countries.get(order, "ZZ")


def _share(part, whole):
    return (
        pytest.approx(
            part / whole,
            abs=1e-4,
        )
        if whole
        else None
    )


def _check_pairs(rows, oracle):
    found = rows("product_pairs")
    true_pairs = oracle.pairs()
    assert set(columns_of(found, "sku_a", "sku_b")) == true_pairs.keys()
    assert len(found) == len(true_pairs)
    for row in found:
        both, of_a, of_b, total = true_pairs[row["sku_a"], row["sku_b"]]
        assert (row["orders"], row["orders_a"], row["orders_b"]) == (both, of_a, of_b)
        assert row["support"] == pytest.approx(
            both / total,
            abs=1e-6,
        )
        assert row["confidence_a_to_b"] == _share(both, of_a)
        assert row["confidence_b_to_a"] == _share(both, of_b)
        lift = both * total / (of_a * of_b)
        assert row["lift"] == pytest.approx(lift, abs=1e-4)
