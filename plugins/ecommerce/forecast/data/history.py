"""The shop's sales history: read from the warehouse, kept in a prepared folder of staging, and as panels, one
for each kind of series: `category`, `channel` and `sku`."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import PipelineError, StagingError
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.forecast.data.panel import Ints, Panel, holidays_of
from ecommerce.forecast.loading import DAILY_RUNS
from ecommerce.forecast.models import registry
from ecommerce.forecast.partner_ftp.files import Announced, PartnerFiles, Promotion
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.forecast.wording import KINDS
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import from_plain, to_plain
from ecommerce.storage.staging import (
    DagRun,
    Manifest,
    publish,
    read_manifest,
    storage_errors,
    storage_path,
)
from ecommerce.warehouse.client import connect

if TYPE_CHECKING:
    import pyarrow as pa

MOST_SKUS = 25
LONGEST_DAYS = 1100
"""Three years: models use no older days, and queries read no more partitions."""
RECENT_DAYS = 91
"""The period whose best-selling products are forecast."""
WINDOW_DAYS = 91
LEAST_SHARE = 0.02
"""A smaller share of a category's sales is not a promotion of the category."""
LONG_GAP = 7
OFTEN_EMPTY, MOSTLY_EMPTY = 0.08, 0.85
SALES, KNOWN = "sales.parquet", "known.json"
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
    categories: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    promotions: tuple[Promotion, ...] = ()


@dataclass(frozen=True, slots=True)
class Sales:
    """Daily gross sales of three years up to `last_day`, by `business_date`, `kind` and `name`, with the
    `category` and the name (`product`) of a SKU; the partner's announcements and its rejected rows; the
    holidays' calendar; SKUs to forecast in addition to the best-selling ones."""

    last_day: date
    table: "pa.Table"
    announced: Announced
    calendar: str
    rejected: tuple[dict[str, Any], ...] = ()
    requested: tuple[str, ...] = ()

    def panels(self) -> History:
        """Return the panels to train on."""
        # Floats: models learn from the amounts, nothing is added up.
        rows = self.table.to_pandas(date_as_object=False).astype({"gross_sales": float})
        days = pd.date_range(
            rows.loc[rows["kind"] != "sku", "business_date"].min(), self.last_day
        )
        sales = {
            kind: rows[rows["kind"] == kind]
            .pivot_table(
                index="business_date",
                columns="name",
                values="gross_sales",
                aggfunc="sum",
            )
            .reindex(days)
            .fillna(0.0)
            for kind in KINDS
        }
        first = days[0].date()
        holidays = holidays_of(self.calendar, first, len(days) + HORIZON)
        unknown = gaps(sales["category"].sum(axis=1), holidays[: len(days)])
        newest = (
            rows[rows["kind"] == "sku"]
            .sort_values("business_date")
            .groupby("name")
            .last()
        )
        category_of, product_of = (
            dict(newest[column].dropna()) for column in ("category", "product")
        )
        promoted = self._promoted(sales, category_of)
        recent = sales["sku"][
            ~unknown & (days > days[-1] - pd.Timedelta(days=RECENT_DAYS))
        ].sum()
        best = [*recent[recent > 0].nlargest(MOST_SKUS).index, *self.requested]
        sales["sku"] = sales["sku"].loc[:, sales["sku"].columns.isin(best)]
        market = np.full(
            len(days), np.nan
        )  # of the last week that has ended; NaN before the first
        for each in sorted(
            self.announced.market_index, key=lambda each: each.week_start
        ):
            market[
                days >= pd.Timestamp(each.week_start) + pd.Timedelta(days=DAYS - 1)
            ] = float(each.index)
        panels = {
            kind: Panel(
                first_day=first,
                series=tuple(f"{kind}:{name}" for name in table),
                values=table.mask(unknown, axis=0).to_numpy(copy=True),
                promotions=promoted[kind]
                .reindex(columns=table.columns, fill_value=0.0)
                .to_numpy(copy=True),
                holidays=np.repeat(holidays[:, None], table.shape[1], axis=1),
                market=market,
            )
            for kind, table in sales.items()
        }
        as_of, gap_days = self.last_day + timedelta(days=1), tuple(days[unknown].date)
        return History(
            as_of, panels, gap_days, category_of, product_of, self.announced.promotions
        )

    def _promoted(
        self, sales: Mapping[str, pd.DataFrame], category_of: Mapping[str, str]
    ) -> dict[str, pd.DataFrame]:
        """The share of each series that is on promotion, at most 1, on the known days and the horizon: of a
        category or a channel, the share of the promoted products in its sales of the quarter before."""
        days = pd.date_range(sales["sku"].index[0], periods=len(sales["sku"]) + HORIZON)
        is_promoted = pd.DataFrame(0.0, days, sales["sku"].columns)
        is_sale = pd.Series(0.0, days)
        for each in self.announced.promotions:
            span = slice(pd.Timestamp(each.start_date), pd.Timestamp(each.end_date))
            if each.sku is None:
                is_sale[span] = 1
            elif each.sku in is_promoted:
                is_promoted.loc[span, each.sku] = 1

        skus, categories = (
            sales[kind]
            .rolling(WINDOW_DAYS, min_periods=1)
            .sum()
            .reindex(days)
            .shift()
            .ffill()
            for kind in ("sku", "category")
        )
        sold = is_promoted * skus
        of_category = sold.T.groupby(sold.columns.map(category_of)).sum().T / categories
        of_shop = sold.sum(axis=1) / categories.sum(axis=1)
        of_channels = pd.DataFrame(dict.fromkeys(sales["channel"], of_shop), days)
        shares = {"sku": is_promoted, "category": of_category, "channel": of_channels}
        return {
            kind: share.where(share >= LEAST_SHARE, 0.0)
            .add(is_sale, axis=0)
            .clip(upper=1)
            for kind, share in shares.items()
        }


