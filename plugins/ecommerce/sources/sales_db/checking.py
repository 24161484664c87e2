"""Is the sales database there, and do the queries of include/sql/extract/sales_db fit it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.errors import ContractError, CredentialsError
from ecommerce.core.findings import FAIL, HINT, OK, Lines
from ecommerce.core.include import read_sql
from ecommerce.core.reads import ReadWindow
from ecommerce.core.settings import shop_timezone
from ecommerce.sources.postgres import Query, snapshot
from ecommerce.sources.sales_db.reading import COLUMNS, CONNECTION, sales_query


def check() -> Lines:
    """Every query is planned by the database as the user has written it; none is run."""
    now = datetime.now(UTC)
    day = newest_closed_day(now, shop_timezone())
    window = ReadWindow(CONNECTION, day, day.start, None, "")
    with snapshot(CONNECTION) as (session, _, _):
        server = session.row(Query("inspect.sql", read_sql("extract/sales_db/inspect.sql"), {}))
    misfits = list(_misfits(window))
    if not misfits:
        yield OK, f"PostgreSQL {server['server_version']}; all queries of include/sql/extract/sales_db fit it"
    for misfit in misfits:
        yield FAIL, misfit
    if server["missing_indexes"]:
        yield HINT, f"extracts would be faster with {server['missing_indexes']}"
    if server["writable_tables"]:
        yield (
            HINT,
            (
                f"reading is enough, but the role may change {server['writable_tables']}: "
                "deploy/postgres_reader.sql makes one that only reads"
            ),
        )


def _misfits(window: ReadWindow) -> Iterator[str]:
    for name in (*COLUMNS, "control_totals"):
        try:
            with snapshot(CONNECTION) as (session, _, _):
                types = session.columns(sales_query(name, window, skus=[]))
        except (ContractError, CredentialsError) as error:
            yield str(error)
            continue
        for column in COLUMNS.get(name, "").split():
            wanted = "TIMESTAMPTZ" if column.endswith("_at") else "BOOLEAN" if column == "is_test" else None
            if column not in types:
                yield f"sales_db: {name}.sql gives no column {column}"
            elif wanted and types[column] != wanted:
                found = types[column].lower()
                yield f"sales_db: {name}.sql gives {column} as {found}, it must be {wanted.lower()}"
