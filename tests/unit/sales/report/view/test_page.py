"""What the page's sections say, and what the tiles do where a comparison is missing."""

from decimal import Decimal

import pytest

from ecommerce.core.settings import load_settings
from ecommerce.core.text import MINUS, NOTHING
from ecommerce.reporting.sections import with_others
from ecommerce.sales.report import chart_files, queries
from ecommerce.sales.report.figures.model import Figure, ReturnReason
from ecommerce.sales.report.view import mail
from ecommerce.sales.report.view.page import page_texts
from ecommerce.sources import SOURCES
from tests.unit.sales.report import cases
from tests.unit.sales.report.samples import full, make_figures

D = Decimal


def sections(figures):
    return {each["id"]: each for each in page_texts(figures)["sections"]}


def compared(**bases):
    """A day whose figures are 110 and known on `bases` only."""
    figure = Figure(value=D(110), **{name: D(value) for name, value in bases.items()})
    return make_figures(headline=dict.fromkeys(make_figures().headline, figure))


@pytest.mark.parametrize(
    ("bases", "words", "label"),
    [
        ({"week_before": 100, "day_before": 220}, "+10.0 %", "vs Thu 12 Nov"),
        ({"day_before": 220, "average": 55}, f"{MINUS}50.0 %", "vs Wed 18 Nov"),
        ({"average": 55, "year_before": 100}, "+100.0 %", "vs 28-day average"),
        ({"year_before": 100}, "+10.0 %", "vs Thu 20 Nov 2025"),
        ({"week_before": 0}, "", "nothing to compare with yet"),
        ({}, "", "nothing to compare with yet"),
    ],
)
def test_a_tile_takes_the_next_comparison_and_names_it(bases, words, label):
    texts = page_texts(compared(**bases))
    tile = texts["small_tiles"][0]
    assert (tile["change"]["words"], tile["change"]["label"]) == (words, label)
    shown = [
        each
        for tile in (*texts["tiles"], *texts["small_tiles"])
        for each in tile["shown"]
    ]
    assert NOTHING not in {each["words"] for each in shown}


def test_the_table_of_all_figures_leaves_out_what_nothing_can_be_compared_with():
    table = sections(compared(week_before=100))["figures"]
    assert [column["name"] for column in table["columns"]] == [
        "Figure",
        "This day",
        "Thu 12 Nov",
        "Change",
    ]
    alone = sections(compared())["figures"]
    assert [column["name"] for column in alone["columns"]] == ["Figure", "This day"]
    assert alone["remarks"]


def test_rates_are_compared_in_percentage_points():
    rows = {row[0]: row[1:] for row in sections(make_figures())["rates"]["rows"]}
    assert rows["Return rate"] == [
        "6.2 %",
        "4.9 %",
        "+1.3 pp",
    ]  # 1,266.40 of 20,411.06; 880 of 17,800
    assert rows["Discount rate"] == ["3.9 %", "4.5 %", f"{MINUS}0.6 pp"]
    customers = {
        row[0]: row[1:] for row in sections(make_figures())["customers"]["rows"]
    }
    assert customers["Repeat share"] == [
        "68.2 %",
        "60.8 %",
        "+7.4 pp",
    ]  # 137 of 201; 110 of 181


def test_contributions_are_signed_and_say_what_they_are_of():
    figures = make_figures()
    first, second = sections(figures)["changes_categories"]["rows"][:2]
    assert first == ["Kitchen", "4,210.40", "5,902.66", "+1,692.26", "+40.2 %"]
    assert second == [
        "Garden",
        "3,120.00",
        "2,615.30",
        f"{MINUS}504.70",
        f"{MINUS}16.2 %",
    ]
    assert (
        page_texts(figures)["changed"]
        == "net sales 16,120.00 → 18,342.56 USD, +2,222.56 (+13.8 %)"
    )


def test_without_a_base_the_change_says_which_days_are_not_complete():
    texts = page_texts(cases.first_day())
    base = "neither Thu 12 Nov nor Wed 18 Nov is loaded and complete"
    assert texts["changed"] == f"No change is stated: {base}."
    assert sections(cases.first_day())["rising"]["empty"] == texts["changed"]


def test_rising_products_come_before_falling_ones():
    ids = list(sections(make_figures()))
    assert ids.index("falling") == ids.index("rising") + 1


def test_500_categories_are_the_20_largest_and_the_others_and_add_up():
    table = sections(cases.many_categories())["categories"]
    assert len(table["rows"]) == 21
    assert table["rows"][-1][0] == "480 others"
    net = sum(D(row[5].replace(",", "")) for row in table["rows"])
    assert net == sum(D(1000 - at) for at in range(500))


def with_rest(rows, most):
    return with_others(
        rows, most, ("net_sales",), size=lambda row: row.net_sales, alone="unallocated"
    )


