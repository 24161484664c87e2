"""The prepared folder: the partner's files and the warehouse's history, from which training, prediction and
the selection of the champion read the same panels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import StagingError
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.forecast.data.history import TOTAL, History, panels, query_history
from ecommerce.forecast.models import registry
from ecommerce.forecast.weeks import Week
from ecommerce.sources.partner_ftp.fetch_command import MARKET_INDEX, PROMOTIONS
from ecommerce.sources.partner_ftp.files import Announced, Parsed, PartnerFiles
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest, publish, read_manifest, storage_errors, storage_path
from ecommerce.storage.xcom import from_xcom, to_xcom
from ecommerce.warehouse.client import connect

if TYPE_CHECKING:
    import pyarrow as pa

DAILY, PRODUCTS, KNOWN = "daily.parquet", "products.parquet", "known.json"
STEP = "prepared"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared folder: `daily` and `products` as `history.query_history` returns them, the partner's
    announcements, and its rejected rows."""

    last_day: date
    daily: pa.Table
    products: pa.Table
    announced: Announced
    calendar: str
    rejected: list[dict[str, Any]]

    def panels(self) -> History:
        """Return the panels to train on."""
        return panels(
            self.daily, self.products, self.last_day, announced=self.announced, calendar=self.calendar
        )

    def amounts(self, first: date) -> dict[str, dict[date, Decimal]]:
        """Return gross sales by series and day from `first` on, without days that have no sales."""
        import pyarrow.compute as pc

        amounts: dict[str, dict[date, Decimal]] = {}
        for whole in (self.daily, self.products):
            table = whole.filter(pc.field("business_date") >= first)
            for row in table.select(["business_date", "kind", "name", "gross_sales"]).to_pylist():
                names = [f"{row['kind']}:{row['name']}"]
                names += [TOTAL] if row["kind"] == "category" else []
                for name in names:
                    days = amounts.setdefault(name, {})
                    day = row["business_date"]
                    days[day] = days.get(day, Decimal(0)) + (row["gross_sales"] or 0)
        return amounts


def prepare(run: DagRun, week: Week, partner: PartnerFiles) -> Manifest:
    """Prepare the folder of a weekly run, and store the partner's announcements.

    Args:
        run: the run.
        week: the week before the forecast.
        partner: the partner's files.

    Raises:
        NoHistory: there are no sales.
        PipelineError: the warehouse is unavailable, or the files cannot be written.
    """
    calendar = {"calendar": load_settings().holiday_calendar}
    registry.keep(Store.of_models(), registry.INPUTS, week.as_of, to_xcom(partner.announced) | calendar)
    parsed: dict[str, Parsed[Any]] = {PROMOTIONS: partner.promotions, MARKET_INDEX: partner.market_index}
    return write(
        run,
        week.as_of,
        partner.announced,
        [asdict(row) | {"file": file} for file, rows in parsed.items() for row in rows.rejected],
        warnings=[data_warning("note", text=text) for rows in parsed.values() for text in rows.warnings],
    )


def write(
    run: DagRun,
    as_of: date,
    announced: Announced,
    rejected: Sequence[dict[str, Any]] = (),
    **totals: Any,
) -> Manifest:
    """Query the history before `as_of` and write the prepared folder.

    Args:
        run: the run.
        as_of: the first forecast day.
        announced: the partner's promotions and market index.
        rejected: rejected rows of the partner's files, as `loading.write` takes them.
        totals: more of the manifest's control totals.

    Raises:
        NoHistory: there are no sales.
        PipelineError: as `prepare`.
    """
    import pyarrow.parquet as pq

    known = {
        **to_xcom(announced),
        "calendar": load_settings().holiday_calendar,
        "rejected": list(rejected),
    }
    daily, products = query_history(connect(dag=run.dag_id, step="history"), as_of, announced.promotions)
    day = day_window(as_of, shop_timezone()).shifted(-1)
    uri = run.folder(as_of, STEP)
    with publish(uri) as draft:
        pq.write_table(daily, draft.path / DAILY)
        pq.write_table(products, draft.path / PRODUCTS)
        (draft.path / KNOWN).write_text(json.dumps(known), encoding="utf-8")
        draft.seal(
            source=STEP,
            business_date=day.date,
            rows=daily.num_rows + products.num_rows,
            columns={DAILY: daily.column_names, PRODUCTS: products.column_names, KNOWN: []},
            read_at=day.end,
            window_start=day.start,
            window_end=day.end,
            control_totals={
                "promotions": len(announced.promotions),
                "market_weeks": len(announced.market_index),
                "rejected_rows": len(rejected),
                **totals,
            },
        )
    return read_manifest(uri)


def read_prepared(manifest: Manifest) -> Prepared:
    """Read a prepared folder.

    Raises:
        StagingError: it is gone, or another version of this code wrote it.
    """
    import pyarrow.parquet as pq

    with storage_errors(manifest.uri):
        folder = storage_path(manifest.uri)
        with (folder / DAILY).open("rb") as daily, (folder / PRODUCTS).open("rb") as products:
            tables = pq.read_table(daily), pq.read_table(products)
        text = (folder / KNOWN).read_text()
    try:
        known = json.loads(text)
        announced = from_xcom(Announced, known)
        return Prepared(manifest.business_date, *tables, announced, known["calendar"], known["rejected"])
    except (ValueError, KeyError):
        raise StagingError(f"{manifest.uri} was written by another version of this code") from None
