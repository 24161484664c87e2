"""What people and crawlers do on the shop's website: the events that it sends, and all that goes wrong then.

They tell of the storefront's orders as the ledger has them. The facts of a day derive from the shop's traits,
the date and that day's orders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from demo.ledger.catalogue import PRODUCTS
from demo.ledger.model import Order
from demo.ledger.season import popularity
from demo.ledger.shop import Shop

VIEW, ADD, CHECKOUT, PURCHASE = "view_item", "add_to_cart", "begin_checkout", "purchase"
PAGE = "page_view"
"""A page that shows no single product: home, a category, a landing page of a newsletter."""
MOST_LATE = timedelta(days=3)
"""Within this time all that the website sends is received."""
OUTAGE_AFTER = timedelta(days=8)
"""How long after the move the website's events got lost for some hours."""
_OUTAGE_HOURS = (13, 19)
_SEEN = 0.96
"""The share of orders whose buyer lets the website send events."""
_SESSIONS_PER_ORDER = 22
_BOUNCED = 0.32
"""The share of visits that leave before they look at a product."""
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
    """One event as the website sent it, with instants aware and in UTC.

    `text` is the whole line where it is no event (cut off, or not JSON); then the rest but `received_at` says
    nothing. `occurred_at` is by the device's clock, which may be wrong.
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
    """The events of the sessions that begin on `day`, and of those in which `orders`, the storefront's of
    that day, were placed; in no order. Those received during the outage are not among them."""
    rng = shop.rng("visits", day)
    sent = [*_bought(shop, orders, rng), *_browsed(shop, day, rng), *_crawled(shop, day, rng)]
    lost = _outage(shop, day)
    for event in _transmitted(sent, rng):
        if not (lost and lost[0] <= event.received_at < lost[1]):
            yield event
    yield from _broken(shop, day, rng)


def _outage(shop: Shop, day: date) -> tuple[datetime, datetime] | None:
    """From when to when on `day` the website's events got lost."""
    if not shop.season or day != shop.season.moved_on + OUTAGE_AFTER:
        return None
    start = shop.window(day)[0]
    first, last = (start + timedelta(hours=hour) for hour in _OUTAGE_HOURS)
    return first, last


class _Session:
    """One visit: a device, a visitor, and events one after the other from `at` on."""

    def __init__(self, at: datetime, rng: Random, visitor: str | None = None) -> None:
        self.sent: list[Event] = []
        self._rng = rng
        self._at = at
        self._device, self._agent = rng.choice(_PEOPLE)
        self._session = f"s-{rng.getrandbits(64):016x}"
        self._visitor = visitor if rng.random() > 0.04 else None  # who refuses cookies has none
        self._referrer = rng.choice(_REFERRERS)

    def do(self, kind: str, sku: str | None = None, order_id: str | None = None, seconds: float = 0) -> None:
        """Send an event, and wait for `seconds` (0: as long as people look at a page)."""
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
        self._at += timedelta(milliseconds=int(1000 * (seconds or 4 + self._rng.expovariate(1 / 40))))
        if sku:  # within the shop's own pages the page before is the referrer
            self._referrer = f"https://shop.example.com/products/{sku}"

    def end_at(self, instant: datetime) -> None:
        """Move the whole visit, so that its last event happens at `instant`."""
        by = instant - self.sent[-1].occurred_at
        self.sent = [
            replace(event, occurred_at=event.occurred_at + by, received_at=event.received_at + by)
            for event in self.sent
        ]


def _bought(shop: Shop, orders: Sequence[Order], rng: Random) -> Iterator[Event]:
    for order in orders:
        if rng.random() > _SEEN:
            continue
        visit = _Session(order.ordered_at, rng, _visitor(shop, order.email or order.order_id))
        for line in order.lines:
            if rng.random() < 0.5:
                visit.do(VIEW, rng.choice(_SKUS))
            visit.do(VIEW, line.sku)
            visit.do(ADD, line.sku)
        visit.do(CHECKOUT)
        for line in order.lines:  # one event for each product, at the same time
            visit.do(PURCHASE, line.sku, order.order_id, seconds=0.001)
        visit.end_at(order.ordered_at + timedelta(milliseconds=rng.randint(100, 2500)))
        yield from visit.sent


