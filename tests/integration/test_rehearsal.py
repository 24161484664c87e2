"""The rehearsal on the emulator, so that it is right when a shop runs it on BigQuery."""

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.warehouse.client import connect
from tests.integration.warehouse_contents import connect as connect_to
from tests.rehearsal.__main__ import rehearse
from tests.rehearsal.place import of_emulator
from tests.rehearsal.runner import Jobs, is_clean, table
from tests.rehearsal.steps import STEPS, company_days, new_warehouse

HOUR = 3600


@pytest.fixture
def place(bigquery_emulator):
    return of_emulator(bigquery_emulator)


@pytest.fixture
def rehearsed(
    place,
    tmp_path,
    postgres_server,
    bigquery_emulator,
):
    """Rehearse steps on the emulator; the rows, after a look whether all is deleted."""

    def run(*steps):
        rows = rehearse(
            place,
            tmp_path / "company",
            postgres_server,
            Jobs(HOUR),
            steps,
        )
        datasets = connect_to(bigquery_emulator).list_datasets()
        left = {dataset.dataset_id for dataset in datasets}
        assert not left & set(place.datasets)
        return rows

    return run


@pytest.mark.nightly
def test_every_step_finds_what_it_expects(rehearsed):
    rows = rehearsed(*STEPS)
    differing = [row for row in rows if row.state == "DIFFERS"]
    assert differing == [], table(rows)
    reasons = {row.got for row in rows if row.state == "not run"}
    assert reasons == {
        "no bucket",
        "the emulator runs one after the other",
    }


@pytest.mark.slow
def test_one_value_that_differs_fails_it(rehearsed):
    def change_a_value(shop):
        warehouse = connect(step="test")
        # Two days of every week have orders, and may have no refund.
        table = f"`{shop.place.dataset}.orders`"
        warehouse.run(
            f"UPDATE {table} SET shipping_amount = shipping_amount + 0.01 "
            f"WHERE business_date >= '{shop.days[0]}'",
            "a cent",
        )
        yield from shop.compare("after a cent")

    rows = rehearsed(new_warehouse, company_days, change_a_value)

    assert not is_clean(rows)
    [row] = [row for row in rows if row.state == "DIFFERS"]
    assert row.what == "orders after a cent"
    assert "shipping_amount is" in table(rows)


@pytest.mark.slow
def test_ctrl_c_deletes_what_was_made(rehearsed):
    def interrupt(shop):
        assert shop.place.existing() == shop.place.datasets
        raise KeyboardInterrupt
        yield

    rows = rehearsed(new_warehouse, interrupt, company_days)

    last_checks = [(row.what, row.got) for row in rows[-2:]]
    assert last_checks == [
        ("the rehearsal", "interrupted"),
        ("left in the project", "nothing"),
    ]
    assert not is_clean(rows)


@pytest.mark.slow
def test_a_dataset_that_exists_is_not_touched(
    place, bigquery_emulator, tmp_path, postgres_server
):
    client = connect_to(bigquery_emulator)
    client.create_dataset(place.datasets[1])
    with pytest.raises(ConfigurationError, match=f"{place.datasets[1]} exists"):
        rehearse(
            place,
            tmp_path,
            postgres_server,
            Jobs(HOUR),
            STEPS,
        )
    client.delete_dataset(place.datasets[1])  # it is still there
