"""The report's mail as finished texts, the only input of its templates. They are archived with the report."""

from ecommerce.core import text
from ecommerce.core.settings import load_settings
from ecommerce.core.templates import render, render_lines
from ecommerce.core.values import Values
from ecommerce.sales.days.restatements import restated_rows
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.texts import breakdowns, headline, trend
from ecommerce.sales.report.texts.corrected import subject_value
from ecommerce.sales.report.texts.page import top_texts
from ecommerce.sales.report.texts.summary import chosen_base, named_base
from ecommerce.sales.report.texts.trust import badge_of, trust_of

MOST_RESTATED = 5
"""Days: programs cut long mails, and the report is attached."""


def mail_parts(figures: Figures) -> Values:
    """Return what the mail and the chat need of a report: the mail's `texts`, and the title and text of
    `forecast_missed`, None where the day does not miss its forecast."""
    percent = load_settings().forecast_miss_alert_percent
    return {
        "texts": mail_texts(figures),
        "forecast_missed": forecast_missed(figures, percent),
    }


def mail_texts(figures: Figures) -> Values:
    """Return the texts of a day's first mail by the names its templates use; `with_corrections` makes those
    of another one."""
    restatements = figures.quality.restatements
    return top_texts(figures) | {
        "subject": subject(figures),
        "badge": badge_of(trust_of(figures)),
        "corrected": None,
        "short_day": text.short_day(figures.business_date),
        "currency": figures.currency,
        "timezone": figures.provenance.timezone,
        "footnote": " ".join(headline.footnotes(figures)),
        "trend": trend.description(figures),
        "by_shop": breakdowns.by_shop(figures),
        "restated": restated_rows(restatements, figures.currency, MOST_RESTATED),
        "generated_at": text.instant(figures.provenance.generated_at),
    }


def subject(figures: Figures) -> str:
    """Return `Sales Mon 23 Nov: 29,887 USD, +6 % vs last Monday`; the badge follows where the day is not
    complete. A header of more than 69 characters would be folded before its first word."""
    net_sales = figures.value("net_sales")
    facts = {
        "figures": figures,
        "value": subject_value("net_sales", net_sales, figures.currency),
        "base": named_base(figures, chosen_base(figures)),
        "badge": badge_of(trust_of(figures)),
    }
    return render("summary/subject.txt", facts).strip()


def forecast_missed(figures: Figures, percent: int | None) -> tuple[str, str] | None:
    """Return title and text of the message to the chat; None where net sales do not miss their forecast by
    `percent`, the day has none, or is incomplete."""
    expected = figures.net_expected
    if not percent or not expected or not expected.verdict or expected.forecast <= 0:
        return None
    distance = abs(expected.actual - expected.forecast)
    if distance * 100 < percent * expected.forecast:
        return None
    facts = {"figures": figures, "nothing": text.NOTHING}
    title, words = render_lines("summary/forecast_missed.txt", facts)
    return title, words
