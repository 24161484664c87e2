"""The DAG product_catalogue_refresh as Airflow runs it, against the demo's catalogue, with its mail."""

import base64
import uuid
from datetime import UTC, date, datetime

import pytest

from demo.ledger import Ledger
from demo.seeders import catalogue as seeder
from demo.seeders.catalogue import BROKEN
from demo.services.catalogue import catalogue_app
from demo.services.flask_service import FlaskService
from tests.integration.catalogue_run import catalogue, stored
from tests.integration.mailbox import REPORTED_TO
from tests.integration.warehouse_contents import connect, deployment
from tests.website import drawn

DAG = "product_catalogue_refresh"
SNAPSHOT = Ledger(
    date(2026, 11, 1),
    1,
    orders_per_day=1,
).as_of(datetime(2026, 11, 2, tzinfo=UTC))


@pytest.fixture
def environment(bigquery_emulator, mailbox, tmp_path):
    """What the DAG needs beside the connection to a catalogue."""
    dataset = f"catalogue_{uuid.uuid4().hex[:10]}"
    settings = deployment(bigquery_emulator, tmp_path, dataset)
    return settings | mailbox.environment() | {"PICTURE_NETWORKS": "127.0.0.0/8"}


@pytest.fixture
def demo_catalogue(tmp_path):
    """The demo company's catalogue; its address."""
    seeder.fill(tmp_path / "catalogue", SNAPSHOT)
    with FlaskService(0, catalogue_app(tmp_path / "catalogue")) as server:
        yield server.url


@pytest.mark.nightly
def test_the_demos_catalogue_reaches_products_and_mail_and_a_second_run_is_silent(
    start_airflow,
    environment,
    demo_catalogue,
    mailbox,
    bigquery_emulator,
):
    host = {
        "AIRFLOW_CONN_PRODUCT_CATALOGUE_API": f'{{"conn_type": "http", "host": "{demo_catalogue}"}}'
    }
    airflow = start_airflow(environment | host)
    assert airflow.test_dag(DAG) == 0, airflow.log()[-5000:]

    sql = f"SELECT sku, name, thumbnail_uri FROM {environment['BIGQUERY_DATASET']}.products"
    products = {
        row["sku"]: row for row in connect(bigquery_emulator).query(sql).result()
    }
    assert products.keys() == {product.sku for product in SNAPSHOT.products}
    without = {sku for sku, row in products.items() if not row["thumbnail_uri"]}
    assert without == {BROKEN, "GIFT-01"}
    assert products["MUG-01"]["thumbnail_uri"] == products["mug-01"]["thumbnail_uri"]
    kept = stored(environment["PICTURES_URI"])
    assert (
        len(kept["originals"]) == len(kept["thumbnails"]) == len(SNAPSHOT.products) - 3
    )

    (mail,) = mailbox.messages()
    subject = f"Product catalogue: {len(SNAPSHOT.products)} new, 1 broken"
    assert mail["Subject"] == subject
    assert mail["To"] == REPORTED_TO
    assert airflow.test_dag(DAG) == 0, airflow.log()[-5000:]
    assert len(mailbox.messages()) == 1
    assert "the catalogue has not changed" in airflow.log()


@pytest.fixture
def shown():
    """A catalogue of one product."""
    with catalogue() as running:
        running.show(
            {
                "sku": "A",
                "image_url": running.site.put("/a.png", drawn("a")),
            }
        )
        yield running


@pytest.mark.slow
def test_the_password_is_in_no_log_no_xcom_and_no_rendered_field_also_if_refused(
    start_airflow, environment, shown
):
    secret = "hardly-a-password"
    airflow = start_airflow(
        environment | shown.environment(login="the-reader", password=secret)
    )
    assert airflow.test_dag(DAG) == 0, airflow.log()[-5000:]
    encoded = base64.b64encode(f"the-reader:{secret}".encode()).decode()
    assert shown.site.requests[0][1]["authorization"] == f"Basic {encoded}"
    kept = airflow.database.read_bytes().decode("latin-1") + airflow.log()
    for text in (secret, encoded, "the-reader"):
        assert text not in kept
    assert "fetch_catalogue.sh" in kept

    shown.site.requests.clear()
    shown.site.put("/products?page=1", b"", status=401)
    airflow.test_dag(DAG)
    assert len(shown.site.requests) == 1
    assert "product_catalogue_api: the server refuses the login" in airflow.log()
    assert secret not in airflow.log()
