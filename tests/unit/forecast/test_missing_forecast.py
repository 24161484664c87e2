"""When the missing forecast is alerted, and the mail."""

from datetime import date, timedelta

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.core.periods import period_of
from ecommerce.forecast import missing_forecast
from tests.unit.pages.reading import mail_of

WEEK = period_of("week", date(2026, 11, 9))


@pytest.mark.parametrize("weekday", range(1, 7))
def test_the_week_is_checked_on_tuesdays_for_monday(weekday):
    day = day_window(WEEK.next.first + timedelta(days=weekday), "America/New_York")
    why = missing_forecast.check_last_week(day)
    assert why.startswith(f"{day} is not a Monday"), "without a query"


@pytest.mark.parametrize("places", [(), (3,), (0, 1, 5)], ids=["none", "one", "three"])
def test_the_mail(places, snapshot):
    message = missing_forecast.alert(WEEK, [WEEK.days[place] for place in places])
    assert mail_of(message) == snapshot
