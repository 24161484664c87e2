"""Whether a day is within its forecast: which verdicts a report states, and their words."""

import pytest

from ecommerce.sales.report.figures import forecast
from ecommerce.sales.report.figures.forecast import FIGURES
from ecommerce.sales.report.texts import outlook
from ecommerce.sales.report.texts.forecast import origin, tables, verdict_line
from tests.unit.sales.report.parts import MONDAY, expectation_of, expected
from tests.unit.sales.report.samples import full, make_figures
from tests.unit.sales.report.texts.answers import Answers


@pytest.mark.parametrize(
    ("is_complete", "doubtful", "verdict"),
    [
        (True, [], "unusual"),
        (False, [], None),
        (True, ["storefront"], None),
    ],
)
def test_a_day_that_is_or_may_be_incomplete_has_no_verdict(
    is_complete, doubtful, verdict
):
    row = {"series": "total", "made_at": MONDAY, "model": "blend"}
    for prefix in ("", "net_"):
        row[f"{prefix}verdict"] = "unusual"
        row |= {f"{prefix}{figure}": 5 for figure in FIGURES}
    today = {"complete": is_complete}
    queries = Answers.of(today=today, expectation=[row], doubtful=doubtful)
    found = forecast.read(queries).expectation
    assert found.series[0].verdict == found.net.verdict == verdict


@pytest.mark.parametrize(
    ("actual", "verdict", "words", "tone"),
    [
        ("1050", "as expected", "Within the 80 % interval", 0),
        ("1150", "unusual", "Above the 80 % interval", 1),
        ("850", "unusual", "Below the 80 % interval", -1),
        ("1250", "very unusual", "Above the 95 % interval", 1),
        ("750", "very unusual", "Below the 95 % interval", -1),
        ("1050", None, "No verdict: the day is incomplete", 0),
    ],
)
def test_the_words_of_a_verdict(actual, verdict, words, tone):
    net = expected("net", "1000", actual, verdict)
    expectation = expectation_of(net=net)
    figures = make_figures(expectation=expectation, complete=bool(verdict))
    assert verdict_line(figures) == {"verdict": words, "tone": tone}
    assert verdict_line(make_figures()) is None


@pytest.mark.parametrize(
    ("timezone", "day"),
    [("America/New_York", "Mon 16 Nov"), ("Pacific/Honolulu", "Sun 15 Nov")],
)
def test_a_forecast_is_dated_by_the_clock_of_the_shop(timezone, day):
    """It was made at 05:00 UTC."""
    figures = make_figures(expectation=expectation_of(), timezone=timezone)
    words = f"from data before {day}, model: blend"
    assert origin(figures.expectation, figures) == words


def test_the_charts_of_forecasts_are_of_net_sales():
    figures = full()
    expected, _ = tables(figures)
    [coming] = outlook.tables(figures)
    assert expected["chart"]["day"] == figures.net_expected.model_dump()
    first = figures.outlook.net_days[0].model_dump(exclude={"day"})
    assert coming["chart"]["days"][0] == first | {"label": "Fri\n20"}
