"""Airflow's connections."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ecommerce.core.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow.sdk import Connection

AIRFLOW_IMPORT = threading.Lock()
"""Held by threads that may be the first to import Airflow, so that none sees half of it."""


def find_connection(conn_id: str) -> Connection | None:
    """Return a connection; None where it is not defined."""
    with AIRFLOW_IMPORT:
        from airflow.sdk import Connection
        from airflow.sdk.exceptions import AirflowNotFoundException
    try:
        return Connection.get(conn_id)
    except AirflowNotFoundException:
        return None


def connection(conn_id: str) -> Connection:
    """Return a connection; ConfigurationError where it is not defined."""
    known = find_connection(conn_id)
    if known is None:
        raise ConfigurationError(f"the connection {conn_id} is not defined")
    return known
