"""The company's constants: randomness, business days, customers."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from demo.ledger.catalogue import MARKETS, Market
from demo.ledger.model import Customer
from demo.ledger.season import Season

_FIRST_NAMES = (
    "Anna",
    "Liam",
    "Mei",
    "Omar",
    "Sofia",
    "Noah",
    "Aisha",
    "Lucas",
    "Emma",
    "Hiro",
    "Clara",
    "Mateo",
    "Zoë",
    "Ivan",
    "Nora",
    "David",
    "Fatima",
    "Oscar",
    "Julia",
    "Samuel",
    "Ella",
    "Viktor",
    "Ruth",
    "Paul",
)
_LAST_NAMES = (
    "Smith",
    "Kowalski",
    "Tanaka",
    "García",
    "O'Neill",
    "Müller",
    "Brown",
    "Haddad",
    "Rossi",
    "Novak",
    "Dubois",
    "Johnson",
    "Lindqvist",
    "Okafor",
    "Silva",
    "Wang",
    "Miller",
    "Jansen",
    "Cohen",
    "Davis",
)
_ASCII = str.maketrans(
    {
        "ë": "e",
        "í": "i",
        "ü": "u",
        "'": None,
    }
)
_FOUNDED = date(2020, 1, 1)
_REGULARS = 0.1
"""The share of the orders of known customers that regulars place: cafés, offices."""
_RETURN_AFTER = ((1, 29), (30, 89), (90, 179), (180, 299), (300, 540))
_RETURN_SHARES = (15, 30, 27, 18, 10)
"""Ranges of days since the first order, and the share of returning customers' orders in each."""
_LOYALTY = 2.5
"""How unequal the customers of a day are: with 1, all return equally often; with more, a few return
often, and most never."""
_SHUFFLE = 7919
"""A prime: loyal customers are spread over the channels of their first order."""
# The shares of the 24 local hours in the day's orders.
_HOURS = (
    8,
    5,
    3,
    2,
    2,
    3,
    6,
    12,
    22,
    34,
    42,
    46,
    48,
    46,
    44,
    42,
    44,
    50,
    58,
    64,
    66,
    56,
    38,
    20,
)


@dataclass(frozen=True)
class Shop:
    """The arguments of all facts. Without `season`, all weeks are alike. Shopify sells in one currency.

    `markets` are those of its customers. They are not hashed, which would take longer than what is cached.
    """

    seed: int
    orders_per_day: int
    timezone: str
    season: Season | None = None
    shopify_currency: str = "USD"
    markets: tuple[Market, ...] = field(default=MARKETS, hash=False)

    def rng(self, *purpose: object) -> random.Random:
        """Return a source of randomness for `purpose`, the same in every process."""
        parts = (self.seed, self.orders_per_day, self.timezone, *purpose)
        return random.Random("|".join(map(str, parts)))

    @lru_cache(maxsize=4096)  # noqa: B019 - there are few, small shops
    def window(self, day: date) -> tuple[datetime, datetime]:
        """Return the business day in UTC, `[start, end)`, of 23, 24 or 25 hours."""
        zone = ZoneInfo(self.timezone)
        start = datetime.combine(day, time.min, zone)
        end = datetime.combine(day + timedelta(days=1), time.min, zone)
        return start.astimezone(UTC), end.astimezone(UTC)

    def volume(self, day: date) -> float:
        """Return the orders of an average weekday around `day`, over all channels."""
        if self.season:
            return self.orders_per_day * self.season.volume(day)
        return self.orders_per_day

    def instants(
        self,
        day: date,
        count: int,
        rng: random.Random,
    ) -> list[datetime]:
        """Return sorted instants of `day` in full seconds, more in the evening.

        They include the day's first and last second and, where the clocks go back, two with the same local
        time.

        Args:
            day: the business day.
            count: the number of instants.
            rng: the source of randomness.
        """
        zone = ZoneInfo(self.timezone)
        start, end = self.window(day)
        instants = [start, end - timedelta(seconds=1)]
        quarters = []
        weights = []
        quarter = start
        while quarter < end:
            local = quarter.astimezone(zone)
            if local.fold and len(instants) == 2:
                # The clocks went back: 17 past the repeated hour, both times.
                first = quarter - timedelta(minutes=43)
                instants += [first, quarter + timedelta(minutes=17)]
            quarters.append(quarter)
            weights.append(_HOURS[local.hour])
            quarter += timedelta(minutes=15)
        missing = max(0, count - len(instants))
        for quarter in rng.choices(quarters, weights, k=missing):
            instants.append(quarter + timedelta(seconds=rng.randrange(900)))
        return sorted(instants)

    def buyer(
        self,
        day: date,
        number: int,
        rng: random.Random,
    ) -> Customer:
        """Return the buyer of the order `number` of `day`.

        Every second order is a customer's first one, whose day and number make the
        customer's id. Returning customers draw such an order of an earlier day; the others
        are regulars.
        """
        joined_on = day
        if number % 2 == 0:
            if rng.random() < _REGULARS:
                joined_on = _FOUNDED
                number = rng.randrange(max(3, self.orders_per_day // 4))
            else:
                shortest, longest = rng.choices(_RETURN_AFTER, _RETURN_SHARES)[0]
                joined_on = day - timedelta(days=rng.randint(shortest, longest))
                first_orders = max(1, round(self.volume(joined_on) / 2))
                loyalty = int(first_orders * rng.random() ** _LOYALTY)
                number = 2 * (loyalty * _SHUFFLE % first_orders) + 1
        return self.customer(f"C-{joined_on:%Y%m%d}-{number:05}")

    def is_new(self, buyer: Customer, day: date) -> bool:
        """Return whether an order of `day` is the customer's first one."""
        return buyer.created_at == self.window(day)[0]

    @lru_cache(maxsize=65_536)  # noqa: B019 - most customers buy again
    def customer(self, customer_id: str) -> Customer:
        """Return the customer of an id of the form `C-<day of the first order>-<number>`."""
        rng = self.rng("customer", customer_id)
        _, joined_on, number = customer_id.split("-")
        first = rng.choice(_FIRST_NAMES)
        last = rng.choice(_LAST_NAMES)
        mailbox = f"{first}.{last}.{joined_on[2:]}{int(number)}".translate(_ASCII)
        weights = [market.weight for market in self.markets]
        market = rng.choices(self.markets, weights)[0]
        created_at = self.window(date.fromisoformat(joined_on))[0]
        email = None
        if rng.random() > 0.01:
            email = f"{mailbox}@example.{rng.choice(('com', 'org', 'net'))}"
        return Customer(
            customer_id=customer_id,
            email=email,
            country_code=market.country,
            created_at=created_at,
            updated_at=created_at,
        )
