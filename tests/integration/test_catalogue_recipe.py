"""docs/CATALOGUE.md, carried out on a copy of the repository as a reader would: another JSON."""

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from demo.services.emulator import PROJECT
from tests.integration.catalogue_run import stored
from tests.integration.warehouse_contents import connect
from tests.recipes import REPOSITORY, copy_repository, steps_of
from tests.website import drawn, website

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
    answers = re.sub(r"https://[\w.-]+\.digitaloceanspaces\.com", site.url, answers)
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


@pytest.mark.nightly
def test_the_rocket_launches_are_products_with_pictures(bigquery_emulator, tmp_path):
    copy = copy_repository(tmp_path / "copy")
    for step in steps_of(DOCUMENT):
        step.carry_out(copy)
    dataset = f"launches_{uuid.uuid4().hex[:10]}"
    with website() as site:
        connections = {
            "product_catalogue_api": {"conn_type": "http", "host": launches(site)},
            "bigquery": {
                "conn_type": "google_cloud_platform",
                "extra": {"is_anonymous": True, "project": PROJECT},
            },
        }
        environment = {
            f"AIRFLOW_CONN_{name.upper()}": json.dumps(each)
            for name, each in connections.items()
        }
        environment |= {
            "BIGQUERY_EMULATOR_HOST": bigquery_emulator.host,
            "BIGQUERY_DATASET": dataset,
            "CUSTOMER_HASH_KEY": "0123456789abcdef",
            "STAGING_URI": f"file://{tmp_path}/staging",
            "PICTURES_URI": f"file://{tmp_path}/pictures",
            "PICTURE_NETWORKS": "127.0.0.1/32",
            "PYTHONPATH": f"{copy / 'plugins'}:{copy}",
        }

        def in_copy(*command):
            done = subprocess.run(
                [sys.executable, *command],
                cwd=copy,
                env=os.environ | environment,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
            return done.stdout

        assert "has 2 products, 2 of them with a picture" in in_copy(
            *("-m", "ecommerce.cli", "check", "product_catalogue_api")
        )
        assert (
            in_copy("-c", RUN)
            .splitlines()[-1]
            .startswith("{'new': 3, 'changed': 0, 'gone': 0}")
        )

    rows = (
        connect(bigquery_emulator)
        .query(f"SELECT * FROM {dataset}.products ORDER BY name")
        .result()
    )
    products = [dict(row.items()) for row in rows]
    assert [(row["name"], row["category"]) for row in products] == [
        ("Atlas LV-3A | Samos 2", "United States Air Force"),
        ("Falcon 9 Block 5 | Starlink Group 6-55", "SpaceX"),
        ("Falcon 9 Block 5 | Starlink Group 6-88", "SpaceX"),
    ]
    assert products[0]["picture_uri"] is None
    assert products[1]["picture_uri"] == products[2]["picture_uri"]
    assert {
        name: len(files) for name, files in stored(environment["PICTURES_URI"]).items()
    } == {
        "originals": 1,
        "thumbnails": 1,
    }
