from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from ecommerce.core.text import clean
from ecommerce.reporting import drawing, fonts
from ecommerce.reporting.sections import with_others
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.charts.chart_files import bars
from ecommerce.sales.report.charts.trend import trend as draw_trend
from ecommerce.sales.report.figures.contributions import Contribution
from ecommerce.sales.report.view.page import page_texts
from tests.unit.sales.report import cases
from tests.unit.sales.report.samples import NASTY, crowded, empty_day, make_figures, trend

SVG = "{http://www.w3.org/2000/svg}"


def svg_of(rows):
    with drawing.style():
        return ElementTree.fromstring(bars.bars(list(rows)))


def texts(root):
    """Where each text begins and ends, as it is measured."""
    found = []
    for each in root.iter(f"{SVG}text"):
        place, long = float(each.get("x")), drawing.text_width("".join(each.itertext()))
        ends = "text-anchor: end" in each.get("style")
        found.append((place - long, place) if ends else (place, place + long))
    return found


@pytest.fixture(params=[make_figures, crowded, empty_day])
def figures(request):
    return request.param()


def test_every_chart_is_well_formed_whatever_the_figures(figures, tmp_path):
    for path in chart_files.draw(figures, tmp_path):
        if path.name == chart_files.TREND_PNG:
            continue
        root = ElementTree.parse(path).getroot()
        assert root.tag.endswith("svg")
        colours = set(re.findall("#[0-9a-f]{6}", path.read_text()))
        assert colours <= set(drawing.COLOURS.values()), "pages can replace no other colour"


def test_names_are_text_in_the_fonts_of_the_documents(tmp_path):
    chart_files.draw(crowded(), tmp_path)
    drawn = (tmp_path / chart_files.CATEGORIES).read_text()
    assert re.search("<tspan [^>]*style=\"font-family: 'Noto Emoji';[^>]*>🎁</tspan>", drawn)
    assert re.search("<text [^>]*>שולחן עץ אלון", drawn)


