"""Masks e-mail addresses and removes control characters, with one pattern for Python and DuckDB.

The pattern is for both `re` and RE2: it lists its spaces and has no look-around. It matches disguised
addresses too: `ann (at) example.com`, `ann @ example.com`, `ann&#64;example.com`, a full-width sign. It does
not match prices such as `2 @ 5.00`, sizes such as `M(at)home` and names such as `@shop`.
"""

import hmac
import re
from collections.abc import Callable
from typing import Any

MASK = "<e-mail>"

_SPACES = " \t\n\r\f\v\u00a0\u2009\u202f\u3000"
_SIGNS = "@\N{FULLWIDTH COMMERCIAL AT}\N{SMALL COMMERCIAL AT}"
_ENDS = _SPACES + _SIGNS + r"""",;:<>()\[\]{}'=&?/\\"""
_SIGN = rf"(?:[{_SIGNS}]|%(?:25)?40|&#0*64;|&#[xX]0*40;|&commat;|\\u0040)"
_AT = r"[(\[{][aA][tT][)\]}]"
_DOT = rf"(?:\.|[{_SPACES}]*[(\[{{][dD][oO][tT][)\]}}][{_SPACES}]*)"
_LOCAL = rf"""(?:"[^"@:,{{}}\[\]]+"|[^{_ENDS}]+)"""
_LABEL = rf"[^{_ENDS}.]+"
_HOST = rf"(?:{_LABEL}\.)*[^{_ENDS}.\-0-9$€£¥%+*~#!][^{_ENDS}]*"
_DOMAIN = rf"(?:{_LABEL}{_DOT})+[A-Za-z]{{2,24}}"
_SPACED = rf"[{_SPACES}]*(?:{_SIGN}|{_AT})[{_SPACES}]*{_DOMAIN}\b"

ADDRESS = rf"{_LOCAL}(?:{_SPACED}|{_SIGN}{_HOST})"
"""In free text."""
ADDRESS_IN_CODE = rf"{_LOCAL}{_SPACED}"
"""In a SKU, which may hold a sign, such as `MUG@BLUE`: only what ends like a domain."""
CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
"""As part of a character class, without tabs and line breaks, which texts keep."""
SUSPECT = rf"[{_SIGNS}%&(\[{{\\{CONTROLS}]"
"""In every text with an address or a control character; searched first, because that is fast."""

_ADDRESS, _ADDRESS_IN_CODE, _SUSPECT = (re.compile(each) for each in (ADDRESS, ADDRESS_IN_CODE, SUSPECT))
_CONTROL = re.compile(f"[{CONTROLS}]")


def is_suspect(text: str) -> bool:
    """Return whether `text` may hold an address or a control character."""
    return bool(_SUSPECT.search(text))


def mask_e_mails(text: str) -> str:
    """Replace e-mail addresses in `text`."""
    return _ADDRESS.sub(MASK, text) if _SUSPECT.search(text) else text


def without_controls(text: str) -> str:
    """Remove control characters except tabs and line breaks."""
    return _CONTROL.sub("", text)


def safe_id(text: str, key: str, *, is_sku: bool = False) -> str:
    """Return an id without control characters or, where it holds an e-mail address, its keyed hash.

    Args:
        text: the id.
        key: of the hash; the same id always has the same hash.
        is_sku: SKUs may hold an at sign.
    """
    readable = without_controls(text).strip()
    pattern = _ADDRESS_IN_CODE if is_sku else _ADDRESS
    if not (_SUSPECT.search(readable) and pattern.search(readable)):
        return readable
    return f"e-mail-{hmac.digest(key.encode(), b'id ' + readable.encode(), 'sha256').hex()[:32]}"


def teach_addresses(connection: Any, key: str) -> None:
    """Define the variables and functions that the macros of include/sql/transform/values.sql need: `address`,
    `control`, `suspect`, `safe_order_id`, `safe_sku`."""
    for name, pattern in ("address", ADDRESS), ("control", f"[{CONTROLS}]"), ("suspect", SUSPECT):
        connection.execute(f"SET VARIABLE {name} = ?", [pattern])
    functions: dict[str, Callable[[str], str]] = {
        "safe_order_id": lambda text: safe_id(text, key),
        "safe_sku": lambda text: safe_id(text, key, is_sku=True),
    }
    for name, function in functions.items():
        connection.create_function(name, function, ["VARCHAR"], "VARCHAR")
