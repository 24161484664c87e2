"""Names that a shop may give its things."""

from tests.unit.sales.report.samples import NASTY

NAMES = {
    "plain": ["Kitchen", "Lighting", "Garden"],
    "long": ["Teapot with a bamboo handle " * 11, "x" * 300],
    "nasty": [*NASTY, "<b>&amp;</b> {{ 7 * 7 }}", "\u200b", "%s %d {0}"],
    "empty": ["", " ", "0"],
}
