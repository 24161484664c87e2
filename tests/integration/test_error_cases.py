"""What fails a run: its error, a warehouse that is as it was, and a next run that makes up for it."""

from datetime import date

import pytest

from demo.ledger import Ledger
from ecommerce.core import errors
from ecommerce.warehouse import client as bigquery
from tests.integration.daily_run import morning_after, run_day
from tests.settings import lower

BOOKS = Ledger(
    date(2026, 8, 31),
    2,
    orders_per_day=20,
    seed=5,
)
FIRST, SECOND = BOOKS.business_days
CASES = {
    "sales_database_down": ("AIRFLOW_CONN_SALES_DB", "postgresql://a:b@127.0.0.1:1/c"),
    "bigquery_down": ("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1"),
    "another_hash_key": ("CUSTOMER_HASH_KEY", "another key that only tests use"),
    "another_timezone": ("SHOP_TIMEZONE", "America/Chicago"),
}
"""A setting that fails the run. `source_failures` has every failure of an extract."""


def tables(company):
    """Everything that a failed run must leave alone."""
    tables = company.warehouse()
    for name in ("load_audit", "rejected_rows", "loaded_files"):
        tables[name] = company.rows(name)
    return tables


@pytest.fixture(scope="module")
def company(start_shared_company):
    company = start_shared_company()
    company.show(BOOKS.as_of(morning_after(FIRST)))
    run_day(FIRST)
    company.show(BOOKS.as_of(morning_after(SECOND)))
    return company


@pytest.mark.parametrize("case", CASES)
def test_a_failed_run_says_why_and_changes_nothing(
    company, monkeypatch, case, snapshot
):
    before = tables(company)
    lower(monkeypatch, bigquery, RETRY_SECONDS=1)
    monkeypatch.setenv(*CASES[case])
    with pytest.raises(errors.PipelineError) as failure:
        run_day(SECOND)
    text = f"{type(failure.value).__name__}: {failure.value}"
    assert text.replace(f"dataset {company.dataset}", "dataset DATASET") == snapshot
    monkeypatch.undo()
    assert tables(company) == before


def test_the_next_run_makes_up_for_it(company):
    run_day(SECOND)
    company.assert_oracle(run_days=[FIRST, SECOND])
