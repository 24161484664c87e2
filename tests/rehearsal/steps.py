"""What a rehearsal does, in order. Each step yields its checks."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from google.api_core.exceptions import GoogleAPIError

from demo.services.emulator import Emulator
from ecommerce.core.check_result import FAIL
from ecommerce.core.errors import ContractError
from ecommerce.core.names import DAG_DAILY
from ecommerce.sales import delivery_log, erasure
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse import (
    adhoc_query,
    check_access,
    rendering,
    staging_tables,
)
from ecommerce.warehouse.migrate import migrate
from ecommerce.warehouse.schema import ddl, listed_tables, missing, prepare
from tests import queries
from tests.integration.warehouse import small_shop, small_shop_runs
from tests.integration.warehouse.conftest import Shop
from tests.integration.warehouse.test_query import SAMPLES
from tests.integration.warehouse_contents import of_all_days
from tests.rehearsal.conflicts import killed_load, pairs_of_loads
from tests.rehearsal.oldest import COLUMNS, older_table
from tests.rehearsal.place import Place, of_emulator, open_shop
from tests.rehearsal.runner import Check, NotRun
from tests.settings import environment, lower

NOTHING = "nothing"
STARTED = datetime.now(UTC)
RANDOM = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|undo__\w+__[\d:T.+-]+"
)
"""A random id in a text, or the id of a run that undoes an export, which has its instant."""


@dataclass
class Rehearsal:
    """A shop at a place.

    Attributes:
        emulator: where the same runs have the right rows.
        home: the folder of its files.
        answers: what the emulator has answered, by run.
    """

    place: Place
    shop: Shop
    emulator: Emulator
    home: Path
    answers: dict = field(default_factory=dict)


def answers_of_the_emulator(rehearsal):
    """Record what the emulator answers in each of the `RUNS`; other tests compare it with the oracles."""
    place = of_emulator(rehearsal.emulator)
    home = rehearsal.home / "emulator"
    with open_shop(place, rehearsal.emulator, home) as shop, place.owned():
        prepare(shop.warehouse)
        for run in RUNS:
            _, answers = observe(run, shop)
            rehearsal.answers[run] = answers
    yield from ()


def new_warehouse(rehearsal):
    """A first run makes both datasets, all tables and all views; `make check` finds nothing."""
    warehouse = rehearsal.shop.warehouse
    prepare(warehouse)
    left = words(missing(listed_tables(warehouse)))
    yield Check("missing tables and views", NOTHING, left)
    failing = [text for state, text in check_access.check() if state == FAIL]
    yield Check("FAIL of make check", NOTHING, words(failing))
    try:
        rehearsal.shop.sql("SELECT sku FROM `sales.order_lines`", "all lines")
        refusal = "rows"
    except ContractError as error:
        refusal = "a refusal" if "filter" in str(error) else str(error)
    yield Check("a query of all days without a filter", "a refusal", refusal)


def documented_queries(shop):
    """Run every query of QUERIES, DEFINITIONS and README."""
    for sql in SAMPLES:
        statement = adhoc_query.single_select(sql)
        list(adhoc_query.run_query(statement, shop.warehouse).rows)


def all_rows(shop):
    """Read every table and view."""
    for name in (*rendering.tables(), *rendering.views()):
        shop.rows(name)


def removed_copies(shop):
    """Rows are stored twice, and `migrate` removes them."""
    small_shop_runs.copy_rows(shop)
    migrate(shop.warehouse)


def forgotten_customer(shop):
    """A customer is forgotten, and no load brings them back. (Orders of the small shop have plain hashes.)"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(erasure, "customer_hash", lambda identity, _: identity)
        small_shop_runs.forget(shop)


def older_schema(shop):
    """The tables become those of the oldest version; `migrate` updates them, and a day is loaded."""
    warehouse = shop.warehouse
    added = 0
    for table in rendering.tables():
        _make_older(warehouse, table)
        for column in rendering.columns(table):
            added += column.name not in COLUMNS.get(table, [column.name])
    migration = migrate(warehouse)
    done = [text for text in migration.done if ": column " in text]
    yield Check("columns that migrate adds", str(added), str(len(done)))
    yield Check("what migrate leaves to do", NOTHING, words(migration.left))
    again = migrate(warehouse)
    yield Check("what migrate does again", NOTHING, words(again.done + again.left))
    folders = small_shop.FOLDERS["again"]
    shop.load(*folders, day=small_shop.DAY, run_id="migrated")
    all_rows(shop)


