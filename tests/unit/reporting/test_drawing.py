from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ecommerce.core.text import clean
from ecommerce.reporting import drawing, fonts
from tests.unit.sales.report.samples import NASTY

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", [*NASTY, "W" * 10_000, "i", "急須" * 50])
def test_labels_never_exceed_their_place(name):
    with drawing.style():
        assert drawing.text_width(drawing.shorten(clean(name), 60)) <= 60


def test_letters_are_measured_in_the_font_they_are_printed_in():
    assert drawing.text_width("日本の急須") == pytest.approx(5 * drawing.TEXT_POINTS)
    assert drawing.text_width("👩\u200d👩\u200d👧") == pytest.approx(drawing.text_width("👩"), rel=0.05)


@pytest.mark.parametrize("words", [*NASTY, "a < b && c > d </text><script>", "\ufffe\ue000\U0010ffff", "กขค"])
def test_text_in_a_chart_is_text_and_never_markup(words, tmp_path):
    with drawing.style():
        figure = drawing.canvas(80, 10)
        figure.text(0, 0.5, clean(words))
        drawing.save(figure, tmp_path / "drawn.svg")
    (found,) = ElementTree.parse(tmp_path / "drawn.svg").getroot().iter(f"{SVG}text")
    assert "".join(found.itertext()) == fonts.printable(clean(words))
    assert {each.tag for each in found} <= {f"{SVG}tspan"}


def test_a_chart_is_drawn_for_mail_in_the_same_fonts_without_complaint(tmp_path, caplog):
    with drawing.style():
        figure = drawing.canvas(80, 10)
        figure.text(0, 0.5, "🎁 日本の急須 كرسي नवंबर นาฬิกา", fontweight="bold")
        drawing.save_png(figure, tmp_path / "drawn.png", 100)
    assert not caplog.messages
