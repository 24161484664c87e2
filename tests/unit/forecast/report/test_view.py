from decimal import Decimal

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.text import MINUS, NOTHING
from ecommerce.forecast import wording
from ecommerce.forecast.report import steps, tables, view
from ecommerce.forecast.report.figures import (
    OUTSIDE_80,
    OUTSIDE_95,
    DayForecast,
    ForecastFigures,
    figures_csv,
    figures_hash,
)
from ecommerce.sources.partner_ftp.files import Promotion
from tests.unit.forecast.report.samples import (
    ALL_DAYS,
    ZONE,
    card,
    day,
    history,
    known,
    made,
    make_figures,
    names,
    rows,
)


def rows_of(figures: ForecastFigures, section: str) -> list[list[str]]:
    return next(
        each["rows"] for each in tables.sections(figures) if each["id"] == section
    )


def drift_of(figures: ForecastFigures) -> str:
    (section,) = (each for each in tables.sections(figures) if each["id"] == "scores")
    return section["remarks"][0]


def test_figures_survive_json() -> None:
    figures = make_figures()
    assert ForecastFigures.model_validate_json(figures.model_dump_json()) == figures
    assert figures_hash(
        ForecastFigures.model_validate_json(figures.model_dump_json())
    ) == figures_hash(figures)


def test_the_hash_is_of_what_is_said_and_not_of_who_says_it() -> None:
    figures = make_figures()
    later = figures.provenance.model_copy(
        update={"run_id": "manual", "code_version": "2"}
    )
    assert figures_hash(
        figures.model_copy(update={"provenance": later})
    ) == figures_hash(figures)
    assert figures_hash(
        make_figures(warnings=[data_warning("note", text="other")])
    ) != figures_hash(figures)
    assert figures_hash(make_figures(promotions=())) != figures_hash(figures)


def test_without_this_forecast_an_older_one_does_not_take_its_place() -> None:
    older = [made("total", day(7), 1e9, made_at=day_window(day(-7), ZONE).start)]
    assert make_figures(forecasts=older).series == []


def test_the_headline_compares_with_what_came() -> None:
    figures = make_figures()
    total = figures.total
    assert total is not None
    assert [len(each.days) for each in figures.series] == [28] * len(figures.series)
    came = sum(history(names())["total"][day(-back)] for back in range(1, 8))
    assert figures.last_week_sales == came
    page = view.page_texts(figures)
    week, month, last, error = page["tiles"]
    assert week["value"] == f"{round(total.week(0)):,}"
    assert month["value"] == f"{round(total.week(0, 4)):,}"
    assert last["value"] == f"{round(came):,}"
    assert last["changes"][1] == {
        "words": "2",
        "label": "outside 80 % interval",
        "tone": 0,
    }
    assert error["value"].endswith(" %")


def test_a_week_with_a_gap_is_compared_with_nothing() -> None:
    figures = make_figures(unknown={day(-3)}, gaps=[day(-3)])
    assert figures.last_week_sales is None
    page = view.page_texts(figures)
    assert [change["label"] for change in page["tiles"][0]["changes"]] == [
        "vs a usual week",
        "a usual week",
    ]
    assert ["Days missing from the warehouse: 2026-11-13"] in rows_of(figures, "notes")
    assert view.subject(figures).endswith(" % vs a usual week")
    weeks = weeks_before()
    assert usual_week(figures) == sorted(weeks[1:])[3]


def usual_week(figures: ForecastFigures) -> Decimal:
    """What the whole shop sells in a usual week."""
    assert figures.total
    assert figures.total.usual_week is not None
    return figures.total.usual_week


def weeks_before() -> list[Decimal]:
    """The sums of the eight weeks before, the newest first."""
    sold = history(names())["total"]
    return [
        sum((sold[day(ahead - 7 * back)] for ahead in range(7)), Decimal(0))
        for back in range(1, 9)
    ]


def test_days_outside_their_intervals_are_marked() -> None:
    marks = {each.day: each.mark for each in make_figures().last_week}
    assert {each: mark for each, mark in marks.items() if mark} == {
        day(-5): OUTSIDE_80,
        day(-3): OUTSIDE_95,
    }
    incomplete = make_figures(complete=ALL_DAYS[:-3])
    page = view.page_texts(incomplete)
    assert [row[-1] for row in rows_of(incomplete, "last-week")] == [
        *("", "", OUTSIDE_80, "", *["incomplete"] * 3, "")
    ]
    assert page["notices"] == [
        {
            "title": "Incomplete",
            "words": "Sales of Fri 13 Nov, Sat 14 Nov and Sun 15 Nov may be missing, also from comparisons "
            "with last week.",
            "urgent": False,
        }
    ]


