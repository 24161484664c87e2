"""The comparison of a source with the warehouse, and the alert about days on which they differ.

The orders of all days to compare are read and transformed as for a load, and compared with the stored ones
order by order. Nothing is loaded. Other runs cannot see these differences: orders deleted for good, and
changes that leave `updated_at` as it is. Days that no run has read are not compared, nor are orders changed
since the last read, which the next run reads.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ecommerce.core import templates, text
from ecommerce.core.business_day import (
    BusinessDay,
    day_window,
    newest_closed_day,
    shop_day,
)
from ecommerce.core.names import DAG_RECONCILIATION
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.mail import transport as mail
from ecommerce.sources import SOURCES
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse import load_history, rendering
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import arrow_schema

if TYPE_CHECKING:
    import duckdb

STATEMENT = "reconciliation/orders.sql"
NOT_COMPARED = {"source", "updated_at", "read_at", "run_id", "category"}
"""Columns of the run that read a row, and the product's category at that time."""
NULL_IS_A_VALUE = {
    *("country_code", "customer_hash", "coupon_code"),
    *("order_business_date", "sku", "quantity", "reason"),
}
"""Columns in which a stored NULL is a value. In others, which `make migrate` may have added after the row was
loaded, NULL is no difference."""
FIGURES = {
    "orders": "orders",
    "gross amount": "amount",
    "refunds": "refunds",
    "refunded amount": "refunded",
}
"""The names of the compared sums, with their columns in the result of `STATEMENT`."""
WORDS = {
    "missing": "not in the warehouse",
    "gone": "gone from the source",
    "changed": "changed",
    "refunded": "with other refunds",
}
"""What orders differ in, by column of the same result."""

Difference = Mapping[str, Any]
"""A source and the warehouse differ on a business day. Plain JSON: `business_date`, `source`, `what` (which
orders differ), `figures` (lists of name, text of the source, text of the warehouse: those that differ)."""
Results = Mapping[tuple[str, str], Any]
"""The result of each load by business date and source; None where reading or loading failed."""

log = logging.getLogger(__name__)


def reconciled_sources() -> list[str]:
    """Return the sources that can be reconciled."""
    return [name for name, source in SOURCES.items() if source.reconciled]


def days_to_compare(now: datetime) -> list[BusinessDay]:
    """Return the last `RECONCILE_DAYS` closed days at `now` (aware), oldest first."""
    settings = load_settings()
    newest = newest_closed_day(now, settings.shop_timezone)
    return [newest.shifted(-back) for back in reversed(range(settings.reconcile_days))]


def read_once_more(source: str, run: DagRun, now: datetime) -> Manifest | None:
    """Read the orders created on those days to compare at `now` (aware) that a run has read, and the orders
    of refunds stored under these days; return None where there is no such day. The window of changes is
    empty."""
    days = days_to_compare(now)
    read = load_history.read_days(source, days[0].date, days[-1].date)
    if not read:
        return None
    first, last = (day_window(day, days[0].timezone) for day in (read[0], read[-1]))
    span = BusinessDay(last.date, last.timezone, first.start, last.end)
    folder = run.folder(
        last.date, f"comparison/{source}"
    )  # not where the day is read again
    known = load_history.refunded_orders(source, read)
    window = ReadWindow(
        source,
        span,
        span.start,
        span.start,
        folder,
        known_orders=known,
        memory=load_history,
    )
    return SOURCES[source].extract(window)


def compare(loadable: Manifest) -> list[Difference]:
    """Return the days on which the orders in a loadable folder differ from the stored ones, and remove the
    folder. Raises StagingError where it is gone."""
    source = loadable.source
    first = shop_day(loadable.window_start, load_settings().shop_timezone)
    days = load_history.read_days(source, first.date, loadable.business_date)
    last_read, overlap = load_history.last_read(source), SOURCES[source].overlap
    since = last_read - overlap if last_read and overlap else None
    with connect_duckdb(loadable.uri) as duck:
        keep_stored(duck, source, days)
        differences = differing_days(duck, loadable, days, since)
    staging.discard(loadable.uri)
    return differences


