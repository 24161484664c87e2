"""Web events → sessions and funnel: what a visitor did is counted as the contract says, whatever order the loads
come in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.integration.warehouse.conftest import Shop
from tests.integration.warehouse.loadable import at
from tests.integration.warehouse.web_events import BOT, Website, minutes

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)
MORNINGS = {
    MONDAY: at("2026-11-17 10:30"),
    TUESDAY: at("2026-11-18 10:30"),
    WEDNESDAY: at("2026-11-19 10:30"),
}


@pytest.fixture
def website(shop: Shop) -> Website:
    return Website(shop)


def test_a_session_that_crosses_midnight_belongs_to_the_day_it_began(website: Website):
    website.add("a", at("2026-11-17 04:50"))  # ten to midnight on Monday in New York
    website.add("b", at("2026-11-17 05:10"), "add_to_cart")
    website.add("c", at("2026-11-17 05:39:59.999999"), "purchase")
    website.add("d", at("2026-11-17 06:09:59.999999"))
    for day, morning in MORNINGS.items():
        website.run(day, morning)
    assert website.differences() == ""
    assert website.shop.rows("sessions", "business_date", "events", "added", "checkout", "purchased") == [
        {"business_date": MONDAY, "events": 3, "added": True, "checkout": False, "purchased": True},
        {"business_date": TUESDAY, "events": 1, "added": False, "checkout": False, "purchased": False},
    ]
