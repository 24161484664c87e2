"""Makes the warehouse forget a customer: `make forget-customer`. Erase the customer in the sources first: a
later read would bring back what they still know. docs/PRODUCTION.md has the steps around it."""

from __future__ import annotations

import hashlib
import hmac
import re

from ecommerce.core.errors import PipelineError
from ecommerce.warehouse.client import Warehouse

TABLES = ("orders", "order_lines", "customers")
"""Where a customer's hash stands, in the order in which it is removed: no order ever names a customer who is
not there."""
_CUSTOMER_ID = re.compile(r"[a-z][a-z0-9_]*:")
"""Begins `<source>:<customer id>`, which is kept as it is, also where the id looks like an address."""


def customer_hash(identity: str, key: str) -> str:
    """The hash the transform gives to an e-mail address, or to `<source>:<customer id>`; 64 hex digits."""
    import duckdb

    text = identity.strip(" \t\r\n")
    if "@" in text and not _CUSTOMER_ID.match(text):
        # By DuckDB, as in the transform: Python's lower() differs for a few letters.
        ((text,),) = duckdb.execute("SELECT lower($1)", [text]).fetchall()
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def forget(identity: str, warehouse: Warehouse) -> dict[str, int]:
    """Remove every trace of a customer; how many rows there were by table. May be run again. Figures stay as
    they are; a day that is loaded again counts the orders as those of nobody. Raises as `Warehouse.run`; what
    was done before stays done."""
    parameters = {"customer_hash": customer_hash(identity, warehouse.settings.customer_hash_key)}
    (found,) = warehouse.query("warehouse/procedures/erasure/remaining.sql", parameters=parameters)
    for table in TABLES:
        warehouse.query(f"warehouse/procedures/erasure/{table}.sql", parameters=parameters)
    (left,) = warehouse.query("warehouse/procedures/erasure/remaining.sql", parameters=parameters)
    if any(left.values()):
        raise PipelineError(
            "the customer was loaded again while they were being forgotten: a source still has them; let it "
            "forget them first, then run this again"
        )
    return {table: int(found[table]) for table in TABLES}