def differing_days(
    duck: duckdb.DuckDBPyConnection,
    loadable: Manifest,
    days: Sequence[date],
    changed_since: datetime | None,
) -> list[Difference]:
    """Return the days on which orders, as read and transformed, differ from the tables of `keep_stored`,
    oldest first. Not compared are orders changed since `changed_since` (aware, may be None), and those older
    than the control total `visible_from`."""
    ignored = NOT_COMPARED.union(SOURCES[loadable.source].not_compared)
    compared = {
        table: [
            column.name
            for column in rendering.columns(table)
            if column.name in {*loadable.columns[f"{table}.parquet"]} - ignored
        ]
        for table in ("orders", "refunds")
    }
    statement = (
        templates.environment(rendering.SQL_ROOT)
        .get_template(STATEMENT)
        .render(
            order_columns=compared["orders"],
            refund_columns=compared["refunds"],
            null_is_a_value=NULL_IS_A_VALUE,
        )
    )
    files = {
        name: loadable.file(f"{name}.parquet")
        for name in ("orders", "order_lines", "refunds")
    }
    more = {
        "days": list(days),
        "changed_since": changed_since,
        "read_at": loadable.read_at,
    }
    more["visible_from"] = loadable.control_totals.get("visible_from")
    result = duck.execute(statement, files | more)
    names = [column[0] for column in result.description]
    rows = [dict(zip(names, values, strict=True)) for values in result.fetchall()]
    return [
        {
            "business_date": str(row["business_date"]),
            "source": loadable.source,
            "what": "orders: "
            + ", ".join(
                f"{row[name]} {words}" for name, words in WORDS.items() if row[name]
            ),
            "figures": [
                [
                    name,
                    text.plain(row[f"source_{column}"]),
                    text.plain(row[f"stored_{column}"]),
                ]
                for name, column in FIGURES.items()
                if row[f"source_{column}"] != row[f"stored_{column}"]
            ],
        }
        for row in rows
        if any(row[name] for name in WORDS)
    ]


def keep_stored(
    duck: duckdb.DuckDBPyConnection, source: str, days: Collection[date]
) -> None:
    """Create the tables stored_orders and stored_refunds with the warehouse's rows of a source's business
    days, and forgotten_hashes."""
    import pyarrow as pa

    schemas = {table: arrow_schema(table) for table in ("orders", "refunds")}
    schemas["orders"] = schemas["orders"].append(pa.field("line_digest", pa.int64()))
    for table, schema in schemas.items():
        duck.from_arrow(schema.empty_table()).create(f"stored_{table}")
    duck.execute("CREATE TABLE forgotten_hashes (forgotten_hash VARCHAR)")
    if not days:
        return
    warehouse = connect(step="reconciliation")
    for table, some in [("refunds", days), *(("orders", [day]) for day in days)]:
        rows = warehouse.query(
            f"warehouse/tables/{table}/for_reconciliation.sql",
            days=some,
            parameters={"source": source},
        )
        duck.from_arrow(pa.Table.from_pylist(rows, schema=schemas[table])).insert_into(
            f"stored_{table}"
        )
    hashes = warehouse.arrow("warehouse/tables/forgotten_hashes/all.sql")
    duck.from_arrow(hashes).insert_into("forgotten_hashes")


def newest_first(by_source: Iterable[Sequence[Difference]]) -> list[Difference]:
    """Log the differences of all sources, and return them in one list."""
    differences = sorted(
        (each for differences in by_source for each in differences),
        key=lambda each: (each["business_date"], each["source"]),
        reverse=True,
    )
    for each in differences:
        log.warning("%(business_date)s %(source)s: %(what)s %(figures)s", each)
    if not differences:
        log.info("the sources agree with the warehouse on every day compared")
    return differences


def select_rereads(
    differences: Iterable[Difference], most_days: int
) -> list[dict[str, str]]:
    """Return the days and sources to read again: all that differ on the first `most_days` days."""
    pairs = [
        {name: each[name] for name in ("business_date", "source")}
        for each in differences
    ]
    days = list(dict.fromkeys(pair["business_date"] for pair in pairs))[:most_days]
    return [pair for pair in pairs if pair["business_date"] in days]


def send_alert(
    differences: Sequence[Difference], results: Results, built: Collection[str]
) -> str:
    """Send an alert, by mail and chat, with the differences and their corrections; return why it cannot be
    sent, or nothing. Arguments as in `mail_texts`."""
    texts = mail_texts(differences, results, built)
    message = mail.compose(texts["subject"], "reconciliation_mail", texts)
    return mail.send_alert(message)


def mail_texts(
    differences: Sequence[Difference], results: Results, built: Collection[str]
) -> dict[str, Any]:
    """Return the texts of the alert: the differences, with the newest day first, the results of the loads,
    and the days whose report was `built` again."""
    read, loaded = (
        dict.fromkeys(day for day, _ in results),
        [pair for pair in results if results[pair]],
    )
    failed = [pair for pair in results if not results[pair]]
    differing = dict.fromkeys(each["business_date"] for each in differences)
    left = [day for day in differing if day not in read]
    corrected = len(read.keys() - {day for day, _ in failed})
    return {
        "subject": f"Reconciliation: days with differences: {len(differing)}, corrected: {corrected}",
        "differences": [
            {
                **each,
                "source": text.source_name(each["source"]),
                "outcome": _outcome((each["business_date"], each["source"]), results),
            }
            for each in differences
        ],
        "failed": [f"{day} ({text.source_name(source)})" for day, source in failed],
        "left": left,
        "again": f"airflow dags trigger {DAG_RECONCILIATION} --conf '{{\"most_days\": {len(left)}}}'",
        "built": built,
        "reports": [
            f"make report DAY={day}"
            for day in dict.fromkeys(day for day, _ in loaded)
            if day not in built
        ],
    }


def _outcome(pair: tuple[str, str], results: Results) -> str:
    if pair not in results:
        return "not read again yet"
    return "read again and loaded" if results[pair] else "reading it again failed"
