"""The demo company's scenario: the arguments of its ledger and the staged incidents, stored in one file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from demo.environment import TIMEZONE
from demo.ledger import (
    PARTNERS,
    SECOND_SHOP,
    SHOPIFY,
    HeldFile,
    LateRefund,
    Ledger,
    SilentChange,
    Snapshot,
)
from demo.ledger.catalogue import EUROPE
from demo.seeders.atomic import write

_OLD_MONTHS = 18


@dataclass(frozen=True)
class Scenario:
    """The arguments of the company's ledger; see `Ledger` for the fields."""

    first_day: date
    seed: int = 1
    orders_per_day: int = 160
    timezone: str = TIMEZONE
    old_months: int = 0
    held_files: tuple[HeldFile, ...] = ()
    late_refunds: tuple[LateRefund, ...] = ()
    silent_changes: tuple[SilentChange, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Scenario:
        """Load the scenario from `path`."""
        return TypeAdapter(cls).validate_json(path.read_bytes())

    @classmethod
    def begin(cls, now: datetime, timezone: str = TIMEZONE) -> Scenario:
        """Return the scenario of a company that moved to this pipeline eight days ago.

        It has run both the newest closed day and the same weekday of the week before.
        """
        today = now.astimezone(ZoneInfo(timezone)).date()
        return cls(today - timedelta(days=8), timezone=timezone, old_months=_OLD_MONTHS)

    def save(self, path: Path) -> None:
        """Write the scenario to `path` atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, TypeAdapter(Scenario).dump_json(self, indent=1))

    def ledger(self, now: datetime) -> Ledger:
        """Return the company's ledger from its first day until today in the shop's timezone."""
        return Ledger(days=(self.today(now) - self.first_day).days + 1, **vars(self))

    def second_shop(self, now: datetime) -> Snapshot:
        """Return what the company's second Shopify shop shows at the instant `now`.

        It is that of another company in Europe, half as large, of which nothing is staged.
        """
        ledger = replace(
            self.ledger(now),
            seed=self.seed + 1,
            orders_per_day=self.orders_per_day // 2,
            shopify_currency="EUR",
            markets=EUROPE,
            held_files=(),
            late_refunds=(),
            silent_changes=(),
        )
        return ledger.as_of(now).as_shop(SHOPIFY, SECOND_SHOP)

    def today(self, now: datetime) -> date:
        """Return the date in the shop's timezone at the instant `now`."""
        return now.astimezone(ZoneInfo(self.timezone)).date()

    def with_held_file(self, day: date) -> Scenario:
        """Return a copy in which the first partner's file of `day` has not arrived; at most once per day."""
        if any(held.day == day for held in self.held_files):
            return self
        return replace(
            self, held_files=(*self.held_files, HeldFile(PARTNERS[0], day, None))
        )

    def with_due_files(self, now: datetime) -> Scenario:
        """Return a copy in which every other file of a day that has ended has arrived.

        Partners deliver up to a day after midnight; a demo started in between shows
        complete days too. The files arrive at `now`.
        """
        settled = {(held.partner, held.day) for held in self.held_files}
        today = self.today(now)
        due = []
        # The first delivery of a day comes first: a second one may arrive later.
        for file in self.ledger(now).deliveries:
            delivery = (file.partner, file.day)
            if delivery in settled or file.day >= today:
                continue
            settled.add(delivery)
            if file.received_at > now:
                due.append(HeldFile(file.partner, file.day, now))
        return replace(self, held_files=(*self.held_files, *due))

    def with_late_arrivals(self, day: date, now: datetime) -> Scenario:
        """Return a copy in which the held files arrive at `now`, and a refund is booked.

        The refund is one of `day`.
        """
        arrived = []
        for held in self.held_files:
            arrived.append(replace(held, received_at=held.received_at or now))
        return replace(
            self,
            held_files=tuple(arrived),
            late_refunds=(*self.late_refunds, LateRefund(day, now)),
        )

    def with_silent_change(self, day: date, now: datetime) -> Scenario:
        """Return a copy in which two orders of `day` change at `now` unnoticed.

        They have no new modification date.
        """
        return replace(
            self, silent_changes=(*self.silent_changes, SilentChange(day, now))
        )
