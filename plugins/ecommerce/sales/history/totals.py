"""The totals of an export by month: of its files, before anything is loaded, and of the transform.

The staging folder `export` has `files.parquet` (folder, file, sha256, received_at and lines of each file) and
`moved.parquet` (lines of orders whose lines name several days, under the day that counts; see
order_days.sql).
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb, query
from ecommerce.storage.staging import Manifest

SQL = "extract/history"
COUNTS = ("rows_read", "rows_accepted", "rows_rejected", "rows_superseded")

log = logging.getLogger(__name__)


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
    import pyarrow as pa
    from pyarrow import parquet

    one, target = manifests[0], f"{manifests[0].uri.rsplit('/', 2)[0]}/export"
    totals_of = [manifest.control_totals for manifest in manifests]
    rejected: Counter[str] = Counter()
    for each in totals_of:
        rejected.update(each["rejected"])
    rows = sum(manifest.rows for manifest in manifests)
    without_day = sum(each["without_day"] for each in totals_of)
    unusable = without_day + rejected.total()
    if unusable > 50 and unusable * 5 > rows:
        raise ContractError(
            f"{unusable} of {rows} records cannot be used ({without_day} have no readable ordered_at; "
            f"{dict(rejected) or 'none'} rejected): nothing was loaded; is this the layout of partner files?"
        )
    lines = [manifest.file("lines.parquet") for manifest in manifests]
    files = [
        {
            "folder": manifest.uri,
            "file": each["file"],
            "sha256": each["sha256"],
            "received_at": datetime.fromisoformat(each["modified_at"]),
            "lines": manifest.rows,
        }
        for manifest, each in zip(manifests, totals_of, strict=True)
    ]
    with staging.publish(target) as draft, connect_duckdb(target, memory_limit="400MB") as duck:
        query(duck, f"{SQL}/order_days", {"files": lines})
        query(duck, f"{SQL}/moved_lines", {"files": lines, "target": f"{draft.path}/moved.parquet"})
        days = {"first_day": first_day, "last_day": last_day}
        months = query(duck, f"{SQL}/source_totals", {"files": lines, **days})
        parquet.write_table(pa.Table.from_pylist(files), draft.path / "files.parquet")
        totals = {
            "months": months,
            "rows": rows,
            "left_out": rows - unusable - sum(month["rows"] for month in months),
            "without_day": without_day,
            "rejected": dict(rejected),
            "warnings": [warning for each in totals_of for warning in each["warnings"]],
        }
        draft.seal(
            source=one.source,
            business_date=one.business_date,
            rows=len(manifests),
            columns={},
            **dict.fromkeys(("read_at", "window_start", "window_end"), one.read_at),
            control_totals=totals,
        )
    log.info("%s: %s", one.source, totals)
    if not months:
        raise ConfigurationError(
            f"none of the {rows} records belongs to a day from {first_day} to {last_day}: nothing to load"
        )
    return {"export": target, **totals}


def summarize(manifest: Manifest) -> dict[str, Any]:
    """Summarize the month of a loadable folder. A dry run has the same summaries as the load.

    Returns:
        plain JSON: `month` (`YYYY-MM`; the first one takes rows without a readable day), `COUNTS`, `orders`,
        `amounts` (gross, of the accepted lines: decimal text by currency), `rejected` (reason, rows, places:
        file and line of the first three).
    """
    with connect_duckdb(manifest.uri, memory_limit="300MB") as duck:
        files = {"orders": manifest.file("orders.parquet"), "lines": manifest.file("order_lines.parquet")}
        (totals,) = query(duck, f"{SQL}/transformed_totals", files)
        rejected = []
        if "rejected_rows.parquet" in manifest.columns:
            files = {"rejected": manifest.file("rejected_rows.parquet")}
            rejected = query(duck, f"{SQL}/rejected_by_reason", files)
    return {
        "month": f"{manifest.business_date:%Y-%m}",
        **{name: int(manifest.control_totals[name]) for name in COUNTS},
        "orders": totals["orders"],
        "amounts": totals["amounts"] or {},
        "rejected": rejected,
    }


def log_summary(months: Sequence[Mapping[str, Any]], *, limit: Decimal, is_dry_run: bool) -> None:
    """Log the summary of an export, and fail where too many rows were rejected.

    Args:
        months: the summaries of its months.
        limit: the highest share of rejected rows, in per cent.
        is_dry_run: nothing is loaded: more rejected rows are a warning.
    """
    counts, reasons = (*COUNTS, "orders"), Counter[str]()
    header = "".join(f"{name.removeprefix('rows_'):>12}" for name in counts)
    lines = [f"{'month':<8}{header}  accepted amount"]
    for month in months:
        numbers = "".join(f"{month[name]:>12,}" for name in counts)
        amounts = (f"{amount} {currency or '(none)'}" for currency, amount in month["amounts"].items())
        lines.append(f"{month['month']:<8}{numbers}  {', '.join(amounts) or 'none'}")
        for each in month["rejected"]:
            reasons[each["reason"]] += each["rows"]
            places = ", ".join([*each["places"], *["…"] * (each["rows"] > len(each["places"]))])
            lines.append(f"  rejected: {each['reason']} {each['rows']:,} ({places})")
    log.info("%s\n%s", "dry run: nothing is loaded" if is_dry_run else "loaded", "\n".join(lines))
    rows, rejected = (sum(each[name] for each in months) for name in ("rows_read", "rows_rejected"))
    if not rejected:
        return
    by_reason = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
    result = f"{rejected:,} of {rows:,} rows ({rejected / rows:.1%}) were rejected: {by_reason}"
    if rejected * 100 > limit * rows and not is_dry_run:
        raise ContractError(
            f"{result}; that is more than {limit} %. The accepted rows are loaded: fix the export and load "
            "it again, undo the load with make undo-history, or leave it"
        )
    log.warning("%s (a load may have at most %s %%)", result, limit)
