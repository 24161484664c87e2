"""What the tests of this folder share."""

from collections.abc import Iterator

import pytest

from tests.monitoring.exporter import Exporter, exporter, sending_to


@pytest.fixture(scope="module")
def server() -> Iterator[Exporter]:
    """A running exporter."""
    with exporter() as started:
        yield started


@pytest.fixture
def sending(server: Exporter) -> Iterator[Exporter]:
    """This process sends its metrics to the exporter."""
    with sending_to(server):
        yield server
