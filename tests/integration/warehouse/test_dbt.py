"""deploy/dbt/sources.yml in a dbt project: dbt parses it, and its tests pass on a warehouse that is well."""

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from tests.integration.warehouse.loadable import Folder, Order, business_date

pytestmark = pytest.mark.nightly

PROJECT = {
    "name": "shop",
    "version": "1.0",
    "profile": "shop",
    "flags": {"send_anonymous_usage_stats": False},
}
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


class Dbt:
    """A project that has only the sources, and the warehouse that its profile names."""

    def __init__(self, repository, folder, shop):
        self.program = repository / ".bench" / "dbt" / "bin" / "dbt"
        assert self.program.exists(), "make .bench/dbt/complete installs dbt"
        self.folder = folder
        settings = shop.warehouse.settings
        self.variables = {
            "sales_dataset": settings.bigquery_dataset,
            "shop_timezone": settings.shop_timezone,
        }
        target = {
            "type": "bigquery",
            "method": "oauth-secrets",
            "token": "any",
            "project": shop.warehouse.client.project,
            "dataset": "analysts",
            "location": "US",
            "threads": 1,
            "api_endpoint": os.environ["BIGQUERY_EMULATOR_HOST"],
        }
        profile = {"shop": {"target": "dev", "outputs": {"dev": target}}}
        (folder / "models").mkdir(parents=True)
        (folder / "dbt_project.yml").write_text(yaml.safe_dump(PROJECT))
        (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
        shutil.copy(repository / "deploy" / "dbt" / "sources.yml", folder / "models")

    def run(self, *command):
        """Return the exit code and output of a dbt command."""
        arguments = (*command, "--vars", yaml.safe_dump(self.variables))
        done = subprocess.run(
            [self.program, "--no-use-colors", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def dbt(repository, tmp_path, shop):
    return Dbt(repository, tmp_path / "project", shop)


def test_dbt_parses_and_tests_the_sources(dbt, shop):
    code, output = dbt.run("parse", "--show-all-deprecations")
    assert code == 0, output
    assert "deprecat" not in output.lower()

    refund = ("refund", YESTERDAY, "4.00")
    orders = [
        Order(
            "1",
            YESTERDAY,
            coupon="A,B",
            refunds=[refund],
        ),
        Order("2", YESTERDAY),
    ]
    day = business_date(YESTERDAY)
    shop.load(Folder(orders, read_at=datetime.now(UTC)), day=day)
    code, output = dbt.run("test")
    assert code == 0, output
    assert "ERROR=0 SKIP=0" in output
    code, output = dbt.run("source", "freshness")
    assert code == 0, output
    assert "PASS freshness of sales.load_audit" in output

    dataset = shop.dataset
    lines = f"`{dataset}.order_lines`"
    shop.warehouse.run(
        f"INSERT INTO {lines} SELECT * FROM {lines} WHERE business_date = '{day}' AND order_id = '2'",
        "twice",
    )
    code, output = dbt.run("test", "--select", "source:sales.order_lines")
    assert code == 1
    assert "FAIL 1 unique_key_of_order_lines" in output
