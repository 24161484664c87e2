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
from ecommerce.forecast.selection.champion_rule import Choice, exact, percent
from ecommerce.forecast.selection.score_chart import ranked
from ecommerce.forecast.selection.selection_store import Selection
from ecommerce.mail import transport as mail
from ecommerce.storage.staging import Manifest

CID = "scores@forecast"


def notify(manifest: Manifest) -> str:
    """Mail the selection; return why there is no mail, or an empty text. A record's mail always has the same
    Message-ID.

    Raises:
        PipelineError: the mail cannot be sent, or the run's files are gone.
    """
    if not (to := mail.recipients(VARIABLE_REPORT_RECIPIENTS)):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty"
    selection, picture = selection_store.read(manifest)
    message = compose(selection, picture)
    digest = hashlib.sha256(selection.version.encode()).hexdigest()[:24]
    message["Message-ID"] = mail.message_id(f"selection.{digest}")
    mail.send(message, to)
    return ""


@in_report_locale
def compose(selection: Selection, picture: bytes) -> EmailMessage:
    """Compose the mail without its addresses: text, and HTML with the chart."""
    pictures = [mail.InlineImage(CID, picture)] if picture else []
    texts = _texts(selection, has_picture=bool(picture))
    return mail.compose(_subject(selection.choice), "selection_mail", texts, pictures)


def _subject(choice: Choice) -> str:
    if choice.has_changed:
        return f"Forecast model: {choice.champion} replaces {choice.previous}"
    return f"Forecast model: {choice.champion} stays"


def _texts(selection: Selection, *, has_picture: bool) -> dict[str, Any]:
    test, choice = selection.test, selection.choice
    ranking = ", ".join(f"{each.candidate} {percent(each.score)}" for each in ranked(test.scores))
    scores = sorted(test.scores, key=lambda each: CANDIDATES.index(each.candidate))
    kinds = list(kinds_of(test.scores))
    headings = [KIND_NAMES[kind] for kind in kinds]
    columns = ["Candidate", "Score", *headings, "Total: bias", "Total by day", "In 80 %", "In 95 %"]
    split = 2 + len(headings)
    rows = [
        [
            each.candidate + (" (champion)" if each.candidate == choice.champion else ""),
            percent(each.score),
            *(percent(each.weekly[kind]) for kind in kinds),
            NOTHING if each.bias is None else change(1 + exact(each.bias), exact(1.0)),
            percent(each.daily),
            *map(percent, each.coverage.values()),
        ]
        for each in scores
    ]
    return {
        "subject": _subject(choice),
        "champion": choice.champion,
        "why": choice.why,
        "as_of": long_day(test.as_of),
        "first_day": long_day(test.first_day),
        "days": test.days,
        "origins": len(test.origins),
        "first_origin": str(test.origins[0]) if test.origins else NOTHING,
        "last_origin": str(test.origins[-1]) if test.origins else NOTHING,
        "headings": headings,
        "columns": columns,
        "rows": rows,
        "tables": [  # one table would be wider than a phone
            (columns[:split], [row[:split] for row in rows]),
            ([columns[0], *columns[split:]], [[row[0], *row[split:]] for row in rows]),
        ],
        "bold": [place for place, each in enumerate(scores) if each.candidate == choice.champion],
        "cid": CID if has_picture else "",
        "alt": f"Scores, lower is better: {ranking}",
        "version": selection.version,
    }