def _make_older(warehouse, table):
    """Give a table the columns of the oldest version, with its rows. (A dropped column reserves its name.)"""
    dataset = warehouse.settings.bigquery_dataset
    name = f"`{dataset}.{table}`"
    kept = f"`{dataset}.{table}_kept`"
    older = COLUMNS.get(table)
    if older is None:
        warehouse.run(f"DROP TABLE {name}", f"drop {table}")
    elif older != [column.name for column in rendering.columns(table)]:
        columns = ", ".join(f"`{column}`" for column in older)
        statements = [
            f"CREATE TABLE {kept} AS SELECT * FROM {name} {of_all_days(table)}",
            f"DROP TABLE {name}",
            older_table(table, ddl(table, warehouse.settings)).rstrip("; \n"),
            f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {kept}",
            f"DROP TABLE {kept}",
        ]
        warehouse.run(";\n".join(statements), f"the older {table}")


RUNS = (
    small_shop.sell,
    small_shop_runs.browse,
    small_shop_runs.predict,
    small_shop_runs.refresh_catalogue,
    small_shop_runs.export,
    small_shop_runs.look_up,
    documented_queries,
    removed_copies,
    forgotten_customer,
    all_rows,
    older_schema,
)
"""What happens in a small shop, on the emulator and at the place; each may yield checks of its own."""


def observe(run, shop):
    """Do a run; return its checks, and the text and rows of each query."""
    answers = []

    def record(send, sql, **options):
        job = send(sql, **options)
        if not job.dry_run and "TRANSACTION" not in sql:
            # Whoever has sent it asks for the result, too, and handles the error.
            with suppress(GoogleAPIError):
                rows = [tuple(row.values()) for row in job.result()]
                answers.append((sql, Counter(map(comparable, rows))))
        return job

    with pytest.MonkeyPatch.context() as patch:
        queries.intercept(patch, record)
        return list(run(shop) or ()), answers


def comparable(value):
    """Return a value without what differs from run to run: the last digits of sums of FLOAT64, instants since
    the start, and random ids."""
    if isinstance(value, float):
        return f"{value:.11e}"
    if isinstance(value, datetime) and value.tzinfo and value > STARTED:
        return "now"
    if isinstance(value, str):
        return RANDOM.sub("random", value)
    if isinstance(value, dict):
        value = list(value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(comparable, value))
    return value


def as_on_the_emulator(run):
    """Return the step that does a run, and compares the rows of each query with the emulator's."""

    def step(rehearsal):
        checks, found = observe(run, rehearsal.shop)
        yield from checks
        expected = rehearsal.answers[run]
        text = summary(expected)
        got = "\n".join(differences(expected, found)) or summary(found)
        yield Check(run.__name__.replace("_", " "), text, got)

    step.__name__ = run.__name__
    return step


def summary(answers):
    """Return the numbers of queries and rows."""
    rows = sum(rows.total() for _, rows in answers)
    return f"{len(answers)} queries, {rows} rows"


def differences(expected, found):
    """Yield a line for each row that only one place has."""
    for (sql, wanted), (_, rows) in zip(expected, found, strict=False):
        query = " ".join(sql.split())[:100]
        for row in (wanted - rows).elements():
            yield f"missing: {row} of {query}"
        for row in (rows - wanted).elements():
            yield f"too much: {row} of {query}"


def staging_in_a_bucket(rehearsal):
    """Forecasts are staged in the bucket, from which BigQuery loads them."""
    what = "forecasts through gs://"
    shop = rehearsal.shop
    if not rehearsal.place.bucket:
        yield NotRun(what, "the same rows", "no bucket")
        return
    before = shop.rows("sales_forecasts")
    shop.sql(f"DELETE FROM `sales.sales_forecasts` {of_all_days('sales_forecasts')}")
    staging = {"STAGING_URI": f"{rehearsal.place.bucket_uri}/staging"}
    with environment(staging), pytest.MonkeyPatch.context() as patch:
        # Else a small load is uploaded.
        lower(patch, staging_tables, SMALL_RECORDS=0)
        small_shop_runs.predict(shop)
    text = f"{len(before)} rows"
    left = shop.rows("sales_forecasts")
    yield Check(what, text, text if left == before else f"other rows: {left}")


def three_claims_at_once(rehearsal):
    """Of three runs that claim a day's mail at the same moment, one gets it."""
    claim = partial(
        delivery_log.claim, small_shop.DAY, "0a1b", "<report@example.com>", STARTED
    )
    with ThreadPoolExecutor(3) as pool:
        runs = [DagRun(DAG_DAILY, f"run-{number}") for number in range(3)]
        claims = [pool.submit(claim, run) for run in runs]
    refused = [claimed for claimed in claims if claimed.exception()]
    yield Check("mails of three claims at once", "1", str(len(claims) - len(refused)))


def words(texts):
    """Return texts as one."""
    return "; ".join(texts) or NOTHING


STEPS = (
    answers_of_the_emulator,
    new_warehouse,
    *map(as_on_the_emulator, RUNS),
    staging_in_a_bucket,
    three_claims_at_once,
    killed_load,
    pairs_of_loads,
)
