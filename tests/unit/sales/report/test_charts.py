from __future__ import annotations

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from ecommerce.documents import drawing
from ecommerce.sales.report import charts
from tests.unit.sales.report.samples import NASTY, crowded, empty_day, make_figures, trend


@pytest.fixture(params=[make_figures, crowded, empty_day])
def figures(request):
    return request.param()


def test_every_chart_is_well_formed_whatever_the_figures(figures, tmp_path):
    for path in charts.draw(figures, tmp_path):
        root = ElementTree.parse(path).getroot()
        assert root.tag.endswith("svg")
        colours = set(re.findall("#[0-9a-f]{6}", path.read_text()))
        assert colours <= set(drawing.COLOURS.values()), "pages can replace no other colour"


def test_names_are_text_in_the_fonts_of_the_documents(tmp_path):
    charts.draw(crowded(), tmp_path)
    drawn = (tmp_path / charts.CATEGORIES).read_text()
    assert re.search("<tspan [^>]*style=\"font-family: 'Noto Emoji';[^>]*>🎁</tspan>", drawn)
    assert re.search("<text [^>]*>שולחן עץ אלון", drawn)


def test_the_same_figures_give_the_same_files(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        charts.draw(make_figures(), tmp_path / folder)
    for name in charts.CHARTS:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_forty_categories_become_eight_bars_that_add_up():
    bars = [charts.Bar(str(place), Decimal(place)) for place in range(40, 0, -1)]
    shown = charts.top_bars(bars)
    assert len(shown) == 8
    assert shown[-1].label == "33 others"
    assert sum(bar.value for bar in shown) == sum(bar.value for bar in bars)


def test_nothing_leaves_the_canvas_of_a_bar_chart(tmp_path):
    """Every text and bar of the hardest case lies inside the drawing."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with drawing.style():
        bars = [
            charts.Bar(name, Decimal("-123456789012.34") if place % 2 else Decimal("98765432109.87"))
            for place, name in enumerate(NASTY[:8])
        ]
        figure = charts._bars(bars, "KWD")
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        inside = figure.bbox
        axes = figure.axes[0]
        for artist in [*axes.texts, *axes.patches]:
            box = artist.get_window_extent(canvas.get_renderer())
            assert box.x0 >= inside.x0 - 1
            assert box.x1 <= inside.x1 + 1
        for text, amount in zip(axes.texts[0::3], axes.texts[1::3], strict=True):
            left, right = (each.get_window_extent(canvas.get_renderer()) for each in (text, amount))
            assert left.x1 < right.x0


def test_the_trend_marks_missing_and_incomplete_days(tmp_path):
    days = trend()
    days[3] = days[3].model_copy(update={"net_sales": None})
    days[4] = days[4].model_copy(update={"complete": False})
    with drawing.style():
        axes = charts._trend(make_figures(trend=days), 60).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "Not loaded" in labels
    assert "Incomplete" in labels
    assert len([patch for patch in axes.patches if patch.get_hatch()]) == 1
    assert len(axes.patches) == 27


def test_the_trend_of_an_ordinary_month_explains_nothing_it_does_not_show():
    with drawing.style():
        axes = charts._trend(make_figures(), 60).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["This day", "Days before", "Mean of its weekday", "28-day average"]
    assert re.fullmatch(r"Thu 19 Nov", axes.get_xticklabels()[0].get_text())
