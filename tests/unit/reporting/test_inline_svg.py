import re
from html.parser import HTMLParser

import pytest

from ecommerce.reporting import drawing
from ecommerce.reporting.inline_svg import inline


class Elements(HTMLParser):
    """Every element with its attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def chart(tmp_path_factory):
    """Bars, one of them hatched, a line of markers, a legend and a name that looks like markup."""
    path = tmp_path_factory.mktemp("chart") / "chart.svg"
    with drawing.style():
        figure = drawing.canvas(80, 40)
        axes = figure.add_axes((0.1, 0.1, 0.8, 0.7))
        axes.bar([0, 1], [1, 2], color=drawing.PALE, hatch="//", edgecolor="white", linewidth=0, label="Bars")
        axes.plot([0, 1], [2, 1], color=drawing.SIGNAL, marker="o", markerfacecolor="white", label="Line")
        axes.text(0, 1, '<script>alert(1)</script> & 🎁 "x"')
        drawing.amounts_upward(axes)
        axes.legend(frameon=False)
        drawing.save(figure, path)
    return path.read_bytes()


def test_a_chart_becomes_one_picture_that_is_as_wide_as_its_place(chart):
    html = inline(chart, "Sales <of> Thursday", "trend")
    tag, attributes = Elements(html).found[0]
    assert (tag, attributes["role"], attributes["width"]) == ("svg", "img", "100%")
    assert re.fullmatch(r"0 0 [\d.]+ [\d.]+", attributes["viewbox"])
    assert f'<title id="{attributes["aria-labelledby"]}">Sales &lt;of&gt; Thursday</title>' in html


def test_nothing_can_act(chart):
    elements = Elements(inline(chart, "Chart", "trend"))
    assert elements.text == "Chart"
    assert not {tag for tag, _ in elements.found} & {"script", "style", "image", "a", "metadata"}
    names = {name for _, attributes in elements.found for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}


def test_pages_can_replace_every_colour(chart):
    html = inline(chart, "Chart", "trend")
    for name in ("ink", "muted", "grid", "pale", "signal", "paper"):
        assert f'"var(--{name}, {drawing.COLOURS[name]})"' in html
    assert not re.search('"#[0-9a-f]{3,6}"', html)


def test_ids_of_two_charts_never_meet_and_are_all_there(chart):
    first, second = (inline(chart, "Chart", prefix) for prefix in ("first", "second"))
    ids = [set(re.findall(r' id="([^"]+)"', html)) for html in (first, second)]
    assert not ids[0] & ids[1]
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', first))
    assert len(used) >= 3, "a clip, a hatch and a marker"
    assert {one or other for one, other in used} <= ids[0]


@pytest.mark.parametrize("content", [b"", b"<svg", b"<p/>", b'<svg xmlns="http://www.w3.org/2000/svg"/>'])
def test_what_is_no_chart_is_refused(content):
    with pytest.raises(ValueError, match="this is no SVG"):
        inline(content, "Chart", "trend")


def test_what_charts_have_not_is_left_out():
    svg = b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
      viewBox="0 0 1 1" onload="x()"><script>x()</script><image xlink:href="http://x/y.png"/><use xlink:href="http://x/y.svg#z"/>
      <path d="M0 0" style="fill: url(http://x/#a); stroke: #1f2933; behavior: url(x)" onclick="x()"/>
      </svg>"""
    html = inline(svg, "Chart", "trend")
    assert "x()" not in html
    assert "http://x" not in html
    assert '<path d="M0 0" stroke="var(--ink, #1f2933)"' in html


def test_a_prefix_that_cannot_begin_an_id_is_refused(chart):
    with pytest.raises(ValueError, match="cannot begin an id"):
        inline(chart, "Chart", 'a"><b')
