"""A storefront to read from, and the window of a run."""

from contextlib import ExitStack
from datetime import timedelta

import pytest

from demo.services.storefront import Storefront
from ecommerce.sales.read_windows import window_of_day
from ecommerce.sources import STOREFRONT
from ecommerce.storage.staging import DagRun
from tests.integration.storefront.reading import FALL_BACK, connect
from tests.memory import Remembered


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a key for tests of the storefront")
    monkeypatch.setenv("REFUND_LOOKBACK_DAYS", "14")


@pytest.fixture
def serve(monkeypatch):
    """Serve a store and let the connection `storefront_api` lead to it."""
    with ExitStack() as running:

        def start(
            store,
            mode="11",
            extra=None,
            **options,
        ):
            shop = running.enter_context(Storefront(store, mode, **options))
            connect(
                monkeypatch,
                shop.url,
                extra=extra,
            )
            return shop

        yield start


@pytest.fixture
def window(tmp_path, monkeypatch):
    """The window of a run at 06:00 of the next day, or (`later`) of a run for a day long gone."""

    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}/staging")
    nothing_known = Remembered()

    def of(day=FALL_BACK, later=False, earlier_reads=nothing_known):
        now = day.end + (timedelta(days=30) if later else timedelta(hours=6))
        return window_of_day(
            STOREFRONT.source(), day, DagRun("daily", "run"), earlier_reads, now
        )

    return of


@pytest.fixture
def read(window):
    """Read the storefront; arguments as of `window`."""
    return lambda *days, **options: STOREFRONT.source().extract(
        window(*days, **options)
    )
