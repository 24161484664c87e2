"""The table of a rehearsal: what differs, what is not run, what it costs, and when it ends."""

import os
from dataclasses import dataclass
from unittest import mock

import pytest
from google.cloud import bigquery

from tests.rehearsal.oldest import older_table
from tests.rehearsal.place import of_bigquery
from tests.rehearsal.runner import (
    MOST_BYTES_OF_A_JOB,
    Check,
    Jobs,
    NotRun,
    is_clean,
    run,
    table,
)


@dataclass
class Job:
    """A job of which the client learns what it billed when it asks again."""

    billed: int
    total_bytes_billed: int | None = None
    state: str = "DONE"

    def reload(self):
        self.total_bytes_billed = self.billed


@pytest.fixture
def jobs():
    """Jobs that bill a gigabyte each, of which two are allowed."""
    begin = mock.Mock(side_effect=lambda *_, **__: Job(10**9))
    with mock.patch.object(bigquery.Client, "query", begin):
        with Jobs(most_bytes=15 * 10**8).recorded() as jobs:
            yield jobs


def query():
    client = mock.Mock(spec=bigquery.Client)
    return bigquery.Client.query(client, "SELECT 1")


def right(_):
    query()
    yield Check("orders", "3 rows", "3 rows")
    yield NotRun("a bucket", "3 rows", "no bucket")


def one_value_differs(_):
    query()
    yield Check("refunds", "3 rows", "refunds: 3 rows\n  r1: amount is 2, not 1")


def broken(_):
    yield Check("before", "x", "x")
    raise ValueError("no such\ntable")


def rows_of(jobs, *steps):
    return list(run(steps, None, jobs, report=lambda _: None))


def test_a_table_has_what_each_check_found_and_costs(jobs):
    rows = rows_of(jobs, right)
    assert is_clean(rows)
    assert [row.state for row in rows] == ["ok", "not run"]
    assert [row.billed for row in rows] == [10**9, 0]
    lines = table(rows).splitlines()
    assert lines[0].split() == ["what", "expected", "got", "seconds", "MB", "billed"]
    assert "not run: no bucket" in lines[3]
    assert lines[-1].startswith("2 checks, 0 differ, 1 not run; 0.0 minutes, 0.93 GiB")


def test_one_value_or_an_error_fails_it_and_the_next_step_follows(jobs):
    rows = rows_of(jobs, one_value_differs, broken, right)
    assert not is_clean(rows)
    states = ["DIFFERS", "ok", "DIFFERS", "ok", "not run"]
    assert [row.state for row in rows] == states
    assert rows[2].got == "ValueError: no such table"
    assert "  r1: amount is 2, not 1" in table(rows).splitlines()


def test_nothing_begins_beyond_the_budget(jobs):
    rows = rows_of(jobs, right, right, right)
    assert [row.billed for row in rows] == [10**9, 0, 10**9, 0, 0]
    assert (rows[-1].state, rows[-1].expected) == ("DIFFERS", "run")
    late = Jobs(most_seconds=-1)
    [row] = rows_of(late, right)
    assert row.got.startswith("not run:")
    assert not is_clean([row])
    assert not is_clean([])


@pytest.mark.usefixtures("jobs")
def test_every_job_has_a_limit():
    limits = {5: 5, 10**15: MOST_BYTES_OF_A_JOB}
    for limit, allowed in limits.items():
        config = bigquery.QueryJobConfig(maximum_bytes_billed=limit)
        client = mock.Mock(spec=bigquery.Client)
        bigquery.Client.query(client, "SELECT 1", job_config=config)
        assert config.maximum_bytes_billed == allowed


@pytest.mark.parametrize(
    ("own", "is_used"),
    [
        ('{"conn_type": "google_cloud_platform", "extra": {"project": "mine"}}', False),
        ('{"conn_type": "google_cloud_platform", "extra": {"project": "shop"}}', True),
        ("google-cloud-platform://?project=shop&key_path=%2Fkey.json", True),
    ],
)
def test_the_connection_of_the_same_project_is_used(own, is_used):
    with mock.patch.dict(os.environ, {"AIRFLOW_CONN_BIGQUERY": own}):
        place = of_bigquery("shop", "EU", "gs://bucket/")
        assert os.environ["AIRFLOW_CONN_BIGQUERY"] == own
    assert (place.environment["AIRFLOW_CONN_BIGQUERY"] == own) == is_used
    assert '"shop"' in place.environment["AIRFLOW_CONN_BIGQUERY"] or is_used
    assert place.bucket_uri == f"gs://bucket/{place.dataset}"
    other = of_bigquery("shop", "EU", "")
    assert not set(place.datasets) & set(other.datasets)


def test_an_older_table_lacks_what_was_added():
    ddl = (
        "CREATE TABLE IF NOT EXISTS `d.products` (\n"
        '    sku STRING NOT NULL OPTIONS (description = "Unit, of stock."),\n'
        '    colour STRING OPTIONS (description = "Added."),\n'
        "    name STRING,\n"
        "    size INT64\n"
        ")\n"
        "CLUSTER BY sku;"
    )
    assert older_table("products", ddl) == (
        "CREATE TABLE IF NOT EXISTS `d.products` (\n"
        '    sku STRING NOT NULL OPTIONS (description = "Unit, of stock."),\n'
        "    name STRING\n"
        ")\n"
        "CLUSTER BY sku;"
    )
