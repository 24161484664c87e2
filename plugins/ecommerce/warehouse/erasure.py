"""`make forget-customer` (`python -m ecommerce.warehouse.erasure`): make the warehouse forget a customer.

It asks for the e-mail address, or `<source>:<customer id>` of a customer without one, on standard input, so
that it stands in no command line and no history. Erase the customer in the sources first: a later read would
bring back what they still know. docs/PRODUCTION.md has the steps around it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import sys
from typing import TYPE_CHECKING

from ecommerce.cli.command import see_connections_of_the_ui
from ecommerce.core.errors import PipelineError

if TYPE_CHECKING:
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
    """Remove every trace of a customer; how many rows there were by table. May be run again.

    Figures stay as they are; a day that is loaded again counts the orders as those of nobody.

    Raises:
        PipelineError: as `Warehouse.run`; what was done before stays done.
    """
    parameters = {"customer_hash": customer_hash(identity, warehouse.settings.customer_hash_key)}
    (found,) = warehouse.query("warehouse/procedures/erasure/remaining.sql", parameters=parameters)
    for table in TABLES:
        warehouse.query(f"warehouse/procedures/erasure/{table}.sql", parameters=parameters)
    (left,) = warehouse.query("warehouse/procedures/erasure/remaining.sql", parameters=parameters)
    if any(left.values()):
        raise PipelineError("the customer came back meanwhile: a source still knows them; erase there first")
    return {table: int(found[table]) for table in TABLES}


def main() -> int:
    """Ask, forget, say what was there; 1 when it failed."""
    from ecommerce.warehouse.client import connect

    if sys.stdin.isatty():
        print("E-mail address, or <source>:<customer id>: ", end="", flush=True)  # noqa: T201
    identity = sys.stdin.readline().strip()
    if not identity:
        print("nobody was named", file=sys.stderr)  # noqa: T201 (a command's own output)
        return 1
    try:
        removed = forget(identity, connect(step="erasure"))
    except PipelineError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(", ".join(f"{count} rows of {table}" for table, count in removed.items()), "forgotten")  # noqa: T201
    return 0


if __name__ == "__main__":
    see_connections_of_the_ui()
    sys.exit(main())
