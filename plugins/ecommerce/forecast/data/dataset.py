"""Preprocess: the partner's files and the warehouse's history become one folder, from which training,
prediction and the choice of the champion read the same panels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import StagingError
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.forecast.data.history import TOTAL, History, ask_history, panels
from ecommerce.forecast.models import registry
from ecommerce.forecast.weeks import Week
from ecommerce.sources.partner_ftp.fetch_command import MARKET_INDEX, PROMOTIONS
from ecommerce.sources.partner_ftp.files import Announced, PartnerFiles
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest, publish, read_manifest, storage_errors, storage_path
from ecommerce.warehouse.client import connect

if TYPE_CHECKING:
    import pyarrow as pa

DAILY, ARTICLES, KNOWN = "daily.parquet", "articles.parquet", "known.json"
STEP = "prepared"


def prepare(run: DagRun, week: Week, partner: PartnerFiles) -> Manifest:
    """Ask the warehouse for what is known before `week.as_of`, keep what the partner has told by then, and
    leave both in staging.

    Raises:
        NoHistory: there are no sales.
        PipelineError: the warehouse cannot be asked, or the files not be written.
    """
    kept = registry.as_json(partner.announced) | {"calendar": load_settings().holiday_calendar}
    registry.keep(Store.of_models(), registry.INPUTS, week.as_of, kept)
    rejected = [
        asdict(row) | {"file": file}
        for file, rows in (
            (PROMOTIONS, partner.promotions.rejected),
            (MARKET_INDEX, partner.market_index.rejected),
        )
        for row in rows
    ]
    return leave(
        run,
        week.as_of,
        partner.announced,
        rejected,
        warnings=[*partner.promotions.warnings, *partner.market_index.warnings],
    )


def leave(
    run: DagRun,
    as_of: date,
    announced: Announced,
    rejected: Sequence[dict[str, Any]] = (),
    **totals: Any,
) -> Manifest:
    """Ask the warehouse for what is known before `as_of`, and leave it in staging with `announced` and the
    calendar, as `read` takes it.

    Args:
        run: the run that asks.
        as_of: the first day that nothing is known of.
        announced: what the partner has told by then.
        rejected: the rows of the partner's files that cannot be used, as `loading.write` takes them.
        totals: more for the manifest.

    Raises:
        NoHistory: there are no sales.
        PipelineError: as `prepare`.
    """
    import pyarrow.parquet as pq

    known = {
        **registry.as_json(announced),
        "calendar": load_settings().holiday_calendar,
        "rejected": list(rejected),
    }
    daily, articles = ask_history(connect(dag=run.dag_id, step="history"), as_of, announced.promotions)
    day = day_window(as_of, shop_timezone()).shifted(-1)
    with publish(run.folder(as_of, STEP)) as draft:
        pq.write_table(daily, draft.path / DAILY)
        pq.write_table(articles, draft.path / ARTICLES)
        (draft.path / KNOWN).write_text(json.dumps(known), encoding="utf-8")
        draft.seal(
            source=STEP,
            business_date=day.date,
            rows=daily.num_rows + articles.num_rows,
            columns={DAILY: daily.column_names, ARTICLES: articles.column_names, KNOWN: []},
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
    return read_manifest(run.folder(as_of, STEP))


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` left: `daily` and `articles` as `history.ask_history` answers, and what was known of the
    days after them; `rejected` are rows of the partner's files that cannot be used."""

    last_day: date
    daily: pa.Table
    articles: pa.Table
    announced: Announced
    calendar: str
    rejected: list[dict[str, Any]]

    def panels(self) -> History:
        """The panels that a champion is trained on."""
        return panels(
            self.daily, self.articles, self.last_day, announced=self.announced, calendar=self.calendar
        )

    def amounts(self, first: date) -> dict[str, dict[date, Decimal]]:
        """Gross sales by series and day, from `first` on; days without sales are not there."""
        import pyarrow.compute as pc

        found: dict[str, dict[date, Decimal]] = {}
        for whole in (self.daily, self.articles):
            table = whole.filter(pc.field("business_date") >= first)
            for row in table.select(["business_date", "kind", "name", "gross_sales"]).to_pylist():
                day, value = row["business_date"], row["gross_sales"] or Decimal(0)
                names = [f"{row['kind']}:{row['name']}"]
                names += [TOTAL] if row["kind"] == "category" else []
                for name in names:
                    of_series = found.setdefault(name, {})
                    of_series[day] = of_series.get(day, Decimal(0)) + value
        return found


def read(manifest: Manifest) -> History:
    """The panels of a prepared folder; raises as `read_prepared`."""
    return read_prepared(manifest).panels()


def read_prepared(manifest: Manifest) -> Prepared:
    """What is in a prepared folder.

    Raises:
        StagingError: it is gone, or another version of this code wrote it.
    """
    import pyarrow.parquet as pq

    with storage_errors(manifest.uri):
        folder = storage_path(manifest.uri)
        with (folder / DAILY).open("rb") as daily, (folder / ARTICLES).open("rb") as articles:
            tables = pq.read_table(daily), pq.read_table(articles)
        text = (folder / KNOWN).read_text()
    try:
        known = json.loads(text)
        announced = registry.from_json(known)
        return Prepared(manifest.business_date, *tables, announced, known["calendar"], known["rejected"])
    except (ValueError, KeyError):
        raise StagingError(f"{manifest.uri} was written by another version of this code") from None
