"""Faults on demand, and the record of requests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from demo.services.shopify.store import Record, ShopifyStore


@dataclass
class Fault:
    """A fault of the next `times` requests that `match` is found in.

    Attributes:
        match: regular expression, searched in the path, operation name and query of the request.
        status: send this status with `headers` and `body` instead of the result, as for a redirect.
        delay: seconds to wait before the response.
        rewrite: changes the body of the real response.
        cut: close the connection after half of the body.
        throttled: respond THROTTLED.
        error: add this error to the result, and make the value at its `path` null; without a path, all data.
        before: changes the store before the request is handled.
    """

    match: str = ""
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0
    rewrite: Callable[[bytes], bytes] | None = None
    cut: bool = False
    throttled: bool = False
    error: Record | None = None
    before: Callable[[ShopifyStore], None] | None = None


@dataclass
class Request:
    """A request that the server received.

    Attributes:
        path: path and query of the request line.
        operation: the operation name, or the first name in the query; None outside the GraphQL API.
        requested_cost: the cost before execution, None if the query is invalid.
        actual_cost: the cost that was paid, None if nothing was.
        with_token: the request carried an access token.
    """

    method: str
    path: str
    operation: str | None = None
    query: str = ""
    variables: Record = field(default_factory=dict)
    requested_cost: int | None = None
    actual_cost: int | None = None
    status: int = 0
    with_token: bool = False

    def matches(self, fault: Fault) -> bool:
        """Whether a fault concerns this request."""
        text = f"{self.path}\n{self.operation or ''}\n{self.query}"
        return fault.times > 0 and re.search(fault.match, text) is not None


def insert_error(body: Record, error: Record) -> Record:
    """Return the body of a result with an additional error, and null at its `path`."""
    body = body | {"errors": [*body.get("errors", ()), error]}
    target, path = body, ["data", *error.get("path", ())]
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = None
    return body
