"""The control totals of an export by month, before anything is loaded, and the month of each order.

The staging folder has `files.parquet` (folder, file, sha256 VARCHAR, received_at TIMESTAMPTZ, lines BIGINT,
order_ids VARCHAR[] empty) and `moved.parquet` (lines of orders whose lines name several days, under the day
that counts; see order_days.sql).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.data_warnings import sentence
from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.core.paths import read_sql
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import Manifest

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger(__name__)


def are_unusable(rejected: int, rows: int) -> bool:
    """Return whether more than a fifth of `rows`, and more than 50, were rejected."""
    return rejected > 50 and rejected * 5 > rows


def amounts_text(amounts: Mapping[str, Any]) -> str:
    """Return amounts by currency as text for a log."""
    return ", ".join(f"{amount} {currency or '(none)'}" for currency, amount in amounts.items()) or "none"


def compute_totals(manifests: Sequence[Manifest], first_day: date, last_day: date) -> dict[str, Any]:
    """Compute the control totals of an export, and write the staging folder `export` next to its files.

    Args:
        manifests: those of the files, in the order of the files' names.
        first_day: orders of earlier shop days are left out; lines without a readable day are not.
        last_day: the last day, included.

    Returns:
        plain JSON: `export` (the folder), `months` (month `YYYY-MM`, first_day, last_day ISO dates of its
        orders, rows, orders, amounts: decimal text by currency), `rows`, `left_out` (rows outside the range),
        `without_day`, `rejected` (counts by reason), `warnings`.

    Raises:
        ConfigurationError: no order is in the range.
        ContractError: more than a fifth of the records is unusable.
    """
    one, target = manifests[0], f"{manifests[0].uri.rsplit('/', 2)[0]}/export"
    rejected: Counter[str] = Counter()
    for manifest in manifests:
        rejected.update(manifest.control_totals["rejected"])
    rows = sum(manifest.rows for manifest in manifests)
    without_day = sum(manifest.control_totals["without_day"] for manifest in manifests)
    unusable = without_day + sum(rejected.values())
    if are_unusable(unusable, rows):
        raise ContractError(
            f"{unusable} of {rows} records cannot be used ({without_day} have no readable ordered_at; "
            f"{dict(rejected) or 'none'} rejected): nothing was loaded; is this the layout of partner files?"
        )
    lines = [manifest.file("lines.parquet") for manifest in manifests]
    with staging.publish(target) as draft, connect_duckdb(target, memory_limit="400MB") as duck:
        duck.execute(read_sql("extract/history/order_days.sql"), {"files": lines})
        duck.execute(
            read_sql("extract/history/moved_lines.sql"),
            {"files": lines, "target": f"{draft.path}/moved.parquet"},
        )
        months = _months(duck, lines, first_day, last_day)
        _write_files(duck, manifests, draft.path)
        totals = {
            "months": months,
            "rows": rows,
            "left_out": rows - unusable - sum(month["rows"] for month in months),
            "without_day": without_day,
            "rejected": dict(rejected),
            "warnings": [text for manifest in manifests for text in manifest.control_totals["warnings"]],
        }
        draft.seal(
            source=one.source,
            business_date=one.business_date,
            rows=len(manifests),
            columns={},
            read_at=one.read_at,
            window_start=one.read_at,
            window_end=one.read_at,
            control_totals=totals,
        )
    log.info("%s\n%s", one.source, totals_table(totals))
    if not months:
        raise ConfigurationError(
            f"none of the {rows} records belongs to a day from {first_day} to {last_day}: nothing to load"
        )
    return {"export": target, **totals}


def totals_table(totals: Mapping[str, Any]) -> str:
    """Return control totals as lines of text for a log."""
    lines = [f"{'month':<8} {'rows':>12} {'orders':>12}  amount by currency"]
    for month in totals["months"]:
        counts = f"{month['month']:<8} {month['rows']:>12,} {month['orders']:>12,}"
        lines.append(f"{counts}  {amounts_text(month['amounts'])}")
    rows, orders = (sum(month[name] for month in totals["months"]) for name in ("rows", "orders"))
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(totals["rejected"].items()))
    lines += [
        f"{'all':<8} {rows:>12,} {orders:>12,}",
        f"outside the range: {totals['left_out']:,}; without a readable day: {totals['without_day']:,}",
        f"malformed: {reasons or 'none'}",
        "the last task, summary, shows the rows that the rules of the transform reject",
    ]
    return "\n".join([*lines, *map(sentence, totals["warnings"])])


def _months(
    duck: duckdb.DuckDBPyConnection, lines: list[str], first_day: date, last_day: date
) -> list[dict[str, Any]]:
    totals = duck.execute(
        read_sql("extract/history/source_totals.sql"),
        {"files": lines, "first_day": first_day, "last_day": last_day},
    ).fetchall()
    return [
        {
            "month": f"{month:%Y-%m}",
            "first_day": first.isoformat(),
            "last_day": last.isoformat(),
            "rows": rows,
            "orders": orders,
            "amounts": amounts,
        }
        for month, first, last, rows, orders, amounts in totals
    ]


def _write_files(duck: duckdb.DuckDBPyConnection, manifests: Iterable[Manifest], folder: Path) -> None:
    duck.execute(
        "CREATE TABLE files (folder VARCHAR, file VARCHAR, sha256 VARCHAR, received_at TIMESTAMPTZ, "
        "lines BIGINT, order_ids VARCHAR[])"
    )
    rows = [
        (each.uri, totals["file"], totals["sha256"], datetime.fromisoformat(totals["modified_at"]), each.rows)
        for each in manifests
        for totals in [each.control_totals]
    ]
    duck.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, [])", rows)
    duck.execute(f"COPY files TO '{folder}/files.parquet' (FORMAT parquet, COMPRESSION zstd)")
