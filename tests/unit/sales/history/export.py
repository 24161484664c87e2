"""An export for one test: files put into a folder, read as `sales_history_load` reads them."""

import gzip
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa

from ecommerce.sales.history import tasks
from ecommerce.sources.partner_layouts import COLUMNS
from ecommerce.storage.staging import Manifest, local_or_uri
from ecommerce.storage.xcom import from_xcom

HEADER = ",".join(COLUMNS)
RUN = "manual__2026-03-15"


def line(order_id: str, number: Any = 1, **values: Any) -> str:
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


def text(*lines: str, end: str = "\n") -> str:
    """A CSV file."""
    return end.join((HEADER, *lines)) + end


@dataclass
class Export:
    """A folder of files, and one run of the DAG's tasks over it."""

    folder: Path
    staging: Path
    params: dict[str, Any] = field(default_factory=dict)

    def put(self, name: str, content: str | bytes) -> Path:
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

    def context(self, *, run_id: str = RUN, **params: Any) -> dict[str, Any]:
        """A task's context; `params` as the form would give them."""
        given = {
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
        return {
            "params": given | self.params | params,
            "dag_run": run,
            "run_id": run_id,
        }

    def read(self, **params: Any) -> list[dict[str, Any]]:
        """List and read the files."""
        return [
            tasks.read.function(each)
            for each in tasks.list_files.function(**self.context(**params))
        ]

    def totals(self, **params: Any) -> dict[str, Any]:
        """The control totals."""
        return tasks.control_totals.function(
            self.read(**params), **self.context(**params)
        )

    def months(self, **params: Any) -> list[Manifest]:
        """Every month, transformed."""
        context = self.context(**params)
        found = tasks.months.function(self.totals(**params), **context)
        return [
            from_xcom(Manifest, tasks.transform.function(month, **context))
            for month in found
        ]


def staged(
    folder: str, name: str = "lines", columns: str = "*"
) -> list[tuple[Any, ...]]:
    """The rows of a staged Parquet file, in an order that does not depend on how it was written."""
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        path = local_or_uri(f"{folder}/{name}.parquet")
        return duck.execute(f"SELECT {columns} FROM '{path}' ORDER BY ALL").fetchall()


def all_staged(
    reads: list[dict[str, Any]], name: str = "lines", columns: str = "*"
) -> list[tuple[Any, ...]]:
    """The rows of all files that were read."""
    return sorted(
        (row for each in reads for row in staged(each["uri"], name, columns)),
        key=repr,
    )


def facts(reads: list[dict[str, Any]]) -> dict[str, Any]:
    """What the manifest of the only file says of it."""
    (manifest,) = reads
    return dict(manifest["control_totals"])


def day(text: str) -> date:
    """A date."""
    return date.fromisoformat(text)
