"""The history of the shop's sales as panels, one for each kind of series: `category`, `channel` and `sku`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ecommerce.core.errors import PipelineError
from ecommerce.forecast.data.calendar import holidays_of
from ecommerce.forecast.data.panel import Bools, Floats, Ints, Panel
from ecommerce.forecast.data.promotions import of_articles, of_wholes
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.sources.partner_ftp.files import Announced, MarketWeek, Promotion

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ecommerce.warehouse.client import Warehouse

TOTAL = "total"
KIND_NAMES = {"category": "Categories", "channel": "Channels", "sku": "Articles"}
KINDS = tuple(KIND_NAMES)
MOST_SKUS = 25
LONGEST_DAYS = 1100
"""Three years: models look no further back, and a query reads no more partitions."""
RECENT_DAYS = 91
"""The articles that sold most in so many days are forecast."""
LONG_GAP = 7
OFTEN_EMPTY = 0.08


class NoHistory(PipelineError):
    """There is nothing to forecast from."""


@dataclass(frozen=True, slots=True)
class History:
    """What is known before the day `as_of`: panels of the same days by kind. `gaps` are days of which the
    warehouse knows nothing."""

    as_of: date
    panels: Mapping[str, Panel]
    gaps: tuple[date, ...]


def ask_history(
    warehouse: Warehouse, as_of: date, promotions: Sequence[Promotion], asked: Collection[str] = ()
) -> tuple[pa.Table, pa.Table]:
    """What the warehouse says of the three years before `as_of`, and nothing later: sales by day of each
    category and channel, and of each article that is forecast, promoted, or `asked` for.

    Raises:
        NoHistory: there are no sales before that day.
        PipelineError: as `Warehouse.query`.
    """
    first, last = as_of - timedelta(days=LONGEST_DAYS), as_of - timedelta(days=1)
    daily = warehouse.arrow("forecast/daily_series.sql", first=first, day=last)
    if not daily.num_rows:
        raise NoHistory(
            f"nothing can be forecast: the warehouse has no sales in the three years before {as_of}"
        )
    articles = warehouse.arrow(
        "forecast/sku_series.sql",
        parameters={"named": sorted({*asked, *(each.sku for each in promotions if each.sku)})},
        first=first,
        day=last,
        recent=as_of - timedelta(days=RECENT_DAYS),
        most=MOST_SKUS,
    )
    return daily, articles


def panels(
    daily: pa.Table,
    skus: pa.Table,
    last: date,
    *,
    announced: Announced,
    calendar: str,
    asked: Collection[str] = (),
) -> History:
    """The panels that `ask_history`'s two answers make; the history ends with the day `last`.

    Args:
        daily: its first answer.
        skus: its second.
        last: the last day that is known.
        announced: what the partner has told.
        calendar: as `holidays_of`.
        asked: articles to forecast beside the best-selling ones.
    """
    by_day, by_article, promotions = _frame(daily), _frame(skus), announced.promotions
    first: date = by_day["business_date"].min()
    days = (last - first).days + 1
    holidays = holidays_of(calendar, first, days + HORIZON)
    tables = {kind: _daily(by_day[by_day["kind"] == kind], first, days) for kind in ("category", "channel")}
    tables["sku"] = _daily(by_article, first, days)
    market = known_index(announced.market_index, first, days)
    unknown = gaps(tables["category"][1].sum(axis=1), holidays[:days], first.weekday())
    categories = {name: place for place, name in enumerate(tables["category"][0])}
    category_of = dict(zip(by_article["name"], by_article["category"], strict=True))
    sales_of = dict(zip(tables["sku"][0], tables["sku"][1].T, strict=True))
    in_category = {
        sku: (categories[category_of[sku]], sales)
        for sku, sales in sales_of.items()
        if category_of[sku] in categories
    }
    shop = tables["category"][1].sum(axis=1, keepdims=True)
    in_shop = of_wholes(promotions, {sku: (0, sales) for sku, sales in sales_of.items()}, shop, first)
    intensity = {
        "sku": of_articles(promotions, tables["sku"][0], first, days),
        "category": of_wholes(promotions, in_category, tables["category"][1], first),
        "channel": np.repeat(in_shop, len(tables["channel"][0]), axis=1),
    }
    found = {}
    best = _best(tables["sku"][1], unknown)
    for kind, (names, values) in tables.items():
        kept = [place for place, name in enumerate(names) if kind != "sku" or name in asked or place in best]
        values[unknown] = np.nan
        found[kind] = Panel(
            first_day=first,
            series=tuple(f"{kind}:{names[place]}" for place in kept),
            values=values[:, kept],
            promotions=intensity[kind][:, kept],
            holidays=np.repeat(holidays[:, None], len(kept), axis=1),
            market=market,
        )
    return History(
        last + timedelta(days=1),
        found,
        tuple(first + timedelta(days=int(day)) for day in np.flatnonzero(unknown)),
    )


def known_index(weeks: Sequence[MarketWeek], first: date, days: int) -> Floats:
    """The market index that is known on each day: of the last week that has ended by then; NaN before the
    first one, [days]."""
    found = np.full(days, np.nan)
    for each in sorted(weeks, key=lambda week: week.week_start):
        ended = (each.week_start - first).days + DAYS - 1
        if ended < days:
            found[max(ended, 0) :] = float(each.index)
    return found


def gaps(total: Floats, holidays: Ints, first_weekday: int) -> Bools:
    """Which days without any sale of the whole shop are gaps in the history, and not days on which it was
    closed or nobody bought: those on weekdays and holidays that usually bring sales. A shop that sells
    nothing on one day of twelve or more has gaps only where a week or more is empty."""
    days = len(total)
    empty = total <= 0
    weekday = (first_weekday + np.arange(days)) % 7
    runs = _run_lengths(empty)
    short = empty & (runs < LONG_GAP)
    is_closed = np.zeros(days, dtype=bool)
    for one in range(7):
        of_weekday = (weekday == one) & ~(empty & (runs >= LONG_GAP))
        if of_weekday.sum() >= 3 and empty[of_weekday].mean() >= 0.85:
            is_closed |= weekday == one
    ordinary = ~is_closed & (holidays == 0) & (~empty | short)
    often = ordinary.any() and empty[ordinary].mean() > OFTEN_EMPTY
    found = empty & ~is_closed & (holidays == 0)
    if often:
        found &= runs >= LONG_GAP
    long = empty & (runs >= 2 * LONG_GAP)
    return found | long


def _run_lengths(flags: Bools) -> Ints:
    """Of each day, how long the run of equal flags is that it is in."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8))) + 1
    lengths = np.diff(np.concatenate([[0], edges, [len(flags)]]))
    return np.repeat(lengths, lengths)


def _best(values: Floats, unknown: Bools) -> set[int]:
    recent = np.where(unknown[-RECENT_DAYS:, None], 0, values[-RECENT_DAYS:]).sum(axis=0)
    order = np.argsort(-recent, kind="stable")
    return {int(place) for place in order[:MOST_SKUS] if recent[place] > 0}


def _frame(table: pa.Table) -> pd.DataFrame:
    """An answer as a frame; amounts, which are only learned from, as floats."""
    import pyarrow as pa

    place = table.schema.get_field_index("gross_sales")
    amounts = table.column("gross_sales").cast(pa.float64())
    return table.set_column(place, "gross_sales", amounts).to_pandas()


def _daily(rows: pd.DataFrame, first: date, days: int) -> tuple[list[str], Floats]:
    """Names in order, and [days, names]; a day without row is zero."""
    import pandas as pd

    table = rows.pivot_table(index="business_date", columns="name", values="gross_sales", aggfunc="sum")
    table.index = pd.to_datetime(table.index)
    table = table.reindex(pd.date_range(first, periods=days)).fillna(0.0)
    return [str(name) for name in table.columns], table.to_numpy(dtype=float, copy=True)
