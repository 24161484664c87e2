from xml.etree import ElementTree

import pytest

from ecommerce.core.text import clean
from ecommerce.reporting import drawing
from tests.unit.sales.report.samples import NASTY

SVG, HREF = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"


@pytest.mark.parametrize("name", [*NASTY, "W" * 10_000, "i", "急須" * 50])
def test_labels_never_exceed_their_place(name):
    with drawing.style():
        assert drawing.text_width(drawing.shorten(clean(name), 60)) <= 60


def test_letters_are_measured_in_the_font_they_are_printed_in():
    assert drawing.text_width("日本の急須") == pytest.approx(5 * drawing.TEXT_POINTS)
    assert drawing.text_width("👩\u200d👩\u200d👧") == pytest.approx(
        drawing.text_width("👩"), rel=0.05
    )


def saved(path, *words):
    """The glyphs of texts, each drawn into an SVG file: font and glyph."""
    with drawing.style():
        figure = drawing.canvas(80, 10)
        for each in words:
            figure.text(0, 0.5, each)
        drawing.save(figure, path / "drawn.svg")
    root = ElementTree.parse(path / "drawn.svg").getroot()
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        "svg",
        "g",
        "path",
        "use",
        "defs",
        "style",
    }
    return [each.get(HREF) for each in root.iter(f"{SVG}use")]


@pytest.mark.parametrize(
    "words", [*NASTY, "a < b && c > d </text><script>", "\ufffe\ue000\U0010ffff", "กขค"]
)
def test_any_text_in_a_chart_is_outlines_and_never_markup(words, tmp_path):
    assert saved(tmp_path, clean(words))


@pytest.mark.parametrize(
    ("text", "font", "glyphs"),
    [
        ("Teapot", "DejaVuSans", 6),
        ("急須", "NotoSansCJKjp-Regular", 2),
        ("👩\u200d👩\u200d👧", "NotoEmoji-Regular", 1),
        ("चाय", "NotoSansDevanagari-Regular", 3),
        ("ไทย", "LastResortHE-Regular", 3),
    ],
)
def test_a_script_is_drawn_in_the_first_font_that_has_it(tmp_path, text, font, glyphs):
    drawn = [each for each in saved(tmp_path, text) if each]
    assert len([each for each in drawn if each.startswith(f"#{font}-")]) == glyphs


def test_arabic_letters_are_joined_from_right_to_left(tmp_path):
    joined = saved(tmp_path, "كرسي")
    single = [saved(tmp_path, letter)[0] for letter in "كرسي"]
    assert len(joined) == 4
    assert not set(joined) & set(single) - {single[1]}, (
        "letters have other forms within a word"
    )


def test_a_chart_is_drawn_for_mail_in_the_same_fonts_without_complaint(
    tmp_path, caplog
):
    with drawing.style():
        figure = drawing.canvas(80, 10)
        figure.text(0, 0.5, "🎁 日本の急須 كرسي नवंबर นาฬิกา", fontweight="bold")
        drawing.save_png(figure, tmp_path / "drawn.png", 100)
    assert not caplog.messages


def test_what_means_nothing_to_anybody_is_replaced():
    assert (
        drawing.printable("a\ue000b\U0010fffdc\ufffed\x00e\ud800f")
        == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf"
    )
    assert drawing.printable("\ufeffTeapot") == "Teapot"
    assert drawing.printable("a\tb\nc 🎁 日本") == "a\tb\nc 🎁 日本"
