from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from demo.services.web_events import EventCollector
from tests.integration.web_events.reading import Serve, connect


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a collector."""
    return tmp_path / "received"


@pytest.fixture
def serve(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Start a collector over `root` (arguments as `EventCollector`), which the connection then leads to."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setattr("ecommerce.sources.http.FIRST_PAUSE", 0)
    with ExitStack() as running:

        def start(**arguments: Any) -> EventCollector:
            collector = running.enter_context(EventCollector(root, **arguments))
            connect(monkeypatch, collector.url, password=arguments.get("token"))
            return collector

        yield start
