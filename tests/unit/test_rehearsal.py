"""The table of a rehearsal: what differs, what is not run, what it costs, and when it ends."""

from unittest import mock

import pytest
from google.cloud import bigquery

from tests import queries
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


@pytest.fixture
def jobs():
    """Jobs that bill a gigabyte each, of which two are allowed."""

    def begin(*arguments, job_config=None, **options):
        # The client learns what a job billed when it asks again.
        job = mock.Mock(total_bytes_billed=None, state="DONE")
        job.reload = lambda: job.configure_mock(total_bytes_billed=10**9)
        return job

    with pytest.MonkeyPatch.context() as patch:
        queries.intercept(patch, begin)
        with Jobs(most_bytes=15 * 10**8).recorded() as jobs:
            yield jobs


def query(**options):
    bigquery.Client.query(mock.Mock(spec=bigquery.Client), "SELECT 1", **options)


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
    """One value or an error fails it and the next step follows, but nothing begins beyond the budget."""
    rows = rows_of(jobs, right, broken)
    assert [row.billed for row in rows] == [10**9, 0, 0, 0]
    assert rows[-1].got == "ValueError: no such table"
    assert is_clean(rows[:2])
    assert not is_clean(rows)
    assert not is_clean([])
    rows += rows_of(jobs, one_value_differs, right)
    states = ["ok", "not run", "ok", "DIFFERS", "DIFFERS", "DIFFERS"]
    assert [row.state for row in rows] == states
    assert rows[-1].expected == "run"
    text = table(rows)
    assert "no bucket" in text
    assert "  r1: amount is 2, not 1" in text.splitlines()
    totals = "6 checks, 3 differ, 1 not run; 0.0 minutes, 1.86 GiB"
    assert text.splitlines()[-1].startswith(totals)
    [late] = rows_of(Jobs(most_seconds=-1), right)
    assert late.got.startswith("not run:")


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize(("limit", "allowed"), [(5, 5), (10**15, MOST_BYTES_OF_A_JOB)])
def test_every_job_has_a_limit(limit, allowed):
    config = bigquery.QueryJobConfig(maximum_bytes_billed=limit)
    query(job_config=config)
    assert config.maximum_bytes_billed == allowed


@pytest.mark.parametrize(
    ("own", "is_used"),
    [
        ("google-cloud-platform://?project=mine", False),
        ("google-cloud-platform://?project=shop&key_path=%2Fkey.json", True),
    ],
)
def test_the_connection_of_the_same_project_is_used(own, is_used, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", own)
    place = of_bigquery("shop", "EU", "gs://bucket/")
    assert (place.environment["AIRFLOW_CONN_BIGQUERY"] == own) == is_used
    assert place.bucket_uri == f"gs://bucket/{place.dataset}"
    other = of_bigquery("shop", "EU", "")
    assert not set(place.datasets) & set(other.datasets)
