"""From what the run left to figures, by what the warehouse would answer."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ecommerce.forecast.data.history import Sales
from ecommerce.forecast.models import registry, training
from ecommerce.forecast.models.ensemble import wape
from ecommerce.forecast.models.registry import Champion
from ecommerce.forecast.report import steps
from ecommerce.sources.partner_ftp.files import Announced, Promotion
from ecommerce.storage.kept_files import Store
from tests.unit.forecast.report.samples import (
    ALL_DAYS,
    AS_OF,
    WEEKDAYS,
    day,
    made,
    make_figures,
)

FIRST = AS_OF - timedelta(days=70)


def sold(back: int, place: int = 0) -> Decimal:
    each = AS_OF - timedelta(days=back)
    return Decimal(str(round(1000 * (place + 1) * WEEKDAYS[each.weekday()], 2)))


@pytest.fixture
def sales() -> Sales:
    """Ten weeks of two categories, one channel and one article; nothing is known of one day."""
    series = [("category", "a"), ("category", "b"), ("channel", "web"), ("sku", "A-1")]
    rows = [
        {"business_date": AS_OF - timedelta(days=back), "kind": kind, "name": name}
        | {
            "category": "a" if kind == "sku" else None,
            "product": "Lamp" if kind == "sku" else None,
        }
        | {"gross_sales": sold(back, place % 3)}
        for back in range(70, 0, -1)
        if back != 3
        for place, (kind, name) in enumerate(series)
    ]
    announced = Announced((Promotion(day(1), day(2), "A-1", Decimal(5)),))
    return Sales(
        AS_OF - timedelta(days=1), pa.Table.from_pylist(rows), announced, calendar=""
    )


def test_sales_are_amounts_by_series_and_day(sales: Sales) -> None:
    history = sales.panels()
    past = steps.past_sales(history)
    assert sorted(past) == [
        "category:a",
        "category:b",
        "channel:web",
        "sku:A-1",
        "total",
    ]
    assert past["total"].iloc[-1] == sold(1, 0) + sold(1, 1)
    assert past["category:b"].iloc[-1] == float(sold(1, 1))
    assert len(past["total"]) == 56
    assert (history.categories, history.products) == ({"A-1": "a"}, {"A-1": "Lamp"})


def test_a_gap_is_unknown_and_so_are_days_before_the_history(sales: Sales) -> None:
    history = sales.panels()
    assert list(history.gaps) == [AS_OF - timedelta(days=3)]
    assert np.flatnonzero(np.isnan(steps.past_sales(history)["total"])).tolist() == [53]
    later = sales.table.filter(
        pa.compute.greater(sales.table["business_date"], pa.scalar(day(-30)))
    )
    past = steps.past_sales(replace(sales, table=later).panels())
    assert np.isnan(past["total"]).sum() == 56 - 29 + 1


def test_what_is_incomplete_unknown_or_old_is_not_scored() -> None:
    gone = [
        made("total", day(-1), 100, 100),
        made("total", day(-2), 100),
        made("total", day(-3), 100, 100),
    ]
    old = [made("total", day(-back), 100, 100) for back in range(29, 57)]
    figures = make_figures(
        forecasts=[*gone, *old], complete=[each for each in ALL_DAYS if each != day(-3)]
    )
    assert (figures.scores[0].periods, figures.drift.score.periods) == (29, 1)


def test_the_card_knows_the_champion_s_error_and_the_total_s(sales: Sales) -> None:
    history = sales.panels()
    card = training.card(history, Champion(), training.train_all(history))
    kinds = card["kinds"]
    assert card["selected"] is None
    assert [each["kind"] for each in kinds] == ["category", "channel", "sku"]
    assert all(0 <= each["error"] < 0.2 for each in kinds)
    assert card["total_error"] <= kinds[0]["error"]


def test_an_error_by_hand() -> None:
    nan = float("nan")
    pairs = [
        (np.array([[10.0, 20.0], [5.0, 5.0]]), np.array([[12.0, 18.0], [nan, 10.0]])),
        (np.array([[1.0, 1.0]]), np.array([[nan, nan]])),
    ]
    assert wape(pairs) == round((2 + 2 + 5) / 40, 6)
    assert wape([]) is None


def test_why_a_champion_was_chosen_is_read_from_its_record(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}")
    assert registry.champion(store, date(2026, 11, 1)).why == ""
    for number, why in ((2, {"why": "it is best"}), (3, {})):
        as_of = date(2026, 11, number)
        registry.keep(store, registry.CHAMPIONS, as_of, {"champion": "ridge"} | why)
        assert registry.champion(store, as_of).why == why.get("why", "")
