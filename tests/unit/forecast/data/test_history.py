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


def answer(kinds, category):
    """What the warehouse returns: a row for each series and day with sales."""
    rows = []
    for kind, sales in kinds.items():
        for name, values in sales.items():
            series = {"kind": kind, "name": name, "category": category.get(name)}
            for number, value in enumerate(values):
                sold = {"business_date": day(number), "gross_sales": value}
                if value > 0:
                    rows.append({**series, **sold, "product": None})
    return pa.Table.from_pylist(rows)


ALWAYS = np.tile(WEEK, DAYS // 7)
LATER = np.where(np.arange(DAYS) < 70, 0, ALWAYS)
SHOP = answer(
    {
        "category": {"Kitchen": ALWAYS, "Garden": LATER},
        "channel": {"web": ALWAYS + LATER},
        "sku": {"K-1": ALWAYS / 4, "K-2": ALWAYS * 3 / 4, "G-1": LATER},
    },
    {"K-1": "Kitchen", "K-2": "Kitchen", "G-1": "Garden"},
)
NOTHING = Announced()


def shop(announced=NOTHING):
    return Sales(LAST, SHOP, PartnerFiles(announced), calendar="").panels()


def test_each_kind_is_a_panel_of_the_same_days():
    found = shop()
    assert found.as_of == LAST + timedelta(days=1)
    assert {kind: panel.series for kind, panel in found.panels.items()} == {
        "category": ("category:Garden", "category:Kitchen"),
        "channel": ("channel:web",),
        "sku": ("sku:G-1", "sku:K-1", "sku:K-2"),
    }
    panel = found.panels["category"]
    assert (panel.first_day, panel.days) == (MONDAY, DAYS)
    assert np.allclose(panel.values[:, 0], LATER)


def test_a_promotion_counts_for_an_article_wholly_and_for_others_by_its_part_of_their_sales():
    announced = Announced(
        (Promotion(day(DAYS + 3), day(DAYS + 4), "K-1", Decimal(10)),)
    )
    found = {kind: panel.promotions for kind, panel in shop(announced).panels.items()}
    days = [DAYS + 3, DAYS + 4]
    assert found["sku"][days].tolist() == [[0, 1, 0]] * 2
    assert found["category"][days].tolist() == [[0, 0.25]] * 2
    of_quarter = ALWAYS[-91:].sum() / 4 / (ALWAYS + LATER)[-91:].sum()
    assert np.allclose(found["channel"][days, 0], of_quarter)
    assert not any(np.delete(table, days, axis=0).any() for table in found.values())


def test_the_part_is_that_of_the_quarter_before_if_it_is_two_percent():
    """The Garden sells from day 70 on: 80, 90 and 100, beside 8,000 of the Kitchen in ten weeks."""
    announced = Announced((Promotion(day(70), day(73), "G-1", Decimal(10)),))
    found = {
        kind: panel.promotions[70:74] for kind, panel in shop(announced).panels.items()
    }
    assert found["category"][:, 0].tolist() == [0, 1, 1, 1]
    in_channel = found["channel"][:, 0]
    assert np.allclose(in_channel, [0, 0, 170 / 8340, 270 / 8540])


def test_a_promotion_of_the_whole_shop_counts_everywhere():
    shown = Promotion(day(-5), day(2), None, Decimal(20))
    announced = Announced((shown, Promotion(day(0), day(2), "K-1", Decimal(10))))
    for panel in shop(announced).panels.values():
        assert (panel.promotions[:3] == 1).all()
        assert not panel.promotions[3:].any()


def test_the_index_of_a_week_is_known_when_the_week_has_ended():
    weeks = [
        MarketWeek(day(7), Decimal(103)),
        MarketWeek(day(0), Decimal(101)),
        MarketWeek(day(-7), Decimal(99)),
    ]

    def market(*known):
        announced = Announced(market_index=tuple(sorted(known)))
        return shop(announced).panels["sku"].market

    assert market(*weeks).tolist() == [99] * 6 + [101] * 7 + [103] * (DAYS - 13)
    assert np.isnan(market(weeks[0])[:13]).all()
    assert np.isnan(market()).all()


def found_gaps(total, holidays):
    return np.flatnonzero(
        gaps(pd.Series(total, pd.date_range(MONDAY, periods=DAYS)), holidays)
    ).tolist()


def test_days_without_any_sale_are_a_gap_but_not_closed_weekdays_holidays_and_rare_sales():
    none = np.zeros(DAYS, dtype=np.int64)
    open_days = np.where(np.arange(DAYS) % 7 == 6, 0, ALWAYS)
    assert not found_gaps(open_days, none)

    broken = open_days.copy()
    broken[[30, *range(63, 91)]] = 0
    found = found_gaps(broken, none)
    # Of four weeks without a sale the closed Sundays are unknown, too, and so is the one before them.
    assert found == [30, *range(62, 91)]

    holiday = none.copy()
    holiday[30] = 5
    assert 30 not in found_gaps(broken, holiday)

    rare = np.where(np.arange(DAYS) % 3 == 0, 100.0, 0.0)
    assert not found_gaps(rare, none)
    # Seven days are a gap also in a shop that often sells nothing, five are not.
    every_other = np.where(np.arange(DAYS) % 2 == 1, 100.0, 0.0)
    every_other[[31, 33, 61, 63, 65]] = 0
    assert found_gaps(every_other, none) == list(range(60, 67))


def test_a_holiday_has_the_same_number_every_year():
    found = holidays_of("US", date(2025, 1, 1), 730)
    christmas = (date(2025, 12, 25) - date(2025, 1, 1)).days
    assert found[christmas] == found[christmas + 365] != 0
    assert found[5] == 0
    assert not holidays_of("", date(2025, 1, 1), 730).any()
    assert holidays_of("DE-BY", date(2026, 11, 1), 10)[0], "All Saints"
    with pytest.raises(ConfigurationError, match="HOLIDAYS='XX' is not a calendar"):
        holidays_of("XX", date(2026, 11, 1), 10)
