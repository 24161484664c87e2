"""A run of the selection in a real Airflow: the champion changes, is announced and mailed."""

import json
from datetime import date, timedelta

import pytest

from ecommerce.forecast.models import registry
from ecommerce.forecast.partner_ftp.files import Announced
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import to_plain
from tests.integration.live_airflow import live_airflow
from tests.integration.made_up_sales import environment, open_warehouse, sell
from tests.integration.mailbox import REPORTED_TO, open_mailbox
from tests.integration.warehouse_contents import connect

pytestmark = pytest.mark.nightly

SELECTION = "forecast_model_selection"
AS_OF = date(2026, 11, 1)
SELECTED = AS_OF - timedelta(days=28)
DAYS = 150


def test_a_run_selects_mails_and_announces_the_champion(
    metadata_server, bigquery_emulator, tmp_path, monkeypatch
):
    with open_mailbox(tmp_path / "mail") as mailbox:
        settings = environment(bigquery_emulator, tmp_path) | mailbox.environment()
        open_warehouse(settings, monkeypatch)
        client, dataset = connect(bigquery_emulator), settings["BIGQUERY_DATASET"]
        first = AS_OF - timedelta(days=DAYS)
        sell(client, dataset, first, DAYS + 9)
        store = Store.of_models()
        registry.keep(store, registry.INPUTS, SELECTED, to_plain(Announced()))
        before = {"champion": "seasonal_naive", "as_of": str(SELECTED)}
        registry.keep(store, registry.CHAMPIONS, SELECTED, before)
        home = tmp_path / "airflow"
        with live_airflow(home, metadata_server, settings, SELECTION) as airflow:
            run_id = airflow.trigger(SELECTION, as_of=str(AS_OF))
            assert airflow.state(SELECTION, run_id) == "success"
            events = airflow.api.get("assets/events", source_dag_id=SELECTION)
        (message,) = mailbox.messages()

    chosen = registry.champion(store, AS_OF)
    assert chosen.version == f"champions/{AS_OF}.json"
    earlier = registry.champion(store, AS_OF - timedelta(days=1))
    assert earlier.name == "seasonal_naive"
    subject = f"Forecast model: {chosen.name} replaces seasonal_naive"
    assert (message["Subject"], message["To"]) == (subject, REPORTED_TO)
    record = json.loads(store.read(chosen.version))
    assert (record["first_day"], record["days"]) == (str(first), DAYS)
    (event,) = events["asset_events"]
    assert event["extra"]["champion"] == chosen.name
    assert event["extra"]["version"] == chosen.version
