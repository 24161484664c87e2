"""The mail about the monthly selection, to `report_recipients`."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from typing import Any

from ecommerce.core.names import VARIABLE_REPORT_RECIPIENTS
from ecommerce.core.text import NOTHING, change, in_report_locale, long_day
from ecommerce.forecast.data.history import KIND_NAMES
from ecommerce.forecast.models.ensemble import CANDIDATES
from ecommerce.forecast.selection import selection_store
from ecommerce.forecast.selection.backtest import kinds_of
from ecommerce.forecast.selection.champion_rule import exact, percent
from ecommerce.forecast.selection.score_chart import ranked
from ecommerce.forecast.selection.selection_store import Selected
from ecommerce.mail import transport as mail
from ecommerce.storage.staging import Manifest

CID = "scores@forecast"


def notify(manifest: Manifest) -> str:
    """Mail what was selected; returns why there is no mail, or nothing. A record's mail always has the same
    Message-ID.

    Raises:
        PipelineError: the mail cannot be sent, or the run's files are gone.
    """
    if not (to := mail.recipients(VARIABLE_REPORT_RECIPIENTS)):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty: nobody is told"
    selected, picture = selection_store.read(manifest)
    message = compose(selected, picture)
    told = hashlib.sha256(selected.version.encode()).hexdigest()[:24]
    message["Message-ID"] = mail.message_id(f"selection.{told}")
    mail.send(message, to)
    return ""


@in_report_locale
def compose(selected: Selected, picture: bytes) -> EmailMessage:
    """The mail without its addresses: text, and HTML with the picture in it."""
    said = texts(selected, has_picture=bool(picture))
    pictures = [mail.Picture(CID, picture)] if picture else []
    return mail.compose(subject(selected), "selection_mail", said, pictures)


def subject(selected: Selected) -> str:
    """`Forecast model: ridge takes over from blend`, or `Forecast model: blend stays`."""
    if selected.has_changed:
        return f"Forecast model: {selected.champion} takes over from {selected.previous}"
    return f"Forecast model: {selected.champion} stays"


def texts(selected: Selected, *, has_picture: bool) -> dict[str, Any]:
    """What the templates say."""
    test = selected.test
    known = ranked(test.scores)
    said = ", ".join(f"{each.candidate} {percent(each.score)}" for each in known)
    scores = sorted(test.scores, key=lambda each: CANDIDATES.index(each.candidate))
    headings = [KIND_NAMES[kind] for kind in kinds_of(test.scores)]
    columns = ["Candidate", "Score", *headings, "Total: bias", "Total by day", "In 80 %", "In 95 %"]
    split = 2 + len(headings)
    rows = [
        [
            each.candidate + (" (champion)" if each.candidate == selected.champion else ""),
            percent(each.score),
            *(percent(each.weekly[kind]) for kind in kinds_of(test.scores)),
            NOTHING if each.bias is None else change(1 + exact(each.bias), exact(1.0)),
            percent(each.daily),
            *(percent(each.coverage[level]) for level in each.coverage),
        ]
        for each in scores
    ]
    return {
        "subject": subject(selected),
        "champion": selected.champion,
        "why": selected.why,
        "as_of": long_day(test.as_of),
        "first_day": long_day(test.first_day),
        "days": test.days,
        "origins": len(test.origins),
        "first_origin": str(test.origins[0]) if test.origins else NOTHING,
        "last_origin": str(test.origins[-1]) if test.origins else NOTHING,
        "headings": headings,
        "columns": columns,
        "rows": rows,
        # Side by side they are wider than a telephone.
        "tables": [
            (columns[:split], [row[:split] for row in rows]),
            ([columns[0], *columns[split:]], [[row[0], *row[split:]] for row in rows]),
        ],
        "bold": [place for place, each in enumerate(scores) if each.candidate == selected.champion],
        "cid": CID if has_picture else "",
        "alt": f"Scores, lower is better: {said}",
        "version": selected.version,
    }
