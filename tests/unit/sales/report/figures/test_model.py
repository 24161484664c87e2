import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ecommerce.sales.report.figures.model import Figure, Figures, figures_hash
from ecommerce.sales.report.figures.quality import Unconverted
from ecommerce.sales.report.figures_csv import figures_csv
from tests.unit.sales.report.samples import DAY, breakdown, make_figures


def test_json_round_trip_keeps_every_figure_exact():
    figures = make_figures()
    again = Figures.model_validate_json(figures.model_dump_json(indent=1))
    assert again == figures
    assert again.headline["net_sales"].value == Decimal("18342.56")
    assert '"18342.56"' in figures.model_dump_json(indent=1)


def test_the_hash_is_of_the_day_s_figures_not_of_the_making():
    first = make_figures()
    again = make_figures(
        run_id="manual__x",
        generated_at=datetime(2027, 1, 1, tzinfo=UTC),
        trend=[],
        averaged_days=3,
        restatements=[],
        warnings=[{"kind": "note", "text": "another warning"}],
    )
    assert figures_hash(first) == figures_hash(again)


@pytest.mark.parametrize(
    "change",
    [
        {"channels": [breakdown("storefront", "9800.1101", 120)]},
        {"categories": [breakdown("Kitchen", "6000.01", None)]},
        {"countries": []},
        {"products": []},
        {"currency": "EUR"},
        {"attribute": "sales_channel", "attributes": []},
        {"complete": False, "missing_sources": ["storefront"]},
        {
            "headline": make_figures().headline
            | {"net_sales": Figure(value=Decimal("18342.57"))}
        },
    ],
)
def test_another_figure_of_the_day_is_another_hash(change):
    assert figures_hash(make_figures(**change)) != figures_hash(make_figures())


def test_csv_has_plain_decimals_and_no_formulas():
    figures = make_figures(
        categories=[breakdown('=HYPERLINK("http://x")', "-12.5", None)]
    )
    rows = list(csv.DictReader(io.StringIO(figures_csv(figures))))
    net = next(
        row
        for row in rows
        if row["section"] == "headline" and row["figure"] == "net_sales"
    )
    assert net == {
        "business_date": DAY.isoformat(),
        "section": "headline",
        "name": "",
        "figure": "net_sales",
        "value": "18342.56",
        "currency": "USD",
        "complete": "true",
    }
    category = [row for row in rows if row["section"] == "categories"]
    assert {row["name"] for row in category} == {'\'=HYPERLINK("http://x")'}
    assert {row["figure"]: row["value"] for row in category}["net_sales"] == "-12.5"
    orders = next(row for row in rows if row["figure"] == "orders")
    assert orders["currency"] == ""


def test_csv_says_which_days_are_complete():
    days = {day.business_date: day for day in make_figures().trend}
    half, absent = sorted(days)[3:5]
    days[half] = days[half].model_copy(update={"complete": False})
    days[absent] = days[absent].model_copy(
        update={"complete": False, "net_sales": None, "orders": None}
    )
    figures = make_figures(
        complete=False, missing_sources=["storefront"], trend=list(days.values())
    )
    rows = list(csv.DictReader(io.StringIO(figures_csv(figures))))
    trend = {
        row["name"]: (row["value"], row["complete"])
        for row in rows
        if (row["section"], row["figure"]) == ("trend", "net_sales")
    }
    assert trend[str(half)] == (str(days[half].net_sales), "false")
    assert trend[str(absent)] == ("", "false")
    assert [name for name, (_, complete) in trend.items() if complete == "false"] == [
        str(half),
        str(absent),
    ]
    assert {row["complete"] for row in rows if row["section"] != "trend"} == {"false"}


def test_csv_counts_the_orders_that_no_average_has():
    amounts = dict.fromkeys(
        ("gross_sales", "discounts", "returns", "net_sales"), Decimal(10)
    )
    figures = make_figures(
        unconverted=[Unconverted(currency="BRL", orders=3, **amounts)]
    )
    rows = [
        row
        for row in csv.DictReader(io.StringIO(figures_csv(figures)))
        if row["section"] == "unconverted"
    ]
    assert [
        (row["name"], row["figure"], row["value"], row["currency"]) for row in rows
    ] == [
        ("BRL", "orders", "3", ""),
        ("BRL", "net_sales", "10", "BRL"),
    ]


def test_the_breakdown_by_attribute_is_part_of_hash_and_csv():
    by_channel = make_figures(
        attribute="sales_channel", attributes=[breakdown("app", "12.50", 3)]
    )
    by_payment = by_channel.model_copy(update={"attribute": "payment_method"})
    moved = by_channel.model_copy(update={"attributes": [breakdown("web", "12.50", 3)]})
    assert (
        len(
            {
                figures_hash(each)
                for each in (make_figures(), by_channel, by_payment, moved)
            }
        )
        == 4
    )
    rows = [
        row
        for row in csv.DictReader(io.StringIO(figures_csv(by_channel)))
        if row["section"] == "attribute"
    ]
    assert {row["name"] for row in rows} == {"app"}
    values = {row["figure"]: row["value"] for row in rows}
    assert (values["orders"], values["net_sales"]) == ("3", "12.50")


def test_figures_archived_before_attributes_and_notes_can_be_read():
    notes = {"headline": {"__all__": {"note"}}}
    older = make_figures().model_dump(
        mode="json", exclude={"attribute": True, "attributes": True, **notes}
    )
    assert Figures.model_validate(older) == make_figures()
