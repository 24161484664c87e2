"""Bulk operations: their states, and the files with their results."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    parse,
    validate,
)

from demo.services.shopify.clock import Clock, stamp
from demo.services.shopify.store import Record


@dataclass
class BulkFault:
    """How the next bulk operation ends.

    Attributes:
        status: COMPLETED, FAILED, CANCELED or EXPIRED.
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
    record: Record
    document: DocumentNode
    fault: BulkFault
    polls: int = 0


@dataclass
class BulkOperations:
    """The bulk operations of an app in a shop.

    An operation runs from the first poll on, and ends at poll number `polls`.

    Attributes:
        execute: runs a validated query.
        faults: how the next operations end.
        files: the results by their path.
    """

    schema: GraphQLSchema
    clock: Clock
    execute: Callable[[DocumentNode], ExecutionResult]
    polls: int = 2
    faults: list[BulkFault] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    _operations: dict[str, _Operation] = field(default_factory=dict)

    def run(self, query: str) -> Record:
        """Create an operation, and return the payload of `bulkOperationRunQuery`."""
        try:
            document = parse(query)
            errors = validate(self.schema, document)
        except GraphQLError as error:
            errors = [error]
        if errors:
            message = f"Invalid bulk query: {errors[0].message}"
            refusal = {"code": "INVALID", "message": message}
            return {"bulkOperation": None, "userErrors": [refusal]}
        record: Record = {
            "id": f"gid://shopify/BulkOperation/{len(self._operations) + 1}",
            "status": "CREATED",
            "query": query,
            "createdAt": stamp(self.clock()),
            "objectCount": "0",
        }
        fault = self.faults.pop(0) if self.faults else BulkFault()
        self._operations[record["id"]] = _Operation(record, document, fault)
        return {"bulkOperation": dict(record), "userErrors": []}

    def poll(self, gid: str, base_url: str) -> Record | None:
        """Return an operation, and let it proceed.

        Args:
            gid: its global id.
            base_url: the server as the client sees it, for the URL of the result.
        """
        operation = self._operations.get(gid)
        if operation is None:
            return None
        operation.polls += 1
        if operation.record["status"] in ("CREATED", "RUNNING"):
            operation.record["status"] = "RUNNING"
            if operation.polls >= self.polls:
                self._finish(operation, base_url)
        return dict(operation.record)

    def newest_first(self, base_url: str) -> list[Record]:
        """Return all operations, and let them proceed."""
        records = []
        for gid in reversed(self._operations):
            record = self.poll(gid, base_url)
            if record:
                records.append(record)
        return records

    def cancel(self, gid: str) -> Record:
        """Cancel an operation, and return the payload of `bulkOperationCancel`."""
        operation = self._operations.get(gid)
        if operation is None:
            error = {"message": "Bulk operation does not exist"}
            return {"userErrors": [error]}
        operation.record["status"] = "CANCELED"
        return {"userErrors": []}

    def _finish(self, operation: _Operation, base_url: str) -> None:
        record = operation.record
        fault = operation.fault
        result = self.execute(operation.document)
        if result.errors:
            extensions = result.errors[0].extensions or {}
            code = extensions.get("code", "INTERNAL_SERVER_ERROR")
            record.update(status="FAILED", errorCode=code)
            return
        lines = []
        for edge in (result.data or {})["orders"]["edges"]:
            lines += _result_lines(edge["node"])
        # Children may precede their parents.
        random.Random(record["id"]).shuffle(lines)
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        path = f"/bulk/{record['id'].rpartition('/')[2]}.jsonl"
        self.files[path] = content[: round(len(content) * fault.kept)]
        record.update(
            status=fault.status,
            errorCode=fault.error_code,
            objectCount=str(len(lines) + fault.count_error),
            url=f"{base_url}{path}?Signature=demo" if lines else None,
        )


def _result_lines(order: Record) -> list[Record]:
    """Return the line of an order, and those of the items in its connections."""
    line = {}
    items = []
    for name, value in order.items():
        if isinstance(value, dict) and "edges" in value:
            for edge in value["edges"]:
                items.append(edge["node"] | {"__parentId": order["id"]})
        else:
            line[name] = value
    return [line, *items]
