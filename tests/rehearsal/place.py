"""Where a rehearsal takes place: a Google project, or the emulator."""

import json
import os
import signal
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field

from dotenv import dotenv_values
from google.api_core.exceptions import NotFound

from demo.layout import REPOSITORY
from demo.services.emulator import CONNECTION
from ecommerce.cli.environment import SETTINGS
from ecommerce.core.connections import find_connection
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_WAREHOUSE
from ecommerce.storage import staging
from ecommerce.warehouse.client import connect
from tests.integration.warehouse.conftest import Shop
from tests.integration.warehouse_contents import deployment
from tests.rehearsal.runner import MOST_BYTES_OF_A_JOB
from tests.settings import environment

VARIABLE = "AIRFLOW_CONN_BIGQUERY"
FOREIGN = ("AIRFLOW_CONN_", "AIRFLOW_VAR_", "BIGQUERY_EMULATOR_HOST")
SHOP = {
    "MAXIMUM_BYTES_BILLED": str(MOST_BYTES_OF_A_JOB),
    # Some loads are of days long ago.
    "EVENTS_RETENTION_DAYS": "36500",
    "ORDER_ATTRIBUTES": "sales_channel,group",
    "REPORT_ATTRIBUTE": "sales_channel",
}
"""The settings of the shop, apart from its places."""


@dataclass
class Place:
    """A project, and the names of what a rehearsal makes there.

    Attributes:
        environment: the variables of the connection `bigquery`.
        bucket: the bucket for staged files; empty for none.
        is_real: whether transactions overlap as on BigQuery.
    """

    environment: dict[str, str]
    bucket: str = ""
    is_real: bool = True
    dataset: str = field(default_factory=lambda: f"rehearsal_{uuid.uuid4().hex[:10]}")

    @property
    def datasets(self):
        """The names of both datasets."""
        return [self.dataset, f"{self.dataset}_staging"]

    @property
    def bucket_uri(self):
        """The folder of this rehearsal in the bucket."""
        return f"gs://{self.bucket}/{self.dataset}"

    def client(self):
        """Return a client, with this process's connection `bigquery`."""
        return connect(step="rehearsal").client

    @contextmanager
    def owned(self):
        """Own both datasets meanwhile, and delete them with all tables and the files in the bucket.

        Raises:
            ConfigurationError: one exists. It is not touched.
        """
        existing = self.existing()
        if existing:
            raise ConfigurationError(
                f"the dataset {existing[0]} exists: a rehearsal uses only datasets that it makes itself"
            )
        try:
            yield
        finally:
            with undisturbed():
                self.delete()

    def existing(self):
        """Return those of the datasets that exist."""
        client = self.client()
        names = []
        for name in self.datasets:
            try:
                client.get_dataset(name)
            except NotFound:
                continue
            names.append(name)
        return names

    def delete(self):
        """Delete the datasets and the files in the bucket."""
        client = self.client()
        for name in self.datasets:
            client.delete_dataset(name, delete_contents=True, not_found_ok=True)
        if self.bucket:
            folder = staging.storage_path(self.bucket_uri)
            if folder.exists():
                staging.remove_folder(folder)

    def left(self):
        """Return what is left in the project and the bucket."""
        left = self.existing()
        if self.bucket and staging.storage_path(self.bucket_uri).exists():
            left.append(self.bucket_uri)
        return left


@contextmanager
def undisturbed():
    """Ignore Ctrl-C and other requests to end meanwhile."""
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        before[number] = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def open_shop(place, emulator, home):
    """Open the shop whose warehouse is at a place. Meanwhile this process has the connections, Variables and
    settings of its deployment alone."""
    own = deployment(emulator, home, place.dataset) | place.environment | SHOP
    if place.is_real:
        del own["BIGQUERY_EMULATOR_HOST"]
    with environment({}):
        for name in list(os.environ):
            if name in SETTINGS or name.startswith(FOREIGN):
                del os.environ[name]
        os.environ.update(own)
        yield Shop(connect(step="rehearsal"), home)


def of_emulator(emulator):
    """Return the place of an emulator."""
    environment = {
        VARIABLE: json.dumps(CONNECTION),
        "BIGQUERY_EMULATOR_HOST": emulator.host,
    }
    return Place(environment, is_real=False)


def of_bigquery(project, location, bucket):
    """Return the place of a Google project. Its connection is the one of the environment or `.env` if that is
    of this project, else one with the application default credentials of Google's client."""
    own = os.environ.get(VARIABLE) or dotenv_values(REPOSITORY / ".env").get(VARIABLE)
    connection = {"conn_type": "google_cloud_platform", "extra": {"project": project}}
    value = json.dumps(connection)
    if own and _project_of(own) == project:
        value = own
    environment = {VARIABLE: value, "BIGQUERY_LOCATION": location}
    return Place(environment, bucket.removeprefix("gs://").strip("/"))


def _project_of(value):
    with environment({VARIABLE: value}):
        extra = find_connection(CONNECTION_WAREHOUSE).extra_dejson
    return extra.get("project") or extra.get("extra__google_cloud_platform__project")
