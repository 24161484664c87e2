"""The rehearsal on the emulator, so that it is right when a shop runs it on BigQuery."""

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.warehouse.client import connect
from tests.integration.warehouse_contents import connect as connect_to
from tests.rehearsal.__main__ import rehearse
from tests.rehearsal.place import of_emulator
from tests.rehearsal.runner import Jobs, table
from tests.rehearsal.steps import STEPS, company_days

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
def test_one_value_that_differs_fails_it_and_ctrl_c_deletes_what_was_made(rehearsed):
    def change_a_value(shop):
        [day] = shop.days = shop.days[:1]
        shop.company.show(shop.live(shop.end_of(day)))
        shop.run_day(day)
        # Two days of every week have orders, and may have no refund.
        connect(step="test").run(
            f"UPDATE `{shop.place.dataset}.orders` SET shipping_amount = shipping_amount + 0.01 "
            f"WHERE business_date = '{day}'",
            "a cent",
        )
        yield from shop.compare("after a cent")

    def interrupt(shop):
        assert shop.place.existing() == shop.place.datasets
        raise KeyboardInterrupt
        yield

    rows = rehearsed(change_a_value, interrupt, company_days)

    differing = [row.what for row in rows if row.state == "DIFFERS"]
    assert differing == ["orders after a cent", "the rehearsal"]
    assert "shipping_amount is" in table(rows)
    last_checks = [(row.what, row.got) for row in rows[-2:]]
    assert last_checks == [
        ("the rehearsal", "interrupted"),
        ("left in the project", "nothing"),
    ]


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
