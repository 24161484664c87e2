"""Masks e-mail addresses and removes control characters, with one pattern for Python and DuckDB.

The pattern is for both `re` and RE2, so it has no look-around. An address ends like a domain: prices such as
`2@5.00` and SKUs such as `MUG@BLUE` are none. Signs may be full-width, or escaped for a URL, HTML or JSON.
"""

import hmac
import re
from typing import Any

MASK = "<e-mail>"

_SIGNS = "@\N{FULLWIDTH COMMERCIAL AT}\N{SMALL COMMERCIAL AT}"
_DOTS = ".\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH FULL STOP}\N{HALFWIDTH IDEOGRAPHIC FULL STOP}"
_ENDS = rf"""\s{_SIGNS},;:<>()\[\]{{}}'"=&?/\\"""
# Characters escaped in HTML, JSON or (twice at most) a URL, without the sign and the dot: a text has one way
# to match, so long ones take no time.
_ESCAPED = (
    r"&#(?:4[0-57-9]|5\d|6[0-35-9]|[7-9]\d|1\d\d);"
    r"|\\u(?:00[89A-Fa-f]|0[1-9A-Fa-f]\w|[1-9A-Fa-f]\w\w)\w"
)
_IN_URL = r"%(?:25)?(?:[0135-9A-Fa-f]|2[0-46-9A-DFa-df]|4[1-9A-Fa-f])"
_IN_LABEL = rf"[^{_ENDS}{_DOTS}%]|{_IN_URL}|{_ESCAPED}"
_AT = rf"(?:[{_SIGNS}]|%(?:25)?40|&#0*64;|&#[xX]0*40;|&commat;|\\u0040)"
_DOT = rf"(?:[{_DOTS}]|%(?:25)?2[eE]|&#0*46;|&#[xX]0*2[eE];|&period;)"
_LOCAL = rf"""(?:"{{1,2}}[^"@:,;=<>{{}}\[\]\r\n]+"{{1,2}}|(?:[^{_ENDS}]|{_ESCAPED})+)"""
_ADDRESS = rf"{_LOCAL}{_AT}(?:(?:{_IN_LABEL})+{_DOT})+(?:[^{_ENDS}{_DOTS}%\d]|{_ESCAPED}){{2,}}"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
"""Tabs and line breaks are kept."""
_SUSPECT = rf"[{_SIGNS}%&\\{_CONTROL[1:]}"
"""In every text with an address or a control character; searched first, because that is fast."""


def mask_e_mails(text: str) -> str:
    """Replace e-mail addresses in `text`."""
    return re.sub(_ADDRESS, MASK, text) if re.search(_SUSPECT, text) else text


def without_controls(text: str) -> str:
    """Remove control characters except tabs and line breaks."""
    return re.sub(_CONTROL, "", text)


def safe_id(text: str, key: str) -> str:
    """Return an id without control characters or, where it holds an e-mail address, its hash with `key`,
    which is the same in every read."""
    readable = without_controls(text).strip()
    if mask_e_mails(readable) == readable:
        return readable
    return f"e-mail-{hmac.digest(key.encode(), b'id ' + readable.encode(), 'sha256').hex()[:32]}"


def teach_addresses(connection: Any, key: str) -> None:
    """Define the variables and the function that the macros of include/sql/transform/values.sql need:
    `address`, `control`, `suspect`, `hashed_id`."""
    for name, pattern in ("address", _ADDRESS), ("control", _CONTROL), ("suspect", _SUSPECT):
        connection.execute(f"SET VARIABLE {name} = ?", [pattern])
    connection.create_function("hashed_id", lambda text: safe_id(text, key), ["VARCHAR"], "VARCHAR")
