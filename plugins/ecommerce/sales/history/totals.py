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

from ecommerce.core.data_warnings import sentence
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
    if _are_unusable(unusable, rows):
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
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(rejected.items()))
    notes = [
        f"outside the range: {totals['left_out']:,}; without a readable day: {without_day:,}",
        f"malformed: {reasons or 'none'}",
        "the last task, summary, shows the rows that the rules of the transform reject",
        *map(sentence, totals["warnings"]),
    ]
    log.info("%s\n%s", one.source, "\n".join(_table(months, "rows", "orders") + notes))
    if not months:
        raise ConfigurationError(
            f"none of the {rows} records belongs to a day from {first_day} to {last_day}: nothing to load"
        )
    return {"export": target, **totals}


def reason_to_refuse(manifest: Manifest) -> str:
    """Return why the month of a loadable folder cannot be loaded: too many of its own lines were rejected.
    Empty where it can."""
    totals = manifest.control_totals
    # The first month also has the rows of no month.
    read, rejected = (totals[name] - totals["without_day"] for name in ("rows_read", "rows_rejected"))
    if not _are_unusable(rejected, read):
        return ""
    return (
        f"{manifest.business_date:%Y-%m}: {rejected} of {read} lines were rejected {totals['rejected']}; "
        "the month was not loaded"
    )


def summarize(manifest: Manifest) -> dict[str, Any]:
    """Summarize the month of a loadable folder. A dry run has the same summaries as the load.

    Returns:
        plain JSON: `month` (`YYYY-MM`; the first one takes rows without a readable day), `COUNTS`, `orders`,
        `amounts` (gross, of the accepted lines: decimal text by currency), `rejected` (reason, rows, places:
        file and line of the first three), `is_refused` (too many rows are unusable, so it is not loaded).
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
        "is_refused": bool(reason_to_refuse(manifest)),
    }


def log_summary(months: Sequence[Mapping[str, Any]], *, limit: Decimal, is_dry_run: bool) -> None:
    """Log the summary of an export, and fail where too many rows were rejected.

    Args:
        months: the summaries of its months.
        limit: the highest share of rejected rows, in per cent.
        is_dry_run: nothing is loaded: more rejected rows are a warning.
    """
    table, reasons = _table(months, *COUNTS, "orders", amounts="accepted amount"), Counter[str]()
    for month in months:
        if month["is_refused"]:
            table.append(f"{month['month']} NOT LOADED: more than a fifth of it is unusable")
        for each in month["rejected"]:
            reasons[each["reason"]] += each["rows"]
            places = ", ".join([*each["places"], *["…"] * (each["rows"] > len(each["places"]))])
            table.append(f"rejected in {month['month']}: {each['reason']} {each['rows']:,} ({places})")
    log.info("%s\n%s", "dry run: nothing is loaded" if is_dry_run else "loaded", "\n".join(table))
    rows, rejected = (sum(each[name] for each in months) for name in ("rows_read", "rows_rejected"))
    if not rejected:
        return
    result = (
        f"{rejected:,} of {rows:,} rows ({rejected / rows:.1%}) "
        f"{'would be' if is_dry_run else 'were'} rejected: "
        + ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
    )
    if rejected * 100 <= limit * rows:
        log.warning("%s", result)
    elif is_dry_run:
        log.warning("%s; that is more than %s %%: the load would fail after its last month", result, limit)
    else:
        raise ContractError(
            f"{result}; that is more than {limit} %. The accepted rows are loaded: fix the export and load "
            "it again, undo the load with make undo-history, or leave it"
        )


def _are_unusable(rejected: int, rows: int) -> bool:
    """Return whether more than a fifth of `rows`, and more than 50, were rejected."""
    return rejected > 50 and rejected * 5 > rows


def _table(months: Sequence[Mapping[str, Any]], *counts: str, amounts: str = "amount") -> list[str]:
    """Return the months' counts and amounts, and their sums, as lines of text for a log."""
    sums: dict[str, Decimal] = {}
    for month in months:
        for currency, amount in sorted(month["amounts"].items()):
            sums[currency] = sums.get(currency, Decimal()) + Decimal(amount)
    total = {name: sum(month[name] for month in months) for name in counts}
    header = "".join(f"{name.removeprefix('rows_'):>12}" for name in counts)
    lines = [f"{'month':<8}{header}  {amounts}"]
    for row in (*months, {"month": "all", "amounts": sums, **total}):
        texts = (f"{amount} {currency or '(none)'}" for currency, amount in row["amounts"].items())
        numbers = "".join(f"{row[name]:>12,}" for name in counts)
        lines.append(f"{row['month']:<8}{numbers}  {', '.join(texts) or 'none'}")
    return lines
