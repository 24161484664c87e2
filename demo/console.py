"""The demo's output in the terminal: lines, and the table of figures."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any


def echo(text: str = "") -> None:
    """Print a line and flush it."""
    print(text, flush=True)


def describe_history(months: Sequence[dict[str, Any]]) -> str:
    """Return one line about a history load: its months, orders and rejected rows.

    Args:
        months: the return value of the task `summary`.
    """
    orders = 0
    rejected = 0
    for month in months:
        orders += month["orders"]
        rejected += month["rows_rejected"]
    return (
        f"Loaded {len(months)} months, {months[0]['month']} to {months[-1]['month']}: "
        f"{orders:,} orders; {rejected:,} rows rejected"
    )


def format_days(days: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a table of rows of `daily_summary`."""
    yield f"{'business day':14}{'orders':>8}{'gross sales':>16}{'net sales':>16}  complete"
    for day in days:
        gross = _cents(day["gross_sales"])
        net = _cents(day["net_sales"])
        complete = "yes" if day["complete"] else "no"
        business_date = str(day["business_date"])
        yield (
            f"{business_date:14}{day['orders']:>8}{gross:>12,} USD{net:>12,} USD"
            f"  {complete}"
        )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
