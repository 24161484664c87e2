"""figures.csv of a period."""

import csv
import io

from ecommerce.sales.periods.texts.figures_csv import COLUMNS, figures_csv
from tests.unit.sales.periods import samples


def table(figures):
    """Return the values by section, name and figure, each with currency and completeness."""
    first, *rows = csv.reader(io.StringIO(figures_csv(figures)))
    assert tuple(first) == COLUMNS
    found = {}
    for period, section, name, figure, *cells in rows:
        assert period == str(figures.period)
        assert (section, name, figure) not in found
        found[section, name, figure] = tuple(cells)
    return found


def test_every_part_has_its_figures():
    cells = table(samples.week())
    assert {section for section, _, _ in cells} == {
        "headline",
        "days",
        "channels",
        "categories",
        "countries",
        "shops",
        "products",
        "rising",
        "falling",
        "repeat",
        "cohort",
        "costs",
        "payouts",
        "return_reasons",
        "funnel",
        "expected",
        "next_period",
        "target",
        "restated",
    }
    expected = {
        ("headline", "net_sales", "value"): ("142300.5", "USD"),
        ("headline", "net_sales", "year_before"): ("118250", "USD"),
        ("headline", "orders", "before"): ("1150", ""),
        ("headline", "units", "value"): ("2960", ""),
        ("days", "2026-11-23", "forecast"): ("19000", "USD"),
        ("days", "2026-11-23", "orders"): ("150", ""),
        ("countries", "DE", "net_sales"): ("31000", "USD"),
        ("countries", "DE", "units"): ("700", ""),
        ("products", "LAMP-1", "before"): ("14500", "USD"),
        ("repeat", "", "repeated"): ("23", ""),
        ("cohort", "2026-11-01", "customers"): ("431", ""),
        ("costs", "", "fee_coverage"): ("0.845", ""),
        ("costs", "", "fees"): ("3120.45", "USD"),
        ("payouts", "shopify", "unexplained"): ("-12.5", "USD"),
        ("return_reasons", "", "refunds"): ("14", ""),
        ("funnel", "session", "before"): ("38900", ""),
        ("expected", "net_sales", "days"): ("7", ""),
        ("next_period", "2026-11-30", "forecast"): ("150900", "USD"),
        ("restated", "2026-11-23", "now"): ("20373.4", "USD"),
        ("target", "", "target"): ("138000", "USD"),
    }
    for place, cell in expected.items():
        assert cells[place] == (*cell, "true"), place


def test_a_payout_has_its_own_currency():
    payouts = [samples.week().payouts[0].model_copy(update={"currency": "GBP"})]
    cells = table(samples.week(payouts=payouts))
    assert cells["payouts", "shopify", "amount"][1] == "GBP"
    assert cells["payouts", "shopify", "payouts"][1] == ""


def test_the_days_are_complete_each_and_the_others_as_the_period():
    cells = table(samples.incomplete_week())
    assert cells["days", "2026-11-27", "net_sales"][-1] == "true"
    assert cells["days", "2026-11-28", "net_sales"][-1] == "false"
    assert cells["headline", "net_sales", "value"][-1] == "false"
    assert ("days", "2026-11-29", "net_sales") not in cells


def test_no_cell_is_a_formula():
    row = samples.period_row("=1+1", samples.D(5))
    assert ("channels", "'=1+1", "net_sales") in table(samples.week(channels=[row]))
