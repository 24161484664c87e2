"""docs/CATALOGUE.md, carried out on a copy of the repository as a reader would: another JSON."""

import json
import re
import uuid
from pathlib import Path

import pytest

from tests.integration.catalogue_run import stored
from tests.integration.warehouse_contents import connect, deployment
from tests.recipes import REPOSITORY, copy_repository, in_copy, steps_of
from tests.rows import column_of, columns_of
from tests.website import drawn, website

pytestmark = pytest.mark.nightly

ANSWERS = Path(__file__).with_name("rocket_launches.json")
"""Two pages of the API, with the fields at hand."""
DOCUMENT = (REPOSITORY / "docs" / "CATALOGUE.md").read_text()
RUN = (
    "from tests.integration.catalogue_run import refresh; summary = refresh('run'); "
    "print({name: len(summary[name]) for name in ('new', 'changed', 'gone')})"
)


def host_of_the_document():
    """The connection as the document writes it; its host."""
    (line,) = re.findall(r"AIRFLOW_CONN_PRODUCT_CATALOGUE_API=(.+)", DOCUMENT)
    return str(json.loads(line)["host"])


def launches(site):
    """Let `site` be the API and what keeps its pictures; the address of the first page."""
    answers = ANSWERS.read_text().replace("https://ll.thespacedevs.com", site.url)
    answers = re.sub(
        r"https://[\w.-]+\.digitaloceanspaces\.com",
        site.url,
        answers,
    )
    address = host_of_the_document().replace("https://ll.thespacedevs.com", site.url)
    for page in json.loads(answers):
        before = f"{address}?limit=2&offset=2" if page["previous"] else address
        site.put(
            before.removeprefix(site.url), json.dumps(page).encode(), "application/json"
        )
        for launch in page["results"]:
            if launch["image"]:
                site.put(
                    launch["image"].removeprefix(site.url),
                    drawn("rocket", "JPEG"),
                    "image/jpeg",
                )
    return address


def test_the_rocket_launches_are_products_with_pictures(bigquery_emulator, tmp_path):
    copy = copy_repository(tmp_path / "copy")
    for step in steps_of(DOCUMENT):
        step.carry_out(copy)
    dataset = f"launches_{uuid.uuid4().hex[:10]}"
    with website() as site:
        connection = {"conn_type": "http", "host": launches(site)}
        environment = deployment(bigquery_emulator, tmp_path, dataset) | {
            "AIRFLOW_CONN_PRODUCT_CATALOGUE_API": json.dumps(connection),
            "PICTURE_NETWORKS": "127.0.0.1/32",
        }

        check = ("-m", "ecommerce.cli", "check", "product_catalogue_api")
        checked = in_copy(copy, *check, **environment)
        assert "has 2 products, 2 of them with a picture" in checked
        printed = in_copy(copy, "-c", RUN, **environment).splitlines()[-1]
        assert printed.startswith("{'new': 3, 'changed': 0, 'gone': 0}")

    sql = f"SELECT * FROM {dataset}.products ORDER BY name"
    products = [*connect(bigquery_emulator).query(sql).result()]
    assert columns_of(products, "name", "category") == [
        ("Atlas LV-3A | Samos 2", "United States Air Force"),
        ("Falcon 9 Block 5 | Starlink Group 6-55", "SpaceX"),
        ("Falcon 9 Block 5 | Starlink Group 6-88", "SpaceX"),
    ]
    pictures = column_of(products, "picture_uri")
    assert pictures[0] is None
    assert pictures[1] == pictures[2]
    for names in stored(environment["PICTURES_URI"]).values():
        assert len(names) == 1