def test_the_same_figures_give_the_same_files(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        chart_files.draw(make_figures(), tmp_path / folder)
    for name in (*chart_files.drawn(make_figures()), chart_files.TREND_PNG):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_day_has_the_charts_that_it_has_figures_for(tmp_path):
    assert chart_files.drawn(cases.normal()) == list(chart_files.CHARTS)
    assert chart_files.drawn(cases.first_day()) == [
        chart_files.TREND,
        chart_files.CHANNELS,
        chart_files.CATEGORIES,
        chart_files.COUNTRIES,
    ]
    assert chart_files.drawn(empty_day())[0] == chart_files.TREND


@pytest.mark.parametrize("make", [cases.normal, cases.first_day, cases.nothing_sold, crowded])
def test_each_chart_has_an_alternative_text_and_each_section_a_chart_that_is_drawn(make):
    texts = page_texts(make())
    assert list(texts["charts"]) == chart_files.drawn(make())
    assert all(texts["charts"].values())
    assert {each["chart"] for each in texts["sections"]} - {""} == set(texts["charts"])


def test_the_alternative_text_of_the_trend_has_its_figures():
    assert page_texts(make_figures())["charts"][chart_files.TREND] == (
        "Net sales of the 28 days up to Thu 19 Nov: lowest 14,874.00 on Tue 17 Nov, highest 22,803.00 on "
        "Sat 31 Oct; 28-day average: 15,500.50."
    )


def test_the_trend_for_mails_is_a_picture_on_white(tmp_path):
    from PIL import Image

    chart_files.draw(make_figures(), tmp_path)
    picture = Image.open(tmp_path / chart_files.TREND_PNG).convert("RGB")
    assert 1200 <= picture.width <= 1400
    assert picture.getpixel((2, 2)) == (255, 255, 255)


def test_forty_categories_become_six_rows_that_add_up():
    rows = [Contribution(name=f"{n}", before=Decimal(n), now=Decimal(2 * n)) for n in range(40, 0, -1)]
    shown = with_others(rows, bars.MOST, ("before", "now"), size=lambda row: row.now - row.before)
    assert len(shown) == bars.MOST
    assert shown[-1] == Contribution(name="35 others", before=Decimal(630), now=Decimal(1260))
    assert sum(row.before for row in shown) == sum(row.before for row in rows)


def test_nothing_leaves_the_canvas_of_a_bar_chart():
    """Every text and bar of the hardest case lies inside the drawing, and no label runs into a figure."""
    root = svg_of(
        bars.Bar(name, amount, f"{amount:,f}", "100.0 %")
        for place, name in enumerate(NASTY[:8])
        for amount in [Decimal("-123456789012.34") if place % 2 else Decimal("98765432109.87")]
    )
    _, _, wide, high = map(float, root.get("viewBox").split())
    drawn = [(each, *(float(each.get(name)) for name in ("x", "width"))) for each in root.iter(f"{SVG}rect")]
    assert len(drawn) == 8
    for bar, left, long in drawn:
        assert 0 <= left <= left + long <= wide
        assert 0 <= float(bar.get("y")) <= float(bar.get("y")) + float(bar.get("height")) <= high
    for label, figure, beside in zip(*(texts(root)[place::3] for place in range(3)), strict=True):
        assert label[0] == 0
        assert label[1] < figure[0] < figure[1] < beside[0] < beside[1] <= wide
        for _, left, long in drawn:
            assert label[1] < left + 0.01
            assert left + long < figure[0]


def test_what_stands_for_many_things_has_no_bar():
    figures = cases.many_categories()
    root = ElementTree.fromstring(bars.categories(figures))
    widths = [float(each.get("width")) for each in root.iter(f"{SVG}rect")]
    assert len(texts(root)) == 3 * bars.MOST
    assert len(widths) == bars.MOST - 1
    assert min(widths) > 0.9 * max(widths)


def test_what_fell_points_the_other_way_in_another_colour():
    rows = [("rose", 30, "+30.00", "+1.0 %"), ("fell", -10, "-10.00", "-1.0 %")]
    root = svg_of(bars.Bar(name, Decimal(value), *said) for name, value, *said in rows)
    rose, fell = root.iter(f"{SVG}rect")
    assert float(fell.get("x")) + float(fell.get("width")) == pytest.approx(float(rose.get("x")), abs=0.01)
    assert float(rose.get("width")) == pytest.approx(3 * float(fell.get("width")), abs=0.01)
    assert (rose.get("style"), fell.get("style")) == (f"fill: {drawing.STRONG}", f"fill: {drawing.SIGNAL}")


@pytest.mark.parametrize("words", [*NASTY, "a < b && c > d </text><script>", '"&quot;'])
def test_a_label_is_text_and_never_markup(words):
    words = clean(words)
    root = svg_of([bars.Bar(words, Decimal(1), words[:9], "1 %")])
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {"svg", "rect", "text", "tspan", "path"}
    shown = "".join(next(root.iter(f"{SVG}text")).itertext()).rstrip("…")
    assert shown
    assert fonts.printable(words).startswith(shown)


def test_a_contribution_of_nothing_is_not_drawn():
    root = ElementTree.fromstring(bars.changed_countries(make_figures()))
    labels = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")][0::3]
    assert labels == ["United States", "Germany", "United Kingdom", "France", "Japan"]


def test_the_trend_marks_missing_and_incomplete_days():
    days = trend()
    days[3] = days[3].model_copy(update={"net_sales": None})
    days[4] = days[4].model_copy(update={"complete": False})
    with drawing.style():
        axes = draw_trend(make_figures(trend=days), 60).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "Not loaded" in labels
    assert "Incomplete" in labels
    assert len([patch for patch in axes.patches if patch.get_hatch()]) == 1
    assert len(axes.patches) == 27


def test_days_before_the_first_that_was_loaded_are_not_missing():
    figures = cases.loaded_for_ten_days()
    with drawing.style():
        axes = draw_trend(figures, 60).axes[0]
    assert [text.get_text() for text in axes.texts] == ["loaded since Tue 10 Nov"]
    assert "Not loaded" not in [text.get_text() for text in axes.get_legend().get_texts()]
    missing = next(each for each in page_texts(figures)["sections"] if each["id"] == "missing_days")
    assert missing["empty"] == "Every day since Tue 10 Nov is loaded; none before it."


def test_days_before_the_first_daily_run_may_be_from_an_export():
    def said(first, *, is_exported=True):
        exported = {"first_exported": date(2025, 1, 2)} if is_exported else {}
        found = page_texts(make_figures(first_loaded=first, **exported))["sections"]
        return next(each for each in found if each["id"] == "missing_days")["empty"]

    assert said(date(2026, 11, 10)) == (
        "Every day since Tue 10 Nov is loaded; the days before it are from an export."
    )
    assert said(date(2026, 11, 19)) == (
        "This is the first day that is loaded by a daily run; the days before it are from an export."
    )
    # The days before have late orders of the first run.
    assert said(date(2026, 11, 19), is_exported=False) == "This is the first day that is loaded."
    assert said(date(2026, 11, 10), is_exported=False).endswith("is loaded; none before it.")


def test_days_that_were_not_loaded_are_not_said_to_be_before_the_first():
    """A shop that has been loaded for long has a gap where the trend begins."""
    days = trend()
    days[:9] = [each.model_copy(update={"net_sales": None}) for each in days[:9]]
    figures = make_figures(trend=days)
    with drawing.style():
        axes = draw_trend(figures, 60).axes[0]
    assert not axes.texts
    assert "Not loaded" in [text.get_text() for text in axes.get_legend().get_texts()]
    assert page_texts(figures)["charts"][chart_files.TREND].endswith("; 9 not loaded.")
    young = page_texts(cases.loaded_for_ten_days())["charts"][chart_files.TREND]
    assert "not loaded" not in young, "its chart does not say so either"


def test_the_trend_of_an_ordinary_month_explains_nothing_it_does_not_show():
    with drawing.style():
        axes = draw_trend(make_figures(), 60).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["Weekday average (previous 4)", "28-day average"]
    assert re.fullmatch(r"Thu 19 Nov", axes.get_xticklabels()[0].get_text())
