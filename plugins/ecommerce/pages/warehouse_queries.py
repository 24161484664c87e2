"""Queries of the warehouse for pages, answered within seconds."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ecommerce.core.errors import PipelineError
from ecommerce.warehouse.client import Warehouse, connect

log = logging.getLogger(__name__)

T = TypeVar("T")

connect_pages = partial(connect, step="pages")
"""Opens the warehouse; its jobs are labelled as those of pages."""


@dataclass
class WarehouseQueries:
    """Queries in four threads of its own, so that a warehouse that hangs delays no other page. `timeout` is
    in seconds."""

    connect: Callable[[], Warehouse] = connect_pages
    timeout: float = 15.0

    def __post_init__(self) -> None:
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="report-pages")

    def run(self, query: Callable[[Warehouse], T]) -> tuple[T | None, str]:
        """Return the result of `query`, or None and why it failed, in a sentence."""
        future = self._threads.submit(lambda: query(self.connect()))
        try:
            return future.result(self.timeout), ""
        except TimeoutError:
            future.cancel()
            problem = f"timed out after {self.timeout:g} seconds"
        except PipelineError as error:
            log.warning("a page's query of the warehouse failed: %s", error)
            problem = f"is unavailable: {str(error).rstrip('.')}"
        except Exception:
            log.exception("a page's query of the warehouse failed")
            problem = "is unavailable: see the API server's log"
        return None, f"The warehouse {problem}."
