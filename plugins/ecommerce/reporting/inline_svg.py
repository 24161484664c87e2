"""Charts as part of a web page: the SVG that `drawing.save` wrote, to be restyled by the page.

Colours become CSS custom properties: `--ink`, `--muted`, `--grid`, `--strong`, `--pale`, `--faint`,
`--signal` and `--paper` (see `drawing.COLOURS`), with the light colours where the page sets none. All styles
are presentation attributes, so the strictest Content-Security-Policy allows them.
"""

import re
from xml.etree import ElementTree as ET

from ecommerce.reporting.drawing import COLOURS

SVG = "{http://www.w3.org/2000/svg}"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_TAGS = {"svg", "g", "path", "use", "defs", "clipPath", "rect", "pattern", "line", "circle"}
_ATTRIBUTES = {"id", "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height", "viewBox"}
_ATTRIBUTES |= {"transform", "clip-path", "patternUnits", "patternTransform", "fill", "stroke"}
_PROPERTIES = {"fill", "fill-opacity", "fill-rule", "opacity", "stroke", "stroke-width", "stroke-opacity"}
_PROPERTIES |= {f"stroke-{each}" for each in ("dasharray", "dashoffset", "linecap", "linejoin", "miterlimit")}
_NAMES = {colour: name for name, colour in COLOURS.items()}
_LOCAL = re.compile(r"url\(#([\w-]+)\)")


def inline(svg: bytes, alt: str, prefix: str) -> str:
    """Return an `<svg>` element for HTML, as wide as its place, that screen readers take for one picture.

    Args:
        svg: a chart as `drawing.save` wrote it. Whatever such a chart does not need (scripts, links, styles,
            references to other files) is left out.
        alt: what the picture shows, in words.
        prefix: letters, digits and hyphens that no other picture of the page begins its ids with.

    Raises:
        ValueError: `prefix` has other letters, or `svg` is no SVG.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", prefix):
        raise ValueError(f"{prefix!r} cannot begin an id")
    try:
        picture = _copy(ET.fromstring(svg), prefix)  # noqa: S314 - our own file
    except ET.ParseError as error:
        raise ValueError(f"this is no SVG: {error}") from None
    if picture is None or picture.tag != "svg" or "viewBox" not in picture.attrib:
        raise ValueError("this is no SVG with a viewBox")
    title = ET.Element("title", id=f"{prefix}-title")
    title.text = alt
    picture.insert(0, title)
    for name in ("height", "id"):
        picture.attrib.pop(name, None)
    picture.attrib |= {
        "width": "100%",
        "role": "img",
        "aria-labelledby": f"{prefix}-title",
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
        "fill": _value(COLOURS["ink"], prefix),  # of letters that name no colour
    }
    return ET.tostring(picture, encoding="unicode")


def _copy(element: ET.Element, prefix: str) -> ET.Element | None:
    """Return `element` as HTML wants it, with what is inside; None where charts have no such element."""
    tag = element.tag.removeprefix(SVG) if isinstance(element.tag, str) else ""
    if tag not in _TAGS:
        return None
    copied = ET.Element(tag, _attributes(element, prefix))
    copied.extend(inside for child in element if (inside := _copy(child, prefix)) is not None)
    return copied


def _attributes(element: ET.Element, prefix: str) -> dict[str, str]:
    values = {name: value for name, value in element.attrib.items() if name in _ATTRIBUTES}
    for declaration in element.get("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in _PROPERTIES:
            values[name] = value
    if "id" in values:
        values["id"] = f"{prefix}-{values['id']}"
    target = element.get(_XLINK_HREF) or element.get("href") or ""
    if target.startswith("#"):
        values["href"] = f"#{prefix}-{target[1:]}"
    is_local = {name: "url(" not in value or _LOCAL.fullmatch(value) for name, value in values.items()}
    return {name: _value(value, prefix) for name, value in values.items() if is_local[name]}


def _value(value: str, prefix: str) -> str:
    name = _NAMES.get(value.lower())
    return f"var(--{name}, {value})" if name else _LOCAL.sub(rf"url(#{prefix}-\1)", value)
