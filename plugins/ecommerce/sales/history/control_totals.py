"""What an export says before anything is loaded: its control totals by month, and which order belongs where.

The folder it leaves: `files.parquet` (folder, file, sha256 VARCHAR, received_at TIMESTAMPTZ, lines BIGINT,
order_ids VARCHAR[] empty) and `moved.parquet` (lines of orders that are in two places, under the day that
counts; see order_days.sql). Nothing of it is in the warehouse yet.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.core.paths import read_sql
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import Manifest

if TYPE_CHECKING:
    import duckdb

FEW = 50
"""So many broken records are no reason to doubt the whole export, however small it is."""

log = logging.getLogger(__name__)


def sum_up(folders: Sequence[str], read_at: datetime, first_day: date, last_day: date) -> dict[str, Any]:
    """The control totals of the files read into `folders`; leaves the staging folder `export` beside them.

    Returns plain JSON: `export` (the folder), `months` (month `YYYY-MM`, first_day, last_day ISO dates of its
    orders, rows, orders, amounts: decimal text by currency), `rows`, `left_out` (rows outside the range),
    `without_day`, `rejected` (counts by reason), `warnings`.

    Args:
        folders: staging URIs, in the order of the files' names.
        read_at: when the files were listed (aware).
        first_day: shop days; orders outside the range stay out, lines without a readable day do not.
        last_day: included.

    Raises:
        ConfigurationError: no order lies in the range.
        ContractError: more than a fifth of the records is unusable.
    """
    manifests = [staging.read_manifest(folder) for folder in folders]
    one, target = manifests[0], f"{folders[0].rsplit('/', 2)[0]}/export"
    rejected: Counter[str] = Counter()
    for manifest in manifests:
        rejected.update(manifest.control_totals["rejected"])
    rows = sum(manifest.rows for manifest in manifests)
    without_day = sum(manifest.control_totals["without_day"] for manifest in manifests)
    unusable = without_day + sum(rejected.values())
    if unusable > FEW and unusable * 5 > rows:
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
            read_at=read_at,
            window_start=read_at,
            window_end=read_at,
            control_totals=totals,
        )
    log.info("%s\n%s", one.source, table(totals))
    if not months:
        raise ConfigurationError(
            f"none of the {rows} records belongs to a day from {first_day} to {last_day}: nothing to load"
        )
    return {"export": target, **totals}


def table(totals: Mapping[str, Any]) -> str:
    """Control totals as lines of text for a log: what the export itself says, before any rule."""
    lines = [f"{'month':<8} {'rows':>12} {'orders':>12}  amount by currency"]
    for month in totals["months"]:
        amounts = ", ".join(
            f"{amount} {currency or '(none)'}" for currency, amount in month["amounts"].items()
        )
        lines.append(f"{month['month']:<8} {month['rows']:>12,} {month['orders']:>12,}  {amounts}")
    rows, orders = (sum(month[name] for month in totals["months"]) for name in ("rows", "orders"))
    lines.append(f"{'all':<8} {rows:>12,} {orders:>12,}")
    lines.append(
        f"outside the range: {totals['left_out']:,}; without a readable day: {totals['without_day']:,}"
    )
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(totals["rejected"].items()))
    lines.append(f"not readable as records: {reasons or 'none'}")
    lines.append("what the rules reject of these rows is told by the last task, summary")
    return "\n".join([*lines, *totals["warnings"]])


def _months(
    duck: duckdb.DuckDBPyConnection, lines: list[str], first_day: date, last_day: date
) -> list[dict[str, Any]]:
    found = duck.execute(
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
        for month, first, last, rows, orders, amounts in found
    ]


def _write_files(duck: duckdb.DuckDBPyConnection, manifests: Iterable[Manifest], folder: Path) -> None:
    duck.execute(
        "CREATE TABLE files (folder VARCHAR, file VARCHAR, sha256 VARCHAR, received_at TIMESTAMPTZ, "
        "lines BIGINT, order_ids VARCHAR[])"
    )
    duck.executemany(
        "INSERT INTO files VALUES (?, ?, ?, ?, ?, [])",
        [
            (
                manifest.uri,
                manifest.control_totals["file"],
                manifest.control_totals["sha256"],
                datetime.fromisoformat(manifest.control_totals["modified_at"]),
                manifest.rows,
            )
            for manifest in manifests
        ],
    )
    duck.execute(f"COPY files TO '{folder}/files.parquet' (FORMAT parquet, COMPRESSION zstd)")
