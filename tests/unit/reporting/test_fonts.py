from __future__ import annotations

import pytest

from ecommerce.reporting import fonts

LATIN, CJK, EMOJI, DEVANAGARI, REST = fonts.FAMILIES
FIGURE = "\N{MINUS SIGN}1\u202f234\N{RIGHT SINGLE QUOTATION MARK}567\u00a0%\N{EN DASH}…"


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("Teapot", [(LATIN, "Teapot")]),
        ("急須 no. 1", [(CJK, "急須"), (LATIN, " no. 1")]),
        ("简体 繁體 한국어 ｱｲｳ", [(CJK, "简体"), (LATIN, " "), (CJK, "繁體"), (LATIN, " "), (CJK, "한국어"),
                            (LATIN, " "), (CJK, "ｱｲｳ")]),
        ("كرسي שולחן Ж Ω ქ", [(LATIN, "كرسي שולחן Ж Ω ქ")]),
        ("🎁👩\u200d👩\u200d👧🇩🇪👍🏽!", [(EMOJI, "🎁👩\u200d👩\u200d👧🇩🇪👍🏽"), (LATIN, "!")]),
        ("19 नवंबर", [(LATIN, "19 "), (DEVANAGARI, "नवंबर")]),
        ("ไทย", [(REST, "ไทย")]),
        (FIGURE, [(LATIN, FIGURE)]),
        ("", []),
    ],
)  # fmt: skip
def test_each_letter_is_printed_in_the_first_font_that_has_it(text, runs):
    assert list(fonts.runs(text)) == runs


def test_the_fonts_come_with_packages_and_with_include():
    for path in fonts.paths().values():
        assert path.is_file()
        assert "/usr/share" not in str(path)


def test_what_means_nothing_to_anybody_is_replaced():
    assert fonts.printable("a\ue000b\U0010fffdc\ufffed\x00e\ud800f") == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf"
    assert fonts.printable("\ufeffTeapot") == "Teapot"
    assert fonts.printable("a\tb\nc 🎁 日本") == "a\tb\nc 🎁 日本"
