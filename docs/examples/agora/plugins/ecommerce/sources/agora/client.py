"""HTTP client of the Agora API: the connection has the host and, as password, the API token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ecommerce.core.errors import ConfigurationError, ContractError, TransientError
from ecommerce.sources import http

ATTEMPTS = 5
TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and to wait for data."""

Order = dict[str, Any]


class AgoraClient:
    """Reads orders; ConfigurationError where the connection is missing or incomplete."""

    def __init__(self, conn_id: str) -> None:
        from airflow.providers.http.hooks.http import HttpHook

        token = http.connection_with_host(conn_id).password
        if not token:
            raise ConfigurationError(
                f"the connection {conn_id} has no password: set it to the API token"
            )
        hook = HttpHook("GET", conn_id)
        self.conn_id = conn_id
        self._session = hook.get_conn()
        self._root = hook.base_url.rstrip("/")
        http.refuse_unencrypted(conn_id, self._root, "token")
        # `requests` would look for a password in ~/.netrc.
        self._session.auth = lambda request: request
        self._session.headers["Authorization"] = f"Bearer {token}"

    def pages(self, **bounds: datetime | None) -> Iterator[list[Order]]:
        """Yield the orders of `/orders` within `bounds`, which are parameters of the API, page by page."""
        query = {
            name: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            for name, at in bounds.items()
            if at
        }
        while True:
            page = self._get("/orders", query)
            if not isinstance(page.get("orders"), list) or "next_cursor" not in page:
                raise ContractError(
                    f"{self.conn_id}: GET /orders: the answer lacks orders or next_cursor"
                )
            yield page["orders"]
            if page["next_cursor"] is None:
                return
            if page["next_cursor"] == query.get("cursor"):
                raise ContractError(
                    f"{self.conn_id}: GET /orders: the cursor does not advance"
                )
            query["cursor"] = page["next_cursor"]

    def order(self, order_id: str) -> Order | None:
        """Return one order, or None where it was deleted."""
        try:
            return self._get(f"/orders/{quote(order_id, safe='')}", {})
        except http.NotFoundError:
            return None

    def _get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        what = f"{self.conn_id}: GET {path}"

        def send() -> dict[str, Any]:
            with http.request(
                self._session.get,
                f"{self._root}{path}",
                what,
                params=query,
                timeout=TIMEOUT,
            ) as response:
                http.raise_for_status(response, what)
                # Fractions stay texts: DuckDB reads the number 0.30 of a JSON file as a double.
                return http.json_object(response, what)

        return http.with_retries(send, {TransientError: ATTEMPTS})
