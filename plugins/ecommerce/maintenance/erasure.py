"""Erases a customer from the warehouse: `make forget-customer`. Erase the customer in the sources first,
because the next read loads them again. docs/PRODUCTION.md has the steps around it."""

import hashlib
import hmac
import re

from ecommerce.core.errors import PipelineError
from ecommerce.warehouse.client import Warehouse

TABLES = ("orders", "order_lines", "customers")
"""The tables with customer hashes, in the order of removal: no order ever refers to a missing customer."""
_CUSTOMER_ID = re.compile(r"[a-z][a-z0-9_]*:")
"""Begins `<source>:<customer id>`, which is hashed as it is, even where the id looks like an address."""


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
    """Remove a customer's hash, and return the number of rows by table. Figures do not change; a day that is
    loaded again counts the orders without a customer. May be repeated. Raises as `Warehouse.run`, and a
    PipelineError where a load added the customer again meanwhile."""
    parameters = {"customer_hash": customer_hash(identity, warehouse.settings.customer_hash_key)}
    (before,) = warehouse.query("warehouse/procedures/erasure/remaining.sql", parameters=parameters)
    for table in TABLES:
        warehouse.query(f"warehouse/procedures/erasure/{table}.sql", parameters=parameters)
    (left,) = warehouse.query("warehouse/procedures/erasure/remaining.sql", parameters=parameters)
    if any(left.values()):
        raise PipelineError(
            "the customer was loaded again while they were being forgotten: erase them in the sources first, "
            "then run this again"
        )
    return {table: int(before[table]) for table in TABLES}
