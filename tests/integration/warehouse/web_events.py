"""A website's events as a list, and runs that read, transform, load and check them at any instant."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from ecommerce.core.business_day import day_window, newest_closed_day
from ecommerce.events.loading import EVENTS, transform
from ecommerce.warehouse.checks import run_checks
from ecommerce.warehouse.load import load
from ecommerce.warehouse.staging_tables import StagedLoad
from tests import oracle_events
from tests.integration.raw_events import write_raw
from tests.integration.warehouse.conftest import Shop
from tests.oracle_events import Event, instant

BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
STATE = ("user_events", "daily_events", "sessions", "daily_funnel")
"""The tables that the order and number of runs must not change."""


def text(at):
    """An instant as the website writes it."""
    return at.isoformat().replace("+00:00", "Z")


@dataclass
class Website:
    """The events of a website, the warehouse they are loaded into, and how often that has been done."""

    shop: Shop
    events: list[Event] = field(default_factory=list)
    runs: int = 0

    @property
    def timezone(self):
        return self.shop.warehouse.settings.shop_timezone

    def add(self, event_id, at, event_type="view_item", **more):
        """One event, received when it occurred, of the visitor `ann`; anything may be said otherwise."""
        received = more.pop("received", at)
        event = {
            "event_id": event_id,
            "occurred_at": text(at),
            "received_at": text(received),
            "visitor_id": "ann",
            "event_type": event_type,
            "device": "mobile",
            "referrer": "https://www.example.com/campaign",
            "user_agent": FIREFOX,
        } | more
        self.events.append(event)
        return event

    def run(self, day, at, since=None, **options):
        """A run of `day` that takes place at `at`: of the newest closed day, it reads all that was received
        `since` (or since the day began); of an older one, what occurred on the day and was received in time,
        by a clock that may be an hour ahead of the server's."""
        window = day_window(day, self.timezone)
        if newest_closed_day(at, self.timezone).date == day:
            return self.load(
                day,
                since or window.start,
                at,
                at,
                **options,
            )
        end = window.shifted(3).end
        start = window.start - timedelta(hours=1)
        return self.load(
            day,
            start,
            end,
            at,
            of_day=True,
            **options,
        )

    def load(self, day, start, end, at, *, of_day=False, run_id="", check=True):
        """Read what was received from `start` until `end` and is there at `at`; transform, load and check."""
        run_id = run_id or f"run_{self.runs}"
        manifest = self.staged(
            day,
            start,
            end,
            at,
            of_day=of_day,
            run_id=run_id,
        )
        warehouse = self.shop.warehouse
        staged = StagedLoad(
            warehouse,
            EVENTS,
            [manifest],
            day,
            run_id,
            "events",
        )
        result = load(staged)
        if check:
            run_checks(
                result,
                EVENTS,
                run_id,
                warehouse,
            )
        return result

    def staged(self, day, start, end, at, *, of_day=False, run_id):
        """What the transform leaves of a read, which may be of events that occurred on the day only."""
        self.runs += 1
        zone = ZoneInfo(self.shop.warehouse.settings.shop_timezone)
        read = []
        for event in self.events:
            received = instant(event.get("received_at"))
            occurred = instant(event.get("occurred_at")) or received or start
            is_wanted = not of_day or occurred.astimezone(zone).date() == day
            is_there = not received or start <= received < min(end, at)
            if is_wanted and is_there:
                read.append(event)
        folder = self.shop.folder / f"{self.runs}"
        raw = write_raw(
            folder,
            read,
            day=day,
            start=start,
            end=end,
            at=at,
        )
        return transform(raw, run_id=run_id)

    def state(self):
        """The tables, without what only says which run read a row."""
        return self.shop.state(STATE)

    def differences(self):
        """Where `sessions` and `daily_funnel` are not those of the oracle; empty where they are."""
        counted = oracle_events.accepted(self.events, self.timezone)
        wanted = oracle_events.sessions(counted, bots={BOT})
        stored = self.shop.rows("sessions")
        columns = [name for name in wanted[0] if name != "visitor"] if wanted else []
        pairs = {
            "sessions": (
                _texts(stored, columns),
                _texts(wanted, columns),
            ),
            "daily_funnel": (
                _texts(self.shop.rows("daily_funnel")),
                _texts(oracle_events.funnel(wanted)),
            ),
        }
        lines = []
        for table, (found, expected) in pairs.items():
            lines += [f"{table}: stored {row}" for row in (found - expected).elements()]
            missing = (expected - found).elements()
            lines += [f"{table}: missing {row}" for row in missing]
        return "\n".join(lines)


def _texts(rows, columns=None):
    texts = Counter()
    for row in rows:
        names = sorted(row) if columns is None else columns
        texts[repr([row[name] for name in names])] += 1
    return texts
