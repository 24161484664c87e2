"""DuckDB connections in UTC with limited memory, on the file systems of staging."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from ecommerce.storage.scratch import Scratch
from ecommerce.storage.staging import is_local, storage_path

if TYPE_CHECKING:
    import duckdb


def connect_duckdb(*uris: str, memory_limit: str = "400MB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection. Beyond `memory_limit` it spills to a temporary folder.

    Args:
        uris: whose file systems it reads and writes through fsspec.
        memory_limit: of DuckDB alone.
        threads: of DuckDB.
    """
    import duckdb

    spill = Scratch.make()
    connection = duckdb.connect(
        config={
            "memory_limit": memory_limit,
            "threads": threads,
            "temp_directory": str(spill.path),
            "preserve_insertion_order": False,
        }
    )
    weakref.finalize(connection, spill.remove)
    connection.execute("SET TimeZone = 'UTC'")
    for uri in uris:
        if not is_local(uri):
            connection.register_filesystem(storage_path(uri).fs)
    return connection
