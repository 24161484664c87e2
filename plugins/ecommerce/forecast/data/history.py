"""The shop's sales history: read from the warehouse, kept in a prepared folder of staging, and as panels, one
for each kind of series: `category`, `channel` and `sku`."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import PipelineError, StagingError
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.forecast.data.panel import Bools, Floats, Ints, Panel, holidays_of
from ecommerce.forecast.models import registry
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.forecast.wording import KINDS
from ecommerce.sources.partner_ftp.files import (
    MARKET_INDEX,
    PROMOTIONS,
    Announced,
    Parsed,
    PartnerFiles,
    Promotion,
)
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest, publish, read_manifest, storage_errors, storage_path
from ecommerce.storage.xcom import from_xcom, to_xcom
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
OFTEN_EMPTY = 0.08
SALES, KNOWN = "sales.parquet", "known.json"
STEP = "prepared"


class NoHistory(PipelineError):
    """There are no sales to forecast from."""


@dataclass(frozen=True, slots=True)
class History:
    """The panels before `as_of` by kind, all of the same days. `gaps` are days without data, `categories`
    those of products, `promotions` the announced ones."""

    as_of: date
    panels: Mapping[str, Panel]
    gaps: tuple[date, ...]
    categories: Mapping[str, str] = field(default_factory=dict)
    promotions: tuple[Promotion, ...] = ()


@dataclass(frozen=True, slots=True)
class Sales:
    """Daily gross sales of three years up to `last_day`, by `business_date`, `kind` and `name`, with the
    category of a SKU; the partner's announcements and its rejected rows; the holidays' calendar; SKUs to
    forecast in addition to the best-selling ones."""

    last_day: date
    table: "pa.Table"
    announced: Announced
    calendar: str
    rejected: tuple[dict[str, Any], ...] = ()
    requested: tuple[str, ...] = ()

    def panels(self) -> History:
        """Return the panels to train on."""
        import pandas as pd
        import pyarrow as pa

        # Floats: models learn from the amounts, nothing is added up.
        place = self.table.schema.get_field_index("gross_sales")
        amounts = self.table.column("gross_sales").cast(pa.float64())
        rows = self.table.set_column(place, "gross_sales", amounts).to_pandas()
        first: date = rows.loc[rows["kind"] != "sku", "business_date"].min()
        days = (self.last_day - first).days + 1
        table = rows.pivot_table(
            index="business_date", columns=["kind", "name"], values="gross_sales", aggfunc="sum"
        )
        table = table.set_axis(pd.to_datetime(table.index))
        table = table.reindex(pd.date_range(first, periods=days)).fillna(0.0)
        by_kind = {kind: table.loc[:, table.columns.get_level_values("kind") == kind] for kind in KINDS}
        names = {kind: [*part.columns.get_level_values("name")] for kind, part in by_kind.items()}
        sales = {kind: part.to_numpy(dtype=float, copy=True) for kind, part in by_kind.items()}

        holidays = holidays_of(self.calendar, first, days + HORIZON)
        shop = sales["category"].sum(axis=1, keepdims=True)
        unknown = gaps(shop[:, 0], holidays[:days], first.weekday())
        products = rows[rows["kind"] == "sku"].dropna(subset=["category"])
        category_of: dict[str, str] = dict(zip(products["name"], products["category"], strict=True))
        of_sku = list(zip(names["sku"], sales["sku"].T, strict=True))
        whole_of: dict[str, dict[str, tuple[int, Floats | None]]] = {
            "sku": {sku: (place, None) for place, sku in enumerate(names["sku"])},
            "category": {
                sku: (names["category"].index(category), values)
                for sku, values in of_sku
                if (category := category_of.get(sku)) in names["category"]
            },
            "channel": {sku: (0, values) for sku, values in of_sku},
        }
        recent = np.where(unknown[-RECENT_DAYS:, None], 0, sales["sku"][-RECENT_DAYS:]).sum(axis=0)
        best = {place for place in np.argsort(-recent, kind="stable")[:MOST_SKUS] if recent[place] > 0}
        panels = {}
        for kind, values in sales.items():
            wholes = shop if kind == "channel" else values
            promoted = self._promoted(whole_of[kind], wholes, first)
            kept = [
                place
                for place, name in enumerate(names[kind])
                if kind != "sku" or place in best or name in self.requested
            ]
            panels[kind] = Panel(
                first_day=first,
                series=tuple(f"{kind}:{names[kind][place]}" for place in kept),
                values=np.where(unknown[:, None], np.nan, values[:, kept]),
                promotions=promoted[:, [0] * len(kept) if kind == "channel" else kept],
                holidays=np.repeat(holidays[:, None], len(kept), axis=1),
                market=self._market(first, days),
            )
        gap_days = tuple(first + timedelta(days=int(day)) for day in np.flatnonzero(unknown))
        as_of = self.last_day + timedelta(days=1)
        return History(as_of, panels, gap_days, category_of, self.announced.promotions)

    def _promoted(
        self, whole_of: Mapping[str, tuple[int, Floats | None]], wholes: Floats, first: date
    ) -> Floats:
        """The share of each whole (an SKU, a category, the shop) that is on promotion, at most 1, [days +
        HORIZON, wholes]: the share of the promoted products in its sales [days, wholes] of the quarter before
        the promotion. `whole_of` has the place of an SKU's whole and the SKU's sales, None for all of it."""
        days = len(wholes)
        shares = np.zeros((days + HORIZON, wholes.shape[1]))
        for each in self.announced.promotions:
            start, end = ((day - first).days for day in (each.start_date, each.end_date))
            span = slice(max(start, 0), max(end + 1, 0))
            if each.sku is None:
                shares[span] = 1
            elif each.sku in whole_of:
                place, sales = whole_of[each.sku]
                known = slice(max(0, min(span.start, days) - WINDOW_DAYS), min(span.start, days))
                whole = wholes[known, place].sum()
                if sales is None:
                    shares[span, place] = 1
                elif whole > 0:
                    shares[span, place] += sales[known].sum() / whole
        shares[shares < LEAST_SHARE] = 0
        return np.minimum(shares, 1)

    def _market(self, first: date, days: int) -> Floats:
        """The market index known on each day: that of the last week that has ended; NaN before the first."""
        index = np.full(days, np.nan)
        for each in sorted(self.announced.market_index, key=lambda week: week.week_start):
            index[max((each.week_start - first).days + DAYS - 1, 0) :] = float(each.index)
        return index


def query(as_of: date, announced: Announced, *, requested: Collection[str] = (), **connection: Any) -> Sales:
    """Query the sales of the three years before `as_of`, and nothing later, by category, by channel, and by
    SKU (best-selling, promoted or requested).

    Args:
        as_of: the first forecast day.
        announced: the partner's promotions and market index.
        requested: more SKUs.
        connection: as for `warehouse.client.connect`.

    Raises:
        NoHistory: there are no sales before that day.
        PipelineError: the warehouse is unavailable.
    """
    import pyarrow as pa

    warehouse = connect(**connection)
    first, last = as_of - timedelta(days=LONGEST_DAYS), as_of - timedelta(days=1)
    daily = warehouse.arrow("forecast/daily_series.sql", first=first, day=last)
    if not daily.num_rows:
        raise NoHistory(f"no forecast: the warehouse has no sales in the three years before {as_of}")
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
    return Sales(last, table, announced, load_settings().holiday_calendar, requested=tuple(requested))


def prepare(run: DagRun, as_of: date, partner: PartnerFiles | None = None) -> Manifest:
    """Write the sales before `as_of` to the run's staging folder.

    Args:
        run: the run.
        as_of: the first forecast day.
        partner: the partner's files, whose announcements are stored for good; None for those of the last
            forecast.

    Raises:
        NoHistory: there are no sales.
        PipelineError: the warehouse is unavailable, or the files cannot be written.
    """
    import pyarrow.parquet as pq

    store = Store.of_models()
    parsed: dict[str, Parsed[Any]] = {}
    if partner:
        parsed = {PROMOTIONS: partner.promotions, MARKET_INDEX: partner.market_index}
        calendar = {"calendar": load_settings().holiday_calendar}
        registry.keep(store, registry.INPUTS, as_of, to_xcom(partner.announced) | calendar)
    announced = registry.announced(store, as_of)
    sales = query(as_of, announced, dag=run.dag_id, step="history")
    rejected = [asdict(row) | {"file": file} for file, rows in parsed.items() for row in rows.rejected]
    known = {**to_xcom(announced), "calendar": sales.calendar, "rejected": rejected}
    warnings = [data_warning("note", text=text) for rows in parsed.values() for text in rows.warnings]
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
            control_totals={
                "promotions": len(announced.promotions),
                "market_weeks": len(announced.market_index),
                "rejected_rows": len(rejected),
                "warnings": warnings,
            },
        )
    return read_manifest(uri)


def read_prepared(manifest: Manifest) -> Sales:
    """Read a prepared folder."""
    import pyarrow.parquet as pq

    with storage_errors(manifest.uri):
        folder = storage_path(manifest.uri)
        with (folder / SALES).open("rb") as file:
            table = pq.read_table(file)
        text = (folder / KNOWN).read_text()
    try:
        known = json.loads(text)
        announced, rejected = from_xcom(Announced, known), tuple(known["rejected"])
        return Sales(manifest.business_date, table, announced, known["calendar"], rejected)
    except (ValueError, KeyError):
        raise StagingError(f"{folder / KNOWN} was written by another version of this code") from None


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
    edges = np.flatnonzero(np.diff(empty.astype(np.int8))) + 1
    lengths = np.diff(np.concatenate([[0], edges, [len(empty)]]))
    runs = np.repeat(lengths, lengths)  # of days alike around each day
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