def query(
    as_of: date,
    announced: Announced,
    *,
    requested: Collection[str] = (),
    **connection: Any,
) -> Sales:
    """Query the sales of the three years before `as_of`, and nothing later, by category, by channel (without
    exports that have ended), and by SKU (best-selling, promoted or requested). `connection`: as for
    `warehouse.client.connect`. Raises NoHistory: there are no sales before that day; PipelineError: the
    warehouse is unavailable."""
    import pyarrow as pa

    warehouse = connect(**connection)
    first, last = as_of - timedelta(days=LONGEST_DAYS), as_of - timedelta(days=1)
    daily = warehouse.arrow(
        "forecast/daily_series.sql", spec=DAILY_RUNS, first=first, day=last
    )
    if not daily.num_rows:
        raise NoHistory(
            f"no forecast: the warehouse has no sales in the three years before {as_of}"
        )
    promoted = (each.sku for each in announced.promotions if each.sku)
    products = warehouse.arrow(
        "forecast/sku_series.sql",
        parameters={"named": sorted({*requested, *promoted})},
        first=first,
        day=last,
        recent=as_of - timedelta(days=RECENT_DAYS),
        most=MOST_SKUS,
    )
    table = pa.concat_tables([daily, products], promote_options="permissive")
    return Sales(
        last,
        table,
        announced,
        load_settings().holiday_calendar,
        requested=tuple(requested),
    )


def prepare(run: DagRun, as_of: date, partner: PartnerFiles | None = None) -> Manifest:
    """Write the sales before `as_of`, the first forecast day, to the run's staging folder. Announcements of
    `partner` are stored for good; without it they are those of the last forecast. Raises as `query`, and
    PipelineError: the files cannot be written."""
    import pyarrow.parquet as pq

    store = Store.of_models()
    if partner:
        calendar = {"calendar": load_settings().holiday_calendar}
        registry.keep(
            store, registry.INPUTS, as_of, to_plain(partner.announced) | calendar
        )
    announced = registry.announced(store, as_of)
    sales = query(as_of, announced, dag=run.dag_id, step="history")
    read = partner or PartnerFiles()
    known = {
        **to_plain(announced),
        "calendar": sales.calendar,
        "rejected": read.rejected,
    }
    warnings = [data_warning("note", text=text) for text in read.warnings]
    day = day_window(sales.last_day, shop_timezone())
    uri = run.folder(as_of, STEP)
    with publish(uri) as draft:
        pq.write_table(sales.table, draft.path / SALES)
        (draft.path / KNOWN).write_text(json.dumps(known), encoding="utf-8")
        draft.seal(
            source=STEP,
            business_date=day.date,
            rows=sales.table.num_rows,
            columns={SALES: sales.table.column_names, KNOWN: []},
            read_at=day.end,
            window_start=day.start,
            window_end=day.end,
            control_totals={"rejected_rows": len(read.rejected), "warnings": warnings},
        )
    return read_manifest(uri)


def read_prepared(manifest: Manifest) -> Sales:
    """Read a prepared folder."""
    import pyarrow.parquet as pq

    with storage_errors(manifest.uri):
        folder = storage_path(manifest.uri)
        with (folder / SALES).open("rb") as file:
            table = pq.read_table(
                file, use_threads=False, pre_buffer=False
            )  # as in staging_tables
        text = (folder / KNOWN).read_text()
    try:
        known = json.loads(text)
        announced, rejected = from_plain(Announced, known), tuple(known["rejected"])
        return Sales(
            manifest.business_date, table, announced, known["calendar"], rejected
        )
    except (ValueError, KeyError):
        raise StagingError(
            f"{folder / KNOWN} was written by another version of this code"
        ) from None


def gaps(total: "pd.Series[float]", holidays: Ints) -> "pd.Series[bool]":
    """Return which days without sales are gaps in the data, rather than closed days or days without orders:
    those on weekdays that usually have sales, without holidays, and those of a week or longer. In a shop
    without sales on one day of twelve or more, only the latter count. `total` are the shop's daily sales,
    `holidays` those of `holidays_of`."""
    empty = total <= 0
    runs = empty.groupby((empty != empty.shift()).cumsum()).transform(
        "size"
    )  # of days alike around each day
    is_long = empty & (runs >= LONG_GAP)
    short = empty[~is_long]
    weekdays = pd.DatetimeIndex(short.index).day_of_week
    is_open = short.groupby(weekdays).transform("mean") < MOSTLY_EMPTY
    usual = is_open & (holidays[~is_long] == 0)
    is_gap = is_long.copy()
    if not short[usual].mean() > OFTEN_EMPTY:
        is_gap[short.index] = short & usual
    return is_gap
