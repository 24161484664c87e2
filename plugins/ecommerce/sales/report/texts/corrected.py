"""The mail of a report whose day was mailed before: its subject and first lines state what has changed."""

from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.headline_figures import HEADLINE, Amounts
from ecommerce.core.values import Values
from ecommerce.sales import terms
from ecommerce.sales.days.restatements import written

_UNCHANGED = (
    "The headline figures are unchanged. Breakdowns, products, reasons of returns, missing sources or "
    "amounts without an exchange rate have changed."
)


def with_corrections(
    texts: Values, headline: Amounts, corrections: Amounts | None
) -> Values:
    """Return the archived `texts` of a mail, with the `corrections` of the day's latest mail: its figures
    that have changed. None: this is its first mail. `headline` has the report's figures by their names in
    `HEADLINE`."""
    if corrections is None:
        return texts
    lines = corrected_figures(headline, corrections, texts["currency"])
    words = "report"
    figure = "net_sales"
    if lines:
        figure = next(iter(lines))
        words = terms.inside(HEADLINE[figure].label)
    value = subject_value(figure, headline[figure], texts["currency"])
    return texts | {
        "subject": f"Corrected {words} {texts['short_day']}: {value}{texts['badge']}",
        "corrected": list(lines.values()) or [_UNCHANGED],
    }


def subject_value(figure: str, value: Decimal | None, currency: str) -> str:
    """Return a headline figure for a subject, in whole units: `29,887 USD`."""
    words = text.count(value or 0)
    return f"{words} {currency}" if HEADLINE[figure].kind == "money" else words


def corrected_figures(
    headline: Amounts, mailed: Amounts, currency: str
) -> dict[str, str]:
    """Return the changes since the latest mail by figure: `Net sales 18,716.13 → 20,373.40, +8.9 %`. New
    values are those of the report, as in the attachment; changes too small to be seen are left out."""
    lines = {}
    for figure in HEADLINE:
        if figure not in mailed or figure not in headline:
            continue
        values = (mailed[figure], headline[figure])
        label, before, now, change = written(figure, *values, currency)
        if before != now:
            by = "" if change == text.NOTHING else f", {change}"
            lines[figure] = f"{label} {before} → {now}{by}"
    return lines
