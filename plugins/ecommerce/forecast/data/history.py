"""The shop's sales history: read from the warehouse, kept in a prepared folder of staging, and as panels, one
for each kind of series: `category`, `channel` and `sku`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import PipelineError
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.forecast.data.panel import (
    LONGEST_DAYS,
    Ints,
    Panel,
    holidays_of,
    run_numbers,
)
from ecommerce.forecast.loading import DAILY_RUNS
from ecommerce.forecast.models import registry
from ecommerce.forecast.partner_ftp.files import PartnerFiles, Promotion
from ecommerce.forecast.weeks import DAYS, HORIZON, LEAST_DAYS
from ecommerce.forecast.wording import KIND_NAMES, Names
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import from_plain, to_plain
from ecommerce.storage.staging import (
    DagRun,
    Manifest,
    publish,
    read_file,
    read_manifest,
)
from ecommerce.warehouse.client import Warehouse, connect

Tables = dict[str, pd.DataFrame]
"""By kind of series, [days, series]."""
MOST_SKUS = 25
RECENT_DAYS = 91
"""The period whose best-selling products are forecast."""
WINDOW_DAYS = 91
LEAST_SHARE = 0.02
"""A smaller share of a category's sales is not a promotion of the category."""
LONG_GAP = 7
OFTEN_EMPTY = 0.08
MOSTLY_EMPTY = 0.85
SALES = "sales.parquet"
KNOWN = "known.json"
STEP = "prepared"


class NoHistory(PipelineError):
    """There are no sales to forecast from."""


@dataclass(frozen=True, slots=True)
class History:
    """The panels before `as_of` by kind, all of the same days. `gaps` are days without data, `categories`
    and `products` those of SKUs and their names, `promotions` the announced ones."""

    as_of: date
    panels: Mapping[str, Panel]
    gaps: tuple[date, ...]
    categories: Names
    products: Names
    promotions: tuple[Promotion, ...]


@dataclass(frozen=True, slots=True)
class Sales:
    """Daily gross sales of three years up to `last_day`, by `business_date`, `kind` and `name`, with the
    `category` and the name (`product`) of a SKU and whether it `is_best_seller`; the content of the partner's
    files; the holidays' calendar; SKUs to forecast in addition to the best-selling ones."""

    last_day: date
    table: pa.Table
    partner: PartnerFiles
    calendar: str
    requested: tuple[str, ...] = ()

    def panels(self) -> History:
        """Return the panels to train on, of four weeks at least."""
        # Floats: models learn from the amounts, nothing is added up.
        rows = self.table.to_pandas(date_as_object=False).astype({"gross_sales": float})
        four_weeks_ago = pd.Timestamp(self.last_day) - timedelta(days=LEAST_DAYS - 1)
        first_day = min(rows["business_date"].min(), four_weeks_ago)
        days = pd.date_range(first_day, self.last_day)
        sales = {}
        for kind in KIND_NAMES:
            of_kind = rows[rows["kind"] == kind]
            table = of_kind.pivot_table(
                "gross_sales", "business_date", "name", aggfunc="sum"
            )
            sales[kind] = table.reindex(days).fillna(0.0)
        products = rows[rows["kind"] == "sku"].sort_values("business_date")
        newest = products.groupby("name").last()
        categories = dict(newest["category"].dropna())
        announced = self.partner.announced
        promoted = _promoted(sales, categories, announced.promotions)

        holidays = holidays_of(self.calendar, first_day, len(days) + HORIZON)
        is_gap = gaps(sales["category"].sum(axis=1), holidays[: len(days)])
        best_sellers = newest.index[newest["is_best_seller"].astype(bool)]
        is_forecast = sales["sku"].columns.isin([*best_sellers, *self.requested])
        sales["sku"] = sales["sku"].loc[:, is_forecast]
        market = pd.Series(np.nan, days)
        for week in announced.market_index:
            # It is known from the week's last day on.
            known_from = week.week_start + timedelta(days=DAYS - 1)
            market[str(known_from) :] = float(week.index)
        panels = {}
        for kind, table in sales.items():
            known_sales = table.mask(is_gap, axis=0)
            promotions = promoted[kind][table.columns]
            panels[kind] = Panel(
                first_day=first_day.date(),
                series=tuple(f"{kind}:{name}" for name in table),
                values=known_sales.to_numpy(copy=True),
                promotions=promotions.to_numpy(copy=True),
                holidays=holidays[:, None],
                market=np.asarray(market, np.float64),
            )
        return History(
            as_of=self.last_day + timedelta(days=1),
            panels=panels,
            gaps=tuple(days[is_gap].date),
            categories=categories,
            products=dict(newest["product"].dropna()),
            promotions=announced.promotions,
        )


