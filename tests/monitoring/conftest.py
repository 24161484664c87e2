"""What the tests of this folder share."""

import pytest

from tests.monitoring.exporter import exporter, sending_to


@pytest.fixture(scope="module")
def server():
    """A running exporter."""
    with exporter() as started:
        yield started


@pytest.fixture
def sending(server):
    """This process sends its metrics to the exporter."""
    with sending_to(server):
        yield server
