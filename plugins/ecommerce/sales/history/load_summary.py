"""The summary of a history load: how many rows of each month the transform accepted and rejected. A dry run,
which loads nothing, has the same summary as the load."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ecommerce.core.errors import ContractError
from ecommerce.core.paths import read_sql
from ecommerce.sales.history.control_totals import amounts_text
from ecommerce.sales.history.monthly_load import reason_to_refuse
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import Manifest

COUNTS = ("rows_read", "rows_accepted", "rows_rejected", "rows_superseded", "orders")

log = logging.getLogger(__name__)


def summarize(manifest: Manifest) -> dict[str, Any]:
    """Summarize the month of a loadable folder.

    Returns:
        plain JSON: `month` (`YYYY-MM`; the first one takes rows without a readable day), `COUNTS`, `amounts`
        (gross, of the accepted lines: decimal text by currency), `rejected` (reason, rows, places: file and
        line of the first three), `is_refused` (too many rows are unusable, so the month is not loaded).

    Raises:
        StagingError: its files are gone.
    """
    with connect_duckdb(manifest.uri, memory_limit="300MB") as duck:
        files = {"orders": manifest.file("orders.parquet"), "lines": manifest.file("order_lines.parquet")}
        ((orders, amounts),) = duck.execute(
            read_sql("extract/history/transformed_totals.sql"), files
        ).fetchall()
        rejected = []
        if "rejected_rows.parquet" in manifest.columns:
            files = {"rejected": manifest.file("rejected_rows.parquet")}
            rejected = duck.execute(read_sql("extract/history/rejected_by_reason.sql"), files).fetchall()
    return {
        "month": f"{manifest.business_date:%Y-%m}",
        **{name: int(manifest.control_totals[name]) for name in COUNTS if name != "orders"},
        "orders": orders,
        "amounts": amounts or {},
        "rejected": [dict(zip(("reason", "rows", "places"), row, strict=True)) for row in rejected],
        "is_refused": bool(reason_to_refuse(manifest)),
    }


def log_summary(months: Sequence[Mapping[str, Any]], *, limit: Decimal, is_dry_run: bool) -> None:
    """Log the summary of an export, and fail where too many rows were rejected.

    Args:
        months: the summaries of its months.
        limit: the highest share of rejected rows, in per cent.
        is_dry_run: nothing is loaded: more rejected rows are a warning.

    Raises:
        ContractError: more than `limit` were rejected. The accepted rows are loaded.
    """
    log.info("%s\n%s", "dry run: nothing is loaded" if is_dry_run else "loaded", summary_table(months))
    rows, rejected = (sum(each[name] for each in months) for name in ("rows_read", "rows_rejected"))
    if not rejected:
        return
    reasons: Counter[str] = Counter()
    for month in months:
        reasons.update({each["reason"]: each["rows"] for each in month["rejected"]})
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


def summary_table(months: Sequence[Mapping[str, Any]]) -> str:
    """Return the summaries as lines of text for a log."""
    header = "".join(f"{name.removeprefix('rows_'):>12}" for name in COUNTS)
    lines = [f"{'month':<8}{header}  accepted amount"]
    sums: dict[str, Decimal] = {}
    for month in months:
        refused = "  NOT LOADED: more than a fifth of it is unusable" if month["is_refused"] else ""
        counts = "".join(f"{month[name]:>12,}" for name in COUNTS)
        lines.append(f"{month['month']:<8}{counts}  {amounts_text(month['amounts'])}{refused}")
        for currency, amount in month["amounts"].items():
            sums[currency] = sums.get(currency, Decimal()) + Decimal(amount)
    counts = "".join(f"{sum(month[name] for month in months):>12,}" for name in COUNTS)
    lines.append(f"{'all':<8}{counts}  {amounts_text(dict(sorted(sums.items())))}")
    for month in months:
        for each in month["rejected"]:
            places = ", ".join([*each["places"], *["…"] * (each["rows"] > len(each["places"]))])
            lines.append(f"rejected in {month['month']}: {each['reason']} {each['rows']:,} ({places})")
    return "\n".join(lines)
