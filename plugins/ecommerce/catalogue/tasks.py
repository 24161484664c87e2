"""The tasks of the DAG `product_catalogue_refresh`."""

from collections.abc import Mapping
from typing import Any

from airflow.sdk import task

from ecommerce.catalogue import changes, loading
from ecommerce.core.business_day import BusinessDay, business_day
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.settings import LONG, task_timeout
from ecommerce.runtime.retries import NETWORK_RETRIES, RARE_LOADS
from ecommerce.runtime.run_context import run_of, skip
from ecommerce.sources.product_catalogue import fetch_command, parser
from ecommerce.sources.product_catalogue.fetch_command import SOURCE
from ecommerce.sources.script_operator import FetchByScript
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import Plain, from_xcom, to_xcom
from ecommerce.warehouse import assets
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import LoadResult, load_manifest


class FetchCatalogue(FetchByScript):
    """Runs the script that fetches the catalogue's pages, and returns their manifest."""

    source = SOURCE
    fetch_folder = fetch_command.fetch_folder

    def __init__(self, **arguments: Any) -> None:
        fixed = {
            "bash_command": fetch_command.COMMAND,
            "inlets": [assets.source(SOURCE)],
        }
        super().__init__(**fixed | NETWORK_RETRIES | arguments)

    def destination(self, context: Mapping[str, Any]) -> tuple[str, BusinessDay]:
        """As `FetchByScript`."""
        day = business_day(context)
        return run_of(context).folder(day.date, SOURCE), day


@task(**NETWORK_RETRIES)
def parse(manifest: Plain, **context: Any) -> Plain:
    """Parse the pages into products and rejected entries; refuse a catalogue without most of its products."""
    raw = from_xcom(Manifest, manifest)
    folder = run_of(context).folder(raw.business_date, "parsed")
    accept_shrunk = bool(context["params"].get("accept_shrunk"))
    return to_xcom(
        parser.parse(
            raw, folder, loading.last_catalogue().present, accept_shrunk=accept_shrunk
        )
    )


@task(execution_timeout=task_timeout(LONG), **NETWORK_RETRIES)
def pictures(manifest: Plain, **context: Any) -> Plain:
    """Download new and changed pictures in parallel, and create their thumbnails."""
    from ecommerce.catalogue.pictures import refresh

    parsed = from_xcom(Manifest, manifest)
    run = run_of(context)
    folder = run.folder(parsed.business_date, f"transformed/{parsed.source}")
    return to_xcom(refresh(parsed, folder, run.run_id, loading.last_catalogue()))


@task(**RARE_LOADS, outlets=assets.tables(loading.CATALOGUE.tables), **NETWORK_RETRIES)
def load(manifest: Plain, **context: Any) -> Plain:
    """Load products and pictures in one transaction, and return the result."""
    return to_xcom(
        load_manifest(loading.CATALOGUE, run_of(context), from_xcom(Manifest, manifest))
    )


@task(**NETWORK_RETRIES)
def checks(loaded: Plain, **context: Any) -> list[DataWarning]:
    """Check the load, and return warnings for the mail."""
    return check_load(run_of(context), from_xcom(LoadResult, loaded), loading.CATALOGUE)


@task(**NETWORK_RETRIES)
def notify(manifest: Plain, warnings: list[DataWarning], **context: Any) -> None:
    """Mail what is new, changed, gone and broken; skipped if nothing has changed."""
    send_mail = bool(context["params"].get("send_mail"))
    skip(
        changes.notify(from_xcom(Manifest, manifest), warnings[:], send_mail=send_mail)
    )
