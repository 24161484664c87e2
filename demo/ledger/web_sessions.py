"""Sessions of people and crawlers on the shop's website: the events that it sends.

The purchases are the storefront's orders. Some events arrive late, twice or with a wrong
clock. The events of a day depend on the company's constants, the date and the day's orders.
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

VIEW = "view_item"
ADD = "add_to_cart"
CHECKOUT = "begin_checkout"
PURCHASE = "purchase"
PAGE = "page_view"
"""A page without a single product: home, a category, a newsletter's landing page."""
MOST_LATE = timedelta(days=3)
"""All events are received within this time."""
_TRACKED = 0.96
"""The share of orders whose buyer allows tracking."""
_SESSIONS_PER_ORDER = 22
_BOUNCED = 0.32
"""The share of sessions without a product view."""
_SKUS = [product.sku for product in PRODUCTS]

_DEVICES = (
    (
        "desktop",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
    (
        "mobile",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    ),
    (
        "mobile",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Mobile Safari/537.36",
    ),
    (
        "tablet",
        "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
        "like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    ),
)
_DEVICE_SHARES = (5, 4, 3, 1)
_CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
)
_REFERRERS = {
    None: 4,
    "https://www.google.com/": 5,
    "https://www.bing.com/": 1,
    "https://duckduckgo.com/": 1,
    "https://www.instagram.com/p/C9x1/?igsh=MzRlODBi": 2,
    "https://mail.example.com/newsletter?utm_source=newsletter&utm_campaign=november": 1,
    "https://www.alpenmarkt.example/lamps?page=2": 1,
}
"""Where sessions come from, each with its share."""
_INVALID_LINES = (
    '{"event_id": "cut-off", "occurred_at": "20',
    "null",
    "[]",
    "<html>502 Bad Gateway</html>",
)


@dataclass(frozen=True)
class Event:
    """An event as the website sent it; instants are aware and in UTC.

    `occurred_at` is by the device's clock, which may be wrong. `text` is the line of an
    invalid event, which has no other field but its instants.
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
    """Yield the events of the sessions of `day`, unsorted.

    Args:
        shop: the company's constants.
        day: the business day.
        orders: the storefront's orders of that day.
    """
    rng = shop.rng("visits", day)
    for order in orders:
        if rng.random() < _TRACKED:
            yield from _transmitted(_purchase(shop, order, rng), rng)
    visitors = _SESSIONS_PER_ORDER * 0.35 * shop.volume(day) * rng.uniform(0.9, 1.1)
    weights = None
    if shop.season:
        # Products out of season are viewed all the same.
        weights = [1.3 - 0.3 * demand for demand in popularity(day)]
    for number, at in enumerate(shop.instants(day, round(visitors), rng)):
        visitor = _visitor(shop, f"{day} {number}")
        if rng.random() < 0.35:
            visitor = _visitor(shop, rng.randrange(4000))
        yield from _transmitted(
            _browsing(
                at,
                rng,
                visitor,
                weights,
            ),
            rng,
        )
    for at in shop.instants(day, 5, rng):
        yield from _transmitted(_crawling(at, rng), rng)
    for at, text in zip(shop.instants(day, 4, rng), _INVALID_LINES, strict=False):
        yield Event(at, at, text=text)


class _Session:
    """A session: a device, a visitor, and consecutive events from `at`."""

    def __init__(
        self,
        at: datetime,
        rng: Random,
        visitor: str | None,
    ) -> None:
        self.sent: list[Event] = []
        self._rng = rng
        self._at = at
        self.device, self.agent = rng.choices(_DEVICES, _DEVICE_SHARES)[0]
        self.referrer = rng.choices(list(_REFERRERS), list(_REFERRERS.values()))[0]
        self._session = f"s-{rng.getrandbits(64):016x}"
        # Some refuse cookies.
        self._visitor = visitor if rng.random() > 0.04 else None

    def send(
        self,
        kind: str,
        sku: str | None = None,
        order_id: str | None = None,
        *,
        pause: float,
    ) -> None:
        """Send an event, then wait `pause` seconds."""
        event_id = f"{self._rng.getrandbits(96):024x}"
        event = Event(
            received_at=self._at,
            occurred_at=self._at,
            event_id=event_id,
            session_id=self._session,
            visitor_id=self._visitor,
            event_type=kind,
            sku=sku,
            order_id=order_id,
            device=self.device,
            referrer=self.referrer,
            user_agent=self.agent,
        )
        self.sent.append(event)
        self._at += timedelta(seconds=pause)
        if sku:
            # Within the shop, the previous page is the referrer.
            self.referrer = f"https://shop.example.com/products/{sku}"


def _purchase(shop: Shop, order: Order, rng: Random) -> list[Event]:
    """Return a session that ends with an order."""
    pause = rng.uniform(5, 60)
    pages = 2 * len(order.lines) + 1
    start = order.ordered_at - timedelta(seconds=pages * pause)
    visitor = _visitor(shop, order.email or order.order_id)
    session = _Session(start, rng, visitor)
    for line in order.lines:
        session.send(VIEW, line.sku, pause=pause)
        session.send(ADD, line.sku, pause=pause)
    session.send(CHECKOUT, pause=pause)
    # One event per product, at the same time.
    for line in order.lines:
        session.send(
            PURCHASE,
            line.sku,
            order.order_id,
            pause=0.001,
        )
    return session.sent


def _browsing(
    at: datetime,
    rng: Random,
    visitor: str,
    weights: Sequence[float] | None,
) -> list[Event]:
    """Return a session without an order; `weights` are the demand for each product."""
    session = _Session(at, rng, visitor)
    if rng.random() < _BOUNCED:
        session.send(PAGE, pause=10)
        return session.sent
    pages = rng.choices((1, 2, 3, 5, 9), (42, 24, 18, 12, 4))[0]
    viewed = rng.choices(_SKUS, weights, k=pages)
    for sku in viewed:
        session.send(VIEW, sku, pause=4 + rng.expovariate(1 / 40))
    if rng.random() < 0.11:
        session.send(ADD, viewed[-1], pause=20)
        if rng.random() < 0.4:
            session.send(CHECKOUT, pause=20)
    return session.sent


def _crawling(at: datetime, rng: Random) -> list[Event]:
    """Return a crawler's session; one in five has the user agent of a browser."""
    session = _Session(at, rng, None)
    if rng.random() > 0.2:
        session.agent = rng.choice(_CRAWLERS)
        session.device = None
    for _ in range(rng.randint(120, 180)):
        session.send(VIEW, rng.choice(_SKUS), pause=rng.uniform(0.2, 0.6))
    return session.sent


def _transmitted(sent: Iterable[Event], rng: Random) -> Iterator[Event]:
    """Yield a session's events as received: late, twice, with a wrong clock."""
    late = timedelta(0)
    skew = timedelta(0)
    roll = rng.random()
    if roll < 0.01:
        # A device that was offline.
        late = (MOST_LATE - timedelta(hours=2)) * rng.random()
    elif roll < 0.013:
        skew = timedelta(hours=rng.uniform(2, 30))
    for event in sent:
        delay = timedelta(milliseconds=rng.randint(150, 4000))
        received = replace(
            event,
            occurred_at=event.occurred_at + skew,
            received_at=event.received_at + late + delay,
        )
        yield received
        if rng.random() < 0.006:
            again = received.received_at + timedelta(
                milliseconds=rng.randint(20, 90_000)
            )
            yield replace(received, received_at=again)


def _visitor(shop: Shop, person: object) -> str:
    text = f"{shop.seed}|visitor|{person}"
    return f"v-{hashlib.sha256(text.encode()).hexdigest()[:20]}"
