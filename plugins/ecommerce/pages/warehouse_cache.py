"""Questions to the warehouse on behalf of somebody who waits for a page: answered soon, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Annotated, Any, Generic, TypeVar, cast

from fastapi import Depends, Request

from ecommerce.core.errors import PipelineError
from ecommerce.warehouse.client import Warehouse, connect

log = logging.getLogger(__name__)

PATIENCE = 15.0
"""Seconds that a page waits for the warehouse."""
KEPT = 30.0
"""Seconds for which an answer is given again: who looks at several pages asks once, and pays once."""
_MOST_KEPT = 256

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """`value` is None where the warehouse could not be asked; `failed` says why, in a sentence."""

    value: T | None
    failed: str = ""


def _connect() -> Warehouse:
    return connect(step="pages")


class Asking:
    """Asks in threads of its own, four at a time, so that a warehouse that hangs holds no other page up."""

    def __init__(
        self,
        opened: Callable[[], Warehouse] = _connect,
        patience: float = PATIENCE,
    ) -> None:
        self._opened, self._patience = opened, patience
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="report-pages")
        self._asked: dict[Hashable, tuple[float, Future[Any]]] = {}
        self._lock = Lock()

    def __call__(self, key: Hashable, question: Callable[[Warehouse], T]) -> Answer[T]:
        """The answer to `question`, or that of half a minute ago to the one with the same `key`."""
        future = self._future(key, question)
        try:
            return Answer(future.result(self._patience))
        except TimeoutError:
            return Answer(None, f"The warehouse has not answered within {self._patience:g} seconds.")
        except PipelineError as error:
            log.warning("the warehouse could not be asked for a page: %s", error)
            return Answer(None, f"The warehouse could not be asked: {str(error).rstrip('.')}.")
        except Exception:
            log.exception("the warehouse could not be asked for a page")
            return Answer(None, "The warehouse could not be asked: the API server's log says why.")

    def _future(self, key: Hashable, question: Callable[[Warehouse], T]) -> Future[T]:
        with self._lock:
            asked_at, future = self._asked.get(key, (0.0, None))
            if future is None or (future.done() and monotonic() - asked_at > KEPT):
                if len(self._asked) >= _MOST_KEPT:
                    self._asked.clear()
                future = self._threads.submit(lambda: question(self._opened()))
                self._asked[key] = (monotonic(), future)
            return cast("Future[T]", future)


def asking(request: Request) -> Asking:
    """The dependency of pages that ask the warehouse."""
    return cast(Asking, request.app.state.asking)


AskingDep = Annotated[Asking, Depends(asking)]
