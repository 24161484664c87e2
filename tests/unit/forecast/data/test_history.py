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
LATER = np.where(
    np.arange(DAYS) < 70,
    0,
    ALWAYS,
)
SERIES = [
    ("category", "Kitchen", None, ALWAYS),
    ("category", "Garden", None, LATER),
    ("channel", "web", None, ALWAYS + LATER),
    ("sku", "K-1", "Kitchen", ALWAYS / 4),
    ("sku", "K-2", "Kitchen", ALWAYS * 3 / 4),
    ("sku", "G-1", "Garden", LATER),
]


def sold(kind, name, sold_on, gross_sales, category=None):
    """A row of what the warehouse returns."""
    return {
        "kind": kind,
        "name": name,
        "category": category,
        "product": None,
        "business_date": sold_on,
        "gross_sales": gross_sales,
        "is_best_seller": kind == "sku" and name not in ("promoted", "requested"),
    }


def panels_of(rows, announced=None, requested=()):
    """The panels by kind."""
    partner = PartnerFiles(announced or Announced())
    sales = Sales(
        LAST,
        pa.Table.from_pylist(rows),
        partner,
        "",
        requested,
    )
    return sales.panels().panels


def shop(*promotions, weeks=()):
    """The panels of a shop with a row for each series and day with sales."""
    rows = []
    for kind, name, category, values in SERIES:
        for number in np.flatnonzero(values).tolist():
            rows.append(
                sold(
                    kind,
                    name,
                    day(number),
                    values[number],
                    category,
                )
            )
    return panels_of(rows, Announced(promotions, weeks))


def promoted(*promotions):
    """The promotions of the panels, by kind."""
    return {kind: panel.promotions for kind, panel in shop(*promotions).items()}


def test_a_promotion_counts_for_an_article_wholly_and_for_others_by_its_part_of_their_sales():
    found = promoted(
        Promotion(
            day(DAYS + 3),
            day(DAYS + 4),
            "K-1",
            Decimal(10),
        )
    )
    quarter = ALWAYS[-91:].sum()
    part = quarter / 4 / (quarter + LATER[-91:].sum())
    expected = {
        "sku": [0, 1, 0],
        "category": [0, 0.25],
        "channel": [part],
    }
    for kind, promotions in found.items():
        assert np.flatnonzero(promotions.any(axis=1)).tolist() == [DAYS + 3, DAYS + 4]
        assert np.allclose(
            promotions[DAYS + 3 : DAYS + 5],
            expected[kind],
        )


def test_the_part_is_that_of_the_quarter_before_if_it_is_two_percent():
    """The Garden sells from day 70 on: 80, 90 and 100, beside 8,000 of the Kitchen in ten weeks."""
    found = promoted(
        Promotion(
            day(70),
            day(73),
            "G-1",
            Decimal(10),
        )
    )
    assert found["category"][70:74, 0].tolist() == [0, 1, 1, 1]
    in_channel = found["channel"][70:74, 0]
    assert np.allclose(
        in_channel,
        [0, 0, 170 / 8340, 270 / 8540],
    )


def test_a_promotion_of_the_whole_shop_counts_everywhere():
    whole_shop = Promotion(
        day(-5),
        day(2),
        None,
        Decimal(20),
    )
    promoted_sku = Promotion(
        day(0),
        day(2),
        "K-1",
        Decimal(10),
    )
    for promotions in promoted(whole_shop, promoted_sku).values():
        assert (promotions[:3] == 1).all()
        assert not promotions[3:].any()


def test_the_index_of_a_week_is_known_when_the_week_has_ended():
    weeks = []
    for monday, index in ((-7, 99), (0, 101), (7, 103)):
        weeks.append(MarketWeek(day(monday), Decimal(index)))
    market = shop(weeks=weeks)["sku"].market
    assert market.tolist() == [99] * 6 + [101] * 7 + [103] * (DAYS - 13)
    later = shop(weeks=weeks[2:])["sku"].market
    assert np.flatnonzero(np.isnan(later)).tolist() == list(range(13))


NO_HOLIDAYS = np.zeros(DAYS, dtype=np.int64)


def found_gaps(total, holidays=NO_HOLIDAYS):
    sales = pd.Series(
        total,
        pd.date_range(MONDAY, periods=DAYS),
    )
    return np.flatnonzero(gaps(sales, holidays)).tolist()


def test_days_without_any_sale_are_a_gap_but_not_closed_weekdays_and_holidays():
    open_days = np.where(
        np.arange(DAYS) % 7 == 6,
        0,
        ALWAYS,
    )
    assert not found_gaps(open_days)

    broken = open_days.copy()
    broken[[30, *range(63, 91)]] = 0
    # Of four weeks without a sale the closed Sundays are unknown, too, and so is the one before them.
    assert found_gaps(broken) == [30, *range(62, 91)]

    holiday = NO_HOLIDAYS.copy()
    holiday[30] = 5
    assert 30 not in found_gaps(broken, holiday)


def test_a_shop_that_often_sells_nothing_has_a_gap_of_seven_days():
    rare = np.where(
        np.arange(DAYS) % 3 == 0,
        100.0,
        0.0,
    )
    assert not found_gaps(rare)
    # Five days are none.
    every_other = np.where(
        np.arange(DAYS) % 2 == 1,
        100.0,
        0.0,
    )
    every_other[[31, 33, 61, 63, 65]] = 0
    assert found_gaps(every_other) == list(range(60, 67))


def test_a_holiday_has_the_same_number_every_year():
    all_saints = date(2025, 11, 1)
    found = holidays_of("DE-BY", all_saints, 366)
    assert found[0] == found[365] != 0
    assert found[1] == 0
    assert not holidays_of("", all_saints, 366).any()
    with pytest.raises(ConfigurationError, match="HOLIDAYS='XX' is not a calendar"):
        holidays_of("XX", all_saints, 366)


def test_products_are_the_best_selling_and_the_requested_ones_on_four_weeks_at_least():
    rows = [sold("category", "Kitchen", LAST, 5)]
    for name in ("best", "promoted", "requested"):
        rows.append(sold("sku", name, LAST, 5))
    panel = panels_of(rows, requested=("requested",))["sku"]
    assert (panel.series, panel.days) == (("sku:best", "sku:requested"), 28)