def test_the_first_forecast_ever_has_nothing_to_look_back_at() -> None:
    figures = make_figures(past=False)
    page = view.page_texts(figures)
    assert (
        rows_of(figures, "last-week")
        == rows_of(figures, "scores")
        == page["notices"]
        == []
    )
    assert drift_of(figures) == (
        "Drift is judged from 14 days with a forecast in the last four weeks; there are 0."
    )
    assert page["tiles"][3]["value"] == NOTHING


def test_a_shop_that_is_too_young_has_a_report() -> None:
    figures = make_figures(forecasts=[])
    assert view.subject(figures) == "Forecast from Mon 16 Nov: not enough history"
    assert view.page_texts(figures)["notices"][0]["title"] == "No forecast"


def test_channels_without_forecast_have_a_notice_with_the_reason() -> None:
    told = card(names())
    reason = "fewer than 28 days of history"
    told["kinds"][1]["skipped"] = {
        "channel:sales_db": reason,
        "channel:storefront": reason,
    }
    notices = view.page_texts(make_figures(model_card=told))["notices"]
    words = "Sales database and Storefront: a forecast needs 28 days of history."
    assert notices == [{"title": "Without a forecast", "words": words, "urgent": False}]


def test_drift_is_the_first_notice() -> None:
    figures = make_figures(forecasts=rows(history(names()), bias=1.3))
    first = view.notices(figures)[0]
    assert (first["title"], first["urgent"]) == ("Drift", True)
    assert "% too high (limit 10.0 %); only " in first["words"]
    assert drift_of(figures).endswith("The forecast drifts.")
    assert drift_of(make_figures()).endswith("The forecast does not drift.")


def test_the_largest_changes_come_first() -> None:
    figures = make_figures()
    found = figures.changes("category", "channel")
    sizes = [abs(each.difference) for each in found]
    assert sizes == sorted(sizes, reverse=True)
    shown = rows_of(figures, "changes")
    kinds = [row[1] for row in shown]
    assert kinds == sorted(kinds, key=lambda kind: kind == "Kitchen"), (
        "products are last"
    )
    first = found[0]
    assert shown[0][0] == wording.series_name(first.name, {})
    assert shown[0][4].startswith("+" if first.difference > 0 else MINUS)


def test_promotions_of_the_four_weeks_are_listed_together() -> None:
    promotions = [
        *(
            Promotion(day(0), day(3), f"A-{number:02}", Decimal(10))
            for number in range(25)
        ),
        Promotion(day(27), day(40), None, Decimal("7.5")),
        Promotion(day(-9), day(-1), "over", Decimal(10)),
        Promotion(day(28), day(30), "later", Decimal(10)),
    ]
    listed = rows_of(make_figures(promotions=promotions), "promotions")
    assert [row[0] for row in listed] == [
        "16 Nov to 19 Nov 2026",
        "13 Dec to 26 Dec 2026",
    ]
    assert listed[0][1].startswith("A-00, A-01, ")
    assert listed[0][1].endswith("A-19 and 5 more")
    assert listed[1][1:] == ["Whole shop", "7.5 %"]


def test_of_many_promotions_and_gaps_the_first_are_listed_and_the_others_counted() -> (
    None
):
    promotions = [
        Promotion(day(0), day(3), f"A-{each}", Decimal(each)) for each in range(1, 91)
    ]
    figures = make_figures(
        promotions=promotions, gaps=[day(-each) for each in range(200, 0, -1)]
    )
    (section,) = (
        each
        for each in view.page_texts(figures)["sections"]
        if each["id"] == "promotions"
    )
    assert (len(section["rows"]), section["remarks"]) == (
        20,
        ["and 70 more (figures.json)"],
    )
    assert rows_of(figures, "notes")[1][0].endswith(" and 181 more days (figures.json)")


def test_what_is_skipped_is_said_once() -> None:
    notes = [
        data_warning("note", text=text)
        for text in ("mine", "mine", "ann@example.com wrote")
    ]
    figures = make_figures(warnings=notes)
    reason = "No forecast of Lamp (new): fewer than 28 days of history"
    assert rows_of(figures, "notes") == [[reason], ["mine"], ["<e-mail> wrote"]]


