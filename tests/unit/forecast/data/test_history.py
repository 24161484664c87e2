"""What the warehouse answers and the partner tells, as panels."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.forecast.data.history import Sales, gaps
from ecommerce.forecast.data.panel import holidays_of
from ecommerce.forecast.partner_ftp.files import (
    Announced,
    MarketWeek,
    PartnerFiles,
    Promotion,
)
from tests.unit.forecast.panels import MONDAY, WEEK

DAYS = 126
LAST = MONDAY + timedelta(days=DAYS - 1)


def day(number):
    return MONDAY + timedelta(days=number)


ALWAYS = np.tile(WEEK, DAYS // 7)
LATER = np.where(np.arange(DAYS) < 70, 0, ALWAYS)
SERIES = [
    ("category", "Kitchen", None, ALWAYS),
    ("category", "Garden", None, LATER),
    ("channel", "web", None, ALWAYS + LATER),
    ("sku", "K-1", "Kitchen", ALWAYS / 4),
    ("sku", "K-2", "Kitchen", ALWAYS * 3 / 4),
    ("sku", "G-1", "Garden", LATER),
]


def shop(announced=Announced()):  # noqa: B008
    """The panels of what the warehouse returns: a row for each series and day with sales."""
    rows = []
    for kind, name, category, values in SERIES:
        for number in np.flatnonzero(values).tolist():
            row = {"kind": kind, "name": name, "category": category, "product": None}
            sold = {"business_date": day(number), "gross_sales": values[number]}
            rows.append(row | sold | {"is_best_seller": kind == "sku"})
    sales = pa.Table.from_pylist(rows)
    return Sales(LAST, sales, PartnerFiles(announced), calendar="").panels()


def promoted(*promotions):
    """The promotions of the panels, by kind."""
    panels = shop(Announced(promotions)).panels
    return {kind: panel.promotions for kind, panel in panels.items()}


def test_each_kind_is_a_panel_of_the_same_days():
    found = shop()
    assert found.as_of == LAST + timedelta(days=1)
    series = {kind: panel.series for kind, panel in found.panels.items()}
    assert series == {
        "category": ("category:Garden", "category:Kitchen"),
        "channel": ("channel:web",),
        "sku": ("sku:G-1", "sku:K-1", "sku:K-2"),
    }
    panel = found.panels["category"]
    assert panel.first_day == MONDAY
    assert panel.days == DAYS
    assert np.allclose(panel.values[:, 0], LATER)


def test_a_promotion_counts_for_an_article_wholly_and_for_others_by_its_part_of_their_sales():
    found = promoted(Promotion(day(DAYS + 3), day(DAYS + 4), "K-1", Decimal(10)))
    days = [DAYS + 3, DAYS + 4]
    assert found["sku"][days].tolist() == [[0, 1, 0]] * 2
    assert found["category"][days].tolist() == [[0, 0.25]] * 2
    quarter = ALWAYS[-91:].sum()
    part = quarter / 4 / (quarter + LATER[-91:].sum())
    assert np.allclose(found["channel"][days, 0], part)
    for promotions in found.values():
        assert not np.delete(promotions, days, axis=0).any()


def test_the_part_is_that_of_the_quarter_before_if_it_is_two_percent():
    """The Garden sells from day 70 on: 80, 90 and 100, beside 8,000 of the Kitchen in ten weeks."""
    found = promoted(Promotion(day(70), day(73), "G-1", Decimal(10)))
    assert found["category"][70:74, 0].tolist() == [0, 1, 1, 1]
    in_channel = found["channel"][70:74, 0]
    assert np.allclose(in_channel, [0, 0, 170 / 8340, 270 / 8540])


def test_a_promotion_of_the_whole_shop_counts_everywhere():
    whole_shop = Promotion(day(-5), day(2), None, Decimal(20))
    promoted_sku = Promotion(day(0), day(2), "K-1", Decimal(10))
    for promotions in promoted(whole_shop, promoted_sku).values():
        assert (promotions[:3] == 1).all()
        assert not promotions[3:].any()


def market(*weeks):
    return shop(Announced(market_index=weeks)).panels["sku"].market


def test_the_index_of_a_week_is_known_when_the_week_has_ended():
    last = MarketWeek(day(7), Decimal(103))
    earlier = [MarketWeek(day(-7), Decimal(99)), MarketWeek(day(0), Decimal(101))]
    known = [99] * 6 + [101] * 7 + [103] * (DAYS - 13)
    assert market(*earlier, last).tolist() == known
    assert np.isnan(market(last)[:13]).all()
    assert np.isnan(market()).all()


NO_HOLIDAYS = np.zeros(DAYS, dtype=np.int64)


def found_gaps(total, holidays=NO_HOLIDAYS):
    sales = pd.Series(total, pd.date_range(MONDAY, periods=DAYS))
    return np.flatnonzero(gaps(sales, holidays)).tolist()


def test_days_without_any_sale_are_a_gap_but_not_closed_weekdays_and_holidays():
    open_days = np.where(np.arange(DAYS) % 7 == 6, 0, ALWAYS)
    assert not found_gaps(open_days)

    broken = open_days.copy()
    broken[[30, *range(63, 91)]] = 0
    # Of four weeks without a sale the closed Sundays are unknown, too, and so is the one before them.
    assert found_gaps(broken) == [30, *range(62, 91)]

    holiday = NO_HOLIDAYS.copy()
    holiday[30] = 5
    assert 30 not in found_gaps(broken, holiday)


def test_a_shop_that_often_sells_nothing_has_a_gap_of_seven_days():
    rare = np.where(np.arange(DAYS) % 3 == 0, 100.0, 0.0)
    assert not found_gaps(rare)
    # Five days are none.
    every_other = np.where(np.arange(DAYS) % 2 == 1, 100.0, 0.0)
    every_other[[31, 33, 61, 63, 65]] = 0
    assert found_gaps(every_other) == list(range(60, 67))


def test_a_holiday_has_the_same_number_every_year():
    found = holidays_of("US", date(2025, 1, 1), 730)
    christmas = (date(2025, 12, 25) - date(2025, 1, 1)).days
    assert found[christmas] == found[christmas + 365] != 0
    assert found[5] == 0
    assert not holidays_of("", date(2025, 1, 1), 730).any()
    assert holidays_of("DE-BY", date(2026, 11, 1), 10)[0], "All Saints"
    with pytest.raises(ConfigurationError, match="HOLIDAYS='XX' is not a calendar"):
        holidays_of("XX", date(2026, 11, 1), 10)


def test_products_are_the_best_selling_and_the_requested_ones_on_four_weeks_at_least():
    rows = []
    for kind, name, is_best_seller in (
        ("category", "Kitchen", None),
        ("sku", "best", True),
        ("sku", "promoted", False),
        ("sku", "requested", False),
    ):
        row = {"kind": kind, "name": name, "category": None, "product": None}
        row |= {
            "business_date": LAST,
            "gross_sales": 5,
            "is_best_seller": is_best_seller,
        }
        rows.append(row)
    sales = Sales(LAST, pa.Table.from_pylist(rows), PartnerFiles(), "", ("requested",))
    panel = sales.panels().panels["sku"]
    assert (panel.series, panel.days) == (("sku:best", "sku:requested"), 28)
