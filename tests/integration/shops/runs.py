"""Runs whose sources the policy selects, without Airflow: what the tasks of their DAGs call."""

from contextlib import suppress
from datetime import UTC, datetime

import time_machine

from ecommerce.core.business_day import closed_days
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_HISTORY_READ
from ecommerce.core.settings import shop_timezone
from ecommerce.sales import loading, read_windows, source_policy
from ecommerce.sales.transform import transform
from ecommerce.sources import live_sources
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse import load_history
from ecommerce.warehouse.checks import check_load
from tests.integration.daily_run import extract, finish, morning_after, sources_on


def run_with_failures(day):
    """The run of a day some of whose extracts may fail; AlertedError where a required one does."""
    run_id = f"test__{day}"
    raw = []
    with time_machine.travel(morning_after(day)):
        for source in sources_on():
            with suppress(PipelineError):
                raw.append(extract(source, day, run_id))
        loadable = [transform(manifest, run_id=run_id) for manifest in raw]
        finish(day, run_id, loadable)


def read_history(first, last, at, source=None):
    """What `sales_history_read` does for past days in a run that begins at `at`, for one source or all."""
    params = {
        "first_day": str(first),
        "last_day": str(last),
        "source": source,
    }
    run = DagRun(DAG_HISTORY_READ, f"{first}__{last}__{source}")
    loadable = []
    with time_machine.travel(at):
        days = closed_days(first, last, shop_timezone())
        for each in live_sources().values():
            if source_policy.reason_to_skip(each.name, params):
                continue
            window = read_windows.window_of_day(
                each, days, run, load_history, datetime.now(UTC)
            )
            loadable.append(transform(each.extract(window), run_id=run.run_id))
        loaded = loading.load_day(days, run, loadable, params)
        check_load(run, loaded, loading.ORDERS)