@pytest.mark.parametrize(
    ("selected", "said"),
    [
        (None, "blend, the default: no model has been selected yet"),
        (
            "champions/2026-11-02-0123.json",
            "blend, selected on 2026-11-02 (record champions/2026-11-02-0123.json)",
        ),
    ],
)
def test_the_card_says_why_this_model(selected: str | None, said: str) -> None:
    figures = make_figures(model_card=card(names(), selected=selected))
    assert rows_of(figures, "card")[0] == ["Champion", said]
    gone = make_figures(
        model_card=card(
            names(), selected=None, why="the selected model no longer exists"
        )
    )
    assert (
        rows_of(gone, "card")[0][1]
        == "blend, the default: the selected model no longer exists"
    )
    told = make_figures(
        model_card=card(
            names(), selected="champions/2026-11-02-0123.json", why="it is best."
        )
    )
    assert "selected on 2026-11-02: it is best (record" in rows_of(told, "card")[0][1]
    assert rows_of(figures, "kinds")[0][4:] == [
        "boosting 42.0 %, ridge 37.0 %, open_weekday_mean 21.0 %", "11.0 %", "15.4 %",
    ]  # fmt: skip


def test_a_card_without_back_test_has_no_errors() -> None:
    kinds = card(names())["kinds"]
    for found in kinds:
        found["error"] = found["error_of_last_week"] = None
    figures = make_figures(model_card=card(names(), kinds=kinds, total_error=None))
    assert figures.drift.usual_error is None
    assert rows_of(figures, "kinds")[0][5:] == ["nothing to score"] * 2


def test_the_csv_has_every_forecast() -> None:
    lines = figures_csv(make_figures(["category:a", "category:b"])).splitlines()
    assert (
        lines[0]
        == "as_of,series,target_date,forecast,lower_80,upper_80,lower_95,upper_95,currency"
    )
    assert len(lines) == 1 + 3 * 28
    assert lines[1].startswith("2026-11-16,total,2026-11-16,")


def test_known_days_are_those_since_the_history_began() -> None:
    figures = steps.assemble(
        [],
        set(ALL_DAYS),
        known(history(names()), unknown=set(ALL_DAYS[:40])),
        card(names()),
        warnings=[],
        origin=make_figures().provenance,
        currency="USD",
        calendar="US",
    )
    assert [each.actual is None for each in figures.past] == [True] * 40 + [False] * 16


def test_a_series_that_has_ended_is_in_no_table() -> None:
    nothing = dict.fromkeys(DayForecast.model_fields, Decimal(0))
    ended = [
        row | nothing
        if row["series"] == "channel:storefront" and row["target_date"] >= day(0)
        else row
        for row in rows(history(names()))
    ]
    figures = make_figures(forecasts=ended)
    for section in ("series", "changes"):
        assert {"Sales database", "Storefront"} & {
            row[0] for row in rows_of(figures, section)
        } == {"Sales database"}
    closed = make_figures(forecasts=[row | nothing for row in ended])
    assert [each.name for each in closed.series] == ["total"]


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
def test_the_lead_names_the_week_that_differs_most_from_a_usual_one(
    factors: tuple[float, ...], sentence: str
) -> None:
    usual = usual_week(make_figures())
    forecasts = [
        made("total", day(ahead), factors[ahead // 7] * float(usual) / 7)
        for ahead in range(28)
    ]
    most = max(factors, key=lambda factor: abs(factor - 1))
    week = f"{most * float(usual):,.0f} USD gross sales expected"
    assert view.lead(make_figures(forecasts=forecasts)) == sentence.format(week=week)


def test_a_season_under_way_is_no_usual_week_and_a_week_with_a_gap_is_none() -> None:
    weeks = weeks_before()
    assert usual_week(make_figures()) == (sorted(weeks)[3] + sorted(weeks)[4]) / 2
    gaps = {day(-back) for back in range(1, 57, 7)}
    assert usual_week(make_figures(unknown=gaps - {day(-50)})) == weeks[-1]
    complete = [each for each in ALL_DAYS if each not in gaps - {day(-50)}]
    assert usual_week(make_figures(complete=complete)) == weeks[-1]
    assert (
        view.lead(make_figures(unknown=gaps))
        == view.lead(make_figures(forecasts=[]))
        == ""
    )
