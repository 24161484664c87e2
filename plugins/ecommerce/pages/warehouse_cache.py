"""Queries of the warehouse for pages: answered within seconds and kept for half a minute."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Lock
from time import monotonic
from typing import Annotated, Any, Generic, TypeVar, cast

from fastapi import Depends, Request

from ecommerce.core.errors import PipelineError
from ecommerce.warehouse.client import Warehouse, connect

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 15.0
KEPT_SECONDS = 30.0
_MOST_KEPT = 256

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CachedResult(Generic[T]):
    """`value` is None where the query failed; `failed` then explains why, in a sentence."""

    value: T | None
    failed: str = ""


class WarehouseCache:
    """Queries in four threads of its own, so that a warehouse that hangs delays no other page.

    Args:
        connect: opens the warehouse.
        timeout: seconds that a page waits for a result.
    """

    def __init__(
        self,
        connect: Callable[[], Warehouse] = partial(connect, step="pages"),  # noqa: B008
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._connect, self._timeout = connect, timeout
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="report-pages")
        self._kept: dict[Hashable, tuple[float, Future[Any]]] = {}
        self._lock = Lock()

    def get(self, key: Hashable, query: Callable[[Warehouse], T]) -> CachedResult[T]:
        """Return the result of `query`, or the one kept under `key`."""
        future = self._future(key, query)
        try:
            return CachedResult(future.result(self._timeout))
        except TimeoutError:
            return CachedResult(None, f"The warehouse timed out after {self._timeout:g} seconds.")
        except PipelineError as error:
            log.warning("a page's query of the warehouse failed: %s", error)
            return CachedResult(None, f"The warehouse is unavailable: {str(error).rstrip('.')}.")
        except Exception:
            log.exception("a page's query of the warehouse failed")
            return CachedResult(None, "The warehouse is unavailable: see the API server's log.")

    def _future(self, key: Hashable, query: Callable[[Warehouse], T]) -> Future[T]:
        with self._lock:
            begun, future = self._kept.get(key, (0.0, None))
            if future is None or (future.done() and monotonic() - begun > KEPT_SECONDS):
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                future = self._threads.submit(lambda: query(self._connect()))
                self._kept[key] = (monotonic(), future)
            return cast("Future[T]", future)


def warehouse_cache(request: Request) -> WarehouseCache:
    """Return the application's cache; a dependency."""
    return cast(WarehouseCache, request.app.state.warehouse_cache)


WarehouseCacheDep = Annotated[WarehouseCache, Depends(warehouse_cache)]
