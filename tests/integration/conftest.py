"""What the tests of whole days share."""

import os
from collections import defaultdict
from contextlib import ExitStack, contextmanager

import pytest

from demo.environment import TIMEZONE
from ecommerce.cli import metadata_database
from ecommerce.cli.environment import DATABASE
from ecommerce.sources import http
from ecommerce.warehouse import schema
from tests.integration.airflow_process import copy, migrate
from tests.integration.company import company
from tests.integration.live_airflow import MIGRATED
from tests.integration.made_up_sales import open_shop
from tests.integration.mailbox import open_mailbox
from tests.integration.sales_database import SCHEMA, SalesDatabase
from tests.integration.warehouse_contents import connect, empty, new_dataset
from tests.psql import psql
from tests.settings import lower

FULL_MATRIX = os.environ.get("KILL_MATRIX") == "full"
"""Whether the tests that choose some cases of many run them all, as for a nightly run (README.md)."""


@pytest.fixture(scope="session")
def lend_dataset(bigquery_emulator):
    """Lend a dataset whose tables are empty, or not made yet; the same few serve all tests of this process.

    To empty tables takes a tenth of the time that it takes to make them. Who changes a table's columns, or
    needs other views than the usual ones, takes a `kind` of its own.
    """
    client = connect(bigquery_emulator)
    returned = defaultdict(list)

    @contextmanager
    def lend(kind="shop"):
        if returned[kind]:
            name = returned[kind].pop()
            empty(client, name)
            schema._open_prepared.cache_clear()
        else:
            name = new_dataset()
        try:
            yield name
        finally:
            returned[kind].append(name)

    return lend


@pytest.fixture
def start_company(
    tmp_path,
    postgres_server,
    bigquery_emulator,
    lend_dataset,
):
    """Start a company (arguments as `company`); this process then is the pipeline's environment.

    Its dataset is lent, unless `own_dataset` asks for one that does not exist yet, or it has another timezone
    or reporting currency than the others.
    """
    with _starter(tmp_path, postgres_server, bigquery_emulator, lend_dataset) as start:
        yield start


@pytest.fixture(scope="module")
def start_shared_company(
    tmp_path_factory,
    postgres_server,
    bigquery_emulator,
    lend_dataset,
):
    """As `start_company`, for a company that all tests of a module look at."""
    folder = tmp_path_factory.mktemp("shared")
    with _starter(folder, postgres_server, bigquery_emulator, lend_dataset) as start:
        yield start


@contextmanager
def _starter(
    folder,
    server,
    emulator,
    lend_dataset,
):
    with ExitStack() as running, pytest.MonkeyPatch.context() as environment:

        def start(name="company", *, own_dataset=False, **arguments):
            # A view names both, and is not made anew in a dataset that is lent again.
            timezone = arguments.get("timezone", TIMEZONE)
            currency = arguments.get("currency", "USD")
            is_usual = (timezone, currency) == (TIMEZONE, "USD")
            if is_usual and not own_dataset:
                arguments["dataset"] = running.enter_context(lend_dataset())
            started = running.enter_context(
                company(
                    folder / name,
                    server,
                    emulator,
                    **arguments,
                )
            )
            for variable, value in started.environment.items():
                environment.setenv(variable, value)
            return started

        yield start


@pytest.fixture
def shop(
    database,
    postgres_server,
    tmp_path,
    monkeypatch,
):
    """An empty sales database, which the connection `sales_db` leads to."""
    shop = SalesDatabase(postgres_server, database, tmp_path, monkeypatch)
    shop.run(SCHEMA.read_text())
    shop.connect_as()
    return shop


@pytest.fixture
def made_up_shop(
    bigquery_emulator,
    lend_dataset,
    tmp_path,
    monkeypatch,
):
    """A deployment with an empty warehouse, which this process is."""
    with lend_dataset() as dataset:
        yield open_shop(bigquery_emulator, tmp_path, monkeypatch, dataset)


@pytest.fixture
def no_pauses(monkeypatch):
    """Failed requests are repeated at once."""
    lower(monkeypatch, http, FIRST_PAUSE=0.0)


@pytest.fixture(scope="session")
def migrated_airflow(tmp_path_factory):
    """An Airflow home with an empty metadata database, to be copied."""
    return migrate(tmp_path_factory.mktemp("airflow") / "home")


@pytest.fixture(scope="session")
def metadata_server(postgres_server, tmp_path_factory):
    """The tests' PostgreSQL with a migrated metadata database, which a live Airflow copies."""
    psql(postgres_server, f"CREATE DATABASE {MIGRATED}")
    url = metadata_database.url(postgres_server, MIGRATED)
    migrate(tmp_path_factory.mktemp("metadata") / "home", {DATABASE: url})
    return postgres_server


@pytest.fixture
def start_airflow(tmp_path, migrated_airflow):
    """A fresh Airflow whose DAGs run in the given environment."""
    return lambda environment: copy(
        migrated_airflow,
        tmp_path / "airflow",
        environment,
    )


@pytest.fixture
def mailbox(tmp_path):
    """A running mail server."""
    with open_mailbox(tmp_path / "mailbox") as box:
        yield box
