"""The runs beside the daily one, without Airflow: what the tasks of their DAGs call, at any instant."""

from datetime import UTC, date, datetime

import time_machine

from ecommerce.core.business_day import day_window
from ecommerce.core.names import DAG_RECONCILIATION, DAG_SYNC
from ecommerce.core.settings import shop_timezone
from ecommerce.sales import loading, read_windows, transform
from ecommerce.sales.reconciliation import comparison
from ecommerce.sources import live_sources
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse import load_history
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import load_manifest
from tests.source_names import STOREFRONT


def sync(at, source=STOREFRONT):
    """What `storefront_orders_sync` does for a source in a run that begins at `at`; the load's result."""
    with time_machine.travel(at):
        return finish_sync(at, stage_sync(at, source))


def stage_sync(at, source=STOREFRONT):
    """The first half of a sync that takes place now, at `at`: extract and transform; a manifest."""
    run = _run(DAG_SYNC, at)
    window = read_windows.window_of_sync(
        live_sources()[source], run, load_history, datetime.now(UTC)
    )
    return transform.transform(
        live_sources()[source].extract(window),
        run_id=run.run_id,
    )


def finish_sync(at, loadable):
    """The second half: load and check; the load's result."""
    run = _run(DAG_SYNC, at)
    loaded = load_manifest(loading.ORDERS, run, loadable)
    check_load(run, loaded, loading.ORDERS)
    return loaded


def compare(at):
    """What the comparisons of `sales_reconciliation` find at `at`, the newest day first."""
    run = _run(DAG_RECONCILIATION, at)
    found = []
    with time_machine.travel(at):
        for source in comparison.reconciled_sources():
            if raw := comparison.read_once_more(source, run, datetime.now(UTC)):
                found.append(
                    comparison.compare(
                        transform.transform(
                            raw,
                            run_id=run.run_id,
                        )
                    )
                )
    return comparison.newest_first(found)


def reconcile(at):
    """What `sales_reconciliation` does in a run that begins at `at`; the differences it found."""
    found = compare(at)
    run = _run(DAG_RECONCILIATION, at)
    with time_machine.travel(at):
        for pair in comparison.select_rereads(found, 7):
            day = day_window(date.fromisoformat(pair["business_date"]), shop_timezone())
            raw = live_sources()[pair["source"]].extract(
                read_windows.window_of_reread(
                    live_sources()[pair["source"]], day, run, load_history
                )
            )
            loaded = load_manifest(
                loading.ORDERS,
                run,
                transform.transform(
                    raw,
                    run_id=run.run_id,
                ),
            )
            check_load(run, loaded, loading.ORDERS)
    return found


def _run(dag_id, at):
    return DagRun(dag_id, f"test__{at:%Y%m%dT%H%M%S}")
