"""Airflow's connections."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from ecommerce.core.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow.sdk import Connection

AIRFLOW_IMPORT = threading.Lock()
"""Held by threads that may be the first to import Airflow, so that none sees half of it."""


def find_connection(conn_id: str) -> Connection | None:
    """Return a connection; None where it is not defined. ConfigurationError where the environment defines it
    and Airflow cannot read it, which Airflow itself takes for not defined."""
    with AIRFLOW_IMPORT:
        from airflow.sdk import Connection
        from airflow.sdk.exceptions import AirflowNotFoundException
    try:
        return Connection.get(conn_id)
    except AirflowNotFoundException:
        variable = f"AIRFLOW_CONN_{conn_id.upper()}"
        if not os.environ.get(variable):
            return None
        raise ConfigurationError(
            f"{variable} is neither JSON nor a URI that Airflow can read: compare it with .env.example; in a "
            "URI, encode special characters, such as # as %23"
        ) from None


def connection(conn_id: str) -> Connection:
    """Return a connection; ConfigurationError where it is not defined, or cannot be read."""
    known = find_connection(conn_id)
    if known is None:
        raise ConfigurationError(
            f"the connection {conn_id} is not defined: .env.example has an example"
        )
    return known
