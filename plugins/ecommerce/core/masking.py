"""Texts of others, made fit for messages and logs."""

from __future__ import annotations

import re

_E_MAIL = re.compile(r"(\"[^\"@]*\"|[^\s@\",;:<>()\[\]{}'=&?/]+)(@|%40)[^\s@\",;<>()\[\]{}'=&?/]+")


def mask_e_mails(text: str) -> str:
    """`text` with everything that looks like an e-mail address replaced."""
    return _E_MAIL.sub("<e-mail>", text)
