"""The mail about the monthly selection, to `report_recipients`, with a chart of the scores."""

import hashlib
from collections.abc import Mapping
from datetime import date
from email.message import EmailMessage
from io import BytesIO
from typing import Any

from ecommerce.core.names import VARIABLE_REPORT_RECIPIENTS
from ecommerce.core.text import NOTHING, in_report_locale, long_day
from ecommerce.forecast.wording import KIND_NAMES, percent, signed_percent
from ecommerce.mail import transport as mail
from ecommerce.reporting.drawing import INK, PALE, STRONG

CID = "scores@forecast"
_MARKERS = {"category": "o", "channel": "s", "sku": "D"}


def notify(record: Mapping[str, Any]) -> str:
    """Mail the record of a selection; return why there is no mail, or an empty text. A record's mail always
    has the same Message-ID."""
    if not (to := mail.recipients(VARIABLE_REPORT_RECIPIENTS)):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty"
    message = compose(record, chart(record))
    digest = hashlib.sha256(record["version"].encode()).hexdigest()[:24]
    message["Message-ID"] = mail.message_id(f"selection.{digest}")
    mail.send(message, to)
    return ""


@in_report_locale
def compose(record: Mapping[str, Any], picture: bytes) -> EmailMessage:
    """Compose the mail without its addresses: text, and HTML with the chart."""
    champion, scores, origins = record["champion"], record["scores"], record["origins"]
    has_changed = champion != record["previous"]
    subject = f"Forecast model: {champion} " + (f"replaces {record['previous']}" if has_changed else "stays")
    kinds = [kind for kind in KIND_NAMES if scores and kind in scores[0]["weekly"]]
    headings = [KIND_NAMES[kind] for kind in kinds]
    columns = ["Candidate", "Score", *headings, "Total: bias", "Total by day", "In 80 %", "In 95 %"]
    rows = [
        [
            each["candidate"] + (" (champion)" if each["candidate"] == champion else ""),
            *map(percent, [each["score"], *(each["weekly"][kind] for kind in kinds)]),
            signed_percent(each["bias"]),
            *map(percent, [each["daily"], each["coverage"]["80"], each["coverage"]["95"]]),
        ]
        for each in scores
    ]
    split = 2 + len(headings)
    ranking = ", ".join(f"{each['candidate']} {percent(each['score'])}" for each in _ranked(record))
    texts = {
        **record,
        "subject": subject,
        "as_of": long_day(date.fromisoformat(record["as_of"])),
        "first_day": long_day(date.fromisoformat(record["first_day"])),
        "origins": len(origins),
        "first_origin": origins[0] if origins else NOTHING,
        "last_origin": origins[-1] if origins else NOTHING,
        "headings": headings,
        "columns": columns,
        "rows": rows,
        "tables": [  # one table would be wider than a phone
            (columns[:split], [row[:split] for row in rows]),
            ([columns[0], *columns[split:]], [[row[0], *row[split:]] for row in rows]),
        ],
        "bold": [place for place, each in enumerate(scores) if each["candidate"] == champion],
        "cid": CID if picture else "",
        "alt": f"Scores, lower is better: {ranking}",
    }
    return mail.compose(subject, "selection_mail", texts, [mail.InlineImage(CID, picture)] if picture else [])


def chart(record: Mapping[str, Any]) -> bytes:
    """Draw a bar for each candidate's score as PNG, the best on top and the champion dark, with marks for the
    kinds of series. The same record gives the same bytes; without scores there are none."""
    shown = _ranked(record)
    if not shown:
        return b""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 0.6 + 0.34 * len(shown)), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    places = list(range(len(shown)))
    colours = [STRONG if each["candidate"] == record["champion"] else PALE for each in shown]
    axes.barh(places, [100 * each["score"] for each in shown], color=colours, height=0.62)
    marks: dict[str, Any] = {"s": 22, "facecolors": "white", "edgecolors": INK, "linewidths": 0.9}
    for kind, marker in _MARKERS.items():
        if kind not in shown[0]["weekly"]:
            continue
        weekly = [each["weekly"][kind] for each in shown]
        errors = [float("nan") if error is None else 100 * error for error in weekly]
        axes.scatter(errors, places, marker=marker, label=KIND_NAMES[kind], zorder=3, **marks)
    axes.set_yticks(places, [f"{each['candidate']}   {percent(each['score'])}" for each in shown], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xlabel("error of weekly sums, % of sales (lower is better)", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, ncols=3, fontsize=8, loc="outside upper right")
    stream = BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()


def _ranked(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The candidates with a score, the best first."""
    scored = [each for each in record["scores"] if each["score"] is not None]
    return sorted(scored, key=lambda each: each["score"])
