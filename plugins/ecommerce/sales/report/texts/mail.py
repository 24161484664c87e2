"""The report's mail as finished texts, the only input of its templates."""

from collections.abc import Mapping, Sequence

from ecommerce.core import text
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.values import Values
from ecommerce.sales import terms
from ecommerce.sales.quality.restatements import Correction, restated_rows
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.texts import breakdowns, headline, trend
from ecommerce.sales.report.texts.page import summary_texts
from ecommerce.sales.report.texts.summary import base_words, chosen_base
from ecommerce.sales.report.texts.trust import trust_of

MOST_RESTATED = 5
"""Days: programs cut long mails, and the report is attached."""
_UNCHANGED = (
    "The headline figures are unchanged. Breakdowns, products, reasons of returns, missing sources or "
    "amounts without an exchange rate have changed."
)


def mail_texts(
    figures: Figures, corrections: Sequence[Correction] | None = None
) -> Values:
    """Return the mail's texts by the names its templates use. `corrections`: changes since the day's latest
    mail; None where this is the first mail of its day."""
    restatements = figures.quality.restatements
    corrected = None
    lines = None
    if corrections is not None:
        corrected = corrected_figures(figures, corrections)
        lines = list(corrected.values()) or [_UNCHANGED]
    return {
        "subject": subject(figures, corrected),
        "corrected": lines,
        "long_day": text.long_day(figures.business_date),
        "currency": figures.currency,
        "timezone": figures.provenance.timezone,
        "summary": summary_texts(figures),
        "tiles": headline.tiles(figures),
        "small_tiles": headline.small_tiles(figures),
        "footnote": " ".join(headline.footnotes(figures)),
        "trend": trend.description(figures),
        "channels": breakdowns.tables(figures)[0],
        "restated": restated_rows(restatements, figures.currency, MOST_RESTATED),
        "generated_at": text.instant(figures.provenance.generated_at),
    }


def subject(figures: Figures, corrected: Mapping[str, str] | None = None) -> str:
    """Return `Sales Mon 23 Nov: 29,887 USD, +6 % vs last Monday`; the badge follows where the day is not
    complete. A correction has the first of the `corrected` figures, `Corrected returns Mon 23 Nov: 1,266
    USD`; without any, it is a `Corrected report`. A header of more than 69 characters would be folded before
    its first word."""
    figure = "net_sales"
    label = "Sales"
    if corrected:
        figure = next(iter(corrected))
        label = f"Corrected {terms.inside(HEADLINE[figure].label)}"
    elif corrected is not None:
        label = "Corrected report"
    value = figures.value(figure)
    words = f"{label} {text.short_day(figures.business_date)}: {text.whole(value)}"
    if HEADLINE[figure].kind == "money":
        words += f" {figures.currency}"
    base = chosen_base(figures) if figures.has_sales else ""
    if base and corrected is None and figures.quality.complete:
        before = figures.headline[figure].base(base)
        change = text.change(value, before, places=0)
        words += f", {change} vs {base_words(figures, base)}"
    trust = trust_of(figures)
    if trust.state != "complete":
        words += f" ({trust.label.lower()})"
    return words


def corrected_figures(
    figures: Figures, corrections: Sequence[Correction]
) -> dict[str, str]:
    """Return the changes since the latest mail by figure: `Net sales 18,716.13 → 20,373.40, +8.9 %`. New
    values are those of `figures`, as in the attachment; changes too small to be seen are left out."""
    mailed = {correction.figure: correction.mailed for correction in corrections}
    lines = {}
    for figure in figures.tile_figures:
        if figure not in mailed:
            continue
        meaning = HEADLINE[figure]
        value = figures.headline[figure].value
        before = text.figure(mailed[figure], meaning.kind, figures.currency)
        now = text.figure(value, meaning.kind, figures.currency)
        if before != now:
            change = text.change(value, mailed[figure])
            by = "" if change == text.NOTHING else f", {change}"
            lines[figure] = f"{meaning.label} {before} → {now}{by}"
    return lines
