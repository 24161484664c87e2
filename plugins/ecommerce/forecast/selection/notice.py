"""The mail about the monthly selection, to `report_recipients`."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from typing import Any

from ecommerce.core.names import VARIABLE_REPORT_RECIPIENTS
from ecommerce.core.staging import Manifest
from ecommerce.core.text import NOTHING, change, in_report_locale, long_day
from ecommerce.forecast.forecasting import CANDIDATES
from ecommerce.forecast.history import KIND_NAMES
from ecommerce.forecast.selection import keeping
from ecommerce.forecast.selection.backtest import kinds_of
from ecommerce.forecast.selection.choosing import exact, percent
from ecommerce.forecast.selection.keeping import Selected
from ecommerce.forecast.selection.picture import ranked
from ecommerce.mail import transport as mail

CID = "scores@forecast"


def notify(manifest: Manifest) -> str:
    """Mail what was selected; returns why there is no mail, or nothing. A record's mail always has the same
    Message-ID.

    Raises:
        PipelineError: the mail cannot be sent, or the run's files are gone.
    """
    if not (to := mail.recipients(VARIABLE_REPORT_RECIPIENTS)):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty: nobody is told"
    selected, picture = keeping.read(manifest)
    message = compose(selected, picture)
    told = hashlib.sha256(selected.version.encode()).hexdigest()[:24]
    message["Message-ID"] = mail.message_id(f"selection.{told}")
    mail.send(message, to)
    return ""


@in_report_locale
def compose(selected: Selected, picture: bytes) -> EmailMessage:
    """The mail without its addresses: text, and HTML with the picture in it."""
    message = mail.compose(subject(selected), "selection_mail", texts(selected, has_picture=bool(picture)))
    html = message.get_body(("html",))
    if picture and html:
        html.add_related(picture, "image", "png", cid=f"<{CID}>", filename="scores.png", disposition="inline")
    return message


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
        "headings": [KIND_NAMES[kind] for kind in kinds_of(test.scores)],
        "rows": [
            {
                "candidate": each.candidate,
                "is_champion": each.candidate == selected.champion,
                "score": percent(each.score),
                "weekly": [percent(each.weekly[kind]) for kind in kinds_of(test.scores)],
                "bias": NOTHING if each.bias is None else change(1 + exact(each.bias), exact(1.0)),
                "daily": percent(each.daily),
                "coverage": [percent(each.coverage[level]) for level in each.coverage],
            }
            for each in sorted(test.scores, key=lambda each: CANDIDATES.index(each.candidate))
        ],
        "cid": CID if has_picture else "",
        "alt": f"Scores, lower is better: {said}",
        "version": selected.version,
    }
