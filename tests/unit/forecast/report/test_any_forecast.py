"""A forecast of any shop has a report, whatever its figures are."""

import random
from datetime import timedelta
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecommerce.forecast.report import archive, charts
from ecommerce.forecast.report.figures import (
    ComingDay,
    ComingPromotion,
    DayForecast,
    Drift,
    ForecastFigures,
    ForecastSeries,
    PastDay,
    Score,
    figures_csv,
)
from ecommerce.forecast.report.view import page_texts
from ecommerce.pages import responses
from ecommerce.pages.views.forecast import DOWNLOADS
from tests.unit.forecast.report.samples import AS_OF, day, make_figures
from tests.unit.sales.report.any_figures import NAMES

REQUEST = SimpleNamespace(scope={}, headers={})
PAGE = {
    "section": "Forecast",
    "as_of": AS_OF,
    "folder": "",
    "previous": None,
    "next": None,
    "downloads": DOWNLOADS,
    "narrow": charts.NARROW_SVG,
}
SHAPES = {
    "count": st.sampled_from([0, 1, 7, 21, 200]),
    "names": st.sampled_from(sorted(NAMES)),
    "currency": st.sampled_from(["USD", "JPY", "KWD"]),
    "largest": st.sampled_from([0, 1, 10**6, 10**13]),
    "seed": st.integers(0, 2**32),
}


ordinary = cache(make_figures)
"""The figures whose provenance and model card the others have."""


def drawn(shape: dict[str, Any]) -> ForecastFigures:
    """Figures of this shape; half of what may be absent is."""
    dice = random.Random(shape["seed"])
    names = NAMES[shape["names"]]

    def amount() -> Decimal:
        return Decimal(dice.choice([0, dice.randint(0, shape["largest"])])).scaleb(-4)

    def maybe(value: Any) -> Any:
        return value if dice.random() < 0.5 else None

    def forecast() -> DayForecast:
        low, middle, high = sorted(amount() for _ in range(3))
        return DayForecast(
            forecast=middle, lower_80=low, upper_80=high, lower_95=low, upper_95=high
        )

    def score(of: str) -> Score:
        ratios = {
            name: maybe(Decimal("0.1"))
            for name in ("error", "bias", "covered_80", "covered_95")
        }
        sums = {"forecast": amount(), "actual": amount()}
        return Score(of=of, series=1, periods=dice.choice([0, 1, 20]), **sums, **ratios)

    labels = [f"{names[place % len(names)]}{place}" for place in range(shape["count"])]
    kinds = ("category", "channel", "sku")
    every = [
        "total",
        *(f"{kinds[place % 3]}:{label}" for place, label in enumerate(labels)),
    ]
    series = []
    for name in every if shape["count"] else []:
        coming = [ComingDay(day=day(ahead), expected=forecast()) for ahead in range(28)]
        category = maybe(labels[0])
        series.append(
            ForecastSeries(
                name=name, category=category, usual_week=maybe(amount()), days=coming
            )
        )
    past = []
    for back in range(56, 0, -1):
        fields = {
            "actual": maybe(amount()),
            "complete": dice.random() < 0.7,
            "expected": maybe(forecast()),
        }
        past.append(PastDay(day=AS_OF - timedelta(days=back), **fields))
    promotions = []
    for label in labels:
        promotions.append(
            ComingPromotion(
                first=day(0),
                last=day(3),
                sku=maybe(label),
                discount_percent=Decimal("12.5"),
            )
        )
    return ordinary().model_copy(
        update={
            "currency": shape["currency"],
            "past": past,
            "series": series,
            "promotions": promotions,
            "scores": [score(of) for of in ("total", *kinds) if dice.random() < 0.5],
            "drift": Drift(
                score=score("total"), usual_error=maybe(Decimal(0)), reasons=labels[:2]
            ),
            "events": [maybe(names[0]) for _ in range(4)],
            "products": dict.fromkeys(labels[::2], names[0]),
            "skipped": {f"sku:{label}": names[0] for label in labels[:30]},
            "gaps": [each.day for each in past if each.actual is None],
            "warnings": labels[:30],
        }
    )


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(shape=st.fixed_dictionaries(SHAPES))
def test_any_forecast_has_a_page_a_mail_and_its_figures_as_files(shape) -> None:
    figures = drawn(shape)
    assert ForecastFigures.model_validate_json(figures.model_dump_json()) == figures
    assert figures_csv(figures).count("\n") >= 1 + 28 * len(figures.series)
    texts = page_texts(figures)
    html = responses.page(
        REQUEST, "forecast.html", "Forecast", PAGE | {"report": texts}
    ).body.decode()
    assert texts["tiles"][0]["value"] in html
    message = archive.report_message(figures, b"%PDF-", b"")
    assert texts["tiles"][0]["value"] in message.get_body(("plain",)).get_content()
    assert "\n" not in message["Subject"]


@settings(max_examples=2, suppress_health_check=list(HealthCheck))
@given(shape=st.fixed_dictionaries(SHAPES))
def test_any_forecast_has_a_document(shape, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("forecast")
    archive.write_document(drawn(shape | {"count": min(shape["count"], 21)}), folder)
    assert (folder / archive.PDF).read_bytes().startswith(b"%PDF-")