def _promoted(
    sales: Tables,
    categories: Names,
    promotions: Iterable[Promotion],
) -> Tables:
    """The share of each series that is on promotion, at most 1, on the known days and the horizon: of a
    category or a channel, the share of the promoted products in its sales of the quarter before. `categories`
    are those of SKUs."""
    days = sales["sku"].index
    days = pd.date_range(days[0], periods=len(days) + HORIZON)
    of_sku = pd.DataFrame(0.0, days, sales["sku"].columns)
    of_shop = pd.Series(0.0, days)
    for promotion in promotions:
        period = slice(str(promotion.start_date), str(promotion.end_date))
        if promotion.sku is None:
            of_shop[period] = 1
        elif promotion.sku in of_sku:
            of_sku.loc[period, promotion.sku] = 1

    sold = of_sku * _sales_of_quarter(sales["sku"], days)
    sold_by_category = _sales_of_quarter(sales["category"], days)
    of_categories = sold.T.groupby(sold.columns.map(categories)).sum().T
    of_channel = sold.sum(axis=1) / sold_by_category.sum(axis=1)
    shares = {
        "sku": of_sku,
        "category": of_categories / sold_by_category,
        "channel": pd.DataFrame(dict.fromkeys(sales["channel"], of_channel), days),
    }
    for kind, share in shares.items():
        large = share.where(share >= LEAST_SHARE, 0.0)
        shares[kind] = large.add(of_shop, axis=0).clip(upper=1)
    return shares


def _sales_of_quarter(sales: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the sales of the quarter before each of `days`; after the last known one, those of the last."""
    sums = sales.rolling(WINDOW_DAYS, min_periods=1).sum()
    return sums.reindex(days).shift().ffill()


def query(
    warehouse: Warehouse,
    as_of: date,
    partner: PartnerFiles,
    requested: tuple[str, ...] = (),
) -> Sales:
    """Query the sales of the three years before `as_of`, and nothing later, by category, by channel (without
    exports that have ended), and by SKU (best-selling, promoted or requested). Raises NoHistory: there are no
    sales before that day; PipelineError: the warehouse is unavailable."""
    first = as_of - timedelta(days=LONGEST_DAYS)
    last = as_of - timedelta(days=1)
    daily = warehouse.arrow(
        "forecast/daily_series.sql", spec=DAILY_RUNS, first=first, day=last
    )
    if not daily.num_rows:
        raise NoHistory(
            f"no forecast: the warehouse has no sales in the three years before {as_of}"
        )
    promoted = {
        promotion.sku for promotion in partner.announced.promotions if promotion.sku
    }
    products = warehouse.arrow(
        "forecast/sku_series.sql",
        parameters={"named": sorted(promoted.union(requested))},
        first=first,
        day=last,
        recent=as_of - timedelta(days=RECENT_DAYS),
        most=MOST_SKUS,
    )
    table = pa.concat_tables([daily, products], promote_options="permissive")
    return Sales(last, table, partner, load_settings().holiday_calendar, requested)


def prepare(
    run: DagRun,
    as_of: date,
    partner: PartnerFiles | None = None,
) -> Manifest:
    """Write the sales before `as_of`, the first forecast day, to the run's staging folder. Announcements of
    `partner` are stored for good; without it they are those of the last forecast. Raises as `query`, and
    PipelineError: the files cannot be written."""
    store = Store.of_models()
    if partner:
        registry.keep(store, registry.INPUTS, as_of, to_plain(partner.announced))
    else:
        partner = registry.announced(store, as_of)
    sales = query(connect(dag=run.dag_id, step="history"), as_of, partner)
    known = {"partner": to_plain(partner), "calendar": sales.calendar}
    warnings = [data_warning("note", text=text) for text in partner.warnings]
    day = day_window(sales.last_day, shop_timezone())
    uri = run.folder(as_of, STEP)
    with publish(uri) as draft:
        parquet.write_table(sales.table, draft.path / SALES)
        (draft.path / KNOWN).write_text(json.dumps(known))
        draft.seal(
            source=STEP,
            business_date=day.date,
            rows=sales.table.num_rows,
            read_at=day.end,
            window_start=day.start,
            window_end=day.end,
            control_totals={"warnings": warnings},
        )
    return read_manifest(uri)


def read_prepared(manifest: Manifest) -> Sales:
    """Read a prepared folder."""
    table = parquet.read_table(pa.BufferReader(read_file(manifest, SALES)))
    known = json.loads(read_file(manifest, KNOWN))
    partner = from_plain(PartnerFiles, known["partner"])
    return Sales(manifest.business_date, table, partner, known["calendar"])


def gaps(total: "pd.Series[float]", holidays: Ints) -> "pd.Series[bool]":
    """Return which days without sales are gaps in the data, rather than closed days or days without orders:
    those on weekdays that usually have sales, without holidays, and those of a week or longer. In a shop
    without sales on one day of twelve or more, only the latter count. `total` are the shop's daily sales,
    `holidays` those of `holidays_of`."""
    is_empty = total <= 0
    run = run_numbers(is_empty)
    is_long = is_empty & (run.map(run.value_counts()) >= LONG_GAP)
    weekdays = pd.DatetimeIndex(total.index).day_of_week
    others = is_empty.astype(float).mask(is_long)
    share_empty = others.groupby(weekdays).transform("mean")
    is_usual = (share_empty < MOSTLY_EMPTY) & (holidays == 0)
    if others[is_usual].mean() > OFTEN_EMPTY:
        return is_long
    return is_long | (is_empty & is_usual)
