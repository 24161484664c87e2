"""One run of the product catalogue without Airflow, by what its DAG's tasks call; and a server of one."""

import json
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ecommerce.catalogue import changes, loading, parser, pictures
from ecommerce.catalogue import fetch as catalogue_fetch
from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.names import DAG_CATALOGUE
from ecommerce.runtime.curl_script import publish_files, script_error
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import load_manifest
from tests.website import Website, website


@dataclass
class Catalogue:
    """A catalogue's server, and the pictures' own one."""

    site: Website
    page_size: int = 3
    pages: list[str] = field(default_factory=list)

    def show(self, *entries):
        """Let the catalogue have these entries, in pages with ETags."""
        for path in self.pages:
            self.site.answers.pop(path)
        parts = [
            entries[at : at + self.page_size]
            for at in range(
                0,
                len(entries),
                self.page_size,
            )
        ] or [()]
        self.pages = [f"/products?page={number}" for number in range(1, len(parts) + 1)]
        for number, part in enumerate(parts, start=1):
            following = (
                f"{self.site.url}/products?page={number + 1}"
                if number < len(parts)
                else None
            )
            body = json.dumps(
                {
                    "count": len(entries),
                    "next": following,
                    "results": part,
                }
            ).encode()
            self.site.put(
                self.pages[number - 1], body, "application/json", ETag=f'"{hash(body)}"'
            )

    def environment(self, **connection):
        """The connection to this server; fields as given."""
        value = {
            "conn_type": "http",
            "host": self.site.url,
            **connection,
        }
        return {
            "AIRFLOW_CONN_PRODUCT_CATALOGUE_API": json.dumps(value),
            "PICTURE_NETWORKS": "127.0.0.1/32",
        }


@contextmanager
def catalogue():
    """A running catalogue without products."""
    with website() as site:
        yield Catalogue(site)


@dataclass(frozen=True)
class Prepared:
    """A run up to its load."""

    run: DagRun
    raw: Manifest
    loadable: Manifest

    @property
    def summary(self):
        """What the mail would say."""
        return changes.read_summary(self.loadable)

    def load(self):
        """Load and check."""
        result = load_manifest(
            loading.CATALOGUE,
            self.run,
            self.loadable,
        )
        check_load(
            self.run,
            result,
            loading.CATALOGUE,
        )
        return result


def fetch(run):
    """The first task."""
    read_at = datetime.now(UTC)
    day = newest_closed_day(read_at, "America/New_York")
    with scratch_folder() as path:
        done = subprocess.run(
            ["bash", "-c", catalogue_fetch.COMMAND],
            env=os.environ | catalogue_fetch.script_environment(),
            cwd=path,
            capture_output=True,
        )
        if done.returncode:
            raise script_error("product_catalogue_api", done.returncode)
        catalogue_fetch.fetch_following(path)
        folder = run.folder(day.date, "product_catalogue")
        files = sorted(file.name for file in path.iterdir())
        source = catalogue_fetch.SOURCE
        return publish_files(
            path, folder, source, day.date, files=files, read_at=read_at
        )


def prepare(run_id, *, accept_shrunk=False):
    """Everything before the load."""
    run = DagRun(DAG_CATALOGUE, run_id)
    raw = fetch(run)
    stored = loading.stored_products()
    known = loading.present_products(stored)
    folder = run.folder(raw.business_date, "parsed")
    parsed = parser.parse(
        raw,
        folder,
        known,
        accept_shrunk=accept_shrunk,
    )
    loadable = pictures.refresh(
        parsed,
        run.folder(raw.business_date, "transformed"),
        run_id,
        stored,
    )
    return Prepared(run, raw, loadable)


def refresh(run_id, **options):
    """A whole run; what its mail would say."""
    prepared = prepare(run_id, **options)
    prepared.load()
    return prepared.summary


def stored(uri):
    """The names of what is stored below PICTURES_URI, by folder."""
    root = Path(uri.removeprefix("file://"))
    return {
        folder: sorted(path.name for path in (root / folder).glob("*"))
        for folder in ("originals", "thumbnails")
    }