def _browsed(shop: Shop, day: date, rng: Random) -> Iterator[Event]:
    visits = round(_SESSIONS_PER_ORDER * 0.35 * shop.volume(day) * rng.uniform(0.9, 1.1))
    # What is out of season is looked at all the same.
    looks = [1.3 - 0.3 * wanted for wanted in popularity(day)] if shop.season else None
    for number, at in enumerate(shop.instants(day, visits, rng)):
        known = rng.random() < 0.35
        visit = _Session(at, rng, _visitor(shop, rng.randrange(4000) if known else f"{day} {number}"))
        if rng.random() < _BOUNCED:
            for _ in range(rng.choice((1, 1, 2))):
                visit.do(PAGE)
            yield from visit.sent
            continue
        seen = rng.choices(_SKUS, looks, k=rng.choices((1, 2, 3, 5, 9), (42, 24, 18, 12, 4))[0])
        for sku in seen:
            if rng.random() < 0.03:
                visit.do("search")
            visit.do(VIEW, sku if rng.random() > 0.003 else "RETIRED-07")
        if rng.random() < 0.11:
            visit.do(ADD, seen[-1])
            if rng.random() < 0.4:
                visit.do(CHECKOUT)
        yield from visit.sent


def _crawled(shop: Shop, day: date, rng: Random) -> Iterator[Event]:
    for at in shop.instants(day, 8, rng):
        visit = _Session(at, rng, None)
        agent = rng.choice(_CRAWLERS)
        for _ in range(rng.randint(25, 70)):
            visit.do(VIEW, rng.choice(_SKUS), seconds=rng.uniform(2, 20))
        for event in visit.sent:
            yield replace(event, user_agent=agent, device=None, referrer=None)
    for at in shop.instants(day, 2, rng):  # somebody copies the prices, and says to be a browser
        visit = _Session(at, rng, _visitor(shop, f"copier {day}"))
        for _ in range(rng.randint(120, 180)):
            visit.do(VIEW, rng.choice(_SKUS), seconds=rng.uniform(0.2, 0.6))
        yield from visit.sent


def _transmitted(sent: Sequence[Event], rng: Random) -> Iterator[Event]:
    """What is received of it: late, twice, by a wrong clock, without ids."""
    by_session: dict[str | None, list[Event]] = {}
    for event in sent:
        by_session.setdefault(event.session_id, []).append(event)
    for session in by_session.values():
        late, skew = timedelta(0), timedelta(0)
        lot = rng.random()
        if lot < 0.01:  # a device without a network
            late = (MOST_LATE - timedelta(hours=2)) * rng.random()
        elif lot < 0.013:
            skew = timedelta(hours=rng.uniform(2, 30))
        elif lot < 0.014:
            skew = timedelta(days=-400)
        for event in session:
            if rng.random() < 0.001:
                event = replace(event, session_id=None, visitor_id=None)  # noqa: PLW2901 - a broken page
            received = event.received_at + late + timedelta(milliseconds=rng.randint(150, 4000))
            yield (told := replace(event, occurred_at=event.occurred_at + skew, received_at=received))
            if rng.random() < 0.006:
                yield replace(told, received_at=received + timedelta(milliseconds=rng.randint(20, 90_000)))


def _broken(shop: Shop, day: date, rng: Random) -> Iterator[Event]:
    """Lines that are no events, and once one that is far too long."""
    texts = ['{"event_id": "cut-off", "occurred_at": "20', "null", "[]", "<html>502 Bad Gateway</html>"]
    if shop.season and day == shop.season.moved_on + timedelta(days=3):
        texts.append('{"event_id": "endless", "sku": "' + "x" * 300_000 + '"}')
    for at, text in zip(shop.instants(day, len(texts) + 2, rng)[1:], texts, strict=False):
        yield Event(at, at, text=text)


def _visitor(shop: Shop, who: object) -> str:
    return "v-" + hashlib.sha256(f"{shop.seed}|visitor|{who}".encode()).hexdigest()[:20]
