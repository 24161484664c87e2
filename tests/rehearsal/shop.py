"""The small company of a rehearsal: its days, what its systems show, and what the warehouse must hold."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from demo.ledger import PARTNER_FILES, SALES_DB, STOREFRONT, Ledger, Order, Snapshot
from demo.ledger.partners import merge_files
from ecommerce.core.business_day import day_window, newest_closed_day, shop_day
from tests.integration import daily_run, exports, other_runs
from tests.integration.company import Company
from tests.integration.corrections import replaced
from tests.integration.warehouse_contents import differences
from tests.oracle import ALL_SOURCES
from tests.rehearsal.place import Place
from tests.rehearsal.runner import Check

HISTORY_DAYS = 33
HOUR = timedelta(hours=1)
SAME = "the oracle's"
"""What a comparison with the oracle finds where nothing differs."""


@dataclass
class Rehearsal:
    """A company with a warehouse at a place.

    The days are the newest ones, because BigQuery's clock cannot be moved, and Google refuses credentials of
    another time. So no helper here moves this process's clock.

    Attributes:
        days: the business days with a run; before them, an older shop traded for `HISTORY_DAYS`.
        history: the orders of the older shop's export, while they are loaded.
        forgotten: the customers who must not be known.
        has_synced: whether a sync has run, which sums up the current day.
    """

    place: Place
    company: Company
    home: Path
    days: list[date] = field(default_factory=list)
    history: tuple[Order, ...] = ()
    forgotten: set[str] = field(default_factory=set)
    has_synced: bool = False
    runs: int = 0

    def __post_init__(self):
        newest = newest_closed_day(datetime.now(UTC), self.company.timezone).date
        self.days = [newest - timedelta(days=1), newest]
        held = []
        for day in self.days:
            held += daily_run.arrived(day, self.end_of(day) - HOUR)
        first = self.days[0] - timedelta(days=HISTORY_DAYS)
        self.books = Ledger(
            first,
            HISTORY_DAYS + len(self.days),
            orders_per_day=20,
            seed=7,
            timezone=self.company.timezone,
            held_files=tuple(held),
        )

    def end_of(self, day):
        """Return the last second of a business day."""
        return day_window(day, self.company.timezone).end - timedelta(seconds=1)

    def live(self, instant):
        """Return what the systems show at an instant: the books since the first of the `days`."""
        snapshot = self.books.as_of(instant)
        start = day_window(self.days[0], self.company.timezone).start
        files = [file for file in snapshot.files if file.day in self.days]
        orders = merge_files(files)
        for order in snapshot.orders:
            if order.channel != PARTNER_FILES and order.ordered_at >= start:
                orders.append(order)
        known = {(order.channel, order.order_id) for order in orders}
        refunds = []
        for refund in snapshot.refunds:
            if (refund.channel, refund.order_id) in known:
                refunds.append(refund)
        return replace(
            snapshot,
            # A source that is read before the end of the day does not complete it.
            at=datetime.now(UTC),
            orders=tuple(orders),
            refunds=tuple(refunds),
            files=tuple(files),
        )

    def exported(self):
        """Return the orders of the older shop, as far as an export has them."""
        start = day_window(self.days[0], self.company.timezone).start
        snapshot = self.books.as_of(start)
        orders = []
        for channel in (SALES_DB, STOREFRONT, PARTNER_FILES):
            for order in snapshot.orders_of(channel):
                named = replace(order, order_id=f"{channel[:2]}-{order.order_id}")
                if order.ordered_at < start:
                    orders.append(named)
        return exports.exported(snapshot, orders)

    def edit(self, order, *, updated_at, **values):
        """Let the systems show an order with other values from now on."""
        dated = {"updated_at": updated_at, "status_changed_at": updated_at}
        snapshot = replaced(self.company.shown, order, **values, **dated)
        self.company.show(replace(snapshot, at=updated_at))

    def staged_day(self, day):
        """Extract and transform a business day now; return what loads it."""
        self.runs += 1
        run_id = f"rehearsal__{day}__{self.runs}"
        return partial(daily_run.finish, day, run_id, daily_run.stage(day, run_id))

    def run_day(self, day):
        """Run a business day now."""
        self.staged_day(day)()

    def staged_sync(self):
        """Extract and transform the storefront's changes now; return what loads them."""
        self.has_synced = True
        at = datetime.now(UTC)
        return partial(other_runs.finish_sync, at, other_runs.stage_sync(at))

    def differences(self):
        """Return how the tables of sales differ from the oracle, or that they are the oracle's."""
        return self.company.differences(self.oracle()) or SAME

    def snapshot(self):
        """Return what has been read, as a whole."""
        shown: Snapshot = self.company.shown
        orders = []
        for order in (*shown.orders, *self.history):
            if order.email in self.forgotten:
                orders.append(replace(order, email=None, customer_id=None))
            else:
                orders.append(order)
        return replace(shown, orders=tuple(orders))

    def oracle(self, run_days=None):
        """Return the oracle of what has been read."""
        missing = {}
        for order in self.history:
            missing[self.day_of(order)] = []
        # An order of theirs makes the daily sources expected.
        for order in self.company.shown.orders:
            missing.pop(self.day_of(order), None)
        run_days = run_days or self.days
        if self.has_synced:
            today = self.days[-1] + timedelta(days=1)
            run_days = [*run_days, today]
            missing[today] = list(ALL_SOURCES)
        snapshot = self.snapshot()
        return self.company.oracle(snapshot, run_days=run_days, missing=missing)

    def day_of(self, order):
        """Return the business day of an order."""
        return shop_day(order.ordered_at, self.company.timezone).date

    def rows(self, table):
        """All rows of a table or view."""
        return self.company.rows(table)

    def compare(self, when, run_days=None, omitted=()):
        """Compare the tables of sales with the oracle, row by row, without the `omitted` pairs of table and
        column; the checks."""
        stored = self.company.warehouse()
        for table, wanted in self.oracle(run_days).tables().items():
            rows = []
            for row in wanted:
                names = [name for name in row if (table, name) not in omitted]
                rows.append({name: row[name] for name in names})
            text = differences({table: rows}, stored)
            expected = f"{len(rows)} rows of the oracle"
            yield Check(f"{table} {when}", expected, text or expected)


def outcome(compare):
    """Return `SAME`, or the first difference that `compare` asserts."""
    try:
        compare()
    except AssertionError as error:
        return str(error) or "an assertion without text"
    return SAME
