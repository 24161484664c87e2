"""Charts as data, and the files that are drawn of them."""

from decimal import Decimal
from xml.etree import ElementTree

import pytest
from PIL import Image

from ecommerce.core.text import clean
from ecommerce.reporting import charts, typesetting
from ecommerce.reporting.charts import Bar
from tests.unit.sales.report.samples import NASTY

SVG = "{http://www.w3.org/2000/svg}"
OUTLINES = {"svg", "g", "path", "use", "defs", "symbol", "clipPath"}
NAMES = ("forecast", "lower_80", "upper_80", "lower_95", "upper_95")
FORECAST = dict(zip(NAMES, (100, 80, 120, 60, 140), strict=True))
NOTHING = dict.fromkeys(NAMES, 0)
MISSING = {"label": "", "height": None, "mean": 9, "complete": False, "missing": True}
UNKNOWN = MISSING | {"missing": False}
INCOMPLETE = UNKNOWN | {"height": Decimal("-9.5"), "mean": 1e12}


def bars_of(*labels):
    return charts.bars("bars.svg", "Bars", [Bar(label, 1.0) for label in labels])


def drawn(folder, chart):
    """The root of the chart's SVG file."""
    typesetting.draw([chart], folder)
    return ElementTree.parse(folder / chart["file"]).getroot()


def pixels(folder, chart, dots_per_inch=144):
    typesetting.draw([chart], folder, png_dpi=dots_per_inch)
    return Image.open(folder / "bars.png").convert("RGB")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 24_000, [0, 5_000, 10_000, 15_000, 20_000]),
        (0, 99, [0, 20, 40, 60, 80]),
        (0, 10, [0, 2.5, 5, 7.5, 10]),
        (-500, 1_600, [-500, 0, 500, 1_000, 1_500]),
        (0, 1.3e11, [0, 5e10, 1e11]),
        (0, 0.04, [0, 0.01, 0.02, 0.03, 0.04]),
    ],
)
def test_an_axis_has_at_most_five_round_ticks(low, high, expected):
    assert charts.ticks(low, high) == pytest.approx(expected)


def test_an_axis_includes_zero_and_ends_a_little_above_the_highest_amount():
    axis = charts.axis([100, 300])
    assert (axis["low"], axis["high"]) == (0, pytest.approx(315))
    assert axis["ticks"][-1] == {"at": 300, "label": "300"}
    assert charts.axis([-100])["low"] < -100
    for nothing in ([], [0.0], [None, 0]):
        axis = charts.axis(nothing)
        assert (axis["low"], axis["high"]) == (0, 1)
        assert axis["ticks"] == [{"at": 0, "label": "0"}]


@pytest.mark.parametrize(
    "chart",
    [
        charts.bars("c.svg", "", [Bar("a", 0), Bar("b", -3.5, "-3.50", "new")]),
        charts.trend("c.svg", "", [UNKNOWN], mean_name="", average=-5),
        charts.trend("c.svg", "", [INCOMPLETE, MISSING], mean_name="Mean"),
        charts.interval("c.svg", "", {"actual": 0, **NOTHING}),
        charts.intervals("c.svg", "", [{"label": "Mon\n1", **FORECAST}] * 9),
    ],
    ids=lambda chart: chart["kind"],
)
def test_unusual_figures_can_be_drawn(chart, tmp_path):
    assert list(drawn(tmp_path, chart).iter(f"{SVG}path"))


def test_the_axis_of_intervals_includes_their_lower_edges():
    day = {"label": "Mon\n1", **FORECAST} | {"lower_80": -400, "upper_80": 500}
    axis = charts.intervals("c.svg", "", [day])["axis"]
    assert axis["low"] < -400
    assert axis["high"] > 500


def test_a_bar_of_a_negative_amount_points_left_in_another_colour(tmp_path):
    rows = [Bar("rose", 30, "+30.00"), Bar("fell", -10, "-10.00")]
    root = drawn(tmp_path, charts.bars("bars.svg", "Bars", rows))
    fills = [path.get("fill") for path in root.iter(f"{SVG}path")]
    assert "#12486b" in fills
    assert "#b4551d" in fills


@pytest.mark.parametrize(("day", "is_hatched"), [(INCOMPLETE, True), (MISSING, False)])
def test_only_an_incomplete_day_is_hatched(day, is_hatched, tmp_path):
    chart = charts.trend("trend.svg", "Trend", [day], mean_name="")
    assert any(drawn(tmp_path, chart).iter(f"{SVG}pattern")) is is_hatched


@pytest.mark.parametrize("name", ["W" * 250, "急須" * 50, "long words " * 20])
def test_a_long_label_is_shortened_before_its_bar(name, tmp_path):
    picture = pixels(tmp_path, bars_of(name), 288)
    bar = round(0.65 * (picture.width - 12 * 4))
    gap = picture.crop((bar - 20, 0, bar - 4, picture.height))
    assert gap.getcolors() == [(16 * picture.height, (255, 255, 255))]


@pytest.mark.parametrize(
    "words", [*NASTY, "a < b && c > d </text><script>", "\ufffe\ue000\U0010ffff", "กขค"]
)
def test_any_text_in_a_chart_is_outlines_and_never_markup(words, tmp_path):
    root = drawn(tmp_path, bars_of(clean(words)))
    assert list(root.iter(f"{SVG}use"))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= OUTLINES


def test_a_chart_has_no_background_as_svg_and_is_on_white_as_png(tmp_path):
    chart = bars_of("Teapot")
    assert pixels(tmp_path, chart).getpixel((0, 0)) == (255, 255, 255)
    shapes = drawn(tmp_path, chart).iter(f"{SVG}path")
    assert "#ffffff" not in {shape.get("fill") for shape in shapes}
