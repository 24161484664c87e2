"""Web servers for pictures, and staged folders."""

from datetime import UTC, date, datetime

import pytest

from ecommerce.storage import staging
from tests.website import website

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def site():
    """A web server on this machine."""
    with website() as running:
        yield running


@pytest.fixture
def publish(tmp_path):
    """Publish a staged folder of files, by name, and return its manifest."""

    def publish_files(files):
        uri = f"file://{tmp_path}/staged"
        with staging.publish(uri) as draft:
            for name, content in files.items():
                (draft.path / name).write_bytes(content)
            draft.seal(
                source="product_catalogue",
                business_date=date(2026, 11, 20),
                rows=len(files),
                columns={name: [] for name in files},
                read_at=NOW,
                window_start=NOW,
                window_end=NOW,
            )
        return staging.read_manifest(uri)

    return publish_files
