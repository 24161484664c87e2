"""The shop's sales history as panels, one for each kind of series: `category`, `channel` and `sku`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ecommerce.core.errors import PipelineError
from ecommerce.forecast.data.covariates import (
    holidays_of,
    known_index,
    product_promotions,
    promoted_shares,
)
from ecommerce.forecast.data.panel import Bools, Floats, Ints, Panel
from ecommerce.forecast.weeks import HORIZON
from ecommerce.sources.partner_ftp.files import Announced, Promotion

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ecommerce.warehouse.client import Warehouse

TOTAL = "total"
KIND_NAMES = {"category": "Categories", "channel": "Channels", "sku": "Products"}
KINDS = tuple(KIND_NAMES)
MOST_SKUS = 25
LONGEST_DAYS = 1100
"""Three years: models use no older days, and queries read no more partitions."""
RECENT_DAYS = 91
"""The period whose best-selling products are forecast."""
LONG_GAP = 7
OFTEN_EMPTY = 0.08


class NoHistory(PipelineError):
    """There are no sales to forecast from."""


@dataclass(frozen=True, slots=True)
class History:
    """The panels before `as_of` by kind, all of the same days. `gaps` are days without data."""

    as_of: date
    panels: Mapping[str, Panel]
    gaps: tuple[date, ...]


def query_history(
    warehouse: Warehouse, as_of: date, promotions: Sequence[Promotion], requested: Collection[str] = ()
) -> tuple[pa.Table, pa.Table]:
    """Query the sales of the three years before `as_of`, and nothing later.

    Args:
        warehouse: the connection.
        as_of: the first forecast day.
        promotions: their SKUs are read, too.
        requested: more SKUs.

    Returns:
        Daily sales by category and channel, and by SKU (best-selling, promoted or requested).

    Raises:
        NoHistory: there are no sales before that day.
        PipelineError: as `Warehouse.query`.
    """
    first, last = as_of - timedelta(days=LONGEST_DAYS), as_of - timedelta(days=1)
    daily = warehouse.arrow("forecast/daily_series.sql", first=first, day=last)
    if not daily.num_rows:
        raise NoHistory(f"no forecast: the warehouse has no sales in the three years before {as_of}")
    products = warehouse.arrow(
        "forecast/sku_series.sql",
        parameters={"named": sorted({*requested, *(each.sku for each in promotions if each.sku)})},
        first=first,
        day=last,
        recent=as_of - timedelta(days=RECENT_DAYS),
        most=MOST_SKUS,
    )
    return daily, products


def panels(
    daily: pa.Table,
    products: pa.Table,
    last: date,
    *,
    announced: Announced,
    calendar: str,
    requested: Collection[str] = (),
) -> History:
    """Build the panels of a history.

    Args:
        daily: the first table of `query_history`.
        products: the second.
        last: the last known day.
        announced: the partner's promotions and market index.
        calendar: as in `holidays_of`.
        requested: SKUs to forecast besides the best-selling ones.
    """
    by_day, by_product, promotions = _frame(daily), _frame(products), announced.promotions
    first: date = by_day["business_date"].min()
    days = (last - first).days + 1
    holidays = holidays_of(calendar, first, days + HORIZON)
    tables = {kind: _daily(by_day[by_day["kind"] == kind], first, days) for kind in ("category", "channel")}
    tables["sku"] = _daily(by_product, first, days)
    categories, of_categories = tables["category"]
    skus, of_skus = tables["sku"]
    shop = of_categories.sum(axis=1, keepdims=True)
    unknown = gaps(shop[:, 0], holidays[:days], first.weekday())
    category_of = dict(zip(by_product["name"], by_product["category"], strict=True))
    sales_of = dict(zip(skus, of_skus.T, strict=True))
    in_category = {
        sku: (categories.index(category_of[sku]), sales)
        for sku, sales in sales_of.items()
        if category_of[sku] in categories
    }
    in_shop = promoted_shares(promotions, {sku: (0, sales) for sku, sales in sales_of.items()}, shop, first)
    promoted = {
        "sku": product_promotions(promotions, skus, first, days),
        "category": promoted_shares(promotions, in_category, of_categories, first),
        "channel": np.repeat(in_shop, len(tables["channel"][0]), axis=1),
    }
    best = _best_selling(of_skus, unknown)
    market = known_index(announced.market_index, first, days)
    by_kind = {}
    for kind, (names, values) in tables.items():
        kept = [
            place for place, name in enumerate(names) if kind != "sku" or name in requested or place in best
        ]
        values[unknown] = np.nan
        by_kind[kind] = Panel(
            first_day=first,
            series=tuple(f"{kind}:{names[place]}" for place in kept),
            values=values[:, kept],
            promotions=promoted[kind][:, kept],
            holidays=np.repeat(holidays[:, None], len(kept), axis=1),
            market=market,
        )
    gap_days = tuple(first + timedelta(days=int(day)) for day in np.flatnonzero(unknown))
    return History(last + timedelta(days=1), by_kind, gap_days)


def gaps(total: Floats, holidays: Ints, first_weekday: int) -> Bools:
    """Return which days without sales are gaps in the data, rather than closed days or days without orders:
    those on weekdays and holidays that usually have sales. In a shop without sales on one day of twelve or
    more, only gaps of a week or longer count.

    Args:
        total: daily sales of the shop.
        holidays: as `holidays_of` returns them.
        first_weekday: of the first day; Monday is 0.
    """
    empty = total <= 0
    weekday = (first_weekday + np.arange(len(total))) % 7
    runs = _run_lengths(empty)
    is_long = empty & (runs >= LONG_GAP)
    is_closed = np.zeros(len(total), dtype=bool)
    for one in range(7):
        of_weekday = (weekday == one) & ~is_long
        if of_weekday.sum() >= 3 and empty[of_weekday].mean() >= 0.85:
            is_closed |= weekday == one
    usually_open = ~is_closed & (holidays == 0)
    ordinary = usually_open & ~is_long
    is_gap = empty & usually_open
    if ordinary.any() and empty[ordinary].mean() > OFTEN_EMPTY:
        is_gap &= runs >= LONG_GAP
    return is_gap | (empty & (runs >= 2 * LONG_GAP))


def _run_lengths(flags: Bools) -> Ints:
    """The length of the run of equal flags around each day."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8))) + 1
    lengths = np.diff(np.concatenate([[0], edges, [len(flags)]]))
    return np.repeat(lengths, lengths)


def _best_selling(values: Floats, unknown: Bools) -> set[int]:
    recent = np.where(unknown[-RECENT_DAYS:, None], 0, values[-RECENT_DAYS:]).sum(axis=0)
    order = np.argsort(-recent, kind="stable")
    return {int(place) for place in order[:MOST_SKUS] if recent[place] > 0}


def _frame(table: pa.Table) -> pd.DataFrame:
    """A query's result with amounts as floats: models learn from them, nothing is added up."""
    import pyarrow as pa

    place = table.schema.get_field_index("gross_sales")
    amounts = table.column("gross_sales").cast(pa.float64())
    return table.set_column(place, "gross_sales", amounts).to_pandas()


def _daily(rows: pd.DataFrame, first: date, days: int) -> tuple[list[str], Floats]:
    """Names in order, and [days, names]; 0 on a day without a row."""
    import pandas as pd

    table = rows.pivot_table(index="business_date", columns="name", values="gross_sales", aggfunc="sum")
    table.index = pd.to_datetime(table.index)
    table = table.reindex(pd.date_range(first, periods=days)).fillna(0.0)
    return [str(name) for name in table.columns], table.to_numpy(dtype=float, copy=True)
