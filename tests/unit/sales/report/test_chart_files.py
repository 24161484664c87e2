import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from ecommerce.reporting import drawing
from ecommerce.reporting.sections import with_others
from ecommerce.sales.report import chart_files, plots
from ecommerce.sales.report.figures.base import CATEGORY, COUNTRY
from ecommerce.sales.report.figures.contributions import Contribution
from ecommerce.sales.report.view.page import page_texts
from tests.unit.sales.report import cases
from tests.unit.sales.report.samples import (
    NASTY,
    crowded,
    empty_day,
    make_figures,
    trend,
)


def labels(figure):
    """The texts of a chart of bars: row by row, each with the box that it is drawn in."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return [
        (each.get_text(), each.get_window_extent(canvas.get_renderer()))
        for each in figure.axes[0].texts
    ]


def drawn_bars(rows):
    with drawing.style():
        return plots.bars(list(rows))


@pytest.fixture(params=[make_figures, crowded, empty_day])
def figures(request):
    return request.param()


def test_every_chart_is_well_formed_whatever_the_figures(figures, tmp_path):
    for path in chart_files.draw(figures, tmp_path):
        root = ElementTree.parse(path).getroot()
        assert root.tag.endswith("svg")


def test_the_same_figures_give_the_same_files(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        chart_files.draw(make_figures(), tmp_path / folder)
    for name in (*chart_files.drawn(make_figures()), chart_files.TREND_PNG):
        assert (tmp_path / "one" / name).read_bytes() == (
            tmp_path / "two" / name
        ).read_bytes()


def test_a_day_has_the_charts_that_it_has_figures_for(tmp_path):
    assert chart_files.drawn(cases.normal()) == list(chart_files.CHARTS)
    assert chart_files.drawn(cases.first_day()) == [
        chart_files.TREND,
        "categories.svg",
        "countries.svg",
        "channels.svg",
    ]
    assert chart_files.drawn(empty_day())[0] == chart_files.TREND


@pytest.mark.parametrize(
    "make", [cases.normal, cases.first_day, cases.nothing_sold, crowded]
)
def test_each_chart_has_an_alternative_text_and_each_section_a_chart_that_is_drawn(
    make,
):
    texts = page_texts(make())
    assert list(texts["charts"]) == chart_files.drawn(make())
    assert all(texts["charts"].values())
    assert {each["chart"] for each in texts["sections"]} - {""} == set(texts["charts"])


def test_the_alternative_text_of_the_trend_has_its_figures():
    assert page_texts(make_figures())["charts"][chart_files.TREND] == (
        "Net sales of the last 28 days: lowest 14,874.00 on Tue 17 Nov, highest 22,803.00 on "
        "Sat 31 Oct; 28-day average: 15,500.50."
    )


def test_the_trend_for_mails_is_a_picture_on_white(tmp_path):
    from PIL import Image

    chart_files.draw(make_figures(), tmp_path)
    picture = Image.open(tmp_path / chart_files.TREND_PNG).convert("RGB")
    assert 1200 <= picture.width <= 1400
    assert picture.getpixel((2, 2)) == (255, 255, 255)


def test_forty_categories_become_six_rows_that_add_up():
    rows = [
        Contribution(name=f"{n}", before=Decimal(n), now=Decimal(2 * n))
        for n in range(40, 0, -1)
    ]
    shown = with_others(
        rows,
        chart_files.MOST_BARS,
        ("before", "now"),
        size=lambda row: row.now - row.before,
    )
    assert len(shown) == chart_files.MOST_BARS
    assert shown[-1] == Contribution(
        name="35 others", before=Decimal(630), now=Decimal(1260)
    )
    assert sum(row.before for row in shown) == sum(row.before for row in rows)


def test_nothing_leaves_the_canvas_of_a_bar_chart():
    """Every text and bar of the hardest case lies inside the drawing, and no label runs into a figure."""
    figure = drawn_bars(
        plots.Bar(
            name,
            -123456789012.34 if place % 2 else 98765432109.87,
            f"{amount}",
            "100.0 %",
        )
        for place, name in enumerate(NASTY[:8])
        for amount in ["-123,456,789,012.34" if place % 2 else "98,765,432,109.87"]
    )
    boxes, drawn = [box for _, box in labels(figure)], figure.axes[0].patches
    rows = zip(*(boxes[place::3] for place in range(3)), strict=True)
    assert len(drawn) == 8
    for (label, amount, share), bar in zip(rows, drawn, strict=True):
        length = bar.get_window_extent()
        assert figure.bbox.x0 - 1 <= label.x0 < label.x1 < length.x0 + 0.01
        assert (
            length.x1
            < amount.x0
            < amount.x1
            < share.x0
            < share.x1
            <= figure.bbox.x1 + 1
        )
        assert figure.bbox.y0 <= length.y0 < length.y1 <= figure.bbox.y1


def test_what_stands_for_many_things_has_no_bar():
    figures = cases.many_categories()
    figure = chart_files.CHARTS[chart_files.sales_chart(CATEGORY)].draw(figures)
    widths = [each.get_width() for each in figure.axes[0].patches]
    assert len(labels(figure)) == 3 * chart_files.MOST_BARS
    assert len(widths) == chart_files.MOST_BARS - 1
    assert min(widths) > 0.9 * max(widths)


def test_what_fell_points_the_other_way_in_another_colour():
    rose, fell = (
        drawn_bars(
            [
                plots.Bar("rose", 30, "+30.00", "+1.0 %"),
                plots.Bar("fell", -10, "-10.00", "-1.0 %"),
            ]
        )
        .axes[0]
        .patches
    )
    assert fell.get_x() == pytest.approx(rose.get_x())
    assert rose.get_width() == pytest.approx(-3 * fell.get_width())
    assert [to_hex(each.get_facecolor()) for each in (rose, fell)] == [
        drawing.STRONG,
        drawing.SIGNAL,
    ]


def test_a_contribution_of_nothing_is_not_drawn():
    figures = make_figures()
    drawn = chart_files.CHARTS[chart_files.changes_chart(COUNTRY)].draw(figures)
    names = [name for name, _ in labels(drawn)][0::3]
    assert names == ["United States", "Germany", "United Kingdom", "France", "Japan"]


def test_the_trend_marks_missing_and_incomplete_days():
    days = trend()
    days[3] = days[3].model_copy(update={"net_sales": None})
    days[4] = days[4].model_copy(update={"complete": False})
    with drawing.style():
        axes = plots.trend(make_figures(trend=days)).axes[0]
    labels = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert "Not loaded" in labels
    assert "Incomplete" in labels
    assert len([patch for patch in axes.patches if patch.get_hatch()]) == 1
    assert len(axes.patches) == 27


def test_days_before_the_first_that_was_loaded_are_not_missing():
    figures = cases.loaded_for_ten_days()
    with drawing.style():
        axes = plots.trend(figures).axes[0]
    assert "Not loaded" not in [
        text.get_text() for text in axes.figure.legends[0].get_texts()
    ]


def test_days_that_were_not_loaded_are_not_said_to_be_before_the_first():
    """A shop that has been loaded for long has a gap where the trend begins."""
    days = trend()
    days[:9] = [each.model_copy(update={"net_sales": None}) for each in days[:9]]
    figures = make_figures(trend=days)
    with drawing.style():
        axes = plots.trend(figures).axes[0]
    assert "Not loaded" in [
        text.get_text() for text in axes.figure.legends[0].get_texts()
    ]


def test_the_trend_of_an_ordinary_month_explains_nothing_it_does_not_show():
    with drawing.style():
        axes = plots.trend(make_figures()).axes[0]
    labels = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert labels == ["Weekday average (last 4 weeks)", "28-day average"]
    assert re.fullmatch(r"Thu 19 Nov", axes.get_xticklabels()[0].get_text())
