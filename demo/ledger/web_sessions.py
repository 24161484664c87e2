"""Sessions of people and crawlers on the shop's website: the events that it sends, with transmission errors.

The purchases are the storefront's orders. The events of a day depend on the company's constants, the date and
the day's orders.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from demo.ledger.catalogue import PRODUCTS
from demo.ledger.model import Order
from demo.ledger.season import popularity
from demo.ledger.shop import Shop

VIEW, ADD, CHECKOUT, PURCHASE = "view_item", "add_to_cart", "begin_checkout", "purchase"
PAGE = "page_view"
"""A page without a single product: home, a category, a newsletter's landing page."""
MOST_LATE = timedelta(days=3)
"""All events are received within this time."""
OUTAGE_AFTER = timedelta(days=8)
"""The time from the move to an outage of some hours, in which events are lost."""
_OUTAGE_HOURS = (13, 19)
_TRACKED = 0.96
"""The share of orders whose buyer allows tracking."""
_SESSIONS_PER_ORDER = 22
_BOUNCED = 0.32
"""The share of sessions without a product view."""
_SKUS = tuple(product.sku for product in PRODUCTS)

_PEOPLE = (
    *(("desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
      "Chrome/142.0.0.0 Safari/537.36"),) * 3,
    ("desktop", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/18.6 Safari/605.1.15"),
    ("desktop", "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"),
    *(("mobile", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
       "Gecko) Version/18.6 Mobile/15E148 Safari/604.1"),) * 4,
    *(("mobile", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
       "Chrome/142.0.0.0 Mobile Safari/537.36"),) * 3,
    ("tablet", "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/18.6 Mobile/15E148 Safari/604.1"),
)  # fmt: skip
_CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
)
_REFERRERS = (
    *(None,) * 4,
    *("https://www.google.com/",) * 5,
    "https://www.bing.com/",
    "https://duckduckgo.com/",
    *("https://www.instagram.com/p/C9x1/?igsh=MzRlODBi",) * 2,
    "https://mail.example.com/newsletter?utm_source=newsletter&utm_campaign=november",
    "https://www.alpenmarkt.example/lamps?page=2",
)


@dataclass(frozen=True, slots=True)
class Event:
    """An event as the website sent it; instants are aware and in UTC.

    `occurred_at` is by the device's clock, which may be wrong. `text` is the line of an invalid event, which
    has no other field but `received_at`.
    """

    received_at: datetime
    occurred_at: datetime
    event_id: str = ""
    session_id: str | None = None
    visitor_id: str | None = None
    event_type: str = ""
    sku: str | None = None
    order_id: str | None = None
    device: str | None = None
    referrer: str | None = None
    user_agent: str | None = None
    text: str | None = None


def events(shop: Shop, day: date, orders: Sequence[Order]) -> Iterator[Event]:
    """Yield the events of the sessions of `day`, unsorted, without those lost in the outage.

    Args:
        shop: the company's constants.
        day: the business day.
        orders: the storefront's orders of that day.
    """
    rng = shop.rng("visits", day)
    sent = [
        *_purchases(shop, orders, rng),
        *_browsing(shop, day, rng),
        *_crawlers(shop, day, rng),
    ]
    lost = _outage(shop, day)
    received = [
        event
        for event in _transmitted(sent, rng)
        if not (lost and lost[0] <= event.received_at < lost[1])
    ]
    yield from received
    yield from _invalid_lines(shop, day, received, rng)


def _outage(shop: Shop, day: date) -> tuple[datetime, datetime] | None:
    """Return the window of `day` in which events are lost."""
    if not shop.season or day != shop.season.moved_on + OUTAGE_AFTER:
        return None
    start = shop.window(day)[0]
    first, last = (start + timedelta(hours=hour) for hour in _OUTAGE_HOURS)
    return first, last


class _Session:
    """A session: a device, a visitor, and consecutive events from `at`."""

    def __init__(self, at: datetime, rng: Random, visitor: str | None = None) -> None:
        self.sent: list[Event] = []
        self._rng = rng
        self._at = at
        self._device, self._agent = rng.choice(_PEOPLE)
        self._session = f"s-{rng.getrandbits(64):016x}"
        self._visitor = visitor if rng.random() > 0.04 else None  # some refuse cookies
        self._referrer = rng.choice(_REFERRERS)

    def do(
        self,
        kind: str,
        sku: str | None = None,
        order_id: str | None = None,
        seconds: float = 0,
    ) -> None:
        """Send an event, then wait.

        Args:
            kind: the event type.
            sku: its product.
            order_id: its order.
            seconds: the time until the next event; 0 picks the duration of a page view.
        """
        self.sent.append(
            Event(
                received_at=self._at,
                occurred_at=self._at,
                event_id=f"{self._rng.getrandbits(96):024x}",
                session_id=self._session,
                visitor_id=self._visitor,
                event_type=kind,
                sku=sku,
                order_id=order_id,
                device=self._device,
                referrer=self._referrer,
                user_agent=self._agent,
            )
        )
        self._at += timedelta(
            milliseconds=int(1000 * (seconds or 4 + self._rng.expovariate(1 / 40)))
        )
        if sku:  # within the shop, the previous page is the referrer
            self._referrer = f"https://shop.example.com/products/{sku}"

    def end_at(self, instant: datetime) -> None:
        """Shift all events so that the last occurs at `instant`."""
        shift = instant - self.sent[-1].occurred_at
        self.sent = [
            replace(
                event,
                occurred_at=event.occurred_at + shift,
                received_at=event.received_at + shift,
            )
            for event in self.sent
        ]


