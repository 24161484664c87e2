"""Web servers for pictures."""

import pytest

from tests.website import website


@pytest.fixture
def site():
    """A web server on this machine."""
    with website() as running:
        yield running
