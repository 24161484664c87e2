"""Bulk operations: Shopify runs one query over very many orders, and gives a file of JSON lines.

An operation goes on in the shop when its task dies: the next attempt finds it by its text, and takes it over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from ecommerce.core.errors import (
    ContractError,
    CredentialsError,
    PipelineError,
    TimedOutError,
    TransientError,
)
from ecommerce.core.settings import task_timeout
from ecommerce.core.values import Json
from ecommerce.sources.http import (
    CHUNK,
    limit_size,
    raise_for_status,
    request,
    with_retries,
)
from ecommerce.sources.shopify.client import (
    TIMEOUT,
    ShopifyClient,
    document,
)
from ecommerce.storage.duckdb import run_sql_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PAUSE = 10.0
"""Seconds between two looks at an operation."""
SHARE_OF_TIMEOUT = 0.75
"""How much of the task's timeout one wait may take."""
USABLE = timedelta(hours=1)
"""How old the operation of an earlier attempt may be. What changed since it began, the next run reads."""
RUNS = 3
"""How many operations are tried until one has a usable result."""
ACTIVE = ("CREATED", "RUNNING", "CANCELING")
EXPIRED = (400, 401, 403, 404, 410)
"""Statuses with which the server of the files refuses an address for good."""
MOST_BYTES = 16 << 30
"""Of a result: 5 million orders have no more."""


class UnusableResultError(TransientError):
    """An operation was cancelled or failed, or its file has expired or is not whole: a new one is needed."""


def read_in_bulk(
    client: ShopifyClient,
    search: str,
    duck: DuckDBPyConnection,
    file: Path,
) -> datetime:
    """Let the orders of a search be collected, and load them from `file` into the table bulk_orders of
    `duck`; return since when they may have changed (UTC).

    Raises:
        CredentialsError: the app may not read what the query asks for.
        ContractError: Shopify refuses the query.
        TimedOutError: the operation does not end, or those that it has to wait for.
        TransientError: no operation had a usable result.
    """
    text = document("bulk_orders") % json.dumps(search)
    earlier = _earlier_operations(client, text)

    def run() -> datetime:
        operation = earlier.pop() if earlier else _start(client, text)
        operation = _await_end(client, operation)
        what = f"{client.conn_id}: the file of the bulk operation {operation['id']}"
        _load(operation, duck, file, what)
        return datetime.fromisoformat(operation["createdAt"]).astimezone(UTC)

    return with_retries(run, {UnusableResultError: RUNS})


def _earlier_operations(client: ShopifyClient, text: str) -> list[Json]:
    """Return the newest usable operation of earlier attempts, if there is one."""
    oldest = datetime.now(UTC) - USABLE
    for operation in client.ask("bulk_recent")["bulkOperations"]["nodes"]:
        is_young = datetime.fromisoformat(operation["createdAt"]) >= oldest
        is_usable = operation["status"] in ("CREATED", "RUNNING", "COMPLETED")
        if operation["query"] == text and is_young and is_usable:
            return [operation]
    return []


def _start(client: ShopifyClient, text: str) -> Json:
    """Start an operation, after those of the app that already run."""
    for _ in _pauses():
        answer = client.ask("bulk_run", query=text)["bulkOperationRunQuery"]
        refusals = answer["userErrors"]
        if not refusals:
            return answer["bulkOperation"]
        if refusals[0]["code"] not in ("OPERATION_IN_PROGRESS", "LIMIT_REACHED"):
            raise ContractError(
                f"{client.conn_id}: a bulk operation was refused: {refusals[0]['message']}"
            )
    raise TimedOutError(
        f"{client.conn_id}: other bulk operations of the app have not ended after {_longest_wait() / 60:.0f} "
        "minutes, and Shopify runs no more at once: wait for them, or cancel them"
    )


def _await_end(client: ShopifyClient, operation: Json) -> Json:
    """Return an operation when it is completed; cancel it where it does not end in time."""
    name = operation["id"]
    for _ in _pauses():
        if operation["status"] == "COMPLETED":
            return operation
        if operation["errorCode"] == "ACCESS_DENIED":
            raise CredentialsError(
                f"{client.conn_id}: a bulk operation lacks an access scope: see docs/SOURCES.md"
            )
        if operation["status"] not in ACTIVE:
            raise UnusableResultError(
                f"{client.conn_id}: Shopify stopped the bulk operation {name}: {operation['status']}, "
                f"{operation['errorCode']}"
            )
        state = client.ask("bulk_state", id=name)["bulkOperation"]
        operation = state or {"status": "lost", "errorCode": None}
    with suppress(PipelineError):
        client.ask("bulk_cancel", id=name)
    raise TimedOutError(
        f"{client.conn_id}: the bulk operation {name} has not ended after {_longest_wait() / 60:.0f} "
        "minutes, and is cancelled. If the shop needs longer, raise TASK_TIMEOUT_SECONDS"
    )


def _longest_wait() -> float:
    return SHARE_OF_TIMEOUT * task_timeout().total_seconds()


def _pauses() -> Iterator[None]:
    """Yield at once, and after each pause, until the longest wait is over."""
    left = _longest_wait()
    while left > 0:
        yield
        sleep(PAUSE)
        left -= PAUSE


def _load(
    operation: Json,
    duck: DuckDBPyConnection,
    file: Path,
    what: str,
) -> None:
    """Load the result of an operation into the table bulk_orders."""
    import duckdb

    file.write_bytes(b"")
    if operation["url"]:
        _download(operation["url"], file, what)
    try:
        [counts] = run_sql_file(
            duck, "extract/shopify/bulk_counts", {"file": str(file)}
        )
    except duckdb.InvalidInputException:
        # Its text may quote an order.
        raise UnusableResultError(f"{what} is cut off, or no JSON lines") from None
    if counts["objects"] != int(operation["objectCount"]) or counts["orphans"]:
        raise UnusableResultError(
            f"{what} has {counts['objects']} objects in place of {operation['objectCount']}, "
            f"{counts['orphans']} of them without their order"
        )
    run_sql_file(duck, "extract/shopify/bulk_orders", {"file": str(file)})
    file.unlink()


def _download(
    url: str,
    file: Path,
    what: str,
) -> None:
    """Download the result, from another server, which must not get the token."""
    import requests

    def send() -> None:
        with (
            request(requests.get, url, what, stream=True, timeout=TIMEOUT) as response,
            file.open("wb") as target,
        ):
            if response.status_code in EXPIRED:
                # Not quoted: it may repeat the signed address.
                raise UnusableResultError(
                    f"{what} answered {response.status_code}: its address has expired"
                )
            raise_for_status(response, what)
            for chunk in limit_size(response.iter_content(CHUNK), MOST_BYTES, what):
                target.write(chunk)

    with_retries(send, {UnusableResultError: 1, TransientError: 5})
