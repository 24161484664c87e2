"""A company for one test: its real systems, filled from the ledger, and an empty warehouse of its own."""

import json
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import psycopg
from google.cloud import bigquery

from demo import environment as demo_environment
from demo.layout import Folders, Ports
from demo.ledger import STOREFRONT, Snapshot
from demo.seeders import exchange_rates, partner_files, sales_db, shopify, storefront
from demo.services import exchange_rates as exchange_rate_server
from demo.services.ports import free_port
from demo.services.shopify import Shopify
from demo.services.storefront.server import Storefront
from demo.services.web_events import EventCollector
from tests.integration.warehouse_contents import (
    connect,
    differences,
    new_dataset,
    read_table,
    read_warehouse,
)
from tests.oracle import Oracle

# The pipeline asks the database what time it is; tests tell what the database answers.
CLOCK = """
CREATE SCHEMA clock;
CREATE TABLE clock.reading AS SELECT pg_catalog.now() AS at;
CREATE FUNCTION clock.now() RETURNS timestamptz STABLE LANGUAGE sql AS 'SELECT at FROM clock.reading';
GRANT USAGE ON SCHEMA clock TO {reader};
GRANT SELECT ON clock.reading TO {reader};
ALTER ROLE {reader} IN DATABASE {database} SET search_path = clock, pg_catalog, public;
"""
HASH_KEY = "a hash key that only tests use"


@dataclass
class Company:
    """What a test touches of one company.

    Attributes:
        storefront: the server itself, to make it fail.
        shopify, web_events: likewise.
        environment: what a process of the pipeline needs to run against this company.
        mode: which WooCommerce it is, a key of `demo.services.storefront.versions.VERSIONS`.
    """

    folders: Folders
    dsn: str
    storefront: Storefront
    shopify: Shopify
    web_events: EventCollector
    mode: str
    timezone: str
    currency: str
    environment: dict[str, str]
    client: bigquery.Client
    shown: Snapshot | None = field(default=None)

    @property
    def dataset(self):
        """Name of the warehouse's dataset."""
        return self.environment["BIGQUERY_DATASET"]

    def show(self, snapshot):
        """Let every system show `snapshot`, and the database's clock their instant."""
        self.shown = snapshot
        with psycopg.connect(self.dsn) as database:
            database.execute("UPDATE clock.reading SET at = %s", [snapshot.at])
        sales_db.fill(self.dsn, snapshot)
        storefront.fill(self.folders.storefront, snapshot)
        shopify.fill(self.folders.shopify, snapshot)
        partner_files.fill(self.folders.partner_drop, snapshot)
        exchange_rates.fill(self.folders.rates, snapshot)

    def oracle(self, snapshot=None, **settings):
        """What the warehouse must hold once everything that `snapshot` show was read."""
        snapshot = snapshot or self.shown
        assert snapshot
        if (
            self.mode != "66"
        ):  # newer servers do not list unfinished checkouts among `any`
            orders = [
                o
                for o in snapshot.orders
                if (o.channel, o.status) != (STOREFRONT, "checkout-draft")
            ]
            snapshot = replace(snapshot, orders=tuple(orders))
        return Oracle(
            snapshot,
            timezone=self.timezone,
            reporting_currency=self.currency,
            hash_key=HASH_KEY,
            **settings,
        )

    def warehouse(self):
        """The tables every run must lead to alike."""
        return read_warehouse(self.client, self.dataset)

    def rows(self, table):
        """All rows of a table or view."""
        return read_table(
            self.client,
            self.dataset,
            table,
        )

    def differences(self, expected):
        """How the warehouse differs from what it should hold; empty when it does not."""
        tables = expected.tables() if isinstance(expected, Oracle) else expected
        return differences(tables, self.warehouse())


@contextmanager
def company(
    home,
    server,
    emulator,
    *,
    mode="11",
    timezone=demo_environment.TIMEZONE,
    currency="USD",
    dataset=None,
    client=None,
):
    """Start a company; all its systems are empty, and there is no `dataset` unless an empty one is given.
    `client` reads the warehouse; without an emulator it must be given."""
    name = f"company_{uuid.uuid4().hex[:10]}"
    folders = Folders(home)
    for folder in (
        folders.storefront.parent,
        folders.shopify.parent,
        folders.partner_drop,
        folders.rates,
        folders.web_events,
    ):
        folder.mkdir(parents=True)
    folders.storefront.touch()
    folders.shopify.touch()
    sales_db.prepare(server.dsn(name))
    server.psql(
        CLOCK.format(
            database=name,
            reader=sales_db.READER,
        ),
        name,
    )
    try:
        with (
            exchange_rate_server.server(folders.rates, 0) as bank,
            Storefront(data=folders.storefront, mode=mode, timezone=timezone) as shop,
            Shopify(data=folders.shopify, timezone=timezone) as pop_up,
            EventCollector(folders.web_events) as collector,
        ):
            ports = Ports(
                sales_db=server.port,
                storefront=urlsplit(shop.url).port or 0,
                shopify=pop_up.port,
                exchange_rates=bank.port,
                web_events=urlsplit(collector.url).port or 0,
                bigquery=emulator.port if emulator else free_port(),
                smtp=free_port(),  # nobody listens: a mail that should not be sent fails
            )
            yield Company(
                folders,
                server.dsn(name),
                shop,
                pop_up,
                collector,
                mode,
                timezone,
                currency,
                _environment(name, ports, folders, timezone)
                | {
                    "REPORTING_CURRENCY": currency,
                    "BIGQUERY_DATASET": dataset or new_dataset(),
                },
                client or connect(emulator),
            )
    finally:
        server.psql(f"DROP DATABASE {name} WITH (FORCE)")


def _environment(
    name,
    ports,
    folders,
    timezone,
):
    environment = demo_environment.environment(
        ports,
        folders,
        timezone=timezone,
    )
    database = json.loads(environment["AIRFLOW_CONN_SALES_DB"]) | {"schema": name}
    return environment | {
        "AIRFLOW_CONN_SALES_DB": json.dumps(database),
        "AIRFLOW_VAR_REPORT_RECIPIENTS": "",
        "AIRFLOW_VAR_ALERT_RECIPIENTS": "",
        "CUSTOMER_HASH_KEY": HASH_KEY,
    }
