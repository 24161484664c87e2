from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from ecommerce.reporting import drawing, svg_text

SVG = "{http://www.w3.org/2000/svg}"
WIDE = 100.0


def drawn(path, text, side="left"):
    """The only text, or outline, of a chart that is as wide as `WIDE` points and has it at one side."""
    with drawing.style():
        figure = drawing.canvas(WIDE / drawing.MILLIMETRE / 72, 10)
        figure.text({"left": 0, "center": 0.5, "right": 1}[side], 0.5, text, ha=side)
        drawing.save(figure, path / "drawn.svg")
    root = ElementTree.parse(path / "drawn.svg").getroot()
    return next(each for tag in ("text", "path") for each in root.iter(f"{SVG}{tag}"))


def family(element):
    return re.search("font-family: '([^']+)'", element.get("style"))[1]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Teapot, 1,234.50 USD", "DejaVu Sans"),
        ("كرسي مكتب 12", "DejaVu Sans"),
        ("急須 no. 1", "Noto Sans CJK JP"),
        ("👩\u200d👩\u200d👧", "Noto Emoji"),
        ("Cafe\u0301 ❤\ufe0f", "DejaVu Sans"),
    ],
)
def test_one_font_that_has_all_letters_prints_the_text(tmp_path, text, name):
    element = drawn(tmp_path, text)
    assert family(element) == name
    assert not list(element)


@pytest.mark.parametrize("side", ["left", "center", "right"])
def test_pieces_in_several_fonts_stand_side_by_side_in_the_place_of_the_whole(tmp_path, side):
    pieces = list(drawn(tmp_path, "🎁 Gift 急須 ✂", side))
    assert "".join(each.text for each in pieces) == "🎁 Gift 急須 ✂"
    begins = [float(each.get("x")) for each in pieces]
    widths = [svg_text.width(each.text, drawing.TEXT_POINTS, family=family(each)) for each in pieces]
    ends = [place + wide for place, wide in zip(begins, widths, strict=True)]
    assert begins[1:] == pytest.approx(ends[:-1], abs=0.01)
    left, right = begins[0], WIDE - ends[-1]
    assert {"left": left, "center": left - right, "right": right}[side] == pytest.approx(0, abs=0.01)


def test_pieces_of_a_text_from_right_to_left_stand_in_that_order(tmp_path):
    pieces = sorted(drawn(tmp_path, "كرسي🎁مكتب"), key=lambda each: float(each.get("x")))
    assert [each.text for each in pieces] == ["مكتب", "🎁", "كرسي"]


@pytest.mark.parametrize("side", ["left", "right"])
def test_marks_that_have_no_letter_of_their_own_are_drawn_as_outlines(tmp_path, side):
    element = drawn(tmp_path, "चाय की केतली", side)
    assert element.tag == f"{SVG}path"
    places = [float(each) for each in re.findall(r"-?[\d.]+", element.get("d"))[::2]]
    wide = svg_text.width("चाय की केतली", drawing.TEXT_POINTS)
    assert max(places) - min(places) == pytest.approx(wide, abs=1)
    assert (min(places) if side == "left" else WIDE - max(places)) == pytest.approx(0, abs=1)
