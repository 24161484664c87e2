"""Random histories of a website: few visitors, and much of what is awkward."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.integration.warehouse.web_events import BOT, FIREFOX

TYPES = ["view_item", "add_to_cart", "begin_checkout", "purchase", "scroll", None]
PAUSES = [
    timedelta(0),
    timedelta(seconds=1),
    timedelta(minutes=9),
    timedelta(minutes=29, seconds=59, microseconds=999999),
    timedelta(minutes=30),
    timedelta(minutes=45),
    timedelta(hours=7),
]
DELAYS = [timedelta(0)] * 6 + [
    timedelta(hours=3),
    timedelta(hours=20),
    timedelta(days=2),
    timedelta(days=5),
]
DEVICES = ["mobile", "desktop", "", None]
REFERRERS = ["https://www.Example.com:443/a?b", "google", None, "", "ann@example.com"]


def fill(website, random, first, days, visitors=4):
    """Add events of `days` days from `first` on: sessions over midnight, ties, copies, wrong clocks. Return a
    step that none of them has."""
    zone = ZoneInfo(website.timezone)
    begin = datetime.combine(first, time(), zone).astimezone(UTC)
    end = datetime.combine(
        first + timedelta(days=days),
        time(),
        zone,
    )
    left_out = random.choice([*TYPES[:4], "none"])
    for visitor in range(visitors):
        now = begin + timedelta(minutes=random.randrange(20 * 60))
        number = 0
        while now < end:
            number += 1
            event_type = random.choice([*TYPES, "view_item"])
            if event_type == left_out:
                event_type = "scroll"
            received = now + random.choice(DELAYS)
            if random.random() < 0.1:
                received = now - timedelta(minutes=random.choice([1, 59, 60, 61]))
            who = random_visitor(random, visitor)
            website.add(
                f"{visitor}-{number}",
                now,
                event_type,
                received=max(received, begin),
                device=random.choice(DEVICES),
                referrer=random.choice(REFERRERS),
                user_agent=BOT if random.random() < 0.03 else FIREFOX,
                **who,
            )
            if random.random() < 0.15:  # a copy
                occurred = now + timedelta(hours=random.choice([0, 0, 2]))
                later = received + timedelta(hours=random.randrange(1, 30))
                who["received"] = max(later, begin)
                website.add(
                    f"{visitor}-{number}",
                    occurred,
                    "purchase",
                    **who,
                )
            now += random.choice(PAUSES)
    return left_out


def random_visitor(random, visitor):
    """The ids of a visitor: the first one has that of a session, now and then there is none."""
    if random.random() < 0.05:
        return {"visitor_id": None, "session_id": None}
    if visitor:
        return {"visitor_id": f"v{visitor}"}
    return {"visitor_id": "", "session_id": "v1"}
