"""Erases a customer from the warehouse, staging and the archive of reports: `make forget-customer`.

The customer's hash is remembered first, in the table `forgotten_hashes`: from then on no load stores it, so
what is cleared here does not come back. docs/PRODUCTION.md has the steps around it, and what remains.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ecommerce.core.text import clean
from ecommerce.reporting.archive import FIGURES_JSON
from ecommerce.storage import staging
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.schema import prepare

SQL = "warehouse/procedures/erasure"
_CUSTOMER_ID = re.compile(r"[a-z][a-z0-9_]*:")
"""Begins `<source>:<customer id>`, which is hashed as it is, even where the id looks like an address."""

Rows = Sequence[Mapping[str, Any]]
"""The rows of `find.sql`."""


def customer_hash(identity: str, key: str) -> str:
    """Return the hash that the transform gives to an e-mail address, or to `<source>:<customer id>`; 64 hex
    digits."""
    import duckdb

    text = identity.strip(" \t\r\n")
    if "@" in text and not _CUSTOMER_ID.match(text):
        # By DuckDB, as in the transform: Python's lower() differs for a few letters.
        ((text,),) = duckdb.execute("SELECT lower($1)", [text]).fetchall()
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def forget(identity: str, warehouse: Warehouse) -> dict[str, int]:
    """Erase a customer, and return the numbers of what was cleared, by name. Figures do not change; a day
    that is loaded again counts the orders without a customer. May be interrupted and repeated.

    Raises:
        PipelineError: as `Warehouse.transact`.
        StagingError: a storage fails.
    """
    prepare(warehouse)
    settings = warehouse.settings
    forgotten = customer_hash(identity, settings.customer_hash_key)
    warehouse.query(f"{SQL}/remember.sql", parameters={"customer_hash": forgotten})
    rows = warehouse.query(f"{SQL}/find.sql")
    cleared = {f"rows of {row['name']}": int(row["entries"]) for row in rows}
    # Before the rows, which alone show the reports that they are in.
    cleared |= dict.fromkeys(_remove_reports(rows, settings.reports_uri), 1)
    _clear(rows, warehouse)
    # A load that began before the customer was remembered has committed before this transaction, or aborts.
    _clear(warehouse.query(f"{SQL}/find.sql"), warehouse)
    return cleared | {"staged folders": _remove_staged(forgotten, settings.staging_uri)}


def _clear(rows: Rows, warehouse: Warehouse) -> None:
    """Clear `rows`. The transaction runs even if there is nothing to clear: it changes the lock, so that
    loads that began earlier abort."""
    stored = {row["name"]: row["days"] for row in rows}
    warehouse.transact(f"{SQL}/forget.sql", stored=stored)


def _remove_reports(rows: Rows, reports_uri: str) -> list[str]:
    """Remove the archived reports that show an order of the customer or the reason of a refund, and return
    their folders."""
    texts = [json.dumps(clean(text), ensure_ascii=False) for row in rows for text in row["texts"]]
    folders = {f"{reports_uri}/{day}" for row in rows for day in row["days"]}
    removed = []
    for folder in sorted(folders):
        with staging.storage_errors(folder), suppress(FileNotFoundError):
            figures = (staging.storage_path(folder) / FIGURES_JSON).read_text(encoding="utf-8")
            if any(f": {text}" in figures for text in texts):
                staging.discard(folder)
                removed.append(folder)
    return removed


def _remove_staged(forgotten: str, staging_uri: str) -> int:
    """Remove the transformed folders with the customer's hash, and all raw ones, which may name the customer
    in any way; return their number. A repair reads these sources again."""
    removed = 0
    with staging.storage_errors(staging_uri):
        for manifest in list(staging.storage_path(staging_uri).rglob(staging.MANIFEST_FILE)):
            folder = manifest.parent
            if folder.parent.name != "transformed" or _names_customer(folder, forgotten):
                staging.remove_folder(folder)
                removed += 1
    return removed


def _names_customer(folder: Any, forgotten: str) -> bool:
    from pyarrow import parquet

    file = folder / "customers.parquet"
    if not file.exists():
        return False
    with file.open("rb") as stream:
        # Threads of pyarrow that read a Python file may abort the process while it exits.
        table = parquet.read_table(stream, use_threads=False, pre_buffer=False)
    return forgotten in table["customer_hash"].to_pylist()
