"""The figures of a forecast report: one structure for the PDF, the mail, the page and the archive. Amounts
are gross sales as `Decimal` in reporting currency; JSON holds them as text."""

import csv
import hashlib
import io
from datetime import date
from decimal import Decimal

from pydantic import BaseModel

from ecommerce.core.text import inert
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.forecast.wording import TOTAL
from ecommerce.reporting.archive import Provenance

OUTSIDE_80, OUTSIDE_95 = "outside the 80 % interval", "outside the 95 % interval"


class DayForecast(BaseModel, frozen=True):
    """The forecast of one day with its 80 % and 95 % intervals: gross sales in reporting currency."""

    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal

    def covers(self, level: int, actual: Decimal) -> bool:
        """Return whether sales are within the interval of `level` percent; its bounds belong to it."""
        lower, upper = (
            (self.lower_80, self.upper_80)
            if level == 80
            else (self.lower_95, self.upper_95)
        )
        return lower <= actual <= upper


class Score(BaseModel, frozen=True):
    """The accuracy of the forecasts of `of`: the total, or all series of a kind. `periods` counts scored days
    (for products whole weeks). `error` is the WAPE. The ratios are None without sales."""

    of: str
    series: int
    periods: int
    forecast: Decimal
    actual: Decimal
    error: Decimal | None
    bias: Decimal | None
    covered_80: Decimal | None
    covered_95: Decimal | None


class Drift(BaseModel, frozen=True):
    """The total's score of the last four weeks, the champion's back-test error (`usual_error`), and the
    reasons why the forecast drifts: none where it does not, or where too few days are scored."""

    score: Score
    usual_error: Decimal | None
    reasons: list[str]


class PastDay(BaseModel, frozen=True):
    """A day of the whole shop that has ended. `actual` is None for a gap in the history, `expected` where no
    forecast was in force. A day that is not `complete` may lack sales."""

    day: date
    actual: Decimal | None
    complete: bool
    expected: DayForecast | None = None

    @property
    def mark(self) -> str:
        """`OUTSIDE_80` or `OUTSIDE_95` for a complete day outside that interval of its forecast, else an
        empty text."""
        expected, actual = self.expected, self.actual
        if (
            expected is None
            or actual is None
            or not self.complete
            or expected.covers(80, actual)
        ):
            return ""
        return OUTSIDE_80 if expected.covers(95, actual) else OUTSIDE_95


class ComingDay(BaseModel, frozen=True):
    """A forecast day."""

    day: date
    expected: DayForecast


class ForecastSeries(BaseModel, frozen=True):
    """The 28 forecast `days` of one series. `usual_week` is the median of the eight weeks before, None where
    no whole week is known; `category` that of a product, where it is known."""

    name: str
    category: str | None = None
    usual_week: Decimal | None
    days: list[ComingDay]

    @property
    def difference(self) -> Decimal:
        """The coming week less a usual week."""
        return self.week(0) - (self.usual_week or 0)

    def week(self, number: int, weeks: int = 1) -> Decimal:
        """Return the forecast of the coming week (0) or a later one, or of several from there."""
        days = self.days[number * DAYS : (number + weeks) * DAYS]
        return sum((each.expected.forecast for each in days), Decimal(0))


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
    error: Decimal | None
    error_of_last_week: Decimal | None


class ModelCard(BaseModel, frozen=True):
    """The champion. `selected` names the record of its selection and `why` its reason; None for the
    default model, which has a reason in place of a selected model that no longer exists."""

    champion: str
    selected: str | None
    why: str = ""
    forecasts: str
    not_for: str
    total_error: Decimal | None
    kinds: list[KindCard]


class ForecastProvenance(Provenance):
    """With the folder of the model."""

    model: str


class ForecastFigures(BaseModel, frozen=True):
    """The report of the forecast whose first day is `as_of`. `past` holds the eight weeks before; `series`
    begins with the total, leaves out those that are not expected to sell, and is empty where none has enough
    history; `events` name the coming weeks, `products` SKUs; `skipped` has the reason by series; `gaps` are
    days without data."""

    as_of: date
    currency: str
    past: list[PastDay]
    series: list[ForecastSeries]
    promotions: list[ComingPromotion]
    scores: list[Score]
    drift: Drift
    events: list[str | None] = [None] * (HORIZON // DAYS)
    products: dict[str, str] = {}
    skipped: dict[str, str]
    gaps: list[date]
    warnings: list[str]
    card: ModelCard
    provenance: ForecastProvenance

    @property
    def total(self) -> ForecastSeries | None:
        """The whole shop; None without a forecast."""
        return next((each for each in self.series if each.name == TOTAL), None)

    @property
    def last_week(self) -> list[PastDay]:
        """The week that has just ended."""
        return self.past[-DAYS:]

    @property
    def last_week_forecast(self) -> Decimal | None:
        """The sum of last week's forecasts in force; None where a day has none."""
        forecasts = [each.expected.forecast for each in self.last_week if each.expected]
        return (
            sum(forecasts, Decimal(0))
            if len(forecasts) == len(self.last_week)
            else None
        )

    @property
    def last_week_sales(self) -> Decimal | None:
        """The actual sales of last week; None where a day is a gap."""
        actuals = [each.actual for each in self.last_week if each.actual is not None]
        return sum(actuals, Decimal(0)) if len(actuals) == DAYS else None

    def changes(self, *kinds: str) -> list[ForecastSeries]:
        """Return the series of these kinds with a usual week, the largest difference of the coming week
        first."""
        shown = [
            each
            for each in self.series
            if each.name.startswith(kinds) and each.usual_week is not None
        ]
        return sorted(shown, key=lambda each: (-abs(each.difference), each.name))


def figures_hash(figures: ForecastFigures) -> str:
    """Return the SHA-256 of everything but the provenance."""
    return hashlib.sha256(
        figures.model_dump_json(exclude={"provenance"}).encode()
    ).hexdigest()


def figures_csv(figures: ForecastFigures) -> str:
    """Return every forecast as a CSV row of plain decimals."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["as_of", "series", "target_date", *DayForecast.model_fields, "currency"]
    )
    for series in figures.series:
        for each in series.days:
            amounts = each.expected.model_dump().values()
            writer.writerow(
                [
                    figures.as_of,
                    inert(series.name),
                    each.day,
                    *amounts,
                    figures.currency,
                ]
            )
    return stream.getvalue()
