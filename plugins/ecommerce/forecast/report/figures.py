"""The figures of a forecast report: one structure for the PDF, the mail, the page and the archive. Amounts
are gross sales as `Decimal` in reporting currency; JSON holds them as text."""

from datetime import date
from decimal import Decimal

import pandas as pd
from pydantic import BaseModel

from ecommerce.core.text import inert
from ecommerce.forecast.weeks import DAYS
from ecommerce.forecast.wording import TOTAL, Names
from ecommerce.reporting.expected_week import ExpectedWeek
from ecommerce.storage.plain import hash_of
from ecommerce.storage.report_archive import Provenance

Known = Decimal | None
"""None where it is unknown."""


class DayForecast(BaseModel, frozen=True):
    """The forecast of one day with its 80 % and 95 % intervals: gross sales in reporting currency."""

    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal


class Score(BaseModel, frozen=True):
    """The accuracy of the forecasts of `of`: the total, or all series of a kind. `periods` counts scored days
    (for products whole weeks). `error` is the WAPE. The ratios are None without sales."""

    of: str
    series: int
    periods: int
    forecast: Decimal
    actual: Decimal
    error: Known
    bias: Known
    covered_80: Known
    covered_95: Known


class Drift(BaseModel, frozen=True):
    """The total's score of the last four weeks, the champion's back-test error (`usual_error`), and the
    reasons why the forecast drifts: none where it does not, or where too few days are scored."""

    score: Score
    usual_error: Known
    reasons: list[str]


class PastDay(BaseModel, frozen=True):
    """A day of the whole shop that has ended. `actual` is None for a gap in the history, `expected` where no
    forecast was in force. A day that is not `complete` may lack sales."""

    day: date
    actual: Known
    complete: bool
    expected: DayForecast | None

    @property
    def outside(self) -> int | None:
        """The interval, 80 or 95 %, that a complete day is outside of; None where it is within 80 %."""
        expected = self.expected
        if expected is None or self.actual is None or not self.complete:
            return None
        if expected.lower_80 <= self.actual <= expected.upper_80:
            return None
        if expected.lower_95 <= self.actual <= expected.upper_95:
            return 80
        return 95


class ComingDay(BaseModel, frozen=True):
    """A forecast day."""

    day: date
    expected: DayForecast


class ForecastSeries(BaseModel, frozen=True):
    """The 28 forecast `days` of one series. `usual_week` is the median of the eight weeks before, None where
    no whole week is known; `category` that of a product, where it is known."""

    name: str
    category: str | None
    usual_week: Known
    days: list[ComingDay]


class ComingPromotion(BaseModel, frozen=True):
    """A promotion of the next four weeks, of one SKU or (None) the whole shop."""

    first: date
    last: date
    sku: str | None
    discount_percent: Decimal


class KindCard(BaseModel, frozen=True):
    """Training data and errors of one kind of series. `error` is the champion's WAPE at the 13 weekly
    origins, `error_of_last_week` that of the seasonal naive model."""

    kind: str
    series: int
    first_day: date
    days: int
    weights: dict[str, Decimal]
    error: Known
    error_of_last_week: Known


class ModelCard(BaseModel, frozen=True):
    """The champion. `selected` names the record of its selection and `why` its reason; None for the
    default model, which has a reason in place of a selected model that no longer exists."""

    champion: str
    selected: str | None
    why: str
    forecasts: str
    not_for: str
    total_error: Known
    kinds: list[KindCard]


class ForecastProvenance(Provenance):
    """With the folder of the model."""

    model: str


class ForecastFigures(BaseModel, frozen=True):
    """The report of the forecast whose first day is `as_of`. `past` holds the eight weeks before; `series`
    begins with the total, leaves out those that are not expected to sell, and is empty where none has enough
    history; `events` name the coming weeks, `products` SKUs; `skipped` has the reason by series; `gaps` are
    days without data. `net_weeks`: the expected net sales of the whole shop in the four weeks, none without a
    forecast of it, and `net_usual_week` those of a usual one."""

    as_of: date
    currency: str
    past: list[PastDay]
    series: list[ForecastSeries]
    promotions: list[ComingPromotion]
    scores: list[Score]
    drift: Drift
    events: list[str | None]
    products: Names
    skipped: Names
    gaps: list[date]
    warnings: list[str]
    card: ModelCard
    provenance: ForecastProvenance
    net_weeks: list[ExpectedWeek]
    net_usual_week: Known

    @property
    def total(self) -> ForecastSeries | None:
        """The whole shop; None without a forecast."""
        for series in self.series:
            if series.name == TOTAL:
                return series
        return None

    @property
    def last_week(self) -> list[PastDay]:
        """The week that has just ended."""
        return self.past[-DAYS:]


def figures_hash(figures: ForecastFigures) -> str:
    """Return the SHA-256 of everything but the provenance."""
    return hash_of(figures, exclude={"provenance"})


def figures_csv(figures: ForecastFigures) -> str:
    """Return every forecast as a CSV row of plain decimals."""
    columns = ["as_of", "series", "target_date", *DayForecast.model_fields, "currency"]
    rows = []
    for series in figures.series:
        for day in series.days:
            rows.append(
                [
                    figures.as_of,
                    inert(series.name),
                    day.day,
                    *dict(day.expected).values(),
                    figures.currency,
                ]
            )
    return pd.DataFrame(rows, columns=columns).to_csv(index=False)
