"""The rehearsal on the emulator, so that it is right when a shop runs it on BigQuery."""

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.warehouse.client import connect
from tests.integration.warehouse_contents import connect as connect_to
from tests.rehearsal import steps
from tests.rehearsal.__main__ import rehearse
from tests.rehearsal.place import of_emulator
from tests.rehearsal.runner import Jobs, table

HOUR = 3600


@pytest.fixture
def place(bigquery_emulator):
    return of_emulator(bigquery_emulator)


@pytest.fixture
def rehearsed(place, tmp_path, bigquery_emulator):
    """Rehearse steps on the emulator; the rows, after a look whether all is deleted."""

    def run(*steps):
        rows = rehearse(place, bigquery_emulator, tmp_path, Jobs(HOUR), steps)
        datasets = connect_to(bigquery_emulator).list_datasets()
        left = {dataset.dataset_id for dataset in datasets}
        assert not left & set(place.datasets)
        return rows

    return run


@pytest.mark.nightly
def test_every_step_finds_what_it_expects(rehearsed):
    rows = rehearsed(*steps.STEPS)
    differing = [row for row in rows if row.state == "DIFFERS"]
    assert differing == [], table(rows)
    reasons = {row.got for row in rows if row.state == "not run"}
    assert reasons == {
        "no bucket",
        "the emulator runs one after the other",
    }


@pytest.mark.slow
def test_a_row_that_differs_fails_it_and_ctrl_c_deletes_what_was_made(
    rehearsed, monkeypatch
):
    monkeypatch.setattr(steps, "RUNS", [read_rates])

    def change_a_rate(rehearsal):
        connect(step="test").run(
            f"INSERT INTO `{rehearsal.place.dataset}.exchange_rates` VALUES (DATE '2026-03-02', 'EUR', 1.09)",
            "a rate",
        )
        yield from ()

    def interrupt(rehearsal):
        assert rehearsal.place.existing() == rehearsal.place.datasets
        raise KeyboardInterrupt
        yield

    rows = rehearsed(
        steps.answers_of_the_emulator,
        steps.new_warehouse,
        change_a_rate,
        steps.as_on_the_emulator(read_rates),
        interrupt,
        steps.killed_load,
    )

    differing = [row.what for row in rows if row.state == "DIFFERS"]
    assert differing == ["read rates", "the rehearsal"]
    assert "too much: (datetime.date(2026, 3, 2), 'EUR'" in table(rows)
    last_checks = [(row.what, row.got) for row in rows[-2:]]
    assert last_checks == [
        ("the rehearsal", "interrupted"),
        ("left in the project", "nothing"),
    ]


def read_rates(shop):
    shop.rows("exchange_rates")


@pytest.mark.slow
def test_a_dataset_that_exists_is_not_touched(place, rehearsed, bigquery_emulator):
    client = connect_to(bigquery_emulator)
    client.create_dataset(place.datasets[1])
    with pytest.raises(ConfigurationError, match=f"{place.datasets[1]} exists"):
        rehearsed(*steps.STEPS)
    client.delete_dataset(place.datasets[1])  # it is still there
