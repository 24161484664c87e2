"""Bulk operations: their states, and the files with their results."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from graphql import DocumentNode, ExecutionResult, GraphQLSchema

from demo.services.shopify.bulk_validation import check_query
from demo.services.shopify.clock import stamp
from demo.services.shopify.store import Record

if TYPE_CHECKING:
    from demo.services.shopify.resolve import Context

MAX_RUNNING = 5
URL_LIFETIME = timedelta(days=7)
_ACTIVE = ("CREATED", "RUNNING", "CANCELING")


@dataclass
class BulkFault:
    """How the next bulk operation ends.

    Attributes:
        status: COMPLETED, FAILED or CANCELED; a failed one has its file as `partialDataUrl`.
        error_code: ACCESS_DENIED, INTERNAL_SERVER_ERROR or TIMEOUT.
        count_error: added to the real `objectCount`.
        kept: the share of the file's bytes that can be downloaded.
    """

    status: str = "COMPLETED"
    error_code: str | None = None
    count_error: int = 0
    kept: float = 1


@dataclass
class _Operation:
    number: int
    record: Record
    document: DocumentNode
    grouped: bool
    created_at: datetime
    fault: BulkFault
    polls: int = 0
    expires_at: datetime | None = None
    content: bytes = b""


@dataclass
class BulkOperations:
    """The bulk operations of an app in a shop.

    An operation starts at the first poll. It ends at poll number `polls`, not before `seconds` have passed.

    Attributes:
        execute: runs a validated query.
        faults: how the next operations end, one each.
    """

    schema: GraphQLSchema
    execute: Callable[[DocumentNode, Context], ExecutionResult]
    polls: int = 2
    seconds: float = 0
    faults: list[BulkFault] = field(default_factory=list)
    _operations: dict[str, _Operation] = field(default_factory=dict)

    def run(self, context: Context, query: str, grouped: bool) -> Record:
        """Create an operation, and return the payload of `bulkOperationRunQuery`."""
        document, messages = check_query(self.schema, query)
        errors: list[Record] = [
            {"field": ["query"], "message": text, "code": "INVALID"}
            for text in messages
        ]
        running = [
            gid
            for gid, each in self._operations.items()
            if each.record["status"] in _ACTIVE
        ]
        if not errors and len(running) >= MAX_RUNNING:
            message = (
                "A bulk query operation for this app and shop is already in progress: "
            )
            message += ", ".join(running) + "."
            errors = [
                {"field": None, "message": message, "code": "OPERATION_IN_PROGRESS"}
            ]
        if errors or document is None:
            return {"bulkOperation": None, "userErrors": errors}
        now, number = context.store.clock(), len(self._operations) + 1
        record: Record = {
            "id": f"gid://shopify/BulkOperation/{number}",
            "status": "CREATED",
            "type": "QUERY",
            "query": query,
            "createdAt": stamp(now),
            "objectCount": 0,
            "rootObjectCount": 0,
        }
        fault = self.faults.pop(0) if self.faults else BulkFault()
        self._operations[record["id"]] = _Operation(
            number, record, document, grouped, now, fault
        )
        return {"bulkOperation": dict(record), "userErrors": []}

    def poll(self, gid: str, context: Context) -> Record | None:
        """Return an operation, and let it proceed."""
        operation = self._operations.get(gid)
        if operation is None:
            return None
        record, now = operation.record, context.store.clock()
        operation.polls += 1
        elapsed = (now - operation.created_at).total_seconds()
        if record["status"] == "CREATED":
            record["status"] = "RUNNING"
        if record["status"] == "CANCELING":
            record.update(status="CANCELED", completedAt=stamp(now))
        elif (
            record["status"] == "RUNNING"
            and operation.polls >= self.polls
            and elapsed >= self.seconds
        ):
            self._finish(operation, context, now)
        elif (
            record["status"] == "COMPLETED"
            and operation.expires_at
            and now >= operation.expires_at
        ):
            record.update(status="EXPIRED", url=None)
        return dict(record)

    def current(self, context: Context) -> Record | None:
        """Return the newest operation."""
        return (
            self.poll(next(reversed(self._operations)), context)
            if self._operations
            else None
        )

    def all(self, context: Context) -> list[Record]:
        """Return all operations, oldest first."""
        return [
            record for gid in self._operations if (record := self.poll(gid, context))
        ]

    def cancel(self, context: Context, gid: str) -> Record:
        """Cancel an operation, and return the payload of `bulkOperationCancel`."""
        operation = self._operations.get(gid)
        if operation is None:
            error = {"field": ["id"], "message": "Bulk operation does not exist"}
            return {"bulkOperation": None, "userErrors": [error]}
        errors = []
        if operation.record["status"] in _ACTIVE:
            operation.record["status"] = "CANCELING"
        else:
            status = operation.record["status"].lower()
            message = f"A bulk operation cannot be canceled when it is {status}"
            errors.append({"field": None, "message": message})
        return {"bulkOperation": dict(operation.record), "userErrors": errors}

    def download(self, name: str, now: datetime) -> bytes | None:
        """Return the file `name` of an operation; None if it does not exist or has expired."""
        for operation in self._operations.values():
            if (
                name == f"{operation.number}.jsonl"
                and operation.expires_at
                and now < operation.expires_at
            ):
                return operation.content
        return None

    def _finish(self, operation: _Operation, context: Context, now: datetime) -> None:
        fault, record = operation.fault, operation.record
        result = self.execute(operation.document, context)
        roots = list(_roots(result.data or {}))
        lines = [line for root in roots for line in _lines(root, None)]
        if not operation.grouped:
            random.Random(operation.number).shuffle(
                lines
            )  # children may precede their parents
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        operation.content = content[: round(len(content) * fault.kept)]
        operation.expires_at = now + URL_LIFETIME
        status, code = fault.status, fault.error_code
        if result.errors:
            denied = (result.errors[0].extensions or {}).get("code") == "ACCESS_DENIED"
            status, code = (
                "FAILED",
                "ACCESS_DENIED" if denied else "INTERNAL_SERVER_ERROR",
            )
        url = (
            f"{context.base_url}/bulk/{operation.number}.jsonl?Signature=demo"
            if lines
            else None
        )
        record.update(
            status=status,
            errorCode=code,
            completedAt=stamp(now),
            objectCount=len(lines) + fault.count_error,
            rootObjectCount=len(roots),
            fileSize=len(content) if lines else None,
            url=None if status == "FAILED" else url,
            partialDataUrl=url if status == "FAILED" else None,
        )


def _roots(data: Record) -> Iterator[Record]:
    for value in data.values():
        if isinstance(value, dict):
            yield from (edge["node"] for edge in value.get("edges") or ())


def _lines(node: Record, parent_id: str | None) -> Iterator[Record]:
    """Yield the line of an object, and those of the connections in it."""
    children: list[Record] = []

    def plain(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        own = {}
        for name, each in value.items():
            if isinstance(each, dict) and isinstance(each.get("edges"), list):
                children.extend(edge["node"] for edge in each["edges"])
            else:
                own[name] = plain(each)
        return own

    line = plain(node)
    yield line | ({"__parentId": parent_id} if parent_id else {})
    for child in children:
        yield from _lines(child, node["id"])
