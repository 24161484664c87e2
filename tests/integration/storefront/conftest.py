"""A storefront to read from, and the window of a run."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.services.storefront import Storefront, WooStore
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.read_window import ReadWindow
from ecommerce.sales.read_windows import window_of_day
from tests.integration.storefront.reading import FALL_BACK, connect
from tests.memory import Remembered


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a key for tests of the storefront")
    monkeypatch.setenv("REFUND_LOOKBACK_DAYS", "14")


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Storefront]]:
    """Serve a store and let the connection `storefront_api` lead to it."""
    with ExitStack() as running:

        def start(
            store: WooStore,
            mode: str = "11",
            extra: dict[str, Any] | None = None,
            **options: Any,
        ) -> Storefront:
            shop = running.enter_context(Storefront(store, mode, **options))
            connect(monkeypatch, shop.url, extra=extra)
            return shop

        yield start


@pytest.fixture
def window(tmp_path: Path) -> Callable[..., ReadWindow]:
    """The window of a run at 06:00 of the next day, or (`later`) of a run for a day long gone."""

    def of(
        day: BusinessDay = FALL_BACK,
        later: bool = False,
        memory: Remembered = Remembered(),  # noqa: B008
    ) -> ReadWindow:
        now = day.end + (timedelta(days=30) if later else timedelta(hours=6))
        return window_of_day(
            "storefront", day, f"file://{tmp_path}/staging/storefront", memory, now
        )

    return of
