"""Airflow's connections."""

import threading
from typing import Any

from ecommerce.core.errors import ConfigurationError

_IMPORT = threading.Lock()
"""Held while Airflow is imported, so that no other thread sees half of it."""


def connection(conn_id: str) -> Any:
    """Return an `airflow.sdk.Connection`; ConfigurationError where it is not defined."""
    with _IMPORT:
        from airflow.sdk import Connection
        from airflow.sdk.exceptions import AirflowNotFoundException
    try:
        return Connection.get(conn_id)
    except AirflowNotFoundException:
        raise ConfigurationError(f"the connection {conn_id} is not defined") from None
