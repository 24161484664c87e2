"""A company for one test: its real systems, filled from the ledger, and an empty warehouse of its own."""

import json
import uuid
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import psycopg
from google.cloud import bigquery

from demo import environment as demo_environment
from demo.layout import Folders, Ports
from demo.ledger import SALES_DB, SHOPIFY, STOREFRONT, Snapshot
from demo.seeders import exchange_rates, partner_files, sales_db, shopify, storefront
from demo.services import exchange_rates as exchange_rate_server
from demo.services.ports import free_port
from demo.services.shop_server import ShopServer
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
from tests.oracle import ALL_SOURCES, Oracle
from tests.psql import psql

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
CONNECTIONS = {
    SALES_DB: "AIRFLOW_CONN_SALES_DB",
    STOREFRONT: "AIRFLOW_CONN_STOREFRONT_API",
    SHOPIFY: "AIRFLOW_CONN_SHOPIFY_API",
}
"""The variables of the connections of each channel's own source."""
OTHER_MODE = "66"
"""Which WooCommerce the other shops are."""


@dataclass
class OtherShop:
    """Another shop of the company, which the setting SHOPS names.

    Attributes:
        place: its data file, or the address of its database.
        fill: lets it show a snapshot.
        connection: the values that differ from the connection of the channel's own source.
        server: of WooCommerce or Shopify, to make it fail.
    """

    place: object
    fill: Callable
    connection: dict[str, str]
    server: ShopServer | None = None


@dataclass
class Company:
    """What a test touches of one company.

    Attributes:
        storefront: the server itself, to make it fail.
        shopify, web_events: likewise.
        environment: what a process of the pipeline needs to run against this company.
        mode: which WooCommerce it is, a key of `demo.services.storefront.versions.VERSIONS`.
        other_shops: those of the setting SHOPS, by source.
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
    other_shops: dict[str, OtherShop]
    shown: Snapshot | None = field(default=None)

    @property
    def dataset(self):
        """Name of the warehouse's dataset."""
        return self.environment["BIGQUERY_DATASET"]

    def show(self, snapshot, of_shops=None):
        """Let every system show `snapshot`, the other shops those `of_shops`, by source, and the clocks of
        the databases their instant."""
        of_shops = of_shops or {}
        self.shown = snapshot.with_shops(of_shops.values())
        for source, of_shop in of_shops.items():
            shop = self.other_shops[source]
            shop.fill(shop.place, of_shop)
        _fill_database(self.dsn, snapshot)
        storefront.fill(self.folders.storefront, snapshot)
        shopify.fill(self.folders.shopify, snapshot)
        partner_files.fill(self.folders.partner_drop, snapshot)
        exchange_rates.fill(self.folders.rates, snapshot)

    def oracle(self, snapshot=None, **settings):
        """What the warehouse must hold once everything that `snapshot` show was read."""
        snapshot = snapshot or self.shown
        assert snapshot
        orders = [order for order in snapshot.orders if not self._is_unlisted(order)]
        return Oracle(
            replace(snapshot, orders=tuple(orders)),
            sources=[*ALL_SOURCES, *self.other_shops],
            timezone=self.timezone,
            reporting_currency=self.currency,
            hash_key=HASH_KEY,
            **settings,
        )

    def _is_unlisted(self, order):
        """Newer servers do not list unfinished checkouts among `any`."""
        mode = OTHER_MODE if order.shop else self.mode
        is_draft = (order.channel, order.status) == (STOREFRONT, "checkout-draft")
        return is_draft and mode != "66"

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

    def assert_oracle(self, snapshot=None, **settings):
        """Compare the warehouse with the oracle; arguments as of `oracle`."""
        found = self.differences(self.oracle(snapshot, **settings))
        assert found == "", found


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
    shops=None,
):
    """Start a company; all its systems are empty, and there is no `dataset` unless an empty one is given.
    `client` reads the warehouse; without an emulator it must be given. `shops` is the setting SHOPS: the
    names of its other shops by channel."""
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
    shops = shops or {}
    with (
        _database(server, name) as dsn,
        exchange_rate_server.server(folders.rates, 0) as bank,
        Storefront(
            data=folders.storefront,
            mode=mode,
            timezone=timezone,
        ) as shop,
        Shopify(data=folders.shopify, timezone=timezone) as pop_up,
        EventCollector(folders.web_events) as collector,
        _other_shops(shops, name, folders, server, timezone) as others,
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
        environment = _environment(name, ports, folders, timezone) | {
            "REPORTING_CURRENCY": currency,
            "BIGQUERY_DATASET": dataset or new_dataset(),
            "SHOPS": json.dumps(shops),
        }
        for channel, names in shops.items():
            own = CONNECTIONS[channel]
            for shop_name in names:
                values = others[f"{channel}_{shop_name}"].connection
                connection = json.loads(environment[own]) | values
                environment[f"{own}_{shop_name.upper()}"] = json.dumps(connection)
        yield Company(
            folders,
            dsn,
            shop,
            pop_up,
            collector,
            mode,
            timezone,
            currency,
            environment,
            client or connect(emulator),
            others,
        )


@contextmanager
def _database(server, name):
    """A sales database; its address."""
    dsn = server.dsn(name)
    sales_db.prepare(dsn)
    psql(
        server,
        CLOCK.format(
            database=name,
            reader=sales_db.READER,
        ),
        name,
    )
    try:
        yield dsn
    finally:
        psql(server, f"DROP DATABASE {name} WITH (FORCE)")


def _fill_database(dsn, snapshot):
    with psycopg.connect(dsn) as database:
        database.execute("UPDATE clock.reading SET at = %s", [snapshot.at])
    sales_db.fill(dsn, snapshot)


@contextmanager
def _other_shops(
    shops,
    database,
    folders,
    server,
    timezone,
):
    """Start the systems of other shops; they, by source. `database` begins the names of their databases."""
    started = {}
    with ExitStack() as running:
        for channel, names in shops.items():
            for name in names:
                if channel == SALES_DB:
                    shop = _other_database(server, f"{database}_{name}")
                else:
                    data = folders.home / f"{channel}_{name}" / "store.jsonl"
                    shop = _other_server(channel, data, timezone)
                started[f"{channel}_{name}"] = running.enter_context(shop)
        yield started


@contextmanager
def _other_database(server, name):
    with _database(server, name) as dsn:
        yield OtherShop(dsn, _fill_database, {"schema": name})


@contextmanager
def _other_server(channel, data, timezone):
    if channel == STOREFRONT:
        fill = storefront.fill
        server = Storefront(data=data, mode=OTHER_MODE, timezone=timezone)
    else:
        fill = shopify.fill
        server = Shopify(data=data, timezone=timezone)
    with server:
        yield OtherShop(data, fill, {"host": server.url}, server)


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
