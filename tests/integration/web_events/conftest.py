from contextlib import ExitStack

import pytest

from demo.services.web_events import EventCollector
from tests.integration.web_events.reading import connect


@pytest.fixture
def root(tmp_path):
    """The folder of a collector."""
    return tmp_path / "received"


@pytest.fixture
def serve(root, monkeypatch, no_pauses):
    """Start a collector over `root` (arguments as `EventCollector`), which the connection then leads to."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    with ExitStack() as running:

        def start(**arguments):
            collector = running.enter_context(EventCollector(root, **arguments))
            connect(
                monkeypatch,
                collector.url,
                password=arguments.get("token"),
            )
            return collector

        yield start
