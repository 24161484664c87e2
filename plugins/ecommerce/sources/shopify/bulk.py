"""Bulk operations: Shopify runs one query over very many orders, and gives a file of JSON lines.

An operation goes on in the shop when its task dies: the next attempt finds it by its text, and takes it over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from ecommerce.core.errors import ContractError, CredentialsError, TransientError
from ecommerce.sources.http import network_errors, raise_for_status, refuse_other_site, with_retries
from ecommerce.sources.shopify.client import CONNECTION, ShopifyClient, document
from ecommerce.storage.duckdb import query

PAUSE, LONGEST_PAUSE = 5.0, 60.0
"""Seconds between looks at an operation."""
USABLE = timedelta(hours=1)
"""How old the operation of an earlier attempt may be. What changed since it began, the next run reads."""
RUNS = 3
"""How often an operation that Shopify cancels is started."""
PENDING = ("CREATED", "RUNNING")
CHUNK = 1 << 20
BATCH = 1000

Operation = dict[str, Any]


def read_in_bulk(client: ShopifyClient, search: str, duck: Any, file: Path) -> datetime:
    """Let the orders of a search be collected, and load them from `file` into the table bulk_orders of
    `duck`; return since when they may have changed (UTC).

    Raises:
        CredentialsError: the app may not read what the query asks for.
        ContractError: Shopify refuses the query.
        TransientError: Shopify failed or cancelled the operation, or its file is not whole.
    """
    import duckdb

    text = document("bulk_orders") % json.dumps(search)
    operation = _finished(client, text)
    began = datetime.fromisoformat(operation["createdAt"]).astimezone(UTC)
    count = int(operation["objectCount"])
    if operation["url"]:
        _download(operation["url"], file)
    else:
        file.touch()
    what = f"{CONNECTION}: the file of the bulk operation {operation['id']}"
    try:
        [found] = query(duck, "extract/shopify/bulk_counts", {"file": str(file)})
    except duckdb.InvalidInputException:  # its text may quote an order
        raise TransientError(f"{what} is cut off, or no JSON lines") from None
    if found != {"objects": count, "orphans": 0}:
        raise TransientError(
            f"{what} has {found['objects']} objects in place of {count}, {found['orphans']} of them without "
            "their order"
        )
    query(duck, "extract/shopify/bulk_orders", {"file": str(file)})
    file.unlink()
    return began


def bulk_orders(duck: Any, *, with_refunds: bool) -> Iterator[list[dict[str, Any]]]:
    """Yield the orders of the table bulk_orders that have refunds, or those without, in batches."""
    result = duck.execute("SELECT json FROM bulk_orders WHERE has_refunds = ?", [with_refunds])
    while rows := result.fetchmany(BATCH):
        yield [json.loads(text, parse_float=str) for (text,) in rows]


def _finished(client: ShopifyClient, text: str) -> Operation:
    """The operation of `text`, completed: one of an earlier attempt, else a new one."""
    operation = _earlier(client, text)
    for _ in range(RUNS):
        operation = _awaited(client, operation or _started(client, text))
        status = operation["status"]
        if status == "COMPLETED":
            return operation
        if status == "FAILED" and operation["errorCode"] == "ACCESS_DENIED":
            raise CredentialsError(
                f"{CONNECTION}: a bulk operation lacks an access scope: see docs/SOURCES.md"
            )
        if status == "FAILED":
            raise TransientError(f"{CONNECTION}: a bulk operation failed: {operation['errorCode']}")
        operation = None  # cancelled, as Shopify does with operations that do not get on, or expired
    raise TransientError(f"{CONNECTION}: Shopify cancelled a bulk operation {RUNS} times")


def _earlier(client: ShopifyClient, text: str) -> Operation | None:
    oldest = datetime.now(UTC) - USABLE
    for operation in client.ask("bulk_recent")["bulkOperations"]["nodes"]:
        is_young = datetime.fromisoformat(operation["createdAt"]) >= oldest
        if operation["query"] == text and is_young and operation["status"] in (*PENDING, "COMPLETED"):
            return operation
    return None


def _started(client: ShopifyClient, text: str) -> Operation:
    pause = PAUSE
    while True:
        answer = client.ask("bulk_run", query=text)["bulkOperationRunQuery"]
        if not (refused := answer["userErrors"]):
            started: Operation = answer["bulkOperation"]
            return started
        if refused[0]["code"] not in ("OPERATION_IN_PROGRESS", "LIMIT_REACHED"):
            raise ContractError(f"{CONNECTION}: a bulk operation was refused: {refused[0]['message']}")
        client.pause(pause)  # others of the app run
        pause = min(2 * pause, LONGEST_PAUSE)


def _awaited(client: ShopifyClient, operation: Operation) -> Operation:
    pause = PAUSE
    while operation["status"] in (*PENDING, "CANCELING"):
        client.pause(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE)
        operation = client.ask("bulk_state", id=operation["id"])["bulkOperation"]
    return operation


def _download(url: str, file: Path) -> None:
    """Download the result, from another server, which must not get the token."""
    import requests

    what = f"{CONNECTION}: the file of a bulk operation"

    def send() -> None:
        with (
            network_errors(what),
            requests.get(
                url, stream=True, timeout=(10, 120), hooks={"response": partial(refuse_other_site, what)}
            ) as response,
            file.open("wb") as target,
        ):
            raise_for_status(response, what)
            for chunk in response.iter_content(CHUNK):
                target.write(chunk)

    with_retries(send, {TransientError: 5})
