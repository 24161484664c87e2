"""Masks e-mail addresses and removes control characters, with one pattern for Python and DuckDB.

The pattern is for both `re` and RE2, so it has no look-around. An address ends like a domain: prices such as
`2@5.00` and SKUs such as `MUG@BLUE` are none.
"""

import hmac
import re
from typing import Any

MASK = "<e-mail>"

_ENDS = r"""\s@,;:<>()\[\]{}'"=&?/\\"""
_ADDRESS = rf"[^{_ENDS}]+(?:@|%(?:25)?40)(?:[^{_ENDS}.]+\.)+[^{_ENDS}.\d]{{2,}}"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
"""Tabs and line breaks are kept."""
_SUSPECT = f"[@%{_CONTROL[1:]}"
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
