"""One mail of each kind that the forecast sends."""

from datetime import date

from ecommerce.core.periods import period_of
from ecommerce.forecast import missing_forecast, selection
from ecommerce.forecast.report import archive as forecast
from ecommerce.forecast.report.view import mail_texts
from tests.unit.forecast import shops
from tests.unit.forecast.report import samples as forecasts
from tests.unit.mail.samples import ARABIC, JAPANESE, LONG, picture
from tests.unit.sales.report.samples import DAY


def _drift():
    return forecast.alarm_message(
        str(DAY), ["the error of the total was 31 %, in the back-test 9 %"] * 2
    )


def _forecast():
    names = [
        *forecasts.names(),
        f"category:{JAPANESE}",
        f"category:{ARABIC}",
        f"category:{LONG}",
    ]
    texts = mail_texts(forecasts.make_figures(names))
    return forecast.report_message(texts, b"%PDF-", picture())


def _selection():
    test = shops.figures(
        8,
        blend=(0.2, 0.021),
        ridge=(0.1, -0.034),
    )
    choice = {"champion": "ridge", "previous": "blend", "why": "ridge is better."}
    record = {"version": "champions/2026-12-06-001-ab.json", **choice, **test}
    return selection.compose(record)


def _week():
    missing = [date(2026, 11, 12), date(2026, 11, 14)]
    return missing_forecast.alert(
        period_of("week", date(2026, 11, 9)),
        missing,
    )


MAILS = {"drift": _drift, "forecast": _forecast, "selection": _selection, "week": _week}
