"""One run of the daily pipeline without Airflow: what the tasks of its DAG call, in order, at any instant."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import time_machine

from ecommerce import reads, settings, staging, transform
from ecommerce.business_day import day_window
from ecommerce.settings import EXCHANGE_RATES, PARTNER_FILES, SALES_DB, SOURCES, STOREFRONT
from ecommerce.sources import exchange_rates, partner_files, sales_db, storefront
from ecommerce.warehouse import audit, checks, load

DAG = "daily_sales_pipeline"


def morning_after(day: date) -> datetime:
    """When the scheduled run of `day` begins: six o'clock in the shop; in UTC."""
    zone = ZoneInfo(settings.shop_timezone())
    return datetime.combine(day + timedelta(days=1), time(6), zone).astimezone(UTC)


def run_day(
    day: date,
    at: datetime | None = None,
    *,
    sources: Collection[str] = SOURCES,
    run_id: str | None = None,
) -> load.LoadResult:
    """Extract, transform, load and check the business day `day`, as a run that begins at `at` does.

    Sources that are not in `sources` have failed.
    """
    at = at or morning_after(day)
    run_id = run_id or f"test__{day}__{at:%Y%m%dT%H%M%S}"
    missing = [source for source in SOURCES if source not in sources]
    with time_machine.travel(at):
        raw = [extract(source, day, run_id) for source in SOURCES if source in sources]
        loadable = [transform.transform(manifest, run_id=run_id) for manifest in raw]
        result = load.load(loadable, business_date=day, run_id=run_id, dag_id=DAG, missing_sources=missing)
        checks.run_checks(result.touched_days, business_date=day, run_id=run_id)
        return result


def extract(source: str, day: date, run_id: str) -> staging.Manifest:
    """The extract of one source for a run that takes place now."""
    shop = settings.load_settings()
    window = reads.window_of_day(
        source,
        day_window(day, shop.shop_timezone),
        f"{staging.run_folder(shop.staging_uri, DAG, day, run_id)}/{source}",
        audit.last_read(source),
        datetime.now(UTC),
    )
    if source == SALES_DB:
        return sales_db.extract(window)
    if source == STOREFRONT:
        return storefront.extract(window, audit.known_refunds)
    if source == PARTNER_FILES:
        return partner_files.extract(window, audit.loaded_files)
    assert source == EXCHANGE_RATES
    return exchange_rates.extract(window)
