"""What the report's mail says: its subject, its first line, what was corrected, what the trend shows."""

from decimal import Decimal

import pytest

from ecommerce.core.text import MINUS, NOTHING
from ecommerce.sales.report import findings
from ecommerce.sales.report.figures.model import HEADLINE, Figure, Figures, Finding
from ecommerce.sales.report.figures.restatements import Correction
from ecommerce.sales.report.view import mail, notices
from tests.unit.mail.samples import CORRECTIONS, without_last_week
from tests.unit.sales.report.cases import first_day, partner_missing
from tests.unit.sales.report.samples import breakdown, make_figures


def with_net_sales(**values: str | None) -> Figures:
    """A day whose net sales are compared with these alone."""
    numbers = {
        name: None if value is None else Decimal(value)
        for name, value in values.items()
    }
    headline = make_figures().headline | {
        "net_sales": Figure(**{"value": Decimal("20642.52"), **numbers})
    }
    return make_figures(headline=headline)


@pytest.mark.parametrize(
    ("bases", "change", "named"),
    [
        (
            {
                "week_before": "20377.6",
                "day_before": "1",
                "average": "1",
                "year_before": "1",
            },
            "+1.3 %",
            "Thu 12 Nov (20,377.60 USD)",
        ),
        (
            {"day_before": "20377.6", "average": "1"},
            "+1.3 %",
            "Wed 18 Nov (20,377.60 USD)",
        ),
        (
            {"week_before": "0", "average": "20377.6"},
            "+1.3 %",
            "28-day average (20,377.60 USD)",
        ),
        (
            {"year_before": "41285.04"},
            f"{MINUS}50.0 %",
            "Thu 20 Nov 2025 (41,285.04 USD)",
        ),
    ],
)
def test_the_change_is_against_the_weekday_before_or_the_next_there_is(
    bases, change, named
):
    figures = with_net_sales(**bases)
    assert (
        mail.subject(figures)
        == f"Thu 19 Nov: net sales 20,642.52 USD, {change} vs {named.partition(' (')[0]}"
    )
    assert mail.first_line(figures) == (
        f"Net sales of Thu 19 Nov: 20,642.52 USD, {change} vs {named}."
    )


def test_the_first_day_ever_has_no_change():
    texts = mail.mail_texts(first_day())
    assert texts["subject"] == "Thu 19 Nov: net sales 18,342.56 USD"
    assert texts["first_line"].endswith(
        "18,342.56 USD. There is nothing to compare it with yet."
    )
    assert texts["small_columns"] == ["Figure", "This day"]
    said = [
        change["words"] + change["label"]
        for tile in texts["tiles"]
        for change in tile["changes"]
    ]
    assert said == ["nothing to compare with yet"] * 4


def test_a_figure_that_lacks_the_comparison_of_the_others_names_its_own():
    texts = mail.mail_texts(without_last_week())
    assert texts["small_columns"][2] == "vs Wed 18 Nov"
    cells = {label: change for label, _, change in texts["small_rows"]}
    assert cells["Tax"] == "+6.7 %"
    assert cells["Shipping"] == "+15.0 % vs 28-day average"
    assert [each["label"] for each in texts["tiles"][0]["changes"]] == [
        "vs Wed 18 Nov", "vs 28-day average",
    ]  # fmt: skip


def test_what_is_missing_stands_in_front_and_leaves_the_headline_room(monkeypatch):
    subject = mail.subject(partner_missing())
    headline = "Thu 19 Nov: net sales 18,342.56 USD, +13.8 % vs Thu 12 Nov"
    missing = "alpenmarkt has delivered no valid file for Thu 19 Nov"
    assert subject == f"INCOMPLETE: {missing} · {headline}"
    assert mail.subject(partner_missing(), corrected=True) == f"Corrected: {subject}"
    monkeypatch.setattr(
        notices, "missing_words", lambda _: f"{'x' * 300} has not delivered"
    )
    assert mail.subject(partner_missing()).endswith(f"x… · {headline}")


def test_corrections_stand_in_the_order_of_the_headline_and_invisible_ones_nowhere():
    assert mail.correction_lines(make_figures(), CORRECTIONS) == [
        "Net sales 16,716.13 → 18,342.56, +9.7 %",
        "Orders 201 → 214, +6.5 %",
    ]


def test_new_and_returning_customers_are_corrected_like_the_others():
    found = [
        Correction("new_customers", Decimal(60), None),
        Correction("returning_customers", None, None),
    ]
    lines = mail.correction_lines(make_figures(), found)
    assert lines == [
        "New customers 60 → 64, +6.7 %",
        f"Returning customers {NOTHING} → 137",
    ]


def test_a_correction_agrees_with_the_attached_report():
    later = [Correction("net_sales", Decimal(100), Decimal(99999))]
    assert mail.correction_lines(make_figures(), later)[0].startswith(
        "Net sales 100.00 → 18,342.56"
    )


def test_a_correction_that_no_headline_figure_shows_says_so():
    (line,) = mail.correction_lines(make_figures(), CORRECTIONS[2:])
    assert line.startswith("The headline figures are unchanged.")
    assert "reasons of returns" in line
    assert mail.mail_texts(make_figures(), [])["corrected"] == [line]
    assert mail.mail_texts(make_figures())["corrected"] is None


def test_channels_that_have_no_room_are_added_up():
    thirteen = [breakdown(f"p{number}", "10") for number in range(13)]
    rows = mail.mail_texts(make_figures(channels=thirteen))["channels"]
    assert len(rows) == mail.MOST_ROWS
    assert rows[-1] == ["2 others", "20", "20.00"]
    rows = mail.mail_texts(make_figures(channels=thirteen[:12]))["channels"]
    assert rows[-1] == ["P11", "10", "10.00"]


def test_findings_and_restatements_are_in_the_mail(monkeypatch):
    found = Finding(kind="any", about=["Kitchen"], numbers={"share": Decimal("0.5")})
    kinds = {"any": lambda each, currency: f"{each.about[0]} fell, in {currency}."}
    monkeypatch.setattr(findings, "_SENTENCES", kinds)
    lines = [f"{day} Nov: 18,716.13 → 20,373.40, +8.9 %" for day in (18, 17)]
    monkeypatch.setattr(notices, "restated_lines", lambda *_, **__: lines)
    texts = mail.mail_texts(make_figures(findings=[found]))
    assert texts["findings"][0] == "Kitchen fell, in USD."
    assert texts["restated"] == lines


def test_every_headline_figure_is_said_once():
    texts = mail.mail_texts(make_figures())
    labels = [tile["label"] for tile in texts["tiles"]] + [
        row[0] for row in texts["small_rows"]
    ]
    assert labels == [meaning.label for meaning in HEADLINE.values()]
