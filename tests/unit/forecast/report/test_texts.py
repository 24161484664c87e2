"""Every text of the forecast's report, in reviewed snapshots: page, mail, CSV."""

from decimal import Decimal

import pytest

from ecommerce.core.data_warnings import data_warning
from ecommerce.core.text import MINUS
from ecommerce.forecast.partner_ftp.files import Promotion
from ecommerce.forecast.report import archive, view
from ecommerce.forecast.report.figures import figures_csv
from tests.unit.forecast.report.samples import (
    ALL_DAYS,
    AS_OF,
    card,
    day,
    history,
    made,
    make_figures,
    names,
    rows,
)
from tests.unit.pages.reading import mail_of


def ordinary():
    return make_figures()


def first_ever():
    """Nothing to look back at, no promotions, the default model without a back-test."""
    unselected = card(names(), selected=None, total_error=None)
    return make_figures(past=False, warnings=[], promotions=(), model_card=unselected)


def drifting():
    """Too high forecasts, after a week whose last three days are incomplete; a gap in two other weeks."""
    gone = {day(-50), day(-20)}
    texts = ("mine", "mine", "ann@example.com wrote")
    return make_figures(
        complete=ALL_DAYS[:-3],
        forecasts=rows(history(names()), bias=1.3),
        unknown=gone,
        gaps=sorted(gone),
        warnings=[data_warning("note", text=text) for text in texts],
    )


def too_young():
    """No category has enough history; the selected model is gone."""
    gone = card(names(), selected=None, why="the selected model no longer exists")
    return make_figures(forecasts=[], model_card=gone)


def new_channels():
    """New channels, a reason for the model, and more promotions and gaps than are listed."""
    chosen = card(names(), why="it is best.")
    reason = "fewer than 28 days of history"
    skipped = {"channel:sales_db": reason, "channel:storefront": reason}
    chosen["kinds"][1]["skipped"] = skipped
    promotions = [
        promotion(27, 40, None, "7.5"),
        promotion(-9, 0, "TEX-003", 10),
    ]
    for number in range(25):
        promotions.append(promotion(0, 3, f"A-{number:02}", 10))
    for percent in range(1, 23):
        promotions.append(promotion(1, 2, "KIT-001", percent))
    gaps = [day(-back) for back in range(80, 58, -1)]
    return make_figures(model_card=chosen, promotions=promotions, gaps=gaps)


def promotion(first, last, sku, percent):
    return Promotion(
        day(first),
        day(last),
        sku,
        Decimal(percent),
    )


SAMPLES = [ordinary, first_ever, drifting, too_young, new_channels]


@pytest.mark.parametrize(
    ("make", "urgent"),
    [(drifting, [True, False]), (too_young, [True]), (ordinary, [])],
)
def test_drift_and_no_forecast_are_urgent(make, urgent):
    """The words of the page are in tests/unit/pages/views."""
    notices = view.page_texts(make())["notices"]
    assert [notice["urgent"] for notice in notices] == urgent


def mail(figures):
    return archive.report_message(view.mail_texts(figures), b"", b"")


@pytest.mark.parametrize("make", [first_ever, drifting, too_young])
def test_the_mail(make, snapshot):
    message = mail(make())
    assert f"{message['Subject']}\n\n{mail_of(message)}" == snapshot


def test_a_week_under_way_is_stated_in_both_parts():
    """The first week differs most from a usual one: 3,000 of three days, and the forecast."""
    forecasts = []
    for ahead in range(28):
        amount = 20_000 if ahead < 7 else 14_000
        forecasts.append(made("total", day(ahead), amount, made_on=AS_OF))
    figures = make_figures(known_days=3, forecasts=forecasts)
    assert view.lead(figures) == (
        "The week from Mon 16 Nov is expected at 75,000 USD net sales (3,000 so far and 72,000 forecast), "
        f"{MINUS}16.7 % vs a usual week."
    )
    first, second, *_ = view.page_texts(figures)["sections"][0]["rows"]
    assert "75,000" in first
    assert "88,200" in second


def test_the_csv_has_every_forecast(snapshot):
    figures = make_figures(["category:a", "category:=b"])
    lines = figures_csv(figures).splitlines()
    assert len(lines) == 1 + 3 * 28
    assert "\n".join(lines[::9]) == snapshot


def test_the_drift_mail(snapshot):
    message = archive.alarm_message(
        str(AS_OF),
        drifting().drift.reasons,
    )
    assert f"{message['Subject']}\n\n{mail_of(message)}" == snapshot


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "W" * 300, "line\r\nBcc: eve@x.example"]
)
def test_names_from_data_are_harmless_in_the_mail(name):
    message = mail(make_figures(["category:Toys", f"category:{name}"]))
    assert "<script>" not in message.get_body(("html",)).get_content()
    assert message["Bcc"] is None
