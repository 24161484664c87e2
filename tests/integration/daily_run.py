"""One run of the daily pipeline without Airflow: what the tasks of its DAG call, in order, at any instant."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import time_machine

from demo.ledger import PARTNERS, HeldFile
from ecommerce.core import settings
from ecommerce.core.business_day import closed_days, day_window
from ecommerce.core.names import DAG_DAILY as DAG
from ecommerce.sales import loading, read_windows, source_policy, transform
from ecommerce.sales.days.quality import Provenance
from ecommerce.sales.report.reader import figures_of_day
from ecommerce.sources import live_sources
from ecommerce.storage import staging
from ecommerce.warehouse import checks, load_history
from ecommerce.warehouse.client import connect


def morning_after(day):
    """When the scheduled run of `day` begins: six o'clock in the shop; in UTC."""
    zone = ZoneInfo(settings.shop_timezone())
    return datetime.combine(
        day + timedelta(days=1),
        time(6),
        zone,
    ).astimezone(UTC)


def arrived(day, at):
    """Every partner's file of `day`, received at `at`: a late one would keep that day incomplete."""
    return tuple(HeldFile(partner, day, at) for partner in PARTNERS)


def sources_on():
    """The sources that are not off."""
    return [
        source for source in live_sources() if not source_policy.reason_to_skip(source)
    ]


def run_day(
    day,
    at=None,
    *,
    last=None,
    sources=None,
    run_id=None,
):
    """Extract, transform, load and check the business day `day`, as a run that begins at `at` does, or the
    days up to `last`.

    Sources that are not in `sources` have failed; their policy lets the run go on.
    """
    last = last or day
    at = at or morning_after(last)
    run_id = run_id or f"test__{day}__{at:%Y%m%dT%H%M%S}"
    with time_machine.travel(at):
        return finish(
            day,
            run_id,
            stage(day, run_id, sources, last),
            last,
        )


def stage(
    day,
    run_id,
    sources=None,
    last=None,
):
    """The first half of a run that takes place now: extract and transform."""
    raw = [
        extract(source, day, run_id, last)
        for source in sources_on()
        if sources is None or source in sources
    ]
    return [transform.transform(manifest, run_id=run_id) for manifest in raw]


def finish(day, run_id, loadable, last=None):
    """The second half: load and check; sources that are not in `loadable` have failed."""
    run = staging.DagRun(DAG, run_id)
    days = closed_days(day, last or day, settings.shop_timezone())
    result = loading.load_day(days, run, loadable)
    checks.check_load(run, result, loading.ORDERS)
    return result


def report_of(business_date, run_id):
    """The report of a day that `run_id` has run, from the warehouse as it is now."""
    window = day_window(business_date, settings.shop_timezone())
    origin = Provenance(
        dag_id=DAG,
        run_id=run_id,
        code_version="test",
        timezone=window.timezone,
        window_start=window.start,
        window_end=window.end,
        generated_at=datetime.now(UTC),
    )
    return figures_of_day(connect(), business_date, origin)


def extract(
    source,
    day,
    run_id,
    last=None,
):
    """The extract of one source for a run that takes place now, of a day or of those up to `last`."""
    shop = settings.load_settings()
    window = read_windows.window_of_day(
        live_sources()[source],
        closed_days(
            day,
            last or day,
            shop.shop_timezone,
        ),
        staging.DagRun(DAG, run_id),
        load_history,
        datetime.now(UTC),
    )
    return live_sources()[source].extract(window)
