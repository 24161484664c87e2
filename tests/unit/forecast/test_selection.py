"""The rule by which the champion changes, its record, one a month, and its mail."""

import json
from datetime import date, timedelta

import pytest

from ecommerce.forecast import selection
from ecommerce.forecast.models import registry
from ecommerce.forecast.selection import choose, select
from ecommerce.storage.kept_files import Store
from tests.unit.forecast.shops import AS_OF, figures
from tests.unit.pages.reading import mail_of


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [
        # A challenger's score is at most 0.95 of the champion's.
        ({"blend": 0.2, "ridge": 0.190001}, "blend"),
        ({"blend": 0.2, "ridge": 0.19}, "ridge"),
        # Of several the best, of equals the first candidate takes over.
        ({"blend": 0.2, "ridge": 0.15, "open_weekday_mean": 0.14}, "open_weekday_mean"),
        ({"blend": 0.2, "ridge": 0.15, "open_weekday_mean": 0.15}, "open_weekday_mean"),
        # A bias of more than 10 % replaces only a larger one.
        ({"blend": (0.2, 0.02), "ridge": (0.1, 0.1)}, "ridge"),
        ({"blend": (0.2, 0.02), "ridge": (0.1, 0.11)}, "blend"),
        ({"blend": (0.2, 0.02), "ridge": (0.1, -0.11)}, "blend"),
        ({"blend": (0.2, -0.15), "ridge": (0.1, 0.11)}, "ridge"),
        ({"blend": (0.2, -0.11), "ridge": (0.1, 0.11)}, "blend"),
        # Candidates without a score are no challengers, and such a champion stays.
        ({"blend": 0.2, "ridge": (None, None)}, "blend"),
        ({"blend": (None, None), "ridge": 0.1}, "blend"),
    ],
)
def test_the_champion(scores, chosen):
    choice = choose(figures(**scores), "blend")
    assert choice["champion"] == chosen
    assert choice["previous"] == "blend"


@pytest.mark.parametrize(
    ("by_origin", "champion"),
    [
        # The examples of docs/DEFINITIONS.md; nine of ten suffice, and an equal error is no gain.
        ([0.14] * 11 + [0.26], "ridge"),
        ([0.1] * 10 + [0.21] * 2, "blend"),
        ([0.14] * 9 + [0.2], "ridge"),
        ([0.14] * 8 + [0.2] * 2, "blend"),
        # An origin without a score is left out; four are enough, three too few.
        ([0.15] * 4 + [None] * 4, "ridge"),
        ([0.15] * 3 + [None] * 5, "blend"),
        # The test itself needs four origins.
        ([0.15] * 3, "blend"),
    ],
)
def test_a_gain_at_some_origins_only_may_be_chance(by_origin, champion):
    test = figures(len(by_origin), blend=0.2, ridge=0.15)
    for score in test["scores"]:
        score["by_origin"] = [0.2] * len(by_origin)
        if score["candidate"] == "ridge":
            score["by_origin"] = by_origin
    assert choose(test, "blend")["champion"] == champion


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty store of models."""
    monkeypatch.setenv("MODELS_URI", f"file://{tmp_path}/models")
    return Store.of_models()


def test_the_record_has_the_choice_its_reason_and_all_figures(store):
    test = figures(8, blend=0.2, ridge=0.1)
    selected = select(test)
    # The first run made ridge the champion; the second starts from where the first one did.
    assert select(test) == selected
    version = selected.pop("version")
    assert json.loads(store.read(version) or b"") == selected
    why = selected["why"]
    choice = {"champion": "ridge", "previous": "blend", "why": why}
    assert selected == test | choice
    champion = registry.Champion("ridge", "champions/2026-12-06.json", why)
    assert registry.champion(store, AS_OF) == champion
    assert (
        registry.champion(
            store,
            AS_OF - timedelta(days=1),
        )
        == registry.Champion()
    )


def test_corrected_data_choose_anew_and_the_last_choice_counts(store):
    for ridge, expected in ((0.1, "ridge"), (0.3, "blend"), (0.1, "ridge")):
        select(figures(8, blend=0.2, ridge=ridge))
        assert registry.champion(store, AS_OF).name == expected
    # An older month that is repeated changes nothing that a newer one chose.
    newer = date(2027, 1, 3)
    registry.keep(
        store,
        registry.CHAMPIONS,
        newer,
        {"champion": "seasonal_naive"},
    )
    select(figures(8, blend=0.2, ridge=0.1))
    assert registry.champion(store, newer - timedelta(days=1)).name == "ridge"
    assert registry.champion(store, newer).name == "seasonal_naive"


def test_the_default_replaces_a_candidate_that_was_removed(store):
    registry.keep(
        store,
        registry.CHAMPIONS,
        AS_OF,
        {"champion": "removed"},
    )
    gone = registry.Champion(why="the selected model no longer exists")
    assert registry.champion(store, AS_OF) == gone


def recorded(test):
    return {"version": "champions/2026-12-06.json", **choose(test, "blend"), **test}


@pytest.mark.parametrize(
    "test",
    [
        figures(8, blend=(0.2, 0.021), ridge=(0.1, -0.034)),
        figures(12, blend=0.2, ridge=(None, None)),
        figures(2, blend=0.2),
    ],
    ids=["replaced", "stays", "too short"],
)
def test_the_mail(test, snapshot):
    message = selection.compose(recorded(test))
    assert f"{message['Subject']}\n\n{mail_of(message)}" == snapshot


def test_a_record_has_one_message_id(monkeypatch, mailbox):
    record = recorded(figures(8, blend=0.2, ridge=0.1))
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "ann@example.com")
    assert selection.notify(record) == selection.notify(record) == ""
    first, second = mailbox()
    assert first["Message-ID"] == second["Message-ID"]
    assert first["X-Sales-Mail"] == "selection"
