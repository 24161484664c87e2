from datetime import date, timedelta
from decimal import Decimal

from ecommerce.core.settings import load_settings
from ecommerce.sales.report.figures import comparisons
from ecommerce.sales.report.figures.breakdowns import attributes, breakdown
from ecommerce.sales.report.figures.comparisons import headline
from ecommerce.sales.report.figures.quality import Unconverted
from ecommerce.sales.report.queries import limits, missing_days
from tests.unit.sales.report.samples import make_figures

DAY = date(2026, 11, 19)
D = Decimal


def day_row(net="100", *, orders=4, customers=3, new=1, complete=True, average="30"):
    amounts = dict.fromkeys(
        ("gross_sales", "discounts", "returns", "tax", "shipping", "units"), D(1)
    )
    return amounts | {
        "net_sales": D(net),
        "orders": orders,
        "customers": customers,
        "new_customers": new,
        "average_order_value": average and D(average),
        "complete": complete,
    }


def before(days):
    return DAY - timedelta(days=days)


def test_each_figure_is_compared_with_yesterday_last_week_and_the_mean():
    rows = {
        DAY: day_row("150"),
        before(1): day_row("100"),
        before(7): day_row("80"),
        before(28): day_row("60"),
    }
    figure = headline(DAY, rows)["net_sales"]
    assert (figure.value, figure.day_before, figure.week_before, figure.average) == (
        150,
        100,
        80,
        80,
    )


def test_incomplete_days_are_no_comparison():
    rows = {
        DAY: day_row("150"),
        before(1): day_row("1", complete=False),
        before(2): day_row("100"),
    }
    figure = headline(DAY, rows)["net_sales"]
    assert figure.day_before is None
    assert figure.average == 100


def test_an_incomplete_day_itself_is_reported():
    assert (
        headline(DAY, {DAY: day_row("150", complete=False)})["net_sales"].value == 150
    )


def test_returning_customers_are_those_who_are_not_new():
    found = headline(DAY, {DAY: day_row(customers=10, new=4)})
    assert (found["new_customers"].value, found["returning_customers"].value) == (4, 6)


def test_an_export_without_returns_lacks_them_although_its_rounded_parts_miss_the_total():
    """150.0002 in the day's total, and 150 as the sum of its rounded parts."""
    day = day_row() | {"gross_sales": D("150.0002"), "without_returns": D(150)}
    assert comparisons.with_lacking({DAY: day}, date(2020, 1, 1))[DAY]["lacking"] == [
        "returns"
    ]


def test_new_customers_are_not_compared_with_a_day_before_which_no_customer_is_known():
    """Customers are known since the day before: on it, everybody was new."""
    rows = {
        DAY: day_row(customers=10, new=6),
        before(1): day_row(customers=8, new=8),
        before(7): day_row(customers=0, new=0),
    }

    def found(since):
        days = comparisons.with_lacking(rows, since)
        figures = headline(DAY, days)
        rates = make_figures(
            headline=figures, rate_bases=comparisons.rate_bases(DAY, days)
        ).rates
        return figures["new_customers"], figures["customers"], rates["repeat_share"]

    new, customers, share = found(before(1))
    assert (new.value, new.day_before, new.week_before, new.average) == (
        6,
        None,
        None,
        None,
    )
    assert customers.day_before == 8
    assert (share.value, share.day_before, share.average) == (D("0.4"), None, None)

    assert found(DAY)[2].value is None
    new, _, share = found(date(2020, 1, 1))
    assert (new.day_before, share.day_before) == (8, 0)


def test_a_day_without_row_sold_nothing_and_has_no_average_order():
    found = headline(DAY, {})
    assert found["net_sales"].value == 0
    assert found["orders"].value == 0
    assert found["average_order_value"].value is None
    assert found["net_sales"].average is None


def test_the_mean_of_average_order_values_leaves_out_days_without_orders():
    rows = {
        DAY: day_row(),
        before(1): day_row(average=None),
        before(2): day_row(average="50"),
    }
    assert headline(DAY, rows)["average_order_value"].average == 50


