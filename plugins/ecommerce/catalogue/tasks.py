"""The tasks of the DAG `product_catalogue_refresh`."""

from datetime import datetime
from pathlib import Path
from typing import Any

from ecommerce.catalogue import changes, fetch, loading, parser
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.settings import LONG, task_timeout
from ecommerce.runtime.curl_script import FetchWithCurl, publish_files
from ecommerce.runtime.retries import NETWORK_RETRIES, RARE_LOADS
from ecommerce.runtime.run_context import business_day, run_of, skip_if
from ecommerce.runtime.typed_task import network_task
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse import assets
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import LoadResult, load_manifest


def publish_pages(path: Path, context: Any, read_at: datetime) -> Manifest:
    """Fetch the pages after the first, and publish all of them."""
    fetch.fetch_following(path)
    day = business_day(context).date
    folder = run_of(context).folder(day, fetch.SOURCE)
    files = sorted(file.name for file in path.iterdir())
    return publish_files(path, folder, fetch.SOURCE, day, files=files, read_at=read_at)


def fetch_pages() -> FetchWithCurl:
    """Return the task that fetches the catalogue's pages; its output is their manifest."""
    return FetchWithCurl(
        task_id="fetch",
        connection=fetch.CONNECTION,
        environment=fetch.script_environment,
        publish=publish_pages,
        bash_command=fetch.COMMAND,
        inlets=[assets.source(fetch.SOURCE)],
        **NETWORK_RETRIES,
    )


@network_task()
def parse(manifest: Manifest, **context: Any) -> Manifest:
    """Parse the pages into products and rejected entries; refuse a catalogue without most of its products."""
    folder = run_of(context).folder(manifest.business_date, "parsed")
    known_skus = loading.present_products(loading.stored_products())
    accept_shrunk = context["params"]["accept_shrunk"]
    return parser.parse(manifest, folder, known_skus, accept_shrunk=accept_shrunk)


@network_task(execution_timeout=task_timeout(LONG))
def pictures(manifest: Manifest, **context: Any) -> Manifest:
    """Download new and changed pictures in parallel, and create their thumbnails."""
    from ecommerce.catalogue.pictures import refresh

    run = run_of(context)
    folder = run.folder(manifest.business_date, f"transformed/{manifest.source}")
    return refresh(manifest, folder, run.run_id, loading.stored_products())


@network_task(**RARE_LOADS, outlets=assets.tables(loading.CATALOGUE.tables))
def load(manifest: Manifest, **context: Any) -> LoadResult:
    """Load products and pictures in one transaction, and return the result."""
    return load_manifest(loading.CATALOGUE, run_of(context), manifest)


@network_task()
def checks(loaded: LoadResult, **context: Any) -> list[DataWarning]:
    """Check the load, and return warnings for the mail."""
    return check_load(run_of(context), loaded, loading.CATALOGUE)


@network_task()
def notify(manifest: Manifest, warnings: list[DataWarning], **context: Any) -> None:
    """Mail what is new, changed, gone and broken; skipped if nothing has changed."""
    send_mail = context["params"]["send_mail"]
    skip_if(changes.notify(manifest, warnings, send_mail=send_mail))
