"""How the report calls what its sources know by a code or a name of their own."""

from __future__ import annotations

from ecommerce.core import text


def attribute_title(name: str) -> str:
    """`sales_channel` as a heading: `Sales channel`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def country_name(code: str) -> str:
    """The English name of an ISO 3166 code; an unknown code itself, `Unknown` for `ZZ`."""
    from babel import Locale

    return "Unknown" if code == "ZZ" else str(Locale("en").territories.get(code) or text.clean(code))