def test_the_average_order_says_which_orders_are_not_in_it():
    def note(**orders):
        nothing = dict.fromkeys(
            ("gross_sales", "discounts", "returns", "net_sales"), D(0)
        )
        unconverted = [
            Unconverted(currency=name, orders=number, **nothing)
            for name, number in orders.items()
        ]
        found = headline(DAY, {DAY: day_row()}, unconverted)
        assert {name for name, figure in found.items() if figure.note} <= {
            "average_order_value"
        }
        return found["average_order_value"].note

    assert (
        note(BRL=3, CHF=1)
        == "without orders in BRL and CHF, which have no exchange rate"
    )
    assert note(A=1200, B=2, C=3, D=4, E=5, F=6) == (
        "without orders in A, B, C and 3 other currencies, which have no exchange rate"
    )
    assert note() is None
    assert note(BRL=0) is None  # refunds alone


def sale(source, net, currency="USD", converted=True):
    row = {"source": source, "currency": currency, "units": D(2)}
    for name in ("gross_sales", "discounts", "returns", "net_sales"):
        row[name] = D(net)
        row[f"{name}_reporting"] = D(net) if converted else None
    return row


def test_breakdowns_add_up_exactly_and_largest_first():
    rows = [sale("a", "0.1"), sale("a", "0.2"), sale("b", "5")]
    found = breakdown(
        rows, "source", [{"source": "a", "orders": 4}, {"source": "a", "orders": 3}]
    )
    assert [(row.name, row.net_sales, row.units, row.orders) for row in found] == [
        ("b", D("5"), 2, 0),
        ("a", D("0.3"), 4, 7),
    ]


def test_unconverted_amounts_are_never_taken_as_converted():
    found = breakdown(
        [sale("a", "1000", "BRL", converted=False), sale("a", "1")], "source", None
    )
    assert found[0].net_sales == 1
    assert found[0].units == 4
    assert found[0].orders is None


def test_days_without_run_are_missing_only_after_the_first_day_ever_loaded():
    assert missing_days(DAY, []) == []
    assert missing_days(DAY, [DAY]) == []
    assert missing_days(DAY, [DAY, before(3)]) == [before(2), before(1)]
    assert missing_days(DAY, [DAY, date(2020, 1, 1)]) == [
        before(back) for back in range(28, 0, -1)
    ]


def test_what_no_run_can_see_is_said_of_the_sources_in_use(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("REFUND_LOOKBACK_DAYS", "9")
    monkeypatch.setenv("RECONCILE_DAYS", "21")
    settings = load_settings()
    assert limits({"partner_files"}, settings) == []
    (database,) = limits({"sales_db"}, settings)
    assert "the orders of the last 21 days" in database
    (storefront,) = limits({"storefront", "partner_files"}, settings)
    assert "refunded or edited more than 9 days after its day" in storefront
    assert "the orders of the last 21 days" in storefront


def attribute_row(attribute, gross, **changes):
    """A row of attribute.sql: amounts in ten-thousandths, unrounded."""
    amounts = {
        "gross_sales": D(gross),
        "discounts": D(0),
        "returns": D(0),
        "net_sales": D(gross),
    }
    return {"attribute": attribute, "orders": 1, "units": D(2)} | amounts | changes


def test_rows_by_attribute_add_up_to_the_rounded_sum():
    third = "33.33333"
    rows = attributes([attribute_row(name, third) for name in (None, "app", "web")])
    assert sum(row.gross_sales for row in rows) == D(
        "0.0100"
    )  # each alone would be 0.0033
    assert {row.name for row in rows} == {"(none)", "app", "web"}


def test_amounts_by_attribute_that_nothing_converts_are_left_out_and_orders_stay():
    nothing = dict.fromkeys(("gross_sales", "discounts", "returns", "net_sales"))
    (row,) = attributes([attribute_row("app", 0) | nothing])
    assert (row.orders, row.units, row.net_sales) == (1, 2, 0)
