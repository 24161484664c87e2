"""The DAG product_catalogue_refresh as Airflow runs it, with its mail, and where no password is."""

import base64
import uuid

import pytest

from tests.integration.catalogue_run import catalogue
from tests.integration.mailbox import REPORTED_TO
from tests.integration.warehouse_contents import deployment
from tests.website import drawn

pytestmark = pytest.mark.slow

DAG = "product_catalogue_refresh"
SECRET = "hardly-a-password"


def test_the_password_is_in_no_log_no_xcom_and_no_rendered_field_also_if_refused(
    start_airflow, bigquery_emulator, mailbox, tmp_path
):
    dataset = f"catalogue_{uuid.uuid4().hex[:10]}"
    settings = deployment(bigquery_emulator, tmp_path, dataset) | mailbox.environment()
    with catalogue() as shown:
        picture = shown.site.put("/a.png", drawn("a"))
        shown.show({"sku": "A", "image_url": picture})
        connection = shown.environment(login="the-reader", password=SECRET)
        airflow = start_airflow(settings | connection)
        assert airflow.test_dag(DAG) == 0, airflow.log()[-5000:]
        encoded = base64.b64encode(f"the-reader:{SECRET}".encode()).decode()
        _, headers = shown.site.requests[0]
        assert headers["authorization"] == f"Basic {encoded}"
        [mail] = mailbox.messages()
        assert mail["Subject"] == "Product catalogue: 1 new"
        assert mail["To"] == REPORTED_TO

        assert airflow.test_dag(DAG) == 0, airflow.log()[-5000:]
        assert "the catalogue has not changed" in airflow.log()
        assert len(mailbox.messages()) == 1
        kept = airflow.database.read_bytes().decode("latin-1") + airflow.log()
        for text in (SECRET, encoded, "the-reader"):
            assert text not in kept
        assert "fetch_catalogue.sh" in kept

        shown.site.requests.clear()
        shown.site.put("/products?page=1", b"", status=401)
        airflow.test_dag(DAG)
        assert len(shown.site.requests) == 1
    assert "product_catalogue_api: the server refuses the login" in airflow.log()
    assert SECRET not in airflow.log()
