"""Random histories of a website: few visitors, and much of what is awkward."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.integration.warehouse.web_events import BOT, FIREFOX

TYPES = ["view_item", "add_to_cart", "begin_checkout", "purchase", "scroll", None]
PAUSES = [
    *(
        timedelta(0),
        timedelta(seconds=1),
        timedelta(minutes=9),
        timedelta(minutes=29, seconds=59, microseconds=999999),
    ),
    *(timedelta(minutes=30), timedelta(minutes=45), timedelta(hours=7)),
]
DELAYS = [timedelta(0)] * 6 + [
    timedelta(hours=3),
    timedelta(hours=20),
    timedelta(days=2),
    timedelta(days=5),
]


def fill(website, random, first, days, visitors=4):
    """Events of `days` days from `first` on: sessions over midnight, ties, copies, wrong clocks."""
    zone = ZoneInfo(website.timezone)
    begin, end = (
        datetime.combine(first + timedelta(days=number), time(), zone).astimezone(UTC)
        for number in (0, days)
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
            who = (
                {"visitor_id": f"v{visitor}"}
                if visitor
                else {"visitor_id": "", "session_id": "v1"}
            )
            if random.random() < 0.05:
                who = {"visitor_id": None, "session_id": None}
            received = now + random.choice(DELAYS)
            if random.random() < 0.1:
                received = now - timedelta(minutes=random.choice([1, 59, 60, 61]))
            event = website.add(
                f"{visitor}-{number}",
                now,
                event_type,
                received=max(received, begin),
                device=random.choice(["mobile", "desktop", "", None]),
                referrer=random.choice(
                    [
                        "https://www.Example.com:443/a?b",
                        "google",
                        None,
                        "",
                        "ann@example.com",
                    ]
                ),
                user_agent=BOT if random.random() < 0.03 else FIREFOX,
                **who,
            )
            if random.random() < 0.15:
                later = received + timedelta(hours=random.randrange(1, 30))
                website.add(
                    event["event_id"],
                    now + timedelta(hours=random.choice([0, 0, 2])),
                    "purchase",
                    received=max(later, begin),
                    **who,
                )
            now += random.choice(PAUSES)
