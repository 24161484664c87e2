"""An export for tests: files put into a folder, read as `sales_history_load` reads them."""

import gzip
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from ecommerce.sales.history import tasks
from ecommerce.sources.partner_layouts import COLUMNS
from ecommerce.storage.plain import from_plain
from ecommerce.storage.staging import Manifest, local_or_uri
from tests.parquet import shared_duckdb

HEADER = ",".join(COLUMNS)
RUN = "manual__2026-03-15"
Row = dict[str, Any]


def line(order_id, number=1, **values):
    """One line of CSV; `values` replaces columns by name."""
    row = {
        "order_id": order_id,
        "line_number": number,
        "ordered_at": "2024-03-05T15:00:00Z",
        "updated_at": "2024-03-06T09:00:00Z",
        "status": "completed",
        "sku": "SKU-1",
        "product_name": "Mug",
        "category": "Cups",
        "quantity": 2,
        "unit_price": "10.50",
        "discount_amount": "0",
        "tax_amount": "1.60",
        "currency": "USD",
        "customer_email": f"jane.{order_id}@example.com",
        "country_code": "US",
    }
    return ",".join(str(value) for value in (row | values).values())


def text(*lines):
    """A CSV file."""
    return "\n".join((HEADER, *lines)) + "\n"


@dataclass
class Export:
    """A folder of files, and one run of the DAG's tasks over it."""

    folder: Path
    staging: Path

    def put(self, name, content):
        """Write a file, compressed as its name says."""
        data = content.encode() if isinstance(content, str) else content
        if name.endswith(".gz"):
            data = gzip.compress(data)
        elif name.endswith(".zst"):
            data = pa.compress(data, "zstd", asbytes=True)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def context(self, *, run_id=RUN, **params):
        """A task's context; `params` as the form would give them."""
        form = {
            "files": f"file://{self.folder}/*",
            "source": "old_shop",
            "first_day": None,
            "last_day": None,
            "dry_run": False,
            "most_rejected": 5,
        }
        run = SimpleNamespace(
            dag_id="sales_history_load", run_id=run_id, run_after=datetime.now(UTC)
        )
        return {"params": form | params, "dag_run": run, "run_id": run_id}

    def read(self, **params):
        """List and read the files."""
        listed = tasks.list_files.function(**self.context(**params))
        return [tasks.read.function(request) for request in listed]

    def totals(self, **params):
        """The control totals."""
        reads = self.read(**params)
        return tasks.control_totals.function(reads, **self.context(**params))

    def transformed(self, totals, **params):
        """What the transform of every month returns."""
        context = self.context(**params)
        months = tasks.months.function(totals)
        return [tasks.transform.function(month, **context) for month in months]

    def months(self, totals, **params):
        """The manifest of every month, transformed."""
        done = self.transformed(totals, **params)
        return [from_plain(Manifest, month) for month in done]


def staged(folder, name="lines"):
    """The rows of a staged Parquet file."""
    path = local_or_uri(f"{folder}/{name}.parquet")
    return shared_duckdb().sql(f"FROM '{path}'").to_arrow_table().to_pylist()


def all_staged(reads):
    """The rows of all files that were read."""
    rows = []
    for read in reads:
        rows += staged(read["uri"], "lines")
    return rows


def loadable(months, table):
    """What would be loaded, each row with its `month`."""
    rows = []
    for manifest in months:
        if f"{table}.parquet" in manifest.columns:
            for row in staged(manifest.uri, table):
                rows.append(row | {"month": f"{manifest.business_date:%Y-%m}"})
    return rows
