"""From what the run left to figures, by what the warehouse would answer."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ecommerce.forecast.data import dataset
from ecommerce.forecast.forecast_rows import train_all
from ecommerce.forecast.models import registry, training
from ecommerce.forecast.models.registry import Champion
from ecommerce.forecast.report import steps
from ecommerce.sources.partner_ftp.files import Announced, Promotion
from ecommerce.storage.kept_files import Store
from tests.unit.forecast.report.samples import AS_OF, WEEKDAYS, day

FIRST = AS_OF - timedelta(days=70)


def sold(back: int, place: int = 0) -> Decimal:
    each = AS_OF - timedelta(days=back)
    return Decimal(str(round(1000 * (place + 1) * WEEKDAYS[each.weekday()], 2)))


@pytest.fixture
def prepared() -> dataset.Prepared:
    """Ten weeks of two categories, one channel and one article; nothing is known of one day."""
    days = [back for back in range(70, 0, -1) if back != 3]

    def table(series: list[tuple[str, str, int]], **more: str) -> pa.Table:
        rows = [
            {"business_date": AS_OF - timedelta(days=back), "kind": kind, "name": name, **more}
            | {"gross_sales": sold(back, place)}
            for back in days
            for kind, name, place in series
        ]
        kinds = pa.schema(
            [("business_date", pa.date32()), ("kind", pa.string()), ("name", pa.string())]
            + [(name, pa.string()) for name in more]
            + [("gross_sales", pa.decimal128(38, 9))]
        )
        return pa.Table.from_pylist(rows, schema=kinds)

    return dataset.Prepared(
        last_day=AS_OF - timedelta(days=1),
        daily=table([("category", "a", 0), ("category", "b", 1), ("channel", "web", 2)]),
        products=table([("sku", "A-1", 0)], category="a"),
        announced=Announced((Promotion(day(1), day(2), "A-1", Decimal(5)),)),
        calendar="",
        rejected=[],
    )


def test_what_was_prepared_becomes_amounts_by_series_and_day(prepared: dataset.Prepared) -> None:
    found = prepared.amounts(AS_OF - timedelta(days=10))
    assert sorted(found) == ["category:a", "category:b", "channel:web", "sku:A-1", "total"]
    yesterday = AS_OF - timedelta(days=1)
    assert found["total"][yesterday] == sold(1, 0) + sold(1, 1)
    assert found["category:b"][yesterday] == sold(1, 1)
    assert min(found["total"]) == AS_OF - timedelta(days=10)
    assert AS_OF - timedelta(days=3) not in found["total"]


def test_a_gap_is_known_as_one_and_so_are_days_before_the_history(prepared: dataset.Prepared) -> None:
    known = steps.past_sales(prepared, AS_OF)
    assert list(known.gaps) == [AS_OF - timedelta(days=3)]
    assert set(known.unknown) == set(known.gaps)
    assert known.categories == {"sku:A-1": "a"}
    later = prepared.daily.filter(pa.compute.greater(prepared.daily["business_date"], pa.scalar(day(-30))))
    products = prepared.products.slice(0, 0)
    young = dataset.Prepared(prepared.last_day, later, products, Announced(), "", [])
    assert len(steps.past_sales(young, AS_OF).unknown) == 56 - 29 + 1


def test_the_card_knows_the_champion_s_error_and_the_total_s(prepared: dataset.Prepared) -> None:
    history = prepared.panels()
    card = training.card(history, Champion(), train_all(history))
    kinds = card["kinds"]
    assert card["selected"] == training.BY_DEFAULT
    for kind in ("category", "channel", "sku"):
        error = kinds[kind]["champion_error_of_13_weeks"]
        assert 0 <= error < 0.2
        assert ("total_error_of_13_weeks" in kinds[kind]) == (kind == "category")
    assert kinds["category"]["total_error_of_13_weeks"] <= kinds["category"]["champion_error_of_13_weeks"]


def test_the_champion_s_error_by_hand() -> None:
    nan = float("nan")
    calibration: Any = [
        (1, [[10.0, 20.0], [5.0, 5.0]], [[12.0, 18.0], [nan, 10.0]]),
        (2, [[1.0, 1.0]], [[nan, nan]]),
    ]
    arrays = tuple((weeks, *map(as_floats, pair)) for weeks, *pair in calibration)
    model: Any = type("Model", (), {"calibration": arrays})
    assert training.champion_error(model) == round((2 + 2 + 5) / 40, 6)
    assert training.champion_error(model, whole=True) == round((0 + 5) / 40, 6)
    assert training.champion_error(type("Model", (), {"calibration": ()})) is None


def as_floats(rows: list[list[float]]) -> Any:
    import numpy as np

    return np.array(rows)


def test_why_a_champion_was_chosen_is_read_from_its_record(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}")
    name = registry.keep(
        store, registry.CHAMPIONS, date(2026, 11, 2), {"champion": "ridge", "why": "it is best"}
    )
    bare = registry.keep(store, registry.CHAMPIONS, date(2026, 11, 3), {"champion": "ridge"})
    assert registry.why(store, name) == "it is best"
    assert registry.why(store, bare) == registry.why(store, training.BY_DEFAULT) == ""
