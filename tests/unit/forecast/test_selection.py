"""The rule by which the champion changes, its record, one a month, and its mail."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from ecommerce.core.text import MINUS, NOTHING
from ecommerce.forecast import selection
from ecommerce.forecast.models import registry
from ecommerce.forecast.models.ensemble import CANDIDATES
from ecommerce.forecast.selection import choose, select
from ecommerce.storage.kept_files import Store
from tests.unit.forecast.shops import AS_OF, figures


def chosen(
    champion: str = "blend",
    /,
    **scores: float | tuple[float | None, float | None] | None,
) -> str:
    return str(choose(figures(**scores), champion)["champion"])


def test_a_challenger_that_is_almost_enough_better_changes_nothing():
    choice = choose(figures(blend=0.2, ridge=0.1902), "blend")
    assert choice["champion"] == choice["previous"] == "blend"
    assert choice["why"] == (
        "blend stays: no candidate is at least 5 % better than its 20.0 % by more than chance, with a total "
        "within 10 % of actual sales."
    )
    assert chosen(blend=0.2, ridge=0.190001) == "blend"


@pytest.mark.parametrize("champion", [0.2, 0.1, 0.3, 0.123, 0.07])
def test_a_challenger_that_is_just_enough_better_takes_over(champion: float):
    choice = choose(figures(blend=champion, ridge=round(0.95 * champion, 6)), "blend")
    assert (choice["champion"], choice["previous"]) == ("ridge", "blend")
    assert "ridge replaces blend" in choice["why"]
    assert "is 5.0 % better" in choice["why"]


@pytest.mark.parametrize(("spread", "champion"), [(0.01, "ridge"), (0.08, "blend")])
def test_a_gain_at_some_origins_only_may_be_chance(spread: float, champion: str):
    test = figures(blend=0.2, ridge=0.15)
    ridge = next(each for each in test["scores"] if each["candidate"] == "ridge")
    ridge["by_origin"] = [0.15 - spread, 0.15 + spread] * 3 + [None, 0.15]
    assert choose(test, "blend")["champion"] == champion


def test_of_several_the_best_one_takes_over():
    assert (
        chosen(blend=0.2, ridge=0.15, weekday_mean_8=0.14, boosting=0.16)
        == "weekday_mean_8"
    )


def test_of_equals_the_first_candidate_takes_over():
    first, second = "weekday_mean_8", "ridge"
    assert CANDIDATES.index(first) < CANDIDATES.index(second)
    assert chosen(blend=0.2, ridge=0.15, weekday_mean_8=0.15) == first
    # The present champion needs no such luck.
    assert chosen("ridge", ridge=0.15, weekday_mean_8=0.15) == "ridge"


@pytest.mark.parametrize("bias", [0.11, -0.11])
def test_a_biased_challenger_takes_over_from_nobody_who_is_less_biased(bias: float):
    assert chosen(blend=(0.2, 0.02), ridge=(0.1, bias)) == "blend"


def test_a_biased_challenger_takes_over_from_a_champion_that_is_further_off():
    assert chosen(blend=(0.2, -0.15), ridge=(0.1, 0.11)) == "ridge"
    assert chosen(blend=(0.2, -0.11), ridge=(0.1, 0.11)) == "blend"
    assert chosen(blend=(0.2, 0.02), ridge=(0.1, 0.1)) == "ridge", (
        "ten percent are still fair"
    )


def test_the_next_best_takes_over_where_the_best_is_biased():
    assert chosen(blend=0.2, ridge=(0.1, 0.3), seasonal_naive=0.15) == "seasonal_naive"


def test_too_few_origins_change_nothing():
    choice = choose(figures(3, blend=0.2, ridge=0.1), "blend")
    assert choice["champion"] == "blend"
    assert choice["why"] == (
        "blend stays: 339 days of history give 3 weekly origins, and the test needs 4."
    )


def test_candidates_that_could_not_be_judged_are_no_challengers():
    assert chosen(blend=0.2, ridge=(None, None)) == "blend"
    assert chosen(blend=(None, None), ridge=0.1) == "blend"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store of models."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("MODELS_URI", f"file://{tmp_path}/models")
    return Store.of_models()


def test_the_record_has_the_choice_its_reason_and_all_figures(store: Store) -> None:
    selected = select(figures(8, blend=0.2, ridge=0.1))
    version = selected.pop("version")
    record = json.loads(store.read(version) or b"")
    assert record == selected
    assert (record["champion"], record["previous"], record["as_of"]) == (
        "ridge",
        "blend",
        "2026-12-06",
    )
    assert record["why"].startswith("ridge replaces blend")
    assert (record["first_day"], record["days"], len(record["origins"])) == (
        "2026-01-01",
        339,
        8,
    )
    assert record["scores"][3]["candidate"] == "ridge"
    assert record["scores"][3]["weekly"] == {
        "category": 0.1,
        "channel": 0.1,
        "sku": 0.1,
    }
    assert registry.champion(store, AS_OF) == registry.Champion(
        "ridge", version, record["why"]
    )
    assert registry.champion(store, AS_OF - timedelta(days=1)).name == "blend"


def test_a_selected_candidate_that_was_removed_is_replaced_by_the_default(
    store: Store,
) -> None:
    registry.keep(store, registry.CHAMPIONS, AS_OF, {"champion": "removed"})
    assert registry.champion(store, AS_OF) == registry.Champion(
        why="the selected model no longer exists"
    )
    assert registry.champion(store, AS_OF - timedelta(days=1)) == registry.Champion()


def test_the_same_run_twice_keeps_the_same_bytes_once(store: Store) -> None:
    selected = select(figures(8, blend=0.2, ridge=0.1))
    # The first run has made ridge the champion; the second starts from where the first one did.
    assert select(figures(8, blend=0.2, ridge=0.1)) == selected
    assert len(store.names(registry.CHAMPIONS)) == 1


@pytest.mark.parametrize(
    "test", [figures(8, blend=0.2, ridge=0.2), figures(2, blend=0.2)]
)
def test_a_month_without_change_is_kept_too(
    store: Store, test: dict[str, object]
) -> None:
    select(test)
    champion = registry.champion(store, AS_OF)
    assert (champion.name, (champion.version or "")[:20]) == (
        "blend",
        f"champions/{AS_OF}",
    )


def test_corrected_data_choose_anew_and_the_last_choice_counts(store: Store) -> None:
    for ridge, expected in (
        (0.1, "ridge"),
        (0.3, "blend"),
        (0.1, "ridge"),
        (0.11, "ridge"),
        (0.3, "blend"),
    ):
        select(figures(8, blend=0.2, ridge=ridge))
        assert registry.champion(store, AS_OF).name == expected
    assert len(store.names(registry.CHAMPIONS)) == 1


def test_a_repeated_older_month_changes_nothing_that_a_newer_one_chose(
    store: Store,
) -> None:
    registry.keep(
        store,
        registry.CHAMPIONS,
        date(2027, 1, 3),
        {"champion": "seasonal_naive", "as_of": "2027-01-03"},
    )
    select(figures(8, blend=0.2, ridge=0.1))
    assert registry.champion(store, date(2027, 1, 4)).name == "seasonal_naive"
    assert registry.champion(store, date(2026, 12, 7)).name == "ridge"


def test_a_half_written_record_is_none(store: Store) -> None:
    (Path(store.uri.removeprefix("file://")) / "champions").mkdir(parents=True)
    name = f"champions/.{AS_OF}-001-abc.json.1f.partial"
    (Path(store.uri.removeprefix("file://")) / name).write_bytes(b'{"champ')
    assert registry.champion(store, AS_OF).version is None


def recorded(test: dict[str, Any]) -> dict[str, Any]:
    return {"version": "champions/2026-12-06.json", **choose(test, "blend"), **test}


def parts(test: dict[str, Any]) -> tuple[EmailMessage, str, str]:
    """The mail, its text, its HTML."""
    message = selection.compose(recorded(test))
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return message, text, html


def table(text: str) -> list[str]:
    """The rows of the table, one blank between what stands in them."""
    lines = text.partition("Candidate")[2].splitlines()[1:]
    return [" ".join(line.split()) for line in lines[: len(CANDIDATES)]]


def test_it_has_every_candidate_the_champion_and_why() -> None:
    message, text, html = parts(figures(8, blend=(0.2, 0.021), ridge=(0.1, -0.034)))
    assert message["Subject"] == "Forecast model: ridge replaces blend"
    assert message["X-Sales-Mail"] == "selection"
    rows = table(text)
    assert [row.split()[0] for row in rows] == list(CANDIDATES)
    bias = f"{MINUS}3.4 %"
    assert (
        f"ridge (champion) 10.0 % 10.0 % 10.0 % 10.0 % {bias} 10.0 % 81.0 % 95.0 %"
        in rows
    )
    assert "blend 20.0 % 20.0 % 20.0 % 20.0 % +2.1 % 20.0 % 81.0 % 95.0 %" in rows
    for said in (text, html):
        sentence = (
            "ridge replaces blend: its score of 10.0 % is 50.0 % better than 20.0 %."
        )
        assert sentence in said.replace("\N{NO-BREAK SPACE}", " ")
        assert "champions/2026-12-06.json" in said
        assert "2026-09-19 to 2026-11-07" in said
    assert html.count("(champion)") == 2  # in either table


def test_it_names_the_origins_of_the_coming_season() -> None:
    season = "The first 4 are those of the coming weeks a year ago."
    assert all(season in body for body in parts(figures(12, blend=0.2, ridge=0.1))[1:])
    assert not any(
        season in body for body in parts(figures(8, blend=0.2, ridge=0.1))[1:]
    )


def test_it_says_why_nothing_changes() -> None:
    message, text, _ = parts(figures(8, blend=0.2, ridge=0.198))
    assert message["Subject"] == "Forecast model: blend stays"
    assert "blend stays: no candidate is at least 5 % better than its 20.0 %" in text


def test_a_short_history_has_no_table() -> None:
    _, text, html = parts(figures(2, blend=0.2))
    assert "give 2 weekly origins" in text
    assert "<th" not in html


def test_a_candidate_without_figures_has_dashes() -> None:
    _, text, _ = parts(figures(8, blend=0.2, ridge=(None, None)))
    assert " ".join(["ridge", *[NOTHING] * 6, "81.0 % 95.0 %"]) in table(text)


def test_a_record_has_one_message_id_and_nobody_is_no_reader(
    monkeypatch: pytest.MonkeyPatch, mailbox: Callable[[], list[EmailMessage]]
) -> None:
    record = recorded(figures(8, blend=0.2, ridge=0.1))
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
    assert selection.notify(record) == "the Variable report_recipients is empty"
    assert mailbox() == []
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "ann@example.com")
    assert selection.notify(record) == selection.notify(record) == ""
    first, second = mailbox()
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].startswith("<selection.")