def _purchases(shop: Shop, orders: Sequence[Order], rng: Random) -> Iterator[Event]:
    for order in orders:
        if rng.random() > _TRACKED:
            continue
        session = _Session(
            order.ordered_at, rng, _visitor(shop, order.email or order.order_id)
        )
        for line in order.lines:
            if rng.random() < 0.5:
                session.do(VIEW, rng.choice(_SKUS))
            session.do(VIEW, line.sku)
            session.do(ADD, line.sku)
        session.do(CHECKOUT)
        for line in order.lines:  # one event per product, at the same time
            session.do(PURCHASE, line.sku, order.order_id, seconds=0.001)
        session.end_at(
            order.ordered_at + timedelta(milliseconds=rng.randint(100, 2500))
        )
        yield from session.sent


def _browsing(shop: Shop, day: date, rng: Random) -> Iterator[Event]:
    sessions = round(
        _SESSIONS_PER_ORDER * 0.35 * shop.volume(day) * rng.uniform(0.9, 1.1)
    )
    # Products out of season are viewed all the same.
    weights = (
        [1.3 - 0.3 * demand for demand in popularity(day)] if shop.season else None
    )
    for number, at in enumerate(shop.instants(day, sessions, rng)):
        returning = rng.random() < 0.35
        session = _Session(
            at,
            rng,
            _visitor(shop, rng.randrange(4000) if returning else f"{day} {number}"),
        )
        if rng.random() < _BOUNCED:
            for _ in range(rng.choice((1, 1, 2))):
                session.do(PAGE)
            yield from session.sent
            continue
        viewed = rng.choices(
            _SKUS, weights, k=rng.choices((1, 2, 3, 5, 9), (42, 24, 18, 12, 4))[0]
        )
        for sku in viewed:
            if rng.random() < 0.03:
                session.do("search")
            session.do(VIEW, sku if rng.random() > 0.003 else "RETIRED-07")
        if rng.random() < 0.11:
            session.do(ADD, viewed[-1])
            if rng.random() < 0.4:
                session.do(CHECKOUT)
        yield from session.sent


def _crawlers(shop: Shop, day: date, rng: Random) -> Iterator[Event]:
    for at in shop.instants(day, 8, rng):
        session = _Session(at, rng, None)
        agent = rng.choice(_CRAWLERS)
        for _ in range(rng.randint(25, 70)):
            session.do(VIEW, rng.choice(_SKUS), seconds=rng.uniform(2, 20))
        for event in session.sent:
            yield replace(event, user_agent=agent, device=None, referrer=None)
    for at in shop.instants(day, 2, rng):  # a price scraper with a browser's user agent
        session = _Session(at, rng, _visitor(shop, f"copier {day}"))
        for _ in range(rng.randint(120, 180)):
            session.do(VIEW, rng.choice(_SKUS), seconds=rng.uniform(0.2, 0.6))
        yield from session.sent


def _transmitted(sent: Sequence[Event], rng: Random) -> Iterator[Event]:
    """Yield the events as received: late, twice, with a wrong clock, without ids."""
    by_session: dict[str | None, list[Event]] = {}
    for event in sent:
        by_session.setdefault(event.session_id, []).append(event)
    for session in by_session.values():
        late, skew = timedelta(0), timedelta(0)
        roll = rng.random()
        if roll < 0.01:  # an offline device
            late = (MOST_LATE - timedelta(hours=2)) * rng.random()
        elif roll < 0.013:
            skew = timedelta(hours=rng.uniform(2, 30))
        elif roll < 0.014:
            skew = timedelta(days=-400)
        for tracked in session:
            is_broken_page = rng.random() < 0.001
            event = (
                replace(tracked, session_id=None, visitor_id=None)
                if is_broken_page
                else tracked
            )
            received_at = (
                event.received_at
                + late
                + timedelta(milliseconds=rng.randint(150, 4000))
            )
            delivered = replace(
                event, occurred_at=event.occurred_at + skew, received_at=received_at
            )
            yield delivered
            if rng.random() < 0.006:
                yield replace(
                    delivered,
                    received_at=received_at
                    + timedelta(milliseconds=rng.randint(20, 90_000)),
                )


def _invalid_lines(
    shop: Shop, day: date, received: Iterable[Event], rng: Random
) -> Iterator[Event]:
    """Yield invalid lines, each received with an event of the day, and on one day a line that is too long."""
    texts = [
        '{"event_id": "cut-off", "occurred_at": "20',
        "null",
        "[]",
        "<html>502 Bad Gateway</html>",
    ]
    if shop.season and day == shop.season.moved_on + timedelta(days=3):
        texts.append('{"event_id": "endless", "sku": "' + "x" * 300_000 + '"}')
    start, end = shop.window(day)
    instants = sorted(
        {event.received_at for event in received if start <= event.received_at < end}
    )
    for at, text in zip(
        sorted(rng.sample(instants, min(len(texts), len(instants)))),
        texts,
        strict=False,
    ):
        yield Event(at, at, text=text)


def _visitor(shop: Shop, person: object) -> str:
    return (
        "v-" + hashlib.sha256(f"{shop.seed}|visitor|{person}".encode()).hexdigest()[:20]
    )