def test_returns_of_whole_orders_have_a_line_of_their_own():
    rows = with_rest(cases.big_shop().categories, 4)
    assert [(row.name, row.net_sales) for row in rows] == [
        ("Wohnzimmerbeleuchtung/Außenbereich", D(6000)),
        ("Küche & Esszimmer", D(5300)),
        ("unallocated", D("-796.01")),
        ("5 others", D(11850)),
    ]
    absurd = rows[0].model_copy(update={"name": "Garden", "net_sales": D(-90000)})
    with_absurd = with_rest([*cases.big_shop().categories, absurd], 4)
    assert [row.name for row in with_absurd][1:] == [
        "unallocated",
        "Garden",
        "6 others",
    ]
    table = sections(cases.big_shop())
    assert table["categories"]["rows"][-1][0] == "Returns of whole orders"
    assert [
        "Returns of whole orders",
        f"{MINUS}10.02",
        f"{MINUS}796.01",
        f"{MINUS}785.99",
        NOTHING,
    ] in (table["changes_categories"]["rows"])
    for chart in ("categories.svg", "changes-categories.svg"):
        drawn = chart_files.CHARTS[chart].draw(cases.big_shop()).axes[0]
        assert "Returns of whole orders" in [each.get_text() for each in drawn.texts]


def test_series_and_reasons_are_the_first_20_and_what_is_left_out_is_said():
    found = sections(cases.many_categories())
    assert [row[0] for row in found["forecast"]["rows"]][:2] == [
        "All sales",
        "Channel: Storefront",
    ]
    assert len(found["forecast"]["rows"]) == 20
    assert found["forecast"]["remarks"] == [
        "484 more series are in figures.csv.",
        "No forecast: "
        + ", ".join(f"Category New category {at:02}" for at in range(6))
        + " and 84 more.",
    ]
    reasons = found["return_reasons"]["rows"]
    assert reasons[-1][:2] == ["280 others", "280"]
    amounts = sum(D(row[2].replace(",", "")) for row in reasons)
    assert amounts == sum(D(400 - at) for at in range(300))


def test_reasons_and_devices_begin_with_a_capital_letter_as_labels_do():
    reasons = [
        ReturnReason(reason=each, refunds=1, amount=D(5))
        for each in ("arrived_broken", "too small")
    ]
    table = sections(make_figures(return_reasons=reasons))
    assert [row[0] for row in table["return_reasons"]["rows"]] == [
        "Arrived broken",
        "Too small",
    ]
    assert [row[0] for row in sections(full())["devices"]["rows"]][:2] == [
        "Mobile",
        "Desktop",
    ]


def test_a_span_with_days_missing_is_left_out_of_the_month_and_named():
    month = sections(cases.first_day())["month"]
    assert [row[0] for row in month["rows"]] == ["Nov 2026"]
    assert "Incomplete or not loaded: 18 of them." in month["remarks"]
    assert (
        "Oct 2026 and Nov 2025: not every day is loaded and complete."
        in month["remarks"]
    )
    assert sections(make_figures())["month"]["rows"][1] == [
        "Oct 2026",
        "318,011.02",
        "+4.2 %",
        "3,777",
    ]


def test_the_coming_week_adds_up():
    rows = sections(full())["outlook"]["rows"]
    assert rows[0] == ["Fri 20 Nov", "19,900.00", "18,400.00 \N{EN DASH} 21,500.00"]
    assert rows[-1] == ["All 7 days", "125,000.00", ""]


def test_parts_without_figures_say_why():
    said = {
        name: each["empty"]
        for name, each in sections(cases.first_day()).items()
        if each["empty"]
    }
    assert said["expected"] == "No forecast covers this day."
    assert said["outlook"] == "No forecast covers the coming days."
    assert said["funnel"] == "No web events were loaded in the last 28 days."
    assert said["missing_days"] == "No day since the first daily run is missing."
    assert sections(make_figures(return_reasons=[]))["return_reasons"]["empty"]


def test_a_day_on_which_the_clocks_change_says_its_hours():
    assert "(23 hours)" in page_texts(cases.spring_forward())["scope"][1]
    assert "(25 hours)" in page_texts(cases.fall_back())["scope"][1]
    assert "hours" not in page_texts(make_figures())["scope"][1]


def test_rows_have_a_cell_for_each_column_and_products_a_key():
    for figures in (
        cases.normal(),
        cases.nothing_sold(),
        cases.first_day(),
        cases.long_names(),
    ):
        for section in page_texts(figures)["sections"]:
            assert bool(section["rows"]) != bool(section["empty"])
            for row in section["rows"] if section["kind"] == "table" else ():
                assert len(row) == len(section["columns"])
            assert len(section["keys"]) in (0, len(section["rows"]))


def test_one_day_is_no_average():
    figures = compared(average=55).model_copy(update={"averaged_days": 1})
    assert "average" not in str(page_texts(figures)["tiles"])
    assert "average" not in chart_files.alternatives(figures)[chart_files.TREND]
    assert mail.subject(figures) == "Thu 19 Nov: net sales 110.00 USD"


def test_a_day_that_is_loaded_in_part_is_not_the_lowest():
    trend = make_figures().trend
    barely = trend[3].model_copy(update={"net_sales": D("1.00"), "complete": False})
    figures = make_figures(trend=[*trend[:3], barely, *trend[4:]])
    assert "lowest 1.00" not in chart_files.alternatives(figures)[chart_files.TREND]


def test_the_limits_of_the_sources_are_whole():
    settings = load_settings({"CUSTOMER_HASH_KEY": "0123456789abcdef"})
    limits = queries.limits(SOURCES, settings)
    figures = make_figures()
    figures = figures.model_copy(
        update={"quality": figures.quality.model_copy(update={"limits": limits})}
    )
    assert max(map(len, limits)) > 250
    assert [row[0] for row in sections(figures)["limits"]["rows"]] == limits
