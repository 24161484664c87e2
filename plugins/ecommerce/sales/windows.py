"""What one run reads from one source: the rule of DEFINITIONS, "What a run reads"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ecommerce.core.business_day import BusinessDay, business_day, day_window, newest_closed_day, shop_day
from ecommerce.core.settings import SALES_DB, STOREFRONT, load_settings
from ecommerce.core.staging import run_folder

OVERLAP = {SALES_DB: timedelta(minutes=30), STOREFRONT: timedelta(hours=2)}
"""How far before the last read a new one begins: commits that were open then, and WooCommerce's modified
dates that may be an hour early."""


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """One extract's task: orders created in `day`, and everything changed in `[changed_from, changed_until)`.

    `changed_until` is None for the newest closed day: what changed after midnight must not wait for
    tomorrow's run. `folder` is the staging URI the extract publishes to. `looks_back`: a read without upper
    bound also reads the storefront's orders of the last `REFUND_LOOKBACK_DAYS`.

    `known_orders`: ids of orders the warehouse has of that day. The extract reads them too, wherever they lie
    now, and says which of them the source no longer has. Given where changes without a date are looked for.
    """

    source: str
    day: BusinessDay
    changed_from: datetime
    changed_until: datetime | None
    folder: str
    looks_back: bool = True
    known_orders: Sequence[str] = ()


def read_window(
    context: Mapping[str, Any], source: str, last_read: Callable[[str], datetime | None] = lambda _: None
) -> ReadWindow:
    """The window of `source` for the run of `context`.

    Args:
        context: Airflow's task context.
        source: one of `settings.SOURCES`.
        last_read: tells of a source when its last successful read without upper bound began, None when there
            was none (`warehouse.audit.last_read`); needed by sources that are asked for changes.
    """
    day = business_day(context)
    folder = source_folder(context, source, day)
    return window_of_day(source, day, folder, last_read(source), now=datetime.now(UTC))


def window_of_day(
    source: str, day: BusinessDay, folder: str, last_read: datetime | None, now: datetime
) -> ReadWindow:
    """As `read_window`, for a day and an instant `now` given by the caller."""
    if day.date != newest_closed_day(now, day.timezone).date:
        return ReadWindow(source, day, day.start, day.end, folder)
    since = min(last_read or day.start, day.start) - OVERLAP.get(source, timedelta())
    return ReadWindow(source, day, since, None, folder)


def sync_window(
    context: Mapping[str, Any], source: str, last_read: datetime | None, now: datetime
) -> ReadWindow:
    """What a run between daily ones reads: the orders of the running day, and all changes since `last_read`.

    Where nothing was ever read, changes since `SYNC_START_DATE` (unset: since yesterday began). The daily
    run reads the last `REFUND_LOOKBACK_DAYS` again; every hour that would be too much.

    Args:
        context: Airflow's task context.
        source: one of `settings.SOURCES`.
        last_read: when the last successful read without upper bound began.
        now: an aware instant.
    """
    settings = load_settings()
    today = shop_day(now, settings.shop_timezone)
    first = day_window(settings.sync_start_date or today.shifted(-1).date, settings.shop_timezone)
    since = first.start if last_read is None else last_read - OVERLAP[source]
    folder = source_folder(context, source, today)
    return ReadWindow(source, today, since, None, folder, looks_back=False)


def window_of_reread(
    context: Mapping[str, Any], source: str, day: BusinessDay, known_orders: Sequence[str]
) -> ReadWindow:
    """The orders created or changed in the closed day `day`, and those the warehouse has of it."""
    folder = source_folder(context, source, day)
    return ReadWindow(source, day, day.start, day.end, folder, known_orders=known_orders)


def source_folder(context: Mapping[str, Any], source: str, day: BusinessDay) -> str:
    """Where the run of `context` keeps what it reads from `source` for `day`."""
    run = context["dag_run"]
    return f"{run_folder(load_settings().staging_uri, run.dag_id, day.date, run.run_id)}/{source}"
