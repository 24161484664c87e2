"""The charts of a report: which a day has, and what is drawn in them. `test_texts` has their words."""

from xml.etree import ElementTree

import pytest
from matplotlib.colors import to_hex
from PIL import Image

from ecommerce.reporting import drawing
from ecommerce.sales.report import chart_files, plots
from ecommerce.sales.report.figures.base import CATEGORY
from ecommerce.sales.report.view.page import page_texts
from tests.unit.sales.report import samples
from tests.unit.sales.report.samples import make_figures, trend_with

NOT_LOADED = {"net_sales": None, "orders": None, "complete": False}


def bars(*rows):
    with drawing.style():
        return plots.bars(list(rows))


def words(axes):
    return [text.get_text() for text in axes.texts]


def trend(figures):
    with drawing.style():
        return plots.trend(figures).axes[0]


def legend(axes):
    return [text.get_text() for text in axes.figure.legends[0].get_texts()]


@pytest.mark.parametrize(
    "make",
    [samples.full, samples.first_day, samples.crowded, samples.empty_day],
)
def test_every_chart_is_drawn_and_has_a_section(make, tmp_path):
    figures = make()
    paths = chart_files.draw(figures, tmp_path)
    for path in paths:
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
    texts = page_texts(figures)
    names = [path.name for path in paths]
    assert list(texts["charts"]) == names
    assert {section["chart"] for section in texts["sections"]} - {""} == set(names)
    assert Image.open(tmp_path / chart_files.TREND_PNG).width in range(1200, 1400)


def test_a_day_has_the_charts_that_it_has_figures_for():
    assert chart_files.drawn(samples.full()) == list(chart_files.CHARTS)
    breakdowns = ["categories.svg", "countries.svg", "channels.svg"]
    assert chart_files.drawn(samples.first_day()) == [chart_files.TREND, *breakdowns]


def test_what_stands_for_many_things_has_no_bar():
    chart = chart_files.CHARTS[chart_files.sales_chart(CATEGORY)]
    axes = chart.draw(samples.large_shop()).axes[0]
    assert words(axes)[-3] == "495 others"
    assert "Returns of whole orders" in words(axes)
    assert len(words(axes)) == 3 * chart_files.MOST_BARS
    assert len(axes.patches) == chart_files.MOST_BARS - 1


def test_what_fell_points_the_other_way_in_another_colour():
    rose = plots.Bar("rose", 30, "+30.00", "+1.0 %")
    fell = plots.Bar("fell", -10, "-10.00", "-1.0 %")
    up, down = bars(rose, fell).axes[0].patches
    assert up.get_width() == pytest.approx(-3 * down.get_width())
    assert to_hex(down.get_facecolor()) == drawing.SIGNAL


def test_the_day_and_the_coming_ones_are_drawn_where_their_forecasts_are():
    figures = samples.full()
    with drawing.style():
        day, coming = plots.expected(figures).axes[0], plots.outlook(figures).axes[0]
    _, forecast, actual = (list(line.get_xdata()) for line in day.lines)
    assert (forecast, actual) == ([18900, 18900], [20411.06])
    bands = [(each.get_x(), each.get_width()) for each in day.patches]
    assert bands == [(15800, 6200), (17100, 3600)]
    first, bar = figures.outlook.days[0], coming.patches[0]
    low, high = float(first.lower_80), float(first.upper_80)
    assert (bar.get_y(), bar.get_height()) == (low, high - low)
    assert set(coming.lines[0].get_ydata()) == {float(first.forecast)}


def test_the_trend_marks_missing_and_incomplete_days():
    days = trend_with(back_24=NOT_LOADED, back_23={"complete": False})
    axes = trend(make_figures(trend=days))
    averages = ["Weekday average (last 4 weeks)", "28-day average"]
    assert legend(axes) == [*averages, "Incomplete", "Not loaded"]
    assert len([patch for patch in axes.patches if patch.get_hatch()]) == 1
    assert len(axes.patches) == 27

    ordinary = trend(make_figures())
    assert legend(ordinary) == averages
    assert ordinary.get_xticklabels()[0].get_text() == "Thu 19 Nov"


@pytest.mark.parametrize(("first", "is_gap"), [(9, False), (10, True), (400, True)])
def test_only_days_after_the_first_that_was_loaded_are_missing(first, is_gap):
    days = trend_with(**{f"back_{back}": NOT_LOADED for back in range(9, 28)})
    figures = make_figures(trend=days, first_loaded=samples.before(first))
    assert ("Not loaded" in legend(trend(figures))) is is_gap
