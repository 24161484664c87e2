"""How far the demo company's story has been told: kept in one file, so that it goes on where it stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from demo.environment import TIMEZONE
from demo.ledger import PARTNERS, HeldFile, LateRefund, Ledger, SilentChange

_OLD_MONTHS = 18


@dataclass(frozen=True)
class Scenario:
    """The arguments of the company's ledger, and the incidents that were staged.

    A held file of the story is one that has not arrived at all yet, or did at its `received_at`.
    """

    first_day: date
    seed: int = 1
    orders_per_day: int = 160
    timezone: str = TIMEZONE
    old_months: int = 0
    held_files: tuple[HeldFile, ...] = ()
    late_refunds: tuple[LateRefund, ...] = ()
    silent_changes: tuple[SilentChange, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Scenario | None:
        """The story kept in `path`, None when there is none yet."""
        if not path.exists():
            return None
        state = json.loads(path.read_text())
        return cls(
            first_day=date.fromisoformat(state["first_day"]),
            seed=state["seed"],
            orders_per_day=state["orders_per_day"],
            timezone=state["timezone"],
            old_months=state.get("old_months", 0),  # a home of before has no old shop
            held_files=tuple(
                HeldFile(partner, date.fromisoformat(day), came and datetime.fromisoformat(came))
                for partner, day, came in state["held_files"]
            ),
            late_refunds=tuple(
                LateRefund(date.fromisoformat(day), datetime.fromisoformat(booked_at))
                for day, booked_at in state["late_refunds"]
            ),
            silent_changes=tuple(
                SilentChange(date.fromisoformat(day), datetime.fromisoformat(at))
                for day, at in state.get("silent_changes", ())
            ),
        )

    @classmethod
    def begin(cls, now: datetime, timezone: str = TIMEZONE) -> Scenario:
        """The story of a company that moved to this pipeline from another shop eight days ago: the newest
        closed day and the same weekday of the week before are its own."""
        today = now.astimezone(ZoneInfo(timezone)).date()
        return cls(today - timedelta(days=8), timezone=timezone, old_months=_OLD_MONTHS)

    def save(self, path: Path) -> None:
        """Keep the story in `path`, whole at once."""
        state = {
            "first_day": self.first_day.isoformat(),
            "seed": self.seed,
            "orders_per_day": self.orders_per_day,
            "timezone": self.timezone,
            "old_months": self.old_months,
            "held_files": [
                (held.partner, held.day.isoformat(), held.received_at and held.received_at.isoformat())
                for held in self.held_files
            ],
            "late_refunds": [
                (late.day.isoformat(), late.booked_at.isoformat()) for late in self.late_refunds
            ],
            "silent_changes": [
                (change.day.isoformat(), change.at.isoformat()) for change in self.silent_changes
            ],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(state, indent=1))
        partial.replace(path)

    def ledger(self, now: datetime) -> Ledger:
        """What has happened until today in the shop."""
        return Ledger(
            first_day=self.first_day,
            days=(self.today(now) - self.first_day).days + 1,
            seed=self.seed,
            orders_per_day=self.orders_per_day,
            timezone=self.timezone,
            old_months=self.old_months,
            held_files=self.held_files,
            late_refunds=self.late_refunds,
            silent_changes=self.silent_changes,
        )

    def today(self, now: datetime) -> date:
        """The shop's date at the instant `now`."""
        return now.astimezone(ZoneInfo(self.timezone)).date()

    def with_held_file(self, day: date) -> Scenario:
        """The first partner's file of `day` does not come for now; no change when that was said before."""
        if any(held.day == day for held in self.held_files):
            return self
        return replace(self, held_files=(*self.held_files, HeldFile(PARTNERS[0], day, None)))

    def with_late_arrivals(self, day: date, now: datetime) -> Scenario:
        """At the instant `now` the files held back arrive, and a refund dated `day` is booked."""
        return replace(
            self,
            held_files=tuple(
                held if held.received_at else replace(held, received_at=now) for held in self.held_files
            ),
            late_refunds=(*self.late_refunds, LateRefund(day, now)),
        )

    def with_silent_change(self, day: date, now: datetime) -> Scenario:
        """At the instant `now` two orders of `day` change without a trace."""
        return replace(self, silent_changes=(*self.silent_changes, SilentChange(day, now)))
