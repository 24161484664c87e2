"""Every text of the forecast's report, in reviewed snapshots: page, mail, CSV."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.core.data_warnings import data_warning
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
    kinds = card(names())["kinds"]
    for kind in kinds:
        kind["error"] = kind["error_of_last_week"] = None
    unselected = card(names(), selected=None, kinds=kinds, total_error=None)
    return make_figures(past=False, warnings=[], promotions=(), model_card=unselected)


def drifting():
    """Too high forecasts, after a week whose last three days are incomplete; a gap in two other weeks."""
    gone = {day(-50), day(-20)}
    return make_figures(
        complete=ALL_DAYS[:-3],
        forecasts=rows(history(names()), bias=1.3),
        unknown=gone,
        gaps=sorted(gone),
        warnings=[
            data_warning("note", text=text)
            for text in ("mine", "mine", "ann@example.com wrote")
        ],
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
    of_many = [
        Promotion(day(0), day(3), f"A-{each:02}", Decimal(10)) for each in range(25)
    ]
    single = [
        Promotion(day(1), day(2), "KIT-001", Decimal(each)) for each in range(1, 23)
    ]
    edges = [
        Promotion(day(27), day(40), None, Decimal("7.5")),
        Promotion(day(-9), day(0), "TEX-003", Decimal(10)),
        Promotion(day(-9), day(-1), "over", Decimal(10)),
        Promotion(day(28), day(30), "later", Decimal(10)),
    ]
    return make_figures(
        model_card=chosen,
        promotions=[*of_many, *single, *edges],
        gaps=[AS_OF - timedelta(days=back) for back in range(80, 58, -1)],
    )


SAMPLES = [ordinary, first_ever, drifting, too_young, new_channels]


@pytest.mark.parametrize("make", SAMPLES)
def test_what_colours_and_the_chart_say(make, snapshot):
    """The words of the page are in tests/unit/pages/views."""
    texts = view.page_texts(make())
    lines = [texts["chart_alt"]]
    for notice in texts["notices"]:
        lines.append(f"{notice['title']}: urgent {notice['urgent']}")
    for tile in texts["tiles"]:
        lines += [f"{change['words']}: {change['tone']}" for change in tile["changes"]]
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("make", SAMPLES)
def test_the_mail(make, snapshot):
    message = archive.report_message(make(), b"", b"")
    assert f"{message['Subject']}\n\n{mail_of(message)}" == snapshot


def test_the_csv_has_every_forecast(snapshot):
    figures = make_figures(["category:a", "category:=b"])
    lines = figures_csv(figures).splitlines()
    assert len(lines) == 1 + 3 * 28
    assert "\n".join(lines[::9]) == snapshot


def test_the_drift_mail(snapshot):
    message = archive.alarm_message(str(AS_OF), drifting().drift.reasons)
    assert f"{message['Subject']}\n\n{mail_of(message)}" == snapshot


@pytest.mark.parametrize(
    ("factors", "sentence"),
    [
        (
            (1.2, 1.33, 1.2, 0.9),
            "Black Friday week (Mon 23 Nov \N{EN DASH} Sun 29 Nov): {week}, +33.0 % vs a usual week.",
        ),
        (
            (1, 1.1, 0.85, 1),
            "The week from Mon 30 Nov: {week}, \N{MINUS SIGN}15.0 % vs a usual week.",
        ),
        (
            (1.04, 0.96, 1.049, 0.951),
            "No week of the next four differs by 5 % or more from a usual week.",
        ),
    ],
)
def test_the_lead_names_the_week_that_differs_most_from_a_usual_one(factors, sentence):
    usual = float(make_figures().total.usual_week)
    forecasts = [
        made("total", day(ahead), factors[ahead // 7] * usual / 7)
        for ahead in range(28)
    ]
    most = max(factors, key=lambda factor: abs(factor - 1))
    week = f"{most * usual:,.0f} USD gross sales expected"
    assert view.lead(make_figures(forecasts=forecasts)) == sentence.format(week=week)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "W" * 300, "line\r\nBcc: eve@x.example"]
)
def test_names_from_data_are_harmless_in_the_mail(name):
    figures = make_figures(["category:Toys", f"category:{name}"])
    message = archive.report_message(figures, b"", b"")
    assert "<script>" not in message.get_body(("html",)).get_content()
    assert message["Bcc"] is None
