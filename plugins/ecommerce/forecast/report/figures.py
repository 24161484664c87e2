"""What a forecast's report says: one plain structure, the same for the PDF, the mail and the archive.

Amounts are gross sales as `Decimal` in reporting currency, and travel through JSON as text.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import date, datetime, timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from ecommerce.core.text import inert
from ecommerce.forecast.data.history import TOTAL
from ecommerce.forecast.scoring import Drift, Score
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.reporting.interval_verdict import verdict

VERY_UNUSUAL = "very unusual"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Expected(_Model):
    """A forecast of one day with its intervals of 80 and 95 %."""

    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal


class PastDay(_Model):
    """A day that has ended, of the whole shop. `actual` is None where it is a gap in the history, `expected`
    where no forecast was in force; it is not `complete` where sales may still be missing."""

    day: date
    actual: Decimal | None
    complete: bool
    expected: Expected | None = None

    @property
    def mark(self) -> str:
        """The verdict of `interval_verdict` where the day is unusual, else an empty text."""
        said, came = self.expected, self.actual
        if said is None or came is None or not self.complete:
            return ""
        found = verdict(came, (said.lower_80, said.upper_80), (said.lower_95, said.upper_95))
        return "" if found == "as expected" else found


class ComingDay(_Model):
    """A day that is forecast."""

    day: date
    expected: Expected


class Series(_Model):
    """One series: `usual_week` is the mean week of the last four, None where nothing is known of them; `days`
    are the 28 that are forecast. `category`: of an article, where it is known."""

    name: str
    category: str | None = None
    usual_week: Decimal | None
    days: list[ComingDay]

    def week(self, number: int) -> Decimal:
        """What is expected in the coming week (0), or so many weeks later."""
        return self.sum(number * DAYS, number * DAYS + DAYS)

    def sum(self, first: int, end: int) -> Decimal:
        """What is expected on some of the days, by their places."""
        return sum((each.expected.forecast for each in self.days[first:end]), Decimal(0))


class ComingPromotion(_Model):
    """A promotion of the coming four weeks; without `sku` it is the whole shop's."""

    first: date
    last: date
    sku: str | None
    discount_percent: Decimal


class KindCard(_Model):
    """What the champion learned a kind of series from. `error`: its absolute errors at the weekly origins of
    13 weeks relative to sales, `error_of_last_week` those of saying what came a week before."""

    kind: str
    series: int
    first_day: date
    days: int
    weights: dict[str, Decimal]
    error: Decimal | None
    error_of_last_week: Decimal | None


class Card(_Model):
    """The model card. `selected` names the record by which the champion was chosen, `why` is what that says;
    None and empty: by default."""

    champion: str
    selected: str | None
    why: str = ""
    forecasts: str
    not_for: str
    total_error: Decimal | None
    kinds: list[KindCard]


class Provenance(_Model):
    """Where the report comes from; instants are UTC."""

    dag_id: str
    run_id: str
    code_version: str
    timezone: str
    model: str
    generated_at: datetime


class Figures(_Model):
    """The report of the forecast made as of the first day that is forecast. `past`: the eight weeks before.
    `series` are all that are forecast, the total first; none where nothing could be. `skipped`: the others,
    with the reason. `gaps`: days of which the warehouse knows nothing."""

    as_of: date
    currency: str
    past: list[PastDay]
    series: list[Series]
    promotions: list[ComingPromotion]
    scores: list[Score]
    drift: Drift
    skipped: dict[str, str]
    gaps: list[date]
    warnings: list[str]
    card: Card
    provenance: Provenance

    @property
    def total(self) -> Series | None:
        """The whole shop; None where nothing could be forecast."""
        return next((each for each in self.series if each.name == TOTAL), None)

    def sum_before(self, days: int) -> Decimal | None:
        """What came on the last `days` days; None where one of them is a gap."""
        found = [each.actual for each in self.past[-days:] if each.actual is not None]
        return sum(found, Decimal(0)) if len(found) == days else None

    @property
    def last_week(self) -> list[PastDay]:
        """The week that has just ended."""
        return self.past[-DAYS:]

    @property
    def last_day(self) -> date:
        """The last that is forecast."""
        return self.as_of + timedelta(days=HORIZON - 1)

    def to_json(self) -> str:
        """The archive's `figures.json`; `Figures.model_validate_json` is the inverse."""
        return self.model_dump_json(indent=1)


def figures_hash(figures: Figures) -> str:
    """SHA-256 of all that the report states but who made it and when."""
    facts = figures.model_dump(mode="json", exclude={"provenance"})
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def figures_csv(figures: Figures) -> str:
    """Every forecast as a row: as_of, series, target_date, forecast, bounds, currency. Values are plain
    decimals; cells that a spreadsheet would take for a formula begin with an apostrophe."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = list(Expected.model_fields)
    writer.writerow(["as_of", "series", "target_date", *names, "currency"])
    for series in figures.series:
        for each in series.days:
            values = [getattr(each.expected, name) for name in names]
            writer.writerow([figures.as_of, inert(series.name), each.day, *values, figures.currency])
    return stream.getvalue()
