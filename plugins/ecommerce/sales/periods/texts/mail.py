"""The mail of a period's report as finished texts, the only input of its templates."""

from ecommerce.core import text
from ecommerce.core.values import Values
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.drivers import dimensions_of
from ecommerce.sales.periods.texts.page import page_texts
from ecommerce.sales.periods.texts.summary import badge, short_title, subject


def mail_texts(figures: PeriodFigures) -> Values:
    """Return the texts of a period's first mail by the names that its templates use; those of another one are
    made by `with_corrections`. They are those of the page, with its sections by their ids as `parts`.
    `mail_of` sets `page_url`, the delivery `subscription`, and `has_pdf` where the PDF is attached."""
    page = page_texts(figures)
    return page | {
        "subject": subject(figures),
        "badge": badge(figures),
        "corrected": None,
        "subscription": "",
        "has_pdf": False,
        "days_cid": "",
        "period_kind": figures.kind,
        "short_day": short_title(figures),
        "currency": figures.currency,
        "timezone": figures.provenance.timezone,
        "parts": {section["id"]: section for section in page["sections"]},
        "breakdowns": [dimension.plural for dimension in dimensions_of(figures)],
        "generated_at": text.instant(figures.provenance.generated_at),
    }
