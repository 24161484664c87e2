"""Public holidays that days are compared with."""

from datetime import date

import pytest

from ecommerce.core.calendar_days import days_compared_with, former_holidays
from tests.settings import settings_of

CHRISTMAS = date(2026, 12, 25)


@pytest.mark.parametrize(
    "calendar", [{"HOLIDAYS": "XX"}, {"HOLIDAYS": "none"}, {"SHOP_TIMEZONE": "Etc/UTC"}]
)
def test_a_load_needs_no_calendar(calendar):
    settings = settings_of(calendar)
    assert former_holidays(settings, [CHRISTMAS]) == {}
    assert len(days_compared_with(settings, [CHRISTMAS])) == 29


def test_a_holiday_is_compared_with_those_of_400_days():
    settings = settings_of({"HOLIDAYS": "US"})
    former = former_holidays(settings, [CHRISTMAS, date(2026, 12, 28)])
    assert min(former) == date(2025, 11, 27)
    assert former[CHRISTMAS] == former[date(2025, 12, 25)] == "Christmas Day"
    assert former_holidays(settings, [date(2026, 12, 28)]) == {}
