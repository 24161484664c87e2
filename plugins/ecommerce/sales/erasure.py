"""Erase a customer from the warehouse, staging and the archive of reports: `make forget-customer`.

The customer's hash is remembered first, in the table `forgotten_hashes`: from then on no load stores it, so
what is cleared here does not come back. docs/PRODUCTION.md has the steps around it, and what remains.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence

from ecommerce.core.text import clean
from ecommerce.core.values import Row
from ecommerce.sales.days.rejected_rows import LONGEST_ID
from ecommerce.sales.periods.archive import FOLDERS
from ecommerce.storage import staging
from ecommerce.storage.report_archive import FIGURES_JSON
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.schema import prepare

FIND = "warehouse/procedures/erasure/find.sql"
REPORTS = ("????-??-??", ".*????-??-??.*")
"""Patterns of the names of a report's folder, and of those that a killed process has left of it."""
CUSTOMER_ID = re.compile(r"[a-z][a-z0-9_]*:")
"""Begins `<source>:<customer id>`, which is hashed as it is, even where the id looks like an address."""


def customer_hash(identity: str, key: str) -> str:
    """Return the hash that the transform gives to an e-mail address, or to `<source>:<customer id>`; 64 hex
    digits."""
    import duckdb

    text = identity.strip(" \t\r\n")
    if "@" in text and not CUSTOMER_ID.match(text):
        # By DuckDB, as in the transform: Python's lower() differs for a few letters.
        [(text,)] = duckdb.execute("SELECT lower($1)", [text]).fetchall()
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def forget(identity: str, warehouse: Warehouse) -> dict[str, int]:
    """Erase a customer, and return the numbers of what was cleared, by name. Figures do not change; a day
    that is loaded again counts the orders without a customer. May be interrupted and repeated.

    Raises:
        PipelineError: the warehouse fails, or other transactions won.
        StagingError: a storage fails.
    """
    prepare(warehouse)
    settings = warehouse.settings
    forgotten = customer_hash(identity, settings.customer_hash_key)
    remember = "warehouse/procedures/erasure/remember.sql"
    warehouse.query(remember, parameters={"customer_hash": forgotten})
    rows = warehouse.query(FIND)
    cleared = {}
    for row in rows:
        cleared[f"rows of {row['name']}"] = int(row["entries"])
    # Before the rows, which alone have the texts in them.
    for folder in _remove_reports(rows, settings.reports_uri):
        cleared[folder] = 1
    _clear(rows, warehouse)
    # A load that began before the customer was remembered has committed before this transaction, or aborts.
    _clear(warehouse.query(FIND), warehouse)
    cleared["staged folders"] = _remove_staged(settings.staging_uri)
    return cleared


def _clear(rows: Sequence[Row], warehouse: Warehouse) -> None:
    """Clear the `rows` of `FIND`. The transaction runs even if there is nothing to clear: it changes the
    lock, so that loads that began earlier abort."""
    stored = {row["name"]: row["days"] for row in rows}
    warehouse.transact("warehouse/procedures/erasure/forget.sql", stored=stored)


def _remove_reports(rows: Sequence[Row], reports_uri: str) -> list[str]:
    """Remove the archived reports of any period that name an order of the customer or the reason of a refund,
    and what is left of a report without figures; return their folders. An order number may be another
    number in a report: that is removed too, and can be built again. `rows` are those of `FIND`."""
    texts = []
    for row in rows:
        for text in row["texts"]:
            # Samples of rejected rows have the beginning of a long order number.
            for shown in {clean(text), clean(text, LONGEST_ID)}:
                in_json = json.dumps(shown, ensure_ascii=False)[1:-1]
                texts.append(re.escape(in_json))
    if not texts:
        return []
    named = re.compile(f'[" ](?:{"|".join(texts)})[") :]')
    removed = []
    with staging.storage_errors(reports_uri):
        root = staging.storage_path(reports_uri)
        folders = []
        for name in REPORTS:
            folders.extend(root.glob(name))
            for archive in FOLDERS:
                folders.extend(root.glob(f"{archive}/{name}"))
        for folder in folders:
            figures = folder / FIGURES_JSON
            is_complete = figures.exists()
            if is_complete and not named.search(figures.read_text(encoding="utf-8")):
                continue
            below = folder.path.removeprefix(root.path).strip("/")
            uri = f"{reports_uri}/{below}"
            staging.discard(uri)
            removed.append(uri)
    return removed


def _remove_staged(staging_uri: str) -> int:
    """Remove all staged files, which may name the customer in any way; return the number of their folders. A
    repair reads the sources again."""
    root = staging.storage_path(staging_uri)
    with staging.storage_errors(staging_uri):
        folders = list(root.iterdir()) if root.exists() else []
        for folder in folders:
            staging.remove_folder(folder)
    return len(folders)
