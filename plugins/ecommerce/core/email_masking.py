"""Masks e-mail addresses, removes control characters and cleans ids, with one pattern for Python and DuckDB.

The pattern is for RE2, which has no look-around. An address ends like a domain, with
`localhost` or an IP address in brackets: prices such as `2@5.00` and SKUs such as `MUG@BLUE` are none. Signs
may be full-width, escaped for a URL, HTML, JSON or by a backslash, between spaces, or written `(at)`.
"""

import hmac
import re
from functools import lru_cache
from typing import Any

MASK = "<e-mail>"
LONGEST_ID = 200
"""Characters of an id or SKU."""

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
_AT = rf"\\{{0,2}}(?:[{_SIGNS}]|%(?:25)?40|&#0*64;|&#[xX]0*40;|&commat;|\\u0040)"
_DOT = rf"(?:[{_DOTS}]|%(?:25)?2[eE]|&#0*46;|&#[xX]0*2[eE];|&period;)"
_LOCAL = rf"""(?:"{{1,2}}[^"@:,;=<>{{}}\[\]\r\n]+"{{1,2}}|(?:[^{_ENDS}]|{_ESCAPED})+)"""
_DOMAIN = rf"(?:(?:{_IN_LABEL})+{_DOT})+(?:[^{_ENDS}{_DOTS}%\d]|{_ESCAPED}){{2,}}"
_HOST = r"localhost\b|\[\d{1,3}(?:\.\d{1,3}){3}\]|\[[iI][pP][vV]6:[0-9a-fA-F:.]{2,45}\]"
_WORD_AT = r"[(\[][aA][tT][)\]]"
_SPACED_AT = rf"(?: {{1,3}}@ {{1,3}}| ?{_WORD_AT} ?)"
# Stricter than `_DOMAIN`, because more than addresses has a sign between spaces.
_SPACED_DOMAIN = r"(?:[A-Za-z0-9-]+(?:\.| ?[(\[][dD][oO][tT][)\]] ?))+[a-z]{2,24}\b"
_ADDRESS = rf"{_LOCAL}(?:{_AT}(?:{_DOMAIN}|{_HOST})|{_SPACED_AT}{_SPACED_DOMAIN})"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
"""Tabs and line breaks are kept."""
_BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))
"""What `str.strip` removes."""
_SUSPECT = rf"[{_SIGNS}%&\\{_CONTROL[1:]}|{_WORD_AT}"
"""In every text with an address or a control character; searched first, because that is fast."""
_INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
"""Characters without width: soft hyphens, joiners, marks of direction, byte order marks."""
_UNSEEN = rf"[{_CONTROL[1:-1]}{_INVISIBLE}]"
_WRAPPED = r"""^(?:="([^"]*)"|'([^'"]+))$"""
"""How spreadsheets write a number that has to stay a text."""
_SUSPECT_ID = rf"[='{_INVISIBLE}{_BLANKS.replace(' ', '')}]|^ | $|{_SUSPECT}"
"""In every id that `clean_id` or `safe_id` changes, if it is not too long."""
PATTERNS = {
    "control": _CONTROL,
    "suspect": _SUSPECT,
    "suspect_id": _SUSPECT_ID,
}
"""The variables of include/sql/transform/values.sql."""


def mask_e_mails(text: str) -> str:
    """Replace e-mail addresses in `text`."""
    if not re.search(_SUSPECT, text):
        return text
    import pyarrow as pa

    readable = pa.scalar(text.encode("utf-8", "replace").decode())
    return str(replace_addresses(readable).as_py())


def replace_addresses(texts: Any) -> Any:
    """Replace e-mail addresses in an Arrow array or scalar, by RE2: its time is linear in the length, that of
    `re` is not."""
    from pyarrow import compute

    return compute.replace_substring_regex(texts, _ADDRESS, MASK)


def without_controls(text: str) -> str:
    """Remove control characters except tabs and line breaks."""
    return re.sub(_CONTROL, "", text)


@lru_cache(maxsize=8_192)
def clean_id(text: str) -> str:
    """Return an id without what people do not see, such as blanks around it and characters without width,
    and without what a spreadsheet puts around a number: `="1001"`, `'1001`."""
    visible = re.sub(_UNSEEN, "", text)
    trimmed = re.sub(f"[{_BLANKS}]", " ", visible).strip()
    return re.sub(_WRAPPED, r"\1\2", trimmed).strip()


def safe_id(text: str, key: str) -> str:
    """Return a clean id. One with an e-mail address, or of more than `LONGEST_ID` characters, is replaced by
    its hash with `key`, which is the same in every read."""
    readable = clean_id(text)
    if len(readable) > LONGEST_ID:
        return f"long-{id_hash(readable, key)}"
    if mask_e_mails(readable) != readable:
        return f"e-mail-{id_hash(readable, key)}"
    return readable


def id_hash(text: str, key: str) -> str:
    """Return the hash of an id with `key`."""
    return hmac.digest(key.encode(), b"id " + text.encode(), "sha256").hex()[:32]
