"""Sales by channel, category and attribute, amounts without a rate, and returns by reason."""

from decimal import Decimal

from ecommerce.sales.report.figures import breakdowns
from ecommerce.sales.report.figures.breakdowns import attributes, breakdown
from tests.unit.sales.report.samples import make_figures

D = Decimal
AMOUNTS = ("gross_sales", "discounts", "returns", "net_sales")


def sale(source, net, currency="USD", converted=True):
    """A row of sales.sql; its amounts are `net` and 1, 2, 3 more."""
    row = {"source": source, "currency": currency, "units": D(2)}
    for more, name in enumerate(reversed(AMOUNTS)):
        row[name] = D(net) + more
        row[f"{name}_reporting"] = row[name] if converted else None
    return row


def test_breakdowns_add_up_exactly_and_largest_first():
    sales = [sale("a", "0.1"), sale("a", "0.2"), sale("b", "5")]
    orders = [{"source": "a", "orders": 4}, {"source": "a", "orders": 3}]
    big, small = breakdown(sales, "source", orders)
    assert (big.name, big.orders, big.units, big.net_sales) == ("b", 0, 2, 5)
    assert (big.gross_sales, big.discounts, big.returns) == (8, 7, 6)
    assert (small.name, small.orders, small.units) == ("a", 7, 4)
    assert (small.net_sales, small.gross_sales) == (D("0.3"), D("6.3"))


def test_unconverted_amounts_are_never_taken_as_converted():
    sales = [sale("a", "1000", "BRL", converted=False), sale("a", "1")]
    (row,) = breakdown(sales, "source", None)
    assert (row.net_sales, row.units, row.orders) == (1, 4, None)
    sales.append(sale("b", "10", "BRL", converted=False))
    orders = [{"currency": "BRL", "orders": 3}, {"currency": "USD", "orders": 9}]
    (unconverted,) = breakdowns.unconverted_amounts(sales, orders)
    assert unconverted.model_dump() == {
        "currency": "BRL",
        "orders": 3,
        "gross_sales": 1016,
        "discounts": 1014,
        "returns": 1012,
        "net_sales": 1010,
    }


def attribute_row(attribute, gross, **changes):
    """A row of attribute.sql: amounts in ten-thousandths, unrounded."""
    amounts = dict.fromkeys(AMOUNTS, D(0)) | {"gross_sales": D(gross)}
    return {"attribute": attribute, "orders": 1, "units": D(2)} | amounts | changes


def test_rows_by_attribute_add_up_to_the_rounded_sum():
    rows = [attribute_row(name, "33.33333") for name in (None, "app", "web")]
    found = attributes(rows)
    assert sum(row.gross_sales for row in found) == D("0.0100")  # alone: 0.0033
    assert {row.name for row in found} == {"(none)", "app", "web"}


def test_amounts_by_attribute_that_nothing_converts_are_left_out_and_orders_stay():
    (row,) = attributes([attribute_row("app", 0, **dict.fromkeys(AMOUNTS))])
    assert (row.orders, row.units, row.net_sales) == (1, 2, 0)


def test_reasons_add_up_and_name_nobody():
    amounts = {
        "asked by ann@example.com": "33333.4",
        "asked by bob@example.com": "33333.4",
        None: "20000.4",
        "broken": "90000.4",
    }
    rows = [
        {"reason": reason, "refunds": 1, "amount": D(amount)}
        for reason, amount in amounts.items()
    ]
    found = breakdowns.return_reasons(rows)
    names = [(each.reason, each.refunds) for each in found]
    assert names == [("broken", 1), ("asked by <e-mail>", 2), (None, 1)]
    # Of 176,667.6 ten-thousandths.
    assert sum(each.amount for each in found) == D("17.6668")


def test_actual_sales_are_gross_sales_by_the_names_of_the_forecasts():
    found = breakdowns.gross_sales_by_series(make_figures())
    assert found["total"] == D("20411.06")
    assert found["channel:storefront"] == D("9815.11")
    assert found["category:Kitchen"] == 6015
