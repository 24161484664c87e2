"""The badge of a day, and the alarms: what is wrong although no task has failed."""

from decimal import Decimal

import pytest

from ecommerce.sales.days.quality import RefusedFile, SourceQuality, Unconverted
from ecommerce.sales.report.texts.trust import alarms, trust_of
from tests.unit.sales.report.samples import archived, changed, make_figures

ALL_READ = "all sources in use were read, and every due file is loaded"
NO_FILE = "northwind has delivered no valid file for this day"
EMPTY = "Storefront has no orders, and usually has 10 or more on such a day"
AGAIN = (
    "acme has delivered acme_2026-11-19.csv.gz again, and the new version is invalid "
    "(its header lacks sku); the figures are those of the version loaded before"
)
LATE = (
    "late_shop has delivered late_shop_2026-11-16.csv, which is invalid (its header lacks sku); "
    "its orders are in no figure"
)


def refused(file, *, is_loaded):
    return RefusedFile(file=file, detail="its header lacks sku", is_loaded=is_loaded)


def unconverted(**orders):
    """Amounts without an exchange rate, of so many orders by currency."""
    amounts = ("gross_sales", "discounts", "returns", "net_sales")
    rows = []
    for currency, number in orders.items():
        values = dict.fromkeys(amounts, Decimal(9))
        rows.append(Unconverted(currency=currency, orders=number, **values))
    return rows


def badge(**changes):
    trust = trust_of(make_figures(**changes))
    return f"{trust.label}: {trust.words}"


def source_quality(source, *, read, rejected, orders):
    counts = dict.fromkeys(SourceQuality.model_fields)
    counts |= {"source": source, "status": "success", "source_orders": orders}
    return SourceQuality(**counts | {"rows_read": read, "rows_rejected": rejected})


WORST = {
    "complete": False,
    "missing_sources": ["partner_files: northwind"],
    "doubtful_sources": ["partner_files: alpenmarkt", "storefront", "sales_db"],
    "unconverted": unconverted(BRL=100, CHF=1, EUR=0),
    "refused_files": [refused("acme_2026-11-19.csv.gz", is_loaded=True)],
}


def test_of_several_reasons_the_badge_names_the_worst():
    missing = "northwind has delivered no valid file for Thu 19 Nov"
    few = "orders of alpenmarkt and 2 others may be missing"
    no_rate = "101 orders in BRL and CHF (47 % of the day) have no exchange rate"
    reasons = dict(WORST)
    assert badge(**reasons) == f"Incomplete: {missing}"
    del reasons["complete"], reasons["missing_sources"]
    assert badge(**reasons) == f"May change: {few}"
    del reasons["doubtful_sources"]
    assert badge(**reasons) == f"May change: {no_rate}"
    del reasons["unconverted"]
    assert badge(**reasons) == f"May change: {AGAIN}"
    del reasons["refused_files"]
    assert badge(**reasons) == f"Complete: {ALL_READ}"


def test_a_complete_day_states_how_many_records_of_orders_were_rejected():
    """Those of the exchange rates are of no order."""
    sources = [
        source_quality("sales_db", read=700, rejected=44, orders=600),
        source_quality("storefront", read=10, rejected=1, orders=10),
        source_quality("exchange_rates", read=9000, rejected=9, orders=None),
    ]
    words = badge(sources=sources)
    assert words.startswith("Complete: ")
    assert words.endswith("; 45 of 710 records were rejected")
    assert badge(sources=sources[1:]).endswith("; 1 of 10 records was rejected")
    few = source_quality("sales_db", read=1000, rejected=9, orders=600)
    assert badge(sources=[few]) == f"Complete: {ALL_READ}"


ACME, BOLT, CODY = "partner_files: acme", "partner_files: bolt", "partner_files: cody"


@pytest.mark.parametrize(
    ("missing", "empty", "words"),
    [
        (
            [ACME, BOLT, CODY],
            [],
            "acme and 2 others have delivered no valid file for Thu 19 Nov",
        ),
        (["storefront"], [], "Storefront was not read"),
        ([], [ACME, "storefront"], "acme and Storefront have no orders"),
        ([], [], "not every source of this day was read"),
    ],
)
def test_an_incomplete_day_has_its_reason_in_few_words(missing, empty, words):
    found = badge(complete=False, missing_sources=missing, empty_sources=empty)
    assert found == f"Incomplete: {words}"


@pytest.mark.parametrize(
    ("orders", "without_rate", "state"),
    [
        (100, {"BRL": 3}, "complete"),
        (100, {"BRL": 2, "CHF": 2}, "may_change"),
        (0, {"BRL": 0}, "complete"),
    ],
)
def test_a_currency_without_a_rate_counts_above_three_per_cent_of_the_orders(
    orders, without_rate, state
):
    headline = dict(archived("full").headline)
    value = {"value": Decimal(orders)}
    headline["orders"] = headline["orders"].model_copy(update=value)
    figures = make_figures(headline=headline, unconverted=unconverted(**without_rate))
    assert trust_of(figures).state == state


def test_alarms_are_what_no_failed_task_has_reported():
    assert alarms(make_figures()) == []
    assert alarms(make_figures(complete=False, missing_sources=["sales_db"])) == []
    figures = make_figures(
        complete=False,
        missing_sources=["sales_db", "partner_files: northwind"],
        empty_sources=["storefront"],
        refused_files=[
            refused("northwind_2026-11-19.csv", is_loaded=False),  # named before
            refused("acme_2026-11-19.csv.gz", is_loaded=True),
            refused("late_shop_2026-11-16.csv", is_loaded=False),
        ],
    )
    assert alarms(figures) == [NO_FILE, EMPTY, AGAIN, LATE]
    partners = [ACME, "partner_files: northwind"]
    both = changed(figures, missing_sources=partners)
    assert AGAIN in alarms(both)
