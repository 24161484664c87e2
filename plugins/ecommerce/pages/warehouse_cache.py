"""Queries of the warehouse for pages: answered within seconds and kept for half a minute."""

import logging
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar

from ecommerce.core.errors import PipelineError
from ecommerce.warehouse.client import Warehouse, connect

log = logging.getLogger(__name__)

T = TypeVar("T")


class CachedResult(NamedTuple, Generic[T]):
    """`value` is None where the query failed; `failed` then explains why, in a sentence."""

    value: T | None
    failed: str = ""


class WarehouseCache:
    """Queries in four threads of its own, so that a warehouse that hangs delays no other page. `connect`
    opens the warehouse; `timeout` is in seconds."""

    def __init__(
        self,
        connect: Callable[[], Warehouse] = partial(connect, step="pages"),  # noqa: B008 - it never changes
        timeout: float = 15.0,
    ) -> None:
        self._connect, self._timeout = connect, timeout
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="report-pages")
        self._kept: dict[Hashable, tuple[float, Future[Any]]] = {}
        self._lock = Lock()

    def get(self, key: Hashable, query: Callable[[Warehouse], T]) -> CachedResult[T]:
        """Return the result of `query`, or the one kept under `key`."""
        with self._lock:
            begun, future = self._kept.get(key, (0.0, None))
            if future is None or (future.done() and monotonic() - begun > 30):
                if len(self._kept) >= 256:
                    self._kept.clear()
                future = self._threads.submit(lambda: query(self._connect()))
                self._kept[key] = (monotonic(), future)
        try:
            return CachedResult(future.result(self._timeout))
        except TimeoutError:
            return CachedResult(
                None, f"The warehouse timed out after {self._timeout:g} seconds."
            )
        except PipelineError as error:
            log.warning("a page's query of the warehouse failed: %s", error)
            return CachedResult(
                None, f"The warehouse is unavailable: {str(error).rstrip('.')}."
            )
        except Exception:
            log.exception("a page's query of the warehouse failed")
            return CachedResult(
                None, "The warehouse is unavailable: see the API server's log."
            )
