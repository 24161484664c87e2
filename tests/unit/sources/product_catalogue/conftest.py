"""Web servers for pictures."""

from collections.abc import Iterator

import pytest

from tests.website import Website, website


@pytest.fixture
def site() -> Iterator[Website]:
    """A web server on this machine."""
    with website() as running:
        yield running
