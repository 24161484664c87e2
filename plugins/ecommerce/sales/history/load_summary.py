"""What became of an export's rows, month by month, by the transform's own rules: the same table after a dry
run, which loads nothing, and after the load."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ecommerce.core.errors import ContractError
from ecommerce.core.paths import read_sql
from ecommerce.sales.history.monthly_load import is_unusable
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import Manifest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Rows that were rejected for one `reason`; `places` names file and line of the first three."""

    reason: str
    rows: int
    places: list[str]


@dataclass(frozen=True, slots=True)
class MonthAccounts:
    """What became of one month's rows. `month` is like `2019-01`. `amounts` are the gross amounts of the
    accepted lines, decimal text by currency. Rows without a readable day are the first month's.
    `is_refused`: too many are unusable, so the month is not loaded."""

    month: str
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    rows_superseded: int
    orders: int
    amounts: dict[str, str]
    rejected: list[Rejected]
    is_refused: bool


def accounts_of(manifest: Manifest) -> MonthAccounts:
    """What became of the rows of one month, whose loadable folder is `manifest`'s.

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
    totals = manifest.control_totals
    return MonthAccounts(
        month=f"{manifest.business_date:%Y-%m}",
        **{
            name: int(totals[name])
            for name in ("rows_read", "rows_accepted", "rows_rejected", "rows_superseded")
        },
        orders=orders,
        amounts=amounts or {},
        rejected=[Rejected(*each) for each in rejected],
        is_refused=is_unusable(manifest),
    )


def tell(months: Sequence[MonthAccounts], *, limit: Decimal, is_dry_run: bool) -> None:
    """Log the table of `months`, and judge it.

    Args:
        limit: the most rows that may be rejected, in per cent of all.
        is_dry_run: nothing is loaded, so that more than that is no failure but a warning.

    Raises:
        ContractError: more than `limit` were rejected. What was accepted is loaded.
    """
    log.info("%s\n%s", "dry run: nothing is loaded" if is_dry_run else "loaded", table(months))
    read, rejected = (sum(getattr(each, name) for each in months) for name in ("rows_read", "rows_rejected"))
    if not rejected:
        return
    reasons: Counter[str] = Counter()
    for each in months:
        reasons.update({one.reason: one.rows for one in each.rejected})
    told = (
        f"{rejected:,} of {read:,} rows ({rejected / read:.1%}) "
        f"{'would be' if is_dry_run else 'were'} rejected: "
        + ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
    )
    if rejected * 100 <= limit * read:
        log.warning("%s", told)
    elif is_dry_run:
        log.warning("%s; that is more than %s %%: the load would fail after its last month", told, limit)
    else:
        raise ContractError(
            f"{told}; that is more than {limit} %. All else is loaded: put the export right and load it "
            "again, take it back with make undo-history, or leave it"
        )


def table(months: Sequence[MonthAccounts]) -> str:
    """The accounts as lines of text for a log."""
    names = ("rows_read", "rows_accepted", "rows_rejected", "rows_superseded", "orders")
    lines = [
        f"{'month':<8}" + "".join(f"{name.removeprefix('rows_'):>12}" for name in names) + "  accepted amount"
    ]
    for each in months:
        amounts = ", ".join(f"{amount} {currency or '(none)'}" for currency, amount in each.amounts.items())
        refused = "  NOT LOADED: too much of it is unusable" if each.is_refused else ""
        counts = "".join(f"{getattr(each, name):>12,}" for name in names)
        lines.append(f"{each.month:<8}{counts}  {amounts or 'none'}{refused}")
    sums = "".join(f"{sum(getattr(each, name) for each in months):>12,}" for name in names)
    lines.append(f"{'all':<8}{sums}  {_all_amounts(months)}")
    for each in months:
        for one in each.rejected:
            more = ", …" if one.rows > len(one.places) else ""
            lines.append(
                f"rejected in {each.month}: {one.reason} {one.rows:,} ({', '.join(one.places)}{more})"
            )
    return "\n".join(lines)


def _all_amounts(months: Sequence[MonthAccounts]) -> str:
    sums: dict[str, Decimal] = {}
    for each in months:
        for currency, amount in each.amounts.items():
            sums[currency] = sums.get(currency, Decimal()) + Decimal(amount)
    return (
        ", ".join(f"{amount} {currency or '(none)'}" for currency, amount in sorted(sums.items())) or "none"
    )
