"""Partners' files as the extract reads them."""

import io
from datetime import UTC, datetime

import pytest

from ecommerce.core.paths import read_sql
from ecommerce.sources.csv_records import UNBOUNDED
from ecommerce.sources.delivered_files import read_csv
from ecommerce.sources.partner_layouts import STANDARD
from ecommerce.storage.duckdb import connect_duckdb, define_values

FACTS = {
    "file": "acme.csv",
    "partner": "acme",
    "received_at": datetime(2026, 11, 20, tzinfo=UTC),
}


@pytest.fixture(scope="session")
def duck():
    """A database with the macros of values.sql, which take as long to make as most files to read."""
    with pytest.MonkeyPatch.context() as patch, connect_duckdb() as connection:
        patch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
        define_values(connection)
        yield connection


@pytest.fixture
def read_file(duck, tmp_path):
    """Read a file's bytes: its lines, rejected rows, and warnings."""

    def read(content, layout=STANDARD, bounds=UNBOUNDED):
        target = tmp_path / "lines.parquet"
        duck.begin()
        try:
            duck.execute(read_sql("extract/create_rejects.sql"))
            stream = io.BytesIO(content)
            warnings = read_csv(duck, stream, target, FACTS, layout, bounds=bounds)
            lines = duck.from_parquet(str(target)).to_arrow_table().to_pylist()
            rejects = duck.sql("SELECT row_number, reason FROM rejects ORDER BY ALL")
            return lines, rejects.fetchall(), warnings
        finally:
            duck.rollback()

    return read
