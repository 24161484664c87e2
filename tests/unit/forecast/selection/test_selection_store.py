"""What a selection keeps: one record a month, the same one when it is repeated."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.forecast.models import registry
from ecommerce.forecast.selection import selection_store
from ecommerce.forecast.selection.backtest import BackTest
from ecommerce.storage import staging
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.storage.xcom import to_xcom
from tests.unit.forecast.selection.shops import AS_OF, figures

RUN = DagRun("forecast_model_selection", "scheduled__2026-12-06")
RUN_AFTER = datetime(2026, 12, 6, 13, tzinfo=UTC)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store of models."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}/staging")
    monkeypatch.setenv("MODELS_URI", f"file://{tmp_path}/models")
    return Store.of_models()


def leave(test: BackTest) -> Manifest:
    """The figures of a back-test, as the task before the choice leaves them."""
    uri = RUN.folder(test.as_of, selection_store.TESTED)
    with staging.publish(uri) as draft:
        (draft.path / selection_store.FIGURES).write_text(json.dumps(to_xcom(test)))
        draft.seal(
            source=selection_store.TESTED,
            business_date=test.as_of - timedelta(days=1),
            rows=0,
            columns={},
            **dict.fromkeys(("read_at", "window_start", "window_end"), RUN_AFTER),
        )
    return staging.read_manifest(uri)


def select(test: BackTest) -> str:
    """The name of the record that is kept."""
    return str(selection_store.select(RUN, leave(test)).control_totals["version"])


def test_the_record_says_who_was_chosen_why_and_by_which_figures(store: Store) -> None:
    version = select(figures(8, blend=0.2, ridge=0.1))
    record = json.loads(store.read(version) or b"")
    assert (record["champion"], record["previous"], record["as_of"]) == ("ridge", "blend", "2026-12-06")
    assert record["why"].startswith("ridge replaces blend")
    assert (record["first_day"], record["days"], len(record["origins"])) == ("2026-01-01", 339, 8)
    assert record["scores"][4]["candidate"] == "ridge"
    assert record["scores"][4]["weekly"] == {"category": 0.1, "channel": 0.1, "sku": 0.1}
    assert registry.champion(store, AS_OF) == registry.Champion("ridge", AS_OF, version)
    assert registry.champion(store, AS_OF - timedelta(days=1)).name == "blend"


def test_the_same_run_twice_keeps_the_same_bytes_once(store: Store) -> None:
    test = figures(8, blend=0.2, ridge=0.1)
    version = select(test)
    data = store.read(version)
    # The first run has made ridge the champion; the second starts from where the first one did.
    assert select(test) == version
    assert store.read(version) == data
    assert len(store.names(registry.CHAMPIONS)) == 1


def test_a_month_without_change_is_kept_too(store: Store) -> None:
    select(figures(8, blend=0.2, ridge=0.2))
    record = registry.champion(store, AS_OF)
    assert (record.name, record.as_of) == ("blend", AS_OF)


def test_corrected_data_choose_anew_and_the_last_choice_counts(store: Store) -> None:
    for ridge, expected in ((0.1, "ridge"), (0.3, "blend"), (0.1, "ridge"), (0.11, "ridge"), (0.3, "blend")):
        select(figures(8, blend=0.2, ridge=ridge))
        assert registry.champion(store, AS_OF).name == expected
    assert len(store.names(registry.CHAMPIONS)) == 5


def test_a_repeated_older_month_changes_nothing_that_a_newer_one_chose(store: Store) -> None:
    registry.keep(store, registry.CHAMPIONS, date(2027, 1, 3), {"champion": "median", "as_of": "2027-01-03"})
    select(figures(8, blend=0.2, ridge=0.1))
    assert registry.champion(store, date(2027, 1, 4)).name == "median"
    assert registry.champion(store, date(2026, 12, 7)).name == "ridge"


def test_a_short_history_keeps_the_champion_and_says_so(store: Store) -> None:
    manifest = selection_store.select(RUN, leave(figures(2, blend=0.2)))
    selected, picture = selection_store.read(manifest)
    assert (selected.choice.champion, selected.choice.has_changed, picture) == ("blend", False, b"")
    assert "give 2 weekly origins" in selected.choice.why


def test_what_the_mail_is_made_of_stays_in_staging() -> None:
    manifest = selection_store.select(RUN, leave(figures(8, blend=0.2, ridge=0.1)))
    selected, picture = selection_store.read(manifest)
    assert selected.version == manifest.control_totals["version"]
    assert picture.startswith(b"\x89PNG")
    assert selection_store.select(RUN, leave(figures(8, blend=0.2, ridge=0.1))).sha256 == manifest.sha256


def test_a_half_written_record_is_none(store: Store) -> None:
    (Path(store.uri.removeprefix("file://")) / "champions").mkdir(parents=True)
    name = f"champions/.{AS_OF}-001-abc.json.1f.partial"
    (Path(store.uri.removeprefix("file://")) / name).write_bytes(b'{"champ')
    assert registry.champion(store, AS_OF).version is None


def test_a_run_looks_at_what_was_before_its_own_day_in_the_shop() -> None:
    assert selection_store.as_of_run(None, RUN_AFTER) == date(2026, 12, 6)
    assert selection_store.as_of_run(None, datetime(2026, 12, 6, 4, tzinfo=UTC)) == date(2026, 12, 5)
    assert selection_store.as_of_run("2026-11-01", RUN_AFTER) == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [("2026-12-07", "2026-12-07 is in the future in America/New_York"), ("soon", "'soon' is not a date")],
)
def test_a_day_that_cannot_be_is_refused(given: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        selection_store.as_of_run(given, RUN_AFTER)
